"""The table of values: every row, both ways, in a call, kept in an attribute, and on request.

The examples are the table's own (`values/table.py`). The core's fast rows and the general ways
must give the same.

Also of: values/convert.py, values/request.py, values/rows_to_python.py, values/rows_to_r.py,
values/rows_of_libraries.py, values/rows_request.py, R/values_convert.R,
core/convert_to_python.c, core/convert_to_r.c.
"""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import pathlib
import re
import threading
import time
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from support.paths import ROOT
from support.same import same

import pyclass_bridge
from pyclass_bridge import _core
from pyclass_bridge.values.handle import RObject
from pyclass_bridge.values.table import (
    HANDLE,
    ON_REQUEST,
    PYTHON_TO_R,
    R_TO_PYTHON,
    markdown,
)


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


Pair = collections.namedtuple("Pair", "a b")


@dataclasses.dataclass
class Record:
    a: int


class Text(str):
    pass


class Number(float):
    pass


class Items(list):
    pass


def offset(hours: float) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(hours=hours))


NAMES = {
    "ZoneInfo": ZoneInfo,
    "Colour": Colour,
    "Level": Level,
    "Pair": Pair,
    "Record": Record,
    "Text": Text,
    "Number": Number,
    "Items": Items,
    "offset": offset,
    "array": array,
    "pathlib": pathlib,
    "collections": collections,
    "datetime": datetime,
    "decimal": decimal,
    "fractions": fractions,
    "np": np,
    "pd": pd,
    "r": pyclass_bridge.r,
    "sparse": sparse,
}


def value_of(code: str):
    return eval(code, dict(NAMES))


def examples(rows):
    return [
        pytest.param(row, *example, id=f"{example[0]}") for row in rows for example in row.examples
    ]


def raw(code: str) -> RObject:
    """The R value of the code, whatever it is, as a handle."""
    return _core.evaluate(code)


def identical(a, b) -> bool:
    """R's identical() of two handles."""
    return pyclass_bridge.r("function(a, b) identical(a(), b())")(lambda: a, lambda: b)


@pytest.fixture(scope="module")
def box():
    """An instance of an R-defined class, and the R functions that keep a value in it."""
    return pyclass_bridge.r(
        """
        Box %py_class% { held <- NULL }
        box <- Box()
        list(
          box = box,
          keep = function(code) {
            v <- eval(parse(text = code, keep.source = FALSE, encoding = "UTF-8"))
            box$held <- v
            identical(box$held, v)
          },
          held = function() box$held
        )
        """
    )


# ---- R to Python -------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "code", "expected"), examples(R_TO_PYTHON))
def test_r_value_in_a_call(row, code, expected):
    value = _core.to_python(raw(code))
    if expected is None:
        assert isinstance(value, RObject)
        assert identical(value, raw(code)) or any(text in code for text in ("env", "lm", "R6"))
    elif expected == "function":
        assert callable(value) and not isinstance(value, RObject)
    else:
        assert same(value, value_of(expected))


@pytest.mark.parametrize(("row", "code", "expected"), examples(R_TO_PYTHON))
def test_r_value_passed_back(row, code, expected):
    value = raw(code)
    back = _core.to_r(_core.to_python(value))
    assert row.lossless is None or (back == value) == row.lossless


@pytest.mark.parametrize(("row", "code", "expected"), examples(R_TO_PYTHON))
def test_r_value_kept_in_an_attribute_comes_back_identical(row, code, expected, box):
    assert box["keep"](code) is True
    if row.stored == HANDLE:
        assert isinstance(box["box"].held, RObject)
    assert _core.to_r(_core.to_python(value := raw(code), True)) == value


@pytest.mark.parametrize(("row", "code", "expected"), examples(R_TO_PYTHON))
def test_r_value_in_containers_is_kept(row, code, expected, box):
    assert box["keep"](f"list({code})")
    assert box["keep"](f"list(a = list({code}, {code}), b = {code})")


def test_fast_rows_of_the_door_are_the_table(box):
    for row in R_TO_PYTHON:
        for code, _ in row.examples:
            value = raw(code)
            given = []
            pyclass_bridge.r("function(f, x) f(x())")(given.append, lambda value=value: value)
            general = _core.to_python(value)
            assert callable(general) or same(given, [general]), code


# ---- Python to R -------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "code", "expected"), examples(PYTHON_TO_R))
def test_python_value_in_r(row, code, expected):
    value = value_of(code)
    made = _core.to_r(value)
    if expected is None:
        assert pyclass_bridge.r("function(x) is_py_object(x())")(lambda: made)
        assert _core.to_python(made) is value
    else:
        assert made == raw(expected)
        assert made.typeof == raw(expected).typeof


