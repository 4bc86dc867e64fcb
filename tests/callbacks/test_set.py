"""Callback sets: the order of their stages, `self$ctx`, what instances are and do.

Of: callbacks/set.py, R/callbacks_set.R, R/callbacks_checks.R.
"""

from __future__ import annotations

import copy
import gc
import re
import weakref

import numpy as np
import pytest
from support import error_texts
from support.callback_sets import Notes, fit
from support.twin import backend, data, dense_model

import pyclass_bridge
from pyclass_bridge import RError

STAGES = [
    "on_begin", "on_epoch_begin", "on_batch_begin", "on_batch_end", "on_before_valid",
    "on_batch_valid_begin", "on_batch_valid_end", "on_valid_end", "on_epoch_end", "on_end",
    "on_exit",
]  # fmt: skip

# `note` is a function of Python: stage, and where the training is.
NOTING = (
    """
    Noting <- callback_set("noting",
      initialize = function(note, id = "noting") { self$note <- note; self$id <- id },
      tell = function(stage) {
        self$note(self$id, stage, self$ctx$epoch, self$ctx$step, self$ctx$global_step)
      },
    """
    + ",\n".join(f'{stage} = function() self$tell("{stage}")' for stage in STAGES)
    + ")"
)


# ---- the order -----------------------------------------------------------------------------------


def in_order(ids, epochs, starts, ends, valid, per_epoch):
    """What the table of stages says: (id, stage, epoch, step, global step)."""
    notes = []

    def all_of(stage, epoch, step):
        before = max(epoch - 1, 0) * per_epoch
        notes.extend((name, stage, epoch, step, before + step) for name in ids)

    all_of("on_begin", 0, 0)
    for epoch in epochs:
        all_of("on_epoch_begin", epoch, 0)
        for start, end in zip(starts, ends, strict=True):
            all_of("on_batch_begin", epoch, start)
            all_of("on_batch_end", epoch, end)
        all_of("on_before_valid", epoch, ends[-1])
        for _ in range(valid):
            all_of("on_batch_valid_begin", epoch, ends[-1])
            all_of("on_batch_valid_end", epoch, ends[-1])
        if valid:
            all_of("on_valid_end", epoch, ends[-1])
        all_of("on_epoch_end", epoch, ends[-1])
    all_of("on_end", epochs[-1], ends[-1])
    all_of("on_exit", epochs[-1], ends[-1])
    return notes


