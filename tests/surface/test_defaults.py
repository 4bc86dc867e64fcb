"""Defaults that R users know and Keras has not: they show, and Keras gets them.

tests/project/test_compatibility.py compares all defaults with those that R users know.
"""

from __future__ import annotations

import pytest

from pyclass_bridge.surface.defaults import DEFAULTS
from pyclass_bridge.surface.names import wrapped_by

keras = pytest.importorskip("keras")


def test_the_table_names_arguments_of_keras():
    for name, defaults in DEFAULTS.items():
        assert set(defaults) <= set(wrapped_by(name).arguments), name


def test_keras_gets_a_default_that_differs_from_its_own(r):
    muon = r("optimizer_muon()").get_config()
    assert (muon["weight_decay"], muon["adam_lr_ratio"], muon["ns_steps"]) == (0.1, 0.1, 6)
    assert r("optimizer_muon(ns_steps = 5)").get_config()["ns_steps"] == 5
    assert [r(f"optimizer_{name}()").name for name in ("sgd", "adam_w", "rmsprop")] == [
        "SGD", "adamw", "rmsprop"
    ]  # fmt: skip
    assert r("optimizer_adam(name = 'mine')").name == "mine"


def test_a_default_of_equal_value_is_not_passed():
    assert wrapped_by("loss_circle").own_defaults == {}
    assert "num_oov_indices" not in wrapped_by("feature_integer_categorical").own_defaults


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("formals(layer_conv_2d)$strides", "list(1L, 1L)"),
        (
            "formals(layer_zero_padding_3d)$padding",
            "list(list(1L, 1L), list(1L, 1L), list(1L, 1L))",
        ),
        ("formals(op_rot90)$axes", "list(1L, 2L)"),
        ("formals(image_dataset_from_directory)$image_size", "c(256L, 256L)"),
        ("formals(op_ctc_loss)$mask_index", "1L"),
        ("formals(optimizer_sgd)$name", '"SGD"'),
        ("formals(layer_layer_normalization)$axis", "-1L"),
    ],
)
def test_defaults_show_as_r_code(r, code, shown):
    assert r(f"paste(deparse({code}), collapse = ' ')") == shown
