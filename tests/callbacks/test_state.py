"""state_dict() and load_state_dict(): the states of callbacks, in the history and in the file of a
checkpoint, are what R or Python gave.

Of: training/state_file.py, training/record.py, R/training_checkpoint.R.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.twin import data, dense_model

import pyclass_bridge
from pyclass_bridge.callbacks.set import CallbackSet
from pyclass_bridge.training import state_file

KEEPING = """
Keeping <- Callback("Keeping",
  state_dict = function() private$state,
  load_state_dict = function(state) private$state <- state,
  private = list(state = NULL)
)
Inheriting <- Callback("Inheriting", inherit = Keeping,
  state_dict = function() list(parent = super$state_dict(), n = 1L),
  load_state_dict = function(state) super$load_state_dict(state$parent)
)

counter <- local({ n <- 0; function() { n <<- n + 1; n } })
values <- list(
  number = 1.5, integer = 3L, numbers = c(1, 2), named = c(a = 1, b = 2), list = list(1, 2),
  names = list(a = 1, b = list(c = NULL, d = list())), strings = c("a", NA), na = NA,
  na_int = NA_integer_, matrix = matrix(1:4, 2, dimnames = list(NULL, c("a", "b"))),
  frame = data.frame(x = 1:2, y = factor(c("b", "a"))), date = as.Date("2026-01-31"),
  time = .POSIXct(0, tz = "Europe/Paris"), big = structure(5e-324, class = "integer64"),
  raw = as.raw(1:3), complex = 1i, formula = y ~ x, call = quote(f(x)), fun = mean,
  model = lm(dist ~ speed, cars)
)

# A value that is like `x` in all but the places of its environments.
alike <- function(x, y) {
  identical(x, y) || identical(serialize(x, NULL), serialize(y, NULL)) ||
    isTRUE(all.equal(x, y, check.environment = FALSE))
}

# An argument may be converted, the state of a callback is not.
keeping <- function(state, callback = Keeping()) {
  callback$load_state_dict(state)
  callback
}

# Each value is the same in every place where a state goes.
same_everywhere <- function(name, by_file) {
  state <- values[[name]]
  first <- keeping(state)
  child <- keeping(list(parent = state), Inheriting())
  other <- keeping(child$state_dict(), Inheriting())
  identical(first$state_dict(), state) && alike(by_file(first), state) &&
    identical(child$state_dict(), list(parent = state, n = 1L)) &&
    identical(other$state_dict(), child$state_dict())
}

in_history <- function(model, x, y, path) {
  named <- keeping(values)
  named$id <- "mine"
  callbacks <- list(named, Keeping(), Keeping())
  history <- fit(model, x, y, epochs = 1, verbose = 0, callbacks = callbacks)
  saveRDS(history, path)
  again <- readRDS(path)
  new <- keeping(again$callbacks$mine)
  identical(history$callbacks, list(mine = values)) && alike(again$callbacks, history$callbacks) &&
    identical(new$state_dict(), again$callbacks$mine)
}

environments <- function(by_file) {
  e <- new.env()
  e$n <- 5
  e$f <- counter
  counter()
  back <- by_file(keeping(list(e, e, counter, globalenv())))
  identical(back[[1]], back[[2]]) && back[[1]]$n == 5 && back[[3]]() == 2 &&
    identical(back[[4]], globalenv())
}
"""


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    path = tmp_path_factory.mktemp("state") / "keeping.R"
    path.write_text(KEEPING)
    return pyclass_bridge.source(path)


def by_file(state):
    """`state`, or that of a callback, as it comes back from a checkpoint."""
    if isinstance(state, keras.callbacks.Callback):
        state = state.state_dict()
    members = {}
    packed = state_file.pack(state_file.RValue(state), members)
    return state_file.unpack(packed, members, safe_mode=False)


def test_r_values_are_identical_wherever_a_state_goes(ns, r):
    names = r("names")(ns.values)
    assert [name for name in names if not ns.same_everywhere(name, by_file)] == []
    assert len(names) == 20


def test_environments_and_functions_keep_what_they_refer_to(ns):
    assert ns.environments(by_file)


def test_the_history_has_the_states_and_is_saved_with_them(ns, tmp_path):
    x, y = data()
    assert ns.in_history(dense_model(), x, y, str(tmp_path / "history.rds"))


def test_arrays_of_numpy_in_a_state_of_r(ns, r):
    back = by_file(r("list")(r("function(x) pyclassbridge:::py_proxy(x, FALSE)")(np.eye(2))))
    array = r("function(state) state[[1]]")(back)
    assert np.array_equal(array, np.eye(2))


def test_python_objects_in_r_values(ns, r):
    with pytest.raises(state_file.NotKept, match="class `Thread`"):
        by_file(r("list(1, list(a = structure(1, b = import('threading')$Thread())))"))
    # As with saveRDS(), what an environment refers to does not matter.
    back = by_file(r("local({ thread <- import('threading')$Thread(); function() 5 })"))
    assert r("function(f) f()")(back) == 5


def test_an_object_that_is_gone_already_is_no_mistake(r, tmp_path):
    path = str(tmp_path / "gone.rds")
    with_gone = f"local({{ saveRDS(import('sys'), '{path}'); gone <- readRDS('{path}'); \\() 5 }})"
    state = r(f"list(fun = {with_gone})")
    assert r("function(state) state$fun()")(by_file(by_file(state))) == 5


# ---- classes of Python -------------------------------------------------------------------------


class Steps(CallbackSet):
    id = "steps"

    def __init__(self):
        super().__init__()
        self.n = 0

    def on_batch_end(self):
        self.n += 1

    def state_dict(self):
        return {"n": self.n, "array": np.arange(2), "pair": (1, 2)} if self.n else None

    def load_state_dict(self, state):
        self.n = state["n"]


def test_states_of_python_are_pythons():
    x, y = data()
    history = pyclass_bridge.fit(dense_model(), x, y, epochs=2, verbose=0, callbacks=[Steps()])
    state = history.callbacks["steps"]
    assert (state["n"], state["pair"], state["array"].tolist()) == (4, (1, 2), [0, 1])
    again = Steps()
    again.load_state_dict(state)
    assert again.n == 4


def test_a_state_that_is_none_is_left_out():
    x, y = data()
    idle = Steps()
    idle.on_batch_end = lambda: None
    history = pyclass_bridge.fit(dense_model(), x, y, epochs=1, verbose=0, callbacks=idle)
    assert history.callbacks == {}
