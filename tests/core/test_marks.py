"""Marks: what the core reads of functions and classes, and when they no longer hold."""

from __future__ import annotations

import functools
import types


class Counting:
    """Has the hooks and states of a callback, and notes what it gets."""

    def __init__(self):
        self.got = []

    def on_epoch_end(self, epoch, logs=None):
        self.got.append(epoch)

    def load_state_dict(self, state):
        self.got.append(state)

    def other(self, value):
        self.got.append(value)


def test_a_function_is_its_closure_until_python_marks_it(r):
    is_closure = r("function(f) !inherits(f, 'python.builtin.object')")
    f = r("function(x) x")
    assert is_closure(f)

    @functools.wraps(f)
    def wrapper(x):
        return f(x)

    assert not is_closure(wrapper)
    f.__isabstractmethod__ = True
    assert not is_closure(f)


def test_what_an_r_class_inherits_from_python_is_marked_by_the_class(define):
    """A list of two numbers becomes a list of Python as an argument, and stays R's when stored."""
    instance = define("A(Counting) %py_class% { }; A", Counting=Counting)()
    define("function(a) { a$other(list(1, 2)); a$load_state_dict(list(1, 2)) }")(instance)
    assert [type(value) is list for value in instance.got] == [True, False]


def test_a_class_that_counts_from_0_has_no_indexed_methods(define):
    cls = define(
        "A(Counting) %py_class% { run <- function() self$on_epoch_end(3L) }; A", Counting=Counting
    )
    instance = cls()
    instance.run()
    assert instance.got == [3] and not hasattr(cls, "__r_indexed__")


def test_a_class_that_counts_from_0_takes_the_mark_of_its_base_away(define, keras):
    cls = define(
        "A <- Callback('A', on_epoch_end = function(epoch, logs = NULL) self$got <- epoch)\n"
        "B(A) %py_class% { run <- function() self$on_predict_batch_end(3L) }; B",
    )
    base = cls.__mro__[1]
    assert "on_predict_batch_end" in base.__r_indexed__
    assert cls.__r_indexed__ == frozenset()


def test_a_class_without_hooks_and_states_has_no_marks(define):
    cls = define("A %py_class% { run <- function() 1 }; A")
    assert [name for name in vars(cls) if "__r_" in name] == ["__r_class__"]


def test_a_function_with_other_defaults_is_not_the_closure(r):
    f = r("function(x, ..., by = 2) x * by")
    copy = types.FunctionType(f.__code__, f.__globals__, "copy", f.__defaults__)
    copy.__kwdefaults__ = {"by": 5.0}
    apply = r("function(g) g(3)")
    assert (apply(f), apply(copy)) == (6, 15)
    f.__kwdefaults__ = {"by": 7.0}
    assert apply(f) == 21
