"""The hash of a definition: of its code, and of all values that it reaches.

Two definitions of one hash are the same class to a process, so what makes a difference when they
run must be in it: the values of variables, too. Names stand for what R packages and Python modules
define.

The walk also finds the Python objects which lead back to the definition, such as a dict that has
the class among its values. They travel as bytes of their own, since a pickler must not meet a class
while it writes its definition (`Reference` in bridge/module_name.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import threading
import uuid
import weakref
from types import FunctionType, ModuleType

from ..bridge.module_name import ModuleName, Reference, is_definition
from .environments import Environment
from .pack import Packed, Variable, pack

# R's serialize() begins with its version and that of R.
_HEADER = 14


class _State(threading.local):
    """Of the walks on this thread: the definitions whose hashes are computed, with their keys, and
    whether a pickler has met one of them again."""

    def __init__(self):
        self.running: list[tuple] = []
        self.met_again = False


_state = _State()


def hash_of(packed: Packed, definition, key: str, hash_of_class, changes=None, gone=()) -> str:
    """The hash, hexadecimal digits, of a packed definition; `key` is its key, by which what leads
    back to it finds it, `hash_of_class` a function for the classes that it reaches. `changes` and
    `gone` are what classes/attributes.py says of a class."""
    _state.running.append((definition, key))
    try:
        walk = _Walk(hash_of_class)
        walk.add(definition.__module__, definition.__qualname__)
        walk.value(packed)
        walk.variables()
        walk.attributes(changes or {}, gone)
        return walk.sum.hexdigest()[:32]
    finally:
        _state.running.pop()


def is_computing() -> bool:
    """Is any hash being computed?"""
    return bool(_state.running)


def running_key(definition) -> str | None:
    """The key of a definition whose hash is being computed, or None."""
    return next((key for known, key in _state.running if known is definition), None)


def met_again() -> None:
    """Note that a pickler has met a definition whose hash is being computed."""
    _state.met_again = True


def content_key(packed: Packed, definition) -> str:
    """The key of a definition: the hash of its own code."""
    walk = _Walk()
    walk.add(definition.__module__, definition.__qualname__, packed.data[_HEADER:])
    return walk.sum.hexdigest()[:32]


class _Walk:
    """Goes through a value and what it reaches, each node once."""

    def __init__(self, hash_of_class=None):
        self.sum = hashlib.sha256()
        self.hash_of_class = hash_of_class
        self.numbers: dict[int, int] = {}
        self.kept: list = []
        self.instead: dict[int, Nested] = {}  # of objects that travel as bytes of their own
        self.waiting: list[Variable] = []

    def add(self, *words) -> None:
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            self.sum.update(len(data).to_bytes(8, "big") + data)

    def is_new(self, node) -> bool:
        """Number the node; what has come before is its number from then on."""
        number = self.numbers.get(id(node))
        if number is not None:
            self.add("again", number)
            return False
        self.numbers[id(node)] = len(self.numbers)
        self.kept.append(node)
        return True

    def value(self, packed: Packed) -> None:
        self.add(packed.data[_HEADER:], *packed.packages)
        packed.pieces = tuple((kind, self.piece(kind, what)) for kind, what in packed.pieces)
        for variable in packed.reached:
            self.environment(variable.environment)
            self.add(variable.name)
            if id(variable) not in self.numbers:
                self.numbers[id(variable)] = len(self.numbers)
                self.waiting.append(variable)

    def piece(self, kind: str, what):
        self.add(kind)
        if kind == "environment":
            self.environment(what)
        elif kind != "source":
            what = self.object(what)
        return what

    def variables(self) -> None:
        while self.waiting:
            self.value(self.waiting.pop(0).packed())

    def attributes(self, changes: dict, gone: tuple) -> None:
        for name in sorted(changes):
            self.add("attribute", name)
            changes[name] = self.attribute(changes[name])
            self.variables()
        self.add("gone", *sorted(gone))

    def attribute(self, value):
        """What travels for an attribute of a class: bytes of its own if `pickle` itself can't write
        it, such as a property, or a function that a decorator has made."""
        value = Reference.to(value) if is_definition(value) else _apart(value)
        travels = self.object(value)
        if travels is value and not _is_pickled(value):
            with contextlib.suppress(Exception):  # the pickler that asks says what is wrong
                return Nested(dumps(value))
        return travels

    def environment(self, node) -> None:
        if not isinstance(node, Environment):
            self.add("session", repr(node))
        elif self.is_new(node):
            self.add(node.kind)
            if node.kind == "plain":
                self.environment(node.enclosure)
                self.value(pack(node.attributes()))
            elif node.kind != "global":
                self.object(node.enclosure)

    def object(self, what) -> object:
        """Add a Python object by what its pickle says, or, if it has none, as this object. The
        result is what travels for it."""
        if isinstance(what, ModuleType):
            self.add("module", what.__name__)
        elif isinstance(what, Reference) and isinstance(what.definition, type):
            self.add("class", running_key(what.definition) or self.hash_of_class(what.definition))
        elif self.is_new(what):
            travels = self.pickled(what)
            if travels is not what:
                self.instead[id(what)] = travels
            return travels
        return self.instead.get(id(what), what)

    def pickled(self, what):
        before, _state.met_again = _state.met_again, False
        try:
            data = dumps(what)
            self.add(data)
            return Nested(data) if _state.met_again or not _is_plain(what) else what
        except Exception:  # the pickler that asks may know how; it says what is wrong
            self.add(type(what).__qualname__, identity_of(what))
            return what
        finally:
            _state.met_again = before


def _apart(value):
    """For a function that picklers would find as a member of its class, such as the `__init__` of a
    dataclass, a copy that they don't find."""
    if not isinstance(value, FunctionType) or not isinstance(value.__module__, ModuleName):
        return value
    made = FunctionType(
        value.__code__, value.__globals__, value.__name__, value.__defaults__, value.__closure__
    )
    made.__kwdefaults__, made.__dict__ = value.__kwdefaults__, {**vars(value)}
    made.__annotations__, made.__doc__ = value.__annotations__, value.__doc__
    made.__qualname__, made.__module__ = value.__qualname__, "__main__"
    return made


def _is_plain(what) -> bool:
    """Can `pickle` itself write it? It can't write a lambda, a class of no module, or a type
    variable, that a definition uses."""
    is_named = isinstance(what, (FunctionType, type)) or type(what).__module__ == "typing"
    return not is_named or _is_pickled(what)


def _is_pickled(what) -> bool:
    try:
        pickle.dumps(what)
    except Exception:
        return False
    return True


def dumps(what) -> bytes:
    """A pickle by a pickler that writes classes and functions of `__main__`, too, where it is
    installed."""
    try:
        from cloudpickle import dumps
    except ImportError:
        from pickle import dumps
    return dumps(what)


class Nested:
    """A Python object in bytes of its own."""

    def __init__(self, data: bytes):
        self.data = data

    def __reduce__(self):
        return pickle.loads, (self.data,)


_identities: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
# {id: (object, text)} of what has no weak references, or no hash, the last of them.
_held: dict[int, tuple] = {}


def identity_of(what) -> str:
    """A text that is this object's, as long as it lives."""
    text = uuid.uuid4().hex
    try:
        return _identities.setdefault(what, text)
    except TypeError:
        text = _held.setdefault(id(what), (what, text))[1]
        if len(_held) > 1000:
            del _held[next(iter(_held))]
        return text
