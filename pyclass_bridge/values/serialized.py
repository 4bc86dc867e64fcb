"""What a serialized R value holds, read without R: is it data, or would it bring code?

The format is that of R's `serialize()`, XDR, versions 2 and 3 ("R Internals", Serialization
Formats). Data are vectors, lists, factors, data frames, calls and formulas, environments of data,
S4 objects, and the compact vectors (ALTREP) that R itself makes of plain ones. Refused are
functions, compiled code, promises, active bindings, external pointers and weak references, and
packages that are not loaded, since R would load them. Each length is compared with the bytes that
are there and each depth with R's stack before R sees a byte, so no file takes much more memory than
its own size. `make_sure()` needs a started session, for what depends on R; `check()` needs none.
"""

from __future__ import annotations

import math
import re
import struct
import sys

from ..bridge.r_functions import r_function


class Damaged(ValueError):
    """Raised for bytes that R's `serialize()` has not written."""


class Refused(ValueError):
    """Raised for a value that is more than data; the text is a noun phrase for what it holds."""


def in_safe_mode() -> bool:
    """Are files data? They are unless `keras.config.enable_unsafe_deserialization()` was called."""
    keras = sys.modules.get("keras.src.saving.serialization_lib")
    return keras is None or keras.in_safe_mode() is not False


