"""Metrics written in R against the same metrics written in Python, side by side.

Of: classes/builder.py, classes/results.py, R/classes_subclass.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.twin import backend, data, dense_model, train

# The reference's example, as it stands there.
REFERENCE = """
metric_binary_true_positives <- Metric(
  classname = "BinaryTruePositives",

  initialize = function(name = 'binary_true_positives', ...) {
    super$initialize(name = name, ...)
    self$true_positives <-
      self$add_weight(shape = shape(),
                      initializer = 'zeros',
                      name = 'true_positives')
  },

  update_state = function(y_true, y_pred, sample_weight = NULL) {
    y_true <- op_cast(y_true, "bool")
    y_pred <- op_cast(y_pred, "bool")

    values <- y_true & y_pred # `&` calls op_logical_and()
    values <- op_cast(values, self$dtype)
    if (!is.null(sample_weight)) {
      sample_weight <- op_cast(sample_weight, self$dtype)
      sample_weight <- op_broadcast_to(sample_weight, shape(values))
      values <- values * sample_weight # `*` calls op_multiply()
    }
    self$true_positives$assign(self$true_positives + op_sum(values))
  },

  result = function() {
    self$true_positives
  }
)
"""


def reference_twin(keras):
    ops = keras.ops

    class BinaryTruePositives(keras.Metric):
        def __init__(self, name="binary_true_positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.true_positives = self.add_weight(
                shape=(), initializer="zeros", name="true_positives"
            )

        def update_state(self, y_true, y_pred, sample_weight=None):
            values = ops.logical_and(ops.cast(y_true, "bool"), ops.cast(y_pred, "bool"))
            values = ops.cast(values, self.dtype)
            if sample_weight is not None:
                sample_weight = ops.cast(sample_weight, self.dtype)
                values = values * ops.broadcast_to(sample_weight, ops.shape(values))
            self.true_positives.assign(self.true_positives + ops.sum(values))

        def result(self):
            return self.true_positives + 0.0

    return BinaryTruePositives


def number(keras, x) -> float:
    return float(keras.ops.convert_to_numpy(x))


# ---- the reference's example -------------------------------------------------------------------


@pytest.mark.parametrize(
    "compiling",
    [{}, {"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 2}],
    ids=["graph", "run_eagerly", "jit_compile", "steps_per_execution"],
)
def test_the_reference_s_example_under_fit(compiling, keras, source):
    if backend() == "torch" and "steps_per_execution" in compiling:
        pytest.skip("Keras on torch has no steps_per_execution")

    def run(make):
        return train(model=dense_model(metrics=[make()], **compiling), validation_split=0.25)

    expected = run(reference_twin(keras))
    out = run(source(REFERENCE).metric_binary_true_positives)
    if backend() == "torch" and "jit_compile" in compiling:
        # torch compiles what is round the call of R in parts, and rounds differently.
        for name, values in expected.history.items():
            assert out.history[name] == pytest.approx(values, rel=1e-5)
    else:
        assert out == expected
    assert expected.history["binary_true_positives"][0] > 0


def test_the_reference_s_example_with_weights(keras, source):
    x, y = data()
    weights = np.linspace(0, 1, 48).astype("float32")[:, None]

    def run(make):
        model = dense_model(weighted_metrics=[make()])
        out = train(model=model, sample_weight=weights)
        tested = model.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
        return out, tested

    expected = run(reference_twin(keras))
    assert run(source(REFERENCE).metric_binary_true_positives) == expected


def test_the_reference_s_example_alone(keras, source):
    metric = source(REFERENCE).metric_binary_true_positives(name="tp")
    metric.update_state([[1, 0, 1]], [[1, 1, 0]])
    assert number(keras, metric.result()) == 1
    # Calling is updating and giving the result.
    assert number(keras, metric([[1.0, 1.0]], [[1.0, 1.0]])) == 3
    assert number(keras, metric([[1, 1]], [[1, 1]], sample_weight=[[0.5, 0.25]])) == 3.75
    assert (metric.name, metric.dtype, len(metric.variables)) == ("tp", "float32", 1)
    metric.reset_state()
    assert number(keras, metric.result()) == 0


def test_the_reference_s_example_in_r(r, keras):
    assert r(
        REFERENCE
        + """
        m <- metric_binary_true_positives()
        m$update_state(c(1, 0, 1), c(1, 1, 1))
        first <- as.numeric(m$result())
        second <- as.numeric(m(array(1, 2), array(1, 2)))
        list(first, second, m$name, m$dtype, length(m$variables))
        """
    ) == [2.0, 4.0, "binary_true_positives", "float32", 1]


def test_stateless_methods(keras, source):
    def run(metric):
        ops = keras.ops
        ones = ops.ones((1, 4))
        metric.update_state(ones, ones)
        state = [ops.convert_to_tensor(10.0)]
        updated = metric.stateless_update_state(state, ones, ones)
        results = [
            metric.stateless_result(updated),
            metric.stateless_reset_state()[0],
            updated[0],
            metric.result(),
        ]
        return [number(keras, x) for x in results]

    assert run(source(REFERENCE).metric_binary_true_positives()) == [14, 0, 14, 4]
    assert run(reference_twin(keras)()) == [14, 0, 14, 4]


# ---- what result() may give --------------------------------------------------------------------

RESULTS = """
counting <- function(name, result) Metric(name,
  initialize = function(name = NULL, ...) {
    super$initialize(name = name, ...)
    self$n <- self$add_variable(shape = shape(), initializer = "zeros", name = "n")
    self$total <- self$add_variable(shape = shape(), initializer = "zeros", name = "total")
  },
  update_state = function(y_true, y_pred, sample_weight = NULL) {
    self$n$assign_add(1)
    self$total$assign(self$total + mean(abs(y_true - y_pred)))
  },
  result = result)
