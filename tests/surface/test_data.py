"""What R users give fit(), evaluate() and predict() as data: the numbers are Python's with its own.

Each form is trained with twice from one seed: in R, and with what a Python user would write.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.backends import need
from support.paths import ROOT
from support.r_models import DENSE, LABELS, TWO_INPUTS, X, Y, dense, from_r, two_inputs
from support.subprocesses import output_of
from support.twin import backend

TENSORFLOW = pytest.mark.skipif(backend() != "tensorflow", reason="tf.data and text need it")


def classifier(keras, units: int, activation: str, loss: str):
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [keras.layers.Input((4,)), keras.layers.Dense(units, activation=activation)]
    )
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


CLASSIFIER = """
  classifier <- function(units, activation, loss) {
    set_random_seed(2)
    model <- keras_model_sequential(input_shape = 4) |>
      layer_dense(units, activation = activation)
    compile(model, "sgd", loss, metrics = "accuracy")
    model
  }
  curves <- function(h) lapply(h$metrics, as.list)
"""


# ---- labels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["NULL", "paste0('case', seq_along(y))"])
def test_a_factor_is_its_codes_from_0(keras, names):
    model = classifier(keras, 3, "softmax", "sparse_categorical_crossentropy")
    history = model.fit(X, LABELS, epochs=2, verbose=0).history
    ours = from_r(
        CLASSIFIER
        + f"""
        labels <- factor(letters[y + 1])
        names(labels) <- {names}
        model <- classifier(3, "softmax", "sparse_categorical_crossentropy")
        curves(fit(model, x, labels, epochs = 2, verbose = 0))
        """,
        x=X, y=LABELS,
    )  # fmt: skip
    assert ours == history


def test_a_factor_of_two_levels_is_binary(keras):
    yes = (X[:, 0] > 0).astype("int32")
    model = classifier(keras, 1, "sigmoid", "binary_crossentropy")
    history = model.fit(X, yes, epochs=2, verbose=0).history
    ours = from_r(
        CLASSIFIER
        + """
        model <- classifier(1, "sigmoid", "binary_crossentropy")
        curves(fit(model, x, factor(ifelse(y == 1, "yes", "no")), epochs = 2, verbose = 0))
        """,
        x=X, y=yes,
    )  # fmt: skip
    assert ours == history


def test_factors_as_columns_of_classes(keras):
    ours = from_r("to_categorical(factor(c('a', 'c', 'b'), levels = c('a', 'b', 'c')))")
    np.testing.assert_array_equal(ours, keras.utils.to_categorical([0, 2, 1]))


# ---- lists and frames --------------------------------------------------------------------------

BY_NAME = {"a": X[:, :1], "b": X[:, 1:2]}


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        "data.frame(other = letters[1], b = x[, 2], a = x[, 1])",
        "list(b = x[, 2, drop = FALSE], a = x[, 1, drop = FALSE])",
        "list(a = x[, 1], b = x[, 2])",
    ],
)
def test_inputs_by_name(keras, by_name, data):
    model = two_inputs(keras, by_name)
    losses = model.fit(BY_NAME, Y, epochs=2, verbose=0).history["loss"]
    ours = from_r(
        TWO_INPUTS
        + f"""
        model <- two_inputs({"TRUE" if by_name else "FALSE"})
        data <- {data}
        list(losses(model, data, y), predict(model, data, verbose = 0),
             evaluate(model, data, y, verbose = 0))
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert ours[0] == losses
    np.testing.assert_array_equal(ours[1], model.predict(BY_NAME, verbose=0))
    assert ours[2] == model.evaluate(BY_NAME, Y, verbose=0, return_dict=True)


def test_inputs_and_outputs_by_place(keras):
    losses = two_inputs(keras).fit([X[:, :1], X[:, 1:2]], Y, epochs=2, verbose=0).history["loss"]
    ours = from_r(
        TWO_INPUTS + "losses(two_inputs(), list(x[, 1], x[, 2]), y)",
        x=X, y=Y,
    )  # fmt: skip
    assert ours == losses


