"""The errors that a user meets while Keras runs R code: their texts, and the model after them.

Texts are in snapshots/keras_errors.txt; UPDATE_SNAPSHOTS=1 writes them anew.

Of: surface/error_text.py, R/bridge_condition.R.
"""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from support import error_texts
from support.twin import backend, data, dense_model, train

pytestmark = pytest.mark.skipif(
    backend() != "tensorflow", reason="the texts are those on the TensorFlow backend"
)

CODE = """
mine <- function() {
  structure(class = c("my_condition", "error", "condition"),
    list(message = "the loss is wrong", call = NULL, extra = 5))
}
check_loss <- function(loss) if (!is.null(loss)) stop("the loss can't be trusted")

failing_hooks <- list()
for (hook in setdiff(names(pyclassbridge:::callback_hooks), "on_exit")) {
  formals <- if (any(grepl("epoch|batch", hook))) alist(at = , logs = NULL) else alist(logs = NULL)
  fn <- as.function(c(formals, quote({ self$reached <- TRUE; stop("no luck") })))
  failing_hooks[[hook]] <- Callback("Failing", public = structure(list(fn), names = hook))
}
failing <- function(hook) failing_hooks[[hook]]()

Checks <- Callback("Checks", on_epoch_end = function(epoch, logs = NULL) {
  check_loss(logs$loss)
})
Classed <- Callback("Classed", on_epoch_end = function(epoch, logs = NULL) stop(mine()))
Warns <- Callback("Warns", on_epoch_end = function(epoch, logs = NULL) warning("the loss is high"))
NoAttribute <- Callback("NoAttribute",
  on_epoch_begin = function(epoch, logs = NULL) self$model$learning_rate)
NoSetter <- Callback("NoSetter",
  on_train_begin = function(logs = NULL) self$model <- "another model")
NoPrivate <- Callback("NoPrivate", private = list(step = function() stop("private is broken")),
  on_train_begin = function(logs = NULL) private$step())
NoSuper <- Callback("NoSuper", on_train_begin = function(logs = NULL) super$no_such())
Active <- Callback("Active", public = list(value = active_property(function() stop("not yet"))))
Patient <- Callback("Patient",
  initialize = function(patience = 0, verbose = FALSE) {
    if (patience < 0) stop("`patience` is negative")
    super$initialize()
  },
  on_epoch_end = function(epoch, logs = NULL) NULL)

metric <- function(name, ...) {
  given <- list(...)
  defaults <- list(
    update_state = function(y_true, y_pred, sample_weight = NULL) invisible(),
    result = function() 0
  )
  Metric(name, public = c(given, defaults[setdiff(names(defaults), names(given))]))
}
UpdateFails <- metric("UpdateFails",
  update_state = function(y_true, y_pred, sample_weight = NULL) check_loss(y_pred))
ResultFails <- metric("ResultFails", result = function() stop("no result"))
ResetFails <- metric("ResetFails", reset_state = function() stop("no reset"))
ReadsSymbolic <- metric("ReadsSymbolic",
  update_state = function(y_true, y_pred, sample_weight = NULL) as.numeric(y_pred))
IfTensor <- metric("IfTensor",
  update_state = function(y_true, y_pred, sample_weight = NULL) if (y_pred > 1) 1)
ForTensor <- metric("ForTensor",
  update_state = function(y_true, y_pred, sample_weight = NULL) as.array(y_true)[1])
MaskTensor <- metric("MaskTensor",
  update_state = function(y_true, y_pred, sample_weight = NULL) y_pred[y_pred > 0])
NoInitialize <- metric("NoInitialize", initialize = function(...) {
  self$n <- self$add_variable(shape = shape(), initializer = "zeros", name = "n")
})
NoUpdate <- Metric("NoUpdate", result = function() 0)
NoResult <- Metric("NoResult",
  update_state = function(y_true, y_pred, sample_weight = NULL) invisible())
NoCall <- Loss("NoCall")
NoStep <- Optimizer("NoStep", initialize = function(...) super$initialize(0.1, ...))

Twice <- Layer("Twice", call = function(inputs) helper(inputs))
helper <- function(x) stop(mine())
BuildFails <- Layer("BuildFails", build = function(input_shape) stop("no weights"),
  call = function(inputs) inputs)
LossFails <- Loss("LossFails", call = function(y_true, y_pred) stop("no loss"))
InitializerFails <- Initializer("InitializerFails",
  call = function(shape, dtype = NULL) stop("no start"))
ScheduleFails <- LearningRateSchedule("ScheduleFails", call = function(step) stop("no rate"))
schedule <- function(epoch, lr) stop("no rate for epoch ", epoch)

misspelt <- function() Patient(patiense = 1)
too_many <- function() Patient(1, TRUE, 3)

fit_caught <- function(model, x, y, callback) {
  tryCatch(
    model$fit(x, y, callbacks = list(callback), verbose = 0L),
    my_condition = function(e) list(class(e)[[1]], conditionMessage(e), e$extra)
  )
}
fit_python_error <- function(model, x, y, callback) {
  tryCatch(
    model$fit(x, y, callbacks = list(callback), verbose = 0L),
    python.builtin.AttributeError = function(e) conditionMessage(e)
  )
}
"""


