"""The arguments of compile(), fit(), evaluate() and predict(), and the history, as R users know
them: each against the same call in Python.

Of: training/fit.py, surface/methods.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.r_models import DENSE, LABELS, X, Y, dense, from_r
from support.twin import backend

CURVES = "curves <- function(...) lapply(fit(model, x, y, ..., verbose = 0)$metrics, as.list)\n"

# ---- fit ---------------------------------------------------------------------------------------

FITTING = {
    "batch_size = 7": {"batch_size": 7},
    "validation_split = 0.25, shuffle = FALSE": {"validation_split": 0.25, "shuffle": False},
    "sample_weight = w": {"sample_weight": np.arange(96)},
    "sample_weight = w %% 2 == 0": {"sample_weight": np.arange(96) % 2 == 0},
    "steps_per_epoch = 2": {"steps_per_epoch": 2},
    "validation_data = list(x, y), validation_steps = 1, validation_batch_size = 10": {
        "validation_data": (X, Y), "validation_steps": 1, "validation_batch_size": 10
    },
    "epochs = 4L, initial_epoch = 3L": {"epochs": 4, "initial_epoch": 2},
    "epochs = 4, validation_split = 0.5, validation_freq = c(1, 4)": {
        "epochs": 4, "validation_split": 0.5, "validation_freq": [1, 4]
    },
    "view_metrics = TRUE": {},
    "view_metrics = 'auto', batch_size = NULL": {},
}  # fmt: skip


@pytest.mark.parametrize("code", FITTING)
def test_fit_takes_the_arguments_of_r(keras, code):
    given = {"epochs": 2, **FITTING[code]}
    epochs = "" if "epochs" in FITTING[code] else ", epochs = 2"
    history = dense(keras).fit(X, Y, verbose=0, **given).history
    ours = from_r(DENSE + CURVES + f"curves({code}{epochs})", x=X, y=Y, w=np.arange(96))
    assert ours == history


@pytest.mark.parametrize(
    "weights",
    [
        'list("0" = 1, "1" = 2, "2" = 0.5)',
        'c("2" = 0.5, "0" = 1, "1" = 2)',
        "py_dict(0:2, c(1, 2, 0.5))",
    ],
)
def test_class_weight(keras, weights):
    def build():
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")]
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    given = {0: 1.0, 1: 2.0, 2: 0.5}
    losses = build().fit(X, LABELS, epochs=2, class_weight=given, verbose=0).history["loss"]
    step = build().train_on_batch(X, LABELS, class_weight=given, return_dict=True)
    ours = from_r(
        f"""
        build <- function() {{
          set_random_seed(1)
          keras_model_sequential(input_shape = 4) |> layer_dense(3, activation = "softmax") |>
            compile(optimizer = "sgd", loss = "sparse_categorical_crossentropy")
        }}
        labels <- factor(letters[y + 1])
        h <- fit(build(), x, labels, epochs = 2, class_weight = {weights}, verbose = 0)
        list(as.list(h$metrics$loss), train_on_batch(build(), x, labels, class_weight = {weights}))
        """,
        x=X, y=LABELS,
    )  # fmt: skip
    assert ours[0] == losses
    assert ours[1] == step


@pytest.mark.parametrize(
    ("verbose", "shown"),
    [("TRUE", 1), ("1L", 1), ("'auto'", 2), ("2", 2), ("FALSE", 0), ("0L", 0)],
)
def test_verbose(keras, capfd, verbose, shown):
    from_r(DENSE + f"fit(model, x, y, epochs = 2, verbose = {verbose})", x=X, y=Y)
    out = capfd.readouterr().out
    assert ("Epoch 1/2" in out, "━" in out) == (shown > 0, shown == 1)


@pytest.mark.parametrize(
    "callbacks",
    [
        "count", "list(count)", "list(count, NULL)", "c(count, callback_terminate_on_nan())",
        "tuple(count)", "list(list(count), callback_csv_logger(tempfile()))",
    ],
)  # fmt: skip
def test_one_callback_or_several(keras, callbacks):
    ours = from_r(
        DENSE
        + f"""
        seen <- c()
        count <- callback_lambda(on_epoch_end = function(epoch, logs) seen <<- c(seen, epoch))
        fit(model, x, y, epochs = 2, verbose = 0, callbacks = {callbacks})
        seen
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == [1, 2]


