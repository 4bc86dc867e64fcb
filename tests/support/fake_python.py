"""Programs that answer as a Python does when R asks what it is (start/probe.py), and that make
environments and run pip in appearance only.
"""

from __future__ import annotations

from pathlib import Path

from pyclass_bridge.start import embed
from support.paths import ROOT

VERSION = next(
    line.split()[1]
    for line in (ROOT / "DESCRIPTION").read_text().splitlines()
    if line.startswith("Version:")
)
BASE = {
    "version": "3.11.1",
    "implementation": "cpython",
    "prefix": "/fake",
    "library": "/fake/libpython3.11.so",
    "venv": "yes",
    "headers": "yes",
}
WHOLE = {
    **BASE,
    "package": VERSION,
    "folder": "/fake/pyclass_bridge",
    "core": embed.locate_r().version,
}

# `asked` has the lines of the commands; with a file `broken` pip fails. What pip installs is in
# `whole`, the facts of the Python afterwards.
PROGRAM = """\
#!/bin/sh
here=$(dirname "$0")
shared={shared}
echo "$*" >>"$shared/asked"
case "$*" in
  *probe.py*)
    cat "$here/facts"
    while [ $# -gt 1 ]; do
      shift
      grep -qx "$1" "$shared/installed" || echo "lacks=$1"
    done ;;
  "-m venv "*)
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python3" && cp "$here/facts" "$3/bin/facts" ;;
  *"install --progress-bar raw"*)
    echo "  Downloading something.whl (200 MB)"
    for n in 50 100 200; do echo "Progress ${{n}}000000 of 200000000"; done
    if [ -e "$shared/broken" ]; then echo "no such wheel"; exit 3; fi
    for word in "$@"; do echo "$word" >>"$shared/installed"; done
    echo keras >>"$shared/installed"
    cp "$shared/whole" "$here/facts" ;;
esac
"""


def fake_python(path: Path, shared: Path | None = None, **facts: str) -> Path:
    """Write a program at `path` that has these facts; `shared` is where programs of one kind keep
    what they were asked."""
    shared = shared or path.parent
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PROGRAM.format(shared=shared))
    path.chmod(0o755)
    (path.parent / "facts").write_text(lines(facts))
    (shared / "whole").write_text(lines(WHOLE))
    (shared / "installed").touch()
    return path


def lines(facts: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in facts.items())
