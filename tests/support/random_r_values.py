"""Random values of R, and what each of them should be in Python, which is said here anew, beside
the code that makes it so."""

from __future__ import annotations

import datetime
import math
import random
import zoneinfo
from typing import NamedTuple

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
    from pyclass_bridge import RObject

    from .same import same

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
