"""Functions and methods of Keras that are replaced by ones that do more.

Each is replaced once by each `new(former, *args, **kwargs)`. It has no other half in R. Importing
this module does not import Keras.
"""

from __future__ import annotations

import contextlib
import functools
import importlib

_REPLACED = "__pyclass_bridge__"  # the mark of a function that has been replaced


def replace(module: str, name: str, new) -> None:
    """Replace a function of Keras, if this Keras has it."""
    with contextlib.suppress(ImportError):
        home = importlib.import_module(module)
        if hasattr(home, name):
            replace_method(home, name, new)


def replace_method(owner, name: str, new) -> None:
    """Replace a method of the class `owner`, or a function of a module. It is replaced in the class
    that has it, since Keras compares methods with those of its own bases."""
    owner = next((base for base in getattr(owner, "__mro__", ()) if name in vars(base)), owner)
    former = getattr(owner, name)
    done, key = getattr(former, _REPLACED, ()), (new.__module__, new.__qualname__)
    if key in done:
        return

    @functools.wraps(former)
    def call(*args, **kwargs):
        return new(former, *args, **kwargs)

    setattr(call, _REPLACED, (*done, key))
    setattr(owner, name, call)
