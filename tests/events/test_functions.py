"""Functions at the events of a Keras model: against a callback class of Python, from R and Python.

Texts of errors are in snapshots/event_errors.txt; UPDATE_SNAPSHOTS=1 writes them anew.
"""

from __future__ import annotations

import gc
import inspect
import os
import pickle
import signal
import weakref

import numpy as np
import pytest
from support import error_texts
from support.twin import backend, data, dense_model, train

import pyclass_bridge
from pyclass_bridge import add_callback, callback_events, clear_callback, reset_callbacks

X, Y = data()
ONCE = {"epochs": 1, "verbose": 0}
HOOKS = [e for e in callback_events() if not e.startswith("on_model_") and e != "on_exit"]


def from_r(code: str):
    return pyclass_bridge.r(code)


def use(model):
    """All three runs; the functions of some hooks only come in one."""
    model.fit(X, Y, batch_size=16, epochs=2, validation_split=0.25, verbose=0, shuffle=False)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)


def in_numbers(logs) -> dict:
    return {name: np.asarray(value).round(5).tolist() for name, value in logs.items()}


def callback_twin(keras, calls, first=0):
    """A callback class of Python that notes each hook."""

    def note(event):
        def hook(self, *args, logs=None):
            *index, logs = args if logs is None else (*args, logs)
            calls.append([event, *[i + first for i in index], in_numbers(logs)])

        return hook

    return type("Note", (keras.callbacks.Callback,), {event: note(event) for event in HOOKS})()


# ---- the events of training ----------------------------------------------------------------------


def twin_calls(keras, first=0):
    calls, model = [], dense_model()
    note = callback_twin(keras, calls, first)
    with_note = {"callbacks": [note], "verbose": 0}
    fitting = {"batch_size": 16, "epochs": 2, "validation_split": 0.25, "shuffle": False}
    model.fit(X, Y, **fitting, **with_note)
    model.evaluate(X, Y, **with_note)
    model.predict(X, **with_note)
    return [call if "predict" not in call[0] else call[:-1] for call in calls]


def test_python_functions_are_called_as_the_hooks_of_a_callback(keras):
    calls, model = [], dense_model()

    def note(event):
        def function(model, logs, **index):
            known = [] if "predict" in event else [in_numbers(logs)]
            calls.append([event, *index.values(), *known])

        return function

    for event in HOOKS:
        add_callback(model, event, note(event))
    use(model)
    assert calls == twin_calls(keras)


NOTING = """
function(model, hooks, note) {
  noting <- function(hook) {
    force(hook)
    function(model, logs, ...) note(hook, ..., logs = logs)
  }
  for (hook in hooks) add_callback(model, hook, noting(hook))
}
"""


def test_r_functions_count_from_1(keras):
    calls, model = [], dense_model()

    def note(event, epoch=None, batch=None, logs=None):
        index = [i for i in (epoch, batch) if i is not None]
        calls.append([event, *index, *([] if "predict" in event else [in_numbers(logs or {})])])

    from_r(NOTING)(model, HOOKS, note)
    use(model)
    assert calls == twin_calls(keras, first=1)


def test_training_is_the_same_with_functions(keras):
    model = dense_model()
    for event in HOOKS:
        add_callback(model, event, lambda: None)
    assert train(model=model) == train()


def test_a_function_takes_what_it_wants(keras):
    model = from_r("""
    function(model, note) {
      add_callback(model, "on_epoch_end", function(epoch, model) note(epoch, class(model)[[1L]]))
      add_callback(model, "on_epoch_end", function(logs) note(names(logs)))
      add_callback(model, "on_epoch_end", function() note("none"))
      add_callback(model, "on_epoch_end", function(..., digits = 2) note(names(list(...))))
      add_callback(model, "on_epoch_end", function(logs = NULL, digits = 2) note(digits))
    }
    """)
    notes = []
    model = model(dense_model(), lambda *given: notes.append(list(given)))
    add_callback(model, "on_epoch_end", lambda *given: notes.append([given[0] is model, given[1]]))
    add_callback(model, "on_epoch_end", lambda epoch, bound=notes: bound.append([epoch]))
    model.fit(X, Y, **ONCE)
    assert notes == [
        [1, "keras.src.models.sequential.Sequential"],
        ["loss"],
        ["none"],
        [["model", "epoch", "logs"]],
        [2],
        [True, 0],
        [0],
    ]


