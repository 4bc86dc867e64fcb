"""check: what a definition would raise is told without running it, and nothing else is.

The cases are those of the errors of definitions (tests/testthat/definition/test-classes_checks.R).

Also of: R/toolbox_places.R.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys

import pytest
from support.paths import ROOT, SNAPSHOTS, TESTS

import pyclass_bridge
from pyclass_bridge import RError
from pyclass_bridge.toolbox import check

CASES = f"""
local({{
  code <- parse("{TESTS}/testthat/definition/test-classes_checks.R", keep.source = FALSE)
  is_list <- vapply(code, function(x) identical(as.list(x)[[2]], quote(definition_errors)), NA)
  cases <- as.list(code[is_list][[1]][[3]])[-1]
  lapply(cases, function(case) paste(deparse(case), collapse = "\\n"))
}})
"""
# What stands at the top of the cases there, as a file would have it.
BEFORE = """
Base <- PyClass("Base")
Cb <- keras$callbacks$Callback
Async <- PyClass("Async", list(update_state = async_method(function(self) 1)))
bases <- list()
synalinks <- import("synalinks")
"""
# Cases that only running the code decides.
BY_RUNNING = {
    "base is an instance", "base is a module", "base is an R function", "base does not exist",
    "base is NULL", "base is a list", "inherits from itself", "inherit is an instance",
    "private is an environment", "defs is a function", "parent_env is no environment",
    "result is a data frame", "primitive as a method",
    "active binding is a value", "static method is a value", "async_method without a function",
    "active is no list", "call of a constraint in the body", "misspelt stage in the body",
    "callback from a set", "classname is a function", "id is a function",
}  # fmt: skip
# Cases that depend on what a class of Synalinks has.
BY_SYNALINKS = {
    "misspelt hook of Synalinks", "misspelt method of Synalinks", "on_exit for Synalinks",
    "plain update_state of Synalinks", "async result of Synalinks", "async hook of Synalinks",
}  # fmt: skip


def snapshot() -> dict[str, str]:
    text = (SNAPSHOTS / "definition_errors.txt").read_text()
    blocks = re.findall(r"^== (.*)\n((?:(?!==).*\n)*)", text, re.MULTILINE)
    return {name: said.strip() for name, said in blocks}


def found_in(code: str, tmp_path) -> list[check.Finding]:
    (tmp_path / "x.R").write_text(code)
    return check.findings(str(tmp_path / "x.R"))


def test_the_errors_of_definitions_are_told(tmp_path, keras):
    cases, expected = pyclass_bridge.r(CASES), snapshot()
    assert cases.keys() == expected.keys()
    wrong, silent = [], set()
    for name, code in cases.items():
        found = [f for f in found_in(BEFORE + code, tmp_path) if not f.note]
        if not found:
            silent.add(name)
        elif [f.message for f in found] != [" ".join(expected[name].split())]:
            wrong.append((name, [f.message for f in found], expected[name]))
    assert not wrong
    installed = {each.name for each in importlib.metadata.distributions(name="synalinks")}
    assert silent == BY_RUNNING | (set() if installed else BY_SYNALINKS)


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("examples/**/*.R"), *TESTS.glob("seeds/*.R")]),
    ids=lambda path: path.name,
)
def test_what_runs_has_no_findings(path):
    if path.name == "mistakes.R":
        pytest.skip("the file of mistakes")
    assert [str(f) for f in check.findings(str(path)) if not f.note] == []


def test_the_line_is_that_of_the_member(tmp_path):
    code = (
        'A <- Callback(\n  "A",\n  n = 3,\n  on_epoch_edn = function(epoch, logs = NULL) NULL\n)\n'
        "make <- function(x) {\n"
        "  x <- 1\n"
        '  Callback("B",\n    on_train_end = function(a, b, c) 1)\n'
        "}\n"
        "if (TRUE) {\n  C(A) %py_class% {\n    on_train_end <- function() 1\n  }\n}\n"
        'list(\n  a = Metric(\n    "D", self = 1))\n'
    )
    found = found_in(code, tmp_path)
    assert [f.line for f in found] == [4, 9, 13, 18]
    assert [re.search("`(.*?)`", f.message)[1] for f in found] == ["A", "B", "C", "D"]


def test_the_lines_of_several_in_one_statement(tmp_path):
    code = """made <- list(
  a = pyclassbridge::Callback("A", on_train_end = function(logs = NULL) 1),
  function(x = Callback("B", # on_train_end = 3
    on_train_end = function(a, b) 1)) {
    Callback("C",
      `on_train_end` = 5)
  },
  Callback(
    3),
  Callback("D", on_train_end = function() { on_train_end <- 3 }, x = 1,
    x = 2)
)
attr(made, "x") <- Callback("E", on_train_end = 1)
if (Callback("F", public = list(
  self = 2))) 1
R6::R6Class(public = list(a = 1))
"""
    found = found_in(code, tmp_path)
    assert [(f.line, re.search("`(.*?)`", f.message)[1]) for f in found] == [
        (4, "B"), (6, "C"), (8, "classname"), (11, "D"), (13, "E"), (15, "F"),
    ]  # fmt: skip


def test_an_argument_that_is_given_twice(tmp_path):
    code = """Callback("A", on_epoch_end = function(epoch, logs) 1,
  on_epoch_end = function(epoch, logs) 2)
callback_set("b", on_epoch_end = function() 1, on_epoch_end =
  function() 2)
