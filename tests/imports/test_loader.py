"""What Python's tools do with an imported R file: reload, errors, circles, threads, runpy."""

from __future__ import annotations

import importlib
import importlib.resources
import inspect
import pickle
import pkgutil
import pydoc
import runpy
import subprocess
import sys
import threading
import traceback

import pytest
from support.subprocesses import output_of

from pyclass_bridge import RError, RParseError
from pyclass_bridge.bridge.source import source_record


def test_reload(folder):
    path = folder("reloaded.R", "# Old.\nf <- function() 1\ngone <- 1\nA %py_class% {}")
    import reloaded

    f, A = reloaded.f, reloaded.A
    path.write_text("# New.\n\nf <- function() 2\nA %py_class% { m <- function() 2 }")
    assert importlib.reload(reloaded) is reloaded
    assert (reloaded.f(), reloaded.A().m(), reloaded.__doc__) == (2, 2, "New.")
    assert f() == 1 and reloaded.A is not A
    assert reloaded.gone == 1 and "gone" not in reloaded.__all__  # as Python's reload
    assert inspect.getsourcelines(reloaded.f) == (["f <- function() 2\n"], 3)
    assert source_record(reloaded).hash == reloaded.__r_hash__


def test_a_reload_that_fails_leaves_the_module(folder):
    path = folder("fails_later.R", "x <- 1\nf <- function() x")
    import fails_later

    names = ("x", "f", "__all__", "__doc__", "__r_hash__")
    before = [getattr(fails_later, name) for name in names]
    for text, error in (("x <- 2\nstop('no')", RError), ("x <- (", RParseError)):
        path.write_text(text)
        with pytest.raises(error):
            importlib.reload(fails_later)
        assert [getattr(fails_later, name) for name in names] == before
        assert sys.modules["fails_later"] is fails_later and fails_later.f() == 1
        assert not hasattr(fails_later, "__getattr__")


def test_a_file_that_fails_leaves_no_module(folder):
    path = folder("package/broken.R", "x <- 1\nf <- function() stop('no luck')\n\nf()\n")
    folder("package/__init__.py", "")
    with pytest.raises(RError, match="no luck") as caught:
        importlib.import_module("package.broken")
    assert "package.broken" not in sys.modules and not hasattr(sys.modules["package"], "broken")
    assert (str(path), 4) in [(call.file, call.line) for call in caught.value.calls]
    assert f"f()  at {path}:4" in "".join(traceback.format_exception(caught.value))
    path.write_text("x <- 1\nf <- function( {\n  2\n}\n")
    with pytest.raises(RParseError, match=rf"{path}:2:16: unexpected"):
        importlib.import_module("package.broken")
    path.write_text("x <- 3")
    assert importlib.import_module("package.broken").x == 3


def test_an_import_error_in_r_code_goes_on(folder):
    folder("needs.R", "import('no_such_module_of_python')")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_of_python") as caught:
        importlib.import_module("needs")
    assert caught.value.name == "no_such_module_of_python"


def test_circles(folder):
    folder(
        "in_r.R",
        "first <- function() 'first'\nKind %py_class% {}\n"
        "in_python <- import('in_python')\nsecond <- function() in_python$use()\n",
    )
    folder(
        "in_python.py",
        "import in_r\nfrom in_r import Kind, first\nearly = sorted(dir(in_r))\n"
        "def use():\n    return first() + in_r.second.__name__\n"
        "try:\n    from in_r import second\nexcept ImportError as error:\n    said = str(error)\n",
    )
    import in_r

    in_python = sys.modules["in_python"]
    assert in_r.second() == "firstsecond" and in_python.Kind is in_r.Kind
    assert "cannot import name 'second' from partially initialized module 'in_r'" in in_python.said
    del sys.modules["in_r"], sys.modules["in_python"]
    assert importlib.import_module("in_python").use() == "firstsecond"


def test_r_files_import_each_other(folder):
    folder("lower.R", "Base %py_class% { name <- function() 'base' }")
    folder("upper.R", "lower <- import('lower')\nUpper(lower$Base) %py_class% {}")
    import upper

    assert upper.Upper().name() == "base" and upper.Upper.__mro__[1].__module__ == "lower"


def test_threads_import_a_file_once(folder, tmp_path):
    count = f"cat('.', file = {str(tmp_path / 'count')!r}, append = TRUE)"
    folder("shared.R", f"{count}\nSys.sleep(0.2)\nvalue <- 1\nf <- function() value")
    seen, start = [], threading.Barrier(6)

    def work():
        start.wait()
        from shared import f

        seen.append(f())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == [1] * 6 and (tmp_path / "count").read_text() == "."


