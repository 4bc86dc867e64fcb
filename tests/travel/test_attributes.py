"""What a class has been given, or has lost, since it was built arrives with its definition.

Of: classes/attributes.py.
"""

from __future__ import annotations

import pickle
import threading

import cloudpickle
import dill
import pytest
from support.fresh import Fresh

import pyclass_bridge
from pyclass_bridge.classes.attributes import changed
from pyclass_bridge.travel.definitions import hash_of_class

CODE = """
A %py_class% { v <- 1; w <- 2; get <- function() self$v }
A$v <- 7
A$default <- A()
A$me <- A
A$several <- list(A, A())
A$f <- function(x) x + 1
py_eval("lambda c: delattr(c, 'w')")(A)
First %py_class% { v <- 1 }
Second %py_class% { v <- 1 }
First$other <- Second; Second$other <- First; First$one <- Second(); Second$one <- First()
D %py_class% {
  `__annotations__` <- dict(x = "int", y = "int")
  y <- 3L
  total <- function() self$x + self$y
}
D <- import("dataclasses")$dataclass(D)
abc <- import("abc")
Shape(metaclass = abc$ABCMeta) %py_class% {
  area <- abc$abstractmethod(function() NULL)
  twice <- function() self$area() * 2
}
Square(Shape) %py_class% { area <- function() 4 }
marked <- function(x) x + 1
P %py_class% { v <- 1 }
py_eval("lambda c: setattr(c, 'more', property(lambda self: self.v + 1))")(P)
py_eval("lambda c: setattr(c, 'ident', classmethod(lambda cls: cls.__name__))")(P)
"""

KINDS = {
    "values": (
        lambda ns: ns.A,
        "(x().get(), x.f(1), x.default.get(), hasattr(x, 'w'))", (7, 2, 7, False),
    ),
    "itself": (
        lambda ns: ns.A(),
        "[type(x) is c for c in (type(x.default), x.me, x.several[0], type(x.several[1]))]",
        [True] * 4,
    ),
    "each other": (
        lambda ns: [ns.First, ns.Second],
        "(x[0].other is x[1], x[1].other is x[0], type(x[0].one) is x[1], type(x[1].one) is x[0])",
        (True,) * 4,
    ),
    "dataclass": (
        lambda ns: ns.D(4),
        "(x.total(), repr(x)[-10:], x == type(x)(4), type(x)(1, 2).total())",
        (7, "(x=4, y=3)", True, 3),
    ),
    "abstract": (
        lambda ns: (ns.Square(), ns.Shape),
        "(x[0].twice(), isinstance(x[0], x[1]), sorted(x[1].__abstractmethods__))",
        (8, True, ["area"]),
    ),
    "function": (lambda ns: marked(ns.marked), "(x(1), x.mark, x.me is x)", (2, 3, True)),
    "members": (lambda ns: ns.P(), "(x.more, x.ident())", (2, "P")),
}  # fmt: skip


def marked(function):
    function.mark, function.me = 3, function
    return function


PICKLERS = {"pickle": pickle.dumps, "cloudpickle": cloudpickle.dumps, "dill": dill.dumps}


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "attributes.R"
    file.write_text(CODE)
    return pyclass_bridge.source(file)


@pytest.mark.parametrize("how", PICKLERS)
@pytest.mark.parametrize("kind", KINDS)
def test_attributes_arrive(ns, fresh, kind, how):
    make, code, answer = KINDS[kind]
    assert fresh.ask(make(ns), code, PICKLERS[how]) == answer


def test_the_hash_has_them(ns):
    before = hash_of_class(ns.P)
    ns.P.v = 2
    between = hash_of_class(ns.P)
    ns.P.v = 3
    assert len({before, between, hash_of_class(ns.P)}) == 3
    assert pickle.loads(pickle.dumps(ns.P)) is ns.P


def test_what_python_notes_in_a_class_is_none():
    one = pyclass_bridge.r("Untouched %py_class% { m <- function() 1 }; Untouched")
    pickle.dumps(one())
    one.__annotations__  # noqa: B018 (Python makes it)
    assert changed(one) == ({}, ())
    pyclass_bridge.r("rm(Untouched)")


def test_an_attribute_that_can_not_travel_is_named(ns):
    lock = ns.Second.lock = threading.Lock()
    with pytest.raises(pickle.PicklingError, match="class `Second`: field `lock` holds an object"):
        pickle.dumps(ns.Second)
    assert ns.Second.lock is lock
    del ns.Second.lock
    pickle.dumps(ns.Second)


def test_the_class_that_the_file_defines_here_is_left_alone(ns):
    process = Fresh(ns.__file__.rpartition("/")[0])
    process.ask(None, f"kept.update(ns=__import__('pyclass_bridge').source({ns.__file__!r}))")
    ns.First.v = 5
    assert process.ask(ns.First, "(x.v, kept['ns'].First.v)") == (5, 1)
    process.end()
