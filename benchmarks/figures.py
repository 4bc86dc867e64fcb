"""The figures of one R, and the table of several in FIGURES.md.

    python benchmarks/figures.py collect FILE.json    measure what depends on R, on this R
    python benchmarks/figures.py write FILE.json ...  write the table, a column for each file

`make matrix ARGS=bench` does both, for the R of this machine, of Debian 13 and of sid.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "FIGURES.md"
BEGIN, END = "<!-- by figures.py -->\n", "<!-- end -->\n"
# What depends on R, each with its arguments.
SCRIPTS = (
    ("hooks.py",),
    ("attribute.py",),
    ("collect.py",),
    ("memory.py",),
    ("preserve.py",),
    ("definition.py",),
    ("startup.py",),
)
THREADS = HERE.parent / "tests" / "stress" / "threads.py"


def collect(target: Path) -> None:
    """Run the benchmarks on this R; what they print goes on to the terminal, too."""
    import pyclass_bridge

    with tempfile.TemporaryDirectory() as directory:
        rows_file = Path(directory, "rows")
        environment = {**os.environ, "PYCLASS_BRIDGE_FIGURES": str(rows_file)}
        for script, *words in SCRIPTS:
            command = [sys.executable, script, *words]
            subprocess.run(command, check=True, cwd=HERE, env=environment)
        tables = [json.loads(line) for line in rows_file.read_text().splitlines()]
    done = subprocess.run([sys.executable, THREADS], capture_output=True, text=True)
    print(done.stdout)
    target.write_text(
        json.dumps(
            {
                "r": pyclass_bridge.r("paste(R.version$major, R.version$minor, sep = '.')"),
                "python": platform.python_version(),
                "tables": tables,
                "threads": done.stdout.strip().splitlines()[-1],
            }
        )
    )


def cells(figures: dict) -> dict[tuple[str, str], tuple[str, str]]:
    """{(table, row): (target, figure)} of one R; the figure is its ratio where there is one."""
    found = {}
    for table in figures["tables"]:
        for name, *values, target in table["rows"][1:]:
            figure = ", ".join(value for value in values if value)
            found[table["title"], name.strip()] = (target, figure)
    calls, _, rest = figures["threads"].partition(", ")
    found["8 threads at once", calls] = ("0 wrong", rest.rpartition(", ")[0])
    return found


def write(files: list[Path]) -> None:
    """Put the table between its marks in FIGURES.md."""
    columns = [json.loads(file.read_text()) for file in files]
    names = [f"R {column['r']}, Python {column['python']}" for column in columns]
    all_cells = [cells(column) for column in columns]
    keys = list(dict.fromkeys(key for column in all_cells for key in column))
    lines = [f"| what | {' | '.join(names)} | target |", "|---" * (len(names) + 2) + "|"]
    title_before = None
    for title, name in keys:
        if title != title_before:
            lines.append(f"| **{title}** |{' |' * (len(names) + 1)}")
            title_before = title
        found = [column.get((title, name), ("", "")) for column in all_cells]
        target = next((target for target, _ in found if target), "")
        lines.append(f"| {name} | {' | '.join(figure for _, figure in found)} | {target} |")
    text = FIGURES.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    FIGURES.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + after)
    print(f"wrote the table of {len(names)} R into {FIGURES}")


def main() -> None:
    usage = __doc__.partition("\n\n")[2].rpartition("\n\n")[0]
    command, *files = sys.argv[1:] or [""]
    if command == "collect" and len(files) == 1:
        collect(Path(files[0]))
    elif command == "write" and files:
        write([Path(file) for file in files])
    else:
        sys.exit(f"usage:\n{usage}")


if __name__ == "__main__":
    main()
