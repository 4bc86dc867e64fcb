"""Where functions and classes of R were written, as Python's tools see it.

The lines and blocks are those of `inspect`, `linecache`, `traceback`, `pdb`, IPython and joblib."""

from __future__ import annotations

import gc
import inspect
import io
import linecache
import logging
import os
import pdb
import sys
import traceback
from pathlib import Path

import pytest

from pyclass_bridge import RError
from pyclass_bridge.bridge.source import forget_sourced
from pyclass_bridge.bridge.source_text import Definition, Lines

FILE = """# A head that isn't closed: ' ( lambda x:
#' An area
area <- function(w, h = w) {
  # a comment's quote
  w * h # )
}
one <- function(x) x; two <- function(x) x

Counter %py_class% {
  "Counts."
  initialize <- function(start = 0L) self$n <- start
  up <- function(by = 1L) {
    self$n <- self$n + by
    helper(self$n)
  }
  `__len__` <- function(self) 3L
  same <- staticmethod(function(a) {
    a
  })
  twice %<-active% function(value) {
    self$n * 2
  }
}
helper <- function(x) {
  if (x > 5) stop("too many")
  x
}
adder = function(n) {
  function(x) x + n
}
fails <- function() {

  helper(9)
}

log <- function(warn) warn("told")
"""


@pytest.fixture
def ns(source):
    return source(FILE, name="texts.R")


def lines(first: int, last: int) -> list[str]:
    return FILE.splitlines(keepends=True)[first - 1 : last]


DEFINED = {
    "a function": (lambda ns: ns.area, 3, 6),
    "an equals sign": (lambda ns: ns.adder, 28, 30),
    "a method": (lambda ns: ns.Counter.up, 12, 15),
    "a bound method": (lambda ns: ns.Counter().up, 12, 15),
    "a one-line method": (lambda ns: ns.Counter.__init__, 11, 11),
    "a method with self": (lambda ns: ns.Counter.__len__, 16, 16),
    "an active binding": (lambda ns: ns.Counter.twice.fget, 20, 22),
    "its setter": (lambda ns: ns.Counter.twice.fset, 20, 22),
    "a class": (lambda ns: ns.Counter, 9, 23),
}


@pytest.mark.parametrize("case", DEFINED)
def test_inspect_finds_file_lines_and_text(ns, case):
    get, first, last = DEFINED[case]
    found, line = inspect.getsourcelines(get(ns))
    assert (found, line) == (lines(first, last), first)
    assert inspect.getsource(get(ns)) == "".join(found)
    assert os.path.abspath(inspect.getsourcefile(get(ns))) == ns.__file__


def test_a_definition_inside_a_line_is_cut_out_of_it(ns):
    assert inspect.getsource(ns.one) == "one <- function(x) x\n"
    assert inspect.getsourcelines(ns.two) == (["function(x) x\n"], 7)
    assert inspect.getsourcelines(ns.adder(1)) == (["  function(x) x + n\n"], 29)
    assert inspect.getsource(ns.Counter.same) == "".join(lines(17, 19))[:-2] + "\n"  # no `)`
    folder, name = os.path.split(ns.__file__)
    assert inspect.getsourcefile(ns.two) == f"{folder}/<R 7:30>/../{name}"


def test_the_namespace_has_the_whole_text(ns):
    assert inspect.getsource(ns) == FILE


def test_a_class_made_by_a_constructor_inside_others(source, keras):
    ns = source(
        'Stop <- Callback("EarlyStop",\n'
        "  on_epoch_end = function(epoch, logs = NULL) NULL\n"
        ")\n\n"
        "make <- function(name) {\n"
        "  Metric(name, result = function() 1)\n"
        "}\n"
        'm <- make("Made")\n'
        'K <- Callback("K"); L <- Callback("L", on_train_end = function(logs = NULL) 1)\n'
        "Late %py_class% {}\n",
    )
    assert inspect.getsourcelines(ns.Stop) == (
        ['Stop <- Callback("EarlyStop",\n', *inspect.getsourcelines(ns.Stop)[0][1:]],
        1,
    )
    assert inspect.getsource(ns.Stop).endswith("NULL\n)\n")
    assert inspect.getsourcelines(ns.Stop.on_epoch_end)[1] == 2
    assert inspect.getsourcelines(ns.m) == (["  Metric(name, result = function() 1)\n"], 6)
    assert inspect.getsourcelines(ns.Late) == (["Late %py_class% {}\n"], 10)
    assert inspect.getsource(ns.K).startswith("K <- Callback")
    assert 'Callback("L", on_train_end' in inspect.getsource(ns.L)


