"""R's arguments for a method of a Keras model, converted for Python.

For NULL, Keras' default holds; whole doubles become integers; an unknown name is an error.
"""

from __future__ import annotations

import inspect

from ..bridge.output import redraws_lines
from ..bridge.words import described
from .arguments import whole_number
from .error_text import no_argument

_WHOLE = frozenset({
    "batch_size", "epochs", "steps_per_epoch", "validation_steps", "validation_batch_size", "steps",
    "steps_per_execution", "validation_freq", "line_length",
})  # fmt: skip


def keywords_of(method, function: str, given: dict, extra: dict) -> dict:
    """The arguments for the Keras method `method`: `given` are the formals of the R function
    `function`; `extra` are the arguments in its `...`, whose names are checked."""
    known = inspect.signature(method).parameters
    is_open = any(p.kind is p.VAR_KEYWORD for p in known.values())
    is_open = is_open and not method.__module__.startswith("keras.")  # Keras' use no kwargs
    for name in extra:
        if name not in known and (not is_open or name.startswith("return_dict")):
            raise TypeError(no_argument(function, name, dict.fromkeys([*given, *known])))
    keywords = {k: v for k, v in (given | extra).items() if v is not None}
    for name in _WHOLE & set(keywords):
        keywords[name] = whole_number(function, name, keywords[name])
    if "verbose" in keywords:
        keywords["verbose"] = _verbose(function, keywords["verbose"])
    return keywords


def _verbose(function: str, value):
    """TRUE and FALSE are 1 and 0; "auto" is a bar if the output can redraw a line."""
    if value == "auto":
        # Keras' own "auto" draws a bar into files too.
        return 1 if redraws_lines() else 2
    if isinstance(value, (int, float)) and value in (0, 1, 2):
        return int(value)
    raise ValueError(f'{function}(): `verbose` must be "auto", 0, 1 or 2, not {described(value)}.')