@pytest.mark.parametrize(("row", "code", "expected"), examples(PYTHON_TO_R))
def test_python_value_comes_back(row, code, expected, box):
    value = value_of(code)
    back = _core.to_python(_core.to_r(value))
    if row.lossless is None:
        return
    if not row.lossless:
        assert not same(back, value)
    elif expected is None:
        assert back is value
    else:
        assert same(back, value) or callable(value)


@pytest.mark.parametrize(("row", "code", "expected"), examples(PYTHON_TO_R))
def test_python_value_by_each_way_is_the_same(row, code, expected, box):
    """As an argument, as a result, as an attribute that R reads, in a list and in a dict."""
    value = value_of(code)
    alone = _core.to_r(value)
    box["box"].held = value
    assert pyclass_bridge.r("function(x) list(x)")(value)[0] is value
    ways = [
        pyclass_bridge.r("function(f) list(f())")(lambda: value),
        pyclass_bridge.r("function(get) list(get())")(box["held"]),
    ]
    assert code == "r('sum')" or all(same(way, ways[0]) for way in ways[1:])
    inside = pyclass_bridge.r("function(x, y) identical(x[[1]], y()) || is_py_object(y())")
    assert inside([value], lambda: alone)
    assert inside({"a": value}, lambda: alone)
    box["box"].held = None


def test_subclass_of_ndarray_and_lists_of_numpy_scalars():
    assert same(_core.to_python(_core.to_r([np.float32(1), np.int8(2)])), [1.0, 2])


# ---- what no example can show --------------------------------------------------------------------


def test_a_container_that_holds_itself_is_an_error():
    cycle = []
    cycle.append(cycle)
    loop = {}
    loop["a"] = (loop,)
    for value in (cycle, loop):
        with pytest.raises(RecursionError, match="holds itself or is nested more than 500 deep"):
            _core.to_r(value)
    cycle.clear()
    loop.clear()


def test_deep_r_lists_stay_whole(box):
    assert box["keep"]("local({ x <- list(1, 'a'); for (i in 1:3000) x <- list(x, i); x })")


def test_deep_python_lists_come_back():
    value = [1, 2]
    for _ in range(400):
        value = [value, "a"]
    assert _core.to_python(_core.to_r(value)) == value


def test_containers_that_change_meanwhile_are_an_error_not_a_crash():
    """A NumPy scalar is converted by Python code, in which another thread can take the GIL."""
    changing = {"a": np.float32(1), "b": [np.float32(2)] * 50, "c": np.float32(3)}
    stop = threading.Event()

    def change():
        while not stop.is_set():
            changing["b"] = [np.float32(time.time())] * 50
            changing["d"] = object()
            del changing["d"]

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            try:
                assert _core.to_r(changing).typeof == "list"
            except RuntimeError as error:
                assert "changed while it was converted" in str(error)
    finally:
        stop.set()
        thread.join()


def test_an_array_of_r_is_read_only():
    value = raw("matrix(c(1, 2), 1)")
    array = _core.to_python(value)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 9
    own = array.copy()
    own[0, 0] = 9
    assert value == raw("matrix(c(1, 2), 1)")


def test_an_array_in_python_does_not_change_with_r(box):
    array = np.array([[1.0, 2.0]])
    made = _core.to_r(array)
    array[0, 0] = 9
    assert made == raw("matrix(c(1, 2), 1)")


def test_altrep_vectors(box):
    for code in ("1:1000", "seq(2, 2000, by = 2)", "rev(1:10)", "as.character(1:10)", "sort(10:1)"):
        assert box["keep"](code)


def test_text_of_another_locale(box):
    code = "iconv('\\u00e9<e9>', 'UTF-8', 'latin1')"
    assert _core.to_python(raw(code)) == "\u00e9<e9>"
    assert box["keep"](code)


def test_huge_vectors_are_fast(box):
    """A million elements as a Python list: of the order of 0.1 s, both ways."""
    begin = time.perf_counter()
    for code in ("as.numeric(1:1e6)", "1:1000000", "as.character(1:1e6)", "raw(1e6)"):
        assert box["keep"](code)
    assert box["keep"]("matrix(as.numeric(1:1e6), 1000)")
    assert time.perf_counter() - begin < 10
    box["box"].held = None


