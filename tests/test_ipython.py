"""Completion in IPython: R's definitions, their arguments, R values, the package itself."""

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

    yield InteractiveShell.instance()
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
