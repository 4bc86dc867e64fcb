"""Models built and trained from R: the numbers are those of the same model in Python."""

from __future__ import annotations

import numpy as np
import pytest
from support.r_models import DENSE, LABELS, X, Y, dense, from_r

# ---- the same numbers --------------------------------------------------------------------------


def test_a_regression_trains_as_in_python(keras):
    model = dense(keras)
    history = model.fit(X, Y, epochs=4, batch_size=16, validation_split=0.25, verbose=0).history
    ours = from_r(
        DENSE
        + """
        history <- model |> fit(x, y, epochs = 4, batch_size = 16, validation_split = 0.25,
                                verbose = 0)
        list(history = lapply(history$metrics, as.list),
             result = evaluate(model, x, y, verbose = 0),
             predicted = predict(model, x, verbose = 0), weights = get_weights(model))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours["history"] == history
    assert ours["result"] == model.evaluate(X, Y, verbose=0, return_dict=True)
    np.testing.assert_array_equal(ours["predicted"], model.predict(X, verbose=0))
    for mine, theirs in zip(ours["weights"], model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_functional_model_trains_as_in_python(keras):
    keras.utils.set_random_seed(5)
    left, right = keras.layers.Input((4,), name="left"), keras.layers.Input((4,), name="right")
    joined = keras.layers.Concatenate()([keras.layers.Dense(3, activation="tanh")(left), right])
    model = keras.Model([left, right], keras.layers.Dense(3, activation="softmax")(joined))
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    weights = {0: 1.0, 1: 2.0, 2: 0.5}
    history = model.fit(
        {"left": X, "right": -X}, LABELS, epochs=3, class_weight=weights, verbose=0
    ).history
    ours = from_r(
        """
        set_random_seed(5)
        left <- layer_input(shape = 4, name = "left")
        right <- layer_input(shape = 4, name = "right")
        out <- list(left %>% layer_dense(3, activation = "tanh"), right) |>
          layer_concatenate() |>
          layer_dense(3, activation = "softmax")
        model <- keras_model(list(left, right), out)
        model |> compile(optimizer_sgd(0.1), "sparse_categorical_crossentropy", "accuracy")
        h <- model |> fit(list(left = x, right = -x), y, epochs = 3, verbose = 0,
                          class_weight = list("0" = 1, "1" = 2, "2" = 0.5))
        lapply(h$metrics, as.list)
        """,
        x=X, y=LABELS,
    )  # fmt: skip
    assert ours == history


def test_epochs_count_from_1_on_the_way_in_and_out(keras):
    model = dense(keras)
    history = model.fit(X, Y, epochs=4, initial_epoch=2, verbose=0)
    ours = from_r(
        DENSE
        + """
        seen <- c()
        tell <- callback_lambda(on_epoch_begin = function(epoch, logs) seen <<- c(seen, epoch))
        h <- model |> fit(x, y, epochs = 4, initial_epoch = 3, verbose = 0, callbacks = tell)
        list(epoch = h$epoch, loss = h$metrics$loss, seen = seen)
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == {"epoch": [3, 4], "loss": history.history["loss"], "seen": [3, 4]}


def test_an_r_metric_and_callback_equal_their_python_twins(keras):
    class Spread(keras.metrics.Metric):
        def __init__(self, name="spread"):
            super().__init__(name=name)
            self.total = self.add_weight(shape=(), initializer="zeros", name="total")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign(self.total + keras.ops.max(y_pred) - keras.ops.min(y_pred))

        def result(self):
            return self.total.value

    model = dense(keras)
    model.compile("adam", "mse", metrics=[Spread()])
    history = model.fit(X, Y, epochs=3, batch_size=32, verbose=0).history
    ours = from_r(
        DENSE
        + """
        metric_spread <- Metric(
          "Spread",
          initialize = function(name = "spread") {
            super$initialize(name = name)
            self$total <- self$add_weight(shape = shape(), initializer = "zeros", name = "total")
          },
          update_state = function(y_true, y_pred, sample_weight = NULL) {
            self$total$assign(self$total + op_max(y_pred) - op_min(y_pred))
          },
          result = function() self$total
        )
        model |> compile("adam", "mse", metric_spread())
        h <- model |> fit(x, y, epochs = 3, batch_size = 32, verbose = 0)
        lapply(h$metrics, as.list)
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == history


# ---- data --------------------------------------------------------------------------------------


def test_data_frames_factors_and_vectors(keras):
    shapes = from_r("""
      lapply(list(iris[1:4], iris$Species, c(1, 2), factor("a"),
                  list(a = 1:2, b = matrix(0, 2, 2))),
             pyclassbridge:::keras_data)
    """)
    frame, labels, vector, one, named = shapes
    assert frame.shape == (150, 4) and labels.shape == (150,) and set(labels) == {0, 1, 2}
    assert vector.shape == (2,) and one.shape == (1,) and named["b"].shape == (2, 2)


def test_iris_as_r_has_it(keras):
    ours = from_r("""
      set_random_seed(1)
      model <- keras_model_sequential(input_shape = 4) |> layer_dense(3, activation = "softmax")
      model |> compile(loss = "sparse_categorical_crossentropy", metrics = c("accuracy"))
      model |> fit(iris[1:4], iris$Species, epochs = 2, verbose = 0, sample_weight = rep(1, 150))
      c(names(evaluate(model, iris[1:4], iris$Species, verbose = 0)),
        dim(predict(model, iris[1:4], verbose = 0)))
    """)
    assert ours == ["accuracy", "loss", "150", "3"]


def test_a_generator_function_and_validation_data(keras):
    ours = from_r(
        DENSE
        + """
        n <- 0
        batches <- function() {
          n <<- n + 1
          list(x[1:16, ], y[1:16, , drop = FALSE])
        }
        h <- model |> fit(batches, epochs = 2, steps_per_epoch = 3, verbose = 0,
                          validation_data = list(x, y))
        c(n >= 6, names(h$metrics))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert sorted(ours) == ["TRUE", "loss", "mae", "val_loss", "val_mae"]


def test_one_batch(keras):
    ours = from_r(
        DENSE
        + """
        c(names(train_on_batch(model, x, y)), names(test_on_batch(model, x, y)),
          dim(predict_on_batch(model, x)))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert sorted(ours[:2]) == sorted(ours[2:4]) == ["loss", "mae"] and ours[4:] == ["96", "1"]


def test_adapt_and_custom_metric(keras):
    mean = from_r(
        "{ n <- layer_normalization(); adapt(n, x, batch_size = 32); mean(as.array(n(x))) }", x=X
    )
    assert abs(mean) < 1e-6
    names = from_r(
        DENSE
        + """
        twice <- custom_metric("twice", function(y_true, y_pred) op_mean(y_pred) * 2)
        model |> compile("adam", "mse", metrics = list(twice))
        names(evaluate(model, x, y, verbose = 0))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert sorted(names) == ["loss", "twice"]


# ---- models ------------------------------------------------------------------------------------


def test_summary_and_print_show_the_model(keras, capsys):
    from_r(DENSE + "summary(model)\nprint(model)")
    assert capsys.readouterr().out.count("Total params") == 2


STACK = """
  model <- keras_model_sequential(input_shape = 4) |>
    layer_dense(8, name = "a") |> layer_dense(6, name = "b") |> layer_dense(1, name = "c")
  learning <- function(model) vapply(model$layers, function(layer) layer$trainable, NA)
"""


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("summary(model, line_length = 60)", {"line_length": 60}),
        ("summary(model, show_trainable = TRUE)", {"show_trainable": True}),
        ("summary(model, positions = c(0.3, 0.7, 1))", {"positions": [0.3, 0.7, 1.0]}),
        ("print(model, expand_nested = TRUE)", {"expand_nested": True}),
        ("print(model, layer_range = c('a', 'b'))", {"layer_range": ["a", "b"]}),
        ("cat(format(model, line_length = 50))", {"line_length": 50}),
        ("print(model, digits = 3, quote = FALSE)", {}),
        ("cat(format(model, digits = 3, line_length = 50))", {"line_length": 50}),
        ("{ freeze_weights(model, which = 1); print(model) }", {"show_trainable": True}),
    ],
)
def test_a_summary_is_that_of_keras(keras, code, rows):
    model, text = from_r(f"{STACK}text <- capture.output({code}); list(model, text)")
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line), **rows)
    assert text == [line for line in "\n".join(lines).split("\n") if line.strip()]


