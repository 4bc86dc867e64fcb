"""Pages of help as text: the form of R's own pages, and Markdown as plain text."""

from __future__ import annotations

import textwrap

import pytest

from pyclass_bridge.help.page import Page, as_text, flowed, inline, usage


def lines(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def test_a_page_has_the_form_of_r():
    page = Page("f", "package:p", "A `title`")
    page.add("Description", "Words that go on and on until the line is full.")
    page.add("Empty", "")
    page.add("Usage", usage("f", ["x", "y = 1"], 40), code=True)
    page.add("Arguments", rows=[("x", "A number."), ("a_long_name", "The other one, at length.")])
    assert (
        as_text(page, 40)
        == lines(
            """
        f              package:p R Documentation

        A ‘title’

        Description:

             Words that go on and on until the
             line is full.

        Usage:

             f(x, y = 1)

        Arguments:

               x: A number.

        a_long_name: The other one, at length.
        """
        )
        + "\n"
    )


def test_usage_is_broken_as_the_width_has_it():
    assert usage("f", ["x", "y = 1"], 80) == "f(x, y = 1)"
    assert usage("f", ["first", "second = 1"], 20) == "f(\n  first,\n  second = 1\n)"
    assert usage("%in%", ["x", "table"]) == "x %in% table"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ('`x` is `NULL`, `"a"` or `-1.5`', '‘x’ is NULL, "a" or -1.5'),
        ("``code``", "‘code’"),
        ("**bold** and *slanted*, 2 * 3 * 4", "bold and slanted, 2 * 3 * 4"),
        ("**`x`, `y`**: pairs", "‘x’, ‘y’: pairs"),
        ("`a**b**c`", "‘a**b**c’"),
        ("[a paper]( https://x.org/1)", "a paper <https://x.org/1>"),
        ("[fit()] does", "fit() does"),
    ],
)
def test_inline_markdown(markdown, plain):
    assert inline(markdown) == plain


def test_lists_code_and_paragraphs_are_kept_apart():
    text = lines(
        """
        One paragraph
        on two lines.

        - an item that
        goes on
        - another

        ```python
        x = 1

        y = 2
        ```
        End.
        """
    )
    assert flowed(text, 2, 40) == (
        "  One paragraph on two lines.\n"
        "  - an item that goes on\n"
        "  - another\n\n"
        "    x = 1\n\n"
        "    y = 2\n\n"
        "  End."
    )


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_asked_for(width):
    page = Page("f", "package:p", "title " * 30)
    page.add("Details", "word " * 200 + "\n\n- " + "item " * 100)
    page.add("Arguments", rows=[("x", "text " * 100), ("name, " * 40, "text")])
    assert max(map(len, as_text(page, width).splitlines())) <= width
