"""Arguments of R functions: their place and name, and what is left to R's own defaults.

Also of: core/arguments.c.
"""

from __future__ import annotations

import pytest


@pytest.fixture
def made(source):
    return source(
        """
        Made %py_class% {
          first <- function(a = 1L, ...) list(a, ...length(), ..1)
          two <- function(a = NULL, b = TRUE, ...) list(a, b, ...length())
          named <- function(x, verbose = 0, ...) list(x, verbose, list(...))
          counts <- function(a, b = a + 1) c(nargs(), missing(b), b)
          dotted <- function(na.rm = FALSE, `in` = 1) list(na.rm, `in`)
          own_names <- function(kwargs, args, ...) names(c(kwargs, args, ...))
        }
        plain <- function(a = NULL, ...) list(a, ...length())
        """
    )


def test_a_default_given_before_dots_keeps_its_place(made):
    o = made.Made()
    assert o.first(1, 2, 3) == [1, 2, 2]
    assert o.two(None, True, 3) == [None, True, 1]
    assert made.plain(None, 2) == [None, 1]


def test_from_r_too(made, r):
    assert r("function(o) o$two(NULL, TRUE, 3)")(made.Made()) == [None, True, 1]


def test_a_keyword_for_dots_is_never_the_beginning_of_a_name(made):
    o = made.Made()
    assert o.named(1, 5, verb=2) == [1, 5, {"verb": 2}]
    assert o.named(1, verb=2) == [1, 0.0, {"verb": 2}]
    assert o.own_names(1, 2, 3, k=4) == ["", "", "", "k"]


def test_what_is_left_out_at_the_end_is_not_given(made):
    assert made.Made().counts(1) == [1.0, 1.0, 2.0]
    assert made.Made().counts(1, 5) == [2.0, 0.0, 5.0]


def test_builtins_take_their_defaults(r):
    assert r("round")(2.567, 0) == 3.0
    assert r("round")(2.567, 1) == 2.6
    assert r("paste")("a", "b", sep="-") == "a-b"


def test_r_may_write_its_own_names(made, r):
    assert r("function(o) o$dotted(na.rm = TRUE, `in` = 3)")(made.Made()) == [True, 3.0]


def test_none_and_invisible_results_are_not_printed(r):
    kinds = r("function(o) c(withVisible(o$quiet())$visible, withVisible(o$loud())$visible)")
    hidden = r(
        "local({ Q %py_class% { quiet <- function() invisible(5); loud <- function() 5 }; Q() })"
    )
    assert kinds(hidden) == [False, True]
    assert r("function(f) withVisible(f(1))$visible")(print) is False
