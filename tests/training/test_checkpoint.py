"""callback_checkpoint_state(): which trainings it writes, errors of writing, mistakes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support import error_texts, resumed
from support.twin import backend

import pyclass_bridge


def test_a_checkpoint_is_that_of_one_training(keras, tmp_path):
    path = str(tmp_path / "run.state")
    keep, other = pyclass_bridge.checkpoint_state(path), pyclass_bridge.checkpoint_state(path + "2")

    class Within(keras.callbacks.Callback):
        said = ()

        def on_epoch_end(self, epoch, logs=None):
            tries = (
                lambda: resumed.fit(path, listed=[keep]),
                lambda: resumed.new_model().fit(*resumed.data(), verbose=0, callbacks=[other]),
            )
            for train in tries:
                with pytest.raises(RuntimeError) as caught:
                    train()
                self.said = (*self.said, str(caught.value))

    within = Within()
    resumed.fit(path, listed=[keep, within], epochs=1)
    assert "is in a training that is under way" in within.said[0]
    assert "not in Keras' own model.fit()" in within.said[1]
    assert os.listdir(tmp_path) == ["run.state"]
    resumed.fit(path, listed=[keep], epochs=1)


def test_r_says_what_the_tilde_is(keras, r):
    made = r("""function(home) {
      before <- Sys.getenv("HOME")
      on.exit(Sys.setenv(HOME = before))
      Sys.setenv(HOME = home)
      c(callback_checkpoint_state("~/a")$path, path.expand("~/a"))
    }""")("/elsewhere")
    assert made[0] == made[1]


class Holding(resumed.keras.callbacks.Callback):
    def state_dict(self):
        return {"thread": object()}

    def load_state_dict(self, state):
        raise AssertionError("there is none")


def test_an_error_while_writing_leaves_the_last_file(tmp_path, monkeypatch):
    path = str(tmp_path / "run.state")
    resumed.fit(path, epochs=1)
    before = Path(path).read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"could not write .*after epoch 1: No space left"):
            resumed.fit(path)
    assert Path(path).read_bytes() == before
    assert os.listdir(Path(path).parent) == ["run.state"]
    with pytest.raises(TypeError, match="holds a Python object"):
        resumed.fit(path, listed=[*resumed.callbacks(path), Holding()])
    assert Path(path).read_bytes() == before


# ---- mistakes ----------------------------------------------------------------------------------

R_MISTAKES = {
    "a path that is none": "callback_checkpoint_state(NULL)",
    "a directory": "callback_checkpoint_state('/')",
    "freq below 1": "callback_checkpoint_state('a', freq = 0)",
    "a fraction": "callback_checkpoint_state('a', freq = 1.5)",
    "no number": "callback_checkpoint_state('a', freq = TRUE)",
    "no directory": (
        "fit(model, matrix(1, 2, 3), 1:2, callbacks = callback_checkpoint_state('/dev/null/a'))"
    ),
    "resume is no path": "fit(model, matrix(1, 2, 3), 1:2, resume = TRUE)",
    "resume is a directory": "fit(model, matrix(1, 2, 3), 1:2, resume = '/dev')",
    "a model that is not compiled": (
        "fit(keras_model_sequential(input_shape = 3) |> layer_dense(1), matrix(1, 2, 3), 1:2, "
        "callbacks = callback_checkpoint_state(tempfile()))"
    ),
    "a Python object in the logs": (
        "fit(model, matrix(1, 2, 3), 1:2, callbacks = list(Adds(), callback_checkpoint_state("
        "tempfile())), verbose = 0)"
    ),
    "no wrapper": "model$fit(x, y, callbacks = callback_checkpoint_state('a'), verbose = 0L)",
    "a Python object in a state": (
        "fit(model, matrix(1, 2, 3), 1:2, callbacks = list(Holds(), callback_checkpoint_state("
        "tempfile())), verbose = 0)"
    ),
    "data that do not fit": (
        "fit(model, matrix(1, 2, 4), 1:2, callbacks = callback_checkpoint_state(tempfile()), "
        "verbose = 0)"
    ),
}


def test_mistakes_in_r_are_one_clear_message(keras, r):
    if backend() != "tensorflow":
        pytest.skip("the texts are the same on each backend")
    said = r("""function(code) {
      model <- keras_model_sequential(input_shape = 3) |> layer_dense(1)
      model |> compile(loss = "mse")
      x <- as_tensor(matrix(1, 2, 3))
      y <- as_tensor(matrix(1, 2, 1))
      Holds <- Callback("Holds", state_dict = function() list(1, list(model = model)),
        load_state_dict = function(state) NULL)
      Adds <- Callback("Adds", on_epoch_end = function(epoch, logs) list(of = self$model))
      tryCatch({ eval(parse(text = code)); "no error" }, error = conditionMessage)
    }""")
    texts = {case: said(code) for case, code in R_MISTAKES.items()}
    error_texts.check("checkpoint_errors", texts)
