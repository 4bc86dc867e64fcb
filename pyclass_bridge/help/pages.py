"""The pages of help that R asks for, and the pager. The other half is R/help_pages.R.

Each page is made in one line: a docstring is parsed into parts (docstring.py), the parts are put
into R's words (words.py, examples.py), and the words are laid out (page.py). Pages of functions
written in R are made from their roxygen comments (roxygen.py), which are in R's words already.
"""

from __future__ import annotations

import inspect
import pydoc
import re
import sys

from ..surface import table
from ..surface.arguments import ANY, Argument, r_default
from ..surface.error_text import parameters
from ..surface.names import keras, wrapped_by
from . import roxygen
from .docstring import SECTIONS, Parts, is_r_class, parts_of
from .examples import examples_in_r
from .page import Page, as_text, usage
from .words import Rules, in_own_words, is_definition, r_names

__all__ = [
    "has_page",
    "help_text",
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

OURS = "package:pyclassbridge"


# ---- pages from docstrings ---------------------------------------------------------------------


def surface_page(name: str, formals: list[str], width: int = 80) -> str:
    """The page of the wrapper `name`, whose R formals are given as code."""
    wrapped = wrapped_by(name)
    parts = parts_of(wrapped.target)
    parts["Title"] = parts["Title"] or f"`{name}()`"
    if wrapped.cls is not None and wrapped.function is not None and "Value" not in parts:
        parts["Value"] = parts_of(wrapped.function).get("Value", "")
    words = in_own_words(name, in_r(parts, Rules.of(wrapped), _names_of(formals)))
    page = page_of(name, OURS, usage(name, formals, width), words)
    path = _path_in_r(wrapped.target, name)
    page.add("See Also", f"`py_help({path})` shows Keras' own words.")
    return as_text(page, width)


def object_page(x, label: str, formals: list[str] | None, width: int = 80) -> str:
    """The page of a Python class, function or method that R calls `label`; `formals` are those of
    an R class, otherwise they are taken from its signature. Axes count as in Python."""
    arguments = _signature(x)
    formals = _formals(arguments) if formals is None else formals
    rules = Rules("", arguments, counts=False)
    parts = parts_of(x)
    parts["Title"] = parts["Title"] or ("A class written in R" if is_r_class(x) else f"`{label}()`")
    described = [name for name in _names_of(formals) if name in parts.get("Arguments", {})]
    words = in_r(parts, rules, described)
    page = page_of(label, f"Python:{_module(x)}", usage(label, formals, width), words)
    if isinstance(x, type):
        bases = [f"`{base.__module__}.{base.__qualname__}`" for base in x.__bases__]
        page.add("Bases", ", ".join(bases))
        page.add("Methods", rows=[(f"${k}()", rules.prose(v)) for k, v in _methods(x)])
    name = r_names().get(x) if is_definition(x) else None
    if name:
        page.add("See Also", f"`{name}()`, the same for R: whole numbers and axes as R has them.")
    return as_text(page, width)


def in_r(parts: Parts, rules: Rules, arguments: list[str]) -> Parts:
    """The parts of a docstring in R's words, with a row for each of R's `arguments`."""
    words: Parts = {}
    for heading, part in parts.items():
        if heading == "Examples":
            words[heading] = examples_in_r(part, rules)
        elif isinstance(part, dict):
            words[heading] = {name: rules.prose(text) for name, text in part.items()}
        else:
            words[heading] = rules.prose(part)
    texts = parts.get("Arguments", {})
    return words | {"Arguments": {name: rules.argument(name, texts) for name in arguments}}


def page_of(topic: str, source: str, call: str, words: Parts) -> Page:
    """The page with the sections that all pages from docstrings have, in order."""
    page = Page(topic, source, words["Title"])
    page.add("Description", words["Description"] or page.title)
    page.add("Usage", call, code=True)
    for heading in SECTIONS:
        part = words.get(heading, "")
        if isinstance(part, dict):
            page.add(heading, rows=part.items())
        else:
            page.add(heading, part)
    return page


def has_page(x) -> bool:
    """Is `x` a Python object that `object_page` has something to say of?"""
    return callable(x) and (bool(inspect.getdoc(x)) or is_r_class(x))


def help_text(x) -> str:
    """The text of Python's help(x)."""
    return pydoc.plain(pydoc.render_doc(x, "Help on %s:"))


def wrapper_line(name: str) -> str:
    """One line about what a wrapper wraps."""
    path = _path_in_r(wrapped_by(name).target, name)
    return f"<{path} of Keras {keras().__version__}; ?{name} shows its help>"


def _names_of(formals: list[str]) -> list[str]:
    return [formal.split(" = ")[0].strip("`") for formal in formals]


def _path_in_r(target, name: str) -> str:
    """The object as R reaches it in Python: keras$layers$Dense."""
    path = table.NAMES.get(name)
    for prefix, modules in table.FAMILIES.items():
        if path is None and name.startswith(f"{prefix}_"):
            path = f"{modules[0]}.{target.__name__}"
    if name in table.DATASETS:
        path = f"datasets.{table.DATASETS[name]}.load_data"
    return f"keras${(path or target.__name__).replace('.', '$')}"


def _module(x) -> str:
    return getattr(x, "__module__", None) or type(x).__module__


def _signature(x) -> dict[str, Argument]:
    try:
        taken = inspect.signature(x).parameters.values()
    except (TypeError, ValueError):
        return {"...": Argument("...", "...")}
    found = {}
    for p in taken:
        name = "..." if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) else p.name
        found[name] = Argument(name, p.name, ANY, p.default)
    return found


