"""`source()`: the definitions of an R file as a namespace of Python objects, which help() and
completion show."""

from __future__ import annotations

import os
import types
from keyword import iskeyword
from pathlib import Path

from ..start import children
from .function import make_function
from .r_functions import r_function, r_handle
from .signature import python_name


class RNamespace(types.ModuleType):
    """The definitions of an R file: classes, factories, functions and values."""

    def __init__(self, path: Path, values: dict):
        super().__init__(python_name(path.stem))
        self.__dict__.update(values)
        self.__file__ = str(path)
        self.__all__ = list(values)  # help() shows these

    def __dir__(self):
        """The names that can be written after a dot, unlike R's operators."""
        return [name for name in self.__all__ if name.isidentifier() and not iskeyword(name)]

    def __repr__(self) -> str:
        return f"<R file {Path(self.__file__).name}: {', '.join(self.__all__) or 'no definitions'}>"


def namespace_of(path: Path) -> RNamespace:
    """Evaluate the R file and collect what it defines."""
    module = python_name(path.stem)
    env = r_handle("source_env")(str(path), module)
    names = r_function("defined_in")(env)
    values = {name: _definition(env, name, module) for name in names}
    return RNamespace(path, values)


def _definition(env, name: str, module: str):
    if r_function("is_plain_function")(env, name):
        return make_function(r_handle("definition_of")(env, name), name=name, module=module)
    return r_function("definition_of")(env, name)


def source(path: str | os.PathLike, stand_in: bool = False) -> types.ModuleType:
    """Evaluate an R file and return its definitions as a namespace of Python objects.

    Classes are Python classes, functions are Python functions with their signature and doc; other
    values cross by the table of values. Names that start with a dot are left out; a name that is
    not a Python identifier is reached with `getattr(ns, "a.b")`.

    Args:
        path: the file, a str or path. Each call makes a new R environment for its definitions.
        stand_in: whether `library(keras3)`, `keras`, `reticulate` and `tensorflow`, and names such
            as `keras3::layer_dense`, mean this package from now on in this process.

    Raises:
        FileNotFoundError: there is no such file.
        RError: the file's own error; `RParseError` when it does not parse.

    Example:
        >>> import pyclass_bridge
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as directory:
        ...     file = Path(directory, "shapes.R")
        ...     _ = file.write_text("area <- function(w, h = w) w * h")
        ...     shapes = pyclass_bridge.source(file)
        >>> shapes
        <R file shapes.R: area>
        >>> shapes.area(3)
        9
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no R file {os.fspath(path)!r} to source")
    if stand_in:
        children.use_stand_ins(r_function("use_stand_ins"))
    return namespace_of(path)
