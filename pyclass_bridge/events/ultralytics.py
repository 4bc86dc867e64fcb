"""The events of a model of Ultralytics, such as a YOLO: its own lists of functions, checked.

Ultralytics accepts any name for an event and calls each function with one argument. It does not
call all events that it documents; `never_called()` finds these in the installed sources.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from pathlib import Path

from ..bridge.words import ticked

NAME = "Ultralytics"


def is_model(x) -> bool:
    """Is `x` a model of Ultralytics? This does not import Ultralytics."""
    base = getattr(sys.modules.get("ultralytics.engine.model"), "Model", None)
    return base is not None and isinstance(x, base)


def events() -> tuple[str, ...]:
    """The events of the installed version."""
    from ultralytics.utils.callbacks.base import default_callbacks

    return tuple(default_callbacks)


def doubts(event: str) -> list[str]:
    """Reasons why a function for an event would not run."""
    if event not in never_called():
        return []
    from ultralytics import __version__

    return [f"Ultralytics {__version__} documents the event `{event}`, but never calls it."]


def add(model, event: str, function) -> None:
    """``model.add_callback()``."""
    model.add_callback(event, function)


def clear(model, event: str) -> None:
    """``model.clear_callback()``."""
    model.clear_callback(event)


def reset(model) -> None:
    """``model.reset_callbacks()``."""
    model.reset_callbacks()


def adapted(event: str, fn):
    """A function of one argument, such as the trainer, as Ultralytics calls it; it calls `fn`."""
    try:
        signature = inspect.signature(fn)
    except ValueError:  # a function written in C
        return fn
    for given in ((event,), ()):
        try:
            signature.bind(*given)
        except TypeError:
            continue
        return fn if given else lambda _: fn()
    raise TypeError(
        f"add_callback(): the function for `{event}` takes {ticked(signature.parameters)}, but "
        "Ultralytics calls it with one argument: the trainer, validator, predictor or exporter."
    )


@functools.cache
def never_called() -> frozenset[str]:
    """The events that the installed version never calls; empty if its sources do not show it."""
    import ultralytics

    called = set()
    for file in Path(ultralytics.__file__).parent.rglob("*.py"):
        for argument in re.findall(r"(?<!def )\brun_callbacks\((.*)", file.read_text("utf-8")):
            literal = re.match(r"""\s*(["'])(\w+)\1\s*\)""", argument)
            if literal is None:  # the name of the event is computed at run time
                return frozenset()
            called.add(literal[2])
    return frozenset(events()) - called
