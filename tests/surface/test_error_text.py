"""What R users see of Keras' errors: the mistakes of seeds/mistakes.R and the texts they end in.

Texts are in snapshots/mistakes.txt; UPDATE_SNAPSHOTS=1 writes them anew.

Also of: surface/explain.py.
"""

from __future__ import annotations

import re
import warnings

import pytest
from support import error_texts
from support.paths import SEEDS
from support.subprocesses import output_of
from support.twin import backend

from pyclass_bridge.surface import error_text

MISTAKES = SEEDS / "mistakes.R"

# The text that R prints for each mistake, and the class of the condition.
RUN = """
function(path) {
  env <- new.env(parent = globalenv())
  sys.source(path, env)
  told <- function(mistake) {
    tryCatch({ eval(mistake, env); "no error" }, error = function(e) {
      pyclassbridge:::printed_error(conditionMessage(e), conditionCall(e))
    })
  }
  lapply(as.list(env$mistakes), told)
}
"""

on_tensorflow = pytest.mark.skipif(
    backend() != "tensorflow", reason="the texts are those on the TensorFlow backend"
)


@pytest.fixture(scope="module")
def texts(keras) -> dict[str, str]:
    import pyclass_bridge
    from pyclass_bridge.surface import custom_objects

    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        # load_model() knows no class of R, as in a session that has not sourced a file with it.
        patch.setattr(custom_objects, "classes_named", lambda name: [])
        warnings.simplefilter("ignore")
        keras.utils.clear_session()  # the numbers in the names of layers start anew
        found = pyclass_bridge.r(RUN)(str(MISTAKES))
    return {name: steady(text) for name, text in found.items()}


def steady(text: str) -> str:
    """The text without what varies between runs: temporary paths, the numbers of layers."""
    text = re.sub(r"[^ \"']*/Rtmp\w+/", "<tempdir>/", text)
    return re.sub(r"\b([a-z]+[a-z_0-9]*?)_\d+\b(?=[`'])", r"\1_<n>", text)


@on_tensorflow
def test_texts(texts):
    error_texts.check("mistakes", texts)


@on_tensorflow
def test_no_text_shows_internals_or_python_s_spelling(texts):
    internals = re.compile(
        r"\bTraceback\b|\{\{|Arguments received|Exception encountered|\x1b|\[Op:|<class|File \""
        r"|\bNone[,)]|=None|=True|=False|\(\d+,\)"
    )
    shown = {name: found[0] for name, text in texts.items() if (found := internals.search(text))}
    assert shown == {}
    assert [name for name, text in texts.items() if text.count("\n") > 2] == []
    assert [name for name, text in texts.items() if not text.startswith("Error")] == []


# ---- the whole error stays -----------------------------------------------------------------------


@on_tensorflow
def test_the_exception_and_py_last_error_have_all(keras, r):
    code = """
    model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
    predict_rows <- function(rows) predict(model, rows, verbose = 0)
    error <- tryCatch(predict_rows(matrix(1, 2, 3)), error = identity)
    last <- py_last_error()
    py_clear_last_error()
    list(
      shown = conditionMessage(error), exception = error$py_object, call = deparse(error$call),
      value = last$value, traceback = last$traceback, r_call = last$r_call, r_trace = last$r_trace
    )
    """
    found = r(code, seed=1)
    assert found["shown"] == (
        "ValueError: `x` has dims (2, 3), but the model takes (NA, 4), samples first."
    )
    for text in (str(found["exception"]), found["value"], found["traceback"]):
        assert "Arguments received by Sequential.call()" in text
    assert "Traceback (most recent call last)" in found["traceback"]
    assert found["call"] == found["r_call"] == "predict(model, rows, verbose = 0)"
    assert "predict_rows(matrix(1, 2, 3))" in found["r_trace"]


@on_tensorflow
def test_python_gets_keras_own_exception(keras, source):
    ns = source("""
    wrong <- function(model) predict(model, matrix(1, 2, 3), verbose = 0)
    """)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="expected axis -1 of input shape") as caught:
        ns.wrong(model)
    assert caught.value.r_text == (
        "Error in predict(model, matrix(1, 2, 3), verbose = 0) : \n"
        "  ValueError: `x` has dims (2, 3), but the model takes (NA, 4), samples first."
    )


