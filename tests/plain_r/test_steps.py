"""Plain R in steps: what is raised there is raised after the step, and the model can be used.

Of: plain_r/steps.py, plain_r/host_call.py, plain_r/host_tensorflow.py, plain_r/host_jax.py,
plain_r/host_torch.py.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.plain_metrics import BATCH, X, Y, in_numpy, trained, ways
from support.subprocesses import run_python
from support.twin import backend

import pyclass_bridge

HEAD = "function(y_true, y_pred) "


def metric(code: str, **options):
    given = "".join(f", {key} = {value}" for key, value in options.items())
    return pyclass_bridge.r(f'metric_r("bad", {HEAD}{code}{given})')


def right_again(model) -> None:
    """The model trains on with right numbers."""
    weights = model.get_weights()
    assert all(np.isfinite(w).all() for w in weights)
    model.compile("sgd", "mse", metrics=[metric("max(y_pred)", over="'epoch'"), "mse"])
    scores = model.evaluate(X, Y, verbose=0, return_dict=True)
    p = model.predict(X, verbose=0)
    np.testing.assert_allclose(scores["bad"], p.max(), rtol=1e-6)
    np.testing.assert_allclose(scores["mse"], np.mean((p - Y) ** 2), rtol=1e-5)
    assert np.isfinite(model.fit(X, Y, verbose=0).history["bad"]).all()


@pytest.mark.parametrize("over, place", [("batch", "batch 1"), ("epoch", "the epoch")])
@pytest.mark.parametrize(
    "code, error",
    [
        ("NULL", "gave NULL, not a number"),
        ("'a'", 'gave the string "a", not a number'),
        ("NA", "gave NA, not a number"),
        ("NA_real_", "gave NA, not a number"),
        ("c(1, 2)", "gave a double vector of length 2, not a number"),
        ("list(1, 2)", "gave a list of length 2, not a number"),
        ("numeric()", "gave a double vector of length 0, not a number"),
        ("mean", "gave an R function, not a number"),
        ("structure(5e-324, class = 'integer64')", "gave an object of class `integer64`, not a"),
        ("{ x <- 1:2; names(x) <- c('u', 'v'); x }",
         r'gave the numbers `u`, `v`, whose names .*: give them as `values = c\("u", "v"\)`'),
        ("list(a = 1, b = NA)", ", value `b`, gave NA, not a number"),
        ("{ x <- list(a = 1, b = 2); names(x)[2] <- 'c'; if (TRUE) x else list(a = 1, b = 2) }",
         "gave a list of length 2 with the names `a`, `c`, not the numbers `a`, `b`"),
        ("stop('no way')", ": no way"),
        ("not_there + 1", ": object 'not_there' not found"),
    ],
)  # fmt: skip
def test_bad_results(code, error, over, place):
    with pytest.raises(pyclass_bridge.RError, match=f"metric `bad`, {place} ?{error}") as caught:
        trained([metric(code, over=f"'{over}'")])
    assert caught.value.call == "bad(y_true, y_pred)"


@pytest.mark.parametrize("compiling", ways(), ids=str)
@pytest.mark.parametrize("over", ["batch", "epoch"])
def test_an_error_in_a_later_batch(compiling, over):
    code = "if (length(y_true) %in% c(4, 20)) stop('short') else 1"
    _, model = trained([], epochs=1)
    model.compile("sgd", "mse", metrics=[metric(code, over=f"'{over}'")], **compiling)
    place = "batch 3" if over == "batch" else "the epoch"
    for _ in range(2):
        with pytest.raises(pyclass_bridge.RError, match=f"metric `bad`, {place}: short"):
            model.fit(X, Y, batch_size=BATCH, verbose=0)
    with pytest.raises(pyclass_bridge.RError, match="short"):
        model.evaluate(X, Y, batch_size=BATCH, verbose=0)
    right_again(model)


def test_weights_after_an_error_are_those_of_the_steps():
    bad = metric("if (length(y_true) == 4) stop('short') else 1")
    _, right = trained([], epochs=1)
    model = keras.models.clone_model(right)
    model.set_weights([np.array([[0.5], [-1], [2]]), np.array([0.25])])
    model.compile(keras.optimizers.SGD(0.125), "mse", metrics=[bad])
    with pytest.raises(pyclass_bridge.RError):
        model.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0)
    for mine, its in zip(model.get_weights(), right.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("value", ["NaN", "Inf"])
def test_numbers_that_are_not_finite(value):
    history, _ = trained([metric(value), metric(value, over="'epoch'")], epochs=1)
    np.testing.assert_equal(history["bad"], [float(value)])


@pytest.mark.parametrize("over", ["batch", "epoch"])
def test_a_condition_of_a_class_of_its_own_stays_itself(over):
    assert pyclass_bridge.r(
        """local({
          f <- function(y_true, y_pred) stop(structure(
            class = c("my_condition", "error", "condition"), list(message = "mine", call = NULL)
          ))
          model <- keras_model_sequential(input_shape = 3) |> layer_dense(1)
          model |> compile(loss = "mse", metrics = metric_r("f", f, over = over))
          tryCatch(fit(model, matrix(0, 8, 3), 1:8, verbose = 0, epochs = 1),
            my_condition = conditionMessage)
        })""",
        over=over,
    ) == "mine"  # fmt: skip


@pytest.mark.parametrize(
    "code, error",
    [
        ("function() 1", "must take `y_true` and `y_pred`, and it has no arguments"),
        ("function(y) 1", "must take `y_true` and `y_pred`, and it has the arguments `y`"),
        ("function(y, sample_weight) 1", "must take `y_true` and `y_pred`"),
        ("function(y_true, y_pred, z) 1", "its argument `z` needs a default"),
        ("3", "needs a function of R, not the value 3"),
        ("op_mean", r"not `op_mean\(\)` of Keras"),
        ("function(y_true, y_pred) 1, over = 'year'", '`over` must be "batch" or "epoch"'),
        ("function(y_true, y_pred) 1, values = character()", "`values` must be the names"),
        ("function(y_true, y_pred) 1, values = c('a', 'a')", "two values `a`"),
        ("function(y_true, y_pred) list(loss = 1)", "a value `loss`"),
        (
            "function(y_true, y_pred) list(a = 1, val_a = 1)",
            "`val_a`, .* the number `a` of the val",
        ),
        ("function(y_true, y_pred) list(val_loss = 1)", "`val_loss`, .* the loss of the valid"),
        ("function(y_true, y_pred) c(learning_rate = 1)", "`learning_rate`, .* the learning rate"),
        ("function(y_true, y_pred) 1, max_rows = 0", "`max_rows` must be a positive number"),
        ("function(y_pred, y_true) 1", "called with `y_true`, `y_pred` in this order"),
        ("function(y_pred, truth) 1", "in this order, and it has the arguments `y_pred`, `truth`"),
    ],
)
def test_functions_that_are_errors(code, error):
    with pytest.raises(pyclass_bridge.RError, match=error):
        pyclass_bridge.r(f"metric_r('m', {code})")


@pytest.mark.parametrize("name", ["loss", "val_loss", "learning_rate", "val_x"])
def test_names_that_the_logs_have_for_other_numbers(name):
    """One of the two numbers would be lost without a word."""
    error = rf"the metric `{name}` has a value `{name}`, which is what Keras calls the .*: use ano"
    with pytest.raises(pyclass_bridge.RError, match=error):
        pyclass_bridge.r(f"metric_r('{name}', function(y_true, y_pred) 1)")
    of_a_class = f"""Metric("Own", eager = TRUE, update_state = function(y_true, y_pred, ...) NULL,
      result = function() 1, reset_state = function() NULL)(name = "{name}")"""
    with pytest.raises(pyclass_bridge.RError, match=rf"metric `{name}` has a value `{name}`, "):
        pyclass_bridge.r(of_a_class)


@pytest.mark.parametrize("name", ["lr", "valid", "x_val_loss", "size", "epoch", "plain_r_outbox"])
def test_names_that_are_free(name):
    own = pyclass_bridge.r(f"metric_r('{name}', function(y_true, y_pred) 7)")
    keep = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate)
    history, _ = trained([own], epochs=1, callbacks=[keep], validation_data=(X, Y))
    assert history[name] == history[f"val_{name}"] == [7]
    assert set(history) == {name, f"val_{name}", "loss", "val_loss", "learning_rate"}


def test_weights_for_a_function_without():
    _, model = trained([])
    model.compile("sgd", "mse", weighted_metrics=[metric("1")])
    with pytest.raises(ValueError, match="gets `sample_weight`, which its function does not take"):
        model.fit(X, Y, sample_weight=np.ones(20), verbose=0)
    right_again(model)


def test_one_name_for_two_numbers():
    with pytest.raises(ValueError, match="two metrics of the model have a number `mae`"):
        trained([metric("list(mae = 1, b = 2)"), "mae"])


@pytest.mark.parametrize("over", ["'batch'", "'epoch'"])
def test_one_metric_in_two_places(over):
    once, other = metric("1", over=over), metric("1", over=over)
    given = keras.Input((3,))
    outputs = {name: keras.layers.Dense(1, name=name)(given) for name in "ab"}
    model = keras.Model(given, outputs)
    for places in (
        {"metrics": {"a": once, "b": ["mae", once]}},
        {"metrics": {"a": [other, once, once]}},
        {"metrics": {"a": once}, "weighted_metrics": {"b": once}},
    ):
        with pytest.raises(ValueError, match="the metric `bad` is given twice, and its number"):
            model.compile("sgd", "mse", **places)
    with pytest.raises(ValueError, match="make a metric for each of them"):
        model.compile("sgd", "mse", None, {"a": once, "b": once})
    model.compile("sgd", "mse", metrics={"a": once, "b": other})
    scores = model.evaluate(X, {"a": Y, "b": Y}, verbose=0, return_dict=True)
    assert (scores["a_bad"], scores["b_bad"]) == (1, 1)


def test_numbers_of_several_outputs():
    two = [metric("list(p = 1, q = length(y_true))") for _ in range(3)]
    given = keras.Input((3,))
    outputs = {name: keras.layers.Dense(1, name=name)(given) for name in "ab"}
    model = keras.Model(given, outputs)
    model.compile(
        "sgd", {"a": "mse", "b": "mse"}, metrics={"a": two[0], "b": two[1]},
        weighted_metrics={"b": metric("list(p = 1, q = 2)")},
    )  # fmt: skip
    logs = model.fit(X, {"a": Y, "b": Y}, verbose=0).history
    shown = {"a_p", "a_q", "b_p", "b_q", "b_weighted_p", "b_weighted_q"}
    assert shown | {"loss", "a_loss", "b_loss"} == set(logs)


def test_a_step_of_ones_own():
    class Own(keras.Sequential):
        def test_step(self, *args):
            result = super().test_step(*args)
            logs = result[0] if isinstance(result, tuple) else result
            logs = {"bad": logs["bad"], "more": 1.0}
            return (logs, result[1]) if isinstance(result, tuple) else logs

    model = Own([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[metric("max(y_pred)", over="'epoch'")])
    scores = model.evaluate(X, Y, batch_size=BATCH, verbose=0, return_dict=True)
    top = model.predict(X, verbose=0).max()
    assert scores == {"bad": pytest.approx(top, rel=1e-6), "more": 1}


class ByMetrics(keras.Sequential):
    """Its steps return `{m.name: m.result() for m in self.metrics}`, as Keras' guides have it: the
    results of compile() are one of them, a dict."""

    def _by_metrics(self, result):
        logs, *state = result if isinstance(result, tuple) else (result,)
        logs = dict(logs)
        own = {"loss": logs.pop("loss"), "compile_metrics": logs}
        return (own, *state) if state else own

    def train_step(self, *args):
        return self._by_metrics(super().train_step(*args))

    def test_step(self, *args):
        return self._by_metrics(super().test_step(*args))


@pytest.mark.parametrize("code", ["max(y_pred)", "list(top = max(y_pred), low = min(y_pred))"])
@pytest.mark.parametrize("over", ["'batch'", "'epoch'"])
def test_a_step_that_returns_the_results_of_all_metrics(over, code):
    def numbers(kind):
        keras.utils.set_random_seed(1)
        model = kind([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae", metric(code, over=over)])
        fitting = {"batch_size": BATCH, "epochs": 2, "validation_data": (X, Y), "shuffle": False}
        found = model.fit(X, Y, verbose=0, **fitting).history
        scores = model.evaluate(X, Y, batch_size=BATCH, verbose=0, return_dict=True)
        on_batch = [
            each(X[:BATCH], Y[:BATCH], return_dict=True)
            for each in (model.train_on_batch, model.test_on_batch)
        ]
        for i, logs in enumerate([scores, *on_batch]):
            found |= {f"{name} {i}": value for name, value in logs.items()}
        return found

    found, right = numbers(ByMetrics), numbers(keras.Sequential)
    assert set(found) == set(right)
    for name, values in right.items():
        assert np.isfinite(values).all(), name
        np.testing.assert_allclose(found[name], values, rtol=1e-5, err_msg=name)


CLOSED = """function(fails) local({
  n <- 0
  own <- loss_r(function(y_true, y_pred) {
    n <<- n + 1
    if (n == fails) stop("no such level")
    (y_true - y_pred)^2
  }, function(y_true, y_pred) 2 * (y_pred - y_true), name = "own")
  Layer("Closed", call = function(x) {
    self$add_loss(op_mean(own(x, 2 * x)))
    x
  })
})()"""


@pytest.mark.parametrize("compiling", [{}, {"run_eagerly": True}], ids=str)
@pytest.mark.parametrize("fails, batch", [(1, 1), (3, 3), (5, 2)])
def test_a_loss_that_only_a_closure_has(compiling, fails, batch):
    """No part of the model has it, and it is the host's error that is raised after the step."""
    layer = pyclass_bridge.r(CLOSED)(fails)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1), layer])
    model.compile("sgd", "mse", **compiling)
    with pytest.raises(pyclass_bridge.RError, match=f"loss `own`, batch {batch}: no such level"):
        model.fit(X, Y, batch_size=BATCH, epochs=2, verbose=0)
    assert np.isfinite(model.predict(X, verbose=0)).all()
    assert model.fit(X, Y, batch_size=BATCH, verbose=0).history["loss"]


