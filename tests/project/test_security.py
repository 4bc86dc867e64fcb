"""SECURITY.md is true of the tree: the functions that it names are there, and files that are said
to be data are read as data by default. What they hold is refused in values/test_serialized.py,
training/test_resume.py and surface/test_saving.py.
"""

from __future__ import annotations

import inspect
import io
import pickle
import re

import pytest
from support.paths import ROOT

import pyclass_bridge
from pyclass_bridge import _core
from pyclass_bridge.values import handle

PAGE = (ROOT / "SECURITY.md").read_text()
# Functions of R, Keras and Python, and methods of users.
OF_OTHERS = {
    "joblib.load",
    "library", "readRDS", "saveRDS", "load", "unserialize", "find_class", "from_config",
    "load_state_dict", "pickle.load", "keras.config.enable_unsafe_deserialization",
}  # fmt: skip


def test_the_functions_that_are_named_are_there(r):
    named = set(re.findall(r"`([\w.]+)\([^`]*\)`", PAGE)) - OF_OTHERS
    exported = set(r("getNamespaceExports('pyclassbridge')"))
    assert named >= {"load_model", "fit", "run_file", "callback_checkpoint_state"}
    assert not {
        name for name in named if name not in exported and not hasattr(pyclass_bridge, name)
    }
    for name in re.findall(r"`(?:pyclass_bridge\.values\.handle\.)?(_\w+)`", PAGE):
        assert callable(getattr(handle, name))


def test_safe_is_the_default(r):
    assert inspect.signature(pyclass_bridge.fit).parameters["safe_mode"].default is True
    method = "pyclassbridge:::fit.keras.src.models.model.Model"
    assert r(f"isTRUE(formals({method})$safe_mode)")


def test_an_unpickler_that_allows_the_one_name_reads_values():
    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if f"{module}.{name}" != "pyclass_bridge.values.handle._unserialize":
                raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
            return super().find_class(module, name)

    def read(code):
        return Unpickler(io.BytesIO(pickle.dumps(_core.evaluate(code)))).load()

    assert read("mtcars") == _core.evaluate("mtcars")
    with pytest.raises(pickle.UnpicklingError, match=r"pack\.unpack is not allowed"):
        read("list(sum)")


def test_the_page_is_found_and_packed():
    assert "`SECURITY.md`" in (ROOT / "README.md").read_text()
    assert re.search(r"^include .*\*\.md", (ROOT / "MANIFEST.in").read_text(), re.M)
