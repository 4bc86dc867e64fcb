"""Types that the words of a `@param` state: only words without doubt give one."""

from __future__ import annotations

import pytest

from pyclass_bridge.toolbox import types


@pytest.mark.parametrize(
    ("words", "type"),
    [
        ("String, the name of the class.", "str"),
        ("A string.", "str"),
        ("Number between 0 and 0.5.", "float"),
        ("Numeric scalar", "float"),
        ("Integer", "int"),
        ("Positive integer: epochs or batches", "int"),
        ("Whole number", "int"),
        ("TRUE or FALSE.", "bool"),
        ("TRUE or FALSE or NULL", "bool | None"),
        ("Logical, whether", "bool"),
        ("NULL or a string", "str | None"),
        ("Integer, or NULL for all", "int | None"),
        ("Number or string", "float | str"),
        ("Integer or number", "float"),
        ("A function of the epoch", "Callable[..., Any]"),
        ("Named list of arrays", "Mapping[str, Any]"),
        ("List of layers", "Sequence[Any]"),
        ('One of "a" and "b".', 'Literal["a", "b"]'),
        ('String, one of "a", "b" or "c"', 'Literal["a", "b", "c"]'),
        ('Either `"up"` or `"down"`', 'Literal["up", "down"]'),
        # What is doubtful.
        ("Numeric vector", "Any"),
        ("Character vector of names", "Any"),
        ("Integer matrix", "Any"),
        ("String or model", "Any"),
        ("Model", "Any"),
        ("The number", "float"),
        ("Numbers", "Any"),
        ("Strings", "Any"),
        ("Listing", "Any"),
        ("Nullable", "Any"),
        ("Interesting", "Any"),
        ("Floating", "Any"),
        ("", "Any"),
    ],
)
def test_the_type_of_words(words, type):
    assert types.of_words(words) == type


def test_results_are_of_exact_types():
    assert types.of_result("Named list of results, or NULL") == "dict[str, Any] | None"
    assert types.of_result("List") == "list[Any]"


@pytest.mark.parametrize(
    "text", ["", "a", "'", '"', "\\", "a'\"b\\", "\n\t\x01", "é\u202e", "'\\'"]
)
def test_quoted_text_is_itself(text):
    assert eval(types.quoted(text)) == text and types.quoted(text)[0] == '"'


def test_a_union_says_nothing_twice():
    assert types.union(["None", "int", "float", "int"]) == "float | None"
    assert types.union(["Any", "str"]) == "Any"
    assert types.union(["Any", "None"]) == "Any | None"
