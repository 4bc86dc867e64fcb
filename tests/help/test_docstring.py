"""A docstring is parsed into the parts of a page."""

from __future__ import annotations

from pyclass_bridge.help.docstring import parts_of

DOC = """Does it. And more.

More on it.

Args:
    x: First
        line.
    y (int): Second:
        - one
**kwargs: Rest.

Masking:

About masks.

Returns:
    A tensor.

Afterwards.

Example:

>>> f(1)
"""


def test_the_parts_of_a_docstring():
    def f():
        pass

    f.__doc__ = DOC
    parts = parts_of(f)
    assert parts["Title"] == "Does it"
    assert parts["Description"] == "Does it. And more.\n\nMore on it."
    assert parts["Arguments"]["x"] == "First\nline."
    assert parts["Arguments"]["y"] == "Second:\n- one"
    assert parts["Value"] == "A tensor."
    assert "About masks." in parts["Details"]
    assert "Afterwards." in parts["Details"]
    assert parts["Examples"].strip() == ">>> f(1)"
