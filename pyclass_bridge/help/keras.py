"""Pages of help from docstrings: for the names of the Keras surface, and for any Python callable.

`help/words.py` puts the texts in R's words; what the arguments are, `wrapped_by()` tells.
"""

from __future__ import annotations

import inspect
import re
import textwrap

from ..surface import table
from ..surface.arguments import ANY, Argument, r_default
from ..surface.names import keras, wrapped_by
from .examples import examples_in_r
from .page import Page, as_text, usage
from .words import DOTS, Rules, is_definition, r_names

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
_ROWS = ("Arguments", "Call arguments", "Attributes", "Errors")
_INDENTED = (*_ROWS, "Value")
_HEADING = re.compile(rf"({'|'.join(HEADINGS)}):\s*$")
_ROW = re.compile(r"\*{0,2}(\w+)\*{0,2}\s*(?:\([^)]*\))?\s*:(?:\s+|$)(.*)")
_OTHER_HEADING = re.compile(r"\*\*\w|[A-Z][\w ,'-]*:\s*$")


# ---- pages -------------------------------------------------------------------------------------


def surface_page(name: str, formals: list[str], width: int = 80) -> str:
    """The page of the name `name` of the surface, whose R formals are given as code."""
    wrapped = wrapped_by(name)
    target = wrapped.target
    parts = parts_of(target)
    if wrapped.cls is not None and wrapped.function is not None and "Value" not in parts:
        parts.setdefault("Value", parts_of(wrapped.function).get("Value", ""))
    rules = Rules(wrapped.family, wrapped.arguments, counts=True, dots=_dots(wrapped))
    page = Page(name, "package:pyclassbridge", rules.prose(parts["Title"] or f"`{name}()`"))
    _describe(page, rules, parts, usage(name, formals, width), _names_of(formals))
    page.add("See Also", f"`py_help({_python_path(target, wrapped.name)})` shows Keras' own words.")
    return as_text(page, width)


def object_page(x, label: str, formals: list[str] | None, width: int = 80) -> str:
    """The page of a Python class, function or method that R calls `label`; `formals` are those of
    an R class, otherwise they are taken from its signature. Axes count as in Python."""
    arguments = _signature(x)
    formals = _formals(arguments) if formals is None else formals
    parts = parts_of(x)
    rules = Rules("", arguments, counts=False)
    known = rows_of(parts.get("Arguments", ""))
    title = "A class written in R" if _is_r_class(x) else f"`{label}()`"
    page = Page(label, _place(x), rules.prose(parts["Title"] or title))
    described = [name for name in _names_of(formals) if name in known]
    _describe(page, rules, parts, usage(label, formals, width), described)
    if isinstance(x, type):
        bases = [f"`{base.__module__}.{base.__qualname__}`" for base in x.__bases__]
        page.add("Bases", ", ".join(bases))
        page.add("Methods", rows=[(f"${k}()", rules.prose(v)) for k, v in _methods(x)])
    name = r_names().get(x) if is_definition(x) else None
    if name:
        page.add("See Also", f"`{name}()`, the same for R: whole numbers and axes as R has them.")
    return as_text(page, width)


def wrapper_line(name: str) -> str:
    """One line about what a wrapper of the surface wraps."""
    path = _python_path(wrapped_by(name).target, name)
    return f"<{path} of Keras {keras().__version__}; ?{name} shows its help>"


def has_page(x) -> bool:
    """Is `x` a Python object that `object_page` has something to say of?"""
    return callable(x) and (bool(inspect.getdoc(x)) or _is_r_class(x))


def _is_r_class(x) -> bool:
    return isinstance(x, type) and "__r_class__" in vars(x)


def _describe(page: Page, rules: Rules, parts: dict, call: str, formals: list[str]) -> None:
    """The sections that every page has, from the parts of a docstring."""
    page.add("Description", rules.prose(parts["Description"]) or page.title)
    page.add("Usage", call, code=True)
    texts = rows_of(parts.get("Arguments", ""))
    page.add("Arguments", rows=[(name, rules.argument(name, texts)) for name in formals])
    for heading in dict.fromkeys(HEADINGS.values()):
        text = parts.get(heading, "")
        if heading == "Examples":
            page.add(heading, examples_in_r(text, rules))
        elif heading in _ROWS[1:]:
            page.add(heading, rows=[(k, rules.prose(v)) for k, v in rows_of(text).items()])
        elif heading != "Arguments":
            page.add(heading, rules.prose(text))


