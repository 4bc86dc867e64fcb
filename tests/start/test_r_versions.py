"""One table of R's versions: what is installed for an R loads into it."""

import itertools

import pytest
from packaging.requirements import Requirement

from pyclass_bridge.start import r_versions

FIRST_KIND = ("rpy2==3.6.5", "rpy2-rinterface>=3.6.4,<3.6.6")
CURRENT = ("rpy2==3.6.9", "rpy2-rinterface==3.6.7")
SERIES = ["4.1.0", "4.2.2", "4.4.3", "4.5.0", "4.6.2", "4.7.0", "5.0.1"]


@pytest.mark.parametrize(
    ("r", "requirements"),
    [
        ("4.0.5", FIRST_KIND),
        ("4.1.0", FIRST_KIND),
        ("4.2.2", FIRST_KIND),
        ("4.4.3", FIRST_KIND),
        ("4.5.0", CURRENT),
        ("4.6.0", CURRENT),
        ("4.7.0", CURRENT),
    ],
)
def test_what_an_r_gets(r, requirements):
    assert r_versions.rpy2_for(r).requirements == requirements


@pytest.mark.parametrize(
    ("rinterface", "loading"),
    [
        ("3.6.3", []),
        ("3.6.4", ["4.1.0", "4.2.2", "4.4.3", "4.5.0"]),
        ("3.6.5", ["4.1.0", "4.2.2", "4.4.3", "4.5.0"]),
        ("3.6.6", ["4.5.0"]),
        ("3.6.7", ["4.5.0", "4.6.2", "4.7.0", "5.0.1"]),
        ("3.7.1", ["4.5.0", "4.6.2", "4.7.0", "5.0.1"]),
    ],
)
def test_which_r_a_rinterface_loads_into(rinterface, loading):
    assert [r for r in SERIES if r_versions.loads(rinterface, r)] == loading


@pytest.mark.parametrize("row", r_versions.RPY2, ids=lambda row: r_versions.dotted(row.since))
def test_what_is_installed_loads(row):
    rpy2, rinterface = map(Requirement, row.requirements)
    assert (rpy2.name, rinterface.name) == ("rpy2", "rpy2-rinterface")
    releases = [f"3.{minor}.{patch}" for minor, patch in itertools.product((5, 6, 7), range(20))]
    fitting = list(rinterface.specifier.filter(releases))
    assert fitting
    assert all(r_versions.loads(version, r_versions.dotted(row.since)) for version in fitting)


@pytest.mark.parametrize(
    ("r", "is_untested"),
    [("4.1.3", False), ("4.2.2", False), ("4.6.9", False), ("4.7.0", True), ("5.0.0", True)],
)
def test_an_r_newer_than_those_that_are_tested_is_told(r, is_untested):
    said = r_versions.untested(r)
    assert (said is not None) == is_untested
    if said:
        assert said == "newer than what pyclass_bridge is tested with, which is R 4.2 to 4.6"


def test_the_words_of_a_shell_command():
    assert r_versions.rpy2_words("4.2.2") == '"rpy2==3.6.5" "rpy2-rinterface>=3.6.4,<3.6.6"'


def test_the_versions_that_load_in_words():
    assert r_versions.loading("4.2.2") == "3.6.4 or newer, but older than 3.6.6"
    assert r_versions.loading("4.6.0") == "3.6.7 or newer"


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("3.6.5", (3, 6, 5)),
        ("3.6.5.post1", (3, 6, 5)),
        ("3.6.6rc1", (3, 6, 6)),
        ("4.2", (4, 2)),
        ("not installed", ()),
    ],
)
def test_release_reads_the_leading_numbers(version, numbers):
    assert r_versions.release(version) == numbers