def test_text_without_a_file(r):
    f = r("function(x) {\n  x + 1\n}")
    assert inspect.getsource(f) == "function(x) {\n  x + 1\n}\n"
    assert inspect.getsourcefile(f).startswith("<R ")
    g = r("f <- 1\nfunction(x) {\n  x + 1\n}")
    assert inspect.getsourcelines(g) == (["function(x) {\n", "  x + 1\n", "}\n"], 2)
    assert inspect.getsourcefile(f) != inspect.getsourcefile(g)


def test_functions_without_source_references_show_their_code(r):
    assert inspect.getsource(r("stats::median")).startswith("function (x, na.rm = FALSE, ...)")
    assert "Primitive" in inspect.getsource(r("sum"))
    built = r("as.function(alist(a = , b = 2, a + b))")
    assert inspect.getsource(built) == "function (a, b = 2) \na + b\n"


def test_tracebacks_show_file_and_line(ns):
    with pytest.raises(RError) as caught:
        ns.fails()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (os.path.abspath(frame.filename), frame.lineno) == (ns.__file__, 31)
    assert (frame.name, frame.line) == ("fails", "fails <- function() {")
    shown = "".join(traceback.format_exception(caught.value))
    assert "    fails <- function() {\n" in shown and "^" not in shown.split("fails <- ")[1]
    with pytest.raises(RError) as caught:
        ns.Counter(9).up()
    lines = [f.line for f in traceback.extract_tb(caught.value.__traceback__)]
    assert lines[-1] == "up <- function(by = 1L) {"


def test_what_makes_paths_absolute_has_the_file(ns, caplog):
    """Loggers and profilers show the last part of the name, editors open the absolute path."""
    name = ns.two.__code__.co_filename
    assert not os.path.exists(name) and os.path.basename(name) == "texts.R"
    assert inspect.getabsfile(ns.two) == os.path.realpath(name) == ns.__file__
    ns.log(logging.getLogger("texts").warning)
    assert caplog.records[0].filename == "texts.R" and caplog.records[0].lineno == 36


def test_pdb_lists_the_r_code(ns):
    with pytest.raises(RError) as caught:
        ns.Counter(9).up()
    said = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("list\np by\nquit\n"), stdout=said, nosigint=True)
    debugger.use_rawinput = False
    debugger.reset()
    debugger.interaction(None, caught.value.__traceback__)
    assert " 12  ->" in said.getvalue() and "helper(self$n)" in said.getvalue()
    assert "\n(Pdb) 1\n" in said.getvalue()


def test_breakpoints_at_lines_of_the_r_file(ns):
    said = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("where\ncontinue\n"), stdout=said, nosigint=True)
    debugger.use_rawinput = False
    assert debugger.set_break(ns.__file__, 3) is None
    try:
        assert debugger.runcall(ns.area, 4) == 16
    finally:
        debugger.clear_all_breaks()
    assert f"> {ns.__file__}(3)area()" in said.getvalue()


def test_code_objects_tell_r_code_apart(ns, r):
    assert ns.one.__code__ != ns.two.__code__
    made = r("list(function(x) 1, function(x) 2)")
    assert made[0].__code__ != made[1].__code__
    assert made[0].__code__.co_consts != made[1].__code__.co_consts
    built = [r(f"as.function(alist({n}))") for n in (1, 2, 1)]
    assert built[0].__code__ != built[1].__code__ and built[0].__code__ == built[2].__code__
    assert ns.Counter.up.__code__.co_consts != ns.Counter.__init__.__code__.co_consts


def test_what_a_closure_has_captured_is_no_part_of_its_code(ns):
    assert ns.adder(1).__code__ is ns.adder(2).__code__
    assert ns.adder(1)(1) != ns.adder(2)(1)


