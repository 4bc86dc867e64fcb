"""Keras' examples in R: what is certain is translated, and the translation runs; the rest stays."""

from __future__ import annotations

import re
import textwrap

import pytest
from support.subprocesses import output_of

from pyclass_bridge.help.examples import Translation, Uncertain, examples_in_r
from pyclass_bridge.help.words import Rules

pytestmark = pytest.mark.usefixtures("keras")


def in_r(code: str, family: str = "layer") -> str:
    return Translation(family).block(textwrap.dedent(code).strip("\n"))


@pytest.mark.parametrize(
    ("python", "r"),
    [
        ("x = [1, 2.5]", "x <- c(1L, 2.5)"),
        ("x = [1]", "x <- list(1L)"),
        ("x = [[1, 2], [3, 4]]", "x <- rbind(c(1L, 2L), c(3L, 4L))"),
        ("x = np.zeros((2, 3))", "x <- array(0, dim = c(2, 3))"),
        ("x = np.random.rand(2, 3)", "x <- array(runif(2 * 3), dim = c(2, 3))"),
        ("x = 1\nkeras.ops.sum(x, axis=0)", "x <- 1L\nop_sum(x, axis = 1)"),
        ("x = 1\nkeras.ops.sum(x, (0, -1))", "x <- 1L\nop_sum(x, c(1, -1))"),
        ("y = keras.layers.Dense(3)", "y <- layer_dense(units = 3)"),
        ("x = 1\ny = Dense(3)(x)", "x <- 1L\ny <- layer_dense(x, units = 3)"),
        ("x = keras.Input(shape=(None, 5))", "x <- keras_input(shape = shape(NA, 5))"),
        (
            "model = keras.Sequential([keras.layers.Dense(3)])",
            "model <- keras_model_sequential() |>\n  layer_dense(units = 3)",
        ),
        (
            "model = keras.Sequential()\nmodel.compile(loss='mse')",
            'model <- keras_model_sequential()\nmodel |> compile(loss = "mse")',
        ),
        ("x = 1\nx.assign(2)", "x <- 1L\nx$assign(2L)"),
        ("x = 1\nprint(x.shape)  # why", "x <- 1L\nshape(x)  # why"),
        ("# first\na, b = [1, 2]", "# first\nc(a, b) %<-% c(1L, 2L)"),
        ("from keras import layers\nlayers.Flatten()", "layer_flatten()"),
        ("keras.losses.huber([1.0, 2.0], [2.0, 3.0])", "loss_huber(c(1, 2), c(2, 3))"),
    ],
)
def test_translations(python, r):
    assert in_r(python) == r


@pytest.mark.parametrize(
    "python",
    [
        "for i in range(3): pass",
        "x = [i for i in y]",
        "unknown(3)",
        "import tensorflow as tf",
        "x = 1\nx[0]",
        "x = 1\nkeras.ops.take(x, [0])",
        "keras.layers.NoSuch()",
        "x = np.random.normal(size=3)",
        "f(*x)",
    ],
)
def test_what_has_no_certain_translation_has_none(python):
    with pytest.raises(Uncertain):
        in_r(python)


def test_an_example_is_translated_as_a_whole_or_not_at_all():
    text = ">>> x = [1, 2]\n\nThen:\n\n>>> for i in x: pass\n"
    shown = examples_in_r(text, Rules("op", {}, counts=True))
    assert shown.startswith("In Python:\n")
    assert ">>> x = [1, 2]" in shown
    assert "<-" not in shown


# What fails in Keras itself, or has no kernel on this machine.
FAILS = {
    "layer_adaptive_average_pooling_3d", "layer_adaptive_max_pooling_3d",
    "layer_category_encoding", "layer_depthwise_conv_1d", "layer_separable_conv_1d",
    "layer_separable_conv_2d", "op_adaptive_average_pool", "op_adaptive_max_pool", "op_append",
    "op_batch_normalization", "rnn_cell_lstm",
}  # fmt: skip


RUN_THEM = """
import os, re, tempfile

os.chdir(tempfile.mkdtemp())  # some of them save a model
import pyclass_bridge
from pyclass_bridge.help.docstring import parts_of
from pyclass_bridge.help.examples import examples_in_r
from pyclass_bridge.help.words import Rules
from pyclass_bridge.surface.names import wrapped_by, names

for name in names():
    wrapped = wrapped_by(name)
    text = parts_of(wrapped.target).get("Examples", "")
    shown = examples_in_r(text, Rules(wrapped.family, wrapped.arguments, counts=True))
    code = "\\n".join(re.findall(r"```r\\n(.*?)```", shown, re.S))
    if not code:
        continue
    try:
        pyclass_bridge.r("suppressWarnings(utils::capture.output({ " + code + "\\n NULL }))")
        print("ran", name)
    except pyclass_bridge.RParseError:
        print("unparsed", name)
    except Exception:
        print("failed", name)
"""


def test_the_translations_run():
    """In a process of their own: some of them change how Keras is configured."""
    found = re.findall(r"^(ran|unparsed|failed) (\w+)$", output_of(RUN_THEM, timeout=300), re.M)
    ended = {how: {name for way, name in found if way == how} for how, _ in found}
    assert len(ended["ran"]) > 150
    assert "unparsed" not in ended
    assert ended.get("failed", set()) <= FAILS
