"""The head of an R file says which file of Python is its other half, or that it has none."""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT

PLACES = [ROOT, ROOT / "pyclass_bridge"]

FILES = sorted((ROOT / "R").glob("*.R"))
HALF = (
    r"(?:Python half:|The other hal(?:f is|ves are)) (.*?)(?:[.]?\s*$|[.] )"
    r"|no other half in\s+Python"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_python_half_is_named_and_there(path):
    head = re.match(r"(#(?!').*\n)+", path.read_text())[0].replace("\n# ", " ")
    half = re.search(HALF, head)
    assert half, f"{path.name}: its head has no sentence `The other half is ...`"
    named = re.findall(r"\w+/\w+\.(?:py|c)", half[1] or "")
    assert named or half[1] is None or half[1].startswith("none")
    assert all(any((place / name).is_file() for place in PLACES) for name in named)