def test_a_summary_that_is_not_compact_keeps_its_empty_lines(keras):
    lines, compact = from_r(
        f"{STACK} lapply(c(FALSE, TRUE), function(x) capture.output(summary(model, compact = x)))"
    )
    assert lines == [*compact, ""]


@pytest.mark.parametrize(
    ("code", "learning"),
    [
        ("freeze_weights(model)", [False, False, False]),
        ("freeze_weights(model, from = 'b')", [True, False, False]),
        ("freeze_weights(model, to = 'b')", [False, False, True]),
        ("freeze_weights(model, from = 2L, to = 2L)", [True, False, True]),
        ("freeze_weights(model, from = -1)", [True, True, False]),
        ("freeze_weights(model, to = -2)", [False, False, True]),
        ("freeze_weights(model, to = get_layer(model, 'a'))", [False, True, True]),
        ("freeze_weights(model, which = c('a', 'c'))", [False, True, False]),
        ("freeze_weights(model, which = c(1, 3))", [False, True, False]),
        ("freeze_weights(model, which = -1)", [True, True, False]),
        ("freeze_weights(model, which = c(TRUE, FALSE, FALSE))", [False, True, True]),
        ("freeze_weights(model, which = function(l) l$units > 5)", [False, False, True]),
        ("unfreeze_weights(freeze_weights(model))", [True, True, True]),
        ("unfreeze_weights(freeze_weights(model), from = 'c')", [False, False, True]),
        ("unfreeze_weights(model, which = list('b', -1))", [False, True, True]),
    ],
)
def test_freezing_says_it_of_every_layer(keras, code, learning):
    layers, weights, visible = from_r(
        f"{STACK}done <- withVisible({code})\n"
        "list(learning(done$value), length(get_weights(model, trainable = TRUE)), done$visible)"
    )
    assert layers == learning
    assert (weights, visible) == (2 * sum(learning), False)


