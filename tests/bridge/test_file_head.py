"""What the comment at the head of an R file says: its doc, and whether it asks for stand-ins."""

from __future__ import annotations

import pytest

from pyclass_bridge import source
from pyclass_bridge.bridge.file_head import read_head

DOCS = {
    "a comment": ("# Stops early.\n# And late.\nx <- 1", "Stops early.\nAnd late."),
    "the first of two": ("# One.\n\n# Two.\nx <- 1", "One."),
    "after empty lines and a shebang": ("#!/usr/bin/env Rscript\n\n#  Indented.\n", "Indented."),
    "roxygen with NULL": ("#' Title\n#'\n#' Text.\n#' @name x\nNULL\n", "Title\n\nText."),
    "roxygen of the package": ('#\' Title\n"_PACKAGE"\n', "Title"),
    "roxygen with tags of text": ("#' @title Title\n#' @description Text.\nNULL", "Title\nText."),
    "roxygen and an empty line": ("#' Title\n\nf <- function() 1", "Title"),
    "roxygen of a definition": ("#' Title\nf <- function() 1", None),
    "none": ("x <- 1\n# Later.", None),
    "an empty comment": ("#\n#\nx <- 1", None),
    "an empty file": ("", None),
    "a byte-order mark": ("\ufeff# Marked.\n", "Marked."),
    "lines of other systems": ("# One.\r\n# Two.\r\nx", "One.\nTwo."),
    "what it asks is left out": ("# pyclass_bridge: stand_in\n# Doc.\nx", "Doc."),
}


@pytest.mark.parametrize("case", DOCS)
def test_the_doc(case):
    text, doc = DOCS[case]
    assert read_head(text.encode(), "x.R").doc == doc


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("# pyclass_bridge: stand_in\nx", True),
        ("# A doc.\n\n#  pyclass_bridge:stand_in  \nx", True),
        ("#' pyclass_bridge: stand_in\nx", True),
        ("x <- 1\n# pyclass_bridge: stand_in", False),
        ("# about pyclass_bridge: stand_in", False),
        ("s <- '\n# pyclass_bridge: stand_in'", False),
    ],
)
def test_stand_ins(text, asks):
    assert read_head(text.encode(), "x.R").stand_in is asks


def test_an_unknown_wish_is_an_error_with_its_line(tmp_path):
    path = tmp_path / "asks.R"
    path.write_text("# Doc.\n# pyclass_bridge: stand_ins\nx <- 1")
    with pytest.raises(
        ValueError, match=rf"{path}:2: `pyclass_bridge: stand_ins` asks for nothing"
    ):
        source(path)


def test_the_namespace_has_the_doc(tmp_path):
    path = tmp_path / "told.R"
    path.write_text("# Told.\nx <- 1")
    assert source(path).__doc__ == "Told."
