"""The head of an R file says which file of Python is its other half, or that it has none."""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT

ROOMS = ("classes", "bridge", "events", "callbacks")
FILES = [path for room in ROOMS for path in sorted((ROOT / "R").glob(f"{room}_*.R"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_python_half_is_named_and_there(path):
    head = re.match(r"(#[^'].*\n)+", path.read_text())[0]
    half = re.search(r"^# Python half: (.*)", head, re.M)
    assert half, f"{path.name}: its head has no line `# Python half: ...`"
    named = re.findall(r"\w+/\w+\.py", half[1])
    assert named or half[1].startswith("none")
    assert all((ROOT / "pyclass_bridge" / name).is_file() for name in named)
