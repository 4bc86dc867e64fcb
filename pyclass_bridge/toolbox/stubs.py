"""Stubs: a `.pyi` file for an R file, which type checkers and editors read.

It says what source() gives: functions, classes and values under the names that Python sees. R finds
them in the code, which is not run (R/toolbox_stubs.R). The same R file gives the same stub.
"""

from __future__ import annotations

import ast
import keyword
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..bridge import roxygen
from ..bridge.function import parameters_of
from ..bridge.r_functions import r_function
from ..bridge.signature import Parameters, python_name
from ..bridge.whole_file import USUAL, replacing
from . import types

MARK = "written by `pyclass-bridge stubs`"
_HEAD = """\
# Types of {name}, {mark}: change the R file instead.
# mypy: disable-error-code="import-not-found,import-untyped,misc,override,assignment,name-defined"
# mypy: disable-error-code="attr-defined"
# pyright: reportMissingTypeStubs=false, reportMissingImports=false, reportMissingModuleSource=false
# pyright: reportUntypedBaseClass=false, reportUnknownMemberType=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
# pyright: reportUnknownVariableType=false, reportGeneralTypeIssues=false
"""
_WORD = re.compile(r"\"(?:[^\"\\]|\\.)*\"|(?<![\w.])[A-Za-z_]\w*")
_FROM_TYPING = ("Any", "Literal")
_FROM_ABC = ("Callable", "Mapping", "Sequence")
_BUILTIN = ("bool", "int", "float", "str", "complex", "list", "dict", "bytearray",
            "property", "staticmethod", "classmethod")  # fmt: skip
# The result of methods that Python or Keras calls.
_RESULTS = {"__init__": "None", "__del__": "None", "get_config": "dict[str, Any]",
            "__len__": "int", "__repr__": "str", "__str__": "str", "__bool__": "bool",
            "__contains__": "bool", "__hash__": "int"}  # fmt: skip
_HOOK_TYPES = {"epoch": "int", "batch": "int", "logs": "dict[str, Any] | None"}


class StubError(Exception):
    """A stub that can't be written; the text is a sentence with its remedy."""


def write_all(files, directory=None):
    """Write the stub of each of these R files; yields the paths of the stubs.

    Raises:
        As `write`, and StubError if two files would have the same stub.
    """
    targets: dict[Path, object] = {}
    for file in files:
        other = targets.setdefault(_target(Path(file), directory).resolve(), file)
        if other != file:
            raise StubError(
                f"{other} and {file} would have the same stub: write them one by one, each to a "
                "directory of its own by -o."
            )
    for file in dict.fromkeys(files):
        yield write(Path(file), directory)


def _target(path: Path, directory) -> Path:
    parent = path.parent if directory is None else Path(directory)
    return parent / f"{python_name(path.stem)}.pyi"


def write(path: Path, directory: str | os.PathLike | None = None) -> Path:
    """Write the stub of an R file, beside it or into `directory`; returns its path.

    Raises:
        RParseError: the R file does not parse.
        StubError: there is a file that this command has not written.
        OSError: nothing can be written there.
    """
    text = stub_of(path)
    target = _target(path, directory)
    if target.exists() and MARK not in target.read_text(encoding="utf-8", errors="replace")[:300]:
        raise StubError(
            f"{target} exists, and `pyclass-bridge stubs` has not written it: remove it, or give "
            "another directory by -o."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target, ".pyi", USUAL) as unfinished:
        Path(unfinished.path).write_text(text, encoding="utf-8")
    return target


def stub_of(path: Path) -> str:
    """The text of the stub of an R file."""
    text = _Stub(path.name, r_function("stub_entries")(str(path))).text()
    ast.parse(text)
    return text


def is_name(name: str) -> bool:
    """Can it be written after a dot?"""
    return name.isidentifier() and not keyword.iskeyword(name)


