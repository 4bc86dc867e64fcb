"""Random values, texts and times go through both languages: nothing is changed in silence.

    python tests/stress/values.py [values] [seed]

Prints a figure for each item; status 1 if one is not what it should be. A value comes back
identical, or as the table of values says, or stays an object of its own language. What should
become of it is said anew in tests/support/random_r_values.py and random_python_values.py. Of a
failure the smallest value that fails is printed. 20000 values take 20 seconds.
"""

from __future__ import annotations

import datetime
import faulthandler
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unicodedata
import zoneinfo
from pathlib import Path

from report import figure, status

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.random_python_values import python_value
from support.random_r_values import Value, matches, number, r_value, smallest

# ---- values --------------------------------------------------------------------------------------


def make_r_check():
    """A function of an R value that says what is wrong with it, or None."""
    import pyclass_bridge
    from pyclass_bridge import _core

    tools = pyclass_bridge.r(
        """
        Keeper %py_class% { held <- NULL }
        keeper <- Keeper()
        same <- function(a, b) identical(a, b, num.eq = FALSE, ignore.environment = FALSE)
        list(
          keep = function(value) {
            keeper$held <- value()
            is_same <- same(keeper$held, value())
            keeper$held <- NULL
            is_same
          },
          same = function(a, b) same(a(), b())
        )
        """
    )

    def check(value: Value) -> str | None:
        made = _core.evaluate(value.code)
        try:
            if not tools["keep"](lambda: made):
                return "it was kept and is not identical"
            found = _core.to_python(made)
            if not matches(found, value.expected):
                return f"in Python it is {found!r}, not {value.expected!r}"
            back = _core.to_r(found)
            if value.lossless and not tools["same"](lambda: made, lambda: back):
                return f"it came back as {back!r}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None

    return check


def check_python(value: Value) -> str | None:
    """What is wrong with what comes back of a Python value, or None."""
    from pyclass_bridge import _core

    try:
        found = _core.to_python(_core.to_r(value.code))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if found is value.code or matches(found, value.expected):
        return None
    return f"it came back as {found!r}, not {value.expected!r}"


def random_values(count: int, seed: int) -> None:
    check_r = make_r_check()
    for item, make, check in (
        ("values R -> Python -> R, called and kept", r_value, check_r),
        ("values Python -> R -> Python", python_value, check_python),
    ):
        wrong, seen = 0, ""
        for k in range(count // 2):
            value = make(random.Random(f"{seed} {item} {k}"))
            if check(value) is not None:
                wrong += 1
                if wrong <= 5:
                    least = smallest(value, check)
                    seen += f"; value {k}: {repr(least.code)[:300]}: {check(least)[:300]}"
        aim = "identical, as the table says, or an object"
        figure(f"{count // 2} {item} (seed {seed})", aim, f"{wrong} wrong{seen}", not wrong)


# ---- texts in locales ----------------------------------------------------------------------------


def random_texts(seed: int, count: int) -> list[str]:
    """Texts of all planes of Unicode, with combining characters, of both directions and so on."""
    chance, texts = (
        random.Random(seed),
        ["", "NA", "a\u0301\u0323", "ﷺ", "\u202eabc", "\ufeff", "İ", "ß"],
    )
    planes = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x600, 0x700), (0x900, 0xE00)]
    planes += [(0x3000, 0xD7FF), (0xE000, 0xFFFE)]
    planes += [(p << 16, (p << 16) + 0xFFFE) for p in range(1, 17)]
    while len(texts) < count:
        low, high = planes[len(texts) % len(planes)]
        points = [chance.randrange(low, high) for _ in range(chance.randrange(1, 8))]
        texts.append("".join(map(chr, points)))
        texts.append(unicodedata.normalize("NFD", texts[-1]))
    return texts[:count]


