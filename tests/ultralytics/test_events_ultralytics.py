"""Functions at the events of a real YOLO, from R and Python: no weights, no network.

Texts of errors are in snapshots/event_errors_ultralytics.txt.

Of: events/ultralytics.py.
"""

from __future__ import annotations

import re
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from support import error_texts

import pyclass_bridge
from pyclass_bridge import add_callback, callback_events, clear_callback, reset_callbacks
from pyclass_bridge.events.ultralytics import never_called
from pyclass_bridge.for_r.classes import s3_class

try:
    version("ultralytics")  # this directory looks like a package of that name to importlib
except PackageNotFoundError:
    pytest.skip("ultralytics is not installed: make ultralytics", allow_module_level=True)

# Documented, and called by no code of 8.4.190.
NEVER = {"optimizer_step", "on_before_zero_grad", "on_params_update"}
TEACH = """
train <- function(model, data, dir, epochs = 2L) {
  model$train(data = file.path(data, "data.yaml"), project = dir, epochs = epochs, imgsz = 64L,
              batch = 2L, device = "cpu", workers = 0L, plots = FALSE, amp = FALSE, verbose = FALSE)
}
new_yolo <- function() import("ultralytics")$YOLO("yolo11n.yaml")
"""


@pytest.fixture
def yolo(ultralytics):
    model = ultralytics.YOLO("yolo11n.yaml")
    yield model
    model.reset_callbacks()


@pytest.fixture
def in_r(ultralytics, yolo_data, tmp_path):
    """Evaluates R code that finds `data`, `dir` and what is given."""
    pyclass_bridge.r(TEACH)
    places = {"data": str(yolo_data), "dir": str(tmp_path)}
    return lambda code, **given: pyclass_bridge.r(code, **places, **given)


def train(model, data, directory, **more):
    settings = {"epochs": 1, "imgsz": 64, "batch": 2, "device": "cpu", "workers": 0}
    quiet = {"plots": False, "amp": False, "verbose": False}
    where = {"data": f"{data}/data.yaml", "project": directory}
    return model.train(**where, **settings, **quiet, **more)


# ---- training ------------------------------------------------------------------------------------


def test_a_function_of_r_sees_the_trainer_and_stops_it(in_r):
    found = in_r("""
    model <- new_yolo()
    epochs <- integer()
    ended <- character()
    model$add_callback("on_fit_epoch_end", function(trainer) {
      epochs <<- c(epochs, trainer$epoch)
      if (trainer$epoch == 1) trainer$stop <- TRUE
    })
    model$add_callback("on_train_end", function() ended <<- c(ended, "train"))
    model$add_callback("teardown", function(trainer) ended <<- c(ended, class(trainer)[[1L]]))
    train(model, data, dir, epochs = 5L)
    model$reset_callbacks()
    list(epochs = epochs, ended = ended)
    """)
    # One more comes after the training, from the evaluation of the best weights.
    assert found["epochs"] == [0, 1, 2]
    trainer = "ultralytics.models.yolo.detect.train.DetectionTrainer"
    assert found["ended"] == ["train", trainer]


def test_the_order_of_events_is_that_of_python_functions(yolo, in_r, yolo_data, tmp_path):
    in_python, from_r = [], []
    listen = pyclass_bridge.r("""
    function(model, event, note) {
      force(event)
      add_callback(model, event, function(thing) note(event, class(thing)[[1L]]))
    }
    """)

    def note(event):
        return lambda thing: in_python.append((event, s3_class(type(thing))[0]))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three never come
        for event in callback_events(yolo):
            yolo.add_callback(event, note(event))
            listen(yolo, event, lambda *given: from_r.append(given))
    train(yolo, yolo_data, tmp_path)
    yolo.predict(str(yolo_data / "images"), imgsz=64, device="cpu", verbose=False)
    assert from_r == in_python
    exported = {"on_export_start", "on_export_end"}
    assert {event for event, _ in from_r} == {*callback_events(yolo)} - NEVER - exported
    reset_callbacks(yolo)


def test_an_error_of_r_reaches_the_user_after_teardown(in_r):
    found = in_r("""
    model <- new_yolo()
    ended <- character()
    add_callback(model, "teardown", function(trainer) ended <<- c(ended, "teardown"))
    add_callback(model, "on_train_batch_end", function(trainer) {
      stop(structure(class = c("too_hot", "error", "condition"), list(message = "42", call = NULL)))
    })
    caught <- tryCatch(train(model, data, dir), too_hot = function(e) conditionMessage(e))
    reset_callbacks(model)
    list(caught = caught, ended = ended)
    """)
    assert found == {"caught": "42", "ended": "teardown"}


# ---- prediction: the example of the documentation ------------------------------------------------