MERGING = """
function(model, x, y) {
  add_callback(model, "on_epoch_end", function(epoch, logs) list(scaled = logs$loss * epoch))
  add_callback(model, "on_epoch_end", function(logs) seen <- list(hidden = logs$scaled))
  as.list(fit(model, x, y, epochs = 3, verbose = 0, shuffle = FALSE)$metrics)
}
"""


@pytest.mark.parametrize(
    "formals", ["model, epoch", "epoch", "logs, epoch = 0", "...", "model, ..."]
)
def test_r_counts_from_1_wherever_the_index_is(formals):
    body = "list(...)$epoch" if "..." in formals else "epoch"
    code = f"function(m, note) add_callback(m, 'on_epoch_end', function({formals}) note({body}))"
    model, seen = dense_model(), []
    from_r(code)(model, seen.append)
    model.fit(X, Y, epochs=2, verbose=0)
    assert seen == [1, 2]


def test_a_visible_list_joins_the_logs(keras):
    found = from_r(MERGING)(dense_model(), X, Y)
    assert sorted(found) == ["loss", "scaled"]
    assert found["scaled"] == [loss * (i + 1) for i, loss in enumerate(found["loss"])]


def test_python_functions_see_and_change_the_shared_logs(keras):
    model, seen = dense_model(), []
    add = 'function(m) add_callback(m, "on_epoch_end", function(epoch, logs) list(at = epoch))'
    from_r(add)(model)
    add_callback(model, "on_epoch_end", lambda logs: logs.update(twice=2 * logs["at"]))
    add_callback(model, "on_epoch_end", lambda logs: seen.append(logs["twice"]))
    assert model.fit(X, Y, epochs=2, verbose=0).history["twice"] == seen == [2, 4]


def test_a_function_stops_the_training(keras):
    def stop(model, epoch):
        model.stop_training = epoch == 1

    in_python, in_r = dense_model(), dense_model()
    add_callback(in_python, "on_epoch_end", stop)
    from_r("""function(m) add_callback(m, "on_epoch_end", function(model, epoch) {
      if (epoch == 2) model$stop_training <- TRUE
    })""")(in_r)
    runs = [train(model=m, epochs=5) for m in (in_python, in_r)]
    assert runs[0] == runs[1]
    assert len(runs[0].history["loss"]) == 2


def test_functions_come_after_the_callbacks_of_the_call(keras):
    order, model = [], dense_model()
    add_callback(model, "on_epoch_end", lambda: order.append("function"))
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: order.append("callback"))
    model.fit(X, Y, callbacks=callback, **ONCE)
    model.fit(X, Y, 16, 1, 0, [callback])
    callbacks = keras.callbacks.CallbackList([callback], add_history=True, model=model)
    model.fit(X, Y, callbacks=callbacks, **ONCE)
    assert order == ["callback", "function"] * 3
    assert callbacks.callbacks == [callback, model.history]


def test_an_evaluation_within_training_has_its_events(keras):
    calls, model = [], dense_model()
    add_callback(model, "on_test_end", lambda: calls.append("test"))
    add_callback(model, "on_epoch_end", lambda model: model.evaluate(X, Y, verbose=0))
    add_callback(model, "on_exit", lambda: calls.append("exit"))
    model.fit(X, Y, validation_data=(X, Y), **ONCE)
    assert calls == ["test", "test", "exit"]


# ---- what it costs, and what it leaves -----------------------------------------------------------


def test_keras_sees_no_other_hook(keras):
    from keras.src.utils import is_default

    seen, model = [], dense_model()

    class Spy(keras.callbacks.CallbackList):
        def on_train_begin(self, logs=None):
            seen.append([e for e in HOOKS if not is_default(getattr(self.callbacks[-1], e))])
            super().on_train_begin(logs)

    add_callback(model, "on_epoch_end", lambda: None)
    add_callback(model, "on_test_end", lambda: None)
    model.fit(X, Y, callbacks=Spy(model=model, add_history=True), **ONCE)
    assert seen == [["on_test_end", "on_epoch_end"]]
    clear_callback(model, "on_epoch_end")
    clear_callback(model, "on_test_end")
    add_callback(model, "on_model_save", lambda: None)
    callbacks = Spy(model=model, add_history=True)
    model.fit(X, Y, callbacks=callbacks, **ONCE)
    assert callbacks.callbacks == [model.history]


