"""A docstring, parsed into the parts of a page of help. It has no other half in R.

`parts_of()` gives each part by the page's heading: a text, or rows {name: text} for a section such
as "Args:". Assumes docstrings in Google's style, as Keras has them; one in NumPy's style stays
whole. Pure: imports nothing of the package.
"""

from __future__ import annotations

import inspect
import re
import textwrap

DETAILS = "Details"
# Headings of Keras' docstrings -> those of the page, in the order of the page.
HEADINGS = {
    "Args": "Arguments", "Arguments": "Arguments", DETAILS: DETAILS,
    "Call arguments": "Call arguments", "Input shape": "Input shape",
    "Output shape": "Output shape", "Returns": "Value", "Yields": "Value",
    "Attributes": "Attributes", "Formula": "Formula", "Raises": "Errors", "Note": "Note",
    "Notes": "Note", "Reference": "References", "References": "References",
    "Example": "Examples", "Examples": "Examples", "Usage": "Examples",
}  # fmt: skip
SECTIONS = tuple(dict.fromkeys(HEADINGS.values()))
_OF_ROWS = ("Arguments", "Call arguments", "Attributes", "Errors")
_INDENTED = (*_OF_ROWS, "Value")
_HEADING = re.compile(rf"({'|'.join(HEADINGS)}):\s*$")
_ROW = re.compile(r"\*{0,2}(\w+)\*{0,2}\s*(?:\([^)]*\))?\s*:(?:\s+|$)(.*)")
_OTHER_HEADING = re.compile(r"\*\*\w|[A-Z][\w ,'-]*:\s*$")

Parts = dict[str, str | dict[str, str]]


def parts_of(target) -> Parts:
    """The docstring of `target` by the headings of the page; "Title" is its first sentence, and
    "Title" and "Description" are always there."""
    # The docstring of a base does not describe a class written in R.
    doc = inspect.cleandoc(target.__doc__ or "") if is_r_class(target) else inspect.getdoc(target)
    doc = doc or ""
    if re.search(r"^(Parameters|Returns)\n-{3,}$", doc, re.MULTILINE):  # NumPy's style
        first, _, rest = doc.partition("\n")
        return {"Title": first.rstrip("."), "Description": f"```\n{rest.strip()}\n```"}
    parts = _parsed(doc)
    if isinstance(target, type) and "Arguments" not in parts:
        own = _parsed(inspect.getdoc(vars(target).get("__init__")) or "")
        parts |= {k: v for k, v in own.items() if k == "Arguments"}
    return parts


def is_r_class(x) -> bool:
    """Is `x` a Python class made from a class written in R?"""
    return isinstance(x, type) and "__r_class__" in vars(x)


def _parsed(doc: str) -> Parts:
    texts = _sections(doc)
    title, description = _title_and_rest(texts["Description"])
    parts = {k: _rows(text) if k in _OF_ROWS else text for k, text in texts.items()}
    return parts | {"Title": title, "Description": description}


def _sections(doc: str) -> dict[str, str]:
    heading, collected = "Description", {"Description": []}
    for line in doc.splitlines():
        start = _HEADING.match(line)
        if start:
            heading = HEADINGS[start[1]]
            collected.setdefault(heading, []).append("")
            continue
        if _leaves(heading, line, collected[heading]):
            heading = DETAILS
            collected.setdefault(heading, []).append("")
        collected[heading].append(line)
    return {k: textwrap.dedent("\n".join(v)).strip("\n") for k, v in collected.items()}


def _leaves(heading: str, line: str, lines: list[str]) -> bool:
    """Does `line` end the section `heading`, which has `lines`, without a known heading?"""
    if heading in ("Description", DETAILS) or not line.strip() or line[0].isspace():
        return False
    anew = heading in _INDENTED or (heading != "Examples" and _OTHER_HEADING.match(line))
    return bool(anew) and any(x.strip() for x in lines)


def _title_and_rest(text: str) -> tuple[str, str]:
    """The first sentence of a description; the description, without that sentence if it is a
    paragraph and others follow."""
    first, _, rest = text.strip().partition("\n\n")
    first = " ".join(first.split())
    title = re.match(r".*?[.](?=\s|$)|.*", first)[0]
    whole = len(title) >= len(first)
    return title.rstrip("."), rest if whole and rest.strip() else text


def _rows(text: str) -> dict[str, str]:
    """The rows of a section such as "Args:"; each text still has its lines."""
    found, name = {}, None
    lines = text.splitlines()
    indent = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    for line in lines:
        text = line.lstrip() if line.lstrip().startswith("**") else line[indent:]
        start = _ROW.match(text)
        if start:
            name = start[1]
            found[name] = [start[2]]
        elif name:
            found[name].append(line[indent:])
    return {k: _below(v) for k, v in found.items()}


def _below(lines: list[str]) -> str:
    """The first line of a text, and the others without their common indent."""
    return (lines[0] + "\n" + textwrap.dedent("\n".join(lines[1:]))).strip()