def test_results_with_their_frames(in_r):
    found = in_r("""
    model <- new_yolo()
    zip <- import_builtins()$zip
    model$add_callback("on_predict_batch_end", function(predictor) {
      image <- predictor$batch[[2]]
      predictor$results <- zip(predictor$results, image)
    })
    shapes <- list()
    images <- file.path(data, "images")
    for (pair in model$predict(images, imgsz = 64L, device = "cpu", verbose = FALSE)) {
      frame <- pair[[2]]
      stopifnot(identical(frame, pair[[1]]$orig_img))
      shapes[[length(shapes) + 1L]] <- list(class(pair[[1]])[[1L]], dim(frame), frame[20, 20, 3])
    }
    model$reset_callbacks()
    shapes
    """)
    assert found == [["ultralytics.engine.results.Results", [64, 64, 3], 255]] * 4


# ---- the vignette --------------------------------------------------------------------------------

VIGNETTE = Path(__file__).parents[2] / "vignettes" / "events.Rmd"
# What the vignette's own words need: weights, data from the network, time.
HERE = {
    '"yolo11n.pt"': '"yolo11n.yaml"',
    '"coco8.yaml", epochs = 100L': (
        'file.path(data, "data.yaml"), project = dir, epochs = 1L, imgsz = 64L, device = "cpu", '
        "workers = 0L, plots = FALSE"
    ),
    '"pictures"': 'file.path(data, "images")',
}


def test_the_vignette_s_code_runs(in_r, capfd):
    section = VIGNETTE.read_text().partition("## Ultralytics")[2]
    code = "".join(re.findall(r"```\{r[^\n]*\n(.*?)```", section, re.DOTALL))
    for given, here in HERE.items():
        assert given in code
        code = code.replace(given, here)
    with pytest.warns(pyclass_bridge.RWarning, match="never calls it"):
        in_r(code)
    out, err = capfd.readouterr()
    assert "epoch 1 fitness 0" in out
    assert "the end, after an error too" in out
    assert out.count("boxes in a picture of 64 64 3") == 4
    assert "did you mean `on_train_start`?" in out + err


# ---- objects, and what takes functions away ------------------------------------------------------


def test_an_r_class_is_added_whole(yolo, in_r, yolo_data, tmp_path):
    log = in_r(
        """
    Log %py_class% {
      initialize <- function() self$seen <- character()
      on_train_epoch_end <- function(trainer) self$seen <- c(self$seen, trainer$epoch)
      teardown <- function(trainer) self$seen <- c(self$seen, "teardown")
      helper <- function() NULL
    }
    log <- Log()
    add_callback(model, log)
    log
    """,
        model=yolo,
    )
    train(yolo, yolo_data, tmp_path)
    assert log.seen == ["0", "teardown"]


def test_functions_are_taken_away(yolo):
    defaults = {event: list(functions) for event, functions in yolo.callbacks.items()}
    add_callback(yolo, "on_train_start", print)
    assert yolo.callbacks["on_train_start"][-1] is print
    clear_callback(yolo, "on_train_start")
    assert yolo.callbacks["on_train_start"] == []
    reset_callbacks(yolo)
    assert yolo.callbacks == defaults


# ---- mistakes ------------------------------------------------------------------------------------

MISTAKES = """
Misspelt %py_class% { on_train_epch_end <- function(trainer) 1 }
Idle %py_class% { helper <- function() 1 }
mistakes <- alist(
  misspelt = model$add_callback("on_fit_epoch_ends", function(trainer) 1),
  "of Keras" = model$add_callback("on_train_begin", function(trainer) 1),
  "of Keras, in validation" = add_callback(model, "on_test_batch_end", function(trainer) 1),
  "like none" = model$add_callback("zzz", function(trainer) 1),
  "two arguments" = model$add_callback("on_val_end", function(validator, metrics) 1),
  "no function" = model$add_callback("on_val_end", "print"),
  "a misspelt method" = add_callback(model, Misspelt()),
  "no method" = add_callback(model, Idle()),
  "to clear" = model$clear_callback("on_val_ends"),
  "never called" = model$add_callback("optimizer_step", function(trainer) 1)
)
lapply(mistakes, function(mistake) {
  said <- function(condition) conditionMessage(condition)
  tryCatch({ eval(mistake, list(model = model)); "no error" }, error = said, warning = said)
})
"""


def test_texts(yolo):
    error_texts.check("event_errors_ultralytics", pyclass_bridge.r(MISTAKES, model=yolo))


def test_events_that_never_come_warn(yolo):
    assert never_called() == NEVER
    for event in NEVER:
        with pytest.warns(UserWarning, match=f"documents the event `{event}`, but never calls it"):
            add_callback(yolo, event, lambda trainer: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_callback(yolo, "on_fit_epoch_end", lambda trainer: None)


def test_what_can_not_be_told_does_not_warn(yolo, tmp_path, monkeypatch):
    import ultralytics

    (tmp_path / "engine.py").write_text("def run(x, event):\n    x.run_callbacks(event)\n")
    monkeypatch.setattr(ultralytics, "__file__", str(tmp_path / "__init__.py"))
    assert never_called.__wrapped__() == frozenset()
