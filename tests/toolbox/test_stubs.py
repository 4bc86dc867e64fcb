"""Stubs: they say what source() gives, and both type checkers accept them in strict mode.

Also of: R/toolbox_definitions.R.
"""

from __future__ import annotations

import ast
import inspect
import os
from pathlib import Path

import pytest
from support.type_checkers import mypy, pyright

import pyclass_bridge
from pyclass_bridge.toolbox import stubs

CALLBACKS = r"""
#' Stops a training early
#'
#' When the loss is `NaN`.
#'
#' @param patience Integer, how many epochs.
#' @param min.delta Number.
EarlyStop <- Callback("EarlyStop",
  initialize = function(patience = 3L, min.delta = 0) {
    super$initialize()
    self$patience <- patience
    self$seen <- 0
  },
  on_epoch_end = function(epoch, logs = NULL) {
    "Looks at the loss."
    self$seen <- self$seen + 1
    NULL
  },
  limit = 3,
  tags = c("a", "b"),
  share = active_property(function(value) 2),
  twice = active_property(function() 2 * self$seen),
  make = staticmethod(function(a, b = "x") NULL)
)
Later(EarlyStop) %py_class% {
  "The doc of Later."
  k <- 3L
  private$z <- 3
  #' @return String or NULL.
  bar <- function(x.y, lambda = 0.5, ...) NULL
}
Clip <- Constraint("Clip", call = function(w) w)
Stop2 <- Callback("Stop2", inherit = callback_early_stopping)
Counter <- R6::R6Class("Counter",
  public = list(n = 0L, add = function(by = 1L) { self$n <- self$n + by; invisible(self) }),
  active = list(twice = function() 2L * self$n), private = list(z = 1)
)
Point <- PyClass("Point", list(
  `__len__` = function(self) 2L, m = function(self, a) a,
  other = classmethod(function(cls, y = 1) y), go = async_method(function(self, x) x)
))
keras <- import("keras", delay_load = TRUE)
Mine <- Layer("Mine", initialize = function(units, ...) super$initialize(...),
  call = function(inputs, training = FALSE) inputs, get_config = function() list())
Dense2 <- PyClass("Dense2", list(), inherit = keras$layers$Dense)
"""

