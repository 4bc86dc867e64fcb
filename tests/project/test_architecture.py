"""ARCHITECTURE.md is true of the tree: the rooms, the files it names, the files of the core."""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT
from support.rooms import ROOMS

PAGE = (ROOT / "ARCHITECTURE.md").read_text()
PLACES = [ROOT, ROOT / "pyclass_bridge", ROOT / "core"]


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading."""
    lines = (
        PAGE.partition(f"## {heading}")[2].partition("\n| ")[2].partition("\n\n")[0].splitlines()
    )
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines[2:]]


def test_the_rooms_are_those_of_the_order():
    rooms = [re.sub("[`/]", "", row[0]) for row in rows_of("The rooms")]
    assert ["_core" if room == "core" else room for room in rooms] == ROOMS


def files_in(text: str) -> set[str]:
    """The names of files in a text; those with a place to fill in are none."""
    return set(re.findall(r"`([\w/.*-]+?\.(?:py|R|c|h|md|Rmd|txt|toml))`", text))


@pytest.mark.parametrize("row", rows_of("The rooms"), ids=lambda row: row[0])
def test_the_files_of_a_room_are_in_it(row):
    room = re.sub("[`/]", "", row[0])
    for name in files_in(" ".join(row)):
        assert any((place / room / name).is_file() for place in PLACES), name


OF_THE_ROOMS = {name for row in rows_of("The rooms") for name in files_in(" ".join(row))}


@pytest.mark.parametrize("name", sorted(files_in(PAGE) - OF_THE_ROOMS))
def test_a_file_that_is_named_is_there(name):
    assert any(list(place.glob(name)) for place in PLACES)


def test_each_file_of_the_core_has_its_duty_told():
    told = {name for row in rows_of("The core") for name in re.findall(r"`(\w+\.[ch])`", row[0])}
    there = {path.name for path in (ROOT / "core").glob("*.c")}
    assert told - {"core.h", "r_api.h", "py_api.h"} == there


def test_the_glossary_is_of_some_twenty_words():
    words = [row[0] for row in rows_of("The words")]
    assert 18 <= len(words) <= 28 and len(set(words)) == len(words)
