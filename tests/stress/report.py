"""The figures of the stress programs: what was aimed at, what was seen, and whether it holds.

A program calls `figure()` for each item of its own and ends with `sys.exit(status())`. The lines
that begin with FIGURE are read by tests/stress/suite.py, which writes FIGURES.md.
"""

from __future__ import annotations

PREFIX = "FIGURE"
_failing: list[str] = []


def figure(item: str, aim: str, seen: str, holds: bool) -> None:
    """Prints the line of one item. An item that fails is printed like any other."""
    if not holds:
        _failing.append(item)
    cells = (item, aim, seen, "holds" if holds else "FAILS")
    print(PREFIX, " | ".join(cell.replace("|", "/") for cell in cells), flush=True)


def figures_in(output: str) -> list[list[str]]:
    """The rows of a program's output: item, aim, seen, and `holds` or `FAILS`."""
    lines = (line for line in output.splitlines() if line.startswith(f"{PREFIX} "))
    return [line[len(PREFIX) + 1 :].split(" | ") for line in lines]


def status() -> int:
    """The exit status of a program: 1 if an item has failed."""
    return 1 if _failing else 0
