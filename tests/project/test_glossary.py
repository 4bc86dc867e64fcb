"""One word for each thing: words that the glossary of ARCHITECTURE.md has replaced are gone."""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT

SOURCES = [
    path
    for pattern in ("core/*.[ch]", "pyclass_bridge/**/*.py", "pyclass_bridge/**/*.R", "R/*.R")
    for path in sorted(ROOT.glob(pattern))
]
# The word in the glossary, and what stood for it before.
REPLACED = {
    "proxy": r"pyref",
    "handle": r"r_raw|robject\b(?!\")",
    "for_r": r"r_side|\bR side\b|bridge_raw",
    "wrapper": r"surface[ -]function",
    "given": r"RSide|PythonSide",
}


@pytest.mark.parametrize("word", REPLACED)
def test_a_replaced_word_is_gone(word):
    found = [
        f"{path.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}: {match[0]}"
        for path in SOURCES
        for text in [path.read_text()]
        for match in re.finditer(REPLACED[word], text)
    ]
    assert not found, f"write {word}:\n" + "\n".join(found)
