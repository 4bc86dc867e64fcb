"""Pages of the Keras surface: every name has one, in R's words, with R's arguments.

Of: help/pages.py, help/words.py.
"""

from __future__ import annotations

import re

import pytest

import pyclass_bridge
from pyclass_bridge.help.pages import surface_page
from pyclass_bridge.surface.names import names, wrapped_by

PYTHON = re.compile(r"\b(True|False|None|[Tt]uple|bool)\b")
FORMALS = "function(name) pyclassbridge:::formals_code(get(name))"


def page(name: str, width: int = 80) -> str:
    return surface_page(name, formals(name), width)


def formals(name: str) -> list[str]:
    found = pyclass_bridge.r(FORMALS)(name)
    return [found] if isinstance(found, str) else found


def section(text: str, heading: str) -> str:
    found = re.search(rf"^{heading}:\n\n(.*?)(?=^[A-Z][A-Za-z ]+:\n|\Z)", text, re.M | re.S)
    return found[1] if found else ""


@pytest.fixture(scope="module")
def pages(keras) -> dict[str, str]:
    known = set(pyclass_bridge.r("getNamespaceExports('pyclassbridge')"))
    return {name: page(name) for name in names() if name in known}


def test_every_name_has_a_page(pages):
    assert len(pages) > 700
    for name, text in pages.items():
        for heading in ("Description", "Usage"):
            assert section(text, heading).strip(), f"{name}: {heading}"
        assert text.startswith(f"{name} ")


def test_every_argument_is_there_under_its_r_name(pages):
    for name, text in pages.items():
        shown = re.findall(r"^ *([\w.]+): ", section(text, "Arguments"), re.M)
        assert set(pyclass_bridge.r(f"as.list(names(formals({name})))")) <= set(shown), name


def test_arguments_speak_r(pages):
    """Code that stays Python's is no word of R's."""
    said = {}
    for name, text in pages.items():
        for heading in ("Arguments", "Value"):
            body = re.sub(r"\n {7,}>>> .*?(?=\n\n|\Z)", "", section(text, heading), flags=re.S)
            found = [] if "In Python:" in body else PYTHON.findall(body)
            if found:
                said[name] = found
    assert said == {}


def test_no_markdown_is_left(pages):
    for name, text in pages.items():
        body = section(text, "Arguments")
        assert "`" not in body.replace('.weights.h5"`', ""), name


def test_a_layer():
    text = page("layer_dense")
    assert "layer_dense(\n       object,\n       units,\n       activation = NULL,\n" in text
    assert "use_bias: TRUE or FALSE, whether the layer uses a bias vector." in text
    assert "‘layer_batch_normalization()’ layer" in text
    assert "axis 1 of the ‘kernel’" in text
    assert "‘layer$enable_lora(rank)’" in text
    assert "py_help(keras$layers$Dense)" in text
    assert "name the nearest" not in text
    assert "Input shape:\n" in text
    assert "Output shape:\n" in text


def test_axes_indices_and_their_defaults():
    text = page("op_concatenate")
    assert "op_concatenate(xs, axis = 1L, ...)" in text
    assert re.search(r"Defaults to 1L.\s+Counts from 1 in R", text)
    assert "zero_indexed: TRUE or FALSE: do indices count from 0" in page("op_argmax")


def test_what_r_has_beyond_keras_is_told_in_its_own_words():
    arange = " ".join(page("op_arange").split())
    assert "half-open" not in arange
    assert "its end is one of the numbers" in arange
    assert "`values`" not in page("op_top_k") and "values" in section(page("op_top_k"), "Value")
    assert "row for each element" in section(page("op_nonzero"), "Value")


def test_types_of_arguments():
    text = " ".join(page("layer_conv_2d").split())
    assert "kernel_size: integer or vector of 2 integers, specifying" in text
    assert '‘padding = "same"’ and ‘strides = 1’' in text
    assert "‘filters %/% groups’" in text


def test_the_width_is_that_of_r():
    body = section(page("layer_dense", 50), "Arguments")
    assert max(map(len, body.splitlines())) <= 50
    assert max(map(len, section(page("layer_dense", 110), "Description").splitlines())) > 90


def test_a_name_that_keras_lacks_says_so():
    with pytest.raises(LookupError, match=r"Keras 3.* has nothing that layer_no_such"):
        wrapped_by("layer_no_such")
