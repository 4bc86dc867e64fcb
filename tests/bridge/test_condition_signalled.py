"""Python exceptions that R code makes and signals: the same object arrives in Python.

Of: R/bridge_condition.R, for_r/classes.py.
"""

from __future__ import annotations

import pytest
from support.crossing import through


class TrialPruned(Exception):
    """Ends a trial, as the exception of Optuna with this name does."""


CHAIN = (
    "structure(class = c('error', 'condition'), list(message = 'outer', call = NULL, parent = {}))"
)
# R functions of an exception that end with it.
SIGNALS = {
    "stop": "stop",
    "do.call": "function(e) do.call(stop, list(e))",
    "signalCondition": "function(e) { signalCondition(e); 'went on' }",
    "warning": "function(e) { warning(e); 'went on' }",
    "message": "function(e) { message(e); 'went on' }",
    "py_raise": "py_raise",
    "stop again": "function(e) tryCatch(stop(e), error = function(x) stop(x))",
    "a condition of it": "function(e) tryCatch(py_raise(e), error = function(x) stop(x))",
    "a parent": f"function(e) stop({CHAIN.format('e')})",
    "a parent's parent": f"function(e) stop({CHAIN.format(CHAIN.format('e'))})",
    "a condition of it as parent": (
        f"function(e) tryCatch(py_raise(e), error = function(x) stop({CHAIN.format('x')}))"
    ),
}


@pytest.mark.parametrize("levels", [0, 1, 2])
@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_python_gets_the_same_object(r, signal, levels):
    error, signalling = TrialPruned("poor"), r(signal)
    seen = []

    def objective():
        try:
            return signalling(error)
        except Exception as raised:
            seen.append(raised)
            raise

    with pytest.raises(TrialPruned) as caught:
        through(r, levels, objective)
    assert caught.value is error
    assert seen == [error]


def test_a_study_in_r_is_pruned(r):
    """As Optuna does: the objective is R's, and the loop takes TrialPruned."""

    def optimize(objective, n):
        states = []
        for number in range(n):
            try:
                states.append(objective(number))
            except TrialPruned:
                states.append("pruned")
        return states

    study = r("function(optimize, P) optimize(function(n) if (n > 0) stop(P('poor')) else n, 3L)")
    assert study(optimize, TrialPruned) == [0, "pruned", "pruned"]


def test_what_r_says_of_its_parent_is_a_note(r):
    error = TrialPruned("poor")
    with pytest.raises(TrialPruned):
        r(SIGNALS["a parent"])(error)
    assert "in R: outer" in error.__notes__


@pytest.mark.parametrize(
    ("make", "last"),
    [
        ("ValueError", ["error", "condition"]),
        ("UserWarning", ["error", "condition"]),
        ("StopIteration", ["error", "condition"]),
        ("SystemExit", ["error", "condition"]),
        ("KeyboardInterrupt", ["interrupt", "condition"]),
    ],
)
def test_an_exception_is_a_condition_of_r(r, make, last):
    classes = r(f"class(import_builtins()${make}('x'))")
    assert classes[0] == f"python.builtin.{make}"
    assert classes[-3:] == ["python.builtin.object", *last]
    assert "condition" not in r(f"class(import_builtins()${make})")


CAUGHT = [
    ("tryCatch(stop(e), error = conditionMessage)", "ValueError: v"),
    ("tryCatch(stop(e), python.builtin.ValueError = function(x) py_id(x) == py_id(e))", True),
    ("tryCatch(signalCondition(e), condition = function(x) 'condition')", "condition"),
    ("tryCatch(warning(e), error = function(x) 'error')", "error"),
    ("inherits(try(stop(e), silent = TRUE), 'try-error')", True),
    ("is.null(conditionCall(e))", True),
    ("withCallingHandlers(tryCatch(stop(e), error = function(x) 'in'), error = stop)", "in"),
    ("capture.output(print(e))", "ValueError('v')"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value"), CAUGHT, ids=[code for code, _ in CAUGHT])
def test_r_catches_it_as_any_condition(r, code, value):
    assert r(f"local({{ e <- import_builtins()$ValueError('v'); {code} }})") == value
