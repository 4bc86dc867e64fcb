# `.[a, b] <- value` assigns several names at once, as users of keras3 write it.

test_that("parts are assigned in order, nested, with places left out", {
  .[p, q] <- list(1, "x")
  expect_identical(list(p, q), list(1, "x"))
  .[rows, columns] <- dim(cars)
  expect_identical(c(rows, columns), dim(cars))
  .[first, ..] <- 1:5
  .[.., end] <- letters
  expect_identical(list(first, end), list(1L, "z"))
  .[first, .., before, end] <- list(1, 2, 3, 4)
  expect_identical(c(first, before, end), c(1, 3, 4))
  .[.[a, b], c] <- list(list(1, NULL), list(3, 4))
  expect_identical(list(a, b, c), list(1, NULL, list(3, 4)))
  .[, second, .] <- 1:3
  expect_identical(second, 2L)
  .[major, minor, ..] <- numeric_version("4.6.1")
  expect_identical(c(major, minor), c(4L, 6L))
  .[whole] <- list(cars)
  expect_identical(whole, cars)
  x <- list()
  .[x$a, x[["b"]]] <- c(1, 2)
  expect_identical(x, list(a = 1, b = 2))
})

test_that("a part is taken by its name, or an expression of parts", {
  .[beta = beta] <- list(alpha = 1, beta = 2)
  expect_identical(beta, 2)
  .[x = speed, value = mean(dist)] <- cars
  expect_identical(list(x, value), list(cars$speed, mean(cars$dist)))
  scale <- 10
  .[head, tenfold = b * scale] <- list(a = 1, b = 2)
  expect_identical(c(head, tenfold), c(1, 20))
  expect_error(.[x = c] <- list(a = 1, b = 2), "no part `c`; its parts are `a`, `b`")
})

test_that("Python's tuples, lists, dicts and arrays have parts", {
  .[a, b] <- tuple(1L, "x")
  expect_identical(py_to_r(b), "x")
  .[a, .[b, ..]] <- tuple(1L, tuple(2L, 3L), convert = TRUE)
  expect_identical(list(a, b), list(1L, 2L))
  .[a, b] <- r_to_py(list(tuple(1L), 2L))
  expect_s3_class(a, "python.builtin.tuple")
  .[a, b] <- np_array(matrix(1:4, 2))
  expect_identical(as.vector(a), c(1L, 3L))
  .[one, two] <- dict(k = 1L, l = 2L, convert = TRUE)
  expect_identical(c(one, two), 1:2)
  .[l = l] <- dict(k = 1L, l = 2L, convert = TRUE)
  expect_identical(l, 2L)
  .[n, m] <- shape(NA, 3)
  expect_identical(list(n, m), list(NULL, 3L))
  .[a, b] <- import_builtins()$iter(r_to_py(list("u", "v")))
  expect_identical(c(a, b), c("u", "v"))
})

test_that("it assigns in the frame that it stands in, at each call, compiled too", {
  swap <- function(pair) {
    for (i in 1:3) {
      .[a, b] <- pair
      pair <- list(b, a)
    }
    pair
  }
  for (i in 1:5) expect_identical(swap(list(1, 2)), list(2, 1))
  expect_identical(compiler::cmpfun(swap)(list(1, 2)), list(2, 1))
  expect_false(exists("a", inherits = FALSE))
  expect_identical(local({
    .[a, b] <- 1:2
    a + b
  }), 3L)
  expect_identical(sapply(list(1:2, 3:4), function(pair) {
    .[a, b] <- pair
    a * b
  }), c(2L, 12L))
})

test_that("a value of other length, or without parts, is one sentence", {
  expect_error(.[a, b] <- list(1), "2 names, but 1 value to assign", fixed = TRUE)
  expect_error(.[a, b] <- 1:3, "3 values to assign. A place `..` takes", fixed = TRUE)
  expect_error(.[a, .., b] <- list(1), "2 names, but 1 value", fixed = TRUE)
  expect_error(.[a, .[b, c]] <- list(1, 2), "2 names, but 1 value", fixed = TRUE)
  expect_error(.[.., a, ..] <- 1:3, "only one place may take the remaining parts")
  expect_error(.[a] <- sum, "not an R function")
  expect_error(.[a] <- globalenv(), "not an environment")
})

test_that("the dot of pipes, formulas and `%<-%` is what it was", {
  .[a, b] <- list(1, 2)
  expect_identical(4 %>% sqrt(.), 2)
  expect_identical(3 %>% {. + 1}, 4)
  c(., b) %<-% list(1, 5)
  expect_identical(b, 5)
  c(a, .[b, d]) %<-% list(1, list(2, 3))
  expect_identical(c(a, b, d), c(1, 2, 3))
  expect_identical(names(coef(lm(dist ~ ., cars))), c("(Intercept)", "speed"))
  root <- . %>% abs() %>% sqrt()
  expect_identical(root(-16), 4)
  expect_identical(sapply(list(1:3, 4:5), . %>% rev() %>% sum(1)), c(7, 10))
  expect_output(print(.), "assigns several names")
})
