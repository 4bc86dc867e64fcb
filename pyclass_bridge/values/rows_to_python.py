"""Rows of the table of values: what becomes of an R value in Python. See `values/table.py`."""

from __future__ import annotations

from typing import NamedTuple

HANDLE = "RObject"


class RToPython(NamedTuple):
    """A kind of R value. `examples` are pairs: R code, and Python code of the value in a call
    (None: a handle). `stored` is the Python type in an attribute where it differs. `lossless`:
    does the value of a call, passed back to R, give an identical value? `where` is the file with
    the rule, and its function."""

    r: str
    python: str
    lossless: bool
    rule: str
    examples: tuple[tuple[str, str | None], ...]
    stored: str | None = None
    where: str = ""


R_TO_PYTHON = (
    RToPython(
        "NULL",
        "None",
        True,
        "",
        (("NULL", "None"),),
        where="core/convert_to_python.c: value_to_python",
    ),
    RToPython(
        "logical, length 1",
        "bool",
        True,
        "NA is a handle.",
        (("TRUE", "True"), ("FALSE", "False")),
        where="core/convert_to_python.c: element",
    ),
    RToPython(
        "integer, length 1",
        "int",
        True,
        "NA is a handle.",
        (("1L", "1"), ("-2147483647L", "-2147483647"), ("0L", "0")),
        where="core/convert_to_python.c: element",
    ),
    RToPython(
        "double, length 1",
        "float",
        True,
        "NA and NaN are both nan in Python, and come back as what they were.",
        (
            ("1", "1.0"),
            ("-0", "-0.0"),
            ("Inf", "float('inf')"),
            ("NaN", "float('nan')"),
            ("NA_real_", "float('nan')"),
            ("2^53", "9007199254740992.0"),
        ),
        where="core/convert_to_python.c: element",
    ),
    RToPython(
        "complex, length 1",
        "complex",
        True,
        "NA as in doubles.",
        (("2i", "2j"), ("complex(real = 1, imaginary = -0)", "complex(1.0, -0.0)")),
        where="core/convert_to_python.c: element",
    ),
    RToPython(
        "character, length 1",
        "str",
        True,
        "In any encoding. NA is a handle; so are bytes and text that is not valid in its encoding.",
        (
            ("'a'", "'a'"),
            ("''", "''"),
            ("'NA'", "'NA'"),
            ("'\\u00e9\\U1F600'", "'\\u00e9\\U0001F600'"),
            ("local({x <- '\\xe9'; Encoding(x) <- 'latin1'; x})", "'\\u00e9'"),
            ("local({x <- '\\xe9'; Encoding(x) <- 'bytes'; x})", None),
            ("local({x <- c('a', '\\xff'); Encoding(x) <- 'UTF-8'; x})", None),
        ),
        where="core/convert_to_python.c: text_to_python",
    ),
    RToPython(
        "raw",
        "bytearray",
        True,
        "Of any length.",
        (
            ("raw()", "bytearray()"),
            ("as.raw(7)", "bytearray(b'\\x07')"),
            ("as.raw(c(0, 255))", "bytearray(b'\\x00\\xff')"),
        ),
        where="core/convert_to_python.c: atomic_to_python",
    ),
    RToPython(
        "atomic vector, length 2 and more",
        "list",
        True,
        "Of bool, int, float, complex or str.",
        (
            ("c(TRUE, FALSE)", "[True, False]"),
            ("c(1L, 2L)", "[1, 2]"),
            ("1:3", "[1, 2, 3]"),
            ("c(1.5, NaN)", "[1.5, float('nan')]"),
            ("c(NA, 1.5)", "[float('nan'), 1.5]"),
            ("c(1i, 2)", "[1j, 2 + 0j]"),
            ("c('a', '')", "['a', '']"),
        ),
        where="core/convert_to_python.c: elements_to_python",
    ),
    RToPython(
        "logical, integer or character vector with NA",
        HANDLE,
        True,
        "A typed NA never becomes an ordinary value.",
        (
            ("NA", None),
            ("NA_integer_", None),
            ("NA_character_", None),
            ("c(NA, TRUE)", None),
            ("c(TRUE, NA)", None),
            ("c(NA, 1L, 2L)", None),
            ("c(1L, NA)", None),
            ("c(NA, 'a')", None),
            ("c('a', NA)", None),
            ("c(NA_integer_, NA)", None),
        ),
        where="core/convert_to_python.c: has_na",
    ),
    RToPython(
        "atomic vector of length 0, except raw",
        HANDLE,
        True,
        "An empty list comes back as list().",
        tuple((f"{t}(0)", None) for t in ("logical", "integer", "double", "complex", "character")),
        where="core/convert_to_python.c: atomic_to_python",
    ),
    RToPython(
        "atomic vector with names or other attributes",
        HANDLE,
        True,
        "",
        (
            ("c(a = 1)", None),
            ("c(a = 1L, b = 2L)", None),
            ("c(a = 'x', 'y')", None),
            ("structure(1, names = NA)", None),
            ("structure(1:3, unit = 'cm')", None),
        ),
        where="core/convert_to_python.c: vector_to_python",
    ),
    RToPython(
        "array or matrix",
        "numpy.ndarray",
        True,
        "Equal [i, j]; dtype float64, int32, bool, complex128 or str.",
        (
            ("matrix(1:6, 2)", "np.array([[1, 3, 5], [2, 4, 6]], dtype='int32')"),
            ("matrix(c(1, NA, NaN, -0), 2)", "np.array([[1, np.nan], [np.nan, -0.0]])"),
            ("matrix(TRUE, 1, 2)", "np.array([[True, True]])"),
            ("matrix(1i, 1, 1)", "np.array([[1j]])"),
            ("matrix(c('a', 'bc'), 2)", "np.array([['a'], ['bc']])"),
            ("array(1:2, 2)", "np.array([1, 2], dtype='int32')"),
            ("array(1:8 + 0, c(2, 2, 2))", "(np.arange(8.0) + 1).reshape((2, 2, 2), order='F')"),
            ("matrix(0, 0, 3)", "np.zeros((0, 3))"),
            ("matrix(0L, 3, 0)", "np.zeros((3, 0), dtype='int32')"),
            ("matrix('', 0, 0)", "np.zeros((0, 0), dtype='<U1')"),
        ),
        where="values/convert.py: convert_array",
    ),
    RToPython(
        "array or matrix with dimnames or other attributes, such as scale() gives",
        "numpy.ndarray",
        False,
        "Python's functions take no attributes, so a call loses them; stored, they stay.",
        (
            ("matrix(1:2, 1, dimnames = list('a', NULL))", "np.array([[1, 2]], dtype='int32')"),
            ("structure(1:4, dim = c(2L, 2L), unit = 'cm')", "np.array([[1, 3], [2, 4]], 'int32')"),
        ),
        stored=HANDLE,
        where="core/convert_to_python.c: array_to_python",
    ),
    RToPython(
        "raw array",
        "numpy.ndarray of uint8",
        False,
        "uint8 comes back as integer.",
        (("array(as.raw(1:2), 2)", "np.array([1, 2], dtype='uint8')"),),
        stored=HANDLE,
        where="values/convert.py: convert_array",
    ),
    RToPython(
        "array with a typed NA, or text that is not valid",
        HANDLE,
        True,
        "numpy.asarray() of the handle is an error that says so.",
        (
            ("matrix(c(NA, 1L), 1)", None),
            ("matrix(c(TRUE, NA), 1)", None),
            ("matrix(c('a', NA), 1)", None),
            ("matrix('\\xff', 1)", None),
        ),
        where="core/convert_to_python.c: array_to_python",
    ),
    RToPython(
        "list without names",
        "list",
        True,
        "",
        (
            ("list()", "[]"),
            ("list(NULL)", "[None]"),
            ("list(1, 'a')", "[1.0, 'a']"),
            ("list(1L, 2)", "[1, 2.0]"),
            ("list(c(1, 2), list(TRUE, 'a'))", "[[1.0, 2.0], [True, 'a']]"),
            ("list(c(1, 2), c(3, 4))", "[[1.0, 2.0], [3.0, 4.0]]"),
        ),
        where="core/convert_to_python.c: list_to_python",
    ),
    RToPython(
        "list of scalars of one type",
        "list",
        False,
        "The same list as a vector's, and comes back as a vector.",
        (
            ("list(1, 2)", "[1.0, 2.0]"),
            ("list(1L, 2L)", "[1, 2]"),
            ("list('a', 'b')", "['a', 'b']"),
            ("list(TRUE, FALSE)", "[True, False]"),
        ),
        stored=HANDLE,
        where="core/convert_to_python.c: looks_atomic",
    ),
    RToPython(
        "list, each element named, once",
        "dict",
        True,
        "In order.",
        (
            ("structure(list(), names = character())", "{}"),
            ("list(a = 1)", "{'a': 1.0}"),
            ("list(b = NULL, a = list(c = 'x'))", "{'b': None, 'a': {'c': 'x'}}"),
        ),
        where="core/convert_to_python.c: dict_to_python",
    ),
    RToPython(
        "list with missing, equal or invalid names, or with other attributes",
        HANDLE,
        True,
        "Not a dict: it would lose elements.",
        (
            ("list(a = 1, 2)", None),
            ("list(a = 1, a = 2)", None),
            ("structure(list(1), names = NA_character_)", None),
            ("structure(list(1), names = '\\xff')", None),
            ("structure(list(1, 2), dim = c(1L, 2L))", None),
        ),
        where="core/convert_to_python.c: has_all_names",
    ),
    RToPython(
        "function",
        "function",
        True,
        "With the R signature, name and doc; the same R function comes back. Of any class.",
        (
            ("function(a, b = 2) a", "function"),
            ("sum", "function"),
            ("`if`", "function"),
            ("structure(function(x) x, class = 'schedule')", "function"),
        ),
        where="core/convert_to_python.c: function_to_python",
    ),
    RToPython(
        "value with a class",
        HANDLE,
        True,
        "In a call, a user's own S3 method of r_to_py() decides first.",
        (
            ("factor(c('a', 'b'))", None),
            ("factor(NA, 'a', ordered = TRUE)", None),
            ("as.Date('2024-02-29')", None),
            ("as.POSIXct(0.5, origin = '1970-01-01', tz = 'Asia/Kathmandu')", None),
            ("as.POSIXlt('2024-02-29 12:00', tz = 'UTC')", None),
            ("as.difftime(3, units = 'mins')", None),
            ("structure(c(4.94e-324, 0), class = 'integer64')", None),
            ("data.frame(a = 1:2, b = c('x', NA))", None),
            ("a ~ b + c", None),
            ("lm(dist ~ speed, cars)", None),
            ("getClass('numeric')", None),
            ("structure(list(1), class = 'own')", None),
        ),
        where="core/convert_to_python.c: classed_to_python",
    ),
    RToPython(
        "environment, symbol, call, expression, external pointer, ...",
        HANDLE,
        True,
        "",
        (
            ("new.env()", None),
            ("quote(x)", None),
            ("quote(f(x))", None),
            ("expression(a, b)", None),
        ),
        where="core/convert_to_python.c: value_to_python",
    ),
    RToPython(
        "Python object in R",
        "the object itself",
        True,
        "",
        (("py_eval('{1, 2}')", "{1, 2}"),),
        where="core/convert_to_python.c: classed_to_python",
    ),
)
