"""The package is typed at its public names: a program that uses them all passes `mypy --strict`,
and what type checkers read is what is there."""

from __future__ import annotations

import ast
import inspect

import pytest
from support.paths import ROOT
from support.type_checkers import mypy

import pyclass_bridge

STUB = ast.parse((ROOT / "pyclass_bridge" / "__init__.pyi").read_text())
NAMED = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}

PROGRAM = """
import warnings
from pathlib import Path

import pyclass_bridge
from pyclass_bridge import RError, RObject, RParseError, RWarning

reveal_type(pyclass_bridge.__version__)


class Model:
    def stop(self) -> bool:
        return True


def use(model: Model) -> Model:
    ns = pyclass_bridge.source(Path("callbacks.R"), stand_in=True)
    pyclass_bridge.run_file("train.R", args=["a"])
    pyclass_bridge.enable_imports(stand_in=True)
    pyclass_bridge.save_model(model, Path("model.keras"), definitions=True)
    history = pyclass_bridge.fit(model, [1], callbacks=[ns.EarlyStop()], resume="run.state")
    pyclass_bridge.fit(model, callbacks=pyclass_bridge.checkpoint_state("run.state", freq=2))
    names: list[str] = pyclass_bridge.callback_events(model)
    same = pyclass_bridge.add_callback(model, names[0], lambda: None)
    assert pyclass_bridge.clear_callback(same, "on_train_end").stop()
    return pyclass_bridge.reset_callbacks(same) if history else model


def values() -> RObject | None:
    try:
        value: RObject = pyclass_bridge.to_r([1, 2])
        kind: tuple[str, ...] = value.r_class
        part: RObject = value[1:]
        print(len(value), value.names, value[0], value["a"], list(value), kind, part == value)
        print(pyclass_bridge.to_python(value), pyclass_bridge.to_rpy2(value), value.to_python())
        print(pyclass_bridge.r("x + 1", x=41))
    except RParseError as error:
        print(error.lineno, error.message, error.calls)
    except RError as error:
        print(error.r_class, error.call, [(c.text, c.file, c.line) for c in error.calls])
        print(error.class_name, error.member)
        return error.condition
    with warnings.catch_warnings():
        warnings.simplefilter("error", RWarning)
        print(RWarning("text").r_class, RWarning().call)
    return None
"""
WRONG = """
import pyclass_bridge

pyclass_bridge.source(3)
pyclass_bridge.r(code=1)
pyclass_bridge.run_file("x.R", stand_in="yes")
pyclass_bridge.soruce("x.R")
text: str = pyclass_bridge.to_r(1)
"""


def test_a_program_with_all_public_names_passes_mypy(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    used = {name for name in pyclass_bridge.__all__ if name in PROGRAM}
    assert used == set(pyclass_bridge.__all__)
    (tmp_path / "wrong.py").write_text(WRONG)
    stub = ROOT / "pyclass_bridge" / "__init__.pyi"
    said = mypy(tmp_path / "program.py", tmp_path / "wrong.py", stub, cwd=tmp_path).splitlines()
    notes = [line for line in said if ": note: Revealed" in line]
    assert len(notes) == 1 and '"' in notes[0] and "str" in notes[0]
    found = [line.split(":")[1] for line in said if ": error: " in line]
    assert found == ["4", "5", "6", "7", "8"] and "program.py" not in "".join(
        set(said) - set(notes)
    )


def test_the_names_are_the_public_ones():
    named = set(NAMED) | {node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign)}
    private = {name for name in named if name.startswith("_") and name != "__version__"}
    hooks = {"load_ipython_extension", "unload_ipython_extension"}
    assert named - private - hooks == set(pyclass_bridge.__all__)
    (listed,) = [
        n.value for n in STUB.body if isinstance(n, ast.Assign) and "__all__" in ast.dump(n)
    ]
    assert set(ast.literal_eval(listed)) == set(pyclass_bridge.__all__)


def arguments(node: ast.FunctionDef) -> list[tuple[str, bool]]:
    """The arguments of a function, each with whether it may be left out."""
    args = node.args
    places = args.posonlyargs + args.args
    given = [False] * (len(places) - len(args.defaults)) + [True] * len(args.defaults)
    rows = [(a.arg, has) for a, has in zip(places, given, strict=True)]
    rows += [(f"*{args.vararg.arg}", False)] if args.vararg else []
    rows += [(a.arg, d is not None) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return rows + ([(f"**{args.kwarg.arg}", False)] if args.kwarg else [])


def arguments_of(function) -> list[tuple[str, bool]]:
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    given = inspect.signature(function).parameters.values()
    return [(stars.get(p.kind, "") + p.name, p.default is not p.empty) for p in given]


FUNCTIONS = [name for name, node in NAMED.items() if isinstance(node, ast.FunctionDef)]
CLASSES = [name for name in NAMED if name not in FUNCTIONS and not name.startswith("_")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_signature_of_a_function(name):
    assert arguments(NAMED[name]) == arguments_of(getattr(pyclass_bridge, name))


@pytest.mark.parametrize("name", CLASSES)
def test_the_members_of_a_class(name):
    cls = getattr(pyclass_bridge, name)
    for node in NAMED[name].body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            assert arguments(node) == arguments_of(getattr(cls, node.name)), node.name
        elif isinstance(node, ast.FunctionDef):
            assert hasattr(cls, node.name)
    told = {getattr(node, "name", None) for node in NAMED[name].body}
    own = {m for m in vars(cls) if not m.startswith("_")}
    assert own <= told
    if issubclass(cls, Exception):
        told = {n.target.id for n in NAMED[name].body if isinstance(n, ast.AnnAssign)}
        inherited = {n.target.id for n in NAMED["RError"].body if isinstance(n, ast.AnnAssign)}
        known = set(vars(cls("text"))) - {"msg"}
        assert told | (inherited if issubclass(cls, pyclass_bridge.RError) else set()) == known


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "pyclass_bridge" / "py.typed").is_file()
