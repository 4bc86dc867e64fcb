"""Roxygen comments as docstrings, in the sections of Google's style.

The other half is R/bridge_roxygen.R, which finds the comment above a function or a class. Names of
arguments are those in Python. Needs no session.
"""

from __future__ import annotations

import re
import textwrap

from .signature import python_name

_TAG = re.compile(r"^@(\w+)[ \t]*", re.MULTILINE)
_SECTIONS = {"details": "", "note": "Note", "examples": "Example", "references": "References"}
_RETURNS = ("return", "returns")
_MARKUP = [
    (re.compile(r"\\(?:code|pkg|emph|strong|bold|link|url|file|verb)\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\dontrun\{\n?(.*?)\n?\}", re.DOTALL), r"\1"),
    (re.compile(r"\[((?:[\w.]+::)?[\w.]+(?:\(\))?)\](?!\()"), r"\1"),
]


def parts(comment: str) -> tuple[str, list[tuple[str, str]]]:
    """The text before the first tag, and each tag with its text."""
    intro, *tagged = _TAG.split(comment)
    return intro, list(zip(tagged[::2], tagged[1::2], strict=True))


def params(comment: str) -> dict[str, str]:
    """The text of each `@param` by its R name; one tag may have several names."""
    found = {}
    for tag, text in parts(comment)[1]:
        if tag == "param" and text.strip():
            names, *rest = text.split(None, 1)
            words = " ".join(" ".join(rest).split())
            found.update({name: words for name in names.split(",") if name})
    return found


def returned(comment: str) -> str:
    """The text of `@return`, or ""."""
    tagged = parts(comment)[1]
    return next((" ".join(t.split()) for tag, t in tagged if tag in _RETURNS), "")


def docstring(comment: str) -> str | None:
    """The comment as a docstring; None if it says nothing but tags for R's own tools."""
    intro, tagged = parts(comment)
    title = next((text for tag, text in tagged if tag == "title"), "")
    texts = [_plain(title), *_paragraphs(_plain(intro))]
    texts += [_plain(text) for tag, text in tagged if tag in ("description", "details")]
    arguments = [f"{_name(name)}: {text}" for name, text in params(comment).items()]
    texts.append(_section("Args", [_plain(line) for line in arguments]))
    texts.append(_section("Returns", [_plain(returned(comment))]))
    for tag, text in tagged:
        if _SECTIONS.get(tag):
            texts.append(_section(_SECTIONS[tag], _plain(text).splitlines(), fill=False))
        elif tag == "section":
            head, _, body = text.partition(":")
            texts.append(_section(head.strip(), _plain(body).splitlines(), fill=False))
    return "\n\n".join(filter(None, texts)) or None


def _name(r_name: str) -> str:
    return "..." if r_name == "..." else python_name(r_name)


def _plain(text: str) -> str:
    """Text without roxygen's markup."""
    for pattern, plain in _MARKUP:
        text = pattern.sub(plain, text)
    return text.strip("\n").rstrip()


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of the intro, the first, which is the title, in one line."""
    title, *rest = re.split(r"\n\s*\n", text.strip())
    return [" ".join(title.split()), *rest]


def _section(head: str, lines: list[str], fill: bool = True) -> str:
    if not any(lines):
        return ""
    if fill:
        lines = [
            wrapped
            for line in lines
            for wrapped in textwrap.wrap(line, 90, subsequent_indent="    ")
        ]
    return "\n".join([f"{head}:", *(f"    {line}".rstrip() for line in lines)])