@pytest.fixture(scope="module")
def ns(keras, tmp_path_factory):
    import pyclass_bridge

    path = tmp_path_factory.mktemp("errors") / "errors.R"
    path.write_text(CODE)
    return pyclass_bridge.source(path)


# ---- the cases: a name, and what fails given the namespace ---------------------------------------

HOOKS_OF_FIT = [
    "on_train_begin",
    "on_epoch_begin",
    "on_train_batch_begin",
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_test_end",
    "on_epoch_end",
    "on_train_end",
]
HOOKS_OF_PREDICT = [
    "on_predict_begin",
    "on_predict_batch_begin",
    "on_predict_batch_end",
    "on_predict_end",
]


def fit_with(callback, **compiling):
    x, y = data()
    return train([callback], model=dense_model(**compiling), validation_data=(x[:8], y[:8]))


def fit_metric(name, **compiling):
    return lambda ns: train(model=dense_model(metrics=[getattr(ns, name)()], **compiling))


def fit_layer(name):
    def fit(ns):
        import keras

        return train(
            model=dense_model(
                layers=lambda: [getattr(ns, name)(name="mine"), keras.layers.Dense(1)]
            )
        )

    return fit


def predict_with(callback):
    return dense_model().predict(data()[0], callbacks=[callback], verbose=0)


def with_keras(build):
    def fit(ns):
        import keras

        return train(**build(keras, ns))

    return fit


def in_r(code):
    def run(ns):
        import pyclass_bridge

        x, y = data()
        return pyclass_bridge.r(code, ns=vars(ns), model=dense_model(), x=x, y=y)

    return run


