"""The names that a function looks up outside of it, beyond what R's code tools say."""

from __future__ import annotations

import pickle

import pytest

import pyclass_bridge

CODE = """
total <- 5
config <- list(a = 1)
area <- function(x) x * 2
pair <- c(a = 1, b = 2)
before <- function() { total <- total + 1; total }
field <- function() { config$b <- 3; length(config) }
called <- function() { area <- area(3); area }
named <- function() { names(pair)[2] <- "z"; names(pair) }
branch <- function(set = FALSE) { if (set) total <- 1; total }
inner <- function() { g <- function() { total <- total * 2; total }; g() }
loop <- function() { for (i in 1:2) total <- total + i; total }
text <- function() eval(parse(text = "area(3)"))
quoted <- function() { x <- 3; eval(quote(area(x))) }
formula <- function() { f <- ~ area(.x); eval(f[[2]], list(.x = 3), environment(f)) }
variable <- function() { name <- "area"; do.call(name, list(3)) }
symbol <- function() eval(as.call(list(as.name("area"), 3)))
value <- function() { name <- "total"; get(name) }
package <- function() base::do.call("area", list(3))
body_of <- function() { f <- function(x) NULL; body(f) <- quote(area(x)); f(3) }
long <- function() nchar(strrep("area", 3))
own <- function() { total <- 1; total + 1 }
library(splines)
attached <- function() dim(bs(1:5))[[2]]
late <- (function(n) function(x) if (x) 1 else n)(stop("never"))
"""
CODE += f"longer <- function() nchar('{'x' * 20000}')\n"

ANSWERS = {
    "before": 6, "field": 2, "called": 6, "named": ["a", "z"], "branch": 5, "inner": 10, "loop": 8,
    "text": 6, "quoted": 6, "formula": 6, "variable": 6, "symbol": 6, "value": 5, "package": 6,
    "body_of": 6, "long": 12, "longer": 20000, "own": 2, "attached": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "globals.R"
    file.write_text(CODE)
    yield pyclass_bridge.source(file)
    pyclass_bridge.r("detach('package:splines')")


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_function_looks_up_arrives(ns, fresh, name):
    assert getattr(ns, name)() == ANSWERS[name]
    assert fresh.ask(getattr(ns, name), "x()") == ANSWERS[name]


def test_what_is_assigned_first_stays(ns):
    reached = pyclass_bridge.r("function(f) as.list(pyclassbridge:::globals_of(f)$variables)")
    assert "total" not in reached(ns.own)
    assert "total" in reached(ns.before)


def test_an_argument_that_fails_is_named(ns):
    with pytest.raises(
        pickle.PicklingError, match=r"reaches `n`: an argument that has not .*never"
    ):
        pickle.dumps(ns.late)


def test_a_word_that_names_a_function_of_the_global_environment_is_none(ns):
    """Else a class would be another where the user has a function of that name."""
    reached = pyclass_bridge.r("function(f) as.list(pyclassbridge:::globals_of(f)$functions)")
    pyclass_bridge.r("total_in_words <- function() 1")
    try:
        for body, is_reached in [
            ("list(1, 'total_in_words')", False),
            ("do.call('total_in_words', list())", True),
            ("get('total_in_words')()", True),
        ]:
            f = pyclass_bridge.r(f"local(function() {body}, new.env())")
            assert ("total_in_words" in reached(f)) == is_reached
        assert "total_in_words" in reached(pyclass_bridge.r("function() list('total_in_words')"))
    finally:
        pyclass_bridge.r("rm(total_in_words)")


# ---- classes of S4 -------------------------------------------------------------------------------

FORMAL = """
setClass("Dot", representation(x = "numeric"))
setClass("Spot", contains = "Dot")
setClass("Bare", representation(x = "numeric"))
setOldClass("worn")
setMethod("length", "Dot", function(x) 99L)
made <- function(x) new("Dot", x = x)@x
asked <- function(x) is(x, "Spot")
dot <- new("Dot", x = 1)
spot <- new("Spot", x = 1)
bare <- new("Bare", x = 4)
of_dot <- function() length(dot)
of_spot <- function() length(spot)
of_bare <- function() bare@x
of_r <- function() length(new("numeric"))
worn <- function() is(structure(1, class = "worn"), "worn")
word <- function() nchar("Dot")
"""


@pytest.fixture(scope="module")
def formal(tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "formal.R"
    file.write_text(FORMAL)
    yield pyclass_bridge.source(file)
    pyclass_bridge.r("""
        removeMethod("length", "Dot")
        for (name in c("Spot", "Dot", "Bare", "worn")) removeClass(name, where = globalenv())
    """)


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "made": "function `made` reaches `Dot`: the S4 or reference class `Dot`",
        "asked": "function `asked` reaches `Spot`: the S4 or reference class `Spot`",
        "of_dot": "reaches `dot`: an object of the S4 class `Dot`.* has a method for `length`",
        "of_spot": "reaches `spot`: an object of the S4 class `Spot`.* has a method for `length`",
    }.items(),
)
def test_a_class_of_s4_that_only_the_session_has_is_named(formal, name, text):
    with pytest.raises(pickle.PicklingError, match=text):
        pickle.dumps(getattr(formal, name))


def test_other_classes_of_s4_arrive(formal, fresh):
    answers = {"of_bare": 4, "of_r": 0, "worn": True, "word": 3}
    assert {name: fresh.ask(getattr(formal, name), "x()") for name in answers} == answers
