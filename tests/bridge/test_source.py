"""`pyclass_bridge.source()`: an R file as a namespace of Python objects."""

from __future__ import annotations

import hashlib
import inspect
import pydoc
import rlcompleter

import pytest
from support import error_texts

import pyclass_bridge
from pyclass_bridge import RError, RParseError
from pyclass_bridge.bridge.source import source_record

FILE = """
# a file with a bit of everything
Counter %py_class% {
  "Counts."
  initialize <- function(start = 0L) self$n <- start
  up <- function(by = 1L) { "Count up."; self$n <- self$n + by; self$n }
}
make_counter <- function(start = 10L) {
  "A counter that has begun."
  Counter(start)
}
area <- function(w, h = w) w * h
limit <- 5
table <- data.frame(x = 1:2)
names.with.dots <- 1
.hidden <- "not shown"
square <- function(x) .square(x)
.square <- function(x) x^2
`+.money` <- function(e1, e2) "added"
"""


@pytest.fixture
def ns(source):
    return source(FILE, name="my-tools.R")


def test_what_is_there(ns):
    assert isinstance(ns.Counter, type)
    assert ns.Counter(3).up(2) == 5
    assert ns.make_counter().up() == 11 and isinstance(ns.make_counter(), ns.Counter)
    assert ns.area(3) == 9.0 and ns.limit == 5.0
    assert ns.table.r_class == ("data.frame",)
    assert ns.square(3) == 9.0
    assert getattr(ns, "names.with.dots") == 1.0


def test_names_and_completion(ns):
    public = ["Counter", "area", "limit", "make_counter", "square", "table"]
    assert dir(ns) == public
    assert set(ns.__all__) == {*public, "names.with.dots", "+.money"}
    assert not hasattr(ns, ".hidden")
    with pytest.raises(AttributeError, match="nothing"):
        _ = ns.nothing


def test_completion(ns):
    complete = rlcompleter.Completer({"ns": ns}).complete
    assert complete("ns.Co", 0).startswith("ns.Counter")
    assert complete("ns.Counter.u", 0).startswith("ns.Counter.up")
    assert complete("ns.make", 0).startswith("ns.make_counter")


@pytest.mark.parametrize("use_jedi", [True, False])
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ns.", {"Counter", "area", "make_counter", "limit"}),
        ("ns.Co", {"Counter"}),
        ("ns.Counter.u", {"up"}),
        ("counter.", {"n", "up"}),
        ("ns.Counter(st", {"start="}),
        ("ns.make_counter(st", {"start="}),
        ("counter.up(b", {"by="}),
    ],
)
def test_completion_in_ipython(ns, text, names, use_jedi):
    from IPython.core.completer import IPCompleter, provisionalcompleter

    completer = IPCompleter(namespace={"ns": ns, "counter": ns.Counter(3)}, use_jedi=use_jedi)
    with provisionalcompleter():
        offered = [found.text.lstrip(".") for found in completer.completions(text, len(text))]
    assert names <= set(offered)
    assert ".hidden" not in offered and "hidden" not in offered


def test_repr_and_file(ns):
    assert repr(ns).startswith("<R file my-tools.R: ")
    assert "Counter" in repr(ns) and ns.__file__.endswith("my-tools.R")


def test_help(ns):
    of_class = pydoc.render_doc(ns.Counter, renderer=pydoc.plaintext)
    assert "class Counter" in of_class and "Counts." in of_class and "Count up." in of_class
    of_function = pydoc.render_doc(ns.make_counter, renderer=pydoc.plaintext)
    assert "make_counter(start=10)" in of_function and "A counter that has begun." in of_function
    whole = pydoc.render_doc(ns, renderer=pydoc.plaintext)
    assert "Counter" in whole and "make_counter" in whole


def test_modules_signatures_and_docs(ns):
    assert ns.Counter.__module__ == ns.area.__module__ == "my_tools"
    assert str(inspect.signature(ns.Counter)) == "(start=0)"
    assert str(inspect.signature(ns.area)) == "(w, h=<R: w>)"
    assert ns.Counter.__doc__ == "Counts." and ns.Counter.up.__doc__ == "Count up."
    assert repr(ns.Counter) == "<class 'my_tools.Counter'>"
    assert repr(ns.Counter()).startswith("<my_tools.Counter object at ")


def test_factories(source, keras):
    ns = source(
        """
        metric_ones <- Metric("Ones",
          initialize = function(name = "ones", scale = 2) { super$initialize(name = name) },
          update_state = function(y_true, y_pred, sample_weight = NULL) NULL,
          result = function() 1)
        Stop <- Callback("EarlyStop",
          initialize = function(patience = 3L) self$patience <- patience)
        """
    )
    assert issubclass(ns.metric_ones, keras.Metric) and ns.metric_ones.__name__ == "Ones"
    assert str(inspect.signature(ns.metric_ones)) == "(name='ones', scale=2.0)"
    assert ns.metric_ones().name == "ones"
    assert ns.Stop(patience=5).patience == 5 and issubclass(ns.Stop, keras.callbacks.Callback)


def test_each_file_has_an_environment_of_its_own(source, r):
    one = source("x <- 1; get_x <- function() x; set_x <- function(v) x <<- v", name="one.R")
    two = source("x <- 2; get_x <- function() x", name="two.R")
    assert (one.get_x(), two.get_x()) == (1.0, 2.0)
    one.set_x(9)
    assert (one.get_x(), two.get_x(), one.x) == (9, 2.0, 1.0)
    assert r("exists('get_x')") is False


