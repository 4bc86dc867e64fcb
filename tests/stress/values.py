"""Random values, texts and times go through both languages: nothing is changed in silence.

    python tests/stress/values.py [values] [seed]

Prints a figure for each item; status 1 if one is not what it should be. A value comes back
identical, or as the table of values says, or stays an object of its own language. What should
become of it is said here anew, beside the code that makes it. Of a failure the smallest value that
fails is printed. 20000 values take 20 seconds.
"""

from __future__ import annotations

import datetime
import faulthandler
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
import unicodedata
import zoneinfo
from pathlib import Path
from typing import NamedTuple

from report import figure, status

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

HANDLE = object()  # the value stays R's
BIG = 2**53
WORDS = [
    "a",
    "b",
    "",
    "NA",
    "x y",
    "if",
    "é",
    "\U0001f600",
    "日本",
    "e\u0301",
    "\\",
    "'",
    '"',
    "\n",
]
ZONES_OF_VALUES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Etc/GMT-5"]


class Value(NamedTuple):
    """A random value. `code` makes it: R code, or for Python's values themselves. `expected` is
    what it is in Python, or when it comes back there; `lossless`: does an R value come back
    identical? `make(parts)` makes a smaller one of fewer `parts`."""

    code: object
    expected: object
    lossless: bool = True
    parts: tuple = ()
    make: object = None


def smallest(value: Value, fails) -> Value:
    """The smallest of the values in `value` that fails."""
    while True:
        tries = [part for part in value.parts if isinstance(part, Value)]
        if value.make is not None:
            for k in range(len(value.parts)):
                tries.append(value.make(value.parts[:k] + value.parts[k + 1 :]))
        for smaller in tries:
            if fails(smaller) is not None:
                value = smaller
                break
        else:
            return value


# ---- values of R ---------------------------------------------------------------------------------


def quoted(text: str) -> str:
    return "'" + "".join(f"\\U{{{ord(c):x}}}" for c in text) + "'"


def number(x: float) -> str:
    """R code of a double, to the last bit."""
    if math.isnan(x) or math.isinf(x):
        return {"nan": "NaN", "inf": "Inf", "-inf": "-Inf"}[str(x)]
    return f"({x.hex()})"


NAN = float("nan")
NA = object()


def random_double(chance: random.Random) -> float:
    kinds = [0.0, -0.0, 1.0, NAN, math.inf, -math.inf, 5e-324, 0.1, 2.0**53, 1e308]
    return chance.choice(kinds) if chance.random() < 0.5 else chance.uniform(-1e6, 1e6)


def element(kind: str, chance: random.Random) -> tuple[str, object]:
    """R code and Python value of an element; typed NAs are NA."""
    if chance.random() < 0.05:
        code = {"raw": "as.raw(1L)", "logical": "NA"}.get(kind, f"NA_{kind}_")
        code = code.replace("double", "real")
        return code, {"raw": 1, "double": NAN, "complex": complex(NAN, NAN)}.get(kind, NA)
    if kind == "logical":
        flag = chance.random() < 0.5
        return str(flag).upper(), flag
    if kind == "integer":
        n = chance.choice([0, 1, -1, 2**31 - 1, -(2**31) + 1, chance.randrange(1000)])
        return f"{n}L", n
    if kind == "double":
        x = random_double(chance)
        return number(x), x
    if kind == "complex":
        x, y = random_double(chance), random_double(chance)
        return f"complex(real = {number(x)}, imaginary = {number(y)})", complex(x, y)
    if kind == "character":
        text = "".join(chance.choice(WORDS) for _ in range(chance.randrange(4)))
        return quoted(text), text
    n = chance.randrange(256)
    return f"as.raw({n}L)", n


KINDS = ("logical", "integer", "double", "complex", "character", "raw")


def r_vector(chance: random.Random) -> Value:
    kind = chance.choice(KINDS)
    shape = chance.choice(["plain"] * 3 + ["names", "dim", "dimnames", "attribute", "class"])
    elements = tuple(element(kind, chance) for _ in range(chance.choice([0, 1, 1, 2, 3, 6])))
    return vector_of(kind, shape, elements)