WRAPPED = ("fit", "evaluate", "predict", "save", "save_weights", "load_weights", "export")


def test_the_methods_stay_what_they_are(keras):
    model, plain = dense_model(), dense_model()
    add_callback(model, "on_epoch_end", lambda: None)
    for name in WRAPPED:
        assert inspect.signature(getattr(model, name)) == inspect.signature(getattr(plain, name))
        assert getattr(model, name).__doc__ == getattr(plain, name).__doc__
    add_callback(model, "on_exit", lambda: None)
    clear_callback(model, "on_epoch_end")
    assert "fit" in vars(model)
    clear_callback(model, "on_exit")
    assert not vars(model).keys() & {*WRAPPED}


def test_a_method_of_the_instance_comes_back(keras):
    model, calls = dense_model(), []
    class_fit = model.fit
    own = vars(model)["fit"] = lambda *args, **kwargs: (
        calls.append("own") or class_fit(*args, **kwargs)
    )
    add_callback(model, "on_train_end", lambda: calls.append("function"))
    model.fit(X, Y, **ONCE)
    assert calls == ["own", "function"]
    reset_callbacks(model)
    assert model.fit is own


def test_functions_are_taken_away(keras):
    calls, model = [], dense_model()

    def once():
        calls.append("once")
        clear_callback(model, "on_train_batch_end")

    add_callback(model, "on_train_batch_end", once)
    add_callback(model, "on_epoch_end", lambda: calls.append("epoch"))
    model.fit(X, Y, batch_size=16, **ONCE)
    assert calls == ["once", "epoch"]
    from_r("reset_callbacks")(model)
    clear_callback(model, "on_epoch_end")  # of none that are there: nothing to do
    model.fit(X, Y, **ONCE)
    assert calls == ["once", "epoch"]


def test_a_model_with_functions_is_copied_and_collected(keras, tmp_path):
    model = dense_model()
    add_callback(model, "on_epoch_end", lambda model, logs: logs)
    add_callback(model, "on_exit", from_r("function(model) model"))
    model.fit(X, Y, **ONCE)
    model.save(tmp_path / "model.keras")
    copies = [
        pickle.loads(pickle.dumps(model)),
        keras.models.clone_model(model),
        keras.models.load_model(tmp_path / "model.keras"),
    ]
    assert not any("fit" in vars(copy) for copy in copies)
    for copy in (copies[0], copies[2]):
        assert np.array_equal(copy.predict(X, verbose=0), model.predict(X, verbose=0))
    gone = weakref.ref(model)
    del model
    from_r("invisible(gc())")
    gc.collect()
    assert gone() is None


# ---- files ---------------------------------------------------------------------------------------

SAVING = """
function(model, dir, note) {
  add_callback(model, "on_model_save", function(model, path) note("save", basename(path)))
  add_callback(model, "on_model_load", function(path) note("load", basename(path)))
  add_callback(model, "on_model_export", function(path) note("export", basename(path)))
  save_model(model, file.path(dir, "a.keras"))
  save_model_weights(model, file.path(dir, "b.weights.h5"))
  load_model_weights(model, file.path(dir, "b.weights.h5"))
}
"""


def test_files(keras, tmp_path):
    notes, model = [], dense_model()
    from_r(SAVING)(model, str(tmp_path), lambda *given: notes.append(given))
    model.save(filepath=tmp_path / "c.keras")
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "d-{epoch}.keras")
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[checkpoint, backup])
    assert notes == [
        ("save", "a.keras"),
        ("save", "b.weights.h5"),
        ("load", "b.weights.h5"),
        ("save", "c.keras"),
        ("save", "d-1.keras"),
        ("save", "latest.weights.h5"),
        ("save", "d-2.keras"),
        ("save", "latest.weights.h5"),
    ]