def test_errors_of_other_code_stay_whole(r):
    text = "Graph execution error:\n\nTraceback (most recent call last):\n  a (None, 4) b=True"

    def fail():
        raise ValueError(text)

    message = r("function(fail) tryCatch(fail(), error = conditionMessage)")(fail)
    assert message == f"ValueError: {text}"


def test_an_unknown_text_of_keras_stays_whole():
    text = "There is a new mistake (see [docs](x), `a = 1`).\n  It has two lines."
    assert error_text.for_r(text) == text


def test_the_hint_comes_once(monkeypatch):
    monkeypatch.setattr(error_text, "_told", False)
    assert error_text.hint(ValueError("nothing is cut")) is None
    cut = ValueError("pages of internals")
    cut.explanation = "the sentence that matters"
    assert "py_last_error()" in error_text.hint(cut)
    assert error_text.hint(cut) is None


def test_if_on_a_tensor_has_a_remedy_at_top_level(keras):
    import pyclass_bridge

    with pytest.raises(pyclass_bridge.RError, match="not interpretable as logical") as caught:
        pyclass_bridge.r("if (layer_input(shape = 2) > 0) 1")
    assert any("op_where() or op_cond()" in note for note in caught.value.__notes__)


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "known", "right"),
    [
        ("lr", ["learning_rate", "name"], "learning_rate"),
        ("lr", ["rate", "name"], None),
        ("patince", ["patience", "mode"], "patience"),
        ("dim", ["x", "axis"], "axis"),
        ("zzz", ["x", "axis"], None),
    ],
)
def test_the_nearest_name(wrong, known, right):
    assert error_text.meant(wrong, known) == right


def test_arguments_before_the_dots_may_be_abbreviated(keras, r):
    model = r("""
    model <- keras_model_sequential(input_shap = 4) |> layer_dense(unit = 3)
    compile(model, loss = "mse", metric = "mae")
    """)
    assert model.layers[0].units == 3


# ---- another backend -----------------------------------------------------------------------------

ON_JAX = """
import pyclass_bridge
print(pyclass_bridge.r('''
x <- matrix(1, 8, 4)
regression <- function() {
  model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
  compile(model, optimizer = "sgd", loss = "mse")
  model
}
told <- function(code) tryCatch(code, error = function(e) {
  pyclassbridge:::printed_error(conditionMessage(e), conditionCall(e))
})
Checking <- Layer("Checking", call = function(inputs) stop("the inputs can't be checked"))
paste(sep = "\\n----\\n",
  told(predict(regression(), x[, 1:3], verbose = 0)),
  told(fit(regression(), x, 1:7, verbose = 0)),
  told(fit(regression(), x, matrix("a", 8, 1), verbose = 0)),
  told(optimizer_adam(lr = 0.1)),
  told(op_add(op_ones(shape(2, 3)), op_ones(shape(4, 5)))),
  told(op_ones(shape(2, 3)) + op_ones(4)),
  told(op_stack(list(op_ones(2), op_ones(3)))),
  told(op_matmul(op_ones(shape(2, 3)), op_ones(shape(4, 5)))),
  told(fit(regression(), x, verbose = 0)),
  told(layer_input(shape = 4) |> layer_conv_2d(2, 3)),
  told(Checking()(x))
)
'''))
"""


def test_texts_on_jax():
    pytest.importorskip("jax")
    told = output_of(ON_JAX, timeout=300, KERAS_BACKEND="jax").strip().split("\n----\n")
    error_texts.check("mistakes_on_jax", dict(zip(
        ["columns", "rows", "strings", "a name", "a sum", "+", "a stack", "a product", "no y",
         "a layer", "stop()"],
        map(steady, told), strict=True,
    )))  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["Array has been deleted with shape=int32[].", "Buffer has been deleted or donated."],
)
def test_numbers_that_jax_has_lost_in_an_interrupt(text):
    from pyclass_bridge.surface.error_text import for_r

    assert for_r(text).startswith("the model was interrupted while JAX was at work")