def _dots(wrapped) -> str:
    if wrapped.merges:
        return DOTS["inputs"]
    if wrapped.before_dots is not None:
        return DOTS["values"]
    return DOTS[("layer" if wrapped.is_layer else "open") if wrapped.open else "closed"]


def _names_of(formals: list[str]) -> list[str]:
    return [formal.split(" = ")[0].strip("`") for formal in formals]


def _python_path(target, name: str) -> str:
    """The object as R reaches it in Python: keras$layers$Dense."""
    path = table.NAMES.get(name)
    for prefix, modules in table.FAMILIES.items():
        if path is None and name.startswith(f"{prefix}_"):
            path = f"{modules[0]}.{target.__name__}"
    if name in table.DATASETS:
        path = f"datasets.{table.DATASETS[name]}.load_data"
    return f"keras${(path or target.__name__).replace('.', '$')}"


def _place(x) -> str:
    module = getattr(x, "__module__", None) or type(x).__module__
    return f"Python:{module}"


def _signature(x) -> dict[str, Argument]:
    try:
        parameters = inspect.signature(x).parameters.values()
    except (TypeError, ValueError):
        return {"...": Argument("...", "...")}
    found = {}
    for p in parameters:
        name = "..." if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) else p.name
        found[name] = Argument(name, p.name, ANY, p.default)
    return found


def _formals(arguments: dict[str, Argument]) -> list[str]:
    defaults = {name: r_default(argument) for name, argument in arguments.items()}
    return [name if code is None else f"{name} = {code}" for name, code in defaults.items()]


def _methods(cls: type) -> list[tuple[str, str]]:
    """The public methods that the class itself defines, with the first line about each."""
    names = {"__init__": "initialize"} if _is_r_class(cls) else {}
    own = [(names.get(k, k), v) for k, v in vars(cls).items() if inspect.isroutine(v)]
    own = sorted((k, v) for k, v in own if not k.startswith("_"))
    return [(k, (v.__doc__ or "").strip().split("\n")[0]) for k, v in own]


# ---- docstrings --------------------------------------------------------------------------------


def parts_of(target) -> dict[str, str]:
    """The docstring of `target` by the headings of the page; "Title" is its first sentence."""
    # A class written in R is not what its base says of itself.
    doc = inspect.cleandoc(target.__doc__ or "") if _is_r_class(target) else inspect.getdoc(target)
    doc = doc or ""
    # NumPy's sort of docstring stays as it is.
    if re.search(r"^(Parameters|Returns)\n-{3,}$", doc, re.MULTILINE):
        first, _, rest = doc.partition("\n")
        return {"Title": first.rstrip("."), "Description": f"```\n{rest.strip()}\n```"}
    parts = _sections(doc)
    if isinstance(target, type) and "Arguments" not in parts:
        own = _sections(inspect.getdoc(vars(target).get("__init__")) or "")
        parts |= {k: v for k, v in own.items() if k == "Arguments"}
    return parts


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
    parts = {k: textwrap.dedent("\n".join(v)).strip("\n") for k, v in collected.items()}
    first, _, rest = parts["Description"].strip().partition("\n\n")
    title = re.match(r".*?[.](?=\s|$)|.*", " ".join(first.split()))[0]
    whole = len(title) >= len(" ".join(first.split()))
    parts["Title"] = title.rstrip(".")
    parts["Description"] = rest if whole and rest.strip() else parts["Description"]
    return parts


def _leaves(heading: str, line: str, lines: list[str]) -> bool:
    """Does `line` end the section `heading`, which has `lines`, without a known heading?"""
    if heading in ("Description", DETAILS) or not line.strip() or line[0].isspace():
        return False
    anew = heading in _INDENTED or (heading != "Examples" and _OTHER_HEADING.match(line))
    return bool(anew) and any(x.strip() for x in lines)


def rows_of(text: str) -> dict[str, str]:
    """Name -> text of a section such as "Args:", with the lines of each text."""
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