@pytest.mark.skipif(backend() != "tensorflow", reason="export() is slow, and the same elsewhere")
def test_an_export(keras, tmp_path):
    paths, model = [], dense_model()
    add_callback(model, "on_model_export", lambda path: paths.append(path))
    from_r("function(m, to) export_savedmodel(m, to, verbose = FALSE)")(model, str(tmp_path / "e"))
    assert paths == [str(tmp_path / "e")]


# ---- errors, and the end -------------------------------------------------------------------------

FAILING = """
function(model, x, y, told) {
  too_late <- simpleError("e2")
  class(too_late) <- c("too_late", class(too_late))
  add_callback(model, "on_exit", function() told("exit"))
  add_callback(model, "on_train_end", function() told("end"))
  add_callback(model, "on_epoch_end", function(epoch) {
    if (epoch == 2) stop(too_late)
  })
  tryCatch(fit(model, x, y, epochs = 5, verbose = 0),
           too_late = function(e) told(conditionMessage(e)))
}
"""


def test_an_error_ends_the_training_as_itself(keras):
    notes, model = [], dense_model()
    from_r(FAILING)(model, X, Y, notes.append)
    assert notes == ["exit", "e2"]
    with pytest.raises(pyclass_bridge.RError, match="e2") as caught:
        model.fit(X, Y, epochs=3, verbose=0)
    assert caught.value.r_class[0] == "too_late"
    assert notes == ["exit", "e2", "exit"]


def test_an_error_of_python_goes_on_as_the_same_object(keras):
    model, error = dense_model(), KeyError("on purpose")

    def fail():
        raise error

    add_callback(model, "on_train_batch_end", fail)
    with pytest.raises(KeyError) as caught:
        model.fit(X, Y, **ONCE)
    assert caught.value is error


def test_on_exit_after_ctrl_c(keras):
    notes, model = [], dense_model()
    add_callback(model, "on_train_batch_end", lambda: os.kill(os.getpid(), signal.SIGINT))
    from_r('function(m, f) add_callback(m, "on_exit", function() f("exit"))')(model, notes.append)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=100, verbose=0)
    assert notes == ["exit"]


def test_on_exit_of_the_callbacks_of_fit_comes_after_it(keras):
    notes, model = [], dense_model()
    add_callback(model, "on_exit", lambda: notes.append("added"))
    add_callback(model, "on_train_end", lambda: notes.append("end"))
    given = from_r('function(f) callback_set("s", on_exit = function() f("given"))()')(notes.append)
    pyclass_bridge.fit(model, X, Y, callbacks=given, **ONCE)
    assert notes == ["end", "added", "given"]


def test_all_functions_of_on_exit_run(keras):
    notes, model = [], dense_model()
    from_r('function(m) add_callback(m, "on_exit", function() stop("first"))')(model)
    add_callback(model, "on_exit", lambda: notes.append("second"))
    from_r('function(m) add_callback(m, "on_exit", function() stop("third"))')(model)
    told = pytest.warns(UserWarning, match="`on_exit` failed too: Error in on_exit.*third")
    with told, pytest.raises(pyclass_bridge.RError, match="first"):
        model.predict(X, verbose=0)
    add_callback(model, "on_train_begin", lambda: 1 / 0)
    told = pytest.warns(UserWarning, match="`on_exit` failed too: Error in on_exit.*first")
    with told, pytest.raises(ZeroDivisionError):
        model.fit(X, Y, **ONCE)
    assert notes == ["second", "second"]


# ---- objects -------------------------------------------------------------------------------------

CLASSES = """
Log %py_class% {
  initialize <- function() self$seen <- list()
  on_epoch_end <- function(epoch, logs) self$seen[[length(self$seen) + 1L]] <- epoch
  on_exit <- function(model) self$at_exit <- class(model)[[1L]]
  helper <- function(x) x
}
Counting <- Callback("Counting",
  on_epoch_end = function(epoch, logs = NULL) {
    self$seen <- c(epoch, self$params$epochs, inherits(self$model, "python.builtin.object"))
  })
"""


