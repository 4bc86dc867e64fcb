"""Random values of Python, and what each of them should be when it comes back from R."""

from __future__ import annotations

import datetime
import math
import random
import zoneinfo

from .random_r_values import BIG, WORDS, ZONES_OF_VALUES, Value, random_double

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
