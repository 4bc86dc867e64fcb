"""The tests of the rooms hold where R hosts Python, too: each group runs in an Rscript.

Left out are those that say something of Python as the host (support/hosts.py lists them).
"""

from __future__ import annotations

import re

import pytest
from support.hosts import OF_PYTHON_HOSTS, r_hosts
from support.paths import TESTS
from support.r_host import run_tests_in_r

# These run processes of their own, which Python hosts, or look at sources.
OF_CORE = ["entry_turns", "exits", "fork", "host", "host_end", "interrupt", "layers", "r_api"]
ELSEWHERE = {
    "bridge/test_random_seed.py",
    "for_r/test_environ.py",
    "core/test_stress.py",
    *(f"core/test_{stem}.py" for stem in OF_CORE),
}


def modules(room: str) -> list[str]:
    """The test modules of a room that run in this process."""
    names = [f"{room}/{path.name}" for path in sorted((TESTS / room).glob("test_*.py"))]
    return [f"tests/{name}" for name in names if name not in ELSEWHERE]


GROUPS = {
    "bridge": modules("bridge"),
    "core": modules("core"),
    "values": modules("values"),
    "classes": [*modules("classes"), *modules("travel"), "tests/testthat"],
    "for_r": [*modules("for_r"), "tests/project/test_seeds.py"],
    "imports": modules("imports"),
    "examples": ["tests/project/test_keras_scripts.py"],
}


@pytest.mark.runs_tests
@pytest.mark.skipif(r_hosts(), reason="R hosts this process already")
@pytest.mark.parametrize("words", GROUPS.values(), ids=GROUPS)
def test_they_pass_where_r_hosts(words):
    done = run_tests_in_r("-q", "-p", "no:cacheprovider", "--tb=short", *words)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 20


@pytest.mark.parametrize("name", [n for names in OF_PYTHON_HOSTS.values() for n in names])
def test_what_is_left_out_is_there(name):
    path, _, test = name.partition("::")
    assert f"def {test}" in (TESTS / path).read_text()
