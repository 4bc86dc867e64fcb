"""Runs the type checkers in strict mode. They are among the test extras; pyright is a program of
Node that its Python package downloads at its first use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import ROOT


def program(name: str) -> str:
    """The path of a type checker; the test is skipped where it is not installed."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install 'pyclass-bridge[test]'")
    return found


def mypy(*files: Path, cwd: Path, path: Path = ROOT, options=()) -> str:
    """What `mypy --strict` says of files; "" if it has nothing to say."""
    cache = f"--cache-dir={cwd / '.mypy_cache'}"
    words = [program("mypy"), "--strict", "--no-error-summary", cache, *options]
    words += ["--python-executable", sys.executable]
    return said(words + list(map(str, files)), cwd, MYPYPATH=str(path))


def pyright(*files: Path, cwd: Path) -> str:
    """The errors of pyright in its strict mode for files in `cwd`, one a line."""
    words = [program("pyright"), "--outputjson", "--pythonpath", sys.executable]
    try:
        subprocess.run([words[0], "--version"], check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("pyright can't download its program of Node")
    config = {"typeCheckingMode": "strict", "include": [file.name for file in files]}
    (cwd / "pyrightconfig.json").write_text(json.dumps(config))
    report = json.loads(said([*words, "-p", str(cwd)], cwd))
    errors = [d for d in report["generalDiagnostics"] if d["severity"] == "error"]
    assert report["summary"]["filesAnalyzed"] >= len(files)
    return "\n".join(
        f"{d['file']}:{d['range']['start']['line'] + 1} {d['message']}" for d in errors
    )


def said(words: list[str], cwd: Path, **variables: str) -> str:
    env = {**os.environ, **variables}
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=env, timeout=300)
    return done.stdout + done.stderr