def test_paths(source, tmp_path):
    source("value <- 1", name="file.R")
    path = tmp_path / "file.R"
    assert pyclass_bridge.source(path).value == pyclass_bridge.source(str(path)).value == 1.0
    source("", name="empty.R")
    empty = pyclass_bridge.source(tmp_path / "empty.R")
    assert dir(empty) == [] and "no definitions" in repr(empty)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no R file .*nothing\.R"):
        pyclass_bridge.source(tmp_path / "nothing.R")
    with pytest.raises(FileNotFoundError):
        pyclass_bridge.source(tmp_path)


def test_a_file_that_does_not_parse(source):
    with pytest.raises(RParseError) as caught:
        source("x <- 1\nf <- function( {\n  2\n}\n", name="broken.R")
    assert "broken.R:2:16" in str(caught.value)
    assert isinstance(caught.value, (RError, SyntaxError))
    with pytest.raises(SyntaxError, match=r"end.R:3:0"):
        source("f <- function() {\n  2\n", name="end.R")


BROKEN = {
    "an unexpected symbol": "x <- 1\nf <- function( {\n  2\n}\n",
    "the end comes too early": "f <- function() {\n  2\n",
    "a brace too many": "f <- function() 1\n}\n",
}


def test_the_texts_of_files_that_cannot_be_read(source, tmp_path):
    def told(work, *arguments):
        with pytest.raises(Exception) as caught:
            work(*arguments)
        text = f"{type(caught.value).__name__}: {caught.value}"
        return text.replace(f"{tmp_path}/", "").strip()

    texts = {case: told(source, code, "broken.R") for case, code in BROKEN.items()}
    texts["a missing file"] = told(pyclass_bridge.source, tmp_path / "missing.R")
    error_texts.check("source_errors", texts)


def test_an_error_in_the_file_names_its_line(source):
    with pytest.raises(RError, match="no luck") as caught:
        source("x <- 1\nf <- function() stop('no luck')\n\nf()\n", name="fails.R")
    places = [(call.text, call.line) for call in caught.value.calls]
    assert ("f()", 4) in places
    assert caught.value.calls[0].file.endswith("fails.R")


def test_an_error_in_a_method_names_file_and_line(source):
    ns = source(
        "A %py_class% {\n  m <- function() {\n    helper()\n  }\n}\n"
        "helper <- function() {\n  stop('deep')\n}\n",
        name="lines.R",
    )
    for _ in range(4):  # as written and compiled
        with pytest.raises(RError, match="deep") as caught:
            ns.A().m()
        assert [(c.text, c.line) for c in caught.value.calls if c.file][-2:] == [
            ("helper()", 3),
            ('stop("deep")', 7),
        ]


def test_utf8(source):
    ns = source("größe <- 'straße'; Ärger %py_class% { wert <- function() 'ü' }", name="utf8.R")
    assert ns.größe == "straße" and ns.Ärger().wert() == "ü"


def test_a_file_may_source_others(source, tmp_path):
    (tmp_path / "part.R").write_text("helper <- function() 'helped'")
    ns = source(f"source({str(tmp_path / 'part.R')!r}, local = TRUE); use <- function() helper()")
    assert ns.use() == "helped" and ns.helper() == "helped"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"a <- 1\nb <- 2\0\nd <- 3\n", 2),
        (b"a <- 1; \0 b <- 2", 1),
        (b"# a comment \0\na <- 1\n", 1),
        ("a <- 1\nb <- 2\n".encode("utf-16-le"), 1),
    ],
)
def test_a_nul_byte_is_an_error_that_names_the_line(tmp_path, text, line):
    """R's parser would leave out what follows in the line."""
    path = tmp_path / "nul.R"
    path.write_bytes(text)
    with pytest.raises(RParseError, match=rf"nul.R:{line}: there is a NUL byte"):
        pyclass_bridge.source(path)
    with pytest.raises(RParseError, match="save the file as UTF-8"):
        pyclass_bridge.run_file(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a <- 1\nb <- '\xe9'\n", ":2: the bytes are no text in UTF-8: save the file as UTF-8."),
        (b"f <- function(a, a) 1\n", ": repeated formal argument 'a'"),
        (b"'\\xzz'\n", ": '\\x' used without hex digits"),
        (b"``\n", ": attempt to use zero-length variable name"),
        (b"1 |> 2\n", ": The pipe operator requires a function call as RHS"),
    ],
)
def test_every_error_of_the_parser_names_the_file(tmp_path, text, message):
    path = tmp_path / "unparsed.R"
    path.write_bytes(text)
    with pytest.raises(RParseError) as caught:
        pyclass_bridge.source(path)
    assert caught.value.message.startswith(f"the file does not parse: {path}{message}")


def test_the_parsers_table_of_tokens_is_left_out(source):
    """R makes it in a time that grows with the square of the comments."""
    ns = source("# a comment\nf <- function(x) {\n  # another\n  x\n}\n")
    has_source = pyclass_bridge.r(
        "function(f) c(!is.null(attr(f, 'srcref')), is.null(utils::getParseData(f)))"
    )
    assert has_source(ns.f) == [True, True]
    assert pyclass_bridge.r("isFALSE(getOption('keep.parse.data'))") is False


def test_a_file_has_a_record(source, r, tmp_path):
    text = "f <- function() function() 1\nx <- 'ü'\n"
    ns = source(text, name="recorded.R")
    record = source_record(ns)
    assert (record.module, record.file) == ("recorded", str(tmp_path / "recorded.R"))
    assert record.hash == ns.__r_hash__ == hashlib.sha256(text.encode()).hexdigest()
    environment = r("function(f) environment(f)")
    assert source_record(environment(ns.f)) == source_record(environment(ns.f())) == record
    assert source_record(environment(r("function() 1"))) is source_record(inspect) is None
