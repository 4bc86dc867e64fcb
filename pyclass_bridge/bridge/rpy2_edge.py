"""The edge to rpy2: converts its objects, and makes entries of the core of its calls of R.

Assumes that R runs, started by `embed` through rpy2 or as the host, and that rpy2 has all names in
`rpy2_names`, which lists those that this file replaces or uses.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.abc
import importlib.util
import os
import sys
import threading
import types

from .. import _core
from ..start import hosted, rpy2_names


class EntryLock:
    """Replaces both of rpy2's locks: acquiring it pushes an entry on the core's stack.

    So rpy2 waits for R as the core does, on any thread. A callback that rpy2 itself made
    (`rternalize`) keeps R from other threads until it returns.
    """

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        _core.foreign_enter()
        return True

    def release(self) -> None:
        _core.foreign_exit()

    # Built-in functions, since a signal's exception in a Python function would leave an entry open.
    __enter__ = _core.foreign_enter
    __exit__ = _core.foreign_exit


class EntryLibrary:
    """Replaces rpy2's `rlib`, which rpy2 mostly calls without its lock: each call is an entry."""

    def __init__(self, library):
        object.__setattr__(self, "_library", library)

    def __getattr__(self, name: str):
        value = getattr(self._library, name)
        if not isinstance(value, types.BuiltinFunctionType):
            return value  # a variable of R, which may change
        function = as_entry(value)
        self.__dict__[name] = function
        return function

    def __setattr__(self, name: str, value) -> None:
        setattr(self._library, name, value)


def as_entry(function):
    """A function that calls `function` in an entry of its own. An R value that it returns is kept
    until rpy2 has made an object of it, or has got several others on this thread: rpy2 itself
    protects nothing between its calls, when another thread may let R collect."""
    if _gives_r_value(function):
        return functools.partial(_core.foreign_call, _call_and_keep, function)
    return functools.partial(_core.foreign_call, function)


# rpy2 declares that these functions of R give an R value. They give nothing, so what such a call
# seems to give is any number: kept as an address, it would crash the process.
NO_RESULT = {"SET_TAG", "Rf_defineVar"}


def _gives_r_value(function) -> bool:
    from rpy2.rinterface_lib import openrlib

    if getattr(function, "__name__", None) in NO_RESULT:
        return False
    try:
        return openrlib.ffi.typeof(function).result is openrlib.ffi.typeof("SEXP")
    except TypeError:  # a function of Python's
        return False


class _Recent(threading.local):
    """The handles of the R values that rpy2 has got last on this thread."""

    MOST = 16

    def __init__(self):
        self.handles: list[_core.Handle] = []


_recent = _Recent()


def _call_and_keep(function, *args):
    result = function(*args)
    if address := _address(result):  # 0 after an error
        _recent.handles = [*_recent.handles[1 - _Recent.MOST :], _core.adopt(address)]
    return result


def forget_recent() -> None:
    """Give up what rpy2 has got last on this thread, as before a count of what lives."""
    _recent.handles = []


_held: dict[int, _core.Handle] = {}  # {id(capsule): handle}: what rpy2's objects keep alive


def _hold(capsule, cdata) -> None:
    address = _address(cdata)
    _held[id(capsule)] = _core.adopt(address)
    _recent.handles = [handle for handle in _recent.handles if handle.address != address]
    capsule._cdata = cdata


def _let_go(capsule, held=_held) -> None:  # a default outlives the module at the process's end
    held.pop(id(capsule), None)


def _address(cdata) -> int:
    from rpy2.rinterface_lib import openrlib

    return int(openrlib.ffi.cast("uintptr_t", cdata))


def end_r() -> None:
    """End R with the process, unless a daemon thread is still at work in it."""
    from rpy2.rinterface_lib import embedded

    if _core.is_free():
        embedded.endr(0)


