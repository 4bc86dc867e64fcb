"""The stress programs of tests/stress at a size for every run, each in a process of its own.

`make gctorture`, `make valgrind`, `make ubsan`, `make asan` and `make stress` run full sizes.

Of: core/preserve.c, core/pointer.c, core/proxy.c.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.paths import TESTS

STRESS = TESTS / "stress"
sys.path.insert(0, str(STRESS))
NO_TENSORS = {"KERAS_BACKEND": "numpy"}

# Each program with its short size, and what it needs of the environment. The long ones first.
SHORT = {
    "gctorture": (["gctorture.py", "500"], NO_TENSORS),
    "valgrind": (["valgrind.sh", "100"], NO_TENSORS),
    "real": (["real.py", "3"], {}),
    "objects": (["objects.py", "3", "3000", "40000"], {}),
    "files": (["files.py", "160", "10"], {}),
    "definitions": (["definitions.py", "100"], {}),
    "exits": (["exits.py", "10"], NO_TENSORS),
    "processes": (["processes.py", "6"], NO_TENSORS),
    "circles": (["circles.py", "100"], NO_TENSORS),
    "sigint": (["sigint.py", "2"], {}),
    "states": (["states.py"], NO_TENSORS),
    "recursion": (["recursion.py", "20"], NO_TENSORS),
    "values": (["values.py", "1000"], NO_TENSORS),
    "conditions": (["conditions.py", "2"], NO_TENSORS),
    "schedule": (["schedule.py", "8", "1"], NO_TENSORS),
    "memory": (["memory.py", "600000"], NO_TENSORS),
    "threads": (["threads.py", "500"], NO_TENSORS),
    "waits": (["waits.py", "2"], NO_TENSORS),
    "workers": (["workers.py", "24"], {}),
}
NEEDS = {"valgrind": "valgrind"}
# Limits of time are for a machine that does nothing else; rlang 1.1 does not always find its caller
# below frames of other threads.
LEFT_OUT = re.compile(r"wait|calls of rlang")


def run(words: list[str], environment: dict) -> subprocess.CompletedProcess:
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    command = [str(STRESS / words[0]), *words[1:]]
    if words[0].endswith(".py"):
        command.insert(0, sys.executable)
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, **environment, "PATH": path},
    )


def is_there(name: str) -> bool:
    return name not in NEEDS or shutil.which(NEEDS[name]) is not None


@pytest.fixture(scope="module")
def runs():
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(run, *SHORT[name]) for name in SHORT if is_there(name)}


def figures_of(done: subprocess.CompletedProcess) -> list[list[str]]:
    from report import figures_in

    rows = figures_in(done.stdout)
    assert rows, done.stdout[-5000:] + done.stderr[-5000:]
    return rows


@pytest.mark.parametrize("name", SHORT)
def test_each_figure_holds(runs, name):
    if not is_there(name):
        pytest.skip(f"{NEEDS[name]} is not installed")
    done = runs[name].result()
    failing = [row for row in figures_of(done) if row[-1] != "holds"]
    failing = [row for row in failing if not LEFT_OUT.search(row[0])]
    assert failing == [], done.stdout[-5000:] + done.stderr[-5000:]
    assert done.returncode in (0, 1)


def test_memory_does_not_grow_with_the_calls(runs):
    """malloc(16) lost in each entry is 6 MB here, and a leaked object shows in the counts."""
    text = runs["memory"].result().stdout
    growth, before, after = re.search(r": ([-+.\d]+) MB, ({.*}), ({.*})", text).groups()
    assert float(growth) < 3
    assert before == after


def test_crafted_files_run_no_code(runs):
    assert "0 code run, 26 refused" in runs["files"].result().stdout


# ---- the suite and its page ----------------------------------------------------------------------


@pytest.fixture
def suite():
    import suite

    return suite


@pytest.fixture
def program_of(suite, tmp_path, monkeypatch):
    """A program with this text, in a directory that stands for tests/stress."""
    monkeypatch.setattr(suite, "HERE", tmp_path)

    def make(text: str, name: str = "made.py", limit: int = 30):
        (tmp_path / name).write_text(text)
        return suite.Program(name, limit)

    return make


def test_the_figures_of_a_program_are_on_the_page(suite, program_of):
    program = program_of("print('FIGURE an item | 0 wrong | 0 wrong of 3 | holds')")
    done = suite.run(program)
    assert done.rows == [["an item", "0 wrong", "0 wrong of 3", "holds"]]
    text = suite.page([done], 60.0)
    assert "| an item | 0 wrong | 0 wrong of 3 | holds |" in text
    assert "2 of 2 items hold" in text


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("", "printed no figure"),
        ("print('FIGURE a | b | c | holds'); raise SystemExit(3)", "ended with status 3"),
        ("import os; os.abort()", "died by SIGABRT"),
    ],
)
def test_a_program_that_ends_badly_fails(suite, program_of, text, how):
    done = suite.run(program_of(text))
    assert done.rows[-1] == ["made.py", "ends well", how, "FAILS"]
    assert done.fails


def test_a_program_that_takes_too_long_is_ended_with_its_processes(suite, program_of):
    text = "import subprocess, time\nsubprocess.Popen(['sleep', '100'])\ntime.sleep(100)"
    done = suite.run(program_of(text, limit=2))
    assert done.rows == [["made.py", "ends well", "was ended after 2 s", "FAILS"]]
    assert done.seconds < 60


def test_a_program_that_is_not_there_fails(suite):
    done = suite.run(suite.Program("no_such.py", 30))
    assert done.rows == [["no_such.py", "ends well", "there is no such program", "FAILS"]]


def test_all_programs_of_the_directory_run(suite):
    """In the suite and, in a short size, here."""
    own = {"report", "suite"}
    there = {path.stem for path in STRESS.iterdir() if path.suffix in (".py", ".sh")} - own
    assert there <= {program.name.partition(".")[0] for program in suite.PROGRAMS}
    assert there - {"sanitizer"} <= set(SHORT)
