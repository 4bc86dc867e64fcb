"""Attributes that are read in the source of a class are those that it has."""

from __future__ import annotations

import importlib
import sys

import pytest

import pyclass_bridge
from pyclass_bridge.toolbox.class_source import attributes_of

KINDS = "lapply(asNamespace('pyclassbridge')$keras_kinds, function(kind) kind$named)"
TOLD = ["Callback", "Metric", "Loss", "Constraint", "Initializer", "Regularizer",
        "LearningRateSchedule"]  # fmt: skip


def attributes(full_name: str) -> set[str]:
    module, _, name = full_name.rpartition(".")
    return set(dir(getattr(importlib.import_module(module), name)))


@pytest.mark.parametrize("kind", TOLD)
def test_the_bases_of_keras(kind, keras):
    named = pyclass_bridge.r(KINDS)[kind]
    told = attributes_of(named)
    assert attributes(named) - told <= {"__annotations__", "__static_attributes__"} | {
        name for name in attributes(named) if name.startswith(("_r_", "_api_export", "__first"))
    }
    assert told - attributes(named) == set()


def test_bases_that_are_not_to_be_told():
    assert attributes_of("keras.src.layers.layer.Layer") is None
    assert attributes_of("keras.src.layers.layer.Nothing") is None
    assert attributes_of("keras.src.nothing.Nothing") is None
    assert attributes_of("nothing.at.all") is None
    assert attributes_of("name") is None


CODE = {
    "base.py": "class Base:\n    a = 1\n    def b(self): ...\n",
    "other.py": (
        "from room.base import Base as B\nimport room.base\n"
        "class Child(B):\n    '''Doc.'''\n    c: int = 2\n"
        "class Dotted(room.base.Base): ...\nclass Meta(B, metaclass=type): ...\n"
        "class Maybe:\n    if True:\n        d = 1\n"
        "if True:\n    class Hidden: ...\n"
    ),
}


def test_what_is_told_and_what_is_not(tmp_path, monkeypatch):
    (tmp_path / "room").mkdir()
    for name, code in {"__init__.py": "raise ImportError", **CODE}.items():
        (tmp_path / "room" / name).write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    assert attributes_of("room.other.Child") >= {"a", "b", "c", "__init__"}
    for name in ("Dotted", "Meta", "Maybe", "Hidden"):
        assert attributes_of(f"room.other.{name}") is None
    assert "room" not in sys.modules
