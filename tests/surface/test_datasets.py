"""Batches on the way to a model: functions and iterators of R, datasets, files in directories.

Trained with twice from one seed: in R, and with what a Python user would write.

Of: surface/data.py, R/surface_data.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.r_models import DENSE, TWO_INPUTS, X, Y, dense, from_r, two_inputs
from support.twin import backend

TENSORFLOW = pytest.mark.skipif(backend() != "tensorflow", reason="tf.data needs it")
BATCHES = [(X[i : i + 16], Y[i : i + 16]) for i in range(0, 96, 16)]

# ---- functions, iterators, datasets ------------------------------------------------------------

NEXT_BATCH = """
  batches <- function(...) {
    at <- 0
    function() {
      at <<- at %% 6 + 1
      rows <- 16 * (at - 1) + 1:16
      list(x[rows, ], y[rows, , drop = FALSE], ...)
    }
  }
  losses <- function(...) {
    h <- fit(model, ..., epochs = 2, steps_per_epoch = 3, verbose = 0)
    lapply(h$metrics, as.list)
  }
"""


def endless(batches):
    while True:
        yield from batches


@pytest.mark.parametrize("source", ["batches()", "py_iterator(batches())"])
def test_a_function_that_gives_batches(keras, source):
    model = dense(keras)
    history = model.fit(endless(BATCHES), steps_per_epoch=3, epochs=2, verbose=0).history
    ours = from_r(
        DENSE
        + NEXT_BATCH
        + f"""
        list(losses({source}), evaluate(model, {source}, steps = 2, verbose = 0),
             predict(model, {source}, steps = 2, verbose = 0))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours[0] == history
    assert ours[1] == model.evaluate(endless(BATCHES), steps=2, verbose=0, return_dict=True)
    np.testing.assert_array_equal(ours[2], model.predict(endless(BATCHES), steps=2, verbose=0))


def test_batches_with_weights(keras):
    weights = np.linspace(0, 1, 16)
    model = dense(keras)
    weighted = endless([(x, y, weights) for x, y in BATCHES])
    history = model.fit(weighted, steps_per_epoch=3, epochs=2, verbose=0).history
    ours = from_r(
        DENSE + NEXT_BATCH + "losses(batches(w))",
        x=X, y=Y, w=weights,
    )  # fmt: skip
    assert ours == history