@pytest.mark.parametrize("by_name", [False, True])
def test_several_outputs(keras, by_name):
    keras.utils.set_random_seed(4)
    start = keras.layers.Input((4,))
    p = keras.layers.Dense(1, name="p")(start)
    q = keras.layers.Dense(3, activation="softmax", name="q")(start)
    model = keras.Model(start, {"p": p, "q": q} if by_name else [p, q])
    wrap = (lambda *xs: dict(zip("pq", xs, strict=True))) if by_name else lambda *xs: list(xs)
    y = wrap(Y, LABELS)
    model.compile(
        "sgd", wrap("mse", "sparse_categorical_crossentropy"), loss_weights=wrap(1.0, 0.5),
        metrics=wrap(["mae"], ["accuracy"]),
    )  # fmt: skip
    history = model.fit(X, y, epochs=2, verbose=0).history
    ours = from_r(
        """
        set_random_seed(4)
        start <- layer_input(shape = 4)
        outputs <- list(p = layer_dense(start, 1, name = "p"),
                        q = layer_dense(start, 3, activation = "softmax", name = "q"))
        form <- if (by_name) identity else unname
        model <- keras_model(start, form(outputs))
        compile(model, "sgd", form(c(p = "mse", q = "sparse_categorical_crossentropy")),
                loss_weights = form(c(p = 1, q = 0.5)),
                metrics = form(list(p = "mae", q = "accuracy")))
        y <- form(list(p = y, q = factor(labels)))
        h <- fit(model, x, y, epochs = 2, verbose = 0)
        list(lapply(h$metrics, as.list), evaluate(model, x, y, verbose = 0),
             predict(model, x, verbose = 0), predict_on_batch(model, x))
        """,
        x=X, y=Y, labels=LABELS, by_name=by_name,
    )  # fmt: skip
    assert ours[0] == history
    assert ours[1] == model.evaluate(X, y, verbose=0, return_dict=True)
    theirs = model.predict(X, verbose=0)
    for key in theirs if by_name else range(2):
        np.testing.assert_array_equal(ours[2][key], theirs[key])
        np.testing.assert_allclose(ours[3][key], theirs[key], rtol=1e-5)


