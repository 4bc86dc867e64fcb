"""A folder on `sys.path` with R files that `import` finds; afterwards all is as it was."""

from __future__ import annotations

import importlib
import sys

import pytest

import pyclass_bridge
from pyclass_bridge.imports.finder import RFileFinder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write a file below the folder: `folder("pkg/x.R", "x <- 1")` gives its path."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    pyclass_bridge.enable_imports()

    def write(name: str, text: str | bytes):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        importlib.invalidate_caches()
        return path

    yield write
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, RFileFinder)]
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
