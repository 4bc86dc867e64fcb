"""The docstring of a Python function in parts, and the code of an R function that calls it.

The other half is R/help_docs.R. Assumes docstrings in Google's style, and takes any other as one
description.
"""

from __future__ import annotations

import inspect
import re

from ..surface.arguments import documented, r_literal

_SECTION = re.compile(r"^(Args|Arguments|Returns?|Raises|Examples?|References?|Notes?):\s*$", re.M)


def function_docs(function) -> dict:
    """The parts of the docstring of a function or class, and its signature."""
    doc = inspect.getdoc(function) or ""
    head, sections = _sections(doc)
    description, _, details = head.partition("\n\n")
    name = getattr(function, "__name__", type(function).__name__)
    signature = _signature(function)
    return {
        "name": name,
        "qualified_name": f"{getattr(function, '__module__', '')}.{name}".lstrip("."),
        "description": description.strip(),
        "details": details.strip(),
        "signature": f"{name}{signature}" if signature else f"{name}(...)",
        "parameters": {key: text.strip() for key, text in documented(function).items()},
        "sections": {key: sections[key] for key in sections if key[:3] not in ("Arg", "Ret")},
        "returns": sections.get("Returns", sections.get("Return", "")),
    }


def _sections(doc: str) -> tuple[str, dict[str, str]]:
    """What stands before the first section, and the text of each section."""
    parts = _SECTION.split(doc)
    texts = {name: inspect.cleandoc(text) for name, text in zip(parts[1::2], parts[2::2],
                                                                 strict=True)}  # fmt: skip
    return parts[0], texts


def _signature(function) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None  # a builtin without a signature


def wrapper_code(function, call: str, prefix: str, name: str | None) -> str:
    """An R function, with roxygen comments, that calls the Python function by `call`."""
    docs = function_docs(function)
    signature = _signature(function)
    parameters = list(signature.parameters.values()) if signature else []
    open_ends = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [p for p in parameters if p.kind not in open_ends and p.name != "self"]
    formals = [_formal(p) for p in named]
    arguments = [f"{p.name} = {p.name}" for p in named]
    if len(named) < len(parameters) or signature is None:
        formals.append("...")
        arguments.append("...")
    lines = [docs["description"] or docs["name"], "", *docs["details"].splitlines(), ""]
    lines += [f"@param {p.name} {_line(docs['parameters'].get(p.name))}" for p in named]
    lines += ["@param ... Further arguments."] if "..." in formals else []
    lines += [f"@return {_line(docs['returns'])}", "@export"]
    comments = "\n".join(f"#' {line}".rstrip() for line in lines)
    name = name or f"{prefix}{docs['name']}"
    body = f"{call}(\n    {f',{chr(10)}    '.join(arguments)}\n  )" if arguments else f"{call}()"
    return f"{comments}\n{name} <- function({', '.join(formals)}) {{\n  {body}\n}}\n"


def _formal(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name} = {r_literal(parameter.default) or 'NULL'}"


def _line(text: str | None) -> str:
    return " ".join((text or "See Python's help.").split())
