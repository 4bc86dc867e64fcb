"""The hash of R code: equal for equal code, whatever its source references, in each process."""

from __future__ import annotations

import itertools

import pytest
from support.subprocesses import output_of

HASH = """function(code) {
  fn <- if (is.function(code)) code else eval(code)
  .Call(asNamespace("pyclassbridge")$core_code_hash, formals(fn), body(fn))
}"""
DIFFERENT = [
    "function() NULL",
    "function() 1",
    "function() 1L",
    "function() TRUE",
    "function() NA",
    "function() NA_character_",
    "function() 'NA'",
    "function() 1i",
    "function() '1'",
    "function() -1",
    "function() x",
    "function(x) x",
    "function(x = 1) x",
    "function(y) x",
    "function(x, ...) x",
    "function(x) f(x)",
    "function(x) f(x = x)",
    "function(x) f(x, )",
    "function(x) { x }",
    "function(x) { x; x }",
    "function(x) { function() x }",
    "function(x) { function(y) x }",
    "function(x) f(f(x))",
    "function(x) f()(x)",
    "eval(bquote(function() .(c(1, 2))))",
    "eval(bquote(function() .(c(1, 3))))",
    "eval(bquote(function() .(c(a = 1, b = 2))))",
    "eval(bquote(function() .(list(1, 2))))",
    "eval(bquote(function() .(1:2)))",
    "eval(bquote(function() .(as.raw(1:2))))",
    "eval(bquote(function() .(matrix(1:2))))",
    "eval(bquote(function() .(factor('a'))))",
    "eval(bquote(function() f(.(function(x) 1))))",
    "eval(bquote(function() f(.(function(x) 2))))",
]


@pytest.fixture
def code_hash(define):
    return define(HASH)


def test_different_code_has_different_hashes(code_hash, r):
    hashes = {code: code_hash(r(f"quote({code})")) for code in DIFFERENT}
    for one, other in itertools.combinations(DIFFERENT, 2):
        assert hashes[one] != hashes[other], (one, other)
    assert all(len(text) == 16 for text in hashes.values())


def test_layout_and_compilation_make_no_difference(code_hash, r):
    one = code_hash(r("function(x, n = 2) { y <- function(z) z; x + n }"))
    other = r("function(x,\n  n = 2) {\n  # a comment\n  y <- \\(z) z\n  x + n\n}")
    assert code_hash(other) == one
    assert code_hash(r("compiler::cmpfun")(other)) == one
    assert code_hash(r("function(f) { attr(f, 'srcref') <- NULL; f }")(other)) == one


def test_deep_code_ends(code_hash, r):
    deep = r("Reduce(function(code, i) call('f', code), 1:5000, quote(x))")
    hashes = [code_hash(r("function(b) as.function(list(b))")(deep)) for _ in range(2)]
    assert hashes[0] == hashes[1]


def test_another_process_has_the_same_hash(code_hash, r):
    said = output_of(
        f"""
        import pyclass_bridge
        print(pyclass_bridge.r({HASH!r})(pyclass_bridge.r("function(x, n = 2) x + n")))
        """
    )
    assert said.split()[-1] == code_hash(r("function(x, n = 2) x + n"))
