"""S3 methods, which no code names, arrive with what may call them."""

from __future__ import annotations

import pickle

import pytest

import pyclass_bridge

CODE = """
area <- function(s, ...) UseMethod("area")
area.sq <- function(s, ...) s$w^2
area.cube <- function(s, ...) NextMethod() * s$w
area.default <- function(s, ...) -1
square <- function(w) area(structure(list(w = w), class = "sq"))
cube <- function(w) area(structure(list(w = w), class = c("cube", "sq")))
neither <- function(w) area(w)
format.pnt <- function(x, ...) "a pnt"
formatted <- function() format(structure(list(), class = "pnt"))
`+.mon` <- function(e1, e2) structure(list(v = e1$v + e2$v + 100), class = "mon")
mon <- function(v) structure(list(v = v), class = "mon")
plus <- function(v) (mon(v) + mon(1))$v
`[.few` <- function(x, i) paste("element", i)
length.few <- function(x) 99L
few <- function() { v <- structure(1:3, class = "few"); list(v[2], length(v)) }
`$.asks` <- function(x, name) paste("asked for", name)
dollar <- function() structure(list(), class = "asks")$abc
Ops.temp <- function(e1, e2) paste(.Generic, "of temp")
group <- function() structure(1, class = "temp") < structure(2, class = "temp")
summary.pnt <- function(object, ...) "its summary"
given <- function(generic = summary) generic(structure(list(1), class = "pnt"))
hidden <- structure(list(1), class = "kept")
toString.kept <- function(x, ...) "by the class of a value"
by_value <- function(call) eval(str2lang(call))(hidden)
Has %py_class% { m <- function(w) area(structure(list(w = w), class = "sq")) }
layer <- function(x) x
layer.norm <- function(x) big
big <- numeric(1e5)
plain <- function(x) layer(x)
"""


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "methods.R"
    file.write_text(CODE)
    return pyclass_bridge.source(file)


CALLS = {
    "square": ((3,), 9), "cube": ((3,), 27), "neither": ((3,), -1), "formatted": ((), "a pnt"),
    "plus": ((2,), 103), "few": ((), ["element 2", 99]), "dollar": ((), "asked for abc"),
    "group": ((), "< of temp"), "given": ((), "its summary"),
    "by_value": (("toString",), "by the class of a value"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_methods_arrive(ns, fresh, name):
    arguments, answer = CALLS[name]
    assert getattr(ns, name)(*arguments) == answer
    assert fresh.ask(getattr(ns, name), f"x(*{arguments})") == answer


def test_methods_of_a_class_arrive(ns, fresh):
    assert fresh.ask(ns.Has, "x().m(4)") == 16


def test_a_dot_in_a_name_makes_no_method(ns):
    assert len(pickle.dumps(ns.plain)) < 5000


GLOBAL = """
format.Global <- function(x, ...) "formatted"
as.character.Global <- function(x, ...) "as text"
size_of <- function(x) UseMethod("size_of")
size_of.Global <- function(x) 7
Global <- structure(list(1), class = "Global")
"""


def test_code_of_packages_finds_methods_of_the_global_environment(fresh):
    pyclass_bridge.r(GLOBAL)
    for code, answer in {
        "paste(Global)": "as text",
        "sapply(list(Global), format)": "formatted",
        "sapply(list(Global), size_of)": 7,
    }.items():
        function = pyclass_bridge.r(f"function() {code}")
        assert function() == answer
        assert fresh.ask(function, "x()") == answer
        pickle.loads(pickle.dumps(function))  # which registers nothing here
    pyclass_bridge.r("format.Global <- function(x, ...) 'edited'")
    assert pyclass_bridge.r("sapply(list(Global), format)") == "edited"
    names = "c('format.Global', 'as.character.Global', 'size_of', 'size_of.Global', 'Global')"
    pyclass_bridge.r(f"rm(list = {names})")
