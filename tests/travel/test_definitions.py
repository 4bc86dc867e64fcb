"""Classes, instances and functions made in R arrive in a process that has never seen their file.

Also of: bridge/module_name.py, classes/pickles.py, travel/pack.py, travel/environments.py,
R/travel_pack.R, R/travel_source.R.
"""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import sys
import threading

import cloudpickle
import dill
import joblib
import pytest
from support.fresh import Fresh

import pyclass_bridge

CODE = """
limit <- 3
helper <- function(x) x + limit
count <- local({ n <- 0; function() { n <<- n + 1; n } })
layer.norm <- function(x, eps = 0.5) x / eps
area <- function(w, h = w) helper(w * h)
fact <- function(n) if (n < 2) 1 else n * fact(n - 1)
Base %py_class% {
  "A base."
  initialize <- function(x = 1) {
    self$x <- x
    private$hidden <- list(x, "two")
  }
  get <- function() private$hidden
  twice <- function() helper(self$x) * 2
  add <- function(n) { private$sum <- private$sum + n; private$sum }
  private$hidden <- NULL
  private$sum <- 0
  size %<-active% function(value) if (missing(value)) self$x * 10 else self$x <- value / 10
  ident <- classmethod(function() cls$`__name__`)
  plus <- staticmethod(function(a, b) a + b)
}
Sub(Base) %py_class% {
  initialize <- function(x = 2) { super$initialize(x); self$f <- function(y) y + self$x }
  make <- function() Sub(7)
  deeper <- function() super$twice() + 1
}
Keeps <- R6::R6Class("Keeps", public = list(v = 1, add = function(x) {
  self$v <- self$v + x
  self$v
}))
keeper <- Keeps$new()
keep <- function(x) keeper$add(x)
Stop <- Callback("Stop", public = list(
  initialize = function(patience = 2) { self$patience <- patience; self$seen <- list() },
  on_epoch_end = function(epoch, logs = NULL) { self$seen <- c(self$seen, epoch) }
))
Stopper(Stop) %py_class% {
  on_train_begin <- function(logs = NULL) super$on_train_begin(logs)
}
registry <- py_eval("{}", convert = FALSE)
Known %py_class% { all <- function() registry; same <- function() py_id(registry) == py_id(again) }
again <- registry
registry$update(dict(me = Known))
times <- py_eval("lambda v: v * 3")
threefold <- function(x) times(x)
Named <- import("collections")$namedtuple("Pair", "a b")
Pair(Named) %py_class% { sum <- function() self$a + self$b }
typing <- import("typing")
Box(typing$Generic[typing$TypeVar("T")]) %py_class% {
  initialize <- function(x) self$x <- x
  get <- function() self$x
}
"""


@pytest.fixture(scope="module")
def ns(tmp_path_factory):
    file = tmp_path_factory.mktemp("files") / "kinds.R"
    file.write_text(CODE)
    return pyclass_bridge.source(file)


def joblib_dumps(x) -> bytes:
    import io

    file = io.BytesIO()
    joblib.dump(x, file)
    return file.getvalue()


PICKLERS = {"pickle": pickle.dumps, "cloudpickle": cloudpickle.dumps, "dill": dill.dumps}

