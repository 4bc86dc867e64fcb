"""Functions that run once a module has been imported."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from pyclass_bridge.bridge.after_import import after_import


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module; its name. It is gone with the test."""

    def write(code: str, name: str = "imported_later"):
        (tmp_path / f"{name}.py").write_text(code)
        importlib.invalidate_caches()
        return name

    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    yield write
    sys.modules.pop("imported_later", None)
    assert sys.meta_path == finders


def test_it_runs_after_the_module_and_once(module):
    name, seen = module("a = 1"), []
    after_import(name, lambda: seen.append(sys.modules[name].a))
    assert seen == [] and importlib.util.find_spec(name) is not None and seen == []
    made = importlib.import_module(name)
    assert seen == [1]
    assert type(made.__loader__).__name__ == type(made.__spec__.loader).__name__
    assert type(made.__loader__).__module__ == "_frozen_importlib_external"
    importlib.reload(made)
    assert seen == [1]


def test_it_runs_at_once_if_the_module_is_there():
    seen = []
    after_import("sys", lambda: seen.append(1))
    assert seen == [1]


def test_a_module_that_fails_may_be_imported_again(module):
    name, seen = module("raise ZeroDivisionError"), []
    after_import(name, lambda: seen.append(1))
    with pytest.raises(ZeroDivisionError):
        importlib.import_module(name)
    assert seen == []
    module("a = 22222")
    importlib.import_module(name)
    assert seen == [1]


def test_a_module_that_is_not_there_is_as_before(module):
    name = "no_such_module_at_all"
    after_import(name, lambda: None)
    assert importlib.util.find_spec(name) is None
    with pytest.raises(ModuleNotFoundError, match=name):
        importlib.import_module(name)
    sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "name", None) != name]
