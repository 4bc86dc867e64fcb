"""R values that are more than data, for pickles: functions with what they reach, environments, and
Python objects among R values. The other half is R/travel_pack.R.

R's `serialize()` writes the value; for what it must not write itself (*pieces*: environments,
Python objects, the text that code was parsed from) it writes a number, and the pieces are pickled
beside the bytes. After them come the variables that the functions in the value reach."""

from __future__ import annotations

import functools
import importlib
import pickle
import sys
import weakref
import zlib
from dataclasses import dataclass
from types import ModuleType

from ..bridge.condition import RError
from ..bridge.module_name import Reference, is_definition
from ..bridge.r_functions import r_function, r_handle
from ..classes.pickles import problem_of
from .environments import Environment


@dataclass
class Packed:
    """An R value on its way. `pieces` are pairs of a kind and an object, `reached` the variables
    that its functions reach, `packages` the (name, version, is attached) of those that they use,
    and `how` says how a variable is bound. `paths` say for errors where the pieces are that are
    objects of Python."""

    data: bytes
    pieces: tuple
    reached: tuple
    packages: tuple
    how: str = ""
    paths: tuple = ()

    def take_reached(self) -> tuple:
        """What it reaches, which then travels after it."""
        reached, self.reached = self.reached, ()
        return reached

    def reduced(self) -> tuple:
        """For `__reduce__` of the handle of the value."""
        _check_objects(self)
        arguments = self.data, self.pieces, self.packages
        return unpack, arguments, self.reached, None, None, ignore

    def __reduce__(self):
        return self.reduced()


class Variable:
    """The node of a variable: `holder` is the environment that has it, if that is an attached one;
    `path` says for errors what has reached it."""

    def __init__(self, environment: Environment, name: str, holder, path: str):
        self.environment, self.name, self.holder, self.path = environment, name, holder, path
        self._packed = None

    @staticmethod
    def of(handle, name: str, holder, path: str) -> Variable:
        environment = Environment.of(handle)
        key = handle.address, name
        node = _variables.get(key)
        return node or _variables.setdefault(key, Variable(environment, name, holder, path))

    def packed(self):
        """Its value as it was when it was first asked for."""
        if self._packed is None:
            holder = self.holder or self.environment.handle
            self._packed = pack([holder, self.name], self.path, "pack_variable")
        return self._packed

    def __reduce__(self):
        packed = self.packed()
        arguments = self.environment, self.name, packed.how
        return declare_variable, arguments, packed, None, None, bind_variable


_variables: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def pack(handle, path: str = "", how: str = "pack_value") -> Packed:
    """Make an R value ready to travel; `path` says in errors where it is, `how` names the R
    function that takes it apart.

    Raises:
        pickle.PicklingError: something in it can't travel: a connection, an external pointer.
    """
    try:
        data, pieces, reached, packages, *how = r_function(how)(handle, path)
    except RError as error:
        raise _travel_error(error) from None
    return Packed(
        bytes(data),
        tuple(_piece(*piece[:2]) for piece in pieces),
        tuple(Variable.of(*variable) for variable in reached),
        tuple(tuple(package) for package in packages),
        *how,
        paths=tuple(piece[2] if len(piece) > 2 else None for piece in pieces),
    )


def _travel_error(error: RError) -> Exception:
    is_ours = "py_travel_error" in error.r_class
    return pickle.PicklingError(error.message) if is_ours else error


def _check_objects(packed: Packed) -> None:
    """Raise PicklingError, which names the variable, for an object of Python that no pickler can
    write. (A hash can be made with it, so pack() takes it.)"""
    for (_, what), path in zip(packed.pieces, packed.paths, strict=True):
        problem = None if path is None else problem_of(what)
        if problem is not None:
            try:
                r_function("refuse_to_travel")(path, problem)
            except RError as error:
                raise _travel_error(error) from None


def _piece(kind: str, what):
    if kind == "environment":
        return kind, Environment.of(what)
    if kind == "source":
        path, text = what
        return kind, (path, zlib.compress(text.encode()))
    if isinstance(what, type) and is_definition(what):
        return kind, Reference.to(what)
    if isinstance(what, ModuleType) and sys.modules.get(what.__name__) is what:
        return kind, ImportedModule.of(what)
    return kind, what


class ImportedModule:
    """A module of Python, which travels by its name. `pickle` itself, which multiprocessing uses,
    writes none."""

    def __init__(self, name: str):
        self.name = name

    @staticmethod
    @functools.cache
    def of(module: ModuleType) -> ImportedModule:
        return ImportedModule(module.__name__)

    def __reduce__(self):
        return importlib.import_module, (self.name,)


def reduced_handle(handle) -> tuple:
    """What `__reduce__` of an RObject gives for a value that is more than data."""
    return pack(handle).reduced()


def reduced_hidden(hidden) -> tuple:
    """What `__reduce__` of the state of a private environment gives."""
    return pack(hidden.handle, hidden.path).reduced()


# ---- arrival -------------------------------------------------------------------------------------


def unpack(data: bytes, pieces: tuple, packages: tuple):
    """The R value, a handle. The variables that its functions reach arrive after it."""
    for name, version, attached in packages:
        r_function("use_package")(name, version, attached)
    kinds = [kind for kind, _ in pieces]
    return r_handle("unpack_value")(bytearray(data), kinds, lambda i: _arrived(*pieces[int(i) - 1]))


def _arrived(kind: str, what):
    """What stands for a piece while R reads the bytes: for an R class, its factory."""
    if kind == "source":
        path, text = what
        return path, zlib.decompress(text).decode()
    made_from = vars(what).get("__r_class__") if isinstance(what, type) else None
    return what if made_from is None else r_handle("make_factory")(what, made_from.spec)


def ignore(value, state) -> None:
    """The variables are set when they are read."""


def declare_variable(environment, name: str, how: str) -> tuple:
    r_function("declare_variable")(environment, name, how)
    return environment, name, how


def bind_variable(variable: tuple, value) -> None:
    r_function("bind_variable")(*variable, value)
