"""Help for R (R/help_pages.R): pages as text, and where they are shown."""

from __future__ import annotations

import pydoc
import re
import sys

from ..surface.error_text import parameters
from . import roxygen
from .keras import has_page, object_page, surface_page, wrapper_line

__all__ = [
    "has_page",
    "index_page",
    "is_terminal",
    "object_page",
    "parameters",
    "roxygen_names",
    "roxygen_page",
    "show_in_pager",
    "surface_page",
    "without_overstrikes",
    "wrapper_line",
]


def roxygen_names(name: str) -> list[str] | None:
    """The functions on the page of `name`, which is written in R; None if it is no such name."""
    topic = roxygen.topics().get(name)
    return topic.names if topic else None


def roxygen_page(name: str, formals: dict, width: int) -> str:
    """The page of a function that is written in R."""
    return roxygen.page(name, {k: _strings(v) for k, v in formals.items()}, width)


def _strings(x) -> list[str]:
    return [x] if isinstance(x, str) else list(x)


def index_page(families: dict[str, int], width: int) -> str:
    """The page of help(package = "pyclassbridge"): every topic, and the families of the surface."""
    page = roxygen.Page("pyclassbridge", "package:pyclassbridge", "Classes and Keras from R")
    topics = {id(topic): topic for topic in roxygen.topics().values()}
    rows = sorted((", ".join(topic.topics), topic.title) for topic in topics.values())
    page.add("Functions", rows=rows)
    counts = [(f"{prefix}_*()", f"{count} functions") for prefix, count in families.items()]
    page.add("Made from the installed Keras", rows=counts)
    return roxygen.as_text(page, width)


def is_terminal() -> bool:
    """Does somebody read and type in a terminal, so that a pager makes sense?"""
    at_prompt = hasattr(sys, "ps1")
    streams = (sys.stdin, sys.stdout)
    return at_prompt and all(stream is not None and stream.isatty() for stream in streams)


def show_in_pager(text: str) -> None:
    """Show a long text in the pager that $PAGER names."""
    pydoc.pager(text)


def without_overstrikes(text: str) -> str:
    """A text of R's own help without what makes a printer underline."""
    return re.sub(r".\x08", "", text)