def texts_in_this_locale(seed: int, count: int) -> None:
    """Prints what is wrong with the texts here as JSON."""
    import pyclass_bridge
    from pyclass_bridge import RError, _core

    r = pyclass_bridge.r
    same, points = r("function(x) x"), r("function(x) c(-1L, -2L, utf8ToInt(x))")
    named = r("function(key, x) structure(list(x), names = key)")
    equal, count_of = r("function(x, y) x == y"), r("function(x) nchar(x)")
    pasted, fail = r("function(x) paste0(x, x)"), r("function(x) stop(x, call. = FALSE)")
    write = r("function(x, file) writeLines(x, file, useBytes = TRUE)")
    latin1 = r("function(bytes) { x <- rawToChar(bytes); Encoding(x) <- 'latin1'; x }")
    as_bytes = _core.evaluate("function(x) { Encoding(x) <- 'bytes'; x }")
    back = r("function(f, x, y) identical(f(x), y) && identical(charToRaw(f(x)), charToRaw(y))")

    def message(text: str) -> str:
        try:
            fail(text)
        except RError as error:
            return error.message
        return "no error"

    def in_code(text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        try:
            return r(f"'{escaped}'")
        except RError:  # as R's parser says of marks of direction
            return "an error"

    def in_file(text: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            write(text, os.path.join(folder, "text"))
            return Path(folder, "text").read_bytes().decode()[:-1]

    texts, wrong = random_texts(seed, count), []
    for k, text in enumerate(texts):
        other = texts[k - 1]
        seen = {
            "alone": same(text) == text,
            "in a list": same([text, "a", text]) == [text, "a", text],
            "code points": points(text)[2:] == [ord(c) for c in text],
            "as a name": not text or named(text, 1.0) == {text: 1.0},
            "equal": equal(text, other) == (text == other),
            "characters": count_of(text) == len(text),
            "pasted": pasted(text) == text + text,
            "in an error": not text or message(text) == text,
            "in a file": in_file(text) == text,
            "in code": in_code(text) in (text, "an error"),
            "bytes": not text
            or isinstance(_core.Function(as_bytes, "f", (), (), 0)(text), pyclass_bridge.RObject)
            or text.isascii(),
            "back in R": back(lambda x: x, text, text),
        }
        part = text.encode("latin-1", "ignore").replace(b"\0", b"")
        seen["latin1"] = latin1(bytearray(part)) == part.decode("latin-1")
        wrong += [f"{what}: {text!a}" for what, is_right in seen.items() if not is_right]
    ctype = r("Sys.getlocale('LC_CTYPE')")
    print(json.dumps({"wrong": wrong, "locale": ctype}))


def locales(folder: str) -> dict[str, dict]:
    """{name: environment} of three locales. One in Latin-1 is made here if the machine can."""
    plain = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    name = "en_US.ISO-8859-1"
    made = ["localedef", "--no-archive", "-i", "en_US", "-f", "ISO-8859-1", f"{folder}/{name}"]
    try:
        done = subprocess.run(made, capture_output=True).returncode in (0, 1)
    except OSError:
        done = False
    if done and os.path.isdir(f"{folder}/{name}"):
        third = {"Latin-1": {"LC_ALL": name, "LOCPATH": folder, **plain}}
    else:
        third = {"POSIX by LANG": {"LANG": "POSIX", "LC_ALL": "", **plain}}
    return {"C": {"LC_ALL": "C", **plain}, "C.UTF-8": {"LC_ALL": "C.UTF-8"}, **third}


def texts_in_locales(seed: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, environment in locales(folder).items():
            done = subprocess.run(
                [sys.executable, __file__, "texts_in_this_locale", str(seed), str(count)],
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=120,
                env={**os.environ, **environment},
            )
            try:
                said = json.loads(done.stdout.splitlines()[-1])
                wrong, locale = said["wrong"], f" (R: {said['locale']})"
            except (IndexError, ValueError):
                wrong, locale = [f"status {done.returncode}: {done.stderr[-500:]}"], ""
            seen = f"{len(wrong)} wrong{locale}" + "".join(f"; {text}" for text in wrong[:5])
            figure(f"{count} texts in the locale {name}", "0 wrong", seen, not wrong)


# ---- times in zones ------------------------------------------------------------------------------

ZONES = [
    "UTC", "Europe/Paris", "Europe/London", "Europe/Dublin", "Europe/Moscow", "Europe/Istanbul",
    "Europe/Lisbon", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
    "America/Los_Angeles", "America/Anchorage", "America/St_Johns", "America/Sao_Paulo",
    "America/Caracas", "America/Havana", "America/Argentina/Buenos_Aires", "Atlantic/Azores",
    "Africa/Cairo", "Africa/Casablanca", "Africa/Lagos", "Asia/Tokyo", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Tehran", "Asia/Dubai", "Asia/Shanghai", "Asia/Seoul", "Asia/Pyongyang",
    "Asia/Jerusalem", "Australia/Sydney", "Australia/Lord_Howe", "Australia/Adelaide",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Honolulu",
    "Antarctica/Troll",
]  # fmt: skip
FIRST, LAST = (int(datetime.datetime(year, 1, 1).timestamp()) for year in (1990, 2020))


def edges(zone: zoneinfo.ZoneInfo) -> list[int]:
    """The seconds at which the offset changes, the last eight."""

    def offset(second: int):
        return datetime.datetime.fromtimestamp(second, zone).utcoffset()

    found, day = [], 86400 * 7
    for start in range(FIRST, LAST, day):
        low, high = start, start + day
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(high)
    return found[-8:]


def times_in_zones(count: int) -> None:
    """Round each edge, the same instant and the same clock in both languages, both ways."""
    import pyclass_bridge
    from pyclass_bridge import _core

    clock = pyclass_bridge.r("function(x) format(x, '%Y-%m-%d %H:%M:%S %z')")
    seconds_of = pyclass_bridge.r("function(x) as.numeric(x)")
    identical = pyclass_bridge.r("function(a, b) identical(a(), b())")
    wrong, looked = [], 0
    for name in ZONES[:count]:
        zone = zoneinfo.ZoneInfo(name)
        around = (-7200, -3600, -1, 0, 1, 1800, 3599, 3600, 7200)
        for second in [edge + k for edge in edges(zone) or [0, 10**9] for k in around]:
            looked += 1
            right = datetime.datetime.fromtimestamp(second, zone)
            made = _core.evaluate(f".POSIXct({number(float(second))}, '{name}')")
            found, there = _core.to_python(made), _core.to_r(right)
            plain = right.replace(tzinfo=None)
            by_pandas = _pandas_back(right)
            is_right = (
                matches(found, right)
                and identical(lambda v=made: v, lambda v=there: v)
                and seconds_of(right) == second
                and clock(right) == right.strftime("%Y-%m-%d %H:%M:%S %z")
                and matches(_core.to_python(there), right)
                and by_pandas == second
                and seconds_of(plain) == plain.timestamp()
            )
            if not is_right:
                wrong.append(f"{name} {second}: {found!r}, {clock(right)!r}")
    seen = f"{len(wrong)} of {looked} times wrong" + "".join(f"; {text}" for text in wrong[:3])
    figure(f"{len(ZONES[:count])} time zones at their edges", "0 wrong", seen, not wrong)


def _pandas_back(right: datetime.datetime) -> int:
    """The second of a column of a data frame of this time, after R."""
    import pandas

    from pyclass_bridge import _core

    frame = pandas.DataFrame({"t": pandas.Series([pandas.Timestamp(right)])})
    return int(_core.to_python(_core.to_r(frame))["t"][0].timestamp())


# ---- all -----------------------------------------------------------------------------------------


def main(count: int = 20_000, seed: int = 7) -> int:
    start = time.monotonic()
    faulthandler.enable()
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    random_values(count, seed)
    texts_in_locales(seed, max(20, min(200, count // 100)))
    times_in_zones(max(5, min(len(ZONES), count // 500)))
    print(f"seed {seed}, {time.monotonic() - start:.0f} s")
    return status()


if __name__ == "__main__":
    if sys.argv[1:2] == ["texts_in_this_locale"]:
        texts_in_this_locale(*map(int, sys.argv[2:]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
