"""Rows of the table of values: what is given on request, by `to_python()` and `r_to_py()` of an R
value. See `values/table.py`."""

from __future__ import annotations

from typing import NamedTuple


class OnRequest(NamedTuple):
    """A kind of R value and what `RObject.to_python()` gives. `examples` are pairs: R code, and
    Python code of the value (None: a TypeError). `where` is the file with the rule, and its
    function."""

    r: str
    python: str
    rule: str
    examples: tuple[tuple[str, str | None], ...]
    where: str


ON_REQUEST = (
    OnRequest(
        "atomic vector",
        "scalar or list",
        "NA is None, NaN is nan; a length of 0 gives [].",
        (
            ("NA", "None"),
            ("NA_character_", "None"),
            ("c(1, NA, NaN)", "[1.0, None, float('nan')]"),
            ("c('a', NA)", "['a', None]"),
            ("c(NA, 1L)", "[None, 1]"),
            ("integer()", "[]"),
            ("NA_complex_", "None"),
        ),
        where="values/request.py: _vector",
    ),
    OnRequest(
        "atomic vector with names",
        "dict",
        "NA is None. Missing or equal names: an error.",
        (("c(a = 1, b = NA)", "{'a': 1.0, 'b': None}"), ("c(a = 1, 2)", None)),
        where="values/request.py: _named_vector",
    ),
    OnRequest(
        "array",
        "numpy.ndarray",
        "Without dimnames. With NA a masked array, of text an array of objects with None.",
        (
            ("matrix(1:2, 1, dimnames = list('a', NULL))", "np.array([[1, 2]], dtype='int32')"),
            (
                "matrix(c(1L, NA), 1)",
                "np.ma.masked_array(np.array([[1, 0]], dtype='int32'), [[False, True]])",
            ),
            ("array(c(NA, TRUE), 2)", "np.ma.masked_array([True, True], [True, False])"),
            ("array(c('a', NA), 2)", "np.array(['a', None], dtype=object)"),
        ),
        where="values/request.py: _array",
    ),
    OnRequest(
        "list",
        "list or dict",
        "Each element on request. Missing or equal names: an error.",
        (
            ("list(1, NA, as.Date('1970-01-02'))", "[1.0, None, datetime.date(1970, 1, 2)]"),
            ("list(a = factor('x'))", "{'a': ['x']}"),
            ("list(a = 1, 2)", None),
        ),
        where="values/request.py: _list",
    ),
    OnRequest(
        "factor",
        "list of str",
        "The labels; NA is None. Levels that are not used are lost.",
        (("factor(c('b', NA))", "['b', None]"), ("factor(character())", "[]")),
        where="values/request.py: _factor",
    ),
    OnRequest(
        "Date",
        "datetime.date",
        "A fraction of a day is lost.",
        (
            ("as.Date('2024-02-29')", "datetime.date(2024, 2, 29)"),
            ("as.Date(c(NA, '0001-01-01'))", "[None, datetime.date(1, 1, 1)]"),
            ("structure(Inf, class = 'Date')", None),
        ),
        where="values/request.py: _date",
    ),
    OnRequest(
        "POSIXct, POSIXlt",
        "datetime.datetime with its zone",
        "In microseconds; R's own zone when the value has none.",
        (
            (
                "as.POSIXct('2024-07-01 12:00:00.5', tz = 'Europe/Paris')",
                "datetime.datetime(2024, 7, 1, 12, 0, 0, 500000, ZoneInfo('Europe/Paris'))",
            ),
            (
                "as.POSIXct(c(-1, NA), origin = '1970-01-01', tz = 'UTC')",
                "[datetime.datetime(1969, 12, 31, 23, 59, 59, tzinfo=ZoneInfo('UTC')), None]",
            ),
            (
                "as.POSIXlt('2024-07-01', tz = 'UTC')",
                "datetime.datetime(2024, 7, 1, tzinfo=ZoneInfo('UTC'))",
            ),
        ),
        where="values/request.py: _time",
    ),
    OnRequest(
        "difftime",
        "datetime.timedelta",
        "In microseconds.",
        (("as.difftime(c(1.5, NA), units = 'hours')", "[datetime.timedelta(hours=1.5), None]"),),
        where="values/request.py: _duration",
    ),
    OnRequest(
        "integer64",
        "int",
        "",
        (("structure(c(4.94e-324, -0), class = 'integer64')", "[1, None]"),),
        where="values/request.py: _whole_numbers",
    ),
    OnRequest(
        "data.frame, tibble",
        "pandas.DataFrame",
        "Columns: Categorical, objects of datetime.date, datetime64 with a zone, timedelta64, "
        "masked integers and booleans where there is NA, objects for a list. Row names that are "
        "text are the index. Without pandas a dict of lists.",
        (
            (
                "data.frame(a = 1:2, b = c('x', NA))",
                "pd.DataFrame({'a': np.array([1, 2], dtype='int32'), 'b': ['x', None]})",
            ),
        ),
        where="values/request.py: _data_frame",
    ),
    OnRequest(
        "raw",
        "bytearray",
        "",
        (("as.raw(1)", "bytearray(b'\\x01')"),),
        where="values/request.py: _vector",
    ),
    OnRequest(
        "anything else",
        "the table of values",
        "A TypeError where that is a handle.",
        (
            ("NULL", "None"),
            ("new.env()", None),
            ("quote(x)", None),
            ("a ~ b", None),
            ("structure(list(y ~ x), class = 'own')", None),
        ),
        where="values/request.py: nearest_python",
    ),
)
