"""What every callback class of R has beside its hooks: `stages`, and how it prints."""

from __future__ import annotations

KINDS = """
Plain <- Callback("Plain",
  on_epoch_end = function(epoch, logs) NULL, on_train_begin = function(logs) NULL)
Derived <- Callback("Derived", inherit = Plain, on_exit = function() NULL)
Raw(keras$callbacks$Callback) %py_class% {
  on_batch_end <- function(batch, logs = NULL) NULL
}
Stopping(keras$callbacks$EarlyStopping) %py_class% {
  on_test_begin <- function(logs = NULL) NULL
}
Mine <- Callback("Mine", public = list(stages = 3, `__repr__` = function() "mine"))
Later <- Callback("Later", initialize = function() self$stages <- "two")
Nothing <- Callback("Nothing")
Set <- callback_set("my_set", on_end = function() 1, on_begin = function() 1)
"""


def test_stages_and_printing(source, r):
    ns = source(KINDS)
    shown = r("function(x) paste(capture.output(print(x)), collapse = '|')")
    callbacks = {
        "Plain": ns.Plain(), "Derived": ns.Derived(), "Raw": ns.Raw(), "Set": ns.Set(),
        "Stopping": ns.Stopping(monitor="loss"),
    }  # fmt: skip
    assert {name: callback.stages for name, callback in callbacks.items()} == {
        "Plain": ["on_train_begin", "on_epoch_end"],
        "Derived": ["on_train_begin", "on_epoch_end", "on_exit"],
        "Raw": ["on_batch_end"],
        "Stopping": ["on_train_begin", "on_test_begin", "on_epoch_end", "on_train_end"],
        "Set": ["on_begin", "on_end"],
    }
    assert shown(callbacks["Set"]) == '<CallbackSetMySet "my_set">|* Stages: on_begin, on_end'
    assert repr(callbacks["Set"]) == '<CallbackSetMySet "my_set": on_begin, on_end>'
    assert shown(callbacks["Raw"]) == "<Raw>|* Stages: on_batch_end"
    assert repr(ns.Nothing()) == "<Nothing: no stages>"


def test_members_of_the_user_s_own_stay(source, r):
    ns = source(KINDS)
    mine = ns.Mine()
    assert (mine.stages, repr(mine), ns.Later().stages) == (3, "mine", "two")
    assert r("function(x) capture.output(print(x))")(mine) == "mine"
