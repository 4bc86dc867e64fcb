"""The states of the random number generators that a training may use.

They are R's, Python's, NumPy's, Keras' own and, if torch is the backend, torch's. The generators of
layers are variables of the model. The state of TensorFlow's stateful operations can't be read.
"""

from __future__ import annotations

import random

import keras
import numpy as np
from keras.src.random.seed_generator import global_seed_generator

from ..bridge.r_functions import r_function, r_handle


def states() -> dict:
    """All current states, by the name of their generator."""
    # Keras' is read first, since Keras seeds its generator from Python's when it is first used.
    of_keras = keras.ops.convert_to_numpy(global_seed_generator().state)
    return {
        "keras": of_keras,
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "r": r_handle("random_state")(),
        "torch": _torch().get_rng_state().numpy() if _torch() else None,
    }


def are_states(states) -> bool:
    """Can all of them be restored? What a file holds is tried on generators of this function."""
    *_, after = states["python"]
    if not (after is None or type(after) is float):
        return False
    random.Random().setstate(states["python"])
    if isinstance(states["numpy"], tuple):
        _, key, at, *_ = states["numpy"]
        if (key.dtype, key.shape) != (np.uint32, (624,)) or not 0 <= at <= 624:
            return False
        np.random.RandomState(0).set_state(states["numpy"])
    of_torch = states["torch"]
    return (
        states["keras"].dtype.kind in "iu"
        and states["keras"].shape == (2,)
        and (of_torch is None or of_torch.dtype == np.uint8)
        and r_function("is_random_state")(states["r"])
    )


def restore(states: dict) -> None:
    """Set all of them to what `states()` has returned."""
    global_seed_generator().state.assign(states["keras"])
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    r_function("set_random_state")(states["r"])
    if _torch() and states["torch"] is not None:
        _torch().set_rng_state(_torch().from_numpy(states["torch"].copy()))


def _torch():
    if keras.backend.backend() != "torch":
        return None
    import torch

    return torch