def vector_of(kind: str, shape: str, elements: tuple) -> Value:
    import numpy as np

    n, items = len(elements), [item for _, item in elements]
    code = f"c({kind}(), {', '.join(code for code, _ in elements)})" if n else f"{kind}()"
    named = ", ".join(quoted(f"n{k}") for k in range(n))
    more = {
        "names": f"names = c(character(), {named})" if n else "names = character()",
        "dim": f"dim = c({n}L, 1L)",
        "dimnames": f"dim = c({n}L, 1L), dimnames = list({f'c({named})' if n else 'NULL'}, NULL)",
        "attribute": "unit = list(1, 'cm')",
        "class": "class = 'of_test'",
    }
    code = f"structure({code}, {more[shape]})" if shape in more else code
    lossless, is_array = shape in ("plain", "dim"), shape in ("dim", "dimnames")
    if any(item is NA for item in items):
        expected, lossless = HANDLE, True
    elif is_array:
        types = dict(logical="?", integer="i4", double="f8", complex="c16", raw="u1")
        dtype = types.get(kind, "U1" if not n else None)
        expected = np.array(items, dtype=dtype).reshape(n, 1)
        lossless = lossless and kind != "raw" and not (n and shape == "dimnames")
    elif kind == "raw":
        expected = bytearray(items)
    else:
        expected = items[0] if n == 1 else items
        lossless = lossless and n > 0
    return Value(code, expected, lossless, elements, lambda e: vector_of(kind, shape, e))


def r_list(chance: random.Random, depth: int) -> Value:
    parts = tuple(r_value(chance, depth - 1) for _ in range(chance.choice([0, 1, 2, 3, 4])))
    return list_of(chance.choice(["no names", "unique", "equal", "missing"]), parts)


def list_of(how: str, parts: tuple) -> Value:
    code = f"list({', '.join(part.code for part in parts)})"
    keys = [WORDS[k] if WORDS[k] else "c" for k in range(len(parts))]
    items, lossless = [part.expected for part in parts], all(part.lossless for part in parts)
    if how == "equal":
        keys = ["a"] * len(parts)
    elif how == "missing" and keys:
        keys[-1] = ""
    if how != "no names" and (parts or how == "unique"):
        names = ", ".join(map(quoted, keys))
        code = f"structure({code}, names = {f'c({names})' if parts else 'character()'})"
        is_dict = len(set(keys)) == len(keys) and "" not in keys
        expected = dict(zip(keys, items, strict=True)) if is_dict else HANDLE
        lossless = lossless or expected is HANDLE
    else:
        expected = items
        kinds = {type(item) for item in items}
        looks_atomic = len(kinds) == 1 and kinds <= {bool, int, float, complex, str}
        lossless = lossless and not looks_atomic
    return Value(code, expected, lossless, parts, lambda kept: list_of(how, kept))


def r_factor(chance: random.Random) -> Value:
    labels = [chance.choice(["lo", "hi", "é", "NA"]) for _ in range(chance.choice([0, 1, 3]))]
    has_na = bool(labels) and chance.random() < 0.2
    codes = ", ".join([*map(quoted, labels), *["NA"] * has_na])
    code = f"factor(c(character(), {codes}), levels = c('NA', 'hi', 'lo', '\\u00e9', 'more'))"
    code = code.replace("(), )", "())")
    if chance.random() < 0.3:
        code = code.replace("factor(", "ordered(", 1)
    expected = HANDLE if has_na else labels[0] if len(labels) == 1 else labels
    return Value(code, expected, lossless=has_na)


def r_date(chance: random.Random) -> Value:
    days = [chance.randrange(-719162, 2932897) for _ in range(chance.choice([1, 1, 2]))]
    has_na = chance.random() < 0.1
    text = ", ".join([*map(str, days), *["NA"] * has_na])
    dates = [datetime.date(1970, 1, 1) + datetime.timedelta(d) for d in days]
    expected = HANDLE if has_na else dates[0] if len(dates) == 1 else dates
    code = f"structure(c({text}), class = 'Date')"
    return Value(code, expected, lossless=has_na or len(days) == 1)


def r_time(chance: random.Random) -> Value:
    zone = chance.choice(ZONES_OF_VALUES)
    seconds = [chance.randrange(-(2**33), 2**34) / 4 for _ in range(chance.choice([1, 1, 2]))]
    has_na = chance.random() < 0.1
    text = ", ".join([*map(number, seconds), *["NA"] * has_na])
    info = zoneinfo.ZoneInfo(zone)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    times = [(epoch + datetime.timedelta(seconds=s)).astimezone(info) for s in seconds]
    expected = HANDLE if has_na else times[0] if len(times) == 1 else times
    return Value(f".POSIXct(c({text}), '{zone}')", expected, has_na or len(seconds) == 1)


