"""`on_exit` at the end of a training, by R's fit(), pyclass_bridge.fit() and Keras' own fit.

Of: training/run.py, training/train.py, training/api.py.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from support.subprocesses import output_of
from support.twin import backend, data, dense_model

import pyclass_bridge

HOOKS = [
    "on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_batch_begin",
    "on_train_batch_end", "on_batch_end", "on_test_begin", "on_test_batch_begin",
    "on_test_batch_end", "on_test_end", "on_epoch_end", "on_train_end",
]  # fmt: skip
STAGES = [
    "on_begin", "on_epoch_begin", "on_batch_begin", "on_batch_end", "on_before_valid",
    "on_batch_valid_begin", "on_batch_valid_end", "on_valid_end", "on_epoch_end", "on_end",
]  # fmt: skip

CODE = """
mine <- function() structure(class = c("mine", "error", "condition"),
  list(message = "no luck", call = NULL))
failing <- function(hook, note) {
  Callback("Failing", public = structure(list(function(...) stop(mine())), names = hook),
    on_exit = function() note("failing"))()
}
failing_set <- function(stage, note) {
  callback_set("failing", on_exit = function() note("failing", is.null(self$ctx)),
    public = structure(list(function() stop(mine())), names = stage))()
}
Exits <- Callback("Exits", initialize = function(note, fail = FALSE) {
    self$note <- note; self$fail <- fail
  },
  on_train_end = function(logs = NULL) self$note("end"),
  on_exit = function() { self$note("exit"); if (self$fail) stop("no way out") })
Set <- callback_set("set", initialize = function(note) self$note <- note,
  on_end = function() self$note("end of set"), on_exit = function() self$note("exit of set"))
