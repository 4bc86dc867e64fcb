# What R gets for values of Python, NumPy, pandas and scipy, as judge.R runs them.

#- lists of one scalar are vectors
lapply(c("[1]", "['a']", "[True]", "[1.5]", "[1j]", "[[1]]", "{'a': [1]}", "[float('nan')]"), py)

#- a tuple of one scalar
#! One rule for the sequences of one scalar.
list(py("(1,)"), py("('a',)"))

#- lists of several
lapply(c(
  "[]", "[1, 2]", "['a', 'b']", "[True, False]", "[None]", "[None, None]", "[1, None]", "[1, 2.0]",
  "[True, 1]", "[True, 2.5]", "[1, 'a']", "[[1, 2], [3]]", "[[1, 2], [3, 4]]", "[[]]"
), py)

#- tuples
lapply(c("()", "(1, 2)", "(1, 'a')", "(1, (2, 'a'))", "((1, 2), (3, 4))"), py)

#- dicts
lapply(c(
  "{}", "{'a': 1}", "{'a': None}", "{1: 2}", "{'': 1}", "{1: 2, 'a': 3}", "{None: 1}",
  "{('a', 1): 2}", "{1.5: 2}", "{True: 2}", "{b'a': 2}", "{np.int64(1): 2}",
  "{datetime.date(2020, 1, 1): 2}", "collections.OrderedDict(a=1)",
  "collections.OrderedDict([(1, 2)])"
), py)

#- defaultdict and Counter
#! They are dicts, and R users read them as ones.
lapply(c("collections.defaultdict(list, a=1)", "collections.Counter('aab')"), py)

#- large integers
#! Integers that R has no exact value for stay Python's; others never become NA, -1 or an error.
lapply(c("2**31", "[2**31]"), py)

#- bytes and bytearray
list(py("b'ab'")$decode(), as.character(py("b'ab'")), as.raw(py("b'ab'")), py("bytearray(b'ab')"))

#- dates and times
lapply(c(
  "datetime.date(2020, 1, 1)", "[datetime.date(2020, 1, 1)]", "datetime.date(1, 1, 1)",
  "datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)",
  "datetime.datetime(2020, 1, 1, 12, 0, 0, 500000, tzinfo=datetime.timezone.utc)"
), py)

#- a fixed offset
#! R shows the clock of the offset, which it does not with the name "UTC+05:30".
py("datetime.datetime(2024, 3, 31, 1, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5.5)))")

#- durations
#! R has a class for them.
py("datetime.timedelta(seconds=1.5)")

#- what stays an object
lapply(c(
  "{1}", "frozenset()", "range(3)", "slice(1, 2)", "decimal.Decimal('0.1')",
  "fractions.Fraction(1, 3)", "uuid.UUID(int=1)", "datetime.time(1, 2)",
  "collections.deque([1])", "types.MappingProxyType({'a': 1})"
), function(code) class(py(code))[[1L]])

#- numbers of NumPy
lapply(c(
  "np.float64(1.5)", "np.float32(0.5)", "np.int64(3)", "np.int64(2**40)", "np.int32(3)",
  "np.uint8(255)", "np.bool_(True)", "np.complex64(1j)", "np.str_('a')",
  "[np.float32(1), np.int8(2)]", "[np.int64(1), np.int64(2)]", "[np.float64(1.5), 2.5]",
  "[np.bool_(True)]", "[np.str_('a'), np.str_('b')]"
), py)

#- arrays
lapply(c(
  "np.array([1, 2])", "np.array([1, 2], 'i4')", "np.array([1, 2], 'u1')", "np.array([1, 2], 'u4')",
  "np.array([2**40])", "np.array([1.5], 'f2')", "np.array([1j], 'c8')", "np.array([True])",
  "np.array(['a', 'bc'])", "np.array([['a', 'bc']])", "np.array([], 'U1')", "np.array([])",
  "np.zeros((0, 3))", "np.array([b'a', b'bc'])", "np.array([[1, 2], [3, 4]])",
  "np.array(['a', 'b'], dtype=np.dtypes.StringDType())",
  "np.array([], dtype=np.dtypes.StringDType())", "np.asmatrix([[1, 2]])"
), py)

#- arrays of texts in objects
lapply(c(
  "np.array(['a', 'b'], dtype=object)", "np.array(['a', None], dtype=object)",
  "np.array([], dtype=object)", "np.array([['a', 'b'], ['c', 'd']], dtype=object)"
), py)

#- arrays of objects
#! With a dim, a list of one dim would not come back to Python as a list.
lapply(c("np.array([[7, 8], [9]], dtype=object)", "np.array([1, None])"), py)

#- arrays of objects with several dims
py("np.array([[7, 'a'], [9, None]], dtype=object)")