FRAME_COLUMNS = (
    "c(1.5, NaN, -0)",
    "c(1.5, Inf, -1)",
    "c('a', NA, '\\u00e9')",
    "1:3",
    "c(TRUE, FALSE, TRUE)",
    "factor(c('b', 'a', NA))",
    "factor(c('b', 'a', 'b'), levels = c('b', 'a', 'c'))",
    ".POSIXct(c(0, 1e9, 2e9), 'Europe/Paris')",
    ".POSIXct(c(0, NA, 2e9), 'UTC')",
)


def r_frame(chance: random.Random) -> Value:
    columns = tuple(chance.choice(FRAME_COLUMNS) for _ in range(chance.choice([1, 2, 4])))
    return frame_of(columns, chance.random() < 0.3)


def frame_of(columns: tuple, named: bool) -> Value:
    cells = [f"{name} = {code}" for name, code in zip("abcd", columns, strict=False)]
    rows = "row.names = c('u', 'v', 'w')" if named else "stringsAsFactors = FALSE"
    code = f"data.frame({', '.join([*cells, rows])})"
    return Value(code, "DataFrame", bool(columns), columns, lambda kept: frame_of(kept, named))


OTHERS = (
    ("y ~ x + 1", HANDLE),
    ("quote(x + y)", HANDLE),
    ("quote(x)", HANDLE),
    ("expression(a, 1)", HANDLE),
    ("globalenv()", HANDLE),
    ("getClass('numeric')", HANDLE),
    ("sum", "function"),
    ("structure(list(quote(x)), class = 'own')", HANDLE),
    ("rawToChar(as.raw(0xff))", HANDLE),
    ("local({ x <- '\\xe9'; Encoding(x) <- 'bytes'; x })", HANDLE),
    ("local({ x <- '\\xe9'; Encoding(x) <- 'latin1'; x })", "é"),
    ("list(1, 2, dim = NULL)[0]", {}),
    ("NULL", None),
)


def r_value(chance: random.Random, depth: int = 3) -> Value:
    pick = chance.random()
    if depth and pick < 0.35:
        return r_list(chance, depth)
    if pick < 0.8:
        return r_vector(chance)
    made = chance.choice([r_factor, r_date, r_time, r_frame, None])
    return made(chance) if made else Value(*chance.choice(OTHERS))


def matches(found, expected) -> bool:
    """Is it what was expected, to the type and the bit?"""
    from support.same import same

    from pyclass_bridge import RObject

    if expected is HANDLE:
        return isinstance(found, RObject)
    if isinstance(expected, str) and expected in ("DataFrame", "function"):
        return type(found).__name__ == expected or found == expected
    if isinstance(expected, complex) and type(found) is complex and math.isnan(expected.real):
        return math.isnan(found.real)
    if isinstance(expected, datetime.datetime) and isinstance(found, datetime.datetime):
        return (found.isoformat(), found.fold, str(found.tzinfo)) == (
            expected.isoformat(),
            expected.fold,
            str(expected.tzinfo),
        )
    if type(found) is not type(expected):
        return False
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(matches, found, expected))
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(matches(found[k], expected[k]) for k in found)
    return same(found, expected)


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


# ---- values of Python ----------------------------------------------------------------------------


DTYPES = [
    "f8",
    "f4",
    "f2",
    "i1",
    "u1",
    "i2",
    "i4",
    "i8",
    "u4",
    ">i4",
    ">f8",
    "?",
    "c16",
    "c8",
    "U3",
]


class Own:
    """Something that R has no value for."""


def is_r_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def crossed(value):
    """What the value is when it comes back, by the table of values."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return crossed_array(value)
    if isinstance(value, np.generic):
        # Of these types, the Python scalar.
        return crossed(value.item())
    if type(value) is int and not -(2**31) < value < 2**31 and abs(value) <= BIG:
        return float(value)
    if isinstance(value, datetime.timedelta):
        seconds = value.total_seconds()
        return seconds if datetime.timedelta(seconds=seconds) == value else value
    if type(value) is dict:
        keys = [str(key) for key in value]
        if len(set(keys)) < len(keys) or not all(key and is_r_text(key) for key in keys):
            return value
        return dict(zip(keys, map(crossed, value.values()), strict=True))
    if type(value) not in (list, tuple):
        return value
    items = list(map(crossed, value))
    value = type(value)(str(item) if isinstance(item, np.str_) else item for item in value)
    kinds = {type(item) for item in value}
    if len(kinds) == 1 and kinds <= {bool, int, float, complex, str}:
        is_atomic = all(map(fits, value))
        if is_atomic and type(value) is list and any(isinstance(x, float) for x in items):
            items = list(map(float, items))
        return items[0] if is_atomic and len(items) == 1 else items
    return items


def fits(x) -> bool:
    """Can R's vectors hold it?"""
    return is_r_text(x) if isinstance(x, str) else type(x) is not int or abs(x) <= BIG


