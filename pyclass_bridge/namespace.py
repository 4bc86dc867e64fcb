"""What `source()` gives: the definitions of an R file as Python objects, found by help() and
completion."""

from __future__ import annotations

import types
from keyword import iskeyword
from pathlib import Path

from .function import make_function
from .r_functions import r_function, r_raw
from .signature import python_name


class RNamespace(types.ModuleType):
    """The definitions of an R file: classes, factories, functions and values."""

    def __init__(self, path: Path, values: dict):
        super().__init__(python_name(path.stem))
        self.__dict__.update(values)
        self.__file__ = str(path)
        self.__all__ = list(values)  # help() shows these

    def __dir__(self):
        """What can be written after a dot: an operator of R can't."""
        return [name for name in self.__all__ if name.isidentifier() and not iskeyword(name)]

    def __repr__(self) -> str:
        return f"<R file {Path(self.__file__).name}: {', '.join(self.__all__) or 'no definitions'}>"


def namespace_of(path: Path) -> RNamespace:
    """Evaluate the R file and collect what it defines."""
    module = python_name(path.stem)
    env = r_raw("source_env")(str(path), module)
    names = r_function("defined_in")(env)
    values = {name: _definition(env, name, module) for name in names}
    return RNamespace(path, values)


def _definition(env, name: str, module: str):
    if r_function("is_plain_function")(env, name):
        return make_function(r_raw("definition_of")(env, name), name=name, module=module)
    return r_function("definition_of")(env, name)
