"""`import` finds R files where Python finds none: on sys.path, in packages, in archives."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zipfile

import pytest

import pyclass_bridge
from pyclass_bridge.imports.finder import RFileFinder


def test_a_file_on_the_path(folder):
    path = folder("on_path.R", "Stop %py_class% { at <- function() 3 }\narea <- function(w) w * w")
    from on_path import Stop, area

    module = sys.modules["on_path"]
    assert Stop().at() == 3 and area(3) == 9
    assert (module.__file__, module.__name__, module.__package__) == (str(path), "on_path", "")
    assert module.__spec__.origin == str(path) and module.__spec__.loader is module.__loader__
    assert Stop.__module__ == area.__module__ == "on_path" and module.Stop is Stop
    assert not list(path.parent.glob("__pycache__")) and list(path.parent.iterdir()) == [path]


def test_small_r_and_both_endings(folder):
    folder("small_r.r", "x <- 'r'")
    assert importlib.import_module("small_r").x == "r"
    folder("both_r.r", "x <- 'r'")
    folder("both_r.R", "x <- 'R'")
    assert importlib.import_module("both_r").x == "R"


def test_a_package_of_both_languages(folder):
    folder("mixed/__init__.py", "from .deep.callbacks import Stop\nfrom . import tools\n")
    folder("mixed/tools.R", "twice <- function(x) 2 * x")
    folder("mixed/deep/__init__.py", "")
    folder("mixed/deep/callbacks.R", "Stop %py_class% { f <- function() 1 }")
    folder("mixed/deep/user.py", "from ..tools import twice\nfrom .callbacks import Stop\n")
    import mixed
    from mixed.deep import user

    assert mixed.Stop.__module__ == "mixed.deep.callbacks" and mixed.tools.twice(2) == 4
    assert user.Stop is mixed.Stop is sys.modules[mixed.Stop.__module__].Stop
    assert user.twice is mixed.tools.twice and mixed.tools.__package__ == "mixed"


def test_a_namespace_package(folder, monkeypatch, tmp_path):
    folder("one/spread/first.R", "x <- 1")
    folder("two/spread/second.R", "x <- 2")
    for part in ("one", "two"):
        monkeypatch.syspath_prepend(tmp_path / part)
    from spread import first, second

    assert (first.x, second.x) == (1, 2) and first.__name__ == "spread.first"


def test_python_comes_first_wherever_it_is_on_the_path(folder, tmp_path, monkeypatch):
    folder("contested.R", "language <- 'R'")
    folder("later/contested.py", "language = 'Python'")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "later")])
    import contested

    assert contested.language == "Python"
    folder("a_folder.R", "language <- 'R'")
    folder("a_folder/notes.txt", "")
    assert not hasattr(importlib.import_module("a_folder"), "language")


def test_the_working_directory(folder, tmp_path, monkeypatch):
    path = folder("elsewhere/here_only.R", "x <- 1")
    monkeypatch.chdir(path.parent)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert importlib.import_module("here_only").__file__ == str(path)


@pytest.mark.parametrize("inside", ["", "lib/"])
def test_zip_archives(folder, tmp_path, monkeypatch, inside):
    archive = tmp_path / "archive.zip"
    tag = inside.strip("/")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{inside}zipped{tag}.R", "# In a zip.\nf <- function() 1\nC %py_class% {}\n")
        file.writestr(f"{inside}zpkg{tag}/__init__.py", "")
        file.writestr(f"{inside}zpkg{tag}/inner.R", "x <- 2")
    monkeypatch.syspath_prepend(archive / inside if inside else archive)
    module = importlib.import_module(f"zipped{tag}")
    assert module.f() == 1 and module.__doc__ == "In a zip."
    assert module.__file__ == str(archive / inside / f"zipped{tag}.R")
    assert importlib.import_module(f"zpkg{tag}.inner").x == 2
    import inspect

    assert inspect.getsource(module.f) == "f <- function() 1\n"
    assert inspect.getsource(module.C) == "C %py_class% {}\n"
    assert module.__loader__.get_source().startswith("# In a zip.\n")


def test_nothing_is_found_is_pythons_error(folder):
    folder("something.R", "x <- 1")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'no_such_thing'$"):
        importlib.import_module("no_such_thing")
    with pytest.raises(ModuleNotFoundError, match="'something' is not a package"):
        importlib.import_module("something.part")
    with pytest.raises(ImportError, match=r"^cannot import name 'y' from 'something'"):
        exec("from something import y")
    with pytest.raises(AttributeError, match=r"^module 'something' has no attribute 'y'$"):
        _ = sys.modules["something"].y
    assert importlib.util.find_spec("no_such_thing") is None


def test_a_folder_with_the_name_of_an_r_file_is_none(folder):
    folder("folder.R/x.txt", "")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("folder")


def test_entries_of_the_path_that_are_no_folders(folder, monkeypatch, tmp_path):
    from pathlib import Path

    monkeypatch.setattr(sys, "path", [Path("/nowhere"), "/nowhere", b"/bytes", *sys.path])
    folder("after_others.R", "x <- 1")
    assert importlib.import_module("after_others").x == 1


def test_the_finder_stands_last_and_once(folder):
    sys.meta_path.append(object)
    try:
        pyclass_bridge.enable_imports()
        assert [isinstance(each, RFileFinder) for each in sys.meta_path].count(True) == 1
        assert isinstance(sys.meta_path[-1], RFileFinder)
    finally:
        sys.meta_path.remove(object)
    assert repr(sys.meta_path[-1]) == "<finder of R files>"


def test_stand_ins_are_asked_for_by_file_or_argument(folder, monkeypatch):
    from pyclass_bridge.start import children

    asked = []
    monkeypatch.setattr(children, "use_stand_ins", asked.append)
    folder("asks_not.R", "x <- 1")
    importlib.import_module("asks_not")
    assert not asked
    folder("asks_itself.R", "# A file.\n# pyclass_bridge: stand_in\nx <- 1")
    assert importlib.import_module("asks_itself").__doc__ == "A file." and len(asked) == 1
    pyclass_bridge.enable_imports(stand_in=True)
    folder("is_asked_for.R", "x <- 1")
    importlib.import_module("is_asked_for")
    assert len(asked) == 2


def test_an_import_of_the_importer_enables_it():
    sys.modules.pop("pyclass_bridge.importer", None)
    try:
        importlib.import_module("pyclass_bridge.importer")
        assert isinstance(sys.meta_path[-1], RFileFinder)
    finally:
        sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, RFileFinder)]
        sys.modules.pop("pyclass_bridge.importer", None)