MyVariable <- counting("MyVariable", function() self$total)
MyTensor <- counting("MyTensor", function() self$total / self$n)
MyNumber <- counting("MyNumber", function() 42)
MyNamedList <- counting("MyNamedList", function() {
  list(total = self$total, mean = self$total / self$n)
})
"""


def test_results(keras, source):
    class Twin(keras.Metric):
        def __init__(self, kind, name):
            super().__init__(name=name)
            self.kind = kind
            self.n = self.add_variable((), "zeros", name="n")
            self.total = self.add_variable((), "zeros", name="total")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.n.assign_add(1)
            self.total.assign(self.total + keras.ops.mean(keras.ops.abs(y_true - y_pred)))

        def result(self):
            mean = self.total / self.n
            return {
                "MyVariable": self.total.value,
                "MyTensor": mean,
                "MyNumber": 42,
                "MyNamedList": {"total": self.total.value, "mean": mean},
            }[self.kind]

    ns = source(RESULTS)
    names = {
        "MyVariable": "my_variable",
        "MyTensor": "my_tensor",
        "MyNumber": "my_number",
        "MyNamedList": "my_named_list",
    }
    # The name of a metric is its class in snake case.
    metrics = [getattr(ns, kind)() for kind in names]
    assert [m.name for m in metrics] == list(names.values())
    twins = [Twin(kind, name) for kind, name in names.items()]
    run = train(model=dense_model(metrics=metrics))
    assert run == train(model=dense_model(metrics=twins))
    assert run.history["my_number"] == [42, 42, 42]
    assert set(run.history) == {"loss", "my_variable", "my_tensor", "my_number", "total", "mean"}


def test_dtype_and_mixed_precision(keras, source):
    ns = source(REFERENCE)
    assert ns.metric_binary_true_positives(dtype="float64").dtype == "float64"

    def run(make):
        model = dense_model(
            metrics=[make()],
            layers=lambda: [keras.layers.Dense(4, dtype="mixed_float16"), keras.layers.Dense(1)],
        )
        return train(model=model)

    assert run(ns.metric_binary_true_positives) == run(reference_twin(keras))


# ---- graph mode --------------------------------------------------------------------------------


def test_r_code_of_a_metric_runs_when_it_is_traced(keras, source):
    ns = source("""
      calls <- 0
      Traced <- Metric("Traced",
        update_state = function(y_true, y_pred, sample_weight = NULL) {
          calls <<- calls + 1
          private$last <- length(dim(y_pred))
        },
        result = function() private$last)
      calls_so_far <- function() calls
    """)
    metric = ns.Traced()
    model = dense_model(metrics=[metric])
    train(model=model, epochs=4)
    traced = ns.calls_so_far()
    train(model=model, epochs=4)
    # 12 batches of each fit; torch has no graph and calls R for each.
    if backend() == "torch":
        assert ns.calls_so_far() == traced + 12
    else:
        assert ns.calls_so_far() == traced <= 2
    assert metric.result() == 2


def test_a_metric_reads_values_when_run_eagerly(keras, source):
    if backend() == "jax":
        pytest.skip("Keras on JAX traces a metric once, to build it, also when run eagerly")
    ns = source("""
      MedianError <- Metric("MedianError",
        initialize = function(...) { super$initialize(...); private$errors <- numeric() },
        update_state = function(y_true, y_pred, sample_weight = NULL) {
          private$errors <- c(private$errors, abs(as.numeric(y_true) - as.numeric(y_pred)))
        },
        result = function() if (length(private$errors)) median(private$errors) else 0,
        reset_state = function() private$errors <- numeric())
    """)
    model = dense_model(metrics=[ns.MedianError()], run_eagerly=True)
    run = train(model=model)
    x, y = data()
    tested = model.evaluate(x, y, verbose=0, return_dict=True)
    expected = np.median(np.abs(y - model.predict(x, verbose=0)))
    assert tested["median_error"] == pytest.approx(expected, rel=1e-6)
    assert len(run.history["median_error"]) == 3


# ---- inheriting, saving ------------------------------------------------------------------------


def test_inheriting_from_a_metric_of_keras(keras, source):
    class Twin(keras.metrics.Mean):
        def update_state(self, y_true, y_pred, sample_weight=None):
            return super().update_state(keras.ops.abs(y_true - y_pred), sample_weight)

    ns = source("""
      AbsoluteError <- Metric("AbsoluteError", inherit = keras$metrics$Mean,
        update_state = function(y_true, y_pred, sample_weight = NULL) {
          super$update_state(abs(y_true - y_pred), sample_weight)
        })
    """)
    weights = np.linspace(0, 1, 48).astype("float32")

    def run(make):
        return train(model=dense_model(weighted_metrics=[make(name="e")]), sample_weight=weights)

    assert run(ns.AbsoluteError) == run(Twin)


def test_a_python_class_inherits_an_r_metric(keras, source):
    class Doubled(source(RESULTS).MyTensor):
        def result(self):
            return 2 * super().result()

    metric = Doubled()
    metric.update_state(np.ones(4), np.zeros(4))
    assert number(keras, metric.result()) == 2


def test_auto_mode_of_a_monitor(keras, source):
    metric = source(
        RESULTS
        + """
      Rising <- Metric("Rising", inherit = MyTensor, public = list(`_direction` = "up"))
    """
    ).Rising(name="rising")
    stop = keras.callbacks.EarlyStopping(monitor="rising", patience=1)
    run = train([stop], model=dense_model(metrics=[metric]), epochs=9)
    # The error falls, so the metric, which ought to rise, gets no better.
    assert len(run.history["rising"]) == 2


def test_config(keras, source):
    ns = source("""
      Scaled <- Metric("Scaled",
        initialize = function(by = 2, name = "scaled", ...) {
          super$initialize(name = name, ...)
          self$by <- by
        },
        update_state = function(y_true, y_pred, sample_weight = NULL) invisible(),
        result = function() self$by,
        get_config = function() modifyList(super$get_config(), list(by = self$by)))
    """)
    config = ns.Scaled(by=5).get_config()
    assert config == {"name": "scaled", "dtype": "float32", "by": 5}
    again = ns.Scaled.from_config(config)
    assert (again.by, again.name) == (5, "scaled")
    back = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(ns.Scaled(by=3)), custom_objects={"Scaled": ns.Scaled}
    )
    assert back.by == 3
