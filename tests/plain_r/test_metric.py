"""Metrics of plain R functions: their numbers are those of NumPy, whatever the step is.

test_on_backends.py has this file run on the other backends that are installed.

Of: plain_r/metric.py, plain_r/rows.py, plain_r/compiled_metrics.py.
"""

from __future__ import annotations

import copy
import pickle

import keras
import numpy as np
import pytest
from support.plain_metrics import BATCH, WEIGHTS, X, Y, batches, in_numpy, summary, trained, ways
from support.subprocesses import output_of
from support.twin import backend

import pyclass_bridge

MEDIAN = "function(y_true, y_pred) stats::median(abs(y_true - y_pred))"
WEIGHTED = "function(y_true, y_pred, sample_weight = NULL) weighted.mean(y_pred, sample_weight)"


def metric(code: str, name: str = "m", **options):
    given = "".join(f", {key} = {value}" for key, value in options.items())
    return pyclass_bridge.r(f'metric_r("{name}", {code}{given})')


def median(y, p, weight):
    return np.median(abs(y - p))


def mean_by_weight(y, p, weight):
    return np.average(p, weights=weight)


def close(values, expected):
    np.testing.assert_allclose(values, expected, rtol=2e-5, atol=1e-6)


# ---- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("compiling", ways(), ids=str)
def test_a_training_is_that_of_numpy(compiling):
    metrics = [metric(MEDIAN, "batch"), metric(MEDIAN, "epoch", over="'epoch'")]
    history, model = trained(metrics, compiling=compiling, validation_data=(X, Y))
    expected = in_numpy(median, 2)
    close(history["batch"], [told["train"]["by_rows"] for told in expected])
    close(history["epoch"], [told["train"]["epoch"] for told in expected])
    close(history["val_batch"], [told["test"]["by_rows"] for told in expected])
    close(history["val_epoch"], [told["test"]["epoch"] for told in expected])
    scores = model.evaluate(X, Y, batch_size=BATCH, verbose=0, return_dict=True)
    close([scores["batch"], scores["epoch"]], [history["val_batch"][1], history["val_epoch"][1]])
    # A batch by itself is an epoch.
    scores = model.test_on_batch(X, Y, return_dict=True)
    close([scores["batch"], scores["epoch"]], [history["val_epoch"][1]] * 2)


@pytest.mark.parametrize("compiling", ways(), ids=str)
def test_weights_weigh_the_batches(compiling):
    history, model = trained(
        [], compiling=compiling | {"weighted_metrics": [
            metric(WEIGHTED, "batch"), metric(WEIGHTED, "epoch", over="'epoch'")
        ]}, sample_weight=WEIGHTS * 0 + 1, epochs=1, validation_data=(X, Y, WEIGHTS),
    )  # fmt: skip
    p = model.predict(X, verbose=0)[:, 0]
    parts = list(zip(batches(Y[:, 0]), batches(p), batches(WEIGHTS), strict=True))
    expected = summary(mean_by_weight, parts)
    close(history["val_batch"], [expected["by_weight"]])
    close(history["val_epoch"], [expected["epoch"]])


def test_weights_of_classes_come_as_weights():
    given = metric(
        "function(y_true, y_pred, sample_weight) sum(sample_weight)", "w", over="'epoch'"
    )
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", weighted_metrics=[given])
    y = np.arange(20) % 2
    history = model.fit(X, y, class_weight={0: 1.0, 1: 3.0}, batch_size=8, verbose=0).history
    close(history["w"], [40])


@pytest.mark.parametrize("over", ["batch", "epoch"])
def test_a_batch_without_weight_does_not_count(over):
    m = metric("function(y_true, y_pred, sample_weight) weighted.mean(y_pred, sample_weight)",
               over=f"'{over}'")  # fmt: skip
    m.update_state([1.0, 2], [3.0, 5], [0.0, 0])
    m.update_state([1.0, 2], [3.0, 5], [1.0, 3])
    assert float(m.result()) == 4.5