#- masked elements
#! What is masked is NA.
py("np.ma.masked_array([1, 2], [False, True])")

#- a structured array
#! As a proxy it would be indexed from 0.
py("np.array([(1, 2.0), (3, 4.0)], dtype=[('a', 'i4'), ('b', 'f8')])")

#- dates of NumPy
#! They are of UTC, and NaT is NA.
list(py("np.array(['2020-01-01', 'NaT'], dtype='M8[D]')"), py("np.datetime64('2020-01-01')"))

#- data frames
lapply(c(
  "pd.DataFrame({'a': [1.5], 'b': ['x']})", "pd.DataFrame({'a': [1, 2], 'b': ['x', None]})",
  "pd.DataFrame({'a': [1]}, index=['r'])", "pd.DataFrame({'a': [1, 2]}, index=[5, 6])",
  "pd.DataFrame({'a': [1, 2, 3]}).iloc[1:]", "pd.DataFrame({'a': [1, 2]}, index=[0.5, 1.5])",
  "pd.DataFrame({'a': [1]}, index=pd.DatetimeIndex(['2024-01-01']))", "pd.DataFrame([[1, 2]])",
  "pd.DataFrame([[1, 2]], columns=['a', 'a'])", "pd.DataFrame()", "pd.DataFrame(index=[0, 1])",
  "pd.DataFrame({'a': [], 'b': pd.Series([], dtype='str')})",
  "pd.DataFrame({'a': pd.array([1, None], dtype='Int64')})",
  "pd.DataFrame({'a': pd.array([1.5, None], dtype='Float64')})",
  "pd.DataFrame({'a': pd.array([True, None], dtype='boolean')})",
  "pd.DataFrame({'a': pd.array(['x', None], dtype='string')})",
  "pd.DataFrame({'a': [1.5, None]})", "pd.DataFrame({'a': np.array([1, 2], dtype='i4')})",
  "pd.DataFrame({'a': pd.Categorical(['x', None])})", "pd.DataFrame({'a': [[1, 2], [3]]})",
  "pd.DataFrame({'a': [{'x': 1}, {'y': 2}]})", "pd.DataFrame({'a': [np.array([1, 2])]})",
  "{'d': pd.DataFrame({'a': [1]})}", "[pd.DataFrame({'a': [1]})]"
), py)

#- equal labels of rows
py("pd.DataFrame({'a': [1, 2]}, index=['r', 'r'])")

#- labels of several levels
#! They are not lost.
py("pd.DataFrame({'a': [1]}, index=pd.MultiIndex.from_tuples([('a', 1)]))")

#- columns of objects
#! What is missing is NA, where the others are of one kind.
lapply(c(
  "pd.DataFrame({'a': [True, None, False]})", "pd.DataFrame({'a': [datetime.date(2024, 1, 1), None]})"
), py)

#- columns of times
#! With their zone; those without are of UTC, which R's own zone may not be.
py("pd.DataFrame({'a': pd.to_datetime(['2024-01-01', None]), 'b': pd.Timestamp(0, tz='Asia/Tokyo')})")

#- a Series
#! A vector, not an array of one dim.
lapply(c("pd.Series([1, 2])", "pd.Series([1, 2], index=['a', 'b'])", "pd.Series(['a', None])"), py)

#- categories
list(
  py("pd.Categorical(['b', 'a'])"), py("pd.Categorical(['b', None])"),
  unname(py("pd.Series([1.5, 2, 1], dtype='category')"))
)

#- an Index
#! As a proxy it would be indexed from 0.
list(py("pd.Index([0.5])"), py("pd.DataFrame({'a': [1]}).columns"))

#- NA of pandas
list(py("pd.NA"), py("[1, pd.NA]"), py("{'a': pd.NA}"))

#- iterators
bt <- import_builtins()
list(
  iterate(py("iter([1, 2])")), iterate(py("iter([[1], 'a'])")),
  iterate(py("(n for n in (1.5, 2.5))"), function(n) n * 2),
  iterate(py("range(3)")), iterate(py("iter([])"))
)

#- iterators of R functions
counter <- function() {
  i <- 0
  function() {
    i <<- i + 1
    if (i < 3) i else "end"
  }
}
list(
  iterate(py_iterator(counter(), completed = "end")),
  iter_next(py_iterator(counter(), completed = "end"))
)

#- a method for a class
py_run_string("
class Judged:
    def __init__(self):
        self.n, self.parts = 3, [1, 2]
    def itself(self):
        return self
")
assign("py_to_r.__main__.Judged", function(x) list(n = x$n, parts = x$parts), globalenv())
given <- list(
  py("Judged()"), py("[Judged()]"), py("{'a': Judged()}"),
  py("lambda f: f(Judged())")(identity)
)
rm("py_to_r.__main__.Judged", envir = globalenv())
given
