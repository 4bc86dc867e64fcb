"""Runs the stress programs and writes their figures: tests/stress/FIGURES.md.

    python tests/stress/suite.py [program...]

Without names it runs all of PROGRAMS and writes the page; with names it runs these and prints their
figures only. Two programs run at a time, but one whose figures are about time runs alone. An item
that fails is listed as failing, and so is a program that dies, exceeds its time or prints nothing.
Status 1 if anything fails.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from report import figures_in

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = HERE / "FIGURES.md"
TOGETHER = 2
LIMIT = 20 * 60  # seconds, of all


@dataclass(frozen=True)
class Program:
    """A program of this directory, the seconds after which it is ended, and what it needs."""

    name: str
    limit: int
    arguments: tuple[str, ...] = ()
    alone: bool = False  # its figures are about time
    environment: dict = field(default_factory=dict)  # what it needs beyond the caller's


# NumPy is the fastest to import, where no model is trained.
NO_TENSORS = {"KERAS_BACKEND": "numpy"}

# The long ones first, so that none is left to run by itself at the end.
PROGRAMS = [
    Program("real.py", 300),
    Program("workers.py", 300, ("150",)),
    Program("files.py", 300),
    Program("objects.py", 240),
    Program("exits.py", 240),
    Program("values.py", 180),
    Program("definitions.py", 180),
    Program("processes.py", 180),
    Program("recursion.py", 180, ("20",)),
    Program("conditions.py", 240, environment=NO_TENSORS),
    Program("circles.py", 120, environment=NO_TENSORS),
    Program("memory.py", 180, environment=NO_TENSORS),
    Program("gctorture.py", 240, ("1000",), environment=NO_TENSORS),
    Program("sanitizer.sh", 300, ("address",), environment=NO_TENSORS),
    Program("sanitizer.sh", 300, ("undefined",), environment=NO_TENSORS),
    Program("valgrind.sh", 240, ("100",), environment=NO_TENSORS),
    Program("states.py", 120),
    Program("threads.py", 60, environment=NO_TENSORS),
    Program("schedule.py", 720, ("600",), True, NO_TENSORS),
    Program("sigint.py", 240, alone=True),
    Program("waits.py", 120, ("20",), True, NO_TENSORS),
]


@dataclass
class Done:
    """How a program ended, with a row for each figure: item, aim, seen, `holds` or `FAILS`."""

    program: Program
    rows: list[list[str]]
    seconds: float
    output: str

    @property
    def fails(self) -> bool:
        return any(row[-1] != "holds" for row in self.rows)


def title(program: Program) -> str:
    """As it is called on the page."""
    return " ".join([program.name, *program.arguments])


def command_of(program: Program) -> list[str]:
    start = [sys.executable] if program.name.endswith(".py") else []
    return [*start, str(HERE / program.name), *program.arguments]


def end_group(process: subprocess.Popen) -> None:
    """End the program and all processes that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run(program: Program) -> Done:
    """Run it in a session of its own, so that all its processes can be ended with it."""
    start = time.monotonic()
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **program.environment}
    try:
        process = subprocess.Popen(
            command_of(program),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env=environment,
            cwd=ROOT,
        )
    except OSError as error:
        return Done(program, [row_of_failure(program, f"did not start: {error}")], 0.0, "")
    watch = threading.Timer(program.limit, end_group, [process])
    watch.start()
    output, _ = process.communicate()
    watch.cancel()
    end_group(process)
    seconds = time.monotonic() - start
    rows = figures_in(output)
    how = fault(program, process.returncode, rows, seconds)
    if how:
        rows.append(row_of_failure(program, how))
    return Done(program, rows, seconds, output)


def fault(program: Program, status: int, rows: list, seconds: float) -> str | None:
    """What is wrong with the program's end, besides the figures that it has printed."""
    if not (HERE / program.name).exists():
        return "there is no such program"
    if status == -signal.SIGKILL and seconds >= program.limit:
        return f"was ended after {program.limit} s"
    if status < 0:
        return f"died by {signal.Signals(-status).name}"
    if status and all(row[-1] == "holds" for row in rows):
        return f"ended with status {status}"
    return None if rows else "printed no figure"


def row_of_failure(program: Program, how: str) -> list[str]:
    return [title(program), "ends well", how, "FAILS"]


def say(done: Done) -> None:
    """Progress: the program, its time and its figures; the end of its output if it failed."""
    print(f"== {title(done.program)}: {done.seconds:.0f} s")
    for row in done.rows:
        print("   " + " | ".join(row))
    if done.fails:
        others = [line for line in done.output.splitlines() if not line.startswith("FIGURE ")]
        print("\n".join(f"     {line[:200]}" for line in others[-25:]))
    sys.stdout.flush()


def run_all(programs: list[Program]) -> list[Done]:
    """In the order of the table: those that may run beside another first."""
    found: dict[int, Done] = {}

    def run_one(program: Program) -> None:
        found[id(program)] = done = run(program)
        say(done)

    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(run_one, [program for program in programs if not program.alone]))
    for program in programs:
        if program.alone:
            run_one(program)
    return [found[id(program)] for program in programs]


# ---- the page ------------------------------------------------------------------------------------


def version_of_r() -> str:
    command = ["Rscript", "--vanilla", "-e", "cat(as.character(getRversion()))"]
    return subprocess.run(command, capture_output=True, text=True).stdout if has_rscript() else "?"


def has_rscript() -> bool:
    return shutil.which("Rscript") is not None


def page(results: list[Done], seconds: float) -> str:
    rows = [row for done in results for row in done.rows]
    total = ["all programs", "20 minutes", f"{seconds / 60:.1f} minutes"]
    rows.append([*total, "holds" if seconds < LIMIT else "FAILS"])
    failing = [row for row in rows if row[-1] != "holds"]
    load = os.getloadavg()[2]
    lines = [
        "# Figures of the stress programs",
        "",
        "Written by `make stress` (`tests/stress/suite.py`). An item that fails stands here, too.",
        "",
        f"R {version_of_r()}, Python {platform.python_version()}, {os.cpu_count()} cores "
        f"with a load of {load:.1f}. "
        f"{len(rows) - len(failing)} of {len(rows)} items hold.",
        "",
        "| item | aim | seen | |",
        "|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def chosen(names: list[str]) -> list[Program]:
    known = {program.name for program in PROGRAMS}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no such programs: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [program for program in PROGRAMS if not names or program.name in names]


def main(*names: str) -> int:
    start = time.monotonic()
    results = run_all(chosen(list(names)))
    text = page(results, time.monotonic() - start)
    if not names:
        PAGE.write_text(text)
    print("\n" + text, flush=True)
    return 1 if "| FAILS |" in text else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
