"""A `monitor` that the logs do not have, and the direction of an R metric."""

from __future__ import annotations

import warnings

import pytest
from support import error_texts
from support.r_models import X, Y, from_r
from support.twin import data, dense_model

import pyclass_bridge

# `try_fit()` gives the number of epochs that ran, or the text that R prints of the error.
CODE = """
F1 <- Metric("F1",
  initialize = function(name = "f1", ...) {
    super$initialize(name = name, ...)
    self$value <- self$add_weight(shape = shape(), initializer = "zeros", name = "value")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    self$value$assign(op_mean(y_pred))
  },
  result = function() self$value$value,
  direction = "up")
Undirected(keras$metrics$Mean) %py_class% {
  update_state <- function(y_true, y_pred, sample_weight = NULL) super$update_state(y_pred)
}
Down(Undirected) %py_class% { direction <- "down" }
Adds <- Callback("Adds", on_epoch_end = function(epoch, logs) list(added = 1 / epoch))
Quiet <- Callback("Quiet", inherit = callback_early_stopping, on_train_end = function(logs) NULL)
Own <- Callback("Own", inherit = callback_early_stopping,
  on_epoch_end = function(epoch, logs) {
    logs$own <- epoch
    super$on_epoch_end(epoch, logs)
  })
set_random_seed(1)
model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
compile(model, "sgd", "mse", metrics = list("accuracy", F1(), Undirected(name = "plain"),
                                            Down(name = "down")),
        jit_compile = FALSE)
try_fit <- function(callbacks, ...) {
  arguments <- utils::modifyList(
    list(model, x, y, batch_size = 96, epochs = 3, callbacks = callbacks, verbose = 0), list(...)
  )
  tryCatch(length(do.call(fit, arguments)$epoch), error = function(e) {
    pyclassbridge:::printed_error(conditionMessage(e), NULL)
  })
}
stopping <- function(monitor, mode = "max", ...) {
  callback_early_stopping(monitor, patience = 9, mode = mode, ...)
}
saving <- function(...) callback_model_checkpoint(tempfile(fileext = ".keras"), ..., mode = "max")
"""


@pytest.fixture(scope="module")
def run(keras):
    from_r(CODE, x=X, y=Y)

    def evaluate(code):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Keras' own, of a key that is missing
            return from_r(code)

    return evaluate


MISTAKES = {
    "misspelt": 'try_fit(stopping("los"))',
    "none": "try_fit(callback_early_stopping(NULL))",
    "in auto mode": 'try_fit(callback_early_stopping("acuracy"))',
    "nothing is near": 'try_fit(stopping("precision"))',
    "an old name": 'try_fit(stopping("val_acc"), validation_split = 0.5)',
    "no validation": 'try_fit(stopping("val_accuracy"))',
    "no validation, misspelt": 'try_fit(stopping("val_acc"))',
    "no epoch validates": 'try_fit(stopping("val_loss"), validation_split = 0.5,'
                          " validation_freq = 9)",
    "misspelt, some epochs validate": 'try_fit(stopping("val_lss"), validation_split = 0.5,'
                                      " validation_freq = 2)",
    "the learning rate": 'try_fit(callback_reduce_lr_on_plateau("los", mode = "min"))',
    "the best model": 'try_fit(saving("los", save_best_only = TRUE))',
    "an R subclass": 'try_fit(Quiet("los", mode = "min"))',
    "an R subclass with the hook": 'try_fit(Own("ownn", mode = "min"))',
    "warm-up in the hook": 'try_fit(Own("ownn", mode = "min", start_from_epoch = 1))',
    "a later callback adds it": 'try_fit(list(stopping("added"), Adds()))',
    "no direction": 'try_fit(stopping("plain", mode = "auto"))',
    "a misspelt direction": 'tryCatch(Metric("F2", direction = "upp"), error = conditionMessage)',
    "a direction that is no string": """tryCatch(
        Wrong(keras$metrics$Metric) %py_class% { direction <- 1 }, error = conditionMessage)""",
}  # fmt: skip


def test_texts(run):
    error_texts.check("monitor_errors", {name: run(code) for name, code in MISTAKES.items()})


@pytest.mark.parametrize(
    "code",
    [
        'try_fit(stopping("loss"))',
        'try_fit(list(Adds(), stopping("added")))',
        'try_fit(stopping("val_loss"), validation_split = 0.5, validation_freq = 2)',
        'try_fit(stopping("val_loss"), validation_split = 0.5, validation_freq = list(3L))',
        # Without `save_best_only` it is not used.
        'try_fit(saving("los"))',
        'try_fit(Own("own", mode = "max", patience = 9))',
        'try_fit(Own("own", mode = "max", patience = 9, baseline = 5))',
        'try_fit(Own("own", mode = "max", patience = 9, start_from_epoch = 1))',
        'try_fit(stopping("f1", mode = "auto"))',
    ],
)
def test_what_the_logs_have_or_get_is_no_mistake(run, code):
    assert run(code) == 3


def test_nothing_is_saved_as_the_best_of_a_misspelt_monitor(run, tmp_path):
    path = tmp_path / "best.keras"
    code = 'try_fit(callback_model_checkpoint(path, "los", save_best_only = TRUE, mode = "min"))'
    assert "did you mean" in from_r(code, path=str(path)).lower()
    assert not path.exists()


# ---- from Python ---------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["keyword", "position"])
def test_a_fit_from_python(keras, place):
    x, y = data()
    stopping = keras.callbacks.EarlyStopping("val_los", mode="min")
    rest = ((), {"epochs": 3}) if place == "keyword" else ((16, 3), {})
    with pytest.raises(ValueError, match=r'the logs have only "loss"\. Did you mean "val_loss"\?'):
        pyclass_bridge.fit(dense_model(), x, y, *rest[0], callbacks=stopping, verbose=0, **rest[1])


def test_a_misspelt_monitor_is_told_of_at_the_end_of_the_first_epoch(keras):
    x, y = data()
    ends = []
    tell = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(epoch))
    stopping = keras.callbacks.EarlyStopping("los", mode="min")
    with pytest.raises(ValueError, match="los"):
        pyclass_bridge.fit(dense_model(), x, y, epochs=3, callbacks=[tell, stopping], verbose=0)
    assert ends == [0]


# ---- the direction of a metric -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "better"), [("f1", [1.0, 2.0]), ("down", [2.0, 1.0])])
def test_auto_mode_reads_the_direction(run, name, better):
    """Keras compares as the twin in Python would that has `_direction`."""
    stopping = from_r(f'kept <- stopping("{name}", mode = "auto"); try_fit(kept); kept')
    assert stopping._is_improvement(better[1], better[0])
    assert not stopping._is_improvement(better[0], better[1])


def test_the_direction_is_inherited_and_one_of_python_s_own_stays(run):
    assert from_r('Metric("F3", inherit = F1, result = function() 0)')._direction == "up"
    made = from_r('Metric("F4", direction = "up", public = list(`_direction` = "down"))')
    assert (made.direction, made._direction) == ("up", "down")
