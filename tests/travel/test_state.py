"""What an instance of an R class takes along: what its functions lead back to, its private
environment, and what its own `__getstate__`, `__setstate__` and `__reduce__` say.

Of: classes/pickles.py, bridge/private.py.
"""

from __future__ import annotations

import copy
import gc
import io
import pickle
import weakref

import cloudpickle
import dill
import pytest

import pyclass_bridge

CODE = """
Calls %py_class% {
  initialize <- function() {
    self$add <- function(n) { self$v <- self$v + n; self$v }
    self$several <- list(function() self$v, list(function() self$v * 2))
    self$v <- 1
  }
}
Changed %py_class% {
  private$h <- function(x = 1) x
  call <- function() private$h()
  change <- function() private$h <- function(x = 5) x
  capture <- function(n) private$h <- local({ k <- n; function(x = 1) k + x })
}
Number(import_builtins()$int) %py_class% {
  private$n <- 1
  count <- function() { private$n <- private$n + 1; private$n }
}
Opens %py_class% {
  initialize <- function(v) { private$con <- textConnection("a"); private$h <- v }
  `__getstate__` <- function() list(h = private$h)
  `__setstate__` <- function(state) { private$con <- "made again"; private$h <- state$h * 10 }
  get <- function() list(private$con, private$h)
}
Half %py_class% {
  initialize <- function(v) { self$v <- v; self$left <- 1; private$h <- v * 2 }
  `__getstate__` <- function() list(v = self$v)
  get <- function() list(self$v, private$h)
}
Back %py_class% {
  initialize <- function(v) { private$h <- v; private$start <- textConnection("a") }
  `__reduce__` <- function() tuple(Back, tuple(private$h + 1))
  get <- function() private$h
}
Wrong(import_builtins()$ValueError) %py_class% {
  describe <- function() paste("wrong:", self$args[[1]])
}
Deep %py_class% { initialize <- function() private$a <- list(b = textConnection("a")) }
"""


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "state.R"
    file.write_text(CODE)
    yield pyclass_bridge.source(file)
    pyclass_bridge.r("closeAllConnections()")


PICKLERS = {"pickle": pickle.dumps, "cloudpickle": cloudpickle.dumps, "dill": dill.dumps}


@pytest.mark.parametrize("how", PICKLERS)
def test_functions_in_fields_have_the_instance_itself(ns, fresh, how):
    code = "(setattr(x, 'v', 20), x.several[0](), x.several[1][0](), x.add(1), x.v)"
    assert fresh.ask(ns.Calls(), code, PICKLERS[how]) == (None, 20, 40, 21, 21)
    first = fresh.ask(ns.Calls().add, "(x(1), x(1))", PICKLERS[how])
    assert first == (2, 3)
    pair = (lambda one: (one.several[0], one))(ns.Calls())
    assert fresh.ask(pair, "(x[1].add(5), x[0]())", PICKLERS[how]) == (6, 6)


def test_private_methods_that_were_replaced(ns, fresh):
    for change, arguments, answer in (("change", (), 5), ("capture", (6,), 7)):
        changed = ns.Changed()
        getattr(changed, change)(*arguments)
        assert changed.call() == answer
        assert fresh.ask(changed, "x.call()") == answer
        assert copy.deepcopy(changed).call() == answer
    assert fresh.ask(ns.Changed(), "x.call()") == 1


def test_private_of_a_number(ns, fresh):
    number = ns.Number(5)
    assert number.count() == 2
    assert fresh.ask(number, "(x.count(), x.count(), x + 1)") == (3, 4, 6)
    copied = copy.copy(number)
    assert (copied.count(), copied.count(), number.count()) == (3, 4, 3)


def test_own_state_takes_over(ns, fresh):
    assert fresh.ask(ns.Opens(4), "x.get()") == ["made again", 40]
    assert fresh.ask(ns.Half(4), "(x.get(), hasattr(x, 'left'))") == ([4, 8], False)
    assert fresh.ask(ns.Back(4), "x.get()") == 5


@pytest.mark.parametrize("how", PICKLERS)
def test_exceptions(ns, fresh, how):
    wrong = ns.Wrong("so")
    assert fresh.ask(wrong, "(x.args, x.describe())", PICKLERS[how]) == (("so",), "wrong: so")


@pytest.mark.parametrize("how", PICKLERS)
def test_the_error_names_class_and_private_field(ns, how):
    with pytest.raises(pickle.PicklingError) as error:
        PICKLERS[how](ns.Deep())
    text = 'class `Deep`, private$a$b: a connection ("a") can\'t travel to another process'
    assert str(error.value).startswith(text)


@pytest.mark.parametrize("protocol", range(6))
def test_protocols(ns, fresh, protocol):
    def dumps(x):
        return pickle.dumps(x, protocol)

    if protocol < 4:
        with pytest.raises(pickle.PicklingError, match=r"`Half` needs pickle's protocol 4.*not"):
            dumps(ns.Half(4))
    else:
        assert fresh.ask(ns.Half(4), "x.get()", dumps) == [4, 8]


def test_a_pickler_is_used_again(ns, fresh):
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    one = ns.Calls()
    for x in (one, one, ns.Calls, one.add):
        pickler.dump(x)
    code = "(lambda u: [u.load() for _ in range(4)])"
    code += "(__import__('pickle').Unpickler(__import__('io').BytesIO(x)))"
    code = f"(lambda a, b, c, d: (a is b, type(a) is c, d is a.add))(*{code})"
    assert fresh.ask(file.getvalue(), code) == (True, True, True)


def test_pickling_keeps_nothing_alive():
    cls = pyclass_bridge.r("Freed %py_class% { m <- function() 1 }; Freed")
    cls.one = cls()
    pickle.loads(pickle.dumps([cls, cls()]))
    pyclass_bridge.r("rm(Freed)")
    known = weakref.ref(cls)
    del cls
    for _ in range(3):
        gc.collect()
        pyclass_bridge.r("invisible(gc())")
    assert known() is None
