"""Types of Python, as a stub writes them, from what an R file says: the words of a `@param`, the
default of an argument, the choices of `match.arg()`.

A type is told only by words that leave no doubt; whatever else is said gives `Any`, which type
checkers take for every type. Needs no session.
"""

from __future__ import annotations

import inspect
import re

from ..bridge.signature import Formal

ANY = "Any"
_LEAD = r"(?:(?:a|an|one|the|single|optional|positive|negative|non-negative|whole|scalar)\s+)*"
_WORDS = [
    (r"null\b|none\b|nothing\b", "None"),
    (r"(?:whole number|integer|int|count)\b(?! vector| matrix)", "int"),
    (r"(?:number|numeric|double|float|real number)\b(?! vector| matrix| array)", "float"),
    (r"(?:string|character string|character|str)\b(?! vectors?| matrix)", "str"),
    (r"(?:flag|logical|boolean|bool)\b(?! vector| matrix)", "bool"),
    (r"function\b", "Callable[..., Any]"),
    (r"named list\b", "Mapping[str, Any]"),
    (r"list\b", "Sequence[Any]"),
]
_PATTERNS = [(re.compile(_LEAD + words, re.IGNORECASE), type) for words, type in _WORDS]
_RESULTS = {"Mapping[str, Any]": "dict[str, Any]", "Sequence[Any]": "list[Any]"}
_QUOTED = r"[`']?\"([^\"]*)\"[`']?"
_CHOICES = re.compile(
    rf"(?:(?:a )?string,? )?(?:one of|either) ({_QUOTED}(?:(?:,? (?:or|and) |, ?){_QUOTED})*)",
    re.IGNORECASE,
)


def of_words(text: str) -> str:
    """The type that a `@param` states at its beginning, such as "String or NULL, the name"."""
    text = text.strip()
    choices = _CHOICES.match(text)
    if choices:
        return literal(re.findall(_QUOTED, choices[1]))
    text = re.sub(r"\b(?:TRUE or FALSE|TRUE/FALSE)\b", "flag", text)
    head = re.split(r"[.:;(]|, (?!or )| - ", text, maxsplit=1)[0]
    found = [_of_phrase(phrase) for phrase in re.split(r",? or |/|\|", head)]
    return union(found) if all(found) else ANY


def _of_phrase(phrase: str) -> str | None:
    return next((type for pattern, type in _PATTERNS if pattern.match(phrase.strip())), None)


def of_result(text: str) -> str:
    """The type that a `@return` states."""
    type = of_words(text)
    for given, returned in _RESULTS.items():
        type = type.replace(given, returned)
    return type


def literal(choices: list[str]) -> str:
    """The type of these strings alone."""
    return f"Literal[{', '.join(map(quoted, choices))}]"


def quoted(text: str) -> str:
    """A string as Python code, in double quotes."""
    code = repr(text)
    return (
        code if code[0] == '"' else '"' + code[1:-1].replace('"', '\\"').replace("\\'", "'") + '"'
    )


def union(types: list[str]) -> str:
    """The union, without what another member says already; None comes last."""
    kept = list(dict.fromkeys(types))
    if ANY in kept:
        return f"{ANY} | None" if "None" in kept else ANY
    for wide, narrow in [("float", "int"), ("int", "bool")]:
        if wide in kept and narrow in kept:
            kept.remove(narrow)
    return " | ".join(sorted(kept, key=lambda type: type == "None"))


def of_default(default) -> str:
    """The type of a literal default; a string has no more to say than that it is one."""
    if default is None:
        return "None"
    names = {bool: "bool", int: "int", float: "float", str: "str", complex: "complex"}
    return names.get(type(default), ANY)


def of_argument(formal: Formal, words: str, choices: list[str] | None) -> str:
    """The type of an argument, from what is known of it."""
    if choices:
        return literal(choices)
    stated = of_words(words) if words else None
    if formal.default is inspect.Parameter.empty:
        return stated or ANY
    default = of_default(formal.default)
    if stated is None:
        return f"{ANY} | None" if default == "None" else default
    if default == ANY or quoted_default(formal) in stated:
        return stated
    return union([*stated.split(" | "), default])


def quoted_default(formal: Formal) -> str:
    """A string among the choices of a stated `Literal`, as it stands there."""
    return quoted(formal.default) if isinstance(formal.default, str) else "no string"


def default_code(formal: Formal) -> str:
    """The default as a stub writes it: the literal, or `...`."""
    default = formal.default
    if isinstance(default, str):
        return quoted(default)
    if default is None or isinstance(default, bool | int):
        return repr(default)
    if isinstance(default, float) and default == default and abs(default) != float("inf"):
        return repr(default)
    return "..."