# What is sent, what is asked there, and the answer.
KINDS = {
    "function": (lambda ns: ns.area, "x(2)", 7),
    "function with a dot in its name": (lambda ns: getattr(ns, "layer.norm"), "x(2)", 4),
    "recursive function": (lambda ns: ns.fact, "x(5)", 120),
    "function with a state": (lambda ns: ns.count, "(x(), x())", (1, 2)),
    "function of a function": (
        lambda ns: pyclass_bridge.r("(function(n) function(x) x + n)(3)"), "x(1)", 4,
    ),
    "function of dots": (
        lambda ns: pyclass_bridge.r("(function(...) function() sum(...))(1, 2, 3)"), "x()", 6,
    ),
    "function that is named as text": (
        lambda ns: pyclass_bridge.r(
            "local({ g <- function(v) v * 9; function(v) do.call('g', list(v)) })"
        ),
        "x(3)", 27,
    ),
    "function with a model of R": (
        lambda ns: pyclass_bridge.r(
            "local({ m <- lm(mpg ~ wt, mtcars)\n"
            "function(w) round(predict(m, data.frame(wt = w))[[1]]) })"
        ),
        "x(3)", 21,
    ),
    "function with an R6 object": (lambda ns: ns.keep, "(x(2), x(2))", (3, 5)),
    "class": (
        lambda ns: ns.Base, "(x(3).get(), str(x.__module__), x.__doc__, x(3).size)",
        ([3, "two"], "kinds", "A base.", 30),
    ),
    "class of a class": (
        lambda ns: ns.Sub, "(x(4).deeper(), x(4).f(1), x(1).make().x)", (15, 5, 7),
    ),
    "class method": (lambda ns: ns.Sub.ident, "x()", "Sub"),
    "static method": (lambda ns: ns.Sub.plus, "x(1, 2)", 3),
    "method": (lambda ns: ns.Sub.twice, "x.__qualname__", "Base.twice"),
    "instance": (
        lambda ns: ns.Sub(5),
        "(x.x, x.get(), x.deeper(), x.f(1), x.size, type(x.make()) is type(x))",
        (5, [5, "two"], 17, 6, 50, True),
    ),
    "bound method": (lambda ns: ns.Sub(5).deeper, "x()", 17),
    "callback": (
        lambda ns: ns.Stop(4), "(x.patience, x.on_epoch_end(3), list(x.seen))", (4, None, [4]),
    ),
    "callback of a callback": (
        lambda ns: ns.Stopper(5), "(x.patience, [c.__name__ for c in type(x).__mro__[:3]])",
        (5, ["Stopper", "Stop", "Callback"]),
    ),
    "list of R": (lambda ns: pyclass_bridge.r("list(function(x) x * 2, 'a')"), "x[0](4)", 8),
    "nested": (
        lambda ns: {"a": [ns.Sub(1), ns.Sub], "b": (ns.area,)},
        "(isinstance(x['a'][0], x['a'][1]), x['b'][0](2))", (True, 7),
    ),
    "class that a Python object leads back to": (
        lambda ns: ns.Known, "(x().all()['me'] is x, x().same())", (True, True),
    ),
    "function of a lambda": (lambda ns: ns.threefold, "x(2)", 6),
    "generic class": (lambda ns: ns.Box(3), "(x.get(), type(x)[int](4).get())", (3, 4)),
    "class of a named tuple": (lambda ns: ns.Pair(1, 2), "(x.sum(), tuple(x))", (3, (1, 2))),
}  # fmt: skip


@pytest.mark.parametrize("how", PICKLERS)
@pytest.mark.parametrize("kind", KINDS)
def test_all_kinds_arrive(ns, fresh, kind, how):
    make, code, answer = KINDS[kind]
    assert fresh.ask(make(ns), code, PICKLERS[how]) == answer


def test_joblib_writes_them(ns, fresh, tmp_path):
    joblib.dump(ns.Sub(5), tmp_path / "x.joblib")
    code = f"__import__('joblib').load({str(tmp_path / 'x.joblib')!r}).deeper()"
    assert fresh.ask(None, code) == 17


def test_a_process_has_one_class_of_a_definition(ns, fresh):
    first, second = pickle.dumps(ns.Sub(1)), pickle.dumps(ns.Sub)
    third = cloudpickle.dumps(ns.Base)
    both = f"loads({second!r}), loads({third!r})"
    code = f"(lambda a, b, c: (type(a) is b, isinstance(a, c)))(x, {both})"
    assert fresh.ask_bytes(first, code) == (True, True)


def test_a_process_that_has_sourced_the_file_has_its_class(ns):
    source = f"__import__('pyclass_bridge').source({ns.__file__!r})"
    process = Fresh(ns.__file__.rpartition("/")[0])
    process.ask(None, f"kept.update(ns={source})")
    assert process.ask(ns.Sub(1), "(type(x) is kept['ns'].Sub, x.deeper())") == (True, 9)
    assert process.ask(None, "kept['ns'].Base") is ns.Base
    process.end()


def test_what_comes_back_is_the_original(ns, fresh):
    assert type(fresh.ask(ns.Sub(1), "x")) is ns.Sub
    assert pickle.loads(pickle.dumps(ns.area)) is ns.area
    assert pickle.loads(pickle.dumps(ns.Sub)) is ns.Sub
    assert pickle.loads(cloudpickle.dumps(ns.Sub.make)) is ns.Sub.make


