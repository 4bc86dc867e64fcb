"""R state that a trace loses is told once, where it is lost; other code is not told.

Which code changes state: tests/testthat/definition/test-classes_state_changes.R.

Also of: surface/lost_state.py.
"""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from support.twin import backend, data

pytestmark = pytest.mark.usefixtures("keras")

TRACES = pytest.mark.skipif("backend() == 'torch'", reason="torch runs R code at each call")

COUNT = "private$n <- private$n + 1"

CLASSES = {
    "metric": f"""Metric("Counting", private = list(n = 0),
      update_state = function(y_true, y_pred, sample_weight = NULL) {COUNT},
      result = function() op_cast(0, "float32"))""",
    "result": f"""Metric("Counting", private = list(n = 0),
      update_state = function(y_true, y_pred, sample_weight = NULL) NULL,
      result = function() {{ {COUNT}; op_cast(0, "float32") }})""",
    "layer": f"""Layer("Counting", private = list(n = 0),
      call = function(inputs) {{ {COUNT}; inputs * 2 }})""",
    "loss": f"""Loss("Counting", private = list(n = 0),
      call = function(y_true, y_pred) {{ {COUNT}; op_square(y_true - y_pred) }})""",
    "constraint": f"""Constraint("Counting", private = list(n = 0),
      call = function(w) {{ {COUNT}; w }})""",
    "regularizer": f"""Regularizer("Counting", private = list(n = 0),
      call = function(x) {{ {COUNT}; op_sum(x) }})""",
    "schedule": f"""LearningRateSchedule("Counting", private = list(n = 0),
      call = function(step) {{ {COUNT}; 0.01 }})""",
    "model": f"""Model("Counting", private = list(n = 0),
      call = function(inputs) {{ {COUNT}; inputs }})""",
    "train_step": f"""Model("Counting", private = list(n = 0),
      train_step = function(...) {{ {COUNT}; super$train_step(...) }})""",
    "compute_loss": f"""Model("Counting", private = list(n = 0),
      compute_loss = function(...) {{ {COUNT}; super$compute_loss(...) }})""",
}
STEP = {"schedule": "call", "constraint": "call", "regularizer": "call", "metric": "update_state"}
REMEDY = {
    "metric": "Keep it in a weight, made by `self$add_weight()` and changed by its `$assign()`, or "
    "give `eager = TRUE` to `Metric()`.",
    "layer": "Keep it in a weight, made by `self$add_weight()` and changed by its `$assign()`, or "
    "compile the model with `run_eagerly = TRUE`.",
    "loss": "Change it in a callback or a metric, or compile the model with `run_eagerly = TRUE`.",
}


def model_with(kind: str, cls, **compiling):
    """A compiled model in which an instance of the class has the place of its kind."""
    from keras import Input, Model, Sequential, layers, optimizers

    options = {"optimizer": "sgd", "loss": "mse", **compiling}
    dense = layers.Dense(1)
    if kind == "constraint":
        dense = layers.Dense(1, kernel_constraint=cls())
    elif kind == "regularizer":
        dense = layers.Dense(1, kernel_regularizer=cls())
    inner = [cls(), dense] if kind in ("layer", "model") else [dense]
    if kind in ("metric", "result"):
        options["metrics"] = [cls()]
    elif kind == "loss":
        options["loss"] = cls()
    elif kind == "schedule":
        options["optimizer"] = optimizers.SGD(cls())
    model = Sequential([Input((3,)), *inner])
    if kind in ("train_step", "compute_loss"):
        inputs = Input((3,))
        model = cls(inputs, model(inputs))
        assert isinstance(model, Model)
    model.compile(**options)
    return model