def test_names_of_python_are_kept(folder):
    folder("names.R", "`__name__` <- 'x'; `__spec__` <- 1; `__doc__` <- 'From R.'; `a.b` <- 2")
    import names

    assert names.__name__ == "names" and names.__spec__.name == "names"
    assert names.__doc__ == "From R." and getattr(names, "a.b") == 2
    found = {}
    exec("from names import *", found)
    assert found["a.b"] == 2 and "__spec__" not in found


def test_pickle_finds_classes_by_their_names(folder):
    folder("picklable/__init__.py", "")
    folder("picklable/inner.R", "A %py_class% {}")
    from picklable.inner import A

    assert pickle.loads(pickle.dumps(A)) is A


def test_a_class_is_found_by_its_own_name_too(folder):
    folder(
        "two_names.R", "Stop <- PyClass('EarlyStop', list())\nTaken <- PyClass('x', list())\nx <- 1"
    )
    import two_names

    assert two_names.EarlyStop is two_names.Stop and two_names.x == 1
    assert dir(two_names) == two_names.__all__ == ["Stop", "Taken", "x"]
    assert pickle.loads(pickle.dumps(two_names.Stop)) is two_names.Stop
    old = two_names.Stop
    importlib.reload(two_names)
    assert two_names.EarlyStop is two_names.Stop is not old


def test_help_and_source(folder):
    text = "#' The shapes.\n#'\n#' @keywords x\nNULL\n\narea <- function(w) { 'An area.'; w }\n"
    folder("shapes.R", text)
    import shapes

    page = pydoc.render_doc(shapes, renderer=pydoc.plaintext)
    assert "The shapes." in page and "An area." in page and "@keywords" not in page
    assert inspect.getsource(shapes) == shapes.__loader__.get_source("shapes") == text
    assert inspect.getmodule(shapes.area) is shapes and inspect.getfile(shapes) == shapes.__file__
    assert repr(shapes) == "<R file shapes.R: area>" and dir(shapes) == ["area"]


def test_resources(folder, tmp_path):
    folder("with_data/__init__.py", "")
    folder("with_data/numbers.csv", "x\n1\n")
    folder("with_data/reads.R", "f <- function() 1")
    from with_data import reads

    assert importlib.resources.files("with_data").joinpath("reads.R").read_text().startswith("f <-")
    assert pkgutil.get_data("with_data.reads", "numbers.csv") == b"x\n1\n"
    reader = reads.__loader__.get_resource_reader("with_data.reads")
    assert reader.files().joinpath("numbers.csv").read_text() == "x\n1\n"


def test_runpy(folder, capfd):
    folder("runs.R", "cat('it runs\\n')\nvalue <- 2\nf <- function() 1")
    found = runpy.run_module("runs", run_name="__main__")
    assert found["value"] == 2 and found["f"].__module__ == found["__name__"] == "__main__"
    assert "it runs" in capfd.readouterr().out and "runs" not in sys.modules


def test_bytes_and_lines_are_those_of_source(folder):
    folder("encoded.R", b"\xef\xbb\xbf# \xc3\x9cber\r\nx <- '\xc3\xbc'\r\n")
    import encoded

    assert encoded.x == "ü" and encoded.__doc__ == "Über"
    folder("no_utf8.R", b"a <- 1\nb <- '\xe9'\n")
    with pytest.raises(RParseError, match=r"no_utf8.R:2: the bytes are no text in UTF-8"):
        importlib.import_module("no_utf8")


def test_pytest_over_r_files(folder, tmp_path):
    """In a process of its own, which the import of the importer starts."""
    folder("project/conftest.py", "import pyclass_bridge.importer\n")
    folder(
        "project/counting.R",
        "Counter %py_class% {\n  n <- 0L\n  up <- function() {\n"
        "    self$n <- self$n + 1L\n    if (self$n > 2) stop('too many')\n  }\n}\n",
    )
    folder(
        "project/test_counting.py",
        "from counting import Counter\n\n"
        "def test_up():\n    c = Counter()\n    c.up()\n    assert c.n == 1\n\n"
        "def test_fails():\n    c = Counter()\n    [c.up() for _ in range(3)]\n",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"],
        cwd=tmp_path / "project",
        capture_output=True,
        text=True,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "counting.R:5" in done.stdout and ">   up <- function() {" in done.stdout
    assert not list((tmp_path / "project").glob("*.pyc"))


def test_a_fresh_process_finds_the_class_again(folder, tmp_path):
    folder("fresh.R", "A %py_class% {\n  m <- function() 1\n}\n")
    said = output_of(
        f"""
        sys.path.insert(0, {str(tmp_path)!r})
        import pyclass_bridge.importer
        from fresh import A
        import inspect
        print(A().m(), A.__module__, inspect.getsourcelines(A.m))
        """
    )
    assert said.splitlines()[-1] == "1.0 fresh (['  m <- function() 1\\n'], 2)"
