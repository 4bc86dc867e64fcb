"""Classes and functions made in R, for pickles.

What a pickle holds for the ModuleName of a class or function (bridge/module_name.py):

1. a call of `reserve_class()` or `reserve_function()`, whose result is the name of the module that
   will have it;
2. a call of `build_class()` or `build_function()` with the definition;
3. the variables that its functions reach (travel/environments.py), which may lead back to it;
4. for what has attributes that were set later, a call of `finish_class()` or `finish_function()`.

A class is known by the hash of its content, and a process has one class of each: the original in
its own process, and what has arrived twice is one class. A class that has arrived keeps its hash,
so it is the original, too, when it goes back. A function has the state that it had when it was
pickled, and arrives anew each time, as a call of it must not depend on what has run before; in its
own process it is the original, as functions of Python are.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import pickle
import sys
import uuid
import weakref

from ..bridge.function import make_function
from ..bridge.module_name import ModuleName, Reference, definition_at, give_place
from ..bridge.r_functions import r_function, r_handle
from ..classes.attributes import change, changed
from ..classes.living import classes_named
from ..classes.pickles import check_fields
from .hashes import (
    content_key,
    hash_of,
    identity_of,
    is_computing,
    met_again,
    running_key,
)
from .pack import ignore, pack

_MEMBERS = property, classmethod, staticmethod
_OF_FUNCTIONS = {"__r_function__", "autograph_info__"}  # bridge/function.py sets them
ARRIVED = "pyclass_bridge.travel.arrived."

_known: weakref.WeakValueDictionary = weakref.WeakValueDictionary()  # classes by hash
_hashes: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # of classes that have arrived
_unfinished: set[str] = set()  # hashes of those that are arriving
# The functions of this process, by their keys.
_own: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def reduced_name(name: ModuleName):
    """What `__reduce_ex__` of a ModuleName gives: see the head of this file."""
    definition = definition_at(name)
    if definition is None:
        return str, (str(name),)
    key = running_key(definition)
    if key is not None:
        met_again()
        return module_of_key, (key,)
    if not isinstance(definition, type):
        return _reduced_function(definition, name)
    package = r_function("package_of_class")(definition.__r_class__.spec)
    if package is not None and package[-1] is definition:
        return package_definition, tuple(package[:-1])
    return _reduced_class(definition, name)


def _reduced_class(cls: type, name: ModuleName) -> tuple:
    packed, key, hash, changes = _packed_class(cls)
    build = Call(build_class, hash, packed)
    finish = Call(finish_class, hash, *changes) if any(changes) else None
    return (
        reserve_class,
        (hash, key, cls.__qualname__),
        (build, packed.take_reached(), finish),
        None,
        None,
        ignore,
    )


def _packed_class(cls: type) -> tuple:
    """The class spec on its way, its key, the hash by which the class is known from now on, and
    what has changed since it was built."""
    packed = pack(cls.__r_class__.spec, f"class `{cls.__qualname__}`", "pack_spec")
    key = content_key(packed, cls)
    changes, gone = changed(cls)
    check_fields(cls, {n: v for n, v in changes.items() if not isinstance(v, _MEMBERS)})
    now = hash_of(packed, cls, key, hash_of_class, changes, gone)
    hash = _hashes.get(cls, now)
    if not is_computing():  # a hash within another does not see all
        _known[hash] = cls  # of a file that was sourced twice, the one that is in use
    return packed, key, hash, (changes, gone)


def hash_of_class(cls: type) -> str:
    """The hash of the definition of an R class."""
    return _packed_class(cls)[2]


def _reduced_function(function, name: ModuleName) -> tuple:
    packed = pack(function.__r_function__, f"function `{function.__qualname__}`")
    key = identity_of(function)
    given = {n: value for n, value in vars(function).items() if n not in _OF_FUNCTIONS}
    # It finds what leads back to the function.
    hash_of(packed, function, key, hash_of_class, given)
    _own.setdefault(key, function)
    build = Call(build_function, name, key, str(name), function.__qualname__, packed)
    finish = Call(finish_function, name, key, given) if given else None
    return reserve_function, (key,), (build, packed.take_reached(), finish), None, None, ignore


def reduced_reference(reference: Reference) -> tuple:
    """What `__reduce__` of a Reference gives."""
    definition = reference.definition
    key = running_key(definition)
    if key is not None:
        return arriving, (key, definition.__qualname__)
    return arrived, (definition.__module__, definition.__qualname__)


class Call:
    """What a pickle calls when it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


