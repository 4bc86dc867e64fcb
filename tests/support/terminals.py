"""A script that trains a small model, and what a terminal shows of its progress."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

RUN = [sys.executable, "-m", "pyclass_bridge", "run"]
MODEL = """\
x <- matrix(rnorm(4000), ncol = 4)
y <- rowSums(x)
model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
model |> compile(loss = "mse", metrics = "mae")
"""


def assert_lines(text: str, patterns: list[str]) -> None:
    lines = [line.rstrip() for line in text.rstrip().split("\n")]
    assert len(lines) == len(patterns), text
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(pattern, line), (line, pattern)


def in_terminal(words, cwd) -> str:
    """All that a command writes to a terminal of its own."""
    master, slave = pty.openpty()
    child = subprocess.Popen([*RUN, *words], stdout=slave, stderr=subprocess.DEVNULL, cwd=cwd)
    os.close(slave)
    seen = b""
    try:
        while data := os.read(master, 65536):
            seen += data
    except OSError:  # the terminal's other end is closed
        pass
    os.close(master)
    assert child.wait(timeout=60) == 0
    return seen.decode().replace("\r\n", "\n")


def screen(text: str) -> str:
    """What a terminal shows of it in the end: each line is drawn over from its start."""
    shown = []
    for line in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n"):
        cells, at = [], 0
        for character in line:
            if character in "\r\b":
                at = 0 if character == "\r" else max(at - 1, 0)
            else:
                cells[at : at + 1] = character
                at += 1
        shown.append("".join(cells))
    return "\n".join(shown)
