"""Texts of errors as snapshots: `check("name", {case: text})` compares with snapshots/name.txt.

UPDATE_SNAPSHOTS=1 writes the file anew; read the difference before it is kept.
"""

from __future__ import annotations

import os
import re

from support.paths import SNAPSHOTS


def check(name: str, texts: dict[str, str]) -> None:
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text("\n".join(f"== {case}\n{text}\n" for case, text in texts.items()))
    parts = re.split(r"^== (.*)\n", file.read_text(), flags=re.MULTILINE)[1:]
    kept = {case: text.strip() for case, text in zip(parts[::2], parts[1::2], strict=True)}
    assert texts == kept
