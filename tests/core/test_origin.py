"""A Python object that R has not changed comes back as the same object, of whatever kind."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pandas as pd
import pytest

import pyclass_bridge

KEEPER = """
Keeper %py_class% {
  initialize <- function(x = NULL, ...) {
    self$x <- x
    self$more <- list(...)
  }
  echo <- function(x) x
  inside <- function(x) list(x, list(a = x))
  store_parts <- function(x) { self$part <- x$part; self$whole <- x }
  first_is_9 <- function(x) { x[[1]] <- 9; self$x <- x; x }
  named <- function(x) { names(x) <- c("a", "b"); x }
  classed <- function(x) { class(x) <- "mine"; self$x <- x; x }
  through <- function(f, x) f(x)
  is_true <- function(x) list(x, TRUE, NA)
  store_static <- staticmethod(function(o, x) o$x <- x)
}
"""


@pytest.fixture(scope="module")
def keeper():
    return pyclass_bridge.r(f"local({{ {KEEPER}\nKeeper }})")


VALUES = [
    0.5,
    float("nan"),
    7,
    10**12,
    2**70,
    True,
    np.True_,
    "text" * 2,
    1j,
    None,
    b"a",
    bytearray(b"a"),
    (5, 6),
    (),
    [1.0, 2.0],
    [1, "a"],
    [],
    {},
    {"a": (1, 2)},
    {1: 2},
    {1, 2},
    range(3),
    np.float32(0.5),
    np.array([1.0, 2.0]),
    np.array(["a"]),
    np.array([object()]),
    pd.DataFrame({"a": [1]}),
    pd.Series([1.0]),
    len,
    pyclass_bridge.r("function(x) x"),
    pyclass_bridge.r("factor('a')"),
    pyclass_bridge.r("NA"),
    pyclass_bridge.r("quote(x + y)"),
    object(),
]


@pytest.mark.parametrize(
    "value",
    VALUES,
    ids=lambda value: f"{type(value).__name__} {value!r}"[:30].partition(" at 0x")[0],
)
def test_unchanged_it_is_the_same_object(keeper, value):
    made = keeper(value, value, k=value)
    assert made.x is value
    assert made.echo(value) is value
    first, nested = made.inside(value)
    assert first is value and nested["a"] is value
    made.store_parts({"part": value})
    assert made.part is value
    assert made.through(lambda given: given is value, value) is True
    made.store_static(made, value)
    assert made.x is value


def test_containers_are_the_same_with_their_parts(keeper):
    made = keeper()
    whole = {"part": (3, 4), "other": [0.5, {"a": "b"}]}
    made.store_parts(whole)
    assert made.whole is whole and made.part is whole["part"]
    many = {"part": [(i, "x") for i in range(1000)]}
    made.store_parts(many)
    assert made.part is many["part"]
    assert keeper(x=many["part"]).x[999] is many["part"][999]


@pytest.mark.parametrize("value", [(5.0, 6.0), [5.0, 6.0], np.array([5.0, 6.0]), (5.0, "a")])
def test_what_r_has_changed_is_another_object(keeper, value):
    made = keeper()
    changed = list(made.first_is_9(value))
    assert changed[0] == 9.0 and value[0] == 5.0
    assert made.x is not value
    assert made.named(value) is not value
    assert made.classed(value) is not value
    assert made.x.r_class == ("mine",)


def test_a_value_of_r_is_never_taken_for_an_argument(keeper):
    """R has one TRUE and one NA: an argument of that value is not the origin of all."""
    made = keeper()
    assert made.is_true(np.True_)[1] is True
    assert made.is_true(pyclass_bridge.r("function() list(TRUE)"))[1] is True
    held = pyclass_bridge.to_r(True)
    assert made.is_true(held)[1] is True


def test_the_logs_of_a_hook_are_stored_as_they_were(define):
    """The dict of the logs is Keras' own and goes on changing."""
    make = define(
        """
        Callback("Keeps", on_epoch_end = function(epoch, logs) {
          self$last <- logs
          list(extra = 1)
        })
        """
    )
    callback, logs = make(), {"loss": 0.5}
    callback.on_epoch_end(0, logs)
    assert callback.last == {"loss": 0.5} and logs == {"loss": 0.5, "extra": 1.0}


def test_a_value_that_was_given_a_class_is_not_the_object(r):
    set_class = r("function(x) { attr(x, 'class') <- 'mine'; x }")
    value = {"a": 1}
    assert set_class(value) == value
    assert set_class(value) is not value


def test_arguments_live_no_longer_than_the_call(r):
    class Part:
        pass

    part = Part()
    gone = weakref.ref(part)
    given = [part, (part, 1)]
    r("function(x) NULL")(given)
    with pytest.raises(pyclass_bridge.RError, match="no"):
        r("function(x) stop('no')")(given)
    del part, given
    r("invisible(gc())")
    gc.collect()
    assert gone() is None


def test_a_call_inside_a_call_has_its_own_arguments(r):
    inner = r("function(x) x")
    outer = r("function(f, x) list(x, f(x), f(9), x)")
    value = (5, 6)
    seen = []
    result = outer(lambda x: seen.append(x) or inner(x), value)
    assert result[0] is value and result[3] is value and result[1:3] == [[5, 6], 9.0]
    assert seen[0] is value


def test_threads_have_their_own_arguments(r):
    import threading

    echo, wrong = r("function(x) list(x)"), []

    def call(i):
        for k in range(300):
            value = (i, k)
            if echo(value)[0] is not value:
                wrong.append(value)

    threads = [threading.Thread(target=call, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---- scikit-learn ------------------------------------------------------------------------------

ESTIMATOR = """
local({
  base <- import("sklearn.base")
  PyClass("RidgeOfR", inherit = list(base$RegressorMixin, base$BaseEstimator), list(
    initialize = function(self, alpha = 1, shape = NULL, w = list()) {
      self$alpha <- alpha
      self$shape <- shape
      self$w <- w
    },
    fit = function(self, X, y) {
      X <- as.matrix(X)
      self$coef_ <- solve(crossprod(X) + self$alpha * diag(ncol(X)), crossprod(X, y))[, 1]
      self
    },
    predict = function(self, X) (as.matrix(X) %*% self$coef_)[, 1]
  ))
})
"""


@pytest.fixture(scope="module")
def ridge():
    pytest.importorskip("sklearn")
    return pyclass_bridge.r(ESTIMATOR)


@pytest.mark.parametrize(
    "value",
    [0.5, (5, 6), [1, 2], "auto", None, True, np.arange(3.0), {"a": 1}, pd.DataFrame([1])],
    ids=repr,
)
def test_sklearn_clones_an_r_class(ridge, value):
    from sklearn.base import clone

    copy = clone(ridge(alpha=value, w=value))
    assert type(copy) is ridge
    assert repr(copy.alpha) == repr(value)


def test_sklearn_searches_over_an_r_class(ridge):
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, cross_val_score

    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = x @ [1.0, 2, 3] + rng.normal(size=60)
    theirs = Ridge(fit_intercept=False)
    np.testing.assert_allclose(cross_val_score(ridge(), x, y), cross_val_score(theirs, x, y))
    grid = {"alpha": [0.1, 1.0, 100.0]}
    ours, twin = (GridSearchCV(m, grid).fit(x, y) for m in (ridge(), theirs))
    assert ours.best_params_ == twin.best_params_
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], twin.cv_results_["mean_test_score"]
    )
