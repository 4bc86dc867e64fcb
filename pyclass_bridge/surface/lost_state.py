"""The methods of Keras' models that trace: warnings of lost R state (classes/lost_state.py) wait
for their end.

Importing this module does not import Keras. It has no other half in R.
"""

from __future__ import annotations

from ..classes.lost_state import told_afterwards
from .replaced import replace_method

_TRACING = (
    "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch", "export",
)  # fmt: skip


def teach() -> None:
    """Replace these methods once Keras has been imported."""
    from keras import Model

    for name in _TRACING:
        replace_method(Model, name, _telling_afterwards)


def _telling_afterwards(former, *args, **kwargs):
    with told_afterwards():
        return former(*args, **kwargs)