@pytest.mark.skipif(backend() != "tensorflow", reason="other compilers call R from compiled code")
def test_xla():
    both = {"jit_compile": True, "steps_per_execution": 2}
    with pytest.raises(
        ValueError, match=r"`steps_per_execution = 2` .*: use `jit_compile = FALSE`"
    ):
        trained([metric("1")], compiling=both)
    _, model = trained([metric("max(y_pred)")], compiling={"jit_compile": True})
    assert model.jit_compile is True

    class Measuring(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.measure = metric("1")

        def call(self, x):
            self.measure.update_state(x, x)
            return x

    model = keras.Sequential([keras.Input((3,)), Measuring(), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="can't call from code that XLA compiles"):
        model.compile("sgd", "mse", jit_compile=True)
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history["bad"] == [1]


def test_a_metric_over_the_epoch_is_of_the_weights_of_each_step():
    expected = in_numpy(lambda y, p, weight: p.max(), 1)[0]["train"]["epoch"]
    history, _ = trained([metric("max(y_pred)", over="'epoch'")], epochs=1)
    np.testing.assert_allclose(history["bad"], [expected], rtol=1e-5)


def test_a_metric_that_another_model_has_used():
    shared = [metric("length(y_true)"), metric("length(y_true)", over="'epoch'")]
    for _ in range(2):
        history, _ = trained(shared, epochs=2)
        assert history["bad_1"] == [20, 20]
        np.testing.assert_allclose(history["bad"], [7.2] * 2)


INTERRUPTED = """
import keras, numpy as np, pyclass_bridge
m = pyclass_bridge.r('''metric_r("slow", function(y_true, y_pred) {
  cat("begins\\n")
  start <- Sys.time()
  while (difftime(Sys.time(), start, units = "secs") < 60) sqrt(2)
  1
}, over = "%s")''')
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=[m])
class Interrupt(threading.Thread):
    def run(self):
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)
watch = sys.stdout.write
def write(text):
    watch(text)
    if "begins" in text:
        Interrupt().start()
sys.stdout.write = write
try:
    model.fit(np.ones((8, 3)), np.ones(8), verbose=0)
except KeyboardInterrupt:
    fine = pyclass_bridge.r('metric_r("m", function(y_true, y_pred) 2)')
    model.compile("sgd", "mse", metrics=[fine])
    print(model.fit(np.ones((8, 3)), np.ones(8), verbose=0).history["m"])
"""


@pytest.mark.parametrize("over", ["batch", "epoch"])
def test_ctrl_c(over):
    done = run_python(INTERRUPTED % over, timeout=50, KERAS_BACKEND=backend())
    assert done.stdout.splitlines() == ["begins", "[2.0]"], done.stderr[-2000:]


@pytest.mark.skipif(backend() != "tensorflow", reason="it is about what TensorFlow prints")
def test_tensorflow_prints_nothing_of_an_error():
    done = run_python(
        """
        import keras, numpy as np, pyclass_bridge
        m = pyclass_bridge.r('metric_r("m", function(y_true, y_pred) stop("no"))')
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        for steps in (1, 2):
            model.compile("sgd", "mse", metrics=[m], steps_per_execution=steps)
            print("now", file=sys.stderr)
            try:
                model.fit(np.ones((8, 3)), np.ones(8), verbose=0)
            except pyclass_bridge.RError as error:
                print(error.message)
        """,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["metric `m`, batch 1: no"] * 2
    assert done.stderr.split("now")[1:] == ["\n", "\n"]


PLAIN_R_IN_TRACED_CODE = {
    "a class of a metric": (
        """Metric("Own", update_state = function(y_true, y_pred, ...) {code},
             result = function() op_zeros(list()), reset_state = function() NULL)()""",
        r"plain R, which gets values, with `Metric\(..., eager = TRUE\)`",
    ),
    "a function as metric": ("function(y_true, y_pred) {code}", r"by metric_r\(\)"),
    "a function as loss": ("function(y_true, y_pred) {code}", r"by loss_r\(\)"),
    "a class of a loss": ("Loss('L', call = function(y_true, y_pred) {code})()", r"by loss_r\(\)"),
    "a class of a layer": ("Layer('Own', call = function(y_pred) {code})()", r"by layer_r\(\)"),
}


@pytest.mark.skipif(backend() == "torch", reason="torch's steps are not traced")
@pytest.mark.parametrize("code", ["mean(as.numeric(y_pred))", "sort(y_pred)", "as.array(y_pred)"])
@pytest.mark.parametrize("made, way", PLAIN_R_IN_TRACED_CODE.values(), ids=PLAIN_R_IN_TRACED_CODE)
def test_r_functions_of_values_in_traced_code(made, way, code):
    """The error says how this metric, loss or layer can be plain R."""
    own = pyclass_bridge.r(made.replace("{code}", code))
    layers = [keras.Input((3,)), keras.layers.Dense(1)]
    with pytest.raises(TypeError, match=rf"symbolic here \(traced code\).*{way}, or compile\("):
        model = keras.Sequential([*layers, own] if "layer" in way else layers)
        model.compile(
            "sgd", own if "loss" in way else "mse", metrics=[own] if "etric" in way else []
        )
        model.fit(X, Y, verbose=0)
