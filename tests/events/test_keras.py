"""How a Keras model calls the functions at its events: as the hooks of a callback class of Python,
from R and Python, and what a model with functions is otherwise.
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
from support.twin import backend, data, dense_model, train

import pyclass_bridge
from pyclass_bridge import add_callback, callback_events, clear_callback, reset_callbacks
from pyclass_bridge import r as from_r

X, Y = data()
ONCE = {"epochs": 1, "verbose": 0}
HOOKS = [e for e in callback_events() if not e.startswith("on_model_") and e != "on_exit"]


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


# ---- one rule for the arguments, with callback_lambda() ------------------------------------------

RULE = [
    "function(epoch, logs) list(epoch, names(logs))",
    "function(logs, epoch) list(epoch, names(logs))",
    "function(e, l) list(e, names(l))",
    "function(epoch, l) list(epoch, names(l))",
    "function(logs) list(1, names(logs))",
    "function(logs, unused = 2) list(unused - 1, names(logs))",
]


@pytest.mark.parametrize("function", RULE)
def test_functions_of_callback_lambda_get_arguments_by_name_or_place(keras, function):
    seen = pyclass_bridge.r(f"""local({{
      seen <- NULL
      f <- {function}
      body(f) <- bquote(seen <<- .(body(f)))
      model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
      compile(model, "sgd", "mse")
      fit(model, matrix(1:4), 1:4, epochs = 1, verbose = 0,
          callbacks = callback_lambda(on_epoch_end = f))
      list(seen[[1]], "loss" %in% unlist(seen[[2]]))
    }})""")
    assert seen == [1, True]


def test_functions_of_add_callback_get_arguments_by_name_or_place(keras):
    seen = pyclass_bridge.r("""local({
      seen <- list()
      model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
      compile(model, "sgd", "mse")
      add_callback(model, "on_epoch_end", function(e, l) {
        seen$place <<- c(e == 1, "loss" %in% names(l))
      })
      add_callback(model, "on_epoch_end", function(logs, epoch) {
        seen$name <<- c(epoch == 1, "loss" %in% names(logs))
      })
      fit(model, matrix(1:4), 1:4, epochs = 1, verbose = 0)
      list(all(seen$place), all(seen$name))
    })""")
    assert seen == [True, True]


def test_an_argument_out_of_its_place_is_an_error(keras):
    with pytest.raises(pyclass_bridge.RError, match="takes `e`, but the event has only `epoch`"):
        pyclass_bridge.r("callback_lambda(on_epoch_end = function(logs, e) e)")
    with pytest.raises(TypeError, match="takes `e`, but the event has only"):
        pyclass_bridge.r("""add_callback(
          keras_model_sequential(input_shape = 1), "on_epoch_end", function(logs, e) e
        )""")