def test_an_edited_file_is_another_text(source):
    old = source("f <- function(x) {\n  x\n}\nA %py_class% { m <- function() 1 }", "edited.R")
    new = source("\nf <- function(x) {\n  -x\n}\nA %py_class% { m <- function() 2 }", "edited.R")
    assert inspect.getsource(old.f) == "f <- function(x) {\n  x\n}\n"
    assert inspect.getsourcelines(new.f) == (["f <- function(x) {\n", "  -x\n", "}\n"], 2)
    assert inspect.getsource(new.A) == "A %py_class% { m <- function() 2 }\n"
    names = [each.f.__code__.co_filename for each in (old, new)]
    assert names[0] != names[1] and {*map(os.path.abspath, names)} == {old.__file__}
    assert old.f.__code__.co_consts != new.f.__code__.co_consts


def test_a_text_goes_with_its_functions(source, r):
    ns = source(FILE, name="gone.R")
    file = ns.__file__
    held = ns.area
    shown = {name for name in linecache.cache if os.path.abspath(name) == file}
    assert {file, held.__code__.co_filename, ns.two.__code__.co_filename} <= shown
    del ns
    gc.collect()
    assert inspect.getsource(held) == "".join(lines(3, 6))
    del held
    forget_sourced()
    for n in range(20):  # the last texts that were asked for stay
        r(f"function() {n}")
    r("invisible(gc())")
    gc.collect()
    r("NULL")
    gc.collect()
    assert not [name for name in linecache.cache if os.path.abspath(name) == file]