CASES = {
    **{f"stop() in {h}": lambda ns, h=h: fit_with(ns.failing(h)) for h in HOOKS_OF_FIT},
    **{f"stop() in {h}": lambda ns, h=h: predict_with(ns.failing(h)) for h in HOOKS_OF_PREDICT},
    "stop() in a function that a hook calls": lambda ns: fit_with(ns.Checks()),
    "a condition of the user's own": lambda ns: fit_with(ns.Classed()),
    "an attribute that the model has not": lambda ns: fit_with(ns.NoAttribute()),
    "an attribute without a setter": lambda ns: fit_with(ns.NoSetter()),
    "stop() in a private method": lambda ns: fit_with(ns.NoPrivate()),
    "super has no such method": lambda ns: fit_with(ns.NoSuper()),
    "stop() in an active binding": lambda ns: ns.Active().value,
    "stop() in initialize": lambda ns: ns.Patient(patience=-1),
    "an unknown argument, from R": lambda ns: ns.misspelt(),
    "too many arguments, from R": lambda ns: ns.too_many(),
    "a class instead of an instance": lambda ns: fit_with(ns.Patient),
    "a class instead of an instance, from R": in_r(
        "model$fit(x, y, callbacks = list(ns$Patient), verbose = 0L)"
    ),
    "stop() in update_state": fit_metric("UpdateFails"),
    "stop() in update_state, eagerly": fit_metric("UpdateFails", run_eagerly=True),
    "stop() in result": fit_metric("ResultFails"),
    "stop() in reset_state": fit_metric("ResetFails"),
    "reading a symbolic value": fit_metric("ReadsSymbolic"),
    "if () on a symbolic value": fit_metric("IfTensor"),
    "an R array of a symbolic value": fit_metric("ForTensor"),
    "a mask of a symbolic value": fit_metric("MaskTensor"),
    "no super$initialize()": fit_metric("NoInitialize"),
    "no update_state": fit_metric("NoUpdate"),
    "no result": fit_metric("NoResult"),
    "no call in a loss": with_keras(lambda k, ns: {"model": dense_model(loss=ns.NoCall())}),
    "no update_step": with_keras(lambda k, ns: {"model": dense_model(optimizer=ns.NoStep())}),
    "stop() in call of a layer, under fit": fit_layer("Twice"),
    "stop() in call of a layer": lambda ns: ns.Twice()(np.ones((1, 2), "float32")),
    "stop() in build of a layer": fit_layer("BuildFails"),
    "stop() in a loss": with_keras(lambda k, ns: {"model": dense_model(loss=ns.LossFails())}),
    "stop() in an initializer": with_keras(
        lambda k, ns: {
            "model": dense_model(
                layers=lambda: [k.layers.Dense(1, kernel_initializer=ns.InitializerFails())]
            )
        }
    ),
    "stop() in a learning rate schedule": with_keras(
        lambda k, ns: {"model": dense_model(optimizer=k.optimizers.SGD(ns.ScheduleFails()))}
    ),
    "stop() in a function given to Keras' scheduler": with_keras(
        lambda k, ns: {"callbacks": [k.callbacks.LearningRateScheduler(ns.schedule)]}
    ),
    "a base that is no class": lambda ns: in_r(
        "Bad(model) %py_class% { on_epoch_end <- function(epoch, logs = NULL) NULL }"
    )(ns),
    "a misspelt hook": in_r("Callback('Bad', on_epoch_finish = function(epoch, logs = NULL) NULL)"),
}


def told(error: BaseException) -> str:
    """The error as a traceback ends: class, text and notes, without what varies between runs."""
    text = "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
    text = re.sub("\x1b\\[[0-9;]*m", "", text)
    # What Keras itself adds to an error in the call of a layer changes with its versions.
    text = re.sub(r"Could not automatically infer.*\n+", "", text)
    text = re.sub(r"\nArguments received(.*\n)*?(?=in `)", "", text)
    text = re.sub(r"(loss|outputs) = -?[0-9.e+-]+", r"\1 = <number>", text)
    return re.sub(r"[^ \"']*/(errors\.R)", r"\1", text).strip()


def provoke(case, ns) -> BaseException:
    with pytest.raises(Exception) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case(ns)
    return caught.value


def test_texts(ns):
    error_texts.check(
        "keras_errors", {name: told(provoke(case, ns)) for name, case in CASES.items()}
    )


def test_an_unknown_argument_from_python_is_told_by_python(ns):
    class Patient:
        def __init__(self, patience=0, verbose=False): ...

    twin = told(provoke(lambda _: Patient(patiense=1), ns))
    error = provoke(lambda ns: ns.Patient(patiense=1), ns)
    # A class in a function has the function's name in its own.
    assert told(error) == twin.replace(Patient.__qualname__, "Patient")


# ---- facts of the exceptions -------------------------------------------------------------------


def test_an_error_names_class_and_member(ns):
    error = provoke(CASES["stop() in a function that a hook calls"], ns)
    assert (error.class_name, error.member) == ("Checks", "on_epoch_end")
    assert error.message == "the loss can't be trusted"
    assert error.call == "check_loss(logs$loss)"
    shown = [(call.text.split("(")[0], bool(call.file)) for call in error.calls]
    assert shown[:2] == [("on_epoch_end", False), ("check_loss", True)]