@pytest.mark.parametrize("form", ["identity", "unname"])
def test_targets_and_weights_by_name_or_place(keras, form):
    losses = from_r(
        f"""
        start <- layer_input(shape = 4)
        outputs <- list(p = layer_dense(start, 1, name = "p"),
                        q = layer_dense(start, 1, name = "q"))
        model <- keras_model(start, {form}(outputs))
        compile(model, "sgd", "mse")
        w <- seq_along(y)
        forms <- function(p, q) list(list(p = p, q = q), list(q = q, p = p), list(p, q))
        losses <- list()
        for (targets in forms(y, 2 * y)) for (weights in forms(w, w^2)) {{
          loss <- evaluate(model, x, targets, sample_weight = weights, verbose = 0)$loss
          by_batch <- test_on_batch(model, x, targets, sample_weight = weights)$loss
          stopifnot(all.equal(loss, by_batch, tolerance = 1e-5))
          losses <- c(losses, loss)
        }}
        validated <- fit(model, x, list(y, 2 * y), sample_weight = list(q = w^2, p = w),
                         validation_data = list(x, list(q = 2 * y, p = y), list(p = w, q = w^2)),
                         epochs = 1, verbose = 0)$metrics$val_loss
        stopifnot(all.equal(validated, evaluate(model, x, list(y, 2 * y), verbose = 0,
                                                sample_weight = list(w, w^2))$loss))
        losses
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert len(losses) == 9 and len(set(losses)) == 1


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("kind", ["integer", "logical", "double"])
def test_arrays_of_every_rank_and_type(keras, rank, kind):
    dims = [12, 3, 2, 2, 2][:rank]
    values = np.random.default_rng(rank).integers(0, 2, dims)
    values = values.astype({"integer": "int32", "logical": "bool", "double": "float64"}[kind])

    def build():
        keras.utils.set_random_seed(1)
        shape = tuple(dims[1:]) or (1,)
        layers = [keras.layers.Input(shape), keras.layers.Flatten(), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
        model.compile("sgd", "mse")
        return model

    model = build()
    losses = model.fit(values, np.arange(12), epochs=1, verbose=0).history["loss"]
    ours = from_r(
        """
        set_random_seed(1)
        model <- keras_model_sequential(input_shape = if (length(dim(x)) > 1) dim(x)[-1] else 1) |>
          layer_flatten() |> layer_dense(1)
        compile(model, "sgd", "mse")
        h <- fit(model, x, 0:11, epochs = 1, verbose = 0)
        list(typeof(x), h$metrics$loss, predict(model, x, verbose = 0))
        """,
        x=values,
    )  # fmt: skip
    assert ours[:2] == [kind, losses[0]]
    np.testing.assert_array_equal(ours[2], model.predict(values, verbose=0))


def test_classed_numbers_are_their_numbers(keras):
    ours = from_r("""
      lapply(list(ts(1:3), table(c("a", "b", "a")), I(c(1, 2))), pyclassbridge:::keras_data)
    """)
    assert [list(x) for x in ours] == [[1, 2, 3], [2, 1], [1, 2]]


def test_a_sparse_matrix_is_data(keras):
    if not from_r("requireNamespace('Matrix', quietly = TRUE)"):
        pytest.skip("R has no package Matrix")
    sparse = np.where(np.abs(X) > 1, X, 0)
    history = dense(keras).fit(sparse, Y, epochs=2, verbose=0).history
    ours = from_r(
        DENSE
        + """
        h <- fit(model, Matrix::Matrix(x, sparse = TRUE), y, epochs = 2, verbose = 0)
        lapply(h$metrics, as.list)
        """,
        x=sparse, y=Y,
    )  # fmt: skip
    assert ours == history


# ---- text ----------------------------------------------------------------------------------------


@TENSORFLOW
def test_text_for_a_model_that_reads_text(keras):
    import tensorflow as tf

    texts = ["a b c", "b c d", "a d", "c c"] * 4
    y = [1, 0, 1, 0] * 4
    words = keras.layers.TextVectorization(output_sequence_length=3)
    words.adapt(texts)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.layers.Input((1,), dtype="string"), words, keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    column = tf.constant([[text] for text in texts])
    losses = model.fit(column, np.array(y), epochs=2, verbose=0).history["loss"]
    ours = from_r(
        """
        words <- layer_text_vectorization(output_sequence_length = 3)
        texts <- unlist(texts)
        adapt(words, texts)
        set_random_seed(1)
        model <- keras_model_sequential(input_shape = 1, input_dtype = "string", layers = words) |>
          layer_dense(1)
        compile(model, "sgd", "mse")
        h <- fit(model, texts, unlist(y), epochs = 2, verbose = 0)
        list(as.list(h$metrics$loss), predict(model, texts, verbose = 0),
             predict_on_batch(model, texts))
        """,
        texts=texts, y=y,
    )  # fmt: skip
    assert ours[0] == losses
    np.testing.assert_array_equal(ours[1], model.predict(column, verbose=0))
    np.testing.assert_allclose(ours[2], ours[1], rtol=1e-5)


# ---- arrays from lists --------------------------------------------------------------------------

UTILITIES = {
    "pad_sequences(list(1:3, 4, c(5, 6)), maxlen = 2)": lambda u: u.pad_sequences(
        [[1, 2, 3], [4], [5, 6]], maxlen=2
    ),
    "pad_sequences(list(c(0.5, 1), 2), dtype = 'float32', padding = 'post', value = -1)": (
        lambda u: u.pad_sequences([[0.5, 1], [2]], dtype="float32", padding="post", value=-1)
    ),
    "pad_sequences(list(1L, 2:4), maxlen = 2, truncating = 'post')": lambda u: u.pad_sequences(
        [[1], [2, 3, 4]], maxlen=2, truncating="post"
    ),
    "to_categorical(c(1, 2), num_classes = 4)": lambda u: u.to_categorical([1, 2], 4),
    "to_categorical(matrix(0:3, 2))": lambda u: u.to_categorical([[0, 2], [1, 3]]),
    "pad_sequences(list(a = 1:3, b = 4L, c = integer()))": lambda u: u.pad_sequences(
        [[1, 2, 3], [4], []]
    ),
    "normalize(matrix(c(3, 6, 4, 8), 2))": lambda u: u.normalize(np.array([[3, 4], [6, 8]])),
    "normalize(matrix(c(3, 6, 4, 8), 2), axis = 1, order = 1)": lambda u: u.normalize(
        np.array([[3, 4], [6, 8]]), axis=0, order=1
    ),
}


@pytest.mark.parametrize("code", UTILITIES)
def test_utilities_for_data(keras, code):
    np.testing.assert_array_equal(from_r(code), UTILITIES[code](keras.utils))


def test_fractions_that_pad_sequences_cuts_are_told(keras):
    with pytest.warns(UserWarning, match='fractions are cut to whole numbers; `dtype = "float32"`'):
        from_r("pad_sequences(list(1:2, 1.5))")


def test_sequences_are_data_once_they_are_padded(keras):
    """As those of dataset_imdb() and dataset_reuters(): a list of integer vectors."""
    reviews, seen = [[1, 5, 2], [7], [3, 4], [8, 9, 1, 2]], [0, 1, 0, 1]

    def build():
        keras.utils.set_random_seed(1)
        layers = [keras.layers.Input((3,)), keras.layers.Embedding(10, 2), keras.layers.Flatten()]
        model = keras.Sequential([*layers, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    padded = keras.utils.pad_sequences(reviews, maxlen=3)
    losses = build().fit(padded, np.array(seen), epochs=1, verbose=0).history["loss"]
    ours = from_r(
        """
        reviews <- list(c(1L, 5L, 2L), 7L, c(3L, 4L), c(8L, 9L, 1L, 2L))
        padded <- pad_sequences(reviews, maxlen = 3)
        history <- fit(model, padded, c(0, 1, 0, 1), epochs = 1, verbose = 0)
        list(lengths(reviews), padded, as.list(history$metrics$loss))
        """,
        model=build(),
    )
    assert list(ours[0]) == [3, 1, 2, 4]
    np.testing.assert_array_equal(ours[1], padded)
    assert ours[2] == losses


# ---- preprocessing layers ----------------------------------------------------------------------

ADAPTED = {
    "a matrix": ("layer_normalization()", "x", "as.array(layer$mean)"),
    "a data frame": ("layer_normalization()", "as.data.frame(x)", "as.array(layer$mean)"),
    "a list of words": ("layer_string_lookup()", "c('b', 'a', 'b')", "layer$get_vocabulary()"),
    "a factor": ("layer_string_lookup()", "factor(c('b', 'a', 'b'))", "layer$get_vocabulary()"),
    "a column": (
        "layer_string_lookup()", "data.frame(w = c('b', 'a', 'b'))", "layer$get_vocabulary()"
    ),
    "one text": ("layer_text_vectorization()", "'b a b'", "layer$get_vocabulary()"),
    "whole doubles": ("layer_integer_lookup()", "c(7, 5, 7)", "layer$get_vocabulary()"),
    "a vector": ("layer_discretization(num_bins = 2)", "c(1, 2, 3, 4)", "layer$bin_boundaries"),
}  # fmt: skip
LEARNT = {
    "a matrix": X.mean(axis=0)[None],
    "a data frame": X.mean(axis=0)[None],
    "one text": ["", "[UNK]", "b", "a"],
    "whole doubles": [-1, 7, 5],
    "a vector": [2.0],
}


@TENSORFLOW
@pytest.mark.parametrize("case", ADAPTED)
def test_adapt_takes_data_of_r(keras, case):
    layer, data, result = ADAPTED[case]
    ours = from_r(f"{{ layer <- {layer}; adapt(layer, {data}); {result} }}", x=X)
    expected = LEARNT.get(case, ["[UNK]", "b", "a"])
    if isinstance(expected[0], (str, int)):
        assert list(ours) == expected
    else:
        np.testing.assert_allclose(np.asarray(ours), expected, rtol=1e-3, atol=1e-6)


@TENSORFLOW
def test_adapt_reads_some_batches_of_a_dataset(keras):
    ours = from_r("""
      data <- import("tensorflow")$data$Dataset$from_tensor_slices(c("a b", "c", "d"))$batch(1L)
      words <- layer_text_vectorization()
      adapt(words, data, steps = 2)
      sort(unlist(words$get_vocabulary()))
    """)
    assert ours == ["", "[UNK]", "a", "b", "c"]


# ---- memory --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["double", "integer"])
def test_large_data_give_what_small_ones_give(keras, kind, monkeypatch):
    """On TensorFlow, large arrays become tensors that share their memory."""
    from pyclass_bridge.surface import data

    code = (
        DENSE
        + f"""
        storage.mode(x) <- "{kind}"
        y <- x[, 1] + 0.25
        w <- rep(c(1, 2), length(y) / 2)
        list(
          fit(model, x, y, epochs = 3, verbose = 0, sample_weight = w, batch_size = 10,
              validation_split = 0.2)$metrics,
          fit(model, x, y, epochs = 1, verbose = 0, validation_data = list(x, y))$metrics,
          evaluate(model, x, y, verbose = 0), predict(model, x, verbose = 0)
        )
        """
    )
    small = from_r(code, x=X * 3)
    seen = []
    tensor_of = data._tensor_of
    monkeypatch.setattr(data, "LARGE", 1)
    monkeypatch.setattr(data, "_tensor_of", lambda *a: seen.append(a) or tensor_of(*a))
    large = from_r(code, x=X * 3)
    assert bool(seen) == (backend() == "tensorflow")
    np.testing.assert_equal(large, small)


def test_a_method_of_a_users_class_gets_what_r_gives(keras):
    given = []

    class Own(keras.Sequential):
        def predict(self, x, **further):
            given.append((x.dtype, x.shape))
            return super().predict(x, **further)

    from_r(
        "predict(model, x, verbose = 0)", x=X, model=Own([keras.Input((4,)), keras.layers.Dense(1)])
    )
    assert given == [(np.dtype("float64"), X.shape)]


@pytest.mark.parametrize("on", ["tensorflow", "jax"])
def test_fit_makes_no_copy_of_the_size_of_the_data(on):
    """1 GB: python benchmarks/memory_fit.py."""
    need(on)
    done = output_of(
        f"""
        sys.path.insert(0, {str(ROOT / "benchmarks")!r})
        import memory_fit
        print(memory_fit.measured(100)["above"])
        """,
        KERAS_BACKEND=on,
        timeout=120,
    )
    assert float(done.split()[-1]) < 120