FUNCTIONS = r'''
int <- function(float = 0.5, str = "a") float
list <- 1:3
property <- "x"
#' Ünïcode "quotes" \ and """ trips
#'
#' @param x.y Integer or NULL.
#' @param größe One of "klein" and "groß".
#' @param f Function of a number.
#' @param l Named list.
#' @return TRUE or FALSE.
grüß <- function(größe = "ä\"\\ü", `a b` = TRUE, x.y = 1L, x_y = 2L, self = NULL, args = 1, ...,
                 f = NULL, l, class) TRUE
none <- function() NULL
dots <- function(...) NULL
odd <- function(a = NA, b = NA_character_, c = Inf, d = NaN, e = -1, f = -2L, g = 1i, h = c(1, 2),
                i = list(), j = function(x) x, k = quote(x), l = missing_thing, m = 1e300, n = 1e-8,
                o = 0x10L, p = "multi
line", q = "\u0001'") NULL
gaps <- function(x, y = 2, z) { if (missing(x)) 1 }
short <- \(x) x
matched <- function(x, kind = c("a", "b")) switch(match.arg(kind), a = 1, b = 2)
several <- function(kinds = c("a", "b")) match.arg(kinds, several.ok = TRUE)
given <- function(type) match.arg(type, c("u", "v"))
`class` <- function(x) x
lambda <- 3
x.y <- 4
`_x` <- 3
.hidden <- 1
`%+%` <- function(a, b) a
`[.thing` <- function(x, i) x
two <- short
flags <- c(TRUE, FALSE)
mixed <- c(1L, 2.5)
one <- c("a")
nothing <- NULL
named <- list(a = 1)
unnamed <- list(1, 2)
day <- as.Date("2020-01-01")
u <- w <- 3L
labelled <- c(1, 2)
names(labelled) <- c("a", "b")
if (TRUE) either <- 3 else either <- "a"
{
  gone <- 3L
  deep <- function(x = TRUE) x
}
for (i in 1:3) looped <- i
rm(gone)
'''


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A directory with two R files and their stubs."""
    directory = tmp_path_factory.mktemp("stubs")
    for name, code in {"my_callbacks.R": CALLBACKS, "my functions.R": FUNCTIONS}.items():
        (directory / name).write_text(code)
        stubs.write(directory / name)
    return directory


def stub_of(code: str, tmp_path: Path) -> str:
    """The stub of R code, without its head."""
    (tmp_path / "x.R").write_text(code)
    text = stubs.stub_of(tmp_path / "x.R")
    return "\n".join(line for line in text.splitlines() if not line.startswith("#")).strip()


def test_both_type_checkers_accept_stubs_and_their_use(written):
    pytest.importorskip("keras")
    program = written / "program.py"
    program.write_text(
        "from my_callbacks import Clip, EarlyStop, Later, Stop2\n"
        "from my_functions import grüß, list, matched, odd, two\n"
        "stop = EarlyStop(patience=4, min_delta=0.5)\n"
        "stop.share = 4\n"
        "limit: float = stop.limit + stop.seen\n"
        'stop.on_epoch_end(1, {"loss": 3.0})\n'
        "text: str | None = Later().bar(1, lambda_=2.0)\n"
        'ok: bool = grüß("klein", l={}, class_=1)\n'
        "print(Clip(), Stop2(), list[0] + 1, odd(), two(3), limit, text, ok)\n"
        'matched(1, kind="b")\n'
    )
    files = [written / "my_callbacks.pyi", written / "my_functions.pyi", program]
    assert mypy(*files, cwd=written, path=written) == ""
    assert pyright(*files, cwd=written) == ""


def test_type_checkers_find_wrong_uses(written):
    pytest.importorskip("keras")
    program = written / "wrong.py"
    program.write_text(
        "from my_callbacks import EarlyStop\n"
        "from my_functions import grüß, matched\n"
        'EarlyStop(patience="a")\n'
        'matched(1, kind="c")\n'
        'grüß(l={}, class_=1, f="sum")\n'
    )
    for said in (mypy(program, cwd=written, path=written), pyright(program, cwd=written)):
        assert sorted(n for n in (3, 4, 5) if f"wrong.py:{n}" in said) == [3, 4, 5], said


def signature_in(node: ast.FunctionDef) -> tuple:
    """The names of a function's arguments: by position, `*`, by keyword, `**`; and those that may
    be left out."""
    args = node.args
    places = [a.arg for a in args.posonlyargs + args.args]
    optional = places[len(places) - len(args.defaults) :]
    optional += [a.arg for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d]
    starred = [a and a.arg for a in (args.vararg, args.kwarg)]
    return places, [a.arg for a in args.kwonlyargs], starred, sorted(optional)


def signature_of(function) -> tuple:
    kinds = inspect.Parameter
    given = inspect.signature(function).parameters.values()
    places = [p.name for p in given if p.kind is kinds.POSITIONAL_OR_KEYWORD]
    named = [p.name for p in given if p.kind is kinds.KEYWORD_ONLY]
    starred = [
        next((p.name for p in given if p.kind is kind), None)
        for kind in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
    ]
    return places, named, starred, sorted(p.name for p in given if p.default is not p.empty)


@pytest.mark.parametrize("name", ["my_callbacks", "my_functions"])
def test_the_stub_is_true_of_what_source_gives(written, name):
    pytest.importorskip("keras")
    tree = ast.parse((written / f"{name}.pyi").read_text())
    ns = pyclass_bridge.source(written / f"{name.replace('my_f', 'my f')}.R")
    told = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            assert signature_in(node) == signature_of(getattr(ns, node.name)), node.name
            told.add(node.name)
        elif isinstance(node, ast.ClassDef):
            cls = getattr(ns, node.name)
            told.add(node.name)
            check_class(node, cls)
        elif isinstance(node, ast.AnnAssign):
            told.add(node.target.id)
            check_value(node, getattr(ns, node.target.id))
        elif isinstance(node, ast.Assign):
            told.add(node.targets[0].id)
    assert told == set(dir(ns))


def check_class(node: ast.ClassDef, cls: type) -> None:
    members = inspect.getmembers_static(cls)
    methods = {name: m for name, m in members if not isinstance(m, property)}
    for member in node.body:
        if isinstance(member, ast.AsyncFunctionDef):
            assert inspect.iscoroutinefunction(methods[member.name])
        if isinstance(member, ast.FunctionDef) and member.decorator_list[:1] == []:
            function = inspect.getattr_static(cls, member.name)
            assert signature_in(member) == signature_of(function), member.name
    properties = {name for name, m in vars(cls).items() if isinstance(m, property)}
    assert properties == {
        m.name
        for m in node.body
        if isinstance(m, ast.FunctionDef)
        and "property" in [getattr(d, "id", "").lstrip("_") for d in m.decorator_list]
    }
    if ast.get_docstring(node):
        assert ast.get_docstring(node) == inspect.getdoc(cls)


def check_value(node: ast.AnnAssign, value) -> None:
    type = ast.unparse(node.annotation).lstrip("_")
    kind = type.partition("[")[0]
    if kind in ("float", "int", "str", "bool", "list", "dict"):
        assert value.__class__.__name__ == kind
    else:
        assert type in ("Any", "None")


def test_types_of_arguments_and_results(tmp_path):
    code = """
    f <- function(a, b = 0.5, c = 1L, d = TRUE, e = "x", g = NULL, h = c("u", "v"), ...) {
      match.arg(h)
    }
    """
    expected = (
        'def f(a: Any, b: float = 0.5, c: int = 1, d: bool = True, e: str = "x", '
        'g: Any | None = None, h: Literal["u", "v"] = ..., *args: Any, **kwargs: Any) -> Any: ...'
    )
    assert stub_of(code, tmp_path).endswith(expected)


def test_members_that_the_code_does_not_show(tmp_path):
    stub = stub_of('A <- Callback("A", inherit = base(), public = members)', tmp_path)
    assert stub.endswith("class A(Any):\n    def __getattr__(self, name: str) -> Any: ...")
    stub = stub_of("A %py_class% {\n  if (TRUE) x <- 1\n}", tmp_path)
    assert "def __getattr__" in stub


def test_a_constructor_that_the_file_has_itself_is_a_function(tmp_path):
    stub = stub_of("Callback <- function(name) name\nA <- Callback('A')", tmp_path)
    assert "def Callback(name: Any)" in stub and "A: Any" in stub and "class" not in stub


def test_no_code_of_the_file_runs(tmp_path):
    made = tmp_path / "made"
    stub_of(f"f <- function(x = file.create('{made}')) x\nfile.create('{made}')\nf()", tmp_path)
    assert not made.exists()


def test_the_same_file_gives_the_same_stub(written):
    path = written / "my_callbacks.pyi"
    before = path.read_bytes()
    stubs.write(written / "my_callbacks.R")
    assert path.read_bytes() == before
    assert sorted(p.name for p in written.iterdir() if p.name.startswith(".my_c")) == []


def test_a_file_of_someone_else_stays(tmp_path):
    (tmp_path / "x.R").write_text("a <- 1")
    (tmp_path / "x.pyi").write_text("a: int\n")
    with pytest.raises(stubs.StubError, match=r"x\.pyi exists.*remove it, or give.*-o"):
        stubs.write(tmp_path / "x.R")
    assert (tmp_path / "x.pyi").read_text() == "a: int\n"
    assert stubs.write(tmp_path / "x.R", tmp_path / "types") == tmp_path / "types" / "x.pyi"


def test_a_file_that_does_not_parse_leaves_the_stub(tmp_path):
    (tmp_path / "x.R").write_text("a <- 1")
    path = stubs.write(tmp_path / "x.R")
    before = path.read_text()
    (tmp_path / "x.R").write_text("a <- (")
    with pytest.raises(pyclass_bridge.RParseError, match=r"x\.R:2"):
        stubs.write(tmp_path / "x.R")
    assert path.read_text() == before


def test_two_files_with_one_stub_are_refused(tmp_path):
    for name in ("a-b.R", "a b.R"):
        (tmp_path / name).write_text("a <- 1")
    with pytest.raises(stubs.StubError, match="the same stub"):
        list(stubs.write_all([tmp_path / "a-b.R", tmp_path / "a b.R"]))
    assert os.listdir(tmp_path) == ["a-b.R", "a b.R"] or len(os.listdir(tmp_path)) == 2