def test_a_module_of_python_is_not_replaced(source, tmp_path, monkeypatch):
    """A class whose module's name is Python's has no place that `inspect` could find."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "of_python.py").write_text("value = 1\n")
    ns = source("A %py_class% { m <- function() 1 }", name="of_python.R")
    import of_python

    assert of_python.value == 1 and inspect.getsource(ns.A.m) == "function() 1\n"
    del sys.modules["of_python"]


def test_linecache_is_right_after_it_was_checked_and_cleared(source):
    ns = source("f <- function(x) x\n", name="cleared.R")
    Path(ns.__file__).write_text("# nothing\n")
    linecache.checkcache()
    assert inspect.getsource(ns.f) == "f <- function(x) x\n"
    linecache.clearcache()
    again = source("f <- function(x) x\n", name="cleared.R")
    assert inspect.getsource(again.f) == "f <- function(x) x\n"


def test_other_readers_see_plain_lines():
    text = Lines(["a\n", "b\n", "c\n"])
    text.blocks[1], text.classes["A"] = Definition(["block\n"], "block", ""), 1
    assert list(text) == ["a\n", "b\n", "c\n"] == text[0:3] and text[1:] == ["b\n", "c\n"]
    assert text[1] == "b\n" and "".join(text) == "a\nb\nc\n"


def test_ipython_shows_the_source_and_the_traceback(ns):
    from IPython.core import oinspect, ultratb

    inspector = oinspect.Inspector(theme_name="nocolor")
    for shown, first, last in ((ns.area, 3, 6), (ns.Counter, 9, 23)):
        info = inspector.info(shown, detail_level=1)
        assert info["source"] == "".join(lines(first, last)).strip()
        assert os.path.abspath(info["file"]) == ns.__file__
    try:
        ns.fails()
    except RError:
        shown = ultratb.VerboseTB(theme_name="nocolor").text(*sys.exc_info())
    assert "fails <- function() {" in shown and "helper(9)" in shown


def test_joblib_keeps_results_by_the_r_code(source, tmp_path):
    from joblib import Memory

    def cached(code: str, name: str):
        ns = source(code, name="kept.R")
        return Memory(tmp_path / "store", verbose=0).cache(getattr(ns, name))

    calls = tmp_path / "calls"
    count = f"cat('.', file = {str(calls)!r}, append = TRUE)"

    def ran(function, *args):
        before = calls.stat().st_size if calls.exists() else 0
        value = function(*args)
        return value, (calls.stat().st_size if calls.exists() else 0) - before

    body = "function(x) {{\n  {count}\n  x + {n}\n}}\n"
    one, two = (body.format(count=count, n=n) for n in (1, 2))
    assert ran(cached(f"f <- {one}g <- {two}", "f"), 1) == (2, 1)
    assert ran(cached(f"f <- {one}g <- {two}", "g"), 1) == (3, 1)
    assert ran(cached(f"f <- {one}g <- {two}", "f"), 1) == (2, 0)
    assert ran(cached(f"# moved\n\nf <- {one}", "f"), 1) == (2, 0)
    assert ran(cached(f"f <- {two}", "f"), 1) == (3, 1)
    assert ran(cached(f"f <- {two}", "f"), 1) == (3, 0)


def test_the_file_of_a_class_is_that_of_its_text(ns):
    assert inspect.getmodule(ns.Counter).__file__ == ns.__file__


def test_a_sourced_file_hides_no_module_of_its_name(source, tmp_path, monkeypatch):
    ns = source("A %py_class% {}", name="both_ways.R")
    with pytest.raises(ModuleNotFoundError, match="No module named 'both_ways'"):
        exec("from both_ways import value")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "both_ways.py").write_text("value = 1\n")
    found = {}
    exec("import both_ways\nfrom both_ways import value\nseen = both_ways.value", found)
    assert found["value"] == found["seen"] == 1
    assert sys.modules.pop("both_ways").__file__.endswith(".py")
    assert inspect.getsource(ns.A) == "A %py_class% {}\n"


def test_a_class_of_another_file_than_its_modules(source, tmp_path):
    (tmp_path / "part.R").write_text("B %py_class% { m <- function() 1 }")
    ns = source(
        f"A %py_class% {{}}\nsource({str(tmp_path / 'part.R')!r}, TRUE, keep.source = TRUE)"
    )
    assert inspect.getsource(ns.A) == "A %py_class% {}\n"
    assert inspect.getsource(ns.B) == "B %py_class% { m <- function() 1 }\n"
    assert inspect.getsource(ns.B.m) == "function() 1\n"


FILLED_IN = [
    "eval(bquote(function(x) x + .(n)))",
    "eval(substitute(function(x) x + n, list(n = n)))",
    "eval(bquote(function(x, by = .(n)) x + by))",
    "local({ f <- function(x) x + 1; body(f)[[3]] <- n; f })",
]


@pytest.mark.parametrize("code", FILLED_IN)
def test_quoted_code_that_is_filled_in_is_told_apart(r, code):
    """Its source reference is that of the template, so its lines are equal."""
    made = r(f"lapply(c(1, 2, 1), function(n) {code})")
    assert [f(1) for f in made] == [2.0, 3.0, 2.0]
    sources = [inspect.getsource(f) for f in made]
    assert sources[0] == sources[2] != sources[1]
    assert made[0].__code__ == made[2].__code__ != made[1].__code__
    again = r(f"# moved\nlapply(2, function(n) {code})")
    assert inspect.getsource(again[0]) == sources[1]


def test_a_method_with_self_is_not_filled_in(source):
    ns = source(
        "A <- PyClass('A', list(m = function(self, x = 1) {\n  x\n}, n = function(self) 1))"
    )
    assert inspect.getsource(ns.A.m) == "function(self, x = 1) {\n  x\n}\n"
    assert inspect.getsource(ns.A.n) == "function(self) 1\n"


def test_letters_and_tabs_before_a_definition(source):
    ns = source(
        "ü <- 1; f <- function(x) 'ß'; g <- function() 2\n\th <- function() 3; i <- 4\n"
        "j <-\t1; k <-\tfunction(x)\t{\n\t'€\t😀'\t}\t; l <- 1"
    )
    assert inspect.getsource(ns.f) == "function(x) 'ß'\n"
    assert inspect.getsource(ns.g) == "function() 2\n"
    assert inspect.getsource(ns.h) == "\th <- function() 3\n"
    assert inspect.getsource(ns.k) == "function(x)\t{\n\t'€\t😀'\t}\n"


def test_many_definitions_in_a_line_share_their_text(source):
    code = "fs <- list(" + ",\n".join(f"function(x) x + {n}" for n in range(300)) + ")\n"
    ns = source(code + "get <- function(n) fs[[n]]", name="many.R")
    made = [ns.get(n + 1) for n in range(300)]
    assert len({f.__code__ for f in made}) == 300
    assert inspect.getsource(made[7]) == "function(x) x + 7\n"
    assert len(linecache.cache[made[7].__code__.co_filename][2]) == 301


def test_bytes_that_are_no_text(source, tmp_path):
    """R reads a file whose comments are in Latin-1."""
    path = tmp_path / "latin.R"
    path.write_bytes(b"# caf\xe9\nf <- function(x) x # \xfc\n")
    import pyclass_bridge

    ns = pyclass_bridge.source(path)
    assert ns.f(1) == 1 and inspect.getsource(ns.f) == "f <- function(x) x\n"
    assert "caf\u00e9" in linecache.getline(ns.f.__code__.co_filename, 1)
