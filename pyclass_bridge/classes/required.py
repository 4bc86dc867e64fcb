"""Methods that a Keras base wants and gives no text for when they are missing.

Keras raises an empty NotImplementedError, or none, when it first calls one; a class made by R says
which method of which class it is. A class further down, or another base, may still define it.
"""

from __future__ import annotations

import functools
import sys

_REQUIRED = {
    ("keras.src.metrics.metric", "Metric"): {
        "update_state": "y_true, y_pred, sample_weight = NULL",
        "result": "",
    },
    ("keras.src.losses.loss", "Loss"): {"call": "y_true, y_pred"},
    ("keras.src.optimizers.base_optimizer", "BaseOptimizer"): {
        "update_step": "gradient, variable, learning_rate"
    },
}


def name_missing_methods(cls: type) -> None:
    """Let `cls` say so when a method is called that neither it nor a base of the user's has."""
    for (module, name), methods in _REQUIRED.items():
        base = getattr(sys.modules.get(module), name, None)
        if base is None or not issubclass(cls, base):
            continue
        for method, formals in methods.items():
            if getattr(cls, method) is getattr(base, method):
                setattr(cls, method, _missing(cls, getattr(base, method), formals))


def _missing(cls: type, default, formals: str):
    name = default.__name__

    @functools.wraps(default)
    def call(self, *args, **kwargs):
        found = getattr(super(cls, self), name)
        if getattr(found, "__func__", None) is not default:
            return found(*args, **kwargs)
        raise NotImplementedError(
            f"the R class `{type(self).__name__}` has no method `{name}`, and Keras calls it. "
            f"Define `{name} = function({formals})`."
        )

    return call