def test_objects_are_added_whole(keras, source):
    ns, model, calls = source(CLASSES), dense_model(), []

    class Twin:
        epochs = 0

        def on_epoch_end(self, epoch):
            self.epochs += 1

    log, counting, twin = ns.Log(), ns.Counting(), Twin()
    for thing in (log, counting, twin, {"on_train_end": lambda: calls.append("end")}):
        add_callback(model, thing)
    add = 'function(m, f) add_callback(m, list(on_exit = f, on_train_end = function() f("R")))'
    from_r(add)(model, lambda text="exit": calls.append(text))
    model.fit(X, Y, epochs=2, verbose=0)
    assert pyclass_bridge.to_python(log.seen) == [0, 1]
    assert log.at_exit == "keras.src.models.sequential.Sequential"
    assert counting.seen == [2, 2, 1]
    assert twin.epochs == 2
    assert calls == ["end", "R", "exit"]


def test_an_r6_class(keras):
    if not from_r('requireNamespace("R6", quietly = TRUE)'):
        pytest.skip("R6 is not installed")
    counter = from_r("""
      Counter <- R6::R6Class("Counter", public = list(
        n = 0, on_train_batch_begin = function(batch) self$n <- self$n + 1))
      r_to_py(Counter)()
    """)
    model = add_callback(dense_model(), counter)
    model.fit(X, Y, batch_size=16, **ONCE)
    assert counter.n == 3


# ---- mistakes ------------------------------------------------------------------------------------

MISTAKES = """
Misspelt %py_class% { on_epch_end <- function(epoch) 1 }
Idle %py_class% { helper <- function(epoch) 1 }
Closing <- Callback("Closing", on_epoch_end = function(epoch, logs) 1, on_exit = function() 1)
mistakes <- alist(
  misspelt = add_callback(model, "on_epoch_ende", function() 1),
  "of Ultralytics" = add_callback(model, "on_val_end", function() 1),
  "of another framework" = add_callback(model, "on_train_start", function() 1),
  "like none" = add_callback(model, "zzz", function() 1),
  "a formal too many" = add_callback(model, "on_train_end", function(model, epoch) 1),
  "another formal" = add_callback(model, "on_epoch_end", function(step, x) 1),
  "a primitive" = add_callback(model, "on_epoch_end", sin),
  "no function" = add_callback(model, "on_epoch_end", "print"),
  "nothing" = add_callback(model, "on_epoch_end"),
  "a class as function" = add_callback(model, "on_epoch_end", Idle),
  "function without event" = add_callback(model, function(epoch) 1),
  "the wrong way round" = add_callback(model, function(epoch) 1, "on_epoch_end"),
  "a class" = add_callback(model, Misspelt),
  "a misspelt method" = add_callback(model, Misspelt()),
  "no method" = add_callback(model, Idle()),
  "a callback with an exit" = add_callback(model, Closing()),
  "a misspelt name" = add_callback(model, list(on_epoch_end = print, on_epch_end = print)),
  "no model" = add_callback(mtcars, "on_epoch_end", function() 1),
  "a model of R" = add_callback(lm(dist ~ speed, cars), "on_epoch_end", function() 1),
  "NA" = add_callback(model, NA_character_, function() 1),
  "a layer" = reset_callbacks(layer_dense(units = 1)),
  "to clear" = clear_callback(model, "on_epoch_ende"),
  "to list" = callback_events("keras")
)
function(model) lapply(mistakes, function(mistake) {
  tryCatch({ eval(mistake, list(model = model)); "no error" }, error = conditionMessage)
})
"""


def test_texts(keras):
    model = dense_model()
    texts = from_r(f"local({{{MISTAKES}}})")(model)
    error_texts.check("event_errors", texts)
    assert "fit" not in vars(model)


def test_what_a_function_of_c_takes_is_asked_for(keras):
    with pytest.raises(TypeError, match="are not known; for `on_exit` give a function that calls"):
        add_callback(dense_model(), "on_exit", max)
    with pytest.raises(TypeError, match="takes `object`, but the event has only `model`"):
        add_callback(dense_model(), "on_exit", [].append)


def test_the_events(keras):
    assert from_r("callback_events()") == callback_events() == callback_events(dense_model())
    assert callback_events()[-4:] == [
        "on_model_save",
        "on_model_load",
        "on_model_export",
        "on_exit",
    ]
    assert {e for e in dir(keras.callbacks.Callback) if e.startswith("on_")} == {
        *HOOKS,
        "on_batch_begin",
        "on_batch_end",
    }