def test_objects_that_answer_to_any_name_are_proxies():
    class Anything:
        def __getattr__(self, name):
            raise AssertionError(f"{name} was read")

    assert _core.to_r(Anything()).typeof == "externalptr"


def test_a_users_r_to_py_method_decides_in_calls_only(box):
    pyclass_bridge.r(
        """
        r_to_py.money_of_test <- function(x, convert = FALSE) list(amount = unclass(x))
        """
    )
    code = "structure(5, class = 'money_of_test')"
    assert _core.to_python(raw(code)) == {"amount": 5.0}
    assert raw(code).to_python() == {"amount": 5.0}
    assert box["keep"](code)
    pyclass_bridge.r("rm(r_to_py.money_of_test, envir = globalenv())")
    assert _core.to_python(raw(code)) == 5.0


def test_a_registered_r_to_py_method_decides_too():
    pyclass_bridge.r(
        "registerS3method('r_to_py', 'registered_of_test', function(x, convert) 7L,"
        " asNamespace('pyclassbridge'))"
    )
    assert _core.to_python(raw("structure(5, class = 'registered_of_test')")) == 7


def test_an_error_in_a_users_method_is_that_error():
    pyclass_bridge.r("r_to_py.bad_of_test <- function(x, convert = FALSE) stop('no rate')")
    with pytest.raises(pyclass_bridge.RError, match="no rate"):
        _core.to_python(raw("structure(5, class = 'bad_of_test')"))
    pyclass_bridge.r("rm(r_to_py.bad_of_test, envir = globalenv())")


@pytest.mark.parametrize(
    "code",
    [
        "R6::R6Class('A', list(x = 1))$new()",
        "tibble::tibble(a = 1:2, b = list(1, 'x'))",
        "methods::new('externalptr')",
        "local({ methods::setClass('P', methods::representation(x = 'list')); "
        "methods::new('P', x = list(1, 2)) })",
        "globalenv()",
        "lm(dist ~ speed, cars)",
        "function(x) x",
        "structure(1:3, class = c('a', 'b'), extra = sum)",
        "as.POSIXct('2024-10-27 02:30', tz = 'Europe/Berlin') + 0:1",
        "Sys.time()",
        "as.POSIXct(c(0, NA), origin = '1970-01-01', tz = 'Pacific/Chatham')",
        "as.POSIXlt(Sys.time())",
        "factor(character(), levels = c('b', 'a'))",
        "numeric_version('1.2.3')",
        "table(c('a', 'b'))",
        "ts(1:4, start = 2020, frequency = 4)",
        "array(1:4, 4, dimnames = list(letters[1:4]))",
        "pairlist(a = 1, 2)",
    ],
)
def test_objects_are_kept(code, box):
    assert box["keep"](code)


def test_scaled_matrices_cross(r):
    shape = r("function(f) f(scale(matrix(1:6 + 0, 3)))")(lambda a: a.shape)
    assert shape == [3, 2]


# ---- on request --------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "code", "expected"), examples(ON_REQUEST))
def test_on_request(row, code, expected):
    value = raw(code)
    if expected is None:
        with pytest.raises(TypeError, match="no Python counterpart"):
            value.to_python()
    else:
        assert same(value.to_python(), value_of(expected))


def test_r_s_own_generics_convert_python_s_objects():
    frame = pd.DataFrame({"a": [1, 2]})
    assert pyclass_bridge.r("function(x) nrow(as.data.frame(x))")(frame) == 2
    days = pyclass_bridge.r("function(x) format(as.Date(x), '%Y')")(datetime.date(2024, 2, 29))
    assert days == "2024"
    with pytest.raises(pyclass_bridge.RError, match="has no R value"):
        pyclass_bridge.r("function(x) as.data.frame(x)")(object())


# ---- where a rule is ---------------------------------------------------------------------------


@pytest.mark.parametrize("row", [*R_TO_PYTHON, *PYTHON_TO_R, *ON_REQUEST], ids=lambda row: row[0])
def test_a_row_says_where_its_rule_is(row):
    file, function = row.where.split(": ")
    place = ROOT if file.startswith("core/") else ROOT / "pyclass_bridge"
    assert re.search(rf"^(def |\S.*\W){function}\(", (place / file).read_text(), re.MULTILINE)


# ---- the docs page -----------------------------------------------------------------------------


def test_markdown_has_a_line_for_each_row():
    for rows in (R_TO_PYTHON, PYTHON_TO_R, ON_REQUEST):
        lines = markdown(rows).splitlines()
        assert len(lines) == len(rows) + 2
        assert len({line.count("|") for line in lines}) == 1
