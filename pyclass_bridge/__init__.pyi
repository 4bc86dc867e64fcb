# The public names of the package with their types, for type checkers. What each does is in its
# docstring; tests/project/test_types.py compares the signatures.

import os
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, TypeVar, overload

__all__ = [
    "RError",
    "RObject",
    "RParseError",
    "RWarning",
    "__version__",
    "add_callback",
    "callback_events",
    "checkpoint_state",
    "clear_callback",
    "enable_imports",
    "fit",
    "r",
    "reset_callbacks",
    "run_file",
    "save_model",
    "source",
    "to_python",
    "to_r",
    "to_rpy2",
]

__version__: str

_Model = TypeVar("_Model")

class _RCall:
    @property
    def text(self) -> str: ...
    @property
    def file(self) -> str | None: ...
    @property
    def line(self) -> int | None: ...

class RError(RuntimeError):
    r_class: tuple[str, ...]
    message: str
    call: str | None
    calls: list[_RCall]
    condition: RObject | None
    class_name: str | None
    member: str | None
    def __init__(self, text: str = "", **facts: Any) -> None: ...

class RParseError(RError, SyntaxError):
    def __init__(self, text: str = "", **facts: Any) -> None: ...

class RWarning(UserWarning):
    r_class: tuple[str, ...]
    call: str | None
    def __init__(
        self, text: str = "", r_class: tuple[str, ...] = (), call: str | None = None
    ) -> None: ...

class RObject:
    @property
    def r_class(self) -> tuple[str, ...]: ...
    @property
    def names(self) -> list[str] | None: ...
    def to_python(self) -> Any: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> RObject: ...
    @overload
    def __getitem__(self, key: int | str) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __eq__(self, other: object) -> bool: ...
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any: ...

def add_callback(model: _Model, event: Any, fn: Callable[..., Any] | None = None) -> _Model: ...
def callback_events(model: Any = None) -> list[str]: ...
def checkpoint_state(path: str | os.PathLike[str], freq: int = 1) -> Any: ...
def clear_callback(model: _Model, event: str) -> _Model: ...
def enable_imports(stand_in: bool = False) -> None: ...
def fit(
    model: Any,
    *args: Any,
    callbacks: Any = None,
    resume: str | os.PathLike[str] | None = None,
    safe_mode: bool = True,
    **keywords: Any,
) -> Any: ...
def r(code: str, **variables: Any) -> Any: ...
def reset_callbacks(model: _Model) -> _Model: ...
def run_file(
    path: str | os.PathLike[str], args: Iterable[str] = (), stand_in: bool = False
) -> None: ...
def save_model(
    model: Any,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    definitions: bool = True,
    **options: Any,
) -> None: ...
def source(path: str | os.PathLike[str], stand_in: bool = False) -> ModuleType: ...
def to_python(value: Any) -> Any: ...
def to_r(value: Any) -> RObject: ...
def to_rpy2(value: Any) -> Any: ...
def load_ipython_extension(ipython: Any) -> None: ...
def unload_ipython_extension(ipython: Any) -> None: ...