def test_a_function_that_ends_with_null(keras):
    history = dense(keras).fit((b for b in BATCHES[:4]), epochs=1, verbose=0).history
    ours = from_r(
        DENSE
        + NEXT_BATCH
        + """
        given <- batches()
        n <- 0
        h <- fit(model, function() if ((n <<- n + 1) <= 4) given(), epochs = 1, verbose = 0)
        lapply(h$metrics, as.list)
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == history


def test_batches_of_frames_factors_and_lists(keras):
    def twice(x, y):
        while True:
            yield x, y

    losses = two_inputs(keras).fit(
        twice((X[:, :1], X[:, 1:2]), Y), steps_per_epoch=2, epochs=2, verbose=0
    ).history["loss"]  # fmt: skip
    forms = [
        "list(data.frame(a = x[, 1], b = x[, 2]), y)",
        "list(list(x[, 1], x[, 2]), y)",
        "list(x = list(b = x[, 2], a = x[, 1]), y = y)",
    ]
    for form in forms:
        ours = from_r(
            TWO_INPUTS + f"losses(two_inputs(), function() {form}, steps_per_epoch = 2)",
            x=X, y=Y,
        )  # fmt: skip
        assert ours == losses, form


def test_what_is_ready_in_an_iterator_is_not_lost(keras):
    ours = from_r(
        DENSE
        + NEXT_BATCH
        + """
        it <- py_iterator(batches(), prefetch = 2)
        first <- iter_next(it)
        predicted <- predict(model, it, steps = 1, verbose = 0)
        all.equal(predicted, predict(model, x[17:32, ], verbose = 0))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours is True


@pytest.mark.parametrize("validate", ["list(x, y)", "list(y = y, x = x)", "tuple(x, y)"])
def test_validation_data(keras, validate):
    history = dense(keras).fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0).history
    ours = from_r(
        DENSE
        + f"""
        h <- fit(model, x, y, epochs = 2, validation_data = {validate}, verbose = 0)
        lapply(h$metrics, as.list)
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == history


def test_validation_with_weights_frames_and_functions(keras):
    weights = np.linspace(0, 1, 96)
    data = [(X, Y, weights), endless(BATCHES)]
    theirs = [
        dense(keras).fit(X, Y, epochs=1, validation_data=d, validation_steps=2, verbose=0).history
        for d in data
    ]
    ours = from_r(
        DENSE
        + NEXT_BATCH
        + f"""
        one <- function(data) {{
          {DENSE}
          h <- fit(model, x, y, epochs = 1, validation_data = data, validation_steps = 2,
                   verbose = 0)
          lapply(h$metrics, list)
        }}
        lapply(list(list(as.data.frame(x), y, w), batches()), one)
        """,
        x=X, y=Y, w=weights,
    )  # fmt: skip
    assert ours == theirs


@TENSORFLOW
def test_datasets_of_tensorflow(keras):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(32)
    model = dense(keras)
    history = model.fit(data, epochs=2, validation_data=data, verbose=0).history
    ours = from_r(
        DENSE
        + """
        tf <- import("tensorflow")
        slices <- tuple(np_array(x, "float32"), np_array(y, "float32"))
        data <- tf$data$Dataset$from_tensor_slices(slices)$batch(32L)
        h <- fit(model, data, epochs = 2, validation_data = data, verbose = 0)
        rows <- c()
        for (batch in iterate(data)) rows <- c(rows, nrow(as.array(batch[[1]])))
        it <- as_iterator(data)
        first <- iter_next(it)
        left <- 0
        while (!is.null(iter_next(it))) left <- left + 1
        list(lapply(h$metrics, as.list), evaluate(model, data, verbose = 0),
             predict(model, data, verbose = 0), length(data), as.list(rows), left,
             iterate(data, function(batch) dim(batch[[2]])[[1]]), as.array(first[[1]]))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours[0] == history
    assert ours[1] == model.evaluate(data, verbose=0, return_dict=True)
    np.testing.assert_array_equal(ours[2], model.predict(data, verbose=0))
    assert ours[3:7] == [3, [32, 32, 32], 2, [32, 32, 32]]
    np.testing.assert_array_equal(ours[7], X[:32])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_py_dataset_made_by_r(keras, workers):
    class Rows(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return X[32 * index : 32 * index + 32], Y[32 * index : 32 * index + 32]

    model = dense(keras)
    history = model.fit(Rows(), epochs=2, validation_data=Rows(), shuffle=False, verbose=0).history
    ours = from_r(
        DENSE
        + f"""
        Rows <- PyClass("Rows", inherit = import("keras")$utils$PyDataset, defs = list(
          initialize = function(size, ...) {{
            super$initialize(...)
            self$size <- size
          }},
          `__len__` = function() 3L,
          `__getitem__` = function(index) {{
            rows <- index * self$size + seq_len(self$size)
            tuple(x[rows, ], y[rows, , drop = FALSE])
          }}
        ))
        data <- Rows(32L, workers = {workers}L)
        h <- fit(model, data, epochs = 2, validation_data = data, shuffle = FALSE, verbose = 0)
        list(lapply(h$metrics, as.list), evaluate(model, data, verbose = 0),
             predict(model, data, verbose = 0))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours[0] == history
    assert ours[1] == model.evaluate(Rows(), verbose=0, return_dict=True)
    np.testing.assert_array_equal(ours[2], model.predict(Rows(), verbose=0))


@TENSORFLOW
def test_time_series(keras):
    series, after = X[:60], Y[5:60]
    data = keras.utils.timeseries_dataset_from_array(series, after, 5, batch_size=8)
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.layers.Input((5, 4)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    losses = model.fit(data, epochs=2, verbose=0).history["loss"]
    ours = from_r(
        """
        data <- timeseries_dataset_from_array(x, y, sequence_length = 5, batch_size = 8)
        set_random_seed(3)
        model <- keras_model_sequential(input_shape = c(5, 4)) |> layer_flatten() |> layer_dense(1)
        compile(model, "sgd", "mse")
        as.list(fit(model, data, epochs = 2, verbose = 0)$metrics$loss)
        """,
        x=series, y=after,
    )  # fmt: skip
    assert ours == losses


@TENSORFLOW
def test_splits_by_number_and_by_fraction(keras):
    ours = from_r(
        """
        sizes <- function(...) vapply(split_dataset(tuple(x, y), ...), length, 1L)
        list(sizes(left_size = 10, right_size = 20), sizes(left_size = 0.25))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == [[10, 20], [24, 72]]


# ---- files in directories ----------------------------------------------------------------------

TRAINED = """
  trained <- function(model, data, loss) {
    compile(model, "sgd", loss)
    h <- fit(model, data, epochs = 1, validation_data = data, verbose = 0)
    list(names(h$metrics), names(evaluate(model, data, verbose = 0)),
         dim(predict(model, data, verbose = 0)))
  }
"""


@TENSORFLOW
def test_images_in_directories(keras, tmp_path):
    ours = from_r(
        TRAINED
        + """
        for (kind in c("cat", "dog")) {
          dir.create(file.path(path, kind))
          for (i in 1:6) {
            picture <- array(sample(0:255, 8 * 8 * 3, TRUE), c(8, 8, 3))
            image_array_save(picture, file.path(path, kind, paste0(i, ".png")))
          }
        }
        data <- image_dataset_from_directory(path, image_size = c(8, 8), batch_size = 4,
                                             label_mode = "binary", verbose = FALSE)
        model <- keras_model_sequential(input_shape = c(8, 8, 3)) |>
          layer_rescaling(1 / 255) |> layer_flatten() |> layer_dense(1, activation = "sigmoid")
        both <- image_dataset_from_directory(path, image_size = c(8, 8), batch_size = 4, seed = 1,
                                             validation_split = 0.5, subset = "both",
                                             verbose = FALSE)
        c(trained(model, data, "binary_crossentropy"), list(data$class_names, length(data)),
          list(vapply(both, length, 1L)))
        """,
        path=str(tmp_path),
    )  # fmt: skip
    assert ours == [["loss", "val_loss"], "loss", [12, 1], ["cat", "dog"], 3, [2, 2]]


@TENSORFLOW
def test_texts_in_directories(keras, tmp_path):
    ours = from_r(
        TRAINED
        + """
        for (kind in c("bad", "good")) {
          dir.create(file.path(path, kind))
          for (i in 1:4) writeLines(paste("it was", kind), file.path(path, kind, paste0(i, ".txt")))
        }
        data <- text_dataset_from_directory(path, batch_size = 4, verbose = FALSE)
        words <- layer_text_vectorization(output_sequence_length = 3)
        adapt(words, data$map(function(x, y) x))
        data <- data$map(function(x, y) tuple(words(x), y))
        model <- keras_model_sequential(input_shape = 3) |>
          layer_embedding(7, 2) |> layer_flatten() |> layer_dense(1, activation = "sigmoid")
        c(trained(model, data, "binary_crossentropy"), list(unlist(words$get_vocabulary())[3:6]))
        """,
        path=str(tmp_path),
    )  # fmt: skip
    assert ours == [["loss", "val_loss"], "loss", [8, 1], ["was", "it", "good", "bad"]]


@TENSORFLOW
def test_sounds_in_directories(keras, tmp_path):
    ours = from_r(
        TRAINED
        + """
        tf <- import("tensorflow")
        for (kind in c("high", "low")) {
          dir.create(file.path(path, kind))
          for (i in 1:4) {
            wave <- tf$audio$encode_wav(tf$constant(matrix(sin(1:50)), "float32"), 100L)
            tf$io$write_file(file.path(path, kind, paste0(i, ".wav")), wave)
          }
        }
        data <- audio_dataset_from_directory(path, batch_size = 4, output_sequence_length = 50,
                                             verbose = FALSE)
        model <- keras_model_sequential(input_shape = c(50, 1)) |>
          layer_flatten() |> layer_dense(2, activation = "softmax")
        trained(model, data, "sparse_categorical_crossentropy")
        """,
        path=str(tmp_path),
    )  # fmt: skip
    assert ours == [["loss", "val_loss"], "loss", [8, 2]]


def test_an_error_of_a_function_ends_the_training(keras):
    ours = from_r(
        DENSE
        + """
        text <- tryCatch(fit(model, function() stop("no more data"), verbose = 0),
                         error = conditionMessage)
        list(text, length(fit(model, x, y, epochs = 1, verbose = 0)$epoch))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours == ["no more data", 1]