@pytest.mark.parametrize(
    "case", ["stop() in call of a layer, under fit", "stop() in call of a layer"]
)
def test_keras_rewriting_an_error_keeps_the_r_condition(case, ns):
    error = provoke(CASES[case], ns)
    assert "Exception encountered when calling Twice.call()" in str(error)
    assert error.r_class == ("my_condition", "error", "condition")
    assert (error.class_name, error.member) == ("Twice", "call")
    assert error.message == "the loss is wrong"
    assert error.condition["extra"] == 5
    assert [call.text for call in error.calls][-2:] == ["helper(inputs)", "stop(mine())"]


def test_conditions_come_out_of_a_fit_started_from_r(ns, r):
    x, y = data()
    caught = ns.fit_caught(dense_model(), x, y, ns.Classed())
    assert list(caught) == ["my_condition", "the loss is wrong", 5]
    text = ns.fit_python_error(dense_model(), x, y, ns.NoAttribute())
    assert "'Sequential' object has no attribute 'learning_rate'" in text
    # Nobody catches it in R: Python gets what R raised.
    error = provoke(in_r("model$fit(x, y, callbacks = list(ns$Classed()), verbose = 0L)"), ns)
    assert error.r_class[0] == "my_condition"
    assert "in `on_epoch_end` of the R class `Classed`" in error.__notes__


def test_a_warning_in_a_hook_is_python_s(ns):
    import pyclass_bridge

    with pytest.warns(pyclass_bridge.RWarning, match="the loss is high") as caught:
        train([ns.Warns()], epochs=2)
    ours = [w.message for w in caught if isinstance(w.message, pyclass_bridge.RWarning)]
    assert len(ours) == 2
    assert ours[0].r_class == ("simpleWarning", "warning", "condition")


def test_a_warning_turned_into_an_error_ends_the_fit(ns):
    import pyclass_bridge

    with warnings.catch_warnings():
        warnings.simplefilter("error", pyclass_bridge.RWarning)
        with pytest.raises(pyclass_bridge.RWarning, match="the loss is high"):
            train([ns.Warns()])


# ---- the model afterwards ----------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["on_train_begin", "on_train_batch_end", "on_epoch_end"])
def test_the_model_is_usable_after_an_error_in_a_hook(hook, ns):
    model = dense_model()
    before = model.get_weights()
    callback = ns.failing(hook)
    with pytest.raises(Exception, match="no luck"):
        train([callback], model=model)
    assert callback.reached is True
    if hook == "on_train_begin":
        assert all(map(np.array_equal, model.get_weights(), before))
        assert train(model=model) == train()
    else:
        reference = dense_model()
        x, y = data()
        steps = {"on_train_batch_end": 16, "on_epoch_end": 48}[hook]
        train(model=reference, epochs=1, x=x[:steps], y=y[:steps], batch_size=16)
        assert all(map(np.array_equal, model.get_weights(), reference.get_weights()))
        assert train(model=model).history == train(model=reference).history


@pytest.mark.parametrize("name", ["UpdateFails", "ResultFails", "ReadsSymbolic"])
def test_the_model_is_usable_after_an_error_in_a_metric(name, ns):
    model = dense_model(metrics=[getattr(ns, name)()])
    with pytest.raises(Exception):  # noqa: B017  (each of its own type)
        train(model=model)
    fresh = dense_model()
    assert all(map(np.array_equal, model.get_weights(), fresh.get_weights()))
    model.compile("sgd", "mse", metrics=[])
    assert train(model=model) == train(model=fresh)


def test_what_was_saved_before_an_error_is_there(keras, ns, tmp_path):
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    model = dense_model()
    with pytest.raises(Exception, match="the loss is wrong"):
        train([checkpoint, ns.Classed()], model=model)
    loaded = keras.models.load_model(tmp_path / "1.keras")
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))