CASES = {
    "without validation": ({}, {}, ([1, 2], [1, 2, 3], [1, 2, 3], 0, 3)),
    "with validation": (
        {},
        {"validation_data": data(32)},
        ([1, 2], [1, 2, 3], [1, 2, 3], 2, 3),
    ),
    "from another epoch": (
        {},
        {"initial_epoch": 1, "epochs": 3},
        ([2, 3], [1, 2, 3], [1, 2, 3], 0, 3),
    ),
    "two steps at once": (
        {"steps_per_execution": 2},
        {"batch_size": 12},
        ([1, 2], [1, 3], [2, 4], 0, 4),
    ),
    "eagerly": ({"run_eagerly": True}, {}, ([1, 2], [1, 2, 3], [1, 2, 3], 0, 3)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_set_has_its_stages_in_order(case, source):
    compiling, fitting, expected = CASES[case]
    if backend() == "torch" and "steps_per_execution" in compiling:
        pytest.skip("Keras on torch has no steps_per_execution")
    notes, make = Notes(), source(NOTING).Noting
    sets = [make(notes, "a"), make(notes, "b")]
    fit(sets, dense_model(**compiling), **fitting)
    assert notes == in_order("ab", *expected)


def test_steps_of_data_of_unknown_length(source):
    """Keras begins a step more, and finds that there are no data for it."""
    ns = source(
        """
        Counting <- callback_set("counting",
          initialize = function() self$seen <- list(),
          note = function() {
            seen <- c(self$ctx$step, self$ctx$global_step, self$ctx$step_valid)
            self$seen <- c(self$seen, list(seen))
          },
          on_before_valid = function() self$note(),
          on_valid_end = function() self$note(),
          on_epoch_end = function() self$note()
        )
        """
    )
    x, y = data(16)

    def batches(number):
        for _ in range(number):
            yield x, y

    callback = ns.Counting()
    pyclass_bridge.fit(
        dense_model(), batches(5), epochs=1, verbose=0, callbacks=callback,
        validation_data=batches(2),
    )  # fmt: skip
    assert list(callback.seen) == [[5, 5, 0], [5, 5, 2], [5, 5, 2]]


def test_an_epoch_without_validation_has_no_scores_of_it(source):
    ns = source(
        """
        Valid <- callback_set("valid", initialize = function() self$seen <- list(),
          on_epoch_end = function() {
            self$seen[[self$ctx$epoch]] <- is.null(self$ctx$last_scores_valid)
          })
        """
    )
    callback = ns.Valid()
    fit([callback], epochs=4, validation_data=data(16), validation_freq=2)
    assert list(callback.seen) == [True, False, True, False]


MISUSES = {
    "unknown": "self$ctx$epochs",
    "unknown, assigned": "self$ctx$terminat <- TRUE",
    "nothing near": "self$ctx$zzz",
    "terminate is a number": "self$ctx$terminate <- 1",
    "terminate is NA": "self$ctx$terminate <- NA",
    "epochs assigned": "self$ctx$total_epochs <- 3L",
    "epoch assigned": "self$ctx$epoch <- 5L",
    "stage with arguments, assigned": "self$on_epoch_end <- function(epoch, logs = NULL) 1",
    "no function, assigned": "self$on_batch_end <- NULL",
    "misspelt stage, assigned": "self$on_epoch_edn <- function() 1",
    "ctx assigned": "self$ctx <- NULL",
    "clone while it trains": "self$clone()",
    "a training within": "fit(self$ctx$model, diag(2), 1:2, callbacks = self)",
    "an evaluation within": "evaluate(self$ctx$model, diag(2), 1:2, callbacks = self)",
}


def test_misuses(r, source):
    ns = source(
        """
        Misuse <- function(use) {
          callback_set("misuse", private = list(deep_clone = function(name, value) value),
            on_epoch_begin = as.function(list(substitute(use))))
        }
        """
    )
    cases = {
        name: f"fit(model, x, y, epochs = 1, callbacks = Misuse({use})(), verbose = 0)"
        for name, use in MISUSES.items()
    }
    sets = 'A <- callback_set("a"); B <- callback_set("b")'
    cases |= {
        "two of one id": "fit(model, x, y, callbacks = list(A(), B(), A()), verbose = 0)",
        "id of an instance":
            "{ a <- A(); a$id <- 3; fit(model, x, y, callbacks = a, verbose = 0) }",
        "weight of an instance":
            '{ a <- A(); a$weight <- "9"; fit(model, x, y, callbacks = a, verbose = 0) }',
        "weight of an instance is NA":
            "{ a <- A(); a$weight <- NA; fit(model, x, y, callbacks = a, verbose = 0) }",
        "a generator": "fit(model, x, y, callbacks = A, verbose = 0)",
        "clone without deep_clone": "A()$clone()",
    }  # fmt: skip
    run = r(
        f"""
        function(defined, model, x, y, code) {{
          env <- list2env(list(model = model, x = x, y = y, Misuse = defined$Misuse))
          eval(quote({{ {sets} }}), env)
          tryCatch({{ eval(str2lang(code), env); "no error" }}, error = conditionMessage)
        }}
        """
    )
    x, y = data(16)
    model = dense_model()
    texts = {case: run(ns, model, x, y, code) for case, code in cases.items()}
    texts = {case: re.sub(r" at 0x[0-9a-f]+", "", text) for case, text in texts.items()}
    error_texts.check("callback_set", texts)
    assert "no error" not in texts.values()


def test_an_instance_is_in_one_training_at_a_time(source):
    ns = source(
        """
        Once <- callback_set("once",
          initialize = function(again) self$again <- again,
          on_epoch_end = function() {
            self$said <- tryCatch({ self$again(self); "no error" }, error = conditionMessage)
            self$seen <- self$ctx$epoch
          },
          on_exit = function() self$exits <- self$exits + 1,
          public = list(exits = 0)
        )
        """
    )
    x, y = data(16)
    again = {
        "fit": lambda callback: fit([callback]),
        "evaluate": lambda callback: dense_model().evaluate(x, y, 8, 0, callbacks=[callback]),
    }
    for name, run in again.items():
        callback = ns.Once(run)
        fit(callback)
        assert "is in a training that is under way" in callback.said, name
        assert (callback.seen, callback.exits, callback.ctx) == (2, 1, None), name


# ---- instances -----------------------------------------------------------------------------------


def test_stages_of_the_base_and_of_the_instance(source):
    ns = source(
        """
        First <- callback_set("first", weight = 3,
          initialize = function(note) self$note <- note,
          on_epoch_end = function() self$note("first", self$ctx$epoch),
          on_end = function() self$note("end"))
        Second <- callback_set("second", inherit = First,
          on_epoch_end = function() { super$on_epoch_end(); self$note("second") })
        """
    )
    notes = Notes()
    second = ns.Second(notes)
    second.on_batch_end = lambda: notes("assigned")
    second.on_epoch_begin = lambda: notes("begins")
    assert (second.id, second.weight) == ("second", 3)
    assert second.stages == ["on_epoch_begin", "on_batch_end", "on_epoch_end", "on_end"]
    fit([second], epochs=1, batch_size=24)
    assert notes == [
        ("begins",), ("assigned",), ("assigned",), ("first", 1), ("second",), ("end",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("on_train_batch_begins", "on_batch_begin"),
        ("on_validation_ends", "on_valid_end"),
        ("on_epoch_start", "on_epoch_begin"),
    ],
)
def test_a_misspelt_stage_that_is_assigned_is_known_as_in_a_definition(r, name, stage):
    made = r("callback_set('Notes')()")
    with pytest.raises(AttributeError, match=rf"no stage `{name}`\. Did you mean `{stage}`"):
        setattr(made, name, lambda: None)
    with pytest.raises(RError, match=f"here it is `{stage}`|Did you mean `{stage}`"):
        r(f"callback_set('Notes', {name} = function() NULL)")


def test_a_stage_assigned_by_initialize(r):
    cb = r(
        """
        {
          Late <- callback_set("late", initialize = function() {
            self$ended <- 0
            self$on_epoch_end <- function() {
              super$on_epoch_end()
              self$ended <- self$ctx$epoch
            }
          })
          Late()
        }
        """
    )
    fit([cb])
    assert (cb.ended, cb.stages) == (2, ["on_epoch_end"])


def test_a_set_written_in_python(source):
    from pyclass_bridge.callbacks.set import CallbackSet

    class Own(CallbackSet):
        id = "own"

        def on_epoch_end(self):
            self.ended = self.ctx.epoch

    class OfR(source('Base <- callback_set("b", on_end = function() self$loss <- 1)').Base):
        def on_epoch_begin(self):
            self.began = self.ctx.epoch

    own, of_r = Own(), OfR()
    fit([own, of_r])
    assert (own.ended, of_r.began, of_r.loss) == (2, 2, 1)


def test_active_and_private_members(source):
    ns = source(
        """
        Both <- callback_set("both", private = list(count = 1),
          active = list(n = function(value) {
            if (missing(value)) private$count else private$count <- value
          }),
          on_epoch_end = function() self$n <- self$n + 1)
        """
    )
    callback = ns.Both()
    fit([callback])
    assert callback.n == 3


def test_an_instance_is_collected_after_its_training(r, source):
    ns = source(NOTING)
    callback = ns.Noting(Notes())
    callback.on_epoch_end = lambda: None
    fit([callback])
    gone = weakref.ref(callback)
    del callback
    r("gc()")  # R's own objects for its methods and its context
    gc.collect()
    assert gone() is None


CLONING = """
Cloned <- callback_set("cloned",
  initialize = function() { self$seen <- list(1); private$count <- 1; self$when <- Sys.Date() },
  peek = function() private$count,
  poke = function(value) private$count <- value,
  private = list(count = 0, deep_clone = function(name, value) {
    if (name == "count") value + 10 else if (name == "seen") c(value, list(name)) else value
  }))
"""


def test_clones(source):
    original = source(CLONING).Cloned()
    original.note = [1]
    original.id = "other"
    shallow, deep = original.clone(), original.clone(deep=True)
    assert type(shallow) is type(deep) is type(original)
    assert (list(shallow.seen), deep.seen) == ([1], [1, "seen"])
    assert shallow.note is original.note
    assert shallow.id == deep.id == "other"
    assert (shallow.peek(), deep.peek()) == (1, 11)
    deep.poke(5)
    shallow.poke(6)
    assert (original.peek(), shallow.peek(), deep.peek()) == (1, 6, 5)


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda x: x.clone(True)])
def test_a_copy_has_the_assigned_stages_as_its_own(how, source):
    original = source(CLONING).Cloned()
    original.on_epoch_end = lambda: None
    copied = how(original)
    assert copied.on_epoch_end.__self__ is copied
    fit([copied])


def test_weights_order_the_callbacks(keras, source):
    ns = source(
        """
        Told <- Callback("Told", initialize = function(note, weight) {
            self$note <- note; self$weight <- weight
          }, on_epoch_begin = function(epoch, logs) self$note(self$weight))
        Set <- callback_set("set", weight = 5, initialize = function(note) self$note <- note,
          on_epoch_begin = function() self$note(self$weight))
        """
    )
    notes = Notes()

    class Python(keras.callbacks.Callback):
        weight = np.ones(3)  # its own affair

        def on_epoch_begin(self, epoch, logs=None):
            notes("Python")

    weights = [7, float("inf"), -2.5, 0]
    fit([*(ns.Told(notes, weight) for weight in weights), ns.Set(notes), Python()], epochs=1)
    assert [note for (note,) in notes] == [-2.5, 0, "Python", 5, 7, float("inf")]