# ---- compile -----------------------------------------------------------------------------------

COMPILED = {
    "metrics = c('mae', 'mse')": {"mae", "mse"},
    "metrics = c(error = 'mae')": {"mae"},
    "metrics = list('mae', metric_mean_squared_error(), metric_mean_absolute_error)": {
        "mae", "mean_squared_error", "mean_absolute_error"
    },
    "metrics = list(top = function(y_true, y_pred) op_max(y_pred))": {"top"},
    "metrics = list(top = function(y_true, y_pred) op_max(y_pred), 'mae')": {"top", "mae"},
    "weighted_metrics = 'mae'": {"mae"},
    "metrics = metric_mean_absolute_error(name = 'own')": {"own"},
}  # fmt: skip


@pytest.mark.parametrize("code", COMPILED)
@pytest.mark.parametrize("made", ["model", "keras_model(model$inputs, model$outputs)"])
def test_metrics_of_every_kind(keras, code, made):
    ours = from_r(
        f"""
        model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
        model <- {made}
        compile(model, "sgd", "mse", {code})
        names(evaluate(model, x, y, verbose = 0))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert set(ours) == {"loss"} | COMPILED[code]


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("run_eagerly = TRUE", {"run_eagerly": True}),
        ("jit_compile = FALSE, steps_per_execution = 2", {"steps_per_execution": 2}),
        ("optimizer = optimizer_sgd(0.1)", {"optimizer": "sgd 0.1"}),
        ("loss = function(y_true, y_pred) op_mean((y_true - y_pred)^2)", {}),
        ("loss = loss_mean_squared_error()", {}),
    ],
)
def test_compile_takes_what_keras_takes(keras, code, given):
    model = dense(keras)
    if given.get("optimizer"):
        given = {"optimizer": keras.optimizers.SGD(0.1)}
    model.compile(**{"optimizer": "sgd", "loss": "mse", "jit_compile": False, **given})
    losses = model.fit(X, Y, epochs=2, batch_size=16, verbose=0).history["loss"]
    own = {"optimizer = 'sgd'": "optimizer", "loss = 'mse'": "loss", "jit_compile = FALSE": "jit"}
    others = "".join(f", {text}" for text, name in own.items() if name not in code)
    ours = from_r(
        DENSE
        + f"""
        compile(model, {code}{others})
        as.list(fit(model, x, y, epochs = 2, batch_size = 16, verbose = 0)$metrics$loss)
        """,
        x=X, y=Y,
    )  # fmt: skip
    np.testing.assert_allclose(ours, losses, rtol=1e-6)


def test_metrics_by_output_as_lists(keras):
    ours = from_r(
        """
        start <- layer_input(shape = 4)
        model <- keras_model(start, list(layer_dense(start, 1, name = "p"),
                                         layer_dense(start, 1, name = "q")))
        names_of <- function(...) {
          compile(model, "sgd", "mse", ...)
          sort(names(evaluate(model, x, list(y, y), verbose = 0)))
        }
        list(names_of(metrics = list(p = list("mae", metric_mean_squared_error()))),
             names_of(metrics = list(list("mae"), list())))
        """,
        x=X, y=Y,
    )  # fmt: skip
    losses = ["loss", "p_loss", "p_mae", "q_loss"]
    assert ours == [sorted([*losses, "p_mean_squared_error"]), losses]


# ---- evaluate, predict, batches ----------------------------------------------------------------


def test_evaluate_and_predict_take_the_arguments_of_r(keras):
    model = dense(keras)
    theirs = [
        model.evaluate(X, Y, batch_size=10, steps=2, verbose=0, return_dict=True),
        model.evaluate(X, Y, sample_weight=np.arange(96), verbose=0, return_dict=True),
        model.predict(X, batch_size=10, steps=2, verbose=0),
        model.test_on_batch(X, Y, sample_weight=np.arange(96), return_dict=True),
        model.predict_on_batch(X),
        model.train_on_batch(X, Y, return_dict=True),
    ]
    ours = from_r(
        DENSE
        + """
        list(evaluate(model, x, y, batch_size = 10, steps = 2, verbose = 0),
             evaluate(model, x, y, sample_weight = 0:95, verbose = 0),
             predict(model, x, batch_size = 10, steps = 2, verbose = 0),
             test_on_batch(model, x, y, sample_weight = 0:95),
             predict_on_batch(model, x),
             train_on_batch(model, x, y))
        """,
        x=X, y=Y,
    )  # fmt: skip
    for mine, other in zip(ours, theirs, strict=True):
        if isinstance(other, dict):
            assert mine == {name: float(value) for name, value in other.items()}
        else:
            np.testing.assert_array_equal(mine, other)


def test_predictions_are_arrays_of_r(keras):
    assert from_r(
        DENSE
        + """
        p <- predict(model, as.data.frame(x), verbose = 0)
        is.array(p) && is.numeric(p) && !is.object(p) && identical(dim(p), c(96L, 1L)) &&
          identical(p, predict(model, as_tensor(x, "float32"), verbose = 0))
        """,
        x=X,
    )


def test_a_loop_of_its_own(keras):
    if backend() != "tensorflow":
        pytest.skip("GradientTape is TensorFlow's")
    import tensorflow as tf

    model, optimizer, losses = dense(keras), keras.optimizers.SGD(0.1), []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = keras.losses.MeanSquaredError()(Y, model(X, training=True))
        gradients = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        losses.append(float(loss))
    ours = from_r(
        DENSE
        + """
        tf <- import("tensorflow")
        optimizer <- optimizer_sgd(0.1)
        loss_fn <- loss_mean_squared_error()
        x <- as_tensor(x, "float32")
        y <- as_tensor(y, "float32")
        losses <- list()
        for (step in 1:3) {
          with(tf$GradientTape() %as% tape, {
            loss <- loss_fn(y, model(x, training = TRUE))
          })
          gradients <- tape$gradient(loss, model$trainable_weights)
          optimizer$apply_gradients(Map(tuple, gradients, model$trainable_weights))
          losses[[step]] <- as.numeric(loss)
        }
        losses
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == losses


# ---- the history -------------------------------------------------------------------------------


def test_the_parts_of_a_history(keras):
    history = dense(keras).fit(X, Y, epochs=3, validation_split=0.25, verbose=0)
    ours = from_r(
        DENSE
        + """
        h <- fit(model, x, y, epochs = 3, validation_split = 0.25, verbose = 0)
        list(class(h), names(h), as.list(h$metrics$val_loss), h$params$epochs, h$params$steps,
             h$epoch, names(as.data.frame(h)), dim(as.data.frame(h)))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == [
        "keras_training_history", ["params", "metrics", "epoch"], history.history["val_loss"],
        3, history.params["steps"], [1, 2, 3], ["epoch", "value", "metric", "data"], [12, 4],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "epochs"),
    [
        ("validation_freq = c(1, 4)", [1, 4]),
        ("validation_freq = 2, initial_epoch = 2", [2, 4]),
        ("validation_freq = 3", [3]),
    ],
)
def test_a_history_knows_which_epochs_were_validated(keras, code, epochs):
    ours = from_r(
        DENSE
        + f"""
        h <- fit(model, x, y, epochs = 4, validation_split = 0.5, {code}, verbose = 0)
        d <- as.data.frame(h)
        as.list(d$epoch[d$data == "validation" & d$metric == "loss"])
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == epochs


# ---- mistakes ----------------------------------------------------------------------------------

MISTAKES = {
    "fit(model, x, y, verbose = 'no')": "fit(): `verbose` must be \"auto\", 0, 1 or 2, not 'no'.",
    "evaluate(model, x, y, verbose = 3)": '`verbose` must be "auto", 0, 1 or 2, not 3.0.',
    "fit(model, x, y, validation_split = 2)": "must be a fraction below 1, not 2.",
    "fit(model, x, y, validation_split = -0.1)": "must be a fraction below 1, not -0.1.",
    "fit(model, x, y, batch_size = 7.5)": "fit(): `batch_size` takes whole numbers, not 7.5.",
    "fit(model, x, y, initial_epoch = 1.5)": "fit(): `initial_epoch` takes whole numbers",
    "fit(model, x, y, validation_freq = 1.5)": "fit(): `validation_freq` takes whole numbers",
    "fit(model, x, y, validation_freq = 0)": "`validation_freq` must be 1 or more, not 0.",
    "adapt(layer_normalization(), x, 32)": "adapt(): further arguments must have names",
    "predict(model, x, steps = 1.5)": "predict(): `steps` takes whole numbers, not 1.5.",
    "train_on_batch(3, x, y)": "train_on_batch(): `object` must be a Keras model, not the value 3.",
    "test_on_batch('m', x, y)": "test_on_batch(): `object` must be a Keras model, not the string",
}


@pytest.mark.parametrize("code", MISTAKES)
def test_mistakes_in_training_are_one_clear_message(keras, code):
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        from_r(DENSE + code, x=X, y=Y)
    assert MISTAKES[code] in str(caught.value)


@pytest.mark.parametrize(
    "code",
    [
        "fit(model, x[, 1, drop = FALSE], y)",
        "fit(model, x)",
        "train_on_batch(model, cbind(x, x), y)",
    ],
)
def test_a_model_trains_after_a_mistake_in_its_data(keras, code):
    epochs = from_r(
        DENSE + f"""
        failed <- inherits(try({code}, silent = TRUE), "try-error")
        stopifnot(failed)
        py_clear_last_error()
        length(fit(model, x, y, epochs = 2, verbose = 0)$epoch)
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert epochs == 2


@pytest.mark.parametrize(
    "use", ["fit(model, x, {}, epochs = 1, verbose = 0)", "train_on_batch(model, x, {})",
            "fit(model, x, y, validation_data = list(x, {}), epochs = 1, verbose = 0)",
            "evaluate(model, x, {}, verbose = 0)", "test_on_batch(model, x, {})"],
)  # fmt: skip
def test_y_may_be_a_vector_and_then_a_matrix(keras, use):
    codes = "; ".join(use.format(y) for y in ("c(y)", "matrix(y)", "c(y)"))
    assert from_r(DENSE + f"{{ {codes}; TRUE }}", x=X, y=Y)


CLASSES = """
    model <- keras_model_sequential(input_shape = 2) |> layer_dense(3, activation = "softmax")
    compile(model, "sgd", paste0({!r}, "categorical_crossentropy"))
    fit(model, matrix(0, 6, 2), {}, verbose = 0)
"""


@pytest.mark.parametrize(
    ("prefix", "y", "sentence"),
    [
        ("", "factor(rep(1:3, 2))", "for class numbers use the loss"),
        ("sparse_", "to_categorical(rep(0:2, 2))", "takes class numbers; if `y` has a column"),
    ],
)
def test_classes_coded_for_the_other_loss(keras, prefix, y, sentence):
    with pytest.raises(ValueError) as caught:
        from_r(CLASSES.format(prefix, y))
    assert sentence in str(getattr(caught.value, "explanation", caught.value))


def test_a_number_with_a_name_is_a_number(keras):
    history = from_r(
        """
        hp <- c(epochs = 2, batch = 4)
        m <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
        m |> compile(loss = "mse")
        h <- m |> fit(matrix(1, 8, 2), rep(1, 8), epochs = hp["epochs"], batch_size = hp["batch"],
                      verbose = 0)
        m |> evaluate(matrix(1, 8, 2), rep(1, 8), batch_size = hp["batch"], verbose = 0)
        list(h$epoch, h$params$steps)
        """
    )
    assert [list(history[0]), history[1]] == [[1, 2], 2]


def test_no_warning_on_a_shuffle_that_nobody_asked_for(keras, recwarn):
    batches = "function() list(matrix(1, 4, 4), rep(1, 4))"
    fit = f"model |> fit({batches}, steps_per_epoch = 2, epochs = 1, verbose = 0"
    from_r(DENSE + fit + ")")
    assert not [w for w in recwarn if "shuffle" in str(w.message)]
    from_r(DENSE + fit + ", shuffle = TRUE)")
    assert [w for w in recwarn if "shuffle" in str(w.message)]
