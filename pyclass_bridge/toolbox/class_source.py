"""The attributes of a class, read in the source of its module, which is not imported: that of Keras
takes seconds.

A class is told only if all of it is there: its bases, up to `object`, are classes of modules of the
same package, imported by name. Needs no session.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
from pathlib import Path


def attributes_of(full_name: str) -> set[str] | None:
    """The names in the class of this full name and in its bases; None if they can't be told."""
    module, _, name = full_name.rpartition(".")
    try:
        return _attributes(module, name)
    except (OSError, SyntaxError, ValueError, LookupError):
        return None


def _attributes(module: str, name: str) -> set[str]:
    tree = _tree(module)
    node = _class_in(tree, name)
    names = set(dir(object)) | {"__dict__", "__weakref__", "__module__", "__doc__"}
    for statement in node.body:
        names |= _assigned(statement)
    for base in node.bases:
        if not isinstance(base, ast.Name):
            raise LookupError(ast.dump(base))
        names |= _attributes(*_found(tree, module, base.id))
    if node.keywords:
        raise LookupError(f"{name} has a metaclass")
    return names


@functools.cache
def _tree(module: str) -> ast.Module:
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(package)
    path = Path(spec.submodule_search_locations[0], *rest)
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    return ast.parse(file.read_text(encoding="utf-8"))


def _class_in(tree: ast.Module, name: str) -> ast.ClassDef:
    """The one class of this name at the top of a module."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == name]
    (node,) = [n for n in found if n in tree.body]
    return node


def _found(tree: ast.Module, module: str, name: str) -> tuple[str, str]:
    """The module and the name of a class that is a base: its own module's, or imported by name."""
    if any(isinstance(n, ast.ClassDef) and n.name == name for n in tree.body):
        return module, name
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return str(node.module), alias.name
    raise LookupError(name)


def _assigned(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    if isinstance(statement, ast.Expr | ast.Pass):
        return set()
    raise LookupError(ast.dump(statement))  # such as an `if`, which may define more
