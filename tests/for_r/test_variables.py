"""`r` in Python code that R runs: R's variables in the environment where R works.

Of: for_r/variables.py, R/for_r_variables.R.
"""

import sys
import threading

import pytest

import pyclass_bridge

MAIN = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def clean_main():
    before = dict(vars(MAIN))
    yield
    vars(MAIN).clear()
    vars(MAIN).update(before)


READS = [
    ("df <- data.frame(a = 1:3); py_eval('(len(r.df), \"a\" in r.df)')", [3, True]),
    ("f <- factor(c('lo', 'hi')); py_eval('[v == \"lo\" for v in r.f]')", [True, False]),
    ("d <- as.Date('2020-01-01'); py_eval('str(r.d)')", "2020-01-01"),
    ("v <- c(a = 1, b = 2); py_eval('r.v + [3]')", [1.0, 2.0, 3.0]),
    ("l <- list(df = data.frame(a = 1:3)); py_eval('len(r.l[\"df\"])')", 3),
    ("p <- structure('a', class = c('fs_path', 'character')); py_eval('r.p + \"b\"')", "ab"),
    ("x <- 3; py_eval('r.x')", 3.0),
    ("a.b <- 'dot'; py_eval('r[\"a.b\"]')", "dot"),
    ("f <- function(a, b = 2) a + b; py_eval('r.f(1, b=4)')", 5.0),
    ("py_eval('r.mean([1, 2])')", 1.5),
    ("py_eval('r.letters')[[2]]", "b"),
    ("nothing <- NULL; py_eval('r.nothing is None')", True),
    ("x <- 1; py_eval('(\"x\" in r, \"nope\" in r, hasattr(r, \"nope\"))')", [True, False, False]),
    ("x <- 1; py_eval('\"x\" in dir(r) and \"x\" in list(r)')", True),
    ("py_run_string('r.made = [1, 2]'); made", [1, 2]),
    ("py_run_string('r[\"a b\"] = {\"k\": 1}'); `a b`$k", 1),
    ("x <- 1; py_run_string('del r.x'); exists('x', inherits = FALSE)", False),
    ("py_run_string('r.made = 1', local = TRUE); made", 1),
    ("x <- 4; py_run_string('a = r.x', local = TRUE)$a", 4.0),
    ("x <- 5; capture.output(repl_python(input = c('r.x', 'r.y = 6')))", "5.0"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value"), READS, ids=[code for code, _ in READS])
def test_r_has_the_variables_where_the_code_works(r, code, value):
    assert r(f"local({{ {code} }})") == value


# `later` is a function of Python that reads r.x; `x` is 1 in the outermost environment.
CALLERS = {
    "a function's caller": "f <- function() { x <- 2; py_eval('r.x') }; f()",
    "a function that calls it later": "f <- function() { x <- 2; py$later() }; f()",
    "a closure's environment": "f <- (function() { x <- 2; function() py$later() })(); f()",
    "functions of R between": "f <- function() { x <- 2; X <- 9; sapply(1, py$later) }; f()",
    "tryCatch()": "f <- function() { x <- 2; tryCatch(py$later(), error = stop) }; f()",
    "an R function that Python calls": "py_func(function() { x <- 2; py$later() })()",
    "Python between": "f <- function() { x <- 2; py$through(py$later) }; f()",
    "eval()": "eval(quote(py$later()), list2env(list(x = 2), parent = environment()))",
    "a method": (
        "A %py_class% { initialize <- function() { self$n <- { x <- 2; py$later() } } }; A()$n"
    ),
}


@pytest.mark.parametrize("code", CALLERS.values(), ids=CALLERS)
def test_the_environment_is_that_of_the_r_code_that_calls_python(r, code):
    define = "def later(*a): return r.x\ndef through(f): return f()"
    assert r(f"local({{ x <- 1; py_run_string('{define}'); {code} }})") == 2.0


def test_what_is_assigned_stays_in_the_function(r):
    code = "x <- 1; f <- function() { x <- 2; py_run_string('r.x = 3'); x }; list(f(), x)"
    assert r(f"local({{ {code} }})") == [3, 1.0]


def test_a_file_works_in_the_environment_of_its_caller(r, tmp_path):
    (tmp_path / "read.py").write_text("seen = r.x\ndef again(): return r.x\n")
    code = f"x <- 4; source_python('{tmp_path}/read.py'); f <- function() {{ x <- 5; again() }}"
    assert r(f"local({{ {code}; list(seen, f(), py_run_file('{tmp_path}/read.py')$seen) }})") == [
        4.0,
        5.0,
        4.0,
    ]


def test_without_r_code_it_is_the_global_environment(r):
    r("global_x <- 7; py_run_string('def later(): return r.global_x')")
    try:
        assert MAIN.later() == 7.0
        found = []
        thread = threading.Thread(target=lambda: found.append(MAIN.later()))
        thread.start()
        thread.join()
        assert found == [7.0]
    finally:
        r("rm(global_x)")


def test_sourced_files_have_their_own(source):
    ns = source("x <- 6\nget_x <- function() py_eval('r.x')\nseen <- py_eval('r.x')\n")
    assert (ns.seen, ns.get_x()) == (6.0, 6.0)


@pytest.mark.parametrize(
    ("code", "error", "text"),
    [
        ("r.no_such", AttributeError, "R has no object `no_such` here"),
        ("r['no_such']", KeyError, "no_such"),
        ("exec('del r.no_such')", AttributeError, "R has no object `no_such` here to remove"),
        ("exec('del r[\"pi\"]')", KeyError, "pi"),
        ("r.stop('no')", pyclass_bridge.RError, "no"),
    ],
)
def test_what_is_not_there_is_pythons_own_error(r, code, error, text):
    with pytest.raises(error, match=text):
        r("py_eval(expression)", expression=code)


def test_an_r_of_ones_own_stays(r):
    MAIN.r = 5
    assert r("py_run_string('r_before = r'); py_eval('r + r_before')") == 10
    assert MAIN.r == 5


def test_r_is_no_name_of_the_main_module(r):
    assert "r" not in r("{ py_run_string('found = 1'); names(py) }")
    assert "r" not in r("names(py_run_string('found = 1', local = TRUE))")
