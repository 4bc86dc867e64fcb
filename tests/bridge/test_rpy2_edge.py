"""rpy2's objects go in as the R values that they are, and `to_rpy2` gives them back."""

from __future__ import annotations

import contextvars
import re
import threading
from pathlib import Path

import pytest
from rpy2 import rinterface_lib, robjects
from rpy2.rinterface_lib import openrlib

import pyclass_bridge
from pyclass_bridge import _core, to_r, to_rpy2
from pyclass_bridge.bridge import rpy2_edge
from pyclass_bridge.values.table import R_TO_PYTHON

KINDS = [
    ("robjects.IntVector([1, 2])", "1:2"),
    ("robjects.FloatVector([1.5])", "1.5"),
    ("robjects.StrVector(['a', 'b'])", "c('a', 'b')"),
    ("robjects.BoolVector([True, False])", "c(TRUE, FALSE)"),
    ("robjects.ListVector({'a': 1})", "list(a = 1L)"),
    ("robjects.FactorVector(['a', 'b'])", "factor(c('a', 'b'))"),
    ("robjects.DataFrame({'a': robjects.IntVector([1])})", "data.frame(a = 1L)"),
    ("robjects.r('y ~ x')", "y ~ x"),
    ("robjects.r('matrix(1:4, 2)')", "matrix(1:4, 2)"),
    ("robjects.globalenv", "globalenv()"),
    ("robjects.NULL", "NULL"),
    ("robjects.NA_Integer", "NA_integer_"),
    ("robjects.NA_Character", "NA_character_"),
    ("robjects.NA_Logical", "NA"),
    ("robjects.NA_Real", "NA_real_"),
    ("robjects.NA_Complex", "NA_complex_"),
    ("robjects.r('sum')", "sum"),
    ("robjects.r('quote(x)')", "quote(x)"),
]


@pytest.mark.parametrize(("python", "code"), KINDS)
def test_rpy2_object_is_its_r_value(python, code):
    assert to_r(eval(python)) == _core.evaluate(code)


@pytest.mark.parametrize(
    "code", [code for row in R_TO_PYTHON for code, _ in row.examples if "py_eval" not in code]
)
def test_to_rpy2_and_back(code):
    value = _core.evaluate(code)
    assert to_r(to_rpy2(value)) == value


def test_to_rpy2_gives_robjects():
    assert isinstance(to_rpy2([1, 2]), robjects.IntVector)
    assert isinstance(to_rpy2(pyclass_bridge.r("factor('a')")), robjects.FactorVector)
    assert isinstance(to_rpy2(pyclass_bridge.r("data.frame(a = 1)")), robjects.DataFrame)
    assert isinstance(to_rpy2(pyclass_bridge.r("function(x) x")), robjects.functions.Function)
    assert to_rpy2(pyclass_bridge.r("function(x) x + 1"))(1)[0] == 2


def test_rpy2_objects_as_arguments_and_in_containers():
    identity = pyclass_bridge.r("function(x) x")
    assert identity(robjects.IntVector([1, 2])) == [1, 2]
    assert identity([robjects.FloatVector([1.0]), "a"]) == [1.0, "a"]
    add = pyclass_bridge.r("function(x, f) f(x) + 1")
    assert add(robjects.FloatVector([1.0]), robjects.r("function(v) v * 10")) == 11.0


def test_rpy2_objects_in_r_classes(r):
    make = r(
        """
        Scaler %py_class% {
          initialize <- function(levels) self$levels <- levels
          count <- function() nlevels(self$levels)
          get <- function() self$levels
        }
        Scaler
        """
    )
    scaler = make(robjects.FactorVector(["a", "b"]))
    assert scaler.count() == 2
    assert scaler.get() == ["a", "b"]
    assert scaler.levels == pyclass_bridge.r("factor(c('a', 'b'))")
    scaler.levels = robjects.FactorVector(["x"])
    assert scaler.count() == 1