def test_the_state_comes_back(ns, fresh):
    counted = ns.Base(1)
    counted.add(2)
    assert fresh.ask(counted, "(x.add(3), x)[1]").add(4) == 9
    assert counted.add(0) == 2


def test_a_definition_that_has_changed_is_another(ns, fresh):
    pyclass_bridge.r("Scaled %py_class% { get <- function() scale_by }")
    scaled = pyclass_bridge.r("Scaled")
    pyclass_bridge.r("scale_by <- 2")
    assert fresh.ask(scaled, "kept.update(first=x) or x().get()") == 2
    pyclass_bridge.r("scale_by <- 5")
    assert fresh.ask(scaled, "(x().get(), kept['first']().get())") == (5, 2)
    pyclass_bridge.r("rm(scale_by, Scaled)")


def test_two_files_of_one_name(tmp_path, fresh):
    made = []
    for value in (1, 2):
        directory = tmp_path / str(value)
        directory.mkdir()
        file = directory / "same.R"
        file.write_text(
            f"value <- function() {value}\nOne %py_class% {{ get <- function() {value} }}"
        )
        made.append(pyclass_bridge.source(file))
    first, second = made
    sent = pickle.dumps([first.value, second.value, first.One, second.One])
    assert fresh.ask_bytes(sent, "[f() for f in x[:2]] + [c().get() for c in x[2:]]") == [
        1,
        2,
        1,
        2,
    ]


def test_a_function_sees_its_variables_as_they_are(fresh):
    scale = pyclass_bridge.r("scale_by <- 2; function(x) x * scale_by")
    assert fresh.ask(scale, "x(10)") == 20
    pyclass_bridge.r("scale_by <- 3")
    assert fresh.ask(scale, "x(10)") == 30
    pyclass_bridge.r("rm(scale_by)")


def test_environments_are_shared_where_they_were(fresh):
    pair = list(pyclass_bridge.r("local({ n <- 0; list(function() n <<- n + 1, function() n) })"))
    assert fresh.ask(pair, "(x[0](), x[0](), x[1]())") == (1, 2, 2)


def test_only_what_is_reached_travels(fresh):
    f = pyclass_bridge.r("local({ big <- numeric(1e6); small <- 1; function() small })")
    assert len(pickle.dumps(f)) < 3000
    assert fresh.ask(f, "x()") == 1


def test_sources_are_seen_there(ns, fresh):
    for member in (ns.Sub, ns.Sub.make, ns.area):
        code = "__import__('inspect').getsource(x)"
        assert fresh.ask(member, code) == inspect.getsource(member)
    assert (
        fresh.ask(ns.Sub.make, "x.__code__.co_firstlineno") == ns.Sub.make.__code__.co_firstlineno
    )


def test_errors_there_name_the_member(ns, fresh):
    pyclass_bridge.r("Fails %py_class% { m <- function() stop('no good') }")
    error = fresh.error(pickle.dumps(pyclass_bridge.r("Fails")()), "x.m()")
    assert error == "RError: Error in m() : no good"
    pyclass_bridge.r("rm(Fails)")


def test_a_python_class_of_an_r_class(ns, fresh):
    class More(ns.Base):
        def more(self):
            return self.twice() + 100

    assert fresh.ask(More(1), "x.more()", cloudpickle.dumps) == 108


def test_copies(ns):
    assert copy.deepcopy(ns.Sub) is ns.Sub
    assert copy.deepcopy(ns.area) is ns.area
    copied = copy.deepcopy(ns.Sub(5))
    assert (copied.deeper(), copied.get()) == (17, [5, "two"])


def test_a_package_that_is_missing_there_is_named(fresh):
    from pyclass_bridge.travel.pack import unpack

    class Needs:
        def __reduce__(self):
            return unpack, (b"", (), (("notHere", "1.2", False),))

    error = fresh.error(cloudpickle.dumps(Needs()))
    assert "needs the R package notHere (version 1.2), which is not installed" in error