Layer(call = function(inputs) inputs, classname = "C",
  call = function(inputs) inputs)
Layer(paste0("D", "E"), call = identity, call = identity)
Layer("F", own = 1,
  own = 2)
"""
    found = found_in(code, tmp_path)
    assert [(f.line, re.search("`(.*?)`: `(.*?)`", f.message).groups()) for f in found] == [
        (2, ("A", "on_epoch_end")),
        (3, ("b", "on_epoch_end")),
        (6, ("C", "call")),
        (7, ("Unnamed", "call")),
        (9, ("F", "own")),
    ]  # fmt: skip
    with pytest.raises(RError, match=r"on_epoch_end.* matched by multiple"):
        pyclass_bridge.r(code.partition("callback_set")[0])


def test_async_methods_of_an_unknown_base(tmp_path, keras):
    code = """
    Callback("A", inherit = other(), on_train_end = async_method(function(logs = NULL) 1))
    Callback("B", on_train_end = async_method(function(logs = NULL) 1))
    """
    (found,) = found_in(code, tmp_path)
    assert "Class `B`: `on_train_end` can't be async" in found.message


def test_no_code_of_the_file_runs(tmp_path):
    made = tmp_path / "made"
    code = (
        f"file.create('{made}')\n"
        f"A <- Callback('A', on_epoch_end = function(epoch, logs = file.create('{made}')) 1,\n"
        f"  x = file.create('{made}'), inherit = {{ file.create('{made}'); keras$callbacks }})\n"
        f"B(metaclass = file.create('{made}'), delay_load = file.create('{made}')) %py_class% {{\n"
        f"  x <- file.create('{made}')\n}}\n"
    )
    assert found_in(code, tmp_path) == []
    assert not made.exists()


def test_modules_that_a_file_names_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "named_by_a_file.py").write_text("class Base: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    code = """
    named <- import("named_by_a_file")
    A <- Callback("A", inherit = named$Base, on_own_event = function() 1)
    """
    assert found_in(code, tmp_path) == []
    assert "named_by_a_file" not in sys.modules


def test_what_is_not_in_the_code_is_not_reported(tmp_path, keras):
    code = """
    Callback("A", on_epoch_end = hook, state_dict = f(), load_state_dict = g)
    Callback("B", public = members, on_train_end = make(3))
    Callback("C", !!!members, state_dict = function() 1)
    Callback(name, on_epoch_end = function(epoch, logs = NULL) NULL)
    Metric("D", direction = which, update_state = f)
    E(unknown_base()) %py_class% { on_epoch_edn <- function() 1 }
    Callback("F", inherit = unknown_base(), on_own_event = function(a, b, c) 1)
    G(keras$callbacks$Callback) %py_class% {
      if (more) load_state_dict <- function(state) 1
      state_dict <- function() 1
    }
    Callback("H", inherit = keras$callbacks$EarlyStopping, get_monitor_valu = 1)
    """
    assert found_in(code, tmp_path) == []


def test_a_constructor_of_ones_own_is_not_checked(tmp_path):
    assert found_in("Callback <- function(...) 1\nCallback(3)\n", tmp_path) == []
    assert found_in("f <- function(Callback) Callback(3)\n", tmp_path) == []


def test_names_that_the_file_gives(tmp_path):
    code = """
    hook <- function(epoch) NULL
    members <- list(on_train_edn = function(logs = NULL) NULL)
    A <- Callback("A", on_epoch_end = hook)
    B <- Callback("B", public = members)
    Late(Child) %py_class% { }
    Child(A) %py_class% { on_train_end <- function() 1 }
    f <- function(hook) Callback("C", on_epoch_end = hook)
    """
    found = found_in(code, tmp_path)
    assert [re.search("`(.*?)`(.*)", f.message)[1] for f in found] == ["A", "B", "Late", "Child"]
    assert "its base `Child` does not exist" in found[2].message


def test_what_a_base_of_the_file_has(tmp_path, keras):
    code = """
    Base <- Callback("Base", on_special = function(x) 1, public = list(load_state_dict =
      function(state) 1, state_dict = function() 1))
    Child <- Callback("Child", inherit = Base, on_special = function(y) 1,
      state_dict = function() 2)
    """
    found = found_in(code, tmp_path)
    assert [(f.note, f.message.split(":")[0]) for f in found] == [(True, "Class `Base`")]


def test_a_message_of_a_definition_is_a_note(tmp_path):
    code = 'Metric("A", update_state = function(y_true, y_pred) 1, result = function() 1)'
    (found,) = found_in(code, tmp_path)
    assert found.note and str(found).startswith(
        f"{tmp_path}/x.R:1: note: Class `A`: `update_state`"
    )


def test_a_file_that_does_not_parse_is_a_finding(tmp_path):
    (found,) = found_in("a <- 1\nb <- (\n", tmp_path)
    assert (found.line, found.note) == (3, False)
    assert found.message == "the file does not parse: unexpected end of input"
    (tmp_path / "nul.R").write_bytes(b"a <- 1\n\x00b")
    (found,) = check.findings(str(tmp_path / "nul.R"))
    assert found.line == 2 and "NUL byte" in found.message


def test_a_finding_as_data():
    finding = check.Finding("a.R", 3, "text", True)
    assert json.loads(json.dumps(finding.as_dict())) == {
        "file": "a.R", "line": 3, "message": "text", "note": True,
    }  # fmt: skip
