"""Values cross as users of reticulate know them: the snippets of tests/reticulate, run by this
package, give what reticulate itself has given.

Of: values/table.py, values/convert.py, values/request.py.

Its answers are recorded in `tests/snapshots/reticulate_*.txt` by `make judge`, which runs
reticulate on Debian sid. Where the installed reticulate is as new as that, as on sid in `make
matrix`, it runs here too and must still give what is recorded. A snippet with a line "#! reason"
differs on purpose, and this package's answer is in `tests/snapshots/differs_*.txt`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from support.error_texts import check
from support.paths import SNAPSHOTS, TESTS

import pyclass_bridge

SNIPPETS = sorted(p for p in (TESTS / "reticulate").glob("*.R") if p.stem != "judge")
JUDGE = TESTS / "reticulate" / "judge.R"
RECORDED_BY = "1.47.0"


def answers(text: str) -> dict[str, str]:
    parts = re.split(r"^#- (.*)\n", text, flags=re.MULTILINE)[1:]
    return {title: answer.strip() for title, answer in zip(parts[::2], parts[1::2], strict=True)}


def reasons(file) -> dict[str, str]:
    """Why this package differs, of each snippet that says so."""
    lines = {
        t: re.findall(r"^#! (.*)", s, re.MULTILINE) for t, s in answers(file.read_text()).items()
    }
    return {title: " ".join(found) for title, found in lines.items() if found}


def snapshot(file):
    return SNAPSHOTS / f"reticulate_{file.stem}.txt"


def given(file, tmp_path) -> dict[str, str]:
    """The answers of this package, in this process."""
    answered = tmp_path / "answers.txt"
    pyclass_bridge.r(f"local({{ source('{JUDGE}', local = TRUE); main('{file}', '{answered}') }})")
    return answers(answered.read_text())


@pytest.mark.parametrize("file", SNIPPETS, ids=lambda file: file.stem)
def test_snippets_give_what_reticulate_gives(file, tmp_path):
    theirs, ours = answers(snapshot(file).read_text()), given(file, tmp_path)
    differs = reasons(file)
    assert list(theirs) == list(ours), "the snippets have changed: make judge"
    alike = [title for title in theirs if title not in differs]
    assert {t: ours[t] for t in alike} == {t: theirs[t] for t in alike}
    for title in differs:
        assert ours[title] != theirs[title], f"{title}: the reason is no longer true"
    check(f"differs_{file.stem}", {t: f"{why}\nhere: {ours[t]}" for t, why in differs.items()})


def reticulate_is_as_new() -> bool:
    rscript = shutil.which("Rscript")
    code = f"cat(packageVersion('reticulate') >= '{RECORDED_BY}')"
    done = rscript and subprocess.run([rscript, "-e", code], capture_output=True, text=True)
    return bool(done) and done.stdout == "TRUE"


@pytest.mark.parametrize("file", SNIPPETS, ids=lambda file: file.stem)
def test_reticulate_still_gives_what_is_recorded(file, tmp_path):
    if not reticulate_is_as_new():
        pytest.skip(f"reticulate {RECORDED_BY} is not installed: Debian sid has it")
    answered = tmp_path / "answers.txt"
    done = subprocess.run(
        ["Rscript", str(JUDGE), str(file), str(answered)],
        env={**os.environ, "RETICULATE_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    given_now = answered.read_text()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot(file).write_text(given_now)
    assert answers(given_now) == answers(snapshot(file).read_text())
