"""`__module__` of classes and functions that are made in R: a str that brings their definition
along.

Python pickles a class or a function as two names: its module and its name in there. A definition of
R is in no module that another process could import: its file may be anywhere, or there is none. So
its `__module__` is a `ModuleName`, a str for everyone but a pickler, which has to pickle it and
asks for its `__reduce_ex__`: what is written is a call that makes the definition again and returns
the name of a module that has it (travel/definitions.py). All picklers get there, since all of them
pickle importable classes and functions by name: `pickle`, cloudpickle, dill, those of joblib, Ray
and Dask.

They do so only if they find the object by its name. So each definition has a *place* in
`sys.modules`: an object with one attribute, under the ModuleName. A ModuleName is equal to the str,
but its hash is that of its identity. So the place is found by the `__module__` of its own object
alone, two files of one name don't get in each other's way, and `import name` finds nothing here.
For an imported file its module stands at the places of its definitions (imports/pickles.py). A
pickle of a ModuleName itself gives the name of the module where the definition has arrived.

Ruled out: a metaclass or a reducer of `copyreg` for classes (cloudpickle and dill have their own
way for classes and never ask), functions that are instances of another type (Keras, TensorFlow and
`inspect` want functions), and the file's name as an ordinary module (a Python module that is
imported later would be another one).
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from types import FunctionType


class ModuleName(str):
    """The name of the module of one class or function; see the head of this file."""

    reduce = None  # the function of travel/definitions.py; the session sets it

    __hash__ = object.__hash__

    def __reduce_ex__(self, protocol):
        return ModuleName.reduce(self)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


class Reference:
    """A class or function made in R, for a pickler that may be writing this definition: the
    definition itself must not be met there, since Python's picklers take what they meet again
    within its own module name for another object. There is one for a definition while it lives."""

    reduce = None  # the function of travel/definitions.py; the session sets it

    def __init__(self, definition):
        self.definition = definition

    @staticmethod
    def to(definition) -> Reference:
        known = _references.get(id(definition))
        return known or _references.setdefault(id(definition), Reference(definition))

    def __reduce__(self):
        return Reference.reduce(self)


_references: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def is_definition(what) -> bool:
    """Is it a class or function made in R?"""
    if isinstance(what, type):
        return "__r_class__" in vars(what)
    return isinstance(what, FunctionType) and hasattr(what, "__r_function__")


class _Holder(weakref.ref):
    """Holds a definition weakly. When it goes, no code of Python runs, which could fail where the
    stack is at its end."""

    __slots__ = ("name",)

    def __new__(cls, definition, name: str):
        return super().__new__(cls, definition, _gone.append)

    def __init__(self, definition, name: str):
        super().__init__(definition, _gone.append)
        self.name = name


class Place:
    """Where picklers look for a definition: what `sys.modules` has for its ModuleName.

    What has just arrived from elsewhere is `kept` until it is asked for.
    """

    __spec__ = None

    def __init__(self, name: str, definition, kept: bool = False):
        self.__name__ = name
        self._path = definition.__qualname__.split(".")  # an R function may be called `a.b`
        self._definition = _Holder(definition, name)
        self._kept = definition if kept else None

    @property
    def definition(self):
        """The class or function, or None when it is gone."""
        return self._definition()

    def __getattr__(self, name: str):
        return _at(self, self.__dict__.get("_path", ()), name)


class _Step:
    """What a pickler gets for the `a` of a function `a.b`."""

    def __init__(self, place: Place, path: list[str]):
        self._place, self._path = place, path

    def __getattr__(self, name: str):
        return _at(self._place, self._path, name)


def _at(place: Place, path: list[str], name: str):
    if path and name == path[0]:
        definition = place.definition
        if len(path) > 1:
            return _Step(place, path[1:])
        if definition is not None:
            place._kept = None
            return definition
    raise AttributeError(f"module {place.__dict__.get('__name__')!r} has no attribute {name!r}")


_gone: deque[_Holder] = deque()  # of the definitions that are gone
_standing: dict[str, _Holder] = {}  # of those at whose places a module stands


def give_place(name: str, definition, kept: bool = False) -> None:
    """Let picklers find `definition` under `name`, while it lives.

    The places of what is gone are given up here, not in a finalizer, since other code may be going
    through `sys.modules` then.
    """
    for _ in range(min(2, len(_gone))):
        _give_up(_gone.popleft().name)
    sys.modules[name] = Place(name, definition, kept)


def _give_up(name: str) -> None:
    """Remove the place, unless another definition has come to stand there."""
    _standing.pop(name, None)
    place = sys.modules.get(name)
    if not isinstance(place, Place) or place.definition is None:
        sys.modules.pop(name, None)


def stand_at(name: str, definition, module) -> None:
    """Let a module that has `definition` stand at its place, while the definition lives."""
    sys.modules[name] = module
    _standing[name] = _Holder(definition, name)


def definition_at(name: str):
    """The class or function whose place is `name`, or None."""
    place = sys.modules.get(name)
    return place.definition if isinstance(place, Place) else None
