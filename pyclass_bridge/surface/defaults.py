"""Defaults of arguments that R users know, where Keras has others. It has no other half in R.

Keras' own defaults stand in the formals of a wrapper, a tuple as `list()` and a list as `c()`.
Those of `DEFAULTS` take their place, and Keras gets them where the value differs from its own.
COMPATIBILITY.md lists the defaults in which R's wrappers stay with Keras.
"""

from __future__ import annotations

import dataclasses

from .arguments import Argument

# R name -> {argument: default}
DEFAULTS = {
    "feature_integer_categorical": {"num_oov_indices": 1.0},
    "feature_string_categorical": {"num_oov_indices": 1.0},
    "image_dataset_from_directory": {"image_size": [256, 256]},
    "layer_aug_mix": {"value_range": [0, 255]},
    "layer_random_contrast": {"value_range": [0, 255]},
    "loss_circle": {"gamma": 80},
    "metric_binary_crossentropy": {"label_smoothing": 0.0},
    "metric_categorical_crossentropy": {"label_smoothing": 0.0},
    "op_arange": {"step": 1},
    "op_image_extract_patches": {"data_format": "channels_last"},
    "optimizer_adam_w": {"name": "adamw"},
    "optimizer_loss_scale": {"name": None},
    "optimizer_muon": {"weight_decay": 0.1, "adam_lr_ratio": 0.1, "ns_steps": 6},
    "optimizer_sgd": {"name": "SGD"},
}


def with_defaults(name: str, family: str, arguments: dict[str, Argument]) -> dict[str, Argument]:
    """`arguments` of the R function `name` with the defaults that R users know."""
    known = {"name": name.removeprefix("optimizer_")} if family == "optimizer" else {}
    known |= DEFAULTS.get(name, {})
    return {
        key: _with_default(argument, known[key]) if key in known else argument
        for key, argument in arguments.items()
    }


def _with_default(argument: Argument, value) -> Argument:
    return dataclasses.replace(argument, default=value, passed=value != argument.default)