def said_by(run) -> list[str]:
    """The warnings of lost state of ``run()``."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [str(w.message) for w in caught if "runs only when it is traced" in str(w.message)]


def fit(model, n: int = 48, **options):
    x, y = data(n)
    return model.fit(x, y, batch_size=16, epochs=2, verbose=0, **options)


@pytest.mark.parametrize("kind", CLASSES)
def test_each_kind_is_told_once(define, kind):
    cls = define(CLASSES[kind])

    def run():
        for n in (48, 40):  # the second model and the last batch are traced again
            model = model_with(kind, cls)
            fit(model, n)
            fit(model, n)

    said = said_by(run)
    if backend() == "torch":
        assert said == []
        return
    (text,) = said
    member = STEP.get(kind) or (kind if kind in CLASSES[kind] else "call")
    assert text.startswith(
        f"Class `Counting`: `{member}` changes `private$n`, but this R code runs only when it is "
        "traced, not for each batch, so changes are lost. "
    )
    assert text.endswith(REMEDY.get(kind, ""))


@pytest.mark.parametrize(
    "compiling",
    [{"jit_compile": True}, {"jit_compile": False}, {"steps_per_execution": 3}],
    ids=str,
)
def test_however_it_is_compiled(define, compiling):
    if backend() == "torch" and "steps_per_execution" in compiling:
        pytest.skip("Keras on torch runs one step at a time")
    cls = define(CLASSES["metric"])
    # On JAX, code that is not compiled is not traced either; torch.compile() runs R code each time.
    runs_each_batch = backend() == "torch" or (
        backend() == "jax" and compiling.get("jit_compile") is False
    )
    expected = 0 if runs_each_batch else 1
    assert len(said_by(lambda: fit(model_with("metric", cls, **compiling)))) == expected


@pytest.mark.parametrize("kind", CLASSES)
def test_eager_code_is_not_told(define, kind):
    cls = define(CLASSES[kind])
    assert said_by(lambda: fit(model_with(kind, cls, run_eagerly=True))) == []


@TRACES
def test_evaluate_and_predict_are_told_by_their_methods(define):
    cls = define("""Model("Steps", private = list(n = 0),
      test_step = function(...) { private$n <- private$n + 1; super$test_step(...) },
      predict_step = function(...) { self$last <- self$last + 1; super$predict_step(...) },
      initialize = function(...) { super$initialize(...); self$last <- 0 })""")
    model = model_with("train_step", cls)
    x, y = data()
    assert said_by(lambda: fit(model)) == []
    (tested,) = said_by(lambda: model.evaluate(x, y, verbose=0))
    assert "`test_step` changes `private$n`" in tested
    (predicted,) = said_by(lambda: model.predict(x, verbose=0))
    assert "`predict_step` changes `self$last`" in predicted


@TRACES
def test_a_call_outside_of_a_model(define):
    cls = define(CLASSES["layer"])
    layer = cls()
    layer.build((2, 3))
    x = np.ones((2, 3), "float32")
    assert said_by(lambda: layer(x)) == []
    if backend() == "jax":
        import jax

        compiled = jax.jit(lambda x: layer(x))
        assert said_by(lambda: jax.grad(lambda x: layer(x).sum())(x)) == []
    else:
        import tensorflow as tf

        compiled = tf.function(lambda x: layer(x))
    assert len(said_by(lambda: [compiled(x), compiled(x[:1])])) == 1


def test_building_a_model_is_not_told(define):
    from keras import Input, Model

    cls = define(CLASSES["layer"])

    def build():
        inputs = Input((3,))
        Model(inputs, cls()(inputs))

    assert said_by(build) == []


@TRACES
def test_an_environment_outside_but_not_a_list(define):
    code = """{{
      seen <- {0}
      Metric("Seeing",
        update_state = function(y_true, y_pred, sample_weight = NULL) seen$n <- seen$n + 1,
        result = function() op_cast(0, "float32"))
    }}"""
    cls = define(code.format("list2env(list(n = 0))"))
    (text,) = said_by(lambda: fit(model_with("metric", cls)))
    assert "`update_state` changes `seen$n`," in text
    cls = define(code.format("list(n = 0)"))
    assert said_by(lambda: fit(model_with("metric", cls))) == []


def test_what_keras_keeps_is_not_told(define):
    cls = define("""Metric("Kept",
      initialize = function(...) {
        super$initialize(...)
        self$total <- self$add_weight(shape = shape(), initializer = "zeros")
      },
      update_state = function(y_true, y_pred, sample_weight = NULL) {
        self$total$assign(self$total + op_sum(y_pred))
        if (is.null(private$rank)) private$rank <- length(dim(y_pred))
        self$note <- private$rank
        self$total <- private$same(self$total)
      },
      result = function() self$total,
      private = list(same = function(x) x, rank = NULL))""")
    assert said_by(lambda: fit(model_with("metric", cls))) == []


def test_an_attribute_that_keras_sets_itself_is_not_told(define):
    cls = define("""Layer("Setting", call = function(inputs) {
      self$trainable <- isTRUE(self$trainable)
      inputs * 2
    })""")
    assert said_by(lambda: fit(model_with("layer", cls))) == []


def test_losses_gathered_within_one_step_are_not_told(define):
    cls = define("""Model("Gathering",
      initialize = function(...) { super$initialize(...); private$all <- list() },
      train_step = function(...) { private$all <- list(); super$train_step(...) },
      compute_loss = function(x, y, y_pred, ...) {
        private$all <- c(private$all, list(op_mean(y_pred)))
        super$compute_loss(x, y, y_pred, ...)
      })""")
    assert said_by(lambda: fit(model_with("train_step", cls))) == []


# ---- functions ---------------------------------------------------------------------------------


@TRACES
def test_functions_given_to_keras(define):
    name = "steps_of_a_loss"
    use = define(f"""{{
      {name} <- 0
      counting <- function(y_true, y_pred) {{
        {name} <<- {name} + 1
        op_mean(op_square(y_true - y_pred))
      }}
      function(x, y) {{
        model <- keras_model_sequential(input_shape = 3L) |> layer_dense(1)
        model |> compile("sgd", loss = counting, metrics = list(counting))
        model |> fit(x, y, epochs = 2, verbose = 0)
      }}
    }}""")
    x, y = data()
    (text,) = said_by(lambda: [use(x, y), use(x, y)])
    assert text == (
        f"Function `counting` changes `{name}`, but this R code runs only when it is traced, not "
        f"for each batch, so changes are lost. {REMEDY['loss']}"
    )


def test_functions_that_are_not_traced(define):
    define("epochs_seen <- 0")
    callback = define("""callback_lambda(
      on_epoch_end = function(epoch, logs) epochs_seen <<- epochs_seen + 1)""")
    assert said_by(lambda: fit(model_with("loss", lambda: "mse"), callbacks=[callback])) == []
    assert define("epochs_seen") == 2


@TRACES
def test_a_function_that_the_user_has_traced_may_count_that(define):
    function = define("""{
      traces <- 0
      function(x) { traces <<- traces + 1; x * 2 }
    }""")
    if backend() == "jax":
        from jax import jit as traced
    else:
        from tensorflow import function as traced
    assert said_by(lambda: traced(function)(np.ones(2, "float32"))) == []


# ---- how it is told ----------------------------------------------------------------------------


@TRACES
@pytest.mark.parametrize(
    ("around", "answer"),
    [
        ("tryCatch({0}, warning = function(w) 'caught')", "caught"),
        ("withCallingHandlers({{ {0}; 'ran' }}, warning = muffled)", "ran"),
        ("{{ options(warn = 2); tryCatch({0}, error = function(e) 'error') }}", "error"),
    ],
)
def test_in_r_it_is_a_warning_after_which_the_model_is_usable(define, around, answer):
    cls = define(CLASSES["metric"])
    model = model_with("metric", cls)
    call = around.format("fit(model, x, y, epochs = 1, verbose = 0)")
    run = define(f"""function(model, x, y) {{
      muffled <- function(w) tryInvokeRestart("muffleWarning")
      old <- options("warn")
      on.exit(options(old))
      {call}
    }}""")
    assert run(model, *data()) == answer
    assert len(fit(model).history["loss"]) == 2


@TRACES
def test_python_s_filter_makes_it_an_error_after_the_training(define):
    import pyclass_bridge

    model = model_with("metric", define(CLASSES["metric"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error", pyclass_bridge.RWarning)
        with pytest.raises(pyclass_bridge.RWarning, match=r"`private.n`"):
            fit(model)
    assert int(model.optimizer.iterations) == 6
    assert said_by(lambda: fit(model)) == []


@TRACES
def test_after_a_failed_training_it_is_told_by_the_next(define):
    cls = define("""Layer("Failing", private = list(n = 0), call = function(inputs) {
      private$n <- private$n + 1
      inputs
    })""")
    model = model_with("layer", cls)
    stop = define("callback_lambda(on_train_batch_end = function(...) stop('on purpose'))")

    def fail():
        with pytest.raises(Exception, match="on purpose"):
            fit(model, callbacks=[stop])

    assert said_by(fail) == []
    model.compile("sgd", "mse")
    assert len(said_by(lambda: fit(model))) == 1


FORMS = {
    "%py_class%": """Counting(keras$layers$Layer) %py_class% {
      private$n <- 0
      call <- function(inputs) { private$n <- private$n + 1; inputs * 2 }
    }""",
    "PyClass": """Counting <- PyClass("Counting", inherit = keras$layers$Layer, list(
      n = 0,
      call = function(self, inputs) { self$n <- self$n + 1; inputs * 2 }))""",
    "R6": """Counting <- r_to_py(R6::R6Class("Counting", inherit = keras$layers$Layer,
      private = list(n = 0),
      public = list(call = function(inputs) { private$n <- private$n + 1; inputs * 2 })))""",
}


@TRACES
@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_definition(define, r, form):
    if form == "R6" and not r("requireNamespace('R6', quietly = TRUE)"):
        pytest.skip("R6 is not installed")
    cls = define(FORMS[form] + "\nCounting")
    (text,) = said_by(lambda: fit(model_with("layer", cls)))
    changed = "self$n" if form == "PyClass" else "private$n"
    assert text.startswith(f"Class `Counting`: `call` changes `{changed}`,")


@TRACES
def test_a_derived_class_names_the_class_that_has_the_code(define):
    base = define(CLASSES["layer"])
    derived = define('function(base) Layer("Derived", inherit = base)')(base)
    (text,) = said_by(lambda: fit(model_with("layer", derived)))
    assert text.startswith("Class `Counting`: `call`")


def test_a_class_that_changes_state_travels(source):
    ns = source(f"Counting <- {CLASSES['layer']}")
    again = pickle.loads(pickle.dumps(ns.Counting))
    assert again is ns.Counting


def test_only_methods_that_change_state_are_wrapped(define):
    from pyclass_bridge import _core

    cls = define(f"""Metric("Mixed", private = list(n = 0),
      update_state = function(y_true, y_pred, sample_weight = NULL) {COUNT},
      reset_state = function() private$n <- private$n - 1,
      result = function() 0)""")
    calls = {
        name: vars(cls)[name].__globals__["__r_call"] for name in ("update_state", "reset_state")
    }
    assert not isinstance(calls["update_state"], _core.Function)
    assert isinstance(calls["reset_state"], _core.Function)


def test_a_metric_whose_methods_are_plain_r_is_not_searched(define):
    cls = """Metric("Counted", private = list(n = 0),
      update_state = function(y_true, y_pred, sample_weight = NULL) {{
        private$n <- private$n + 1
        invisible()
      }},
      result = function() private$n, reset_state = function() private$n <- 0{})"""

    def told(argument: str) -> list:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            define(f"""
              model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
              compile(model, "sgd", "mse", metrics = {cls.format(argument)}())
              fit(model, matrix(1:4), 1:4, epochs = 2, batch_size = 2, verbose = 0)
            """)
        return [w for w in caught if "Counted" in str(w.message)]

    assert not told(", eager = TRUE")
