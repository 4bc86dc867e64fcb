"""The order of the rooms: a file imports only from its own room and from rooms before it, and no
file leads back to itself.
"""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest
from support.paths import ROOT
from support.rooms import ROOMS

PACKAGE = ROOT / "pyclass_bridge"


def files() -> dict[str, Path]:
    """The modules of the package by name, such as "bridge.function"."""
    found = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in found}


def imports(name: str, path: Path) -> list[tuple[str, int]]:
    """What a module imports of the package, at its top or in a function, with the lines."""
    package = ["pyclass_bridge", *name.split(".")[:-1]]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *filter(None, [node.module])])
            found += [(f"{source}.{alias.name}", node.lineno) for alias in node.names]
    inside = [
        (n.removeprefix("pyclass_bridge."), at)
        for n, at in found
        if n.startswith("pyclass_bridge.")
    ]
    return [(module_of(n), at) for n, at in inside]


def module_of(name: str) -> str:
    """The module that an imported name is of: "bridge.function" for "bridge.function.core"."""
    known = files()
    while name not in known and "." in name and name.split(".")[0] != "_core":
        name = name.rpartition(".")[0]
    return name


def room_of(name: str) -> int:
    room = name.split(".")[0]
    return ROOMS.index(room) if room in ROOMS else len(ROOMS)


def against_the_order(name: str, path: Path) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line} imports {used}, but {used.split('.')[0]}/ stands after "
        f"{name.split('.')[0]}/ in the order of the rooms"
        for used, line in imports(name, path)
        if room_of(used) > room_of(name)
    ]


def test_a_room_imports_only_from_rooms_before_it():
    wrong = [text for name, path in files().items() for text in against_the_order(name, path)]
    assert not wrong, "\n".join(wrong)


def test_no_file_leads_back_to_itself():
    graph = {
        name: {used for used, _ in imports(name, path) if used != name}
        for name, path in files().items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("these files import each other: " + " -> ".join(error.args[1]))


def test_every_room_has_its_place():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(ROOMS) - {"_core"}


def test_a_wrong_import_is_told_with_both_files(tmp_path):
    wrong = ROOT / "pyclass_bridge" / "bridge" / "function.py"
    code = (
        "def f():\n    from ..surface import table\n    from pyclass_bridge.shell.cli import main\n"
    )
    path = tmp_path / "function.py"
    path.write_text(code)
    found = [used for used, _ in imports("bridge.function", path)]
    assert found == ["surface.table", "shell.cli"]
    assert [room_of(used) > room_of("bridge.function") for used in found] == [True, True]
    assert wrong.is_file()
