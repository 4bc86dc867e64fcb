"""The options of `%R` and `%%R`: which words of the line they are, what they name, and what they
ask of plots. A wrong option is a UsageError, which IPython shows without a traceback.
"""

from __future__ import annotations

import re

from IPython.core.error import UsageError

from ..bridge.words import nearest

# A word of the options; a quoted part may have spaces.
_WORD = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)""")
_NOT_SUPPORTED = {
    "-c": "values cross by the rules of to_r() and to_python()",
    "--converter": "values cross by the rules of to_r() and to_python()",
    "-d": "visible values are printed as at R's prompt",
    "--display": "visible values are printed as at R's prompt",
    "--noisolation": "code runs in R's global environment",
    "--type": "plots are PNG pictures",
    "--graphics-device": "plots are PNG pictures",
}


def split_options(line: str, parser) -> tuple[list[str], str]:
    """The words of the options at the beginning of `line`, and the R code after them, unchanged.

    Raises:
        UsageError: an option that is unknown, or has no value.
    """
    known, words = parser._option_string_actions, []
    rest = line.strip()
    while re.match(r"-[-A-Za-z]", rest):
        if re.match(r"--(\s|$)", rest):
            return words, rest[2:].strip()
        word, rest = _next_word(rest)
        option, value = _parted(word)
        if option not in known:
            raise UsageError(_no_option(option, known))
        words.append(option)
        if known[option].nargs == 0:
            if value is not None:
                raise UsageError(f"%R: `{option}` takes no value, but `{word}` gives it one.")
            continue
        if value is None:
            value, rest = _next_word(rest)
        while value.endswith(",") and rest:  # names may have a space after a comma
            more, rest = _next_word(rest)
            value += more
        if not value or (value.startswith("-") and not re.match(r"-[\d.]", value)):
            raise UsageError(f"%R: `{option}` needs a value after it: `{_usual(known[option])}`.")
        words.append(value)
    return words, rest


def _next_word(text: str) -> tuple[str, str]:
    found = _WORD.match(text)
    if found is None:
        return "", text
    return found[1].replace('"', "").replace("'", ""), text[found.end() :].lstrip()


def _parted(word: str) -> tuple[str, str | None]:
    """An option and the value that is written in the same word, as in `-w400` and `--width=400`."""
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        return option, value if equals else None
    return word[:2], word[2:].removeprefix("=") or None


def _usual(action) -> str:
    return f"{action.option_strings[0]} {(action.metavar or action.dest).lower()}"


def _no_option(option: str, known) -> str:
    if option in _NOT_SUPPORTED:
        return f"%R: the option `{option}` of rpy2 is not supported: {_NOT_SUPPORTED[option]}."
    near = nearest(option, known) if option.startswith("--") else None
    meant = f"; did you mean `{near}`?" if near else "; %R? shows the options."
    remedy = "Before code that begins with a minus, write `--`."
    return f"%R: there is no option `{option}`{meant} {remedy}"


def names_of(given: list[str] | None, option: str) -> list[tuple[str, str]]:
    """What the values of `-i` or `-o` name: pairs of the new name and what gets it."""
    pairs = []
    for name in ",".join(given or ()).split(","):
        new, equals, old = (part.strip() for part in name.partition("="))
        if not name.strip():
            continue
        if not new or (equals and not old):
            raise UsageError(f"%R: `{option} {name}` is no name, nor `new=old`.")
        pairs.append((new, old or new))
    return pairs


# ---- plots ---------------------------------------------------------------------------------------

# The usual size of a picture, in inches and pixels per inch, and the most pixels of a side.
_SIZE, _RES, _MOST = (7, 5), 96, 10_000


def page_of(options) -> dict | None:
    """The arguments of png() in R for the options, or None without any."""
    shape = (options.width, options.height, options.units, options.res)
    others = {"pointsize": options.pointsize, "bg": options.bg}
    others = {name: value for name, value in others.items() if value is not None}
    if shape == (None,) * 4 and not others:
        return None
    res = _positive("-r", options.res, _RES)
    inch = {"px": res, "in": 1, "cm": 2.54, "mm": 25.4}[options.units or "px"]
    sides = zip(("-w", "-h"), (options.width, options.height), _SIZE, strict=True)
    width, height = (_positive(name, side, usual * inch) for name, side, usual in sides)
    _positive("-p", options.pointsize, 12)
    most = max(width, height) / inch * res
    if most > _MOST:
        raise UsageError(
            f"%R: a side of the plot would have {most:.0f} pixels; {_MOST} is the most. "
            "`-u` says what `-w` and `-h` count, `-r` the pixels of an inch."
        )
    return {"width": width, "height": height, "units": options.units or "px", "res": res, **others}


def _positive(option: str, value: float | None, usual: float) -> float:
    value = usual if value is None else value
    if not 0 < value < float("inf"):
        raise UsageError(f"%R: `{option}` takes a positive number, not {value:g}.")
    return value
