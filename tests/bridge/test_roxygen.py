"""Roxygen comments as docstrings: which comment belongs to a function or class, and what becomes of
it."""

from __future__ import annotations

import textwrap

import pytest

from pyclass_bridge.bridge import roxygen

COMMENT = """\
Mean of
numbers

More about `it`, with [other()] and \\code{x}.

@param x.values,y Numbers,
  in two lines.
@param ... Further arguments.
@return A number.
@export
@section Of note: Two
lines.
@examples
\\dontrun{
mean_of(1)
}
"""


def test_sections():
    assert roxygen.docstring(COMMENT) == textwrap.dedent(
        """\
        Mean of numbers

        More about `it`, with other() and x.

        Args:
            x_values: Numbers, in two lines.
            y: Numbers, in two lines.
            ...: Further arguments.

        Returns:
            A number.

        Of note:
             Two
            lines.

        Example:
            mean_of(1)"""
    )


def test_tags_for_tools_of_r_alone_say_nothing():
    assert roxygen.docstring("@export\n@noRd\n") is None
    assert roxygen.docstring("@title T\n@description D\n") == "T\n\nD"


def test_parts_that_stubs_read():
    assert roxygen.params(COMMENT)["x.values"] == "Numbers, in two lines."
    assert roxygen.returned(COMMENT) == "A number."
    assert roxygen.params("@param\n@param x\n") == {"x": ""}


# ---- which comment is whose --------------------------------------------------------------------

SOURCE = """
#' Mean of numbers
#'
#' @param x.y Numbers.
mean_of <- function(x.y) mean(x.y)

# A comment of another kind.
plain <- function() {
  "Its own string."
  1
}

#' Not of the next: there is a line between.

apart <- function() 1

#' On the next line
below <-
  function() 1

#' Of a list
functions <- list(function() 1)
given <- functions[[1]]

#' Stops early
#' @param patience Integer.
EarlyStop <- Callback("EarlyStop",
  #' Looks at the loss
  on_epoch_end = function(epoch, logs = NULL) NULL,
  on_train_end = function(logs = NULL) {
    "Its own string."
    NULL
  },
  #' Half of it
  half = active_property(function() 0.5),
  on_train_begin = function(logs = NULL) NULL
)

#' Of the comment
Later(EarlyStop) %py_class% {
  k <- 1
  #' Adds
  add <- function(x) x
  #' Twice of it
  twice %<-active% function() 2
}

#' Not this
Own(EarlyStop) %py_class% {
  "Its own string."
}

#' Not this either
Given <- Metric("Given",
  update_state = function(y_true, y_pred, sample_weight = NULL) NULL, result = function() 0,
  doc = "The argument."
)

#' A generator
Counter <- R6::R6Class("Counter", public = list(
  #' Counts
  count = function() 1
))

#' Of a plain class
Plain <- pyclassbridge::PyClass("Plain", list(m = function(self) 1))

#' Of a set
Set <- callback_set("set", on_begin = function() NULL)

Bare <- Callback("Bare")
"""


@pytest.fixture
def sourced(source):
    pytest.importorskip("keras")
    return source(SOURCE)


def test_functions_have_the_comment_above(sourced):
    assert sourced.mean_of.__doc__ == "Mean of numbers\n\nArgs:\n    x_y: Numbers."
    assert sourced.plain.__doc__ == "Its own string."
    assert sourced.below.__doc__ == "On the next line"
    assert (sourced.apart.__doc__, sourced.given.__doc__) == (None, None)


def test_classes_have_the_comment_above(sourced):
    assert sourced.EarlyStop.__doc__ == "Stops early\n\nArgs:\n    patience: Integer."
    assert sourced.Later.__doc__ == "Of the comment"
    assert sourced.Own.__doc__ == "Its own string."
    assert sourced.Given.__doc__ == "The argument."
    assert sourced.Counter.__doc__ == "A generator"
    assert sourced.Plain.__doc__ == "Of a plain class"
    assert sourced.Set.__doc__ == "Of a set"
    assert sourced.Bare.__doc__ is None


def test_members_have_the_comment_above(sourced):
    early = sourced.EarlyStop
    assert early.on_epoch_end.__doc__ == "Looks at the loss"
    assert early.on_train_end.__doc__ == "Its own string."
    assert early.half.__doc__ == "Half of it"
    assert early.on_train_begin.__doc__ is None
    assert (sourced.Later.add.__doc__, sourced.Later.twice.__doc__) == ("Adds", "Twice of it")
    assert sourced.Counter.count.__doc__ == "Counts"


def test_a_class_made_in_a_call_has_no_comment_of_the_caller(source):
    code = """
    make <- function() Callback("Made")
    #' What is made
    result <- make()
    #' A list of it
    both <- list(Callback("A"), Callback("B"))
    #' A title
    nested <- local({
      Inner <- Callback("Inner")
      Inner
    })
    """
    pytest.importorskip("keras")
    ns = source(textwrap.dedent(code))
    assert [cls.__doc__ for cls in (ns.result, *ns.both, ns.nested)] == [None] * 4


def test_code_without_its_source_has_no_doc(r):
    made = r('options(keep.source = FALSE); eval(parse(text = "#\' T\nf <- function() 1\nf"))')
    assert made.__doc__ is None
