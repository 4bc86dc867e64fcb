"""Completion in IPython: R's definitions, their arguments, R values, the package itself.

Of: bridge/source.py, bridge/function.py, values/handle.py.
"""

from __future__ import annotations

import pytest

import pyclass_bridge

CODE = """
callback_stop <- Callback("Stop", initialize = function(loss_limit = 0.1) super$initialize())
`%+%` <- function(a, b) paste0(a, b)
my.fun <- function(alpha, beta = 2) alpha
area <- function(width_of, height_of = 1) width_of * height_of
kind <- factor("a")
"""


@pytest.fixture(scope="module")
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    yield shell
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()


@pytest.fixture(params=[False, True], ids=["plain", "jedi"])
def complete(request, shell, source):
    from IPython.core.completer import provisionalcompleter

    shell.user_ns.update(ns=source(CODE), p=pyclass_bridge)
    shell.user_ns["kind"] = shell.user_ns["ns"].kind
    shell.Completer.use_jedi = request.param

    def texts(line: str) -> list[str]:
        with provisionalcompleter():
            found = [c.text.lstrip(".") for c in shell.Completer.completions(line, len(line))]
        return [text for text in found if not text.startswith(("%", "_"))]

    yield texts
    for name in ("ns", "kind", "p"):
        del shell.user_ns[name]


def test_definitions_of_a_file(complete):
    assert sorted(complete("ns.")) == ["area", "callback_stop", "kind"]


def test_arguments(complete):
    assert "loss_limit=" in complete("ns.callback_stop(loss_")
    assert "height_of=" in complete("ns.area(1, heig")


def test_r_values(complete):
    assert {"names", "r_class", "to_python"} <= set(complete("kind."))


def test_the_package_shows_its_public_names(complete):
    shown = set(complete("p."))
    assert {"source", "r", "to_r", "RError"} <= shown
    assert not shown & {"embed", "session", "PackageNotFoundError", "condition"}


def test_dir(source):
    assert dir(pyclass_bridge) == sorted(pyclass_bridge.__all__)
    ns = source(CODE)
    assert dir(ns) == ["area", "callback_stop", "kind"]
    assert ns.__all__ == ["%+%", "area", "callback_stop", "kind", "my.fun"]
    assert getattr(ns, "my.fun")(3) == 3


def test_py_is_the_main_module_of_now(r, shell, tmp_path):
    """%run puts a module of the script's own in the place of the main one while it runs."""
    script = tmp_path / "script.py"
    script.write_text("import pyclass_bridge\nn = 2\nseen = pyclass_bridge.r('py$n')\n")
    shell.user_ns["n"] = 1
    assert r("py$n") == 1
    shell.run_line_magic("run", str(script))
    assert shell.user_ns["seen"] == 2
    shell.user_ns["n"] = 3
    assert r("py$n") == 3
    for name in ("n", "seen"):
        del shell.user_ns[name]
