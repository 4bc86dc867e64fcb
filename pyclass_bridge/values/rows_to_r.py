"""Rows of the table of values: what becomes of a Python value in R. See `values/table.py`."""

from __future__ import annotations

from typing import NamedTuple

PROXY = "proxy"
_BIG = 2**53


class PythonToR(NamedTuple):
    """A Python type. `examples` are pairs: Python code, and R code of the value (None: a proxy).
    `lossless`: does the R value, passed back to Python, give an equal value of the same type? None:
    of some values. `where` is the file with the rule, and its function."""

    python: str
    r: str
    lossless: bool | None
    rule: str
    examples: tuple[tuple[str, str | None], ...]
    where: str


OF_PYTHON = (
    PythonToR(
        "None", "NULL", True, "", (("None", "NULL"),), where="core/convert_to_r.c: value_to_r"
    ),
    PythonToR(
        "bool",
        "logical",
        True,
        "",
        (("True", "TRUE"), ("False", "FALSE")),
        where="core/convert_to_r.c: kind_of",
    ),
    PythonToR(
        "int of 32 bits",
        "integer",
        True,
        "-2**31 is R's NA_integer_, so it is a double.",
        (("1", "1L"), ("2**31 - 1", "2147483647L"), ("-(2**31) + 1", "-2147483647L")),
        where="core/convert_to_r.c: kind_of_long",
    ),
    PythonToR(
        "int up to 2**53",
        "double",
        False,
        "The exact value; comes back as float.",
        (("2**31", "2147483648"), ("-(2**31)", "-2147483648"), (f"-{_BIG}", f"-{_BIG}")),
        where="core/convert_to_r.c: kind_of_long",
    ),
    PythonToR(
        "larger int",
        PROXY,
        True,
        "",
        (("2**53 + 1", None), ("-(2**70)", None)),
        where="core/convert_to_r.c: kind_of_long",
    ),
    PythonToR(
        "float",
        "double",
        True,
        "",
        (
            ("1.0", "1"),
            ("-0.0", "-0"),
            ("float('inf')", "Inf"),
            ("float('nan')", "NaN"),
            ("5e-324", "4.94e-324"),
        ),
        where="core/convert_to_r.c: kind_of",
    ),
    PythonToR(
        "complex", "complex", True, "", (("1 + 2j", "1+2i"),), where="core/convert_to_r.c: kind_of"
    ),
    PythonToR(
        "str",
        "character",
        True,
        "UTF-8.",
        (("'a'", "'a'"), ("''", "''"), ("'NA'", "'NA'"), ("'\\U0001F600'", "'\\U1F600'")),
        where="core/convert_to_r.c: text_to_r",
    ),
    PythonToR(
        "str with NUL or a lone surrogate",
        PROXY,
        True,
        "R's strings hold neither.",
        (("'a\\0b'", None), ("'\\ud800'", None)),
        where="core/convert_to_r.c: r_text",
    ),
    PythonToR(
        "bytearray",
        "raw",
        True,
        "bytes are text that has not been read yet, and stay an object: `b$decode()`.",
        (("bytearray()", "raw()"), ("bytearray(b'\\x00a')", "as.raw(c(0, 97))")),
        where="core/convert_to_r.c: bytearray_to_r",
    ),
    PythonToR(
        "list of one scalar",
        "vector of length 1",
        False,
        "Comes back as a scalar. What R stores, comes back as R's list.",
        (
            ("[1]", "1L"),
            ("['a']", "'a'"),
            ("[True]", "TRUE"),
            ("[float('nan')]", "NaN"),
            ("(1,)", "1L"),
            ("('a',)", "'a'"),
        ),
        where="core/convert_to_r.c: common_kind",
    ),
    PythonToR(
        "list of two and more scalars of one type",
        "vector",
        True,
        "bool, int, float, complex or str; ints of which one is large are doubles together.",
        (
            ("[True, False]", "c(TRUE, FALSE)"),
            ("[1, 2]", "c(1L, 2L)"),
            ("[1.0, float('nan')]", "c(1, NaN)"),
            ("[1j, 2j]", "c(1i, 2i)"),
            ("['a', '']", "c('a', '')"),
        ),
        where="core/convert_to_r.c: list_to_r",
    ),
    PythonToR(
        "any other list",
        "list",
        True,
        "",
        (
            ("[]", "list()"),
            ("[None]", "list(NULL)"),
            ("[None, None]", "list(NULL, NULL)"),
            ("[1, None]", "list(1L, NULL)"),
            ("[1, 'a']", "list(1L, 'a')"),
            ("[1, 2.0]", "list(1L, 2)"),
            ("[True, 1]", "list(TRUE, 1L)"),
            ("[[1, 2], [3, 4]]", "list(1:2, 3:4)"),
            ("[[]]", "list(list())"),
        ),
        where="core/convert_to_r.c: items_to_r",
    ),
    PythonToR(
        "tuple",
        "list",
        False,
        "Comes back as a list. The shape of a tensor (tf.TensorShape, torch.Size) is one, too.",
        (
            ("()", "list()"),
            ("(1, 2)", "list(1L, 2L)"),
            ("(1, (2, 'a'))", "list(1L, list(2L, 'a'))"),
        ),
        where="core/convert_to_r.c: items_to_r",
    ),
    PythonToR(
        "dict with str keys",
        "named list",
        True,
        "",
        (
            ("{}", "structure(list(), names = character())"),
            ("{'a': 1}", "list(a = 1L)"),
            ("{'b': None, 'a': {'c': [1, 2]}}", "list(b = NULL, a = list(c = 1:2))"),
        ),
        where="core/convert_to_r.c: dict_to_r",
    ),
    PythonToR(
        "dict with other keys, OrderedDict, defaultdict, Counter",
        "named list",
        False,
        "Names by str(). Comes back as a dict with str keys.",
        (
            ("{1: 2, 'a': 3}", "list('1' = 2L, a = 3L)"),
            ("{None: 1}", "list(None = 1L)"),
            ("{('a', 1): 2}", "list(`('a', 1)` = 2L)"),
            ("{1.5: {2: 'x'}}", "list('1.5' = list('2' = 'x'))"),
            ("{np.int64(1): 2}", "list('1' = 2L)"),
            ("{datetime.date(2020, 1, 1): 2}", "list('2020-01-01' = 2L)"),
            ("{Colour.RED: 2}", "list(Colour.RED = 2L)"),
            ("collections.OrderedDict(b=1, a=[])", "list(b = 1L, a = list())"),
            ("collections.defaultdict(list, a=1)", "list(a = 1L)"),
            ("collections.Counter('aab')", "list(a = 2L, b = 1L)"),
        ),
        where="values/convert.py: mapping_to_r",
    ),
    PythonToR(
        "dict with a key '', two keys of the same text, or one that R's strings can't hold",
        "named list or proxy",
        True,
        "R has the name '', but not the others.",
        (("{1: 'a', '1': 'b'}", None), ("{'a\\0': 1}", None)),
        where="values/convert.py: mapping_to_r",
    ),
    PythonToR(
        "subclass of int, float, str, list or bytearray",
        "as its base",
        False,
        "An instance of an R class is R's own, and one that can be called more than its value.",
        (
            ("Text('a')", "'a'"),
            ("Level.LOW", "1L"),
            ("Number(1.5)", "1.5"),
            ("Items([1, 2])", "1:2"),
            ("[Text('a'), 'b']", "c('a', 'b')"),
            ("[Level.LOW]", "1L"),
        ),
        where="core/convert_to_r.c: is_of_subclass",
    ),
    PythonToR(
        "datetime.date",
        "Date",
        None,
        "",
        (
            ("datetime.date(2024, 2, 29)", "as.Date('2024-02-29')"),
            ("datetime.date(1, 1, 1)", "as.Date('0001-01-01')"),
            ("[datetime.date(1970, 1, 2)]", "list(as.Date('1970-01-02'))"),
        ),
        where="values/times.py: date_to_r",
    ),
    PythonToR(
        "datetime.datetime",
        "POSIXct",
        None,
        "Of its zone, also of a fixed offset; without one, of R's own.",
        (
            (
                "datetime.datetime(2024, 1, 1, 12, tzinfo=ZoneInfo('Asia/Tokyo'))",
                "as.POSIXct('2024-01-01 12:00', tz = 'Asia/Tokyo')",
            ),
            (
                "datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)",
                ".POSIXct(1, 'UTC')",
            ),
            (
                "datetime.datetime(2024, 3, 31, 1, 30, tzinfo=offset(5.5))",
                "as.POSIXct('2024-03-31 01:30', tz = '<+0530>-05:30')",
            ),
            (
                "{'a': [datetime.datetime(1970, 1, 1, tzinfo=offset(-3))]}",
                "list(a = list(.POSIXct(10800, '<-03>03')))",
            ),
        ),
        where="values/times.py: time_to_r",
    ),
    PythonToR(
        "datetime.timedelta",
        "difftime",
        False,
        "In seconds.",
        (("datetime.timedelta(days=1)", "as.difftime(86400, units = 'secs')"),),
        where="values/times.py: duration_to_r",
    ),
    PythonToR(
        "datetime or timedelta of which a double can't hold the microseconds",
        PROXY,
        True,
        "As there are before 1684 and after 2255.",
        (
            ("datetime.datetime.max", None),
            ("datetime.datetime(2400, 1, 1, 0, 0, 0, 1, datetime.timezone.utc)", None),
            ("datetime.timedelta(days=10**5, microseconds=1)", None),
        ),
        where="values/times.py: time_to_r",
    ),
    PythonToR(
        "function made from an R function",
        "function",
        True,
        "The identical closure; not so for a Python function that wraps one.",
        (("r('sum')", "sum"),),
        where="core/convert_to_r.c: closure_behind",
    ),
    PythonToR(
        "RObject, rpy2 object",
        "the R value",
        True,
        "",
        (("r('factor(\"a\")')", "factor('a')"),),
        where="values/convert.py: converter_of",
    ),
    PythonToR(
        "everything else",
        PROXY,
        True,
        "Also other subclasses of dict and tuple, which are more than their value.",
        (
            ("{1, 2}", None),
            ("frozenset()", None),
            ("range(3)", None),
            ("b'a'", None),
            ("memoryview(b'a')", None),
            ("slice(1, 2)", None),
            ("...", None),
            ("len", None),
            ("int", None),
            ("(lambda: 1)", None),
            ("decimal.Decimal('0.1')", None),
            ("fractions.Fraction(1, 3)", None),
            ("datetime.time(1, 2)", None),
            ("Colour.RED", None),
            ("Pair(1, 2)", None),
            ("Record(1)", None),
            ("pathlib.Path('a')", None),
            ("collections.deque([1])", None),
            ("array.array('d', [1])", None),
            ("iter([1])", None),
            ("{'a': 1}.keys()", None),
            ("pd.Period('2024-01')", None),
        ),
        where="core/convert_to_r.c: object_to_r",
    ),
)
