"""The loader of R files: what `importlib`, `runpy`, `inspect` and `pkgutil` ask of one.

Assumes a started session. Guarantees: nothing is written beside the file; a module whose file fails
is not there, and one whose reload fails is as it was.
"""

from __future__ import annotations

import io
import types

from ..bridge.module_name import ModuleName, stand_at
from ..bridge.source import RNamespace, fill_module
from . import autoreload

_RUN = f"__import__({__name__!r}, fromlist=['run_as']).run_as(globals())"


class RFileLoader:
    """Loads one R file: from a folder, or from what a path hook has, such as a zip archive."""

    def __init__(self, name: str, path: str, archive=None, stand_in: bool = False):
        self.name, self.path = name, path
        self.archive, self.stand_in = archive, stand_in

    def create_module(self, spec) -> RNamespace:
        return RNamespace(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        changed = autoreload.time_of(self.path)
        fill_module(module, self.name, self.path, self.get_data(self.path), self.stand_in)
        _name_classes(module)
        stand_for_definitions(module)
        autoreload.remember(module, changed)
        autoreload.follow_ipython()

    def get_data(self, path: str) -> bytes:
        if self.archive is not None:
            return self.archive.get_data(path)
        with open(path, "rb") as file:
            return file.read()

    def get_filename(self, name: str | None = None) -> str:
        return self.path

    def get_source(self, name: str | None = None) -> str:
        text = io.TextIOWrapper(io.BytesIO(self.get_data(self.path)), "utf-8-sig")
        return text.read()  # with the line ends of Python

    def is_package(self, name: str | None = None) -> bool:
        return False

    def get_code(self, name: str | None = None) -> types.CodeType:
        """For `runpy`, which runs the file as a module of another name."""
        return compile(_RUN, self.path, "exec")

    def get_resource_reader(self, name: str):
        """For `importlib.resources`: the files beside the R file."""
        if self.archive is not None:
            return None
        from importlib.readers import FileReader

        return FileReader(self)


def _name_classes(module: types.ModuleType) -> None:
    """`Stop <- Callback("EarlyStop")` is `Stop` in R, but says that it is `EarlyStop` of the
    module: it can be found as that, too, unless another definition has the name."""
    names = module.__all__
    for value in [vars(module)[name] for name in names if isinstance(vars(module)[name], type)]:
        if value.__module__ == module.__name__ and value.__qualname__ not in names:
            setattr(module, value.__qualname__, value)


def run_as(variables: dict) -> None:
    """Evaluate the R file of the module whose variables these are, as `runpy` has set them."""
    module = types.ModuleType(variables["__name__"])
    loader = variables["__spec__"].loader
    fill_module(module, module.__name__, loader.path, loader.get_data(loader.path), loader.stand_in)
    variables.update({name: vars(module)[name] for name in module.__all__})


def stand_for_definitions(module: types.ModuleType) -> None:
    """Let picklers and `inspect` find the module itself where they look for its definitions."""
    for value in vars(module).values():
        name = getattr(value, "__module__", None)
        if type(name) is ModuleName and name == module.__name__:
            stand_at(name, value, module)
