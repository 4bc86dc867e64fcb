# Calls of Python objects, and how their arguments are written: an empty last one, rlang's `!!!` and
# `:=`; what py_func() makes of a function.
# Also of: core/primitives.c.

py_run_string("def bridge_args(*a, **k): return [list(a), k]")
args_of <- py$bridge_args
py_run_string("del bridge_args")
nothing <- structure(list(), names = character())

test_that("an empty last argument is left out", {
  expect_identical(args_of(1L, "a", ), list(list(1L, "a"), nothing))
  expect_identical(args_of(a = 1L, )[[2]], list(a = 1L))
  forwards <- function(...) args_of(...)
  expect_identical(forwards(1L, "a", ), args_of(1L, "a"))
  expect_identical(py_call(args_of, 1L, "a", ), args_of(1L, "a"))
  many <- args_of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, x = 12, )
  expect_equal(unlist(many), c(1:11, x = 12))
})

test_that("another empty argument is an error that says which", {
  expect_error(args_of(1, , 2), "argument 2 of the call is empty")
  expect_error(args_of(, 1), "argument 1 of the call is empty")
  expect_error(args_of(1, , ), "argument 2 of the call is empty")
  expect_error(args_of(a = , ), "argument 1 of the call is empty")
})

test_that("other arguments are R's, evaluated once and in order", {
  seen <- NULL
  note <- function(x) {
    seen <<- c(seen, x)
    x
  }
  expect_identical(args_of(note(1L), a = note(2L), !TRUE)[[1]], list(1L, FALSE))
  expect_identical(seen, 1:2)
  expect_identical(args_of(!!TRUE), args_of(TRUE))
  expect_identical(do.call(args_of, list(1L, a = 2L)), args_of(1L, a = 2L))
  lacks <- function(x) args_of(x)
  expect_error(lacks(), "\"x\" is missing")
  expect_error(args_of(stop("mine")), "mine")
})

test_that("`!!!` and `:=` are those of rlang", {
  skip_if_not_installed("rlang")
  n <- "key"
  more <- list(2L, b = 3L)
  forwards <- function(...) args_of(...)
  expect_identical(args_of("a", !!!more, "z"), list(list("a", 2L, "z"), list(b = 3L)))
  expect_identical(forwards("a", !!!more, ), args_of("a", 2L, b = 3L))
  # Without rlang's rule, R would compute a logical vector.
  expect_identical(args_of(!!!c(1, 2)), args_of(1, 2))
  expect_identical(args_of(!!!list()), args_of())
  expect_identical(args_of("x_{n}" := 4L)[[2]], list(x_key = 4L))
  expect_identical(args_of(!!n := 4L)[[2]], list(key = 4L))
})

test_that("functions of lists and shapes take them as well", {
  expect_identical(py_str(tuple(1L, 2L, )), "(1, 2)")
  expect_identical(py_to_r(dict(a = 1L, b = "x", )), list(a = 1L, b = "x"))
  expect_identical(as.integer(shape(NA, 2, )), c(NA, 2L))
  expect_identical(named_list(a = 1, ), list(a = 1))
  expect_identical(zip_lists(1:2, 3:4, )[[2]], list(2L, 4L))
  expect_identical(flags(flag_integer("n", 3), , arguments = character(), file = "")$n, 3L)
  skip_if_not_installed("rlang")
  name <- "b"
  expect_identical(py_to_r(dict(!!!list(a = 1L, b = "x"))), list(a = 1L, b = "x"))
  expect_identical(py_str(tuple(!!!list(1L, 2L))), "(1, 2)")
  expect_identical(as.integer(shape(!!!list(1, 2))), 1:2)
  expect_identical(
    named_list(!!!list(a = 1), "{name}" := 2, name), list(a = 1, b = 2, name = "b")
  )
  expect_error(named_list(a = 1, !!!list(a = 2)), "`a` is given twice")
})

test_that("without rlang they are an error that names it", {
  need <- require_rlang
  environment(need) <- list2env(
    list(requireNamespace = function(...) FALSE), parent = environment(need)
  )
  expect_error(need(), "need the R package rlang: install.packages(\"rlang\")", fixed = TRUE)
})

test_that("py_func() refuses what is no signature of Python", {
  expect_error(py_func(function(a.b) 1), "can't have an argument `a.b`: write `a_b`")
  expect_error(py_func(function(`in`) 1), "can't have an argument `in`: write `in_`")
  expect_error(py_func(function(x, `y z` = 1) 1), "can't have an argument `y z`")
  expect_error(py_func(function(a = 1, b) 1), "`b`, comes after one with a default, as `a`")
  expect_error(py_func("f"), "`f` is a function, not character")
  signature <- import("inspect")$signature
  shown <- function(f) py_str(signature(py_func(f)))
  expect_identical(shown(function(x, y = 2L, ..., z = "a") 1), "(x, y=2, *args, z='a', **kwargs)")
  expect_identical(shown(function(a = 1L, b) missing(b)), "(a=1, b=<no default>)")
  expect_equal(py_func(sum)(1, 2), 3)
  expect_true(is_py_object(py_main_thread_func(function(a.b) 1)))
})

test_that("Python may leave out arguments of which R asks missing()", {
  call_with <- py_eval("lambda f, *a, **k: f(*a, **k)")
  one <- function(x, y) if (missing(y)) "none" else y
  expect_identical(call_with(one, 1), "none")
  expect_identical(call_with(one, 1, y = 2), 2)
  deep <- function(x, y) {
    for (i in 1) if (is.null(x) || !missing("y")) stop("given")
    "none"
  }
  expect_identical(call_with(deep, 1), "none")
  expect_identical(call_with(function(..., key) missing(key), 1), TRUE)
  expect_identical(call_with(function(x, y, z) paste(missing(y), missing(z)), 1), "TRUE TRUE")
  expect_error(call_with(function(x, y) y, 1), class = "python.builtin.TypeError")
})
