"""IPython's %autoreload loads edited R files again."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "autoreload")
    shell.run_line_magic("autoreload", "2")
    yield shell
    shell.run_line_magic("autoreload", "0")
    shell.reset()
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()


def edit(path, text: str) -> None:
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))


OLD = "f <- function() 1\nA %py_class% { m <- function() 1 }\nB %py_class% { m <- function() 1\n"
OLD += "  private$k <- function() 1\n  n <- function() private$k() }\n"


def run(shell, code: str) -> None:
    result = shell.run_cell(code)
    assert result.success, result


def test_names_and_instances_get_the_new_definitions(folder, shell):
    path = folder("edited_live.R", OLD)
    folder("uses_it.py", "from edited_live import f\n")
    run(shell, "import edited_live, uses_it\nfrom edited_live import f, A, B\na, b = A(), B()")
    edit(path, OLD.replace("m <- function() 1", "m <- function() 2").replace("() 1", "() 2"))
    run(shell, "seen = edited_live.f(), f(), uses_it.f(), A().m(), a.m(), B().m(), b.m(), b.n()")
    assert shell.user_ns["seen"] == (2, 2, 2, 2, 2, 2, 1, 1)
    run(shell, "same = f is edited_live.f and A is edited_live.A and type(a) is A")
    assert shell.user_ns["same"]


def test_an_edit_that_fails_is_told_once(folder, shell, capfd):
    path = folder("edited_wrong.R", "f <- function() 1")
    run(shell, "import edited_wrong")
    edit(path, "f <- function( {")
    run(shell, "seen = edited_wrong.f()")
    assert shell.user_ns["seen"] == 1
    told = capfd.readouterr().err
    assert "[autoreload of edited_wrong failed]" in told and "edited_wrong.R:1" in told
    run(shell, "seen = edited_wrong.f()")
    assert "failed" not in capfd.readouterr().err
    edit(path, "f <- function() 3")
    run(shell, "seen = edited_wrong.f()")
    assert shell.user_ns["seen"] == 3


def test_modules_that_autoreload_leaves_out(folder, shell):
    path = folder("edited_out.R", "f <- function() 1")
    run(shell, "import edited_out\n%aimport -edited_out")
    edit(path, "f <- function() 2")
    run(shell, "seen = edited_out.f()")
    assert shell.user_ns["seen"] == 1
    run(shell, "%autoreload 1\n%aimport edited_out")
    run(shell, "seen = edited_out.f()")
    assert shell.user_ns["seen"] == 2


def test_nothing_is_loaded_again_while_it_is_off(folder, shell):
    shell.run_line_magic("autoreload", "0")
    path = folder("edited_off.R", "f <- function() 1")
    run(shell, "import edited_off")
    edit(path, "f <- function() 2")
    run(shell, "seen = edited_off.f()")
    assert shell.user_ns["seen"] == 1
