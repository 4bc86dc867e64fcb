"""Definitions of imported R files in pickles: by module and name, as Python does. The other process
imports the file, which must be the same one; it need not have enabled imports.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pickle
import sys
import types

from ..bridge.source import hash_of
from .finder import RFileFinder, enable_imports
from .loader import RFileLoader


def reduced_name(module: types.ModuleType) -> tuple:
    """What `__reduce_ex__` of the ModuleName of a definition of this module gives."""
    return import_again, (module.__name__, module.__file__, module.__r_hash__)


def import_again(name: str, file: str, hash: str) -> str:
    """The name of the module, imported from the file of this hash: from where Python finds it, else
    from where it was.

    Raises:
        pickle.UnpicklingError: there is no such file, or it is another one.
    """
    if not any(isinstance(finder, RFileFinder) for finder in sys.meta_path):
        enable_imports()
    # Without its package, a module of one can't have its own name.
    place = f"{__package__}.arrived.{hash}" if "." in name else name
    try:
        module = importlib.import_module(name)
        place = name
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # an import in the file
        module = sys.modules.get(place) or _loaded_from(name, place, file, hash)
    found = getattr(module, "__r_hash__", None)
    if found != hash:
        raise pickle.UnpicklingError(
            f"module `{name}` is {getattr(module, '__file__', 'another one')} here, not the R file "
            f"that this was pickled with, {file}: copy that file to this place, or start this "
            "process again if it was edited"
        )
    return place


def _loaded_from(name: str, place: str, file: str, hash: str) -> types.ModuleType:
    try:
        with open(file, "rb") as source:
            same = hash_of(source.read()) == hash
    except OSError:
        same = None
    if not same:
        problem = "has changed since" if same is False else "is not there"
        raise pickle.UnpicklingError(
            f"this was pickled with the R module `{name}`, whose file {file} {problem}: put the "
            f"file that it was pickled with on `sys.path` as {os.path.basename(file)}"
        )
    spec = importlib.util.spec_from_file_location(name, file, loader=RFileLoader(name, file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[place] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[place]
        raise
    return module