def crossed_array(array):
    import numpy as np

    kind = array.dtype.kind
    if kind == "u" or kind == "i":
        is_small = array.dtype.itemsize < 4 or (kind, array.dtype.itemsize) == ("i", 4)
        made = array.astype("i4" if is_small else "f8")
    else:
        made = array.astype({"f": "f8", "c": "c16", "b": "?", "U": "U"}[kind])
        made = made if made.size or kind != "U" else np.zeros(made.shape, "U1")
    return made if array.ndim else crossed(made.item())


def python_scalar(chance: random.Random):
    import numpy as np

    which = chance.randrange(18)
    if which < 3:
        return chance.choice([None, True, False])
    if which < 6:
        near = chance.choice([0, 2**31, -(2**31), 2**53, -(2**53), 2**63, 10**30])
        return near + chance.randrange(-2, 3)
    if which < 8:
        return random_double(chance)
    if which < 9:
        return complex(random_double(chance), random_double(chance))
    if which < 12:
        words = [*WORDS, "\0", "\ud800"] if chance.random() < 0.2 else WORDS
        return "".join(chance.choice(words) for _ in range(chance.randrange(4)))
    if which < 13:
        return chance.choice([b"a\0\xff", bytearray(b"\0a\xff"), bytearray(), Own(), {1}, range(3)])
    if which < 14:
        return datetime.date.fromordinal(chance.randrange(1, 3652060))
    if which < 15:
        days = chance.choice([0, 0, 10**5, 10**8])
        return datetime.timedelta(days, chance.randrange(86400), chance.randrange(10**6))
    if which < 16:
        far = chance.choice([10**9, 2**32, 2**37])
        since = datetime.timedelta(
            0, chance.randrange(-min(far, 2**35), far), chance.choice([0, 1])
        )
        epoch = datetime.datetime(
            1970, 1, 1, 0, 0, 0, chance.randrange(10**6), datetime.timezone.utc
        )
        hours = datetime.timedelta(hours=chance.choice([5.5, -3, 14]))
        zones = [*map(zoneinfo.ZoneInfo, ZONES_OF_VALUES), datetime.timezone(hours)]
        return (epoch + since).astimezone(chance.choice(zones))
    if which < 17:
        return chance.choice([np.float32(0.1), np.int64(2**40), np.bool_(True), np.str_("é")])
    shape = tuple(chance.choice([0, 1, 2, 3]) for _ in range(chance.choice([0, 1, 2, 3])))
    dtype = chance.choice(DTYPES)
    flat = [chance.randrange(0, 100) for _ in range(math.prod(shape))]
    array = np.array(flat, dtype="f8").reshape(shape).astype(dtype)
    return np.asfortranarray(array) if chance.random() < 0.3 and shape else array


def python_value(chance: random.Random, depth: int = 3) -> Value:
    pick = chance.random()
    if not depth or pick < 0.5:
        value = python_scalar(chance)
        return Value(value, crossed(value))
    parts = tuple(python_value(chance, depth - 1) for _ in range(chance.choice([0, 1, 2, 3, 4])))
    if pick < 0.6 and parts:  # of one kind
        parts = tuple(Value(x, crossed(x)) for x in [like(parts[0].code, chance) for _ in parts])
    how = chance.choice(["list", "list", "tuple", "dict", "numbers"])
    return python_of(how, parts)


def like(value, chance: random.Random):
    """Another scalar of the type of `value`, if one is found soon."""
    for _ in range(40):
        other = python_scalar(chance)
        if type(other) is type(value):
            return other
    return value


def python_of(how: str, parts: tuple) -> Value:
    items = [part.code for part in parts]
    if how == "list":
        value = items
    elif how == "tuple":
        value = tuple(items)
    elif how == "dict":
        value = dict(zip(WORDS[:2] + WORDS[3:], items, strict=False))
    else:
        value = dict(zip([1, 2.5, None, (1, "a")], items, strict=False))
    return Value(value, crossed(value), True, parts, lambda kept: python_of(how, kept))


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
