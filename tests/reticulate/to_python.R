# R values in Python, as judge.R runs them: what an argument becomes.

#- atomic vectors with a class are their base type
list(
  kind(structure("a/b.txt", class = c("fs_path", "character"))),
  kind(structure(c("a", "b"), class = c("glue", "character"))),
  kind(structure(4, class = "mine")), kind(structure(c(a = 1, b = 2), class = "mine")),
  kind(structure(TRUE, class = "flag")), kind(structure(1i, class = "mine")),
  kind(structure(as.raw(1:2), class = "blob")), kind(structure(character(), class = "mine"))
)

#- base R's own classes of atomic vectors
list(
  kind(as.difftime(3, units = "mins")), kind(as.difftime(c(3, NA), units = "hours")),
  kind(noquote("a")), kind(I(1:3)), kind(as.hexmode(255L)), kind(as.octmode(8L)),
  kind(utils::as.roman(4)), kind(ts(1:3)), kind(proc.time()[[1L]] >= 0)
)

#- names and other attributes
list(
  kind(c(a = 1, b = 2)), kind(c(a = 1)), kind(c(a = "x", b = "y")), kind(c(a = 1L, 2L)),
  kind(structure(1:3, unit = "cm")), kind(c(a = 1, b = NA)), kind(structure(list(a = 1), unit = 2))
)

#- empty vectors
list(
  kind(logical()), kind(integer()), kind(double()), kind(character()), kind(complex()), kind(raw()),
  kind(list()), kind(structure(list(), names = character()))
)

#- raw
list(kind(as.raw(7)), kind(as.raw(1:3)))

#- JSON of a named vector
import("json")$dumps(c(a = 1, b = 2))

#- the base name of a path with a class
import("os.path")$basename(structure("a/b.txt", class = c("fs_path", "character")))

#- factors
list(
  kind(factor(c("b", "a", "b"))), kind(factor("a")), kind(factor(character())),
  kind(factor(c(x = 1, y = 2)))
)

#- a factor with NA
#! A typed NA never becomes an ordinary value.
kind(factor(c("a", NA)))

#- dates
list(
  kind(as.Date("2024-02-29")), kind(as.Date(c("2024-02-29", "1969-12-31"))),
  kind(as.Date(character())), kind(structure(19000.7, class = "Date")), kind(structure(19000L, class = "Date"))
)

#- a date that is NA
#! It stays an R value, which comes back.
kind(as.Date(c("2024-02-29", NA)))

#- times of a zone
list(
  kind(as.POSIXct("2024-07-01 12:00:00.5", tz = "Europe/Paris")),
  kind(as.POSIXct("2024-07-01 12:00", tz = "UTC")), kind(.POSIXct(0, "Etc/GMT-5")),
  kind(as.POSIXct(c("2024-07-01 12:00", "2024-12-01 12:00"), tz = "America/New_York")),
  kind(as.POSIXlt("2024-02-29 12:00", tz = "UTC")), kind(.POSIXct(numeric(), "UTC"))
)

#- times without a zone
#! They are of R's own zone, in which R shows them.
startsWith(kind(as.POSIXct("2024-07-01 12:00:00")), "datetime.datetime")

#- whole numbers of bit64
#! Python has whole numbers of any size.
kind(structure(c(4.94e-324, 0), class = "integer64"))

#- lists with a class
list(
  kind(structure(list(a = 1, b = list(2)), class = "own")), kind(structure(list(1), class = "own")),
  kind(numeric_version("1.2.3")), kind(rle(c(1, 1, 2))), kind(I(list(1, "a")))
)

#- a fitted model
#! It stays whole: Python has no use for its parts, and R gets it back.
startsWith(kind(lm(dist ~ speed, cars)), "dict")

#- values of R alone
#! They are R values here, too, in a handle.
startsWith(c(kind(quote(x)), kind(quote(f(x))), kind(expression(a, b))), "PyCapsule")

#- arrays and tables
list(
  kind(matrix(1:4, 2)), kind(matrix(1:4, 2, dimnames = list(c("a", "b"), NULL))),
  kind(array(1:3)), kind(array(1:8, c(2, 2, 2))), kind(matrix(0, 0, 3)),
  kind(array(1:3, 3, list(c("a", "b", "c")))), kind(table(c("a", "b", "a"))),
  kind(structure(matrix(1:4, 2), class = "mine")), kind(scale(matrix(c(1, 2, 3), 3)))
)

#- an array with NA
#! A typed NA never becomes an ordinary value.
list(kind(matrix(c(1L, NA), 1)), kind(matrix(c(TRUE, NA), 1)))

#- a list with equal names
#! It would lose elements.
kind(list(a = 1, a = 2))

#- classes inside of lists
list(
  kind(list(factor("a"), as.Date("2020-01-01"), c(a = 1), structure(1, class = "mine"))),
  kind(list(a = factor(c("a", "b")), b = list(c = as.Date("2020-01-01"))))
)

#- what an R function returns to Python
list(
  py_run_string("def called(f): return kind(f())")$called(function() factor(c("a", "b"))),
  py_run_string("def called(f): return kind(f())")$called(function() as.Date("2020-01-01")),
  py_run_string("def called(f): return kind(f())")$called(function() c(a = 1, b = 2)),
  py_run_string("def called(f): return kind(f())")$called(function() structure("x", class = "y"))
)

#- a method of one's own
method <- function(x, convert = FALSE) r_to_py(list(amount = unclass(x)))
assign("r_to_py.money", method, envir = globalenv())
list(
  kind(structure(5, class = "money")), kind(list(structure(5, class = "money"))),
  kind(list(a = list(structure(5, class = "money")))),
  py_run_string("def called(f): return kind(f())")$called(function() structure(5, class = "money"))
)

#- a method of one's own that goes on to the next
assign("r_to_py.coin", function(x, convert = FALSE) NextMethod(), envir = globalenv())
kind(structure(5, class = "coin"))