def test_frozen_layers_keep_their_weights(keras):
    ours = from_r(
        STACK
        + """
        before <- get_weights(model)
        freeze_weights(model, to = "b")
        compile(model, "sgd", "mse")
        fit(model, x, y, epochs = 1, verbose = 0)
        unlist(Map(identical, before, get_weights(model)))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == [True] * 4 + [False] * 2


def test_a_layer_and_a_model_in_a_model_freeze_as_a_whole(keras):
    ours = from_r("""
      base <- keras_model_sequential(input_shape = 4, name = "base") |>
        layer_dense(3) |> layer_dense(2)
      start <- layer_input(shape = 4)
      model <- keras_model(start, base(start) |> layer_dense(1))
      freeze_weights(model, which = "base")
      first <- length(model$trainable_weights)
      unfreeze_weights(base$layers[[2]])
      c(first, length(base$trainable_weights))
    """)
    assert ours == [2, 0]


def test_pop_layer_takes_the_last_layer_off(keras):
    ours = from_r(
        STACK
        + """
        popped <- withVisible(pop_layer(model))
        list(popped$value$name, popped$visible, length(model$layers), dim(model(x)))
        """,
        x=X,
    )
    assert ours == ["c", False, 2, [96, 6]]


def test_layers_and_weights(keras):
    ours = from_r(
        DENSE
        + """
      freeze_weights(model, to = 1)
      frozen <- length(get_weights(model, trainable = FALSE))
      unfreeze_weights(model)
      w <- lapply(get_weights(model), function(w) w * 0)
      set_weights(model, w)
      list(get_layer(model, index = 2)$units, get_layer(model, index = -1)$units, frozen,
           count_params(model), sum(abs(get_weights(model)[[1]])))
    """
    )
    assert ours == [1, 1, 2, 49, 0]
    with pytest.raises(IndexError, match="there is no layer 9; the model has 2"):
        from_r(DENSE + "get_layer(model, index = 9)")


def test_saving_and_loading(keras, tmp_path):
    path = str(tmp_path / "model.keras")
    assert from_r(
        DENSE
        + """
        save_model(model, path)
        again <- load_model(path)
        save_model_weights(model, sub("keras$", "weights.h5", path))
        load_model_weights(again, sub("keras$", "weights.h5", path))
        identical(get_weights(model), get_weights(again))
        """,
        path=path,
    )
    with pytest.raises(RuntimeError, match="already exists; overwrite = TRUE replaces it"):
        from_r(DENSE + "save_model(model, path)", path=path)


# ---- callback_lambda ---------------------------------------------------------------------------


def test_callback_lambda_counts_from_1_and_merges_logs(keras):
    ours = from_r(
        DENSE
        + """
        offset <- 100
        seen <- c()
        cb <- callback_lambda(
          on_epoch_end = function(epoch, logs) list(extra = epoch + offset),
          on_train_batch_begin = function(batch) seen <<- c(seen, batch),
          on_train_end = function() seen <<- c(seen, -1)
        )
        h <- model |> fit(x, y, epochs = 2, batch_size = 48, verbose = 0, callbacks = list(cb))
        list(extra = h$metrics$extra, seen = seen)
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == {"extra": [101, 102], "seen": [1, 2, 1, 2, -1]}


# ---- a class with a compile of its own ---------------------------------------------------------

OWN_COMPILE = """
  Own <- Model(
    "Own",
    compile = function(rate, loss_fn = NULL) {
      super$compile()
      self$rate <- rate
      self$loss_fn <- loss_fn
    }
  )
  model <- Own()
"""


def test_a_class_with_a_compile_of_its_own_gets_what_is_given_to_it(keras):
    model = from_r(OWN_COMPILE + "model |> compile(rate = 0.5, loss_fn = loss_huber)")
    assert model.rate == 0.5
    assert model.loss_fn is keras.losses.huber


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("compile(model, rte = 1)", "compile() has no argument `rte`; did you mean `rate`?"),
        ("compile(model, rate = 1, loss = 'mse')", "unexpected keyword argument 'loss'"),
    ],
)
def test_a_class_with_a_compile_of_its_own_refuses_other_arguments(keras, code, message):
    with pytest.raises(TypeError) as caught:
        from_r(OWN_COMPILE + code)
    assert message in str(caught.value)
