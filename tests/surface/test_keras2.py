"""Names that only keras 2 had say what to write instead, and that is there."""

from __future__ import annotations

import re

import pytest
from support.r_scope import RScope

import pyclass_bridge


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    return pyclass_bridge.r("as.list(pyclassbridge:::keras2_table())")


def test_what_is_to_be_written_is_there(keras, answers):
    named = {
        name for answer in answers.values() for name in re.findall(r"(?<![$\w])(\w+)\(", answer)
    }
    there = pyclass_bridge.r("function(names) sapply(names, exists, mode = 'function')")
    assert [name for name, is_there in zip(sorted(named), there(sorted(named)), strict=True)
            if not is_there] == []  # fmt: skip


def test_no_name_is_one_of_this_package(answers):
    exports = set(pyclass_bridge.r("getNamespaceExports('pyclassbridge')"))
    assert not exports & set(answers)
    assert len(answers) > 240


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("k_mean(x, axis = 1)", r"^k_mean\(\) is of keras 2; in its place write `op_mean\(\)`\.$"),
        ("keras::k_switch(a, b, c)", r"write `op_cond\(condition, f, g\)` or `op_where"),
        ("keras3::load_model_tf('x')", r"load_model_tf\(\) is of keras 2; .* `layer_tfsm\("),
        ("create_layer_wrapper(X)", r"write `Layer\(\"Name\", \.\.\.\)`"),
        ("m %>% save_model_hdf5('m.h5')", r"write `save_model\(model, \"model.keras\"\)`"),
        ("xception_preprocess_input(x)", r"write `application_preprocess_inputs\(model, x\)`"),
        ("keras::KerasLayer", r"^KerasLayer is of keras 2; in its place write `Layer\("),
        ("keras::KerasCallback$new()", r"write `Callback\("),
    ],
)
def test_using_one_is_a_sentence(code, text):
    scope = RScope()
    scope("pyclassbridge:::use_stand_ins(); m <- 1")
    scope(
        "attach(pyclassbridge:::keras2_functions(), name = 'keras2', warn.conflicts = FALSE); NULL"
    )
    try:
        message = scope(f"tryCatch({code}, error = conditionMessage)")
    finally:
        scope("detach('keras2')")
        scope.close()
    assert re.search(text, message)