r_fit <- function(model, x, y, ...) {
  tryCatch({ fit(model, x, y, verbose = 0, ...); "ended" }, mine = function(e) conditionMessage(e))
}
of_function <- function(note) callback_lambda(on_exit = function() note("lambda"))
"""


class Notes(list):
    def __call__(self, *what):
        self.append(what[0] if len(what) == 1 else what)


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    path = tmp_path_factory.mktemp("training") / "training.R"
    path.write_text(CODE)
    return pyclass_bridge.source(path)


@pytest.fixture(scope="module")
def model():
    return dense_model(run_eagerly=True)


def fit(model, callbacks, **fitting):
    x, y = data(16)
    given = {"epochs": 1, "verbose": 0, "validation_data": (x, y), **fitting}
    return pyclass_bridge.fit(model, x, y, callbacks=callbacks, **given)


def python_exits(keras, note):
    class Python(keras.callbacks.Callback):
        def on_exit(self):
            note("python")

    return Python()


def test_on_exit_after_a_normal_end(keras, ns, model):
    notes = Notes()
    callbacks = [ns.Exits(notes), ns.Set(notes), ns.of_function(notes)]
    fit(model, [*callbacks, python_exits(keras, notes)])
    assert notes == ["end", "end of set", "exit", "exit of set", "lambda", "python"]


@pytest.mark.parametrize("how", ["failing", "failing_set"])
def test_on_exit_after_an_error_in_any_hook(how, keras, ns, model):
    """In R the error is what it was; in Python it goes on as it is."""
    x, y = data(16)
    for hook in HOOKS if how == "failing" else STAGES:
        notes = Notes()
        callbacks = [python_exits(keras, notes), getattr(ns, how)(hook, notes), ns.Set(notes)]
        with pytest.raises(pyclass_bridge.RError, match="no luck") as caught:
            fit(model, callbacks)
        assert "mine" in caught.value.r_class
        failing = "failing" if how == "failing" else ("failing", False)
        assert [note for note in notes if note != "end of set"] == [
            "python",
            failing,
            "exit of set",
        ], hook
        assert callbacks[2].ctx is None
        again = ns.r_fit(model, x, y, callbacks=callbacks, validation_data=(x, y), epochs=1)
        assert again == "no luck"
        assert notes.count("exit of set") == 2, hook


def test_on_exit_after_an_error_of_python(keras, ns, model):
    class Failing(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyError("loss")

    notes = Notes()
    with pytest.raises(KeyError, match="loss"):
        fit(model, [Failing(), ns.Exits(notes), ns.Set(notes)])
    assert notes == ["exit", "exit of set"]


def test_no_on_exit_of_a_training_that_has_not_begun(ns, model):
    notes = Notes()
    with pytest.raises(ValueError, match="Two callbacks have the id"):
        fit(model, [ns.Set(notes), ns.Set(notes)])
    with pytest.raises(TypeError):
        fit(model, [ns.Exits(notes)], batch_size="none")
    assert notes == []


def test_an_error_in_on_exit(keras, ns, model):
    notes = Notes()
    with pytest.raises(pyclass_bridge.RError, match="no way out"):
        fit(model, [ns.Exits(notes, True), ns.Set(notes)])
    assert notes == ["end", "end of set", "exit", "exit of set"]
    callbacks = [ns.Exits(notes, True), ns.failing("on_epoch_end", notes), ns.Set(notes)]
    with (
        pytest.warns(UserWarning, match=r"\(the training failed before it\): .*no way out"),
        pytest.raises(pyclass_bridge.RError, match="no luck"),
    ):
        fit(model, callbacks)
    assert notes[4:] == ["exit", "failing", "exit of set"]
    with (
        pytest.warns(UserWarning, match="that of another callback failed before it"),
        pytest.raises(pyclass_bridge.RError, match="no way out"),
    ):
        fit(model, [ns.Exits(notes, True), ns.Exits(notes, True)])

    class Interrupted(keras.callbacks.Callback):
        def on_exit(self):
            raise KeyboardInterrupt

    with (
        pytest.warns(UserWarning, match=r"the training failed before it\): KeyboardInterrupt"),
        pytest.raises(pyclass_bridge.RError, match="no luck"),
    ):
        fit(model, [ns.failing("on_epoch_end", notes), Interrupted()])


def test_on_exit_under_keras_own_fit(keras, source):
    ns = source(CODE)
    notes, (x, y) = Notes(), data(16)

    class Derived(ns.Exits):
        pass

    def train(*callbacks):
        dense_model().fit(x, y, verbose=0, callbacks=list(callbacks))

    with pytest.warns(UserWarning, match="`on_exit` of `Exits` runs only after a normal"):
        train(ns.Exits(notes))
    with pytest.warns(UserWarning, match="`on_exit` of `CallbackSetSet` runs only after a normal"):
        train(ns.Set(notes))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # each class says it once
        train(ns.Exits(notes), ns.Set(notes))
    assert notes == [
        "end", "exit", "end of set", "exit of set", "end", "exit", "end of set", "exit of set",
    ]  # fmt: skip
    with pytest.warns(UserWarning, match="`on_exit` of `Derived`"):
        train(Derived(notes))
    assert notes[8:] == ["end", "exit"]


def test_on_exit_once_in_a_chain_of_classes(source):
    ns = source(
        """
        First <- Callback("First", initialize = function(note) self$note <- note,
          on_train_end = function(logs = NULL) self$note("first"),
          on_exit = function() self$note("exit"))
        Second <- Callback("Second", inherit = First,
          on_train_end = function(logs = NULL) { super$on_train_end(logs); self$note("second") })
        """
    )
    notes, (x, y) = Notes(), data(16)
    with pytest.warns(UserWarning, match="`on_exit` of `Second`"):
        dense_model().fit(x, y, verbose=0, callbacks=[ns.Second(notes)])
    fit(dense_model(), [ns.Second(notes)])
    assert notes == ["first", "second", "exit"] * 2


def test_a_training_in_a_hook_has_an_exit_of_its_own(source):
    ns = source(
        CODE
        + """
        Outer <- callback_set("outer", initialize = function(train) self$train <- train,
          on_epoch_end = function() {
            self$train()
            self$after <- c(self$ctx$epoch, length(self$ctx$callbacks))
          })
        """
    )
    notes, inner = Notes(), dense_model()
    outer = ns.Outer(lambda: fit(inner, [ns.Set(notes)]))
    fit(dense_model(), [outer, ns.Exits(notes)], epochs=2)
    assert notes == ["end of set", "exit of set"] * 2 + ["end", "exit"]
    assert list(outer.after) == [2, 2]
    assert outer.ctx is None


def test_on_exit_of_the_callbacks_in_a_list_of_keras(keras, ns, model):
    x, y = data(16)
    for train in (fit, lambda model, listed: ns.r_fit(model, x, y, callbacks=listed, epochs=1)):
        notes = Notes()
        train(model, keras.callbacks.CallbackList([ns.Exits(notes), ns.Set(notes)]))
        assert notes == ["end", "end of set", "exit", "exit of set"]
    assert np.isfinite(model.history.history["loss"]).all()


@pytest.mark.skipif(backend() != "tensorflow", reason="Ctrl-C is not of the backend")
def test_on_exit_after_ctrl_c(tmp_path):
    (tmp_path / "training.R").write_text(
        CODE
        + """
        Spins <- Callback("Spins", on_train_batch_end = function(batch, logs) {
            signal(); repeat 1
          }, on_exit = function() cat("exit of R\\n"))
        spins <- function(signal) {
          signal <<- signal
          Spins()
        }
        """
    )
    code = f"""
    import pyclass_bridge, keras, numpy as np
    ns = pyclass_bridge.source({str(tmp_path / "training.R")!r})

    def signal_soon():
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    class Waits(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            signal_soon()
            time.sleep(20)

        def on_exit(self):
            print("exit of Python", flush=True)

    x, y = np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32")
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    for callback in (ns.spins(signal_soon), Waits()):
        notes = ns.Set(print)
        for train in (pyclass_bridge.fit, ns.r_fit):
            try:
                train(model, x, y, callbacks=[callback, notes], epochs=1)
            except KeyboardInterrupt:
                print("interrupted", notes.ctx)
            pyclass_bridge.r("for (i in 1:3000) i")
    """
    told = ["exit of set", "interrupted None"]
    lines = [line for line in output_of(code, timeout=120).splitlines() if "━" not in line]
    assert lines == (["exit of R", *told] * 2 + ["exit of Python", *told] * 2)