# ---- arrival -------------------------------------------------------------------------------------

_modules: dict[str, str] = {}  # of what is arriving, by its key; the oldest are forgotten
_KEPT = 10_000


def _note_module(key: str, module: str) -> str:
    _modules.pop(key, None)
    _modules[key] = module
    if len(_modules) > _KEPT:
        with contextlib.suppress(KeyError, RuntimeError):  # another thread has done it
            del _modules[next(iter(_modules))]
    return module


def reserve_class(hash: str, key: str, name: str) -> str:
    """The name of the module in which the class of this hash is, or will be."""
    module = _note_module(key, ARRIVED + hash)
    known = _known_class(hash) or _defined_here(hash, name)
    if known is not None and definition_at(module) is not known:
        give_place(module, known)
    return module


def _known_class(hash: str) -> type | None:
    """The class of this hash that is in use. R and Python hold a class in a circle: what R has of
    it may have been given up already, as garbage, when Python has yet to free it."""
    cls = _known.get(hash)
    in_use = cls is not None and r_function("is_class_in_use")(cls.__r_class__.class_env)
    return cls if in_use else None


def _defined_here(hash: str, name: str) -> type | None:
    """The class of this hash that a file defines in this process, too."""
    for cls in classes_named(name):
        with contextlib.suppress(pickle.PicklingError):  # it can't travel, so it is another one
            if cls not in _hashes and hash_of_class(cls) == hash:
                return cls
    return None


def build_class(hash: str, spec) -> None:
    if _known_class(hash) is None:
        cls = _known[hash] = r_function("class_of_spec")(spec)
        _hashes[cls] = hash
        _unfinished.add(hash)
        give_place(ARRIVED + hash, cls, kept=True)


def finish_class(hash: str, changes: dict, gone: tuple) -> None:
    """Change the class as the original was since it was built, unless it is at home here."""
    if hash in _unfinished:
        _unfinished.discard(hash)
        change(_known[hash], changes, gone)


def reserve_function(key: str) -> str:
    """The name of a module for a function that arrives: a new one, with the state that it had,
    unless it is at home here."""
    module = _note_module(key, ARRIVED + uuid.uuid4().hex)
    known = _own.get(key)
    if known is not None:
        give_place(module, known)
    return module


def build_function(place: str, key: str, module: str, name: str, closure) -> None:
    if _own.get(key) is None:
        give_place(place, make_function(closure, name, module), kept=True)


def finish_function(place: str, key: str, given: dict) -> None:
    """Give a function its attributes, such as the mark of `abc.abstractmethod`."""
    if _own.get(key) is None:
        vars(definition_at(place)).update(given)


def module_of_key(key: str) -> str:
    """The module of a definition which is arriving, that a piece of it leads back to."""
    return _modules[key]


def arrived(module: str, name: str):
    """The class or function of a module that has arrived."""
    place = sys.modules[module]
    if "." in name and name not in vars(place):  # `b` of `a`, as picklers look for `a.b`
        return functools.reduce(getattr, name.split("."), place)
    return getattr(place, name)


def arriving(key: str, name: str):
    """The same for one that a piece of it leads back to."""
    return arrived(_modules[key], name)


def package_definition(package: str, name: str, version: str) -> str:
    """The name of the module of a class that an R package defines, which is loaded here."""
    r_function("use_package")(package, version, False)
    cls = r_function("definition_of")(r_handle("namespace_of")(package), name)
    module = f"{ARRIVED}{cls.__module__}.{cls.__qualname__}"
    give_place(module, cls)
    return module


# ---- functions that picklers take apart ----------------------------------------------------------


def reduced_function(function) -> tuple:
    """For the core's Function, which a pickler meets that writes functions by their code."""
    if function.class_env is None:
        return core_function_of, (function.closure, function.__name__)
    cls = r_function("environment_facts")(function.class_env)[1]
    names = (name for name, member in vars(cls).items() if _core_function(member) is function)
    return core_function_in, (Reference.to(cls), next(names))


def core_function_of(closure, name: str):
    return _core_function(make_function(closure, name))


def core_function_in(cls: type, name: str):
    return _core_function(vars(cls)[name])


def _core_function(member):
    """The core's Function that a function, or a member of a class, calls."""
    member = getattr(member, "__func__", member)
    return inspect.unwrap(getattr(member, "__globals__", {}).get("__r_call"))


def has_arrived(cls: type) -> bool:
    """Was the class made here from what another process has written?"""
    return cls in _hashes
