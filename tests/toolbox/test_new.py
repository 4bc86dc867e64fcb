"""new: each kind of class comes with a test that passes, and nothing is overwritten."""

from __future__ import annotations

import re

import pytest

import pyclass_bridge
from pyclass_bridge.toolbox import check, new, stubs

RUN = """
function(path) {
  tests <- testthat::test_file(path, reporter = "silent", stop_on_failure = FALSE)
  results <- unlist(lapply(tests, `[[`, "results"), recursive = FALSE)
  list(
    tests = length(tests), expectations = length(results),
    bad = as.list(vapply(
      Filter(function(r) !inherits(r, "expectation_success"), results), conditionMessage, ""
    ))
  )
}
"""


def test_there_is_a_kind_for_each_constructor():
    names = pyclass_bridge.r("as.list(names(asNamespace('pyclassbridge')$keras_kinds))")
    snake = {re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower() for name in names}
    assert set(new.kinds()) == snake


@pytest.mark.parametrize("kind", new.kinds())
def test_the_test_of_a_new_file_passes(kind, tmp_path, keras):
    code, test = new.write(kind, f"my_{kind}", tmp_path)
    assert (code, test) == (tmp_path / f"my_{kind}.R", tmp_path / "tests" / f"test_my_{kind}.R")
    said = pyclass_bridge.r(RUN)(str(test))
    assert said["bad"] == [] and said["tests"] == 1 and said["expectations"] >= 1
    assert check.findings(str(code)) == []
    made = f"my_{kind}" if kind == "callback_set" else f"My{kind.title().replace('_', '')}"
    stub = stubs.stub_of(code)
    assert (f"class {made}(" in stub and "    Args:" in stub) or kind in ("loss", "constraint")
    assert "NAME" not in code.read_text() + test.read_text()
    assert "FILE" not in code.read_text() + test.read_text()


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_Stop.R").write_text("mine")
    with pytest.raises(new.NewError, match=r"tests/test_Stop\.R exists already: give another name"):
        new.write("callback", "Stop", tmp_path)
    assert not (tmp_path / "Stop.R").exists()
    (tmp_path / "Link.R").symlink_to(tmp_path / "nowhere")
    with pytest.raises(new.NewError, match=r"Link\.R exists"):
        new.write("callback", "Link", tmp_path)


def test_a_half_is_not_left(tmp_path):
    (tmp_path / "tests").write_text("a file in the place of the directory")
    with pytest.raises(OSError):
        new.write("callback", "Stop", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tests"]


@pytest.mark.parametrize("name", ["", "2nd", "a b", "../x", "a/b", "a.b", "-x", "é", "a\n"])
def test_a_name_that_is_none(name, tmp_path):
    with pytest.raises(new.NewError, match="can't name a class and its file"):
        new.write("callback", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_of_classes():
    assert new.class_name("early_stop", "metric") == "EarlyStop"
    assert new.class_name("EarlyStop", "metric") == "EarlyStop"
    assert new.class_name("earlyStop", "metric") == "EarlyStop"
    assert new.class_name("early_stop", "callback_set") == "early_stop"
    with pytest.raises(new.NewError, match="a word of Python"):
        new.class_name("none", "layer")