def test_an_rpy2_value_lives_as_long_as_the_handle():
    handle = to_r(robjects.StrVector(["kept", "here"]))
    pyclass_bridge.r("invisible(gc())")
    robjects.r("invisible(gc())")
    assert handle.to_python() == ["kept", "here"]
    again = to_rpy2(_core.evaluate("c('also', 'here')"))
    pyclass_bridge.r("invisible(gc())")
    assert list(again) == ["also", "here"]


def test_rpy2_calls_from_r_code_that_python_called():
    nested = pyclass_bridge.r("function(f) f(2) + 1")
    assert nested(lambda x: float(robjects.r("function(v) v * 2")(x)[0])) == 5.0


def test_rpy2s_calls_of_other_threads_are_entries():
    """Both use R at the same time; each call is whole."""
    wrong = []
    square = pyclass_bridge.r("function(x) { s <- 0; for (i in 1:x) s <- s + x; s }")
    theirs = robjects.r("function(x) { s <- 0; for (i in 1:x) s <- s + x; s }")

    def ours_repeatedly():
        wrong.extend(i for i in range(1, 200) if square(i) != i * i)

    def theirs_repeatedly():
        wrong.extend(i for i in range(1, 200) if theirs(i)[0] != i * i)

    # rpy2 keeps its conversion rules in a context variable, which a new thread has not.
    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(target,))
        for target in (ours_repeatedly, theirs_repeatedly) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_r_error_in_rpy2_is_rpy2s():
    with pytest.raises(Exception, match="no way"):
        robjects.r("stop('no way')")
    assert pyclass_bridge.r("1 + 1") == 2.0


def test_rpy2s_lock_is_ours():
    with openrlib.rlock:
        pass
    with pytest.raises(RuntimeError, match="released by a thread that does not hold it"):
        openrlib.rlock.release()


def test_what_is_no_address_and_no_function_is_refused():
    with pytest.raises(TypeError):
        _core.adopt("no address")
    with pytest.raises(OverflowError):
        _core.adopt(2**70)
    with pytest.raises(ValueError, match="address 0"):
        _core.adopt(0)
    with pytest.raises(TypeError, match="needs a function"):
        _core.foreign_call()


# ---- functions of R without a result -----------------------------------------------------------


def declared(header: str) -> dict[str, str]:
    """The types of the results of C functions, by their names."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    found = re.findall(r"(?m)^\s*(?:extern |LibExtern )?(\w+(?: ?\*)?) \(?(\w+)\)?\s*\(", text)
    return {name: result for result, name in found}


def test_what_has_no_result_in_r_is_known():
    """rpy2 declares such functions as if they gave an R value."""
    directory = pyclass_bridge.r("R.home('include')")
    headers = "".join(p.read_text(errors="replace") for p in Path(directory).rglob("*.h"))
    of_r = declared(headers)
    of_rpy2 = declared(Path(rinterface_lib.__file__).with_name("R_API.h").read_text())
    wrong = {
        name
        for name, result in of_rpy2.items()
        if result == "SEXP" and (of_r.get(name) or of_r.get(name.removeprefix("Rf_"))) == "void"
    }
    assert len([name for name in of_rpy2 if name in of_r]) > 50
    assert wrong == rpy2_edge.NO_RESULT


@pytest.mark.parametrize("name", sorted(rpy2_edge.NO_RESULT))
def test_what_such_a_function_leaves_is_not_kept(name):
    rlib, x = openrlib.rlib, robjects.r("pairlist(1)").__sexp__._cdata
    given = {
        "SET_TAG": (x, rlib.Rf_install(b"a_name")),
        "Rf_defineVar": (rlib.Rf_install(b"a_name"), x, robjects.r("new.env()").__sexp__._cdata),
    }
    before = rpy2_edge._recent.handles
    getattr(rlib, name)(*given[name])
    assert rpy2_edge._recent.handles is before