@dataclass
class _Stub:
    """The stub of one file. Names that a stub needs and that the file or one of its classes has,
    too, get an underscore."""

    name: str
    entries: list[dict]
    imports: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)

    def __post_init__(self):
        self.taken = {entry["name"] for entry in self.entries}
        for entry in self.entries:
            for group in ("methods", "properties", "attributes"):
                self.taken |= {member["name"] for member in entry.get(group, ())}

    def text(self) -> str:
        blocks = [self.entry(entry) for entry in self.entries if is_name(entry["name"])]
        odd = [entry["name"] for entry in self.entries if not is_name(entry["name"])]
        head = _HEAD.format(name=ascii_comment(self.name), mark=MARK).rstrip()
        if odd:
            shown = ", ".join(map(types.quoted, sorted(odd)))
            head += f"\n# Names that only getattr() reaches: {ascii_comment(shown)}"
        imports = "\n".join([*sorted(self.modules), *sorted(self.imports)])
        return "\n\n".join(filter(None, [head, imports, *blocks])) + "\n"

    # ---- names ---------------------------------------------------------------------------------

    def type(self, text: str) -> str:
        """A type with the names that the stub has for it, which it imports."""
        return _WORD.sub(lambda match: self.word(match[0]), text)

    def word(self, name: str) -> str:
        if name.startswith('"') or name == "None":
            return name
        own = f"_{name}" if name in self.taken else name
        rename = f"{name} as {own}" if own != name else name
        if name in _FROM_TYPING:
            self.imports.add(f"from typing import {rename}")
        elif name in _FROM_ABC:
            self.imports.add(f"from collections.abc import {rename}")
        elif name in _BUILTIN and own != name:
            self.imports.add(f"from builtins import {rename}")
        return own if name in _FROM_TYPING + _FROM_ABC + _BUILTIN else name

    def module(self, module: str) -> str:
        """The name of an imported module."""
        top = module.partition(".")[0]
        if top in self.taken:
            alias = "_" + module.replace(".", "_")
            self.modules.add(f"import {module} as {alias}")
            return alias
        self.modules.add(f"import {module}")
        return module

    # ---- entries -------------------------------------------------------------------------------

    def entry(self, entry: dict) -> str:
        name = entry["name"]
        if entry["kind"] == "value":
            return f"{name}: {self.type(entry['type'])}"
        if entry["kind"] == "alias":
            known = any(e["name"] == entry["of"] for e in self.entries)
            usable = known and is_name(entry["of"]) and entry["of"] != name
            return f"{name} = {entry['of']}" if usable else f"{name}: {self.type('Any')}"
        if entry["kind"] == "class":
            return self.class_code(entry)
        return self.function(entry)

    def class_code(self, entry: dict) -> str:
        bases = [self.base(base) for base in entry["bases"]]
        head = f"class {entry['name']}" + (f"({', '.join(bases)})" if bases else "") + ":"
        doc = entry["own"] or (entry["comment"] and roxygen.docstring(entry["comment"]))
        body = [doc_code(doc)] if doc else []
        body += [
            f"{row['name']}: {self.type(self.attribute_type(row, entry))}"
            for row in entry["attributes"]
            if is_name(row["name"])
        ]
        for row in entry["properties"]:
            body += self.property(row) if is_name(row["name"]) else []
        for row in entry["methods"]:
            body += [self.method(row, entry)] if is_name(row["name"]) else []
        if entry["open"]:
            body.append(
                f"def __getattr__(self, name: {self.type('str')}) -> {self.type('Any')}: ..."
            )
        return "\n".join([head, indented("\n".join(body) or "...")])

    def attribute_type(self, row: dict, entry: dict) -> str:
        """The type of an attribute; one that keeps an argument of `__init__` has that of it."""
        if row["argument"] is None:
            return row["type"]
        init = next(method for method in entry["methods"] if method["name"] == "__init__")
        formals = parameters_of(init["formals"]).named
        (formal,) = [formal for formal in formals if formal.r_name == row["argument"]]
        about = {**roxygen.params(entry["comment"] or ""), **roxygen.params(init["comment"] or "")}
        given = about.get(formal.r_name, ""), init["choices"].get(formal.r_name)
        return types.of_argument(formal, *given)

    def base(self, base: dict) -> str:
        if base["of"] == "wrapper":
            base = wrapped_base(base["name"])
        if base["of"] == "file" and is_name(base["name"]):
            return base["name"]
        if base["of"] == "module" and all(map(is_name, base["path"])):
            return ".".join([self.module(base["module"]), *base["path"]])
        return self.type("Any")

    def property(self, row: dict) -> list[str]:
        name, result = row["name"], self.result(row)
        code = [
            f"@{self.word('property')}",
            f"def {name}(self) -> {result}:{self.body(row)}",
        ]
        if row["assigned"]:
            argument = python_name(row["formals"][0]["name"])
            code += [
                f"@{name}.setter",
                f"def {name}(self, {argument}: {self.type('Any')}) -> None: ...",
            ]
        return code

    def method(self, row: dict, entry: dict) -> str:
        decorator = row["decorator"]
        lines = [f"@{self.word(decorator)}"] if decorator else []
        receiver = {"staticmethod": None, "classmethod": "cls"}.get(decorator, "self")
        about = {}
        if row["name"] == "__init__":
            about = roxygen.params(entry["comment"] or "")
        is_hook = row["name"] in entry["hooks"]
        return "\n".join([*lines, self.function(row, receiver, about, is_hook)])

    def function(self, row: dict, receiver=None, about=None, is_hook: bool = False) -> str:
        parameters = parameters_of(row["formals"])
        about = {**(about or {}), **roxygen.params(row["comment"] or "")}
        words = self.arguments(parameters, receiver, about, row["choices"], is_hook)
        result = self.type("None") if is_hook else self.result(row)
        define = "async def" if row["is_async"] else "def"
        return f"{define} {row['name']}({words}) -> {result}:{self.body(row)}"

    def arguments(self, parameters: Parameters, receiver, about, choices, is_hook) -> str:
        taken = {formal.name for formal in parameters.named}
        words = [free(receiver, taken)] if receiver else []
        began = False
        for formal in parameters.before:
            began |= formal.has_default
            words.append(self.argument(formal, about, choices, is_hook, began))
        if parameters.has_dots:
            words.append(f"*{free('args', taken)}: {self.type('Any')}")
        for formal in parameters.after:
            words.append(self.argument(formal, about, choices, is_hook, formal.has_default))
        if parameters.has_dots:
            words.append(f"**{free('kwargs', taken)}: {self.type('Any')}")
        return ", ".join(words)

    def argument(self, formal, about: dict, choices: dict, is_hook: bool, optional: bool) -> str:
        type = types.of_argument(formal, about.get(formal.r_name, ""), choices.get(formal.r_name))
        if is_hook and formal.name in _HOOK_TYPES:
            type = _HOOK_TYPES[formal.name]
        default = types.default_code(formal) if formal.has_default else "..."
        return f"{formal.name}: {self.type(type)}" + (f" = {default}" if optional else "")

    def result(self, row: dict) -> str:
        if row["name"] in _RESULTS:
            return self.type(_RESULTS[row["name"]])
        said = roxygen.returned(row["comment"] or "")
        return self.type(types.of_result(said) if said else types.ANY)

    def body(self, row: dict) -> str:
        doc = row["own"] or (row["comment"] and roxygen.docstring(row["comment"]))
        return f"\n{indented(doc_code(doc))}" if doc else " ..."


def free(name: str, taken: set[str]) -> str:
    """The name, or one that no argument has."""
    while name in taken:
        name += "_"
    return name


def wrapped_base(name: str) -> dict:
    """The class that a wrapper such as callback_early_stopping makes, under its public name."""
    cls = r_function("wrapped_class")(name)
    paths = getattr(cls, "_api_export_path", "")
    path = paths if isinstance(paths, str) else paths[0]
    module, _, rest = path.partition(".")
    return (
        {"of": "module", "module": module, "path": rest.split(".")} if rest else {"of": "unknown"}
    )


def doc_code(doc: str) -> str:
    """A docstring as code."""
    text = doc.strip("\n").replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    if text.endswith('"'):
        text = text[:-1] + '\\"'
    return f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'


def ascii_comment(text: str) -> str:
    """Text that a comment can hold."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def indented(code: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in code.split("\n"))
