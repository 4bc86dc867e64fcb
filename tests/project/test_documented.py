"""Documentation is complete: every R export and every public Python name says what it takes,
gives and raises, with an example.

The R files are read as text; the arguments are those of the functions that the same files define.
Python's examples are run as well.
"""

from __future__ import annotations

import doctest
import inspect
import re
from collections import defaultdict

import pytest
from support.paths import ROOT

import pyclass_bridge

EXPORTS = [
    name.strip('"')
    for name in re.findall(r"^export\((.+)\)$", (ROOT / "NAMESPACE").read_text(), re.M)
]
BLOCK = re.compile(r"((?:^#'.*\n)+)(.*)", re.M)
OBJECT = re.compile(r"""[`"]?([^`",]+?)[`"]? <- """)
ARGUMENTS = """
env <- new.env(parent = globalenv())
for (file in files) sys.source(file, env)
made <- Filter(function(name) !bindingIsActive(name, env), ls(env, all.names = TRUE))
lapply(mget(made, envir = env), function(value) if (is.function(value)) as.list(formalArgs(value)))
"""


def read_pages() -> tuple[dict, dict]:
    """The text of each page (blocks that share an @rdname or @name), and the page of each name."""
    texts, page_of = defaultdict(str), {}
    for file in sorted((ROOT / "R").glob("*.R")):
        for block, code in BLOCK.findall(file.read_text()):
            text = re.sub(r"^#' ?", "", block, flags=re.M)
            name = OBJECT.match(code).group(1)
            shared = re.search(r"^@rdname (\S+)", text, re.M)
            given = shared or re.search(r"^@name (\S+)", text, re.M)
            page_of[name] = given.group(1) if given else name
            texts[page_of[name]] += text
    return texts, page_of


TEXTS, PAGE_OF = read_pages()


@pytest.fixture(scope="module")
def arguments() -> dict:
    """The names of the arguments of each R function."""
    return pyclass_bridge.r(ARGUMENTS, files=[str(file) for file in (ROOT / "R").glob("*.R")])


@pytest.mark.parametrize("name", sorted({*EXPORTS, *PAGE_OF}))
def test_r_page(name, arguments):
    page = TEXTS[PAGE_OF[name]] if name in PAGE_OF else pytest.fail("no roxygen block")
    described = re.findall(r"^@param (\S+)\s+\S", page, re.M)
    missing = set(arguments.get(name) or []) - set(",".join(described).split(","))
    assert not missing, f"no @param for {sorted(missing)}"
    assert not page.startswith("@"), "no title"
    assert re.search(r"^@return \S", page, re.M), "no @return"
    assert re.search(r"^@examples\n(\\dontrun\{\n)?\w", page, re.M), "no @examples"


@pytest.mark.parametrize("name", pyclass_bridge._PUBLIC)
def test_python_docstring(name):
    value = getattr(pyclass_bridge, name)
    doc = inspect.getdoc(value)
    assert ">>> " in doc
    is_exception = isinstance(value, type) and issubclass(value, Exception)
    assert is_exception or "\nRaises:\n" in doc
    [example] = doctest.DocTestFinder(recurse=False).find(value, name)
    assert doctest.DocTestRunner().run(example).failed == 0