@pytest.mark.parametrize("compiling", ways(), ids=str)
def test_several_numbers_have_names_of_their_own(compiling):
    code = "{ n <- length(y_true); if (n > 0) list(n = n, last = y_true[n]) }"
    two = f"function(y_true, y_pred) {code}"
    history, _ = trained(
        [metric(two, "a", over="'epoch'"), "mae"], compiling=compiling, epochs=1,
        validation_data=(X[:9], Y[:9]),
    )  # fmt: skip
    assert set(history) == {"loss", "mae", "n", "last", "val_loss", "val_mae", "val_n", "val_last"}
    close([history["n"], history["val_n"]], [[20], [9]])
    close([history["last"], history["val_last"]], [Y[-1], Y[8]])


@pytest.mark.parametrize(
    "code, names",
    [
        ("list(a = 1, b = 2)", ("a", "b")),
        ("c(a = 1)", ("a",)),
        ("{ x <- 1; (list(a = x, `b c` = 2)) }", ("a", "b c")),
        ("{ return(list(a = 1)) }", ("a",)),
        ("if (y_true[1] > 0) list(a = 1, b = 2) else c(b = 1, a = 2)", ("a", "b")),
        ("if (y_true[1] > 0) list(a = 1) else list(b = 1)", None),
        ("{ out <- list(a = 1, b = 2); out }", ("a", "b")),
        ("invisible(list(a = 1))", ("a",)),
        ("list(1, a = 2)", None),
        ("mean(c(a = 1))", None),
        ("{}", None),
    ],
)
def test_names_are_read_from_the_code(code, names):
    assert metric(f"function(y_true, y_pred) {code}").values == names


