"""Two definitions have one hash if and only if they do the same: code, values and classes that they
reach.
"""

from __future__ import annotations

import pytest

import pyclass_bridge
from pyclass_bridge.travel.definitions import hash_of_class

PARTS = {
    "value": "by <- 2",
    "helper": "help <- function(x) x * by",
    "base": "Base %py_class% { m <- function() help(1) }",
    "class": "Sub(Base) %py_class% { n <- function() self$m() + box$v; u <- 1 }",
    "environment": "box <- list2env(list(v = 1))",
    "object": "seen <- py_eval('{1: 2}', convert = FALSE); g <- function() seen",
}
OTHERS = {
    "value": "by <- 3",
    "helper": "help <- function(x) x + by",
    "base": "Base %py_class% { m <- function() help(2) }",
    "class": "Sub(Base) %py_class% { n <- function() self$m() + box$v; u <- 2 }",
    "environment": "box <- list2env(list(v = 2))",
    "class of an environment": "box <- structure(list2env(list(v = 1)), class = 'box')",
}
PLACE = {"class of an environment": "environment"}  # where it stands among PARTS


def hashed(tmp_path, directory: str, parts: dict) -> str:
    file = tmp_path / directory / "hashed.R"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(parts.values()))
    return hash_of_class(pyclass_bridge.source(file).Sub)


def test_a_file_has_one_hash_wherever_it_is(tmp_path):
    assert hashed(tmp_path, "a", PARTS) == hashed(tmp_path, "b", PARTS)


def test_a_hash_is_that_of_the_content_not_of_what_has_run(tmp_path):
    file = tmp_path / "hashed.R"
    file.write_text("\n".join(PARTS.values()))
    cls = pyclass_bridge.source(file).Sub
    before = hash_of_class(cls)
    for _ in range(5):  # R compiles it
        assert cls().n() == 3
    assert hash_of_class(cls) == before


@pytest.mark.parametrize("part", OTHERS)
def test_what_makes_a_difference_is_in_the_hash(tmp_path, part):
    one, other = (
        hashed(tmp_path, "a", PARTS),
        hashed(tmp_path, "b", PARTS | {PLACE.get(part, part): OTHERS[part]}),
    )
    assert one != other


def test_what_is_not_reached_makes_none(tmp_path):
    one = hashed(tmp_path, "a", PARTS)
    assert one == hashed(tmp_path, "b", PARTS | {"more": "unused <- 1"})


def test_a_long_line_of_classes_takes_no_time():
    pyclass_bridge.r("Line0 %py_class% { m <- function() 0 }")
    for i in range(1, 12):
        pyclass_bridge.r(f"Line{i}(Line{i - 1}) %py_class% {{ m <- function() super$m() + 1 }}")
    import pickle

    assert pickle.loads(pickle.dumps(pyclass_bridge.r("Line11")())).m() == 11
    pyclass_bridge.r("rm(list = paste0('Line', 0:11))")


def test_python_objects_that_a_class_reaches_leave_its_hash_alone():
    """A dict that has no pickle, and a layer of Keras, whose pickle has the time in it."""
    import threading
    import time

    pyclass_bridge.r(
        "holds <- py_eval('{}', convert = FALSE); scale <- layer_dense(units = 2)\n"
        "Reaches %py_class% { m <- function() list(holds, scale) }"
    )
    cls = pyclass_bridge.r("Reaches")
    pyclass_bridge.r("function(lock) holds$update(dict(lock = lock))")(threading.Lock())
    first = hash_of_class(cls)
    time.sleep(2.1)  # archives count two seconds
    assert hash_of_class(cls) == first
    pyclass_bridge.r("scale <- layer_dense(units = 3)")
    assert hash_of_class(cls) != first
    pyclass_bridge.r("rm(holds, scale, Reaches)")