def _formals(arguments: dict[str, Argument]) -> list[str]:
    defaults = {name: r_default(argument) for name, argument in arguments.items()}
    return [name if code is None else f"{name} = {code}" for name, code in defaults.items()]


def _methods(cls: type) -> list[tuple[str, str]]:
    """The public methods that the class itself defines, with the first line about each."""
    names = {"__init__": "initialize"} if is_r_class(cls) else {}
    own = [(names.get(k, k), v) for k, v in vars(cls).items() if inspect.isroutine(v)]
    own = sorted((k, v) for k, v in own if not k.startswith("_"))
    return [(k, (v.__doc__ or "").strip().split("\n")[0]) for k, v in own]


# ---- pages from roxygen comments ---------------------------------------------------------------


def roxygen_names(name: str) -> list[str] | None:
    """The functions on the page of `name`, which is written in R; None if it is no such name."""
    topic = roxygen.topics().get(name)
    return topic.names if topic else None


def roxygen_page(name: str, formals: dict, width: int = 80) -> str:
    """The page that `name`, which is written in R, is on; `formals` are those of the page's
    functions, as R code."""
    topic = roxygen.topics()[name]
    page = Page(name, OURS, topic.title)
    page.add("Description", topic.description or topic.title)
    calls = [_usage(f, _strings(arguments), width) for f, arguments in formals.items()]
    page.add("Usage", "\n\n".join(_shared(calls)), code=True)
    page.add("Arguments", rows=topic.arguments)
    page.add("Format", topic.tagged("format"))
    page.add("Value", topic.tagged("return"))
    page.add("Examples", topic.examples, code=True)
    return as_text(page, width)


def index_page(families: dict[str, int], width: int) -> str:
    """The page of help(package = "pyclassbridge"): every topic, and the families of the surface."""
    page = Page("pyclassbridge", OURS, "Classes and Keras from R")
    topics = {id(topic): topic for topic in roxygen.topics().values()}
    rows = sorted((", ".join(topic.topics), topic.title) for topic in topics.values())
    page.add("Functions", rows=rows)
    counts = [(f"{prefix}_*()", f"{count} functions") for prefix, count in families.items()]
    page.add("Made from the installed Keras", rows=counts)
    return as_text(page, width)


def _strings(x) -> list[str]:
    return [x] if isinstance(x, str) else list(x)


def _usage(name: str, arguments: list[str], width: int) -> str:
    method = roxygen.METHOD.fullmatch(name)
    if method is None:
        return usage(name, arguments, width)
    return f"## for the class {method[2]}\n{usage(method[1], arguments, width)}"


def _shared(calls: list[str]) -> list[str]:
    """Calls of several lines which differ in nothing but the name are shown once, then named."""
    bodies: dict[str, list[str]] = {}
    for call in calls:
        name, _, body = call.partition("(")
        bodies.setdefault(body if "\n" in body else call, []).append(name)
    shown = []
    for call in calls:
        name, _, body = call.partition("(")
        same = bodies[body if "\n" in body else call]
        if name == same[0]:
            others = ", ".join(f"{other}()" for other in same[1:])
            shown.append(call + (f"\n\n# {others}: the same arguments" if others else ""))
    return shown


# ---- where pages are shown ---------------------------------------------------------------------


def is_terminal() -> bool:
    """Does a user read and type in a terminal, so that a pager makes sense?"""
    at_prompt = hasattr(sys, "ps1")
    streams = (sys.stdin, sys.stdout)
    return at_prompt and all(stream is not None and stream.isatty() for stream in streams)


def show_in_pager(text: str) -> None:
    """Show a long text in the pager that $PAGER names."""
    pydoc.pager(text)


def without_overstrikes(text: str) -> str:
    """A text of R's own help without overstrikes, by which a printer underlines."""
    return re.sub(r".\x08", "", text)
