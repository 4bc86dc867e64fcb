"""Python modules for R: imported now or at first use, or looked up. The other half is
R/for_r_modules.R.

Guarantees: Keras and TensorFlow are only imported when R asks for them or reads an attribute of a
delayed module.
"""

import functools
import importlib
import importlib.util
import os
import sys
import types

from pyclass_bridge.for_r.environ import take_environment


def require_module(name):
    """Import the module `name` (dots allowed); for a missing Keras the error is doctor's."""
    take_environment()
    from pyclass_bridge.start import doctor, quiet

    package = name.split(".")[0]
    if package == "keras":
        doctor.require_keras()
    with quiet.quiet_import(package):
        return importlib.import_module(name)


class LazyModule(types.ModuleType):
    """A module imported when its first attribute is read."""

    def __init__(self, name, load):
        super().__init__(name)
        object.__setattr__(self, "_bridge_load", load)
        object.__setattr__(self, "_bridge_module", None)

    def _bridge_get(self):
        if object.__getattribute__(self, "_bridge_module") is None:
            module = object.__getattribute__(self, "_bridge_load")()
            object.__setattr__(self, "_bridge_module", module)
        return object.__getattribute__(self, "_bridge_module")

    def __getattribute__(self, name):
        # ModuleType has attributes of its own (__doc__, __spec__, ...) which would hide those of
        # the imported module.
        if name.startswith("_bridge_") or name in ("__class__", "__name__"):
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "_bridge_get")(), name)

    def __setattr__(self, name, value):
        setattr(self._bridge_get(), name, value)

    def __delattr__(self, name):
        delattr(self._bridge_get(), name)

    def __dir__(self):
        return dir(self._bridge_get())

    def __repr__(self):
        return f"<module {self.__name__!r}, imported on first use>"


def lazy_module(name, path=None, hooks=None):
    """The module `name` if it is imported already, else one that imports it at first use. Of
    `hooks`, `before_load` and `on_load` are called round the import, `on_error` with its exception,
    and `get_module` gives the name to import."""
    if path is None and not hooks and name in sys.modules:
        return sys.modules[name]
    return LazyModule(name, functools.partial(_load, name, path, hooks or {}))


def _load(name, path, hooks):
    def hook(event, *arguments):
        return hooks[event](*arguments) if event in hooks else None

    hook("before_load")
    name = hook("get_module") or name
    try:
        module = require_module(name) if path is None else import_from_path(name, path)
    except Exception as error:
        hook("on_error", error)
        raise
    hook("on_load")
    return module


def import_from_path(name, path="."):
    """Import `name`, looking in the directory `path` first."""
    path = os.path.abspath(os.path.expanduser(path))
    sys.path.insert(0, path)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(path)


def module_available(name):
    """Can the module `name` be imported? (It is not imported, only its parents.)"""
    try:
        return sys.modules.get(name) is not None or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def main_module():
    """The module __main__."""
    return sys.modules["__main__"]