def take_over() -> None:
    """Make rpy2's use of R visible to the core: its lock, its calls, and its objects, whose
    destructors run on any thread and must not wait for R."""
    from rpy2.rinterface_lib import _rinterface_capi, embedded, openrlib

    openrlib.lock = openrlib.rlock = EntryLock()
    openrlib.rlib = EntryLibrary(openrlib.rlib)
    for name in rpy2_names.READERS:
        setattr(openrlib, name, as_entry(getattr(openrlib, name)))
    atexit.unregister(embedded.endr)
    if not hosted.is_hosted():
        atexit.register(end_r)
    # Before the functions of atexit, and before Python waits for threads that are no daemons.
    with contextlib.suppress(RuntimeError):  # one of them imports this package
        threading._register_atexit(_core.begin_exit)
    is_rpy2(object)  # what it imports can't be imported when Python shuts down
    _rinterface_capi.SexpCapsule.__init__ = _hold
    _rinterface_capi.SexpCapsule.__del__ = _let_go


def to_rpy2(value):
    """The rpy2 object (`rpy2.robjects`) for an R value or a Python value.

    Args:
        value: an R value (`RObject`), or any Python object, which goes through `to_r()`.

    Raises:
        RecursionError: a list or dict holds itself, or is nested more than 500 deep.

    Example:
        >>> import pyclass_bridge
        >>> pyclass_bridge.to_rpy2(pyclass_bridge.r("1:3")).r_repr()
        '1:3'
    """
    import rpy2.robjects as robjects
    from rpy2.rinterface_lib import conversion, openrlib

    handle = value if isinstance(value, _core.Handle) else _core.to_r(value)
    with openrlib.rlock:
        plain = conversion._cdata_to_rinterface(openrlib.ffi.cast("SEXP", handle.address))
        with robjects.default_converter.context():  # another thread has no converter set
            return robjects.default_converter.rpy2py(plain)


@functools.cache
def _missing_values() -> dict:
    """{type of an NA in rpy2: its R code}."""
    from rpy2.rinterface_lib import sexp

    return {
        sexp.NALogicalType: "NA",
        sexp.NAIntegerType: "NA_integer_",
        sexp.NARealType: "NA_real_",
        sexp.NAComplexType: "NA_complex_",
        sexp.NACharacterType: "NA_character_",
    }


@functools.cache
def _r_value_type() -> type:
    from rpy2.rinterface_lib import sexp

    return sexp.Sexp


def is_rpy2(kind: type) -> bool:
    """Is it a type of rpy2's R values?"""
    return issubclass(kind, _r_value_type()) or kind in _missing_values()


def from_rpy2(o):
    """The handle of the R value behind an rpy2 object."""
    if type(o) in _missing_values():
        return _core.evaluate(_missing_values()[type(o)])
    return _core.adopt(_address(o.__sexp__._cdata))


# ---- where R hosts ------------------------------------------------------------------------------


class _WhenImported:
    """A finder that lets `take_over()` follow the import of rpy2, which R's host may never need."""

    def find_spec(self, name: str, path=None, target=None):
        if name != "rpy2.rinterface":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            spec.loader = _ThenTakeOver(spec.loader)
        return spec


class _ThenTakeOver(importlib.abc.Loader):
    def __init__(self, loader):
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module) -> None:
        paths = os.environ.get("LD_LIBRARY_PATH")
        self._loader.exec_module(module)
        module.__spec__.loader = module.__loader__ = self._loader
        if paths is None:  # rpy2 has set it, for R; Python's children need their own library
            os.environ.pop("LD_LIBRARY_PATH", None)
        else:
            os.environ["LD_LIBRARY_PATH"] = paths
        module.initr()
        take_over()


def take_over_when_imported() -> None:
    """`take_over()` now, or when something imports rpy2."""
    if "rpy2.rinterface" in sys.modules:
        take_over()
    else:
        sys.meta_path.insert(0, _WhenImported())
