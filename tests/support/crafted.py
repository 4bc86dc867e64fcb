"""Files that somebody has made to do harm: serialized R values, and checkpoints that hold them."""

from __future__ import annotations

import struct
import zipfile

import pyclass_bridge

# R's numbers of types and constants in a serialized value.
NIL, GLOBAL, UNBOUND = 254, 253, 252
PAIRS, ENVIRONMENT, PROMISE, LIST, RAW, HAS_TAG = 2, 4, 5, 19, 24, 1 << 10


def words(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}i", *numbers)


HEAD = b"X\n" + words(2, 262658, 131840)


def serialized(code: str) -> bytes:
    """What R's `serialize()` gives for the value of R code."""
    return bytes(pyclass_bridge.r(f"serialize({code}, NULL, version = 2)"))


def body(code: str) -> bytes:
    return serialized(code)[len(HEAD) :]


def promise(code: str) -> bytes:
    """A promise of R code, which R evaluates when it looks at the value."""
    return words(PROMISE | HAS_TAG, GLOBAL, UNBOUND) + body(f"quote({code})")


def list_of_a_promise(code: str) -> bytes:
    return HEAD + words(LIST, 1) + promise(code)


def symbol(name: str) -> bytes:
    return words(1, 9, len(name)) + name.encode()


def variable(name: str, value: bytes, flags: int = 0) -> bytes:
    """An environment with one variable."""
    frame = words(PAIRS | HAS_TAG | flags) + symbol(name) + value + words(NIL)
    return HEAD + words(ENVIRONMENT, 0, GLOBAL) + frame + words(NIL, NIL)


# What is no plain data, and the noun phrase by which it is refused; `{code}` is run if it is read.
MORE_THAN_DATA = {
    "a promise in a list": ("a promise", list_of_a_promise),
    "a promise as attribute": (
        "a promise",
        lambda code: HEAD + words(13 | 1 << 9, 1, 1, PAIRS | HAS_TAG) + symbol("a")
        + promise(code) + words(NIL),
    ),
    "a promise as variable": ("a promise", lambda code: variable("a", promise(code))),
    "an active binding": (
        "an active binding",
        lambda code: variable("a", body(f"function() {code}"), flags=1 << 27),
    ),
    "a function": ("a function", lambda code: serialized(f"list(f = function() {code})")),
    "a primitive": ("a function", lambda code: serialized("list(sum)")),
    "bytecode": (
        "compiled code", lambda code: serialized(f"list(compiler::compile(quote({code})))"),
    ),
    "a pointer": ("an external pointer", lambda code: HEAD + words(22, NIL, NIL)),
    "a weak reference": ("a weak reference", lambda code: HEAD + words(23)),
    "a namespace": (
        "the namespace tcltk",
        lambda code: HEAD + words(249, 0, 2, 9, 5) + b"tcltk" + words(9, 3) + b"4.2",
    ),
    "a package": (
        "the package tcltk", lambda code: HEAD + words(248, 0, 1, 9, 13) + b"package:tcltk",
    ),
    "a class of another package": (
        "a vector of the class evil of the package tools",
        lambda code: HEAD + words(238) + body("as.pairlist(list(as.name('evil'), "
        "as.name('tools'), 1L))") + words(NIL, NIL),
    ),
    "a file as a vector": (
        "a vector of the class mmap_real of the package base",
        lambda code: HEAD + words(238) + body("as.pairlist(list(as.name('mmap_real'), "
        "as.name('base'), 1L))") + body("list('/etc/passwd')") + words(NIL),
    ),
}  # fmt: skip

# What no `serialize()` has written, and what R would take much memory for, or end the process.
DAMAGED = {
    "nothing": b"",
    "another format": b"A\n" + words(2, 1, 1),
    "another version": b"X\n" + words(9, 1, 1),
    "an encoding that is a path": b"X\n" + words(3, 262658, 197888, 9) + b"../../x//" + words(NIL),
    "a length of 2 GB": HEAD + words(RAW, 2**31 - 1),
    "a long vector": HEAD + words(14, -1, 2**20, 0),
    "a negative length": HEAD + words(13, -2),
    "a long list": HEAD + words(LIST, 2**31 - 1),
    "many strings": HEAD + words(16, 2**31 - 1),
    "nested lists": HEAD + words(LIST, 1) * 100_000 + words(NIL),
    "a long pairlist": HEAD + words(PAIRS, NIL) * 100_000 + words(NIL),
    "nested attributes": HEAD + words(PAIRS | 1 << 9) * 100_000,
    "a reference to nothing": HEAD + words(255 | 7 << 8),
    "an environment in itself": HEAD + words(ENVIRONMENT, 0, 255 | 1 << 8, NIL, NIL, NIL),
    "an empty hash table": HEAD + words(ENVIRONMENT, 0, GLOBAL, NIL, LIST, 0, NIL),
    "names that are too few": HEAD + words(13 | 1 << 9, 2, 1, 1, PAIRS | HAS_TAG)
    + symbol("names") + words(16, 1, 9, 1) + b"a" + words(NIL),
    "dims that are too many": HEAD + words(13 | 1 << 9, 2, 1, 1, PAIRS | HAS_TAG)
    + symbol("dim") + words(13, 2, 2, 2) + words(NIL),
    "a pairlist without an end": HEAD + words(PAIRS, NIL, 13, 1, 1),
    "bytes at the end": HEAD + words(NIL, NIL),
    "a reference of another program": HEAD + words(247, 0, 1, 9, 1) + b"a",
}  # fmt: skip


def with_r_values(path, state: bytes | None = None, seed: bytes | None = None) -> str:
    """A copy of the checkpoint at `path` with other serialized values of R, in place of the states
    of callbacks or of the random seed, which is the last."""
    made = f"{path}.crafted"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        values = sorted(
            (n for n in old.namelist() if n.endswith(".rds")), key=lambda n: int(n[:-4])
        )
        other = {**dict.fromkeys(values[:-1], state), values[-1]: seed}
        for member in old.namelist():
            given = other.get(member)
            new.writestr(member, old.read(member) if given is None else given)
    return made
