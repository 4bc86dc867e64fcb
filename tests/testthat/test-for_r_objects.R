# `$`, `[[`, names(), print() and operators on Python objects, and py_*_attr().
# Also of: R/for_r_attributes.R, R/values_convert.R, for_r/classes.py, core/primitives.c,
# core/proxy.c.

point <- function() {
  py_run_string("
class Point:
    def __init__(self, x=1.0, y=2.0):
        self.x, self.y = x, y
    def __eq__(self, other):
        return isinstance(other, Point) and (self.x, self.y) == (other.x, other.y)
    def __add__(self, other):
        return Point(self.x + other, self.y + other)
    def __radd__(self, other):
        return Point(self.x + other, self.y + other)
    def __neg__(self):
        return Point(-self.x, -self.y)
    def __repr__(self):
        return f'Point({self.x}, {self.y})'
", local = TRUE, convert = TRUE)$Point
}

point_like <- function(p) {
  import("copy")$copy(p)
}

test_that("attributes are read and set by `$` and `[[`", {
  p <- point()()
  expect_identical(p$x, 1)
  expect_identical(p[["y"]], 2)
  p$x <- 5
  p[["y"]] <- 6
  expect_identical(c(p$x, p$y), c(5, 6))
  p$none <- NULL
  expect_null(p$none)
  expect_true(py_has_attr(p, "none"))
})

test_that("replacing in depth assigns the same object back without a setter", {
  owner <- py_run_string("
class Inner: pass
class Owner:
    def __init__(self): self._inner = Inner()
    @property
    def inner(self): return self._inner
", local = TRUE)$Owner()
  owner$inner$flag <- TRUE
  expect_true(owner$inner$flag)
})

test_that("a missing attribute is an AttributeError that suggests the nearest", {
  p <- point()()
  expect_error(p$zzz, class = "python.builtin.AttributeError")
  expect_error(py_get_attr(import("math"), "flor"), "Did you mean: 'floor'")
  expect_null(py_get_attr(p, "zzz", silent = TRUE))
  expect_error(py_get_attr(p, c("a", "b")), "one string")
})

test_that("py_*_attr() work as Python's functions do", {
  p <- point()()
  expect_identical(py_get_attr(p, "x"), 1)
  expect_true(is_py_object(py_set_attr(p, "x", 3L)))
  expect_identical(p$x, 3L)
  py_del_attr(p, "x")
  expect_false(py_has_attr(p, "x"))
  expect_error(py_del_attr(p, "x"), class = "python.builtin.AttributeError")
  expect_true(all(c("y", "__class__") %in% py_list_attributes(p)))
  expect_identical(names(p), "y")
})

test_that("a module imports its submodules when they are asked for", {
  xml <- import("xml")
  expect_s3_class(xml$dom, "python.builtin.module")
  expect_error(xml$nothing_there, class = "python.builtin.AttributeError")
})

test_that("an unconverted object gives unconverted objects", {
  p <- py_proxy(point()(), FALSE)
  expect_true(is_py_object(p$x))
  expect_identical(py_to_r(p$x), 1)
  expect_true(is_py_object(p[["x"]]))
  expect_true(is_py_object(py_get_attr(p, "x")))
  expect_identical(p == p, TRUE)
})

test_that("objects print their repr, modules their name", {
  p <- point()()
  expect_output(print(p), "Point(1.0, 2.0)", fixed = TRUE)
  expect_output(str(p), "Point(1.0, 2.0)", fixed = TRUE)
  expect_output(print(import("math")), "Module(math)", fixed = TRUE)
  expect_identical(format(p), "Point(1.0, 2.0)")
  expect_identical(as.character(p), "Point(1.0, 2.0)")
  expect_identical(py_repr(p), "Point(1.0, 2.0)")
  expect_identical(py_str(py_unicode("a")), "a")
  expect_identical(py_repr(py_unicode("a")), "'a'")
})

test_that("operators are Python's", {
  p <- point()()
  expect_true(p == point_like(p))
  expect_false(p == 1)
  expect_false(p == NULL)
  expect_true(p != 1)
  expect_identical((p + 1)$x, 2)
  expect_identical((1 + p)$x, 2)
  expect_identical((-p)$y, -2)
  fraction <- import("fractions")$Fraction(7L, 2L)
  expect_true(fraction > 3)
  expect_true(3 < fraction)
  expect_identical(py_str(fraction %/% 1L), "3")
  expect_identical(as.numeric(fraction), 3.5)
  expect_identical(abs(-fraction) == fraction, TRUE)
  expect_identical(floor(fraction), 3L)
  expect_error(fraction + "a", class = "python.builtin.TypeError")
})

test_that("length, truth and identity", {
  expect_identical(length(tuple(1, 2, 3)), 3L)
  expect_identical(length(point()()), 1L)
  expect_identical(py_len(dict(a = 1)), 1L)
  expect_error(py_len(point()()), class = "python.builtin.TypeError")
  expect_identical(py_len(point()(), default = 7L), 7L)
  expect_false(py_bool(dict()))
  expect_true(py_bool(tuple(1)))
  p <- point()()
  expect_identical(py_id(p), py_id(p))
  expect_type(py_id(p), "character")
})

test_that("None and the ellipsis are objects", {
  expect_true(is_py_object(py_none()))
  expect_null(py_to_r(py_none()))
  expect_output(print(py_ellipsis()), "Ellipsis")
})

test_that("callables are R functions", {
  builtins <- import_builtins()
  expect_true(is.function(builtins$len))
  expect_identical(builtins$len(list(1, "a")), 2L)
  expect_identical(builtins$max(1L, 5L, key = function(x) -x), 1L)
  expect_identical(py_call(builtins$int, "12", base = 3L), 5L)
  expect_identical(builtins$str$upper("a"), "A")
  arguments <- list(1L, 2L)
  expect_identical(do.call(builtins$max, arguments), 2L)
  f <- py_func(function(a, b = 2) a + b)
  expect_true(is_py_object(f))
  expect_identical(f(1), 3)
  expect_error(py_func(3), "`f` is a function")
})

test_that("an R function that went to Python is the same closure", {
  f <- function(x) x
  p <- point()()
  p$f <- f
  expect_identical(p$f, f)
})

test_that("what R cannot replace on a Python object says so", {
  p <- point()()
  expect_error(names(p) <- "a", "does not work on a Python object")
  expect_error(dim(p) <- 1L, "does not work on a Python object")
  expect_error(length(p) <- 1L, "does not work on a Python object")
  expect_error(p[[1, 2]], "one index")
})

test_that("an object of another session is told apart", {
  file <- tempfile(fileext = ".rds")
  on.exit(unlink(file))
  saveRDS(point()(), file)
  gone <- readRDS(file)
  expect_true(py_is_null_xptr(gone))
  expect_error(py_validate_xptr(gone), "another R session")
  expect_output(print(gone), "<pointer: 0x0>")
  p <- point()()
  expect_false(py_is_null_xptr(p))
  expect_identical(py_validate_xptr(p), p)
})

test_that("completion offers public names, and hidden ones when asked", {
  complete <- getS3method(".DollarNames", "python.builtin.object")
  math <- import("math")
  expect_identical(complete(math, "^flo"), "floor")
  expect_true("__name__" %in% complete(math, "^__na"))
  expect_false("__name__" %in% complete(math, ""))
})

test_that("users extend py_to_r() by the class of a Python object", {
  registerS3method("py_to_r", "ipaddress.IPv4Address", function(x) paste("address", py_str(x)),
    envir = asNamespace("pyclassbridge"))
  address <- import("ipaddress", convert = FALSE)$IPv4Address("10.0.0.1")
  expect_identical(py_to_r(address), "address 10.0.0.1")
})

test_that("users extend r_to_py() by the class of an R value", {
  registerS3method("r_to_py", "celsius", function(x, convert = FALSE) {
    r_to_py(unclass(x) + 273.15, convert)
  }, envir = asNamespace("pyclassbridge"))
  expect_identical(py_to_r(r_to_py(structure(0, class = "celsius"))), 273.15)
  expect_identical(py_to_r("an R value"), "an R value")
  expect_true(is_py_object(r_to_py(list(1, 2))))
  expect_identical(py_to_r(r_to_py(list(a = 1, b = "x"))), list(a = 1, b = "x"))
})

test_that("what can be called shows its signature", {
  py_run_string("
class Called:
    def __repr__(self): return '<called>'
    def __call__(self, a, *, b: int = 1) -> int: return a
    def method(self, q=(1, 2)): pass
")
  shown <- function(code) capture.output(print(py_eval(code, convert = FALSE)))
  expect_identical(shown("Called()"), c("<called>", " signature: (a, *, b=1)"))
  expect_match(shown("lambda x, y=2: 0")[[2]], " signature: (x, y=2)", fixed = TRUE)
  expect_match(shown("Called().method")[[2]], " signature: (q=(1, 2))", fixed = TRUE)
  expect_match(shown("len")[[2]], " signature: (obj, /)", fixed = TRUE)
  expect_length(shown("object()"), 1)
  expect_length(capture.output(str(py_eval("len", convert = FALSE))), 1)
})
