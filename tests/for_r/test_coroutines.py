"""py_await() and async_method(): coroutines of Python in R, methods of R as `async def`.

Texts of py_await() are in snapshots/async_errors.txt; UPDATE_SNAPSHOTS=1 writes them anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
import warnings

import pytest
from support import error_texts
from support.coroutines import fail, inside, slow
from support.r_scope import RScope

from pyclass_bridge import RError


class Base:
    async def update_state(self, x):
        await asyncio.sleep(0)
        self.seen = [*getattr(self, "seen", []), x]
        return x * 10


@pytest.fixture
def define():
    scope = RScope()
    scope("NULL", Base=Base, slow=slow, fail=fail, inside=inside)
    yield scope
    scope.close()


# ---- py_await() --------------------------------------------------------------------------------


def test_results_cross_as_those_of_any_call(define):
    assert define("py_await(slow(1:3))") == [1, 2, 3]
    assert define("is.null(py_await(slow(NULL)))")
    assert define("identical(py_await(slow(list(a = 1, b = 'x'))), list(a = 1, b = 'x'))")


def test_unconverted_coroutines_give_unconverted_results(define):
    code = "make <- r_to_py(slow, convert = FALSE); is_py_object(py_await(make(1)))"
    assert define(code)
    assert define("is_py_object(py_await(list(make(1)))[[1]])")


def test_a_list_runs_at_the_same_time(define):
    events = [asyncio.Event(), asyncio.Event()]

    async def meet(i):
        """Ends only if both run at once."""
        events[i].set()
        await events[1 - i].wait()
        return i

    assert define("identical(py_await(list(meet(0L), meet(1L))), list(0L, 1L))", meet=meet)
    assert define("names(py_await(list(a = slow(1), b = slow('x'))))") == ["a", "b"]
    assert define("identical(py_await(list()), list())")


def test_the_first_error_of_a_list_ends_the_others(define):
    ended = []

    async def long():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("long")

    assert (
        define(
            "tryCatch(py_await(list(long(), fail())), "
            "python.builtin.KeyError = function(e) 'caught')",
            long=long,
        )
        == "caught"
    )
    assert ended == ["long"]


def test_an_exception_stays_the_same_object(define):
    error = ValueError("mine")

    async def raises():
        raise error

    with pytest.raises(ValueError) as caught:
        define("py_await(raises())", raises=raises)
    assert caught.value is error


def test_an_r_condition_keeps_its_class(define):
    define(
        """
        told <- function() {
          condition <- list(message = "no", call = NULL)
          stop(structure(class = c("too_slow", "error", "condition"), condition))
        }
        """
    )
    code = "tryCatch(py_await(inside(told)), too_slow = function(e) conditionMessage(e))"
    assert define(code) == "no"
    assert define(f"py_await(inside(function() {code}))") == "no"
    with pytest.raises(RError) as caught:
        define("py_await(inside(told))")
    assert caught.value.r_class[0] == "too_slow"


def test_restarts_and_returns_leave_a_coroutine(define):
    assert (
        define(
            "(function() { py_await(inside(function() 1)); callCC(function(k) "
            "py_await(inside(function() k('left')))) })()"
        )
        == "left"
    )


def test_what_is_no_coroutine_is_named(define):
    loop = asyncio.new_event_loop()

    async def stream():
        yield 1

    define("NULL", future=loop.create_future(), stream=stream)
    define("add <- async_method(function(a) a)")
    cases = {
        "a number": "py_await(3)",
        "NULL": "py_await(NULL)",
        "an R function": "py_await(function() 1)",
        "a data frame": "py_await(data.frame(a = 1))",
        "an async function": "py_await(slow)",
        "an async function of R": "py_await(add)",
        "a future": "py_await(future)",
        "an async generator": "py_await(stream())",
        "a Python class": "py_await(Base)",
        "among others": "py_await(list(slow, slow(1)))",
        "awaited before": "py_await(once <- slow(1)); py_await(once)",
    }
    texts = {}
    for case, code in cases.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the coroutine beside the wrong element
            text = define(f"tryCatch({{ {code} }}, error = conditionMessage)")
        texts[case] = text
    loop.close()
    error_texts.check("async_errors", texts)


def test_a_coroutine_that_nobody_awaits_is_told(define):
    forget = define("function() { slow(1); NULL }")
    with pytest.warns(RuntimeWarning, match="'slow' was never awaited"):
        forget()
        define("invisible(gc())")


# ---- async_method() ----------------------------------------------------------------------------

METRIC = """
Metric1(Base) %py_class% {
  update_state <- async_method(function(x, scale = 2) {
    "Counts."
    private$n <- private$n + 1
    super$update_state(x * scale)
  })
  private$n <- 0
  count <- function() private$n
}
Metric1
"""


def test_python_sees_an_async_function(define):
    cls = define(METRIC)
    assert inspect.iscoroutinefunction(cls.update_state)
    assert not inspect.iscoroutinefunction(cls.count)
    assert str(inspect.signature(cls.update_state)) == "(self, x, scale=2.0)"
    assert cls.update_state.__doc__ == "Counts."
    assert cls.update_state.__qualname__ == "Metric1.update_state"


def test_it_runs_when_it_is_awaited(define):
    metric = define(METRIC)()
    coroutine = metric.update_state(1)
    assert inspect.iscoroutine(coroutine) and metric.count() == 0
    assert asyncio.run(coroutine) == 20.0  # the coroutine of the base, its last value, is awaited
    assert metric.count() == 1 and metric.seen == [2.0]


def test_it_runs_on_the_awaiting_thread(define):
    cls = define("A %py_class% { where <- async_method(function(ident) ident()) }; A")
    found = []
    thread = threading.Thread(
        target=lambda: found.append(asyncio.run(cls().where(threading.get_ident)))
    )
    thread.start()
    thread.join()
    assert found == [thread.ident]


def test_py_await_in_an_async_method(define):
    metric = define(
        """
        Twice(Base) %py_class% {
          update_state <- async_method(function(x) {
            first <- py_await(super$update_state(x))
            second <- py_await(super$update_state(first))
            first + second
          })
        }
        Twice()
        """
    )
    assert asyncio.run(metric.update_state(1)) == 110.0
    assert metric.seen == [1, 10]
    assert define("py_await(o$update_state(2))", o=metric) == 220.0


def test_methods_that_return_their_coroutine_run_at_the_same_time(define):
    seen = []

    async def told(x):
        seen.append(f"{x} begins")
        await asyncio.sleep(0.05)
        seen.append(f"{x} ends")
        return x

    cls = define(
        """
        A(Base) %py_class% {
          lets_go <- async_method(function(x) told(x))
          holds <- async_method(function(x) py_await(told(x)))
        }
        A
        """,
        told=told,
    )

    async def both(method):
        return await asyncio.gather(method(1), method(2))

    def order(method):
        seen.clear()
        assert asyncio.run(both(method)) == [1, 2]
        return [text.replace(".0", "") for text in seen]

    o = cls()
    assert order(o.lets_go) == ["1 begins", "2 begins", "1 ends", "2 ends"]
    assert order(o.holds) == ["1 begins", "1 ends", "2 begins", "2 ends"]


def test_static_and_class_methods(define):
    cls = define(
        """
        A %py_class% {
          double <- staticmethod(async_method(function(x) slow(2 * x)))
          named <- async_method(classmethod(function(cls) cls$`__name__`))
        }
        A
        """
    )
    assert inspect.iscoroutinefunction(cls.double) and inspect.iscoroutinefunction(cls.named)
    assert asyncio.run(cls.double(4)) == 8.0
    assert asyncio.run(cls.named()) == "A"


@pytest.mark.parametrize(
    "form",
    [
        "A(Base) %py_class% { update_state <- async_method(function(x) x + 1) }; A",
        "PyClass('A', list(update_state = async_method(function(self, x) x + 1)), Base)",
        "Metric('A', inherit = Base, update_state = async_method(function(x) x + 1))",
        "Callback('A', inherit = Base, update_state = async_method(function(x) x + 1))",
        "r_to_py(R6::R6Class('A', inherit = Base, "
        "public = list(update_state = async_method(function(x) x + 1))))",
    ],
)
def test_every_form_of_a_class_has_them(define, form):
    cls = define(form)
    assert inspect.iscoroutinefunction(cls.update_state)
    assert asyncio.run(cls().update_state(1)) == 2.0


def test_special_methods_that_python_awaits(define):
    cls = define(
        """
        Door %py_class% {
          `__aenter__` <- async_method(function() { self$log <- "in"; self })
          `__aexit__` <- async_method(function(type, value, traceback) {
            self$log <- paste(self$log, "out"); FALSE
          })
          `__call__` <- async_method(function(x) slow(x))
        }
        Door
        """
    )

    async def use():
        async with cls() as door:
            assert await door(3) == 3
        return door.log

    assert asyncio.run(use()) == "in out"


def test_python_classes_inherit_them(define):
    class Child(define(METRIC)):
        async def update_state(self, x):
            return await super().update_state(x, scale=3) + 1

    child = Child()
    assert asyncio.run(child.update_state(1)) == 31.0
    assert child.count() == 1


def test_an_error_names_class_and_member(define):
    cls = define("A %py_class% { go <- async_method(function() stop('no')) }; A")
    with pytest.raises(RError) as caught:
        asyncio.run(cls().go())
    assert (caught.value.class_name, caught.value.member) == ("A", "go")
    assert "in `go` of the R class `A`" in caught.value.__notes__


def test_cancelling_reaches_the_awaited(define):
    metric, ended = define(METRIC)(), []

    async def forever(self, x):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(x)

    async def cancel():
        task = asyncio.ensure_future(metric.update_state(1))
        await asyncio.sleep(0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return task.cancelled()

    original, Base.update_state = Base.update_state, forever
    try:
        assert asyncio.run(cancel()) and ended == [2.0]
    finally:
        Base.update_state = original


def test_a_function_given_to_python_is_async_too(define):
    async def use(f):
        assert inspect.iscoroutinefunction(f)
        return await f(2)

    assert define("py_await(use(async_method(function(x) slow(x * 2))))", use=use) == 4.0
    assert define("identical(identity(f <- async_method(function(x) x)), f)")


def test_an_async_method_on_what_nobody_awaits_is_an_error(define, keras):
    with pytest.raises(RError, match="`on_epoch_end` can't be async: Keras calls it"):
        define("Callback('A', on_epoch_end = async_method(function(epoch, logs = NULL) NULL))")
    with pytest.raises(RError, match="`update_state` can't be async"):
        define("Metric('A', update_state = async_method(function(y_true, y_pred, ...) NULL))")
    with pytest.raises(RError, match="`update_state` is async in its base"):
        define("A(Base) %py_class% { update_state <- function(x) x }")
