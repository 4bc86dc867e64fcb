"""Rows of the table of values: what becomes of a Python value in R. See `values/table.py`."""

from __future__ import annotations

from typing import NamedTuple

PROXY = "proxy"
_BIG = 2**53


class PythonToR(NamedTuple):
    """A Python type. `examples` are pairs: Python code, and R code of the value (None: a proxy).
    `lossless`: does the R value, passed back to Python, give an equal value of the same type?
    `where` is the file with the rule, and its function."""

    python: str
    r: str
    lossless: bool
    rule: str
    examples: tuple[tuple[str, str | None], ...]
    where: str


PYTHON_TO_R = (
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
        "",
        (("bytearray()", "raw()"), ("bytearray(b'\\x00a')", "as.raw(c(0, 97))")),
        where="core/convert_to_r.c: bytearray_to_r",
    ),
    PythonToR(
        "bytes",
        PROXY,
        True,
        "",
        (("b''", None), ("b'\\x00a'", None)),
        where="core/convert_to_r.c: made_in_r",
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
            ("[1]", "list(1L)"),
            ("['a']", "list('a')"),
            ("[None, None]", "list(NULL, NULL)"),
            ("[1, 2.0]", "list(1L, 2)"),
            ("[True, 1]", "list(TRUE, 1L)"),
            ("[[1, 2], [3]]", "list(c(1L, 2L), list(3L))"),
            ("[bytearray(b'a'), None]", "list(as.raw(97), NULL)"),
        ),
        where="core/convert_to_r.c: items_to_r",
    ),
    PythonToR(
        "tuple",
        "list",
        False,
        "Comes back as a list. The shape of a tensor (tf.TensorShape, torch.Size) is one, too.",
        (("()", "list()"), ("(1, 2)", "list(1L, 2L)"), ("(1, ('a',))", "list(1L, list('a'))")),
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
            ("{'b': None, 'a': {'c': [1]}}", "list(b = NULL, a = list(c = list(1L)))"),
        ),
        where="core/convert_to_r.c: dict_to_r",
    ),
    PythonToR(
        "dict with an empty key, a key that R can't name, or a key that is no str",
        PROXY,
        True,
        "",
        (("{1: 2}", None), ("{'': 1}", None), ("{'a\\0': 1}", None), ("{('a', 1): 2}", None)),
        where="core/convert_to_r.c: model_of",
    ),
    PythonToR(
        "NumPy scalar",
        "scalar",
        False,
        "The Python scalar of equal value (bool_, integers, floats, complex, str_).",
        (
            ("np.float64(1.5)", "1.5"),
            ("np.float32(0.1)", "0.10000000149011612"),
            ("np.float16(1.5)", "1.5"),
            ("np.int64(3)", "3L"),
            ("np.int64(2**40)", "2^40"),
            ("np.uint8(255)", "255L"),
            ("np.bool_(True)", "TRUE"),
            ("np.complex64(1j)", "1i"),
            ("np.str_('a')", "'a'"),
        ),
        where="values/convert.py: numpy_scalar_to_r",
    ),
    PythonToR(
        "NumPy scalar of another kind",
        PROXY,
        True,
        "Integers over 2**53, dates, long doubles, records.",
        (
            ("np.uint64(2**60)", None),
            ("np.datetime64('2020-01-01', 'ns')", None),
            ("np.timedelta64(1, 's')", None),
            ("np.longdouble(1)", None),
            ("np.str_('a\\0b')", None),
            ("np.void(b'abc')", None),
        ),
        where="values/convert.py: numpy_scalar_to_r",
    ),
    PythonToR(
        "numpy.ndarray of float64, int32, bool, complex128 or str",
        "array",
        True,
        "Equal [i, j]; one-dimensional arrays, too, have a dim.",
        (
            ("np.array([[1.0, 2.0], [3.0, 4.0]])", "matrix(c(1, 3, 2, 4), 2)"),
            ("np.array([1, 2], dtype='int32')", "array(1:2, 2)"),
            ("np.array([True])", "array(TRUE, 1)"),
            ("np.array([1j])", "array(1i, 1)"),
            ("np.array(['a', 'bc'])", "array(c('a', 'bc'), 2)"),
            ("np.arange(12.0).reshape(2, 6)[:, ::3]", "matrix(c(0, 6, 3, 9), 2)"),
            ("np.asfortranarray([[1.0, 2.0]])", "matrix(c(1, 2), 1)"),
            ("np.zeros((0, 3))", "matrix(0, 0, 3)"),
            ("np.array([])", "array(0, 0)"),
        ),
        where="values/convert.py: array_to_r",
    ),
    PythonToR(
        "numpy.ndarray of another dtype with R's numbers",
        "array",
        False,
        "The exact values: float16 and float32 are doubles, integers are integer or double.",
        (
            ("np.array([0.5], dtype='float16')", "array(0.5, 1)"),
            ("np.array([0.1], dtype='float32')", "array(0.10000000149011612, 1)"),
            ("np.array([1, 255], dtype='uint8')", "array(c(1L, 255L), 2)"),
            ("np.array([1, 2], dtype='>i4')", "array(1:2, 2)"),
            ("np.array([1.5], dtype='>f8')", "array(1.5, 1)"),
            ("np.array([-(2**31)], dtype='int32')", "array(-2147483648, 1)"),
            ("np.array([2**53])", "array(2^53, 1)"),
            ("np.array([1j], dtype='complex64')", "array(1i, 1)"),
            ("np.zeros((2, 0), dtype='int64')", "matrix(0L, 2, 0)"),
        ),
        where="values/convert.py: _r_type",
    ),
    PythonToR(
        "0-d numpy.ndarray",
        "scalar",
        False,
        "As a NumPy scalar.",
        (("np.array(1.5)", "1.5"), ("np.array('a')", "'a'"), ("np.array(3)", "3L")),
        where="values/convert.py: array_to_r",
    ),
    PythonToR(
        "any other numpy.ndarray",
        PROXY,
        True,
        "Objects, dates, bytes, records, long doubles, integers over 2**53; subclasses.",
        (
            ("np.array([1, None])", None),
            ("np.array([2**60])", None),
            ("np.array([2**63], dtype='uint64')", None),
            ("np.array(['2020-01-01'], dtype='M8[ns]')", None),
            ("np.array([b'a'])", None),
            ("np.array(['a\\0b'])", None),
            ("np.array([1], dtype='longdouble')", None),
            ("np.ma.masked_array([1, 2], [False, True])", None),
            ("np.array([(1, 2.0)], dtype='i4,f8')", None),
        ),
        where="values/convert.py: _r_type",
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
        where="values/convert.py: convert_object",
    ),
    PythonToR(
        "everything else",
        PROXY,
        True,
        "Also subclasses of int, str, list, dict and tuple, which are more than their value.",
        (
            ("{1, 2}", None),
            ("frozenset()", None),
            ("range(3)", None),
            ("memoryview(b'a')", None),
            ("slice(1, 2)", None),
            ("...", None),
            ("len", None),
            ("int", None),
            ("(lambda: 1)", None),
            ("decimal.Decimal('0.1')", None),
            ("fractions.Fraction(1, 3)", None),
            ("datetime.date(2020, 1, 1)", None),
            ("datetime.datetime(2020, 1, 1)", None),
            ("datetime.timedelta(1)", None),
            ("Colour.RED", None),
            ("Level.LOW", None),
            ("Pair(1, 2)", None),
            ("Record(1)", None),
            ("Text('a')", None),
            ("collections.OrderedDict(a=1)", None),
            ("collections.defaultdict(list)", None),
            ("pd.DataFrame({'a': [1]})", None),
            ("pd.Series([1])", None),
            ("pd.Timestamp(0)", None),
            ("pd.NA", None),
        ),
        where="core/convert_to_r.c: object_to_r",
    ),
)