def make_sure(data: bytes, persistent=None) -> None:
    """Make sure that R's `unserialize()` will read nothing but data from these bytes.

    Args:
        persistent: A function of the strings that stand for an object which R's `refhook` makes;
            None if there is no such hook.

    Raises:
        Damaged, Refused: `check()` has raised it, or a package that is named is not loaded.
    """
    # A level of nesting takes less than 1 kB of R's stack, which R does not look at here.
    depth = int(min(r_function("stack_size")() // 1024, 10_000))
    for kind, name in check(data, depth, persistent):
        if not r_function("is_in_session")(kind, name):
            raise Refused(f"the {kind} {name}, which is not in this session")


def check(data: bytes, depth: int = 1000, persistent=None) -> set[tuple[str, str]]:
    """The namespaces and attached packages that a serialized value names, which is only data.

    Raises:
        Damaged: the bytes are no serialized value, or nested deeper than `depth`.
        Refused: the value holds code, or a pointer.
    """
    reader = _Reader(bytes(data), depth, persistent)
    reader.header()
    reader.run(reader.item())
    if reader.at != len(reader.data):
        raise Damaged("there are bytes after its end")
    reader.check_enclosures()
    return reader.packages


# ---- the format ----------------------------------------------------------------------------------

NIL, SYMBOL, LIST, ENVIRONMENT, PROMISE, CALL = 0, 1, 2, 4, 5, 6
CHAR, LOGICAL, INTEGER, DOUBLE, COMPLEX, STRING = 9, 10, 13, 14, 15, 16
DOTS, VECTOR, EXPRESSION, RAW, S4 = 17, 19, 20, 24, 25
ALTREP, PERSISTENT, PACKAGE, NAMESPACE, UNBOUND, REFERENCE = 238, 247, 248, 249, 252, 255

HAS_ATTRIBUTES, HAS_TAG, ACTIVE = 1 << 9, 1 << 10, 1 << 27
BYTES = {LOGICAL: 4, INTEGER: 4, DOUBLE: 8, COMPLEX: 16, RAW: 1}  # of an element
VECTORS = {*BYTES, STRING, VECTOR, EXPRESSION}

# Values that are one number in the file: NULL, R's own environments, the missing argument.
ALONE = {
    254: NIL, 253: ENVIRONMENT, 250: ENVIRONMENT, 242: ENVIRONMENT, 241: ENVIRONMENT, 251: SYMBOL
}  # fmt: skip
MORE_THAN_DATA = {
    3: "a function", 5: "a promise", 7: "a function", 8: "a function", 17: "a promise",
    21: "compiled code", 22: "an external pointer", 23: "a weak reference",
}  # fmt: skip
WRAPPED = {
    "wrap_logical": LOGICAL, "wrap_integer": INTEGER, "wrap_real": DOUBLE, "wrap_complex": COMPLEX,
    "wrap_string": STRING, "wrap_raw": RAW, "wrap_list": VECTOR,
}  # fmt: skip


class _Node:
    """What is known of a value that has been read: its type, its length, and `detail`, which is the
    name of a symbol, the (tag, value) pairs of a pairlist, the elements of a short vector, and
    what encloses an environment. `end` is what a pairlist ends with, if that is not NULL."""

    __slots__ = ("detail", "end", "size", "type")

    def __init__(self, type, size=0, detail=None, end=None):
        self.type, self.size, self.detail, self.end = type, size, detail, end


class _Reader:
    """Walks through the bytes. Its methods that are generators yield the values within a value, so
    that the depth of the data is not that of Python's stack."""

    def __init__(self, data: bytes, limit: int, persistent):
        self.data, self.limit, self.persistent = data, limit, persistent
        self.at, self.depth = 0, 0
        self.known: list[_Node] = []  # what the file refers to by number
        self.packages: set[tuple[str, str]] = set()

    def run(self, first) -> _Node:
        """What the generator `first` returns; the values that it yields are read on a list."""
        running, answer = [first], None
        while running:
            try:
                running.append(running[-1].send(answer))
                answer = None
            except StopIteration as done:
                running.pop()
                answer = done.value
        return answer

    # ---- bytes ----

    def take(self, size: int) -> bytes:
        self.need(size)
        self.at += size
        return self.data[self.at - size : self.at]

    def need(self, size: int) -> None:
        if not 0 <= size <= len(self.data) - self.at:
            raise Damaged("it ends too early")

    def integer(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def length(self) -> int:
        size = self.integer()
        return (self.integer() << 32) + (self.integer() & 0xFFFFFFFF) if size == -1 else size

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > self.limit:
            raise Damaged("it is nested too deeply")

    def header(self) -> None:
        if self.take(2) != b"X\n":
            raise Damaged("it does not begin as a serialized value")
        version, _, _ = self.integer(), self.integer(), self.integer()
        if version not in (2, 3):
            raise Damaged("its version is not known")
        if version == 3 and not re.fullmatch(rb"[\w.:+-]{1,63}", self.take(self.integer())):
            raise Damaged("its encoding is not known")

    # ---- values ----

    def item(self, flags: int | None = None, dotted: bool = False):
        """The next value. `dotted` pairs, which end with another value than NULL, are those of
        ALTREP alone."""
        self.deeper()
        flags = self.integer() if flags is None else flags
        kind = flags & 0xFF
        if kind in ALONE:
            node = _Node(ALONE[kind])
        elif kind in MORE_THAN_DATA:
            raise Refused(MORE_THAN_DATA[kind])
        elif kind in (LIST, CALL):
            node = yield from self.pairlist(flags)
            if node.end is not None and not dotted:
                raise Damaged("a pairlist has a wrong end")
        elif kind in VECTORS:
            node = yield from self.vector(kind, flags)
        elif kind in NAMED:
            node = NAMED[kind](self, flags)
        elif kind in OTHERS:
            node = yield from OTHERS[kind](self, flags)
        else:
            raise Damaged("it has a value of an unknown type")
        self.depth -= 1
        return node

    def vector(self, kind: int, flags: int):
        size = self.length()
        node = _Node(kind, size)
        if kind == STRING:
            self.need(8 * size)
            node.detail = self.strings(size)
        elif kind in BYTES:
            content = self.take(BYTES[kind] * size) if size <= 16 else self.skip(BYTES[kind] * size)
            node.detail = content
        else:
            self.need(4 * size)
            node.detail = []
            for _ in range(size):
                node.detail.append((yield self.item()))
        if flags & HAS_ATTRIBUTES:
            _check_attributes(node, (yield self.item()))
        return node

    def skip(self, size: int) -> None:
        self.need(size)
        self.at += size

    def strings(self, count: int) -> list[bytes | None]:
        """Strings, one after the other; None for NA. Of many, only the first are kept."""
        kept = []
        for place in range(count):
            text = self.string()
            if place < 16:
                kept.append(text)
        return kept

    def string(self) -> bytes | None:
        flags = self.integer()
        if flags & 0xFF != CHAR or flags & HAS_ATTRIBUTES:
            raise Damaged("a string is none")
        size = self.integer()
        return None if size == -1 else self.take(size)

    def pairlist(self, flags: int, in_frame: bool = False):
        """A pairlist or a call; the values of a frame, or of `...` in it, may be promises."""
        kind, pairs, end = flags & 0xFF, [], None
        while True:
            if flags & HAS_ATTRIBUTES and (yield self.item()).type not in (NIL, LIST):
                raise Damaged("attributes are no pairlist")
            tag = (yield self.item()) if flags & HAS_TAG else None
            if tag is not None and tag.type != SYMBOL:
                raise Damaged("a name is no symbol")
            if flags & ACTIVE and flags & 0xFF == LIST:
                raise Refused("an active binding")
            value = yield (self.binding() if in_frame else self.item())
            pairs.append((tag and tag.detail, value))
            flags = self.integer()
            if flags & 0xFF not in (LIST, CALL, kind):
                break
            self.deeper()
        last = yield self.item(flags)
        self.depth -= len(pairs) - 1
        if last.type != NIL:
            end = last
        return _Node(kind, len(pairs), pairs, end)

    def symbol(self, flags: int):
        name = self.string()
        if not name:
            raise Damaged("a symbol has no name")
        node = _Node(SYMBOL, 1, name)
        self.known.append(node)
        return node

    def reference(self, flags: int):
        number = (flags >> 8 & 0xFFFFFF) or self.integer()
        if not 1 <= number <= len(self.known):
            raise Damaged("a reference leads nowhere")
        return self.known[number - 1]

    def s4(self, flags: int):
        node = _Node(S4, 1)
        if flags & HAS_ATTRIBUTES:
            _check_attributes(node, (yield self.item()))
        return node

    # ---- environments ----

    def environment(self, flags: int):
        if self.integer() not in (0, 1):
            raise Damaged("an environment is neither locked nor open")
        node = _Node(ENVIRONMENT)
        self.known.append(node)
        node.detail = yield self.item()
        if node.detail.type not in (NIL, ENVIRONMENT):
            raise Damaged("an environment is enclosed by another value")
        yield self.frame()
        yield self.table()
        if (yield self.item()).type not in (NIL, LIST):
            raise Damaged("attributes are no pairlist")
        return node

    def frame(self):
        """The variables of an environment, or those in a place of its hash table."""
        self.deeper()
        flags = self.integer()
        if flags & 0xFF != LIST:
            node = yield self.item(flags)
            if node.type != NIL:
                raise Damaged("an environment has no frame")
        else:
            node = yield from self.pairlist(flags, in_frame=True)
        self.depth -= 1
        variables = node.detail or []
        if node.end is not None or any(tag is None for tag, _ in variables):
            raise Damaged("a variable has no name")
        return node

    def table(self):
        flags = self.integer()
        if flags & 0xFF != VECTOR:
            node = yield self.item(flags)
            if node.type != NIL:
                raise Damaged("an environment has no table")
            return node
        size = self.length()
        self.need(4 * size)
        if size < 1 or flags & HAS_ATTRIBUTES:
            raise Damaged("a table of an environment is none")
        self.deeper()
        for _ in range(size):
            yield self.frame()
        self.depth -= 1
        return _Node(VECTOR, size)

    def binding(self):
        """The value of a variable. A promise that has been forced is its value; R keeps promises
        in the frames of functions, to which a formula may refer."""
        flags = self.integer()
        if flags & 0xFF == DOTS:
            return (yield from self.pairlist(flags, in_frame=True))
        if flags & 0xFF != PROMISE:
            return (yield self.item(flags))
        if flags & HAS_ATTRIBUTES or flags & HAS_TAG:
            raise Refused("a promise")
        flags = self.integer()
        if flags & 0xFF == UNBOUND:
            raise Refused("a promise")
        value = yield self.item(flags)
        yield self.item()  # the expression that it was
        return value

    def check_enclosures(self) -> None:
        """No environment may enclose itself: R would look for a variable for ever."""
        done: set[int] = set()
        for node in self.known:
            way: set[int] = set()
            while node is not None and node.type == ENVIRONMENT and id(node) not in done:
                if id(node) in way:
                    raise Damaged("an environment encloses itself")
                way.add(id(node))
                node = node.detail
            done |= way

    # ---- what R makes of names ----

    def names(self) -> list[bytes]:
        if self.integer() != 0:
            raise Damaged("a name is none")
        size = self.integer()
        self.need(8 * size)
        found = self.strings(size)
        if not found or None in found:
            raise Damaged("a name is none")
        return found

    def package(self, flags: int):
        kind = "namespace" if flags & 0xFF == NAMESPACE else "package"
        name = self.names()[0].decode(errors="replace")
        if kind == "package" and not name.startswith("package:"):
            raise Damaged("an attached package is none")
        self.packages.add((kind, name.removeprefix("package:")))
        node = _Node(ENVIRONMENT)
        self.known.append(node)
        return node

    def from_hook(self, flags: int):
        names = self.names()
        if self.persistent is None:
            raise Damaged("it has a reference that only another program knows")
        self.persistent(names)
        node = _Node(ENVIRONMENT)
        self.known.append(node)
        return node

    def altrep(self, flags: int):
        """A vector in another form than in full length, made by its class from a state."""
        info = yield self.item()
        state = yield self.item(dotted=True)
        attributes = yield self.item()
        try:
            name, package, kind = (value.detail for _, value in info.detail)
            name, package, kind = name.decode(), package.decode(), int.from_bytes(kind, "big")
        except (AttributeError, TypeError, ValueError):
            raise Damaged("a compact vector has no class") from None
        made = _of_altrep(name, state) if package == "base" else None
        if made is None:
            raise Refused(f"a vector of the class {name} of the package {package}")
        if made.type != kind:
            raise Damaged("a compact vector has another type than its class")
        if attributes.type != NIL:
            _check_attributes(made, attributes)
        return made


# How values are read that have no others in them, and those that have.
NAMED = {
    SYMBOL: _Reader.symbol, REFERENCE: _Reader.reference, PACKAGE: _Reader.package,
    NAMESPACE: _Reader.package, PERSISTENT: _Reader.from_hook,
}  # fmt: skip
OTHERS = {S4: _Reader.s4, ENVIRONMENT: _Reader.environment, ALTREP: _Reader.altrep}


# ---- checks of one value -------------------------------------------------------------------------


def _of_altrep(name: str, state: _Node) -> _Node | None:
    """The vector that R's own class of compact vectors makes; None for another class."""
    if name in ("compact_intseq", "compact_realseq"):
        return _sequence(state, INTEGER if name == "compact_intseq" else DOUBLE)
    if name not in WRAPPED and name != "deferred_string":
        return None
    if state.type != LIST or state.size != 1 or state.end is None:
        raise Damaged("a compact vector has another state")
    inner, end = state.detail[0][1], state.end
    if name == "deferred_string":
        right = inner.type in (INTEGER, DOUBLE) and (end.type, end.size) == (INTEGER, 1)
        made = _Node(STRING, inner.size)
    else:
        right = inner.type == WRAPPED[name] and (end.type, end.size) == (INTEGER, 2)
        made = _Node(inner.type, inner.size, inner.detail)
    if not right:
        raise Damaged("a compact vector has another state")
    return made


def _sequence(state: _Node, kind: int) -> _Node:
    """A sequence such as 1:10, of which the file has the length, the first number and the step."""
    if (state.type, state.size) != (DOUBLE, 3):
        raise Damaged("a sequence has another state")
    size, first, step = struct.unpack(">3d", state.detail)
    ends = (first, first + (size - 1) * step)
    most = 2**31 - 1 if kind == INTEGER else 2**52
    if not (1 <= size <= most and size.is_integer() and step in (1, -1)):
        raise Damaged("a sequence has an impossible length")
    if not all(abs(end) <= most and (kind == DOUBLE or end.is_integer()) for end in ends):
        raise Damaged("a sequence has impossible ends")
    numbers = None
    if kind == INTEGER and size <= 16:
        numbers = struct.pack(f">{int(size)}i", *(int(first + i * step) for i in range(int(size))))
    return _Node(kind, int(size), numbers)


def _check_attributes(node: _Node, attributes: _Node) -> None:
    """Check the attributes by which R's C code finds its way in a vector without looking again."""
    if attributes.type != LIST or any(tag is None for tag, _ in attributes.detail):
        raise Damaged("attributes are no pairlist")
    found = dict(attributes.detail)
    kind = found.get(b"class")
    if kind is not None and (kind.type != STRING or kind.size == 0):
        raise Damaged("a class is no string")
    if node.type not in VECTORS:
        return
    names = found.get(b"names")
    if names is not None and (names.type, names.size) != (STRING, node.size):
        raise Damaged("names are not those of their vector")
    _check_dims(node, found.get(b"dim"), found.get(b"dimnames"))


def _check_dims(node: _Node, dim: _Node | None, names: _Node | None) -> None:
    if dim is None:
        return
    if dim.type != INTEGER or dim.detail is None:
        raise Damaged("dims are no integers")
    sizes = struct.unpack(f">{dim.size}i", dim.detail)
    if min(sizes, default=-1) < 0 or math.prod(sizes) != node.size:
        raise Damaged("dims are not those of their vector")
    if names is None:
        return
    if names.type != VECTOR or names.size != dim.size:
        raise Damaged("names of dims are none")
    for size, labels in zip(sizes, names.detail or [], strict=True):
        if labels.type != NIL and labels.size != size:
            raise Damaged("names of dims are not those of their vector")