def test_logs_within_an_epoch():
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((logs["rows"], logs["late"]))

    rows = "function(y_true, y_pred) length(y_true)"
    metrics = [metric(rows, "rows"), metric(rows, "late", over="'epoch'")]
    history, _ = trained(metrics, epochs=1, callbacks=[Watch()])
    close([shown for shown, _ in seen], [8, 8, (8 * 8 + 8 * 8 + 4 * 4) / 20])
    assert all(np.isnan(late) for _, late in seen)
    assert history["late"] == [20]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_precisions(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        most = "function(y_true, y_pred) max(y_pred)"
        model.compile("sgd", "mse", metrics=[metric(most, "b"), metric(most, "e", over="'epoch'")])
    finally:
        keras.config.set_dtype_policy("float32")
    scores = model.evaluate(X, Y, batch_size=20, verbose=0, return_dict=True)
    expected = np.float64(model.predict(X, batch_size=20, verbose=0).max())
    # In doubles, steps of testing and of prediction may differ in the last digit.
    assert scores["b"] == scores["e"] == pytest.approx(expected, rel=1e-14)


def test_data_of_other_kinds():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[8 * i : 8 * i + 8], Y[8 * i : 8 * i + 8]

    def generator():
        yield from zip(batches(X), batches(Y), strict=True)

    count = metric("function(y_true, y_pred) length(y_pred)", "n", over="'epoch'")
    _, model = trained([count, metric(MEDIAN, "e", over="'epoch'")])
    expected = model.evaluate(X, Y, verbose=0, return_dict=True)
    for data in (Batches(), generator()):
        scores = model.evaluate(data, verbose=0, return_dict=True)
        close([scores["n"], scores["e"]], [20, expected["e"]])
    history = model.fit(
        X, Y, epochs=4, validation_split=0.25, validation_freq=2, verbose=0, batch_size=4
    ).history
    assert history["n"] == [15] * 4 and history["val_n"] == [5] * 2
    if backend() == "tensorflow":
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
        assert model.evaluate(data, verbose=0, return_dict=True)["e"] == pytest.approx(
            model.evaluate(X, Y, verbose=0, return_dict=True)["e"], rel=1e-6
        )


def test_a_model_that_is_compiled_again_has_the_new_function():
    _, model = trained([metric("function(y_true, y_pred) 1")])
    for value in (2, 3):
        model.compile("sgd", "mse", metrics=[metric(f"function(y_true, y_pred) {value}")])
        assert model.fit(X, Y, verbose=0).history["m"] == [value]


# ---- direct use ----------------------------------------------------------------------------------


def test_direct_use():
    calls = pyclass_bridge.r(
        """local({ n <- 0; f <- function(y_true, y_pred) { n <<- n + 1; mean(y_pred) }
           list(m = metric_r("m", f, over = "epoch"), n = function() n) })"""
    )
    m = calls["m"]
    assert np.isnan(m.result())
    m.update_state([1.0, 2], [3.0, 4])
    m.update_state(np.ones(1), np.full((1, 1), 8.0))
    assert m.result() == m.result() == 5 and calls["n"]() == 1
    m.reset_state()
    assert np.isnan(m.result())
    assert m(np.zeros(2), np.ones(2)) == 1


def test_direct_use_in_r():
    assert pyclass_bridge.r(
        """local({
          correct <- function(y_true, y_pred) mean(y_true == levels(y_true)[max.col(y_pred)])
          m <- metric_r("acc", correct)
          y <- factor(c("b", "a", "b"), levels = c("a", "b"))
          m$update_state(y, rbind(c(0, 1), c(1, 0), c(1, 0)))
          as.numeric(m$result())
        })"""
    ) == pytest.approx(2 / 3)


# ---- what R gets ---------------------------------------------------------------------------------

SPY = """local({
  seen <- character()
  told <- function(x) paste(class(x)[[1L]], typeof(x), paste(dim(x), collapse = "x"),
    paste(levels(x), collapse = ","), paste(colnames(x), collapse = ","))
  spy <- function(y_true, y_pred) { seen <<- c(seen, told(y_true), told(y_pred)); 1 }
  told_after <- function(y, units, loss, ...) {
    x <- matrix(seq(0, 1, length.out = 4 * NROW(y)), NROW(y))
    model <- keras_model_sequential(input_shape = 4) |> layer_dense(units)
    model |> compile(loss = loss, metrics = metric_r("spy", spy, ...))
    model |> fit(x, y, batch_size = 8, epochs = 1, verbose = 0)
    evaluate(model, x, y, verbose = 0)
    last <- unique(trimws(gsub(" +", " ", seen)))
    seen <<- character()
    last
  }
})"""


@pytest.mark.parametrize(
    "y, units, loss, expected",
    [
        ("1:16 / 3", 1, "mse", ["numeric double"]),
        ("1:16", 1, "mse", ["integer integer", "numeric double"]),
        ("rep(c(TRUE, FALSE), 8)", 1, "mse", ["logical logical", "numeric double"]),
        ("matrix(1:32 / 3, 16)", 2, "mse", ["matrix double 8x2", "matrix double 16x2"]),
        ("factor(rep(c('u', 'v', 'w', 'v'), 4))", 3, "sparse_categorical_crossentropy",
         ["factor integer u,v,w", "matrix double 8x3 u,v,w", "matrix double 16x3 u,v,w"]),
        ("factor(rep(c('no', 'yes'), 8))", 1, "binary_crossentropy",
         ["factor integer no,yes", "numeric double"]),
        ("to_categorical(rep(0:1, 8))", 2, "mse", ["matrix double 8x2", "matrix double 16x2"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("over", ["batch", "epoch"])
def test_what_r_gets(y, units, loss, expected, over):
    seen = pyclass_bridge.r(SPY + f"({y}, {units}, '{loss}', over = '{over}')")
    seen = [seen] if isinstance(seen, str) else seen
    if over == "epoch":
        expected = list(dict.fromkeys(text.replace("8x", "16x") for text in expected))
    assert seen == expected


@pytest.mark.parametrize("over", ["batch", "epoch"])
def test_a_factor_that_the_model_does_not_know(over):
    """Its levels are those of the evaluation, and are forgotten after it."""
    seen = pyclass_bridge.r(
        """local({
          is_w <- function(y_true, y_pred) mean(y_true == "w")
          loss <- loss_r(function(y_true, y_pred) rep(nlevels(y_true), length(y_true)))
          model <- keras_model_sequential(input_shape = 4) |> layer_dense(3)
          model |> compile(optimizer = optimizer_sgd(0), loss = loss,
            metrics = metric_r("w", is_w, over = over))
          x <- matrix(0, 8, 4)
          y <- factor(rep(c("u", "w", "v", "w"), 2))
          found <- function(test) c(test$w, test$loss)
          tested <- function(y) found(evaluate(model, x, y, verbose = 0))
          on_batch <- function(y) found(test_on_batch(model, x, y))
          codes <- as.integer(y) - 1L
          c(tested(y), tested(codes), tested(factor(y, levels = c("w", "v", "u"))), on_batch(y),
            on_batch(codes), found(suppressWarnings(train_on_batch(model, x, y))), on_batch(codes))
        })""",
        over=over,
    )
    assert seen == [0.5, 3, 0, 0, 0.5, 3, 0.5, 3, 0, 0, 0.5, 3, 0.5, 3]


def test_levels_of_several_outputs_and_of_a_loaded_model(tmp_path):
    seen = pyclass_bridge.r(
        """local({
          seen <- character()
          spy <- function(y_true, y_pred) {
            seen <<- c(seen, paste(levels(y_true), collapse = ","))
            1
          }
          input <- keras_input(4)
          a <- input |> layer_dense(3, activation = "softmax", name = "a")
          b <- input |> layer_dense(1, name = "b")
          model <- keras_model(input, list(a = a, b = b))
          model |> compile(loss = list(a = "sparse_categorical_crossentropy", b = "mse"),
            metrics = list(a = metric_r("spy", spy), b = metric_r("spy", spy)))
          y <- factor(rep(c("u", "v", "w"), 4))
          x <- matrix(0, 12, 4)
          model |> fit(x, list(a = y, b = 1:12), epochs = 1, verbose = 0)
          save_model(model, file)
          loaded <- load_model(file, custom_objects = list(spy = spy))
          evaluate(loaded, x[1:3, ], list(a = factor(c("w", "w", "u")), b = 1:3), verbose = 0)
          seen
        })""",
        file=str(tmp_path / "model.keras"),
    )
    assert seen == ["u,v,w", "", "u,v,w", ""]


def test_arrays_of_three_dims():
    code = "{ d <- dim(y_pred); list(a = d[1], b = d[2], c = d[3]) }"
    dims = metric(f"function(y_true, y_pred) {code}", over="'epoch'")
    model = keras.Sequential([keras.layers.Input((5, 2)), keras.layers.Dense(3)])
    model.compile("sgd", "mse", metrics=[dims])
    logs = model.fit(np.zeros((20, 5, 2)), np.zeros((20, 5, 3)), batch_size=8, verbose=0).history
    assert [logs[key] for key in "abc"] == [[20], [5], [3]]


# ---- saving --------------------------------------------------------------------------------------

FILE = """
gap <- function(y_true, y_pred) max(y_pred) - max(y_true)
inline <- metric_r("inline", function(y_true, y_pred) list(a = min(y_pred), b = 2), over = "epoch")
Count <- Metric("Count", eager = TRUE,
  initialize = function(start = 0, name = "count", ...) {
    super$initialize(name = name, ...)
    private$start <- start
    private$n <- start
  },
  update_state = function(y_true, y_pred, ...) private$n <- private$n + length(y_pred),
  result = function() private$n,
  reset_state = function() private$n <- private$start
)
"""


def test_files_and_copies(tmp_path):
    (tmp_path / "parts.R").write_text(FILE)
    ns = pyclass_bridge.source(str(tmp_path / "parts.R"))
    gap = pyclass_bridge.r("metric_r('gap', gap)", gap=ns.gap)
    _, model = trained([gap, ns.inline, ns.Count(start=5)])
    expected = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert expected["count"] == 25
    path = str(tmp_path / "model.keras")
    model.save(path)
    twins = [keras.saving.load_model(path), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    for twin in twins:
        assert twin.evaluate(X, Y, verbose=0, return_dict=True) == expected
    for twin in (copy.deepcopy(gap), pickle.loads(pickle.dumps(gap))):
        twin.update_state([1.0, 2], [3.0, 4])
        assert float(twin.result()) == 2
    told = output_of(
        f"""
        import keras, numpy as np, pyclass_bridge
        try:
            keras.saving.load_model({path!r})
        except TypeError as error:
            assert "Could not locate" in str(error), error
        pyclass_bridge.source({str(tmp_path / "parts.R")!r})
        model = keras.saving.load_model({path!r})
        data = np.load({str(tmp_path / "data.npz")!r})
        print(model.evaluate(data["x"], data["y"], verbose=0, return_dict=True))
        """
        if not np.savez(tmp_path / "data.npz", x=X, y=Y)
        else "",
        timeout=240,
        KERAS_BACKEND=backend(),
    )
    assert eval(told.splitlines()[-1]) == pytest.approx(expected)


# ---- bounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bound, shown", [("max_rows=10", "max_rows = 10"), ("max_mb=1e-4", "max_mb = ")]
)
def test_what_is_kept_is_bounded(bound, shown):
    kept = metric(MEDIAN, "kept", over="'epoch'", **dict([bound.split("=")]))
    with pytest.raises(
        ValueError, match=rf"metric `kept` keeps 8 rows \(.* MB\).*`{shown}.*: give a"
    ):
        trained([kept])


@pytest.mark.skipif(backend() != "jax", reason="another backend has no such distribution")
def test_data_parallel():
    told = output_of(
        """
        import keras, numpy as np, pyclass_bridge
        keras.distribution.set_distribution(keras.distribution.DataParallel())
        m = pyclass_bridge.r('''metric_r("m", function(y_true, y_pred)
          list(ordered = !is.unsorted(y_true), rows = length(y_true), top = max(y_pred)),
          over = "epoch")''')
        b = pyclass_bridge.r('metric_r("b", function(y_true, y_pred) y_true[1])')
        count = pyclass_bridge.r('''Metric("Count", eager = TRUE, private = list(n = 0),
          update_state = function(y_true, y_pred, ...) private$n <- private$n * 2 + y_true[1],
          result = function() private$n, reset_state = function() private$n <- 0)''')
        x = np.arange(96, dtype="float32").reshape(48, 2)
        y = np.arange(48, dtype="float32")

        class Own(keras.Sequential):  # its steps call R while they run
            def compute_metrics(self, *args, **kwargs):
                return super().compute_metrics(*args, **kwargs)

        for kind in (keras.Sequential, Own):
            model = kind([keras.Input((2,)), keras.layers.Dense(1)])
            for steps in (1, 2):
                model.compile(keras.optimizers.SGD(0.0), "mse", metrics=[m, b, count()],
                              steps_per_execution=steps)
                logs = model.fit(x, y, batch_size=16, shuffle=False, verbose=0, epochs=2).history
                assert len(keras.distribution.distribution().device_mesh.devices) == 2
                assert logs["ordered"] == [1, 1] and logs["rows"] == [48, 48], logs
                assert logs["b"] == [16, 16], logs
                assert next(v for k, v in logs.items() if k.startswith("count")) == [64, 64], logs
                top = model.predict(x, verbose=0, batch_size=16).max()
                assert np.allclose(logs["top"], top), (logs, top)
        print("right")
        """,
        timeout=240,
        KERAS_BACKEND="jax",
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
    assert told.endswith("right\n")


@pytest.mark.parametrize("over", ["batch", "epoch"])
def test_rows_that_do_not_match_are_an_error(define, over):
    """Else the rows of an epoch would be joined wrongly."""
    define(
        f"""m <- metric_r("m", function(y_true, y_pred) mean(y_true - y_pred), over = "{over}")"""
    )
    with pytest.raises(Exception, match=r"metric `m`, batch 1: .* have 2 and 3 rows"):
        define("m$update_state(1:2, 1:3)")
    assert define("m$reset_state(); m$update_state(1:3, 0:2); m$result()") == 1
