# `%>%`, `%<>%` and `%<-%` as users of magrittr and keras write them.

test_that("a pipe inserts its left side first, or where the dot is", {
  expect_identical(c(1, 4) %>% sqrt() %>% sum(), 3)
  expect_identical(4 %>% sqrt, 2)
  expect_identical(2 %>% seq(1, .), c(1L, 2L))
  expect_identical(3 %>% {. + 1}, 4)
  expect_identical(3 %>% (function(x) x * 2), 6)
  expect_identical(4 %>% base::sqrt(), 2)
  tools <- list(add = function(x, y = 1) x + y)
  expect_identical(1 %>% tools$add(2), 3)
  expect_identical(1 %>% tools$add, 2)
  expect_identical(list(a = 1) %>% with(a), 1)
})

test_that("a pipe evaluates its left side once and keeps the visibility of its last step", {
  calls <- 0
  count <- function() {
    calls <<- calls + 1
    calls
  }
  expect_identical(count() %>% {. + .}, 2)
  expect_false(withVisible(1 %>% invisible())$visible)
  expect_true(withVisible(1 %>% identity())$visible)
})

test_that("`%<>%` assigns back, to names and to parts, at the start of a longer pipe", {
  x <- c(4, 9)
  x %<>% sqrt()
  expect_identical(x, c(2, 3))
  self <- list(wait = 1)
  self$wait %<>% `+`(1)
  expect_identical(self$wait, 2)
  x %<>% rev() %>% sum(1)
  expect_identical(x, 6)
  code <- quote(a + b)
  code %<>% identity()
  expect_identical(code, quote(a + b))
})

test_that("`%<-%` assigns parts, nested, with rest, defaults and skips", {
  c(a, b) %<-% list(1, "x")
  expect_identical(list(a, b), list(1, "x"))
  c(a, c(b, d)) %<-% list(1, list(2, 3))
  expect_identical(c(a, b, d), c(1, 2, 3))
  c(first, ...rest) %<-% list(1, 2, 3)
  expect_identical(rest, list(2, 3))
  c(...start, last) %<-% 1:3
  expect_identical(list(start, last), list(list(1L, 2L), 3L))
  c(y_true, y_pred, sample_weight = NULL) %<-% list(1, 2)
  expect_null(sample_weight)
  c(y_true, y_pred, sample_weight = NULL) %<-% list(1, 2, 3)
  expect_identical(sample_weight, 3)
  c(., b) %<-% list(1, NULL)
  expect_null(b)
  x <- list()
  c(x$a, x[["b"]]) %<-% c(1, 2)
  expect_identical(x, list(a = 1, b = 2))
  expect_error(c(a, b) %<-% list(1), "2 names, but 1 value to assign", fixed = TRUE)
  expect_error(c(a, b) %<-% 1:3, "`...rest`", fixed = TRUE)
})