def test_places_are_given_up(ns):
    names = [name for name in sys.modules if name == "kinds"]
    assert names, "definitions have places"
    before = len(sys.modules)
    for _ in range(50):
        pyclass_bridge.r("function() NULL")
    import gc

    gc.collect()
    for _ in range(60):
        pyclass_bridge.r("function() NULL")
    assert len(sys.modules) < before + 40


# ---- what can't travel ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "text"),
    {
        "con": ("local({ con <- textConnection('a'); function() readLines(con) })", "a connection"),
        "pointer": (
            "local({ p <- methods::new('externalptr'); function() p })",
            "an external pointer",
        ),
        "deep": (
            "local({ a <- list(b = list(textConnection('a'))); function() a })",
            "reaches `a`$b[[1]]: a connection",
        ),
    }.values(),
)
def test_what_can_not_travel_is_named(code, text):
    with pytest.raises(pickle.PicklingError, match="can't travel to another process") as error:
        pickle.dumps(pyclass_bridge.r(code))
    assert text in str(error.value)
    pyclass_bridge.r("closeAllConnections()")


KEEPS = """function(x) {
  Keeps <- PyClass("Keeps", list(set = function(value) private$k <- value))
  keeps <- Keeps()
  keeps$set(x)
  keeps
}"""


@pytest.mark.parametrize("kind", ["_thread.lock", "generator", "_io.TextIOWrapper"])
@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("function(x) function() x", "reaches `x`: "),
        ("function(x) { a <- list(b = list(1, x)); function() a }", "reaches `a`$b[[2]]: "),
        (KEEPS, "class `Keeps`, private$k: "),
    ],
)
def test_an_object_of_python_that_can_not_travel_is_named(kind, code, text):
    with open(__file__) as file:
        objects = {"_thread.lock": threading.Lock(), "generator": (x for x in "ab")}
        value = pyclass_bridge.r(code)(objects.get(kind, file))
        with pytest.raises(pickle.PicklingError) as error:
            pickle.dumps(value)
    assert f"{text}an object of Python's class `{kind}` can't travel" in str(error.value)


def test_the_error_names_class_and_member():
    pyclass_bridge.r("the_con <- textConnection('a'); Reads %py_class% { m <- function() the_con }")
    with pytest.raises(
        pickle.PicklingError, match="class `Reads`, member `m` reaches `the_con`: a connection"
    ):
        pickle.dumps(pyclass_bridge.r("Reads"))
    pyclass_bridge.r("close(the_con); rm(the_con, Reads)")


def test_threads_pickle_at_the_same_time(ns):
    import threading

    wrong = []

    def work():
        for _ in range(5):
            first, second = pickle.loads(pickle.dumps((ns.Known, ns.Sub(3))))
            if first is not ns.Known or type(second) is not ns.Sub:
                wrong.append((first, second))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_class_arrives_again_after_it_was_garbage():
    """What R has of a class in a circle is given up before Python frees the class."""
    data = pickle.dumps(
        pyclass_bridge.r("""local({
          Circle %py_class% {
            start <- function() { self$n <- 1; self }
            shown <- function() super$`__repr__`()
          }
          function() Circle()$start()$shown()
        })""")
    )
    for _ in range(3):
        gc.collect()
        assert "Circle object" in pickle.loads(data)()


def test_of_a_file_that_is_sourced_twice_what_comes_back_is_what_was_sent(tmp_path):
    (tmp_path / "twice.R").write_text("Twice %py_class% { m <- function() 1 }")
    first = pyclass_bridge.source(tmp_path / "twice.R")
    assert type(pickle.loads(pickle.dumps(first.Twice()))) is first.Twice
    second = pyclass_bridge.source(tmp_path / "twice.R")
    assert second.Twice is not first.Twice
    assert type(pickle.loads(pickle.dumps(second.Twice()))) is second.Twice
    assert type(pickle.loads(pickle.dumps(first.Twice()))) is first.Twice


def test_a_place_that_was_given_again_stays():
    import gc

    from pyclass_bridge.bridge.module_name import definition_at, give_place

    class Gone: ...

    class Stays: ...

    give_place("a_place", Gone)
    del Gone
    gc.collect()
    give_place("a_place", Stays)
    for _ in range(200):
        pyclass_bridge.r("function() NULL")
    assert definition_at("a_place") is Stays
    del sys.modules["a_place"]
