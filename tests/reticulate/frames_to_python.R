# Data frames and sparse matrices of R in Python, as judge.R runs them.

#- columns
frame <- data.frame(
  i = 1:2, d = c(1.5, NA), l = c(TRUE, FALSE), c = c("x", NA), z = c(1i, 2),
  f = factor(c("b", NA), levels = c("b", "a")), o = factor(c("a", "b"), ordered = TRUE)
)
shown <- py_run_string(
  "def shown(x): return [list(x.columns), [str(t) for t in x.dtypes], repr(x), repr(x.index)]"
)$shown
shown(frame)

#- columns of dates
kind(data.frame(d = as.Date(c("2024-02-29", "2024-03-01"))))

#- columns of dates with NA
#! The missing date is None.
kind(data.frame(d = as.Date(c("2024-02-29", NA))))

#- columns of times
#! A column of times keeps its zone.
kind(data.frame(t = as.POSIXct(c("2024-07-01 12:00", NA), tz = "Europe/Paris")))

#- columns of durations
#! A duration stays one, with its unit.
kind(data.frame(s = as.difftime(c(1.5, NA), units = "mins")))

#- whole numbers and logicals with NA
#! A typed NA never becomes an ordinary value: pandas' nullable types have one.
kind(data.frame(i = c(1L, NA), l = c(NA, TRUE)))

#- columns with a class
frame <- data.frame(m = 1:2, v = I(c("a", "b")))
class(frame$m) <- "mine"
kind(frame)

#- row names
list(
  kind(data.frame(a = 1:2, row.names = c("x", "y"))), kind(iris[3:4, c(1, 5)]),
  kind(data.frame(a = c(a = 1, b = 2)))
)

#- empty frames
list(kind(data.frame()), kind(data.frame(a = integer())))

#- no columns
#! pandas knows how many rows there are, too.
kind(data.frame(a = 1:2)[, 0])

#- equal names of columns
#! Each column has its own values.
kind(data.frame(a = 1, a = 2, check.names = FALSE))

#- columns of lists
kind(data.frame(a = I(list(1, "x"))))

#- columns that pandas does not have
#! The frame stays an R value.
frame <- data.frame(a = 1:2)
frame$m <- matrix(1:4, 2)
kind(frame)

#- subclasses and frames inside of lists
list(
  kind(structure(list(a = 1:2), class = c("tbl_df", "tbl", "data.frame"), row.names = c(NA, -2L))),
  kind(list(data.frame(a = 1:2))), kind(list(a = data.frame(b = 1:2)))
)

#- what an R function returns to Python
py_run_string("def called(f): return kind(f())")$called(function() data.frame(a = c(1, 2)))

#- sparse matrices
shown <- py_run_string(
  "def shown(x): return [type(x).__name__, str(x.dtype), list(x.shape), repr(x.toarray())]"
)$shown
one <- Matrix::sparseMatrix(i = 1:2, j = 2:3, x = c(1, 2))
list(
  shown(one), shown(methods::as(one, "RsparseMatrix")), shown(methods::as(one, "TsparseMatrix")),
  shown(Matrix::sparseMatrix(i = 1:2, j = 2:3)),
  shown(Matrix::sparseMatrix(i = 1:2, j = 2:3, x = c(TRUE, NA))),
  shown(Matrix::sparseMatrix(i = c(1, 1, 2), j = c(1, 2, 2), x = c(1, 2, 3), symmetric = TRUE)),
  shown(Matrix::Diagonal(2)), shown(Matrix::Diagonal(2, c(3, 4))),
  shown(methods::as(3:1, "pMatrix")),
  shown(Matrix::sparseMatrix(i = 1, j = 1, x = 1, dims = c(1, 2), dimnames = list("a", NULL)))
)

#- row names that are 1, 2, ...
#! They are those that R makes itself: pandas counts from 0.
kind(iris[1:2, c(1, 5)])
