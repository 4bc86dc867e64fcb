"""`source()`: the definitions of an R file as a namespace of Python objects, which help() and
completion show."""

from __future__ import annotations

import functools
import hashlib
import os
import types
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path

from ..start import children
from .file_head import read_head
from .function import make_function
from .r_functions import r_function, r_handle
from .signature import python_name


class RNamespace(types.ModuleType):
    """The definitions of an R file: classes, factories, functions and values."""

    def __dir__(self):
        """The names that can be written after a dot, unlike R's operators."""
        names = vars(self).get("__all__", [])
        return [name for name in names if name.isidentifier() and not iskeyword(name)]

    def __repr__(self) -> str:
        known = vars(self)
        names = ", ".join(known.get("__all__", [])) or "no definitions"
        return f"<R file {Path(known.get('__file__') or self.__name__).name}: {names}>"


# The namespaces of the files that were sourced or imported, by their paths: loaded models find
# their classes and functions there, also those of a namespace that the user has not kept.
_sourced: dict[str, types.ModuleType] = {}


def sourced() -> list[types.ModuleType]:
    """The namespaces of the files that were sourced or imported: of each file the newest."""
    return list(_sourced.values())


def forget_sourced() -> None:
    """Let go of the namespaces that nobody else keeps."""
    _sourced.clear()


@dataclass(frozen=True)
class SourceRecord:
    """What is known of a file that was evaluated: where it was, the hash of its bytes, and the R
    environment of its definitions."""

    module: str
    file: str
    hash: str
    env: object


def hash_of(text: bytes) -> str:
    """The hash by which a file's text is known: SHA-256 of its bytes."""
    return hashlib.sha256(text).hexdigest()


def source_record(where) -> SourceRecord | None:
    """The record of the file that `where` comes from: a namespace of source(), an imported module
    or an R environment, of a file or below one. None if it comes from no file."""
    env = vars(where).get("__r_env__") if isinstance(where, types.ModuleType) else where
    record = None if env is None else r_function("file_record")(env)
    return None if record is None else SourceRecord(**record)


def fill_module(
    module: types.ModuleType, name: str, path: str, text: bytes, stand_in: bool = False
) -> None:
    """Evaluate the text of the R file `path` and give its definitions to `module`. Classes and
    functions say that they are of the module `name`. If the text fails, `module` is as it was."""
    file = os.path.abspath(path)
    head = read_head(text, path)
    if stand_in or head.stand_in:
        children.use_stand_ins(r_function("use_stand_ins"))
    env = r_handle("file_env")(file, name, hash_of(text))
    module.__getattr__ = functools.partial(_defined_so_far, env, name)
    try:
        r_handle("source_env")(path, bytearray(text), env)
    finally:
        del module.__getattr__
    names = [each for each in r_function("defined_in")(env) if each not in _OF_PYTHON]
    values = {each: _definition(env, each, name) for each in names}
    module.__doc__ = head.doc
    module.__dict__.update(values)
    module.__file__, module.__r_hash__, module.__r_env__ = file, hash_of(text), env
    module.__all__ = list(values)  # help() shows these
    _sourced[os.path.realpath(file)] = module


def _defined_so_far(env, module: str, name: str):
    """What Python code gets of a file that is being evaluated, as the circle of imports does."""
    if name in r_function("defined_in")(env):
        return _definition(env, name, module)
    raise AttributeError(
        f"partially initialized module {module!r} has no attribute {name!r} "
        "(most likely due to a circular import)"
    )


# Names by which Python knows a module, which no variable of R replaces.
_OF_PYTHON = frozenset(
    {"__name__", "__spec__", "__loader__", "__package__", "__path__", "__file__", "__dict__"}
)


def _definition(env, name: str, module: str):
    if r_function("is_plain_function")(env, name):
        return make_function(r_handle("definition_of")(env, name), name=name, module=module)
    return r_function("definition_of")(env, name)


def source(path: str | os.PathLike, stand_in: bool = False) -> types.ModuleType:
    """Evaluate an R file and return its definitions as a namespace of Python objects.

    Classes are Python classes, functions are Python functions with their signature and doc; other
    values cross by the table of values. Names that start with a dot are left out; a name that is
    not a Python identifier is reached with `getattr(ns, "a.b")`. Saved models find the classes and
    functions of the file from then on.

    Args:
        path: the file, a str or path. Each call makes a new R environment for its definitions.
        stand_in: whether `library(keras3)`, `keras`, `reticulate` and `tensorflow`, and names such
            as `keras3::layer_dense`, mean this package from now on in this process. A line
            `# pyclass_bridge: stand_in` in the comment at the head of the file asks for it, too.

    Raises:
        FileNotFoundError: there is no such file.
        RError: the file's own error; `RParseError` when it does not parse.
        ValueError: the head of the file asks for something else.

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
    namespace = RNamespace(python_name(path.stem))
    fill_module(namespace, namespace.__name__, str(path), path.read_bytes(), stand_in)
    return namespace
