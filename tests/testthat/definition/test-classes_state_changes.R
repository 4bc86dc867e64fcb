# What R state a method changes from what it was before, found in its code.
# Also of: R/classes_code_places.R, R/classes_lost_state.R.

changes <- function(fn, members = list()) {
  as.character(pyclassbridge:::state_changes(fn, members))
}

expect_changes <- function(object, ...) expect_identical(sort(object), sort(c(...)))
expect_none <- function(object) expect_identical(object, character())

test_that("what is read and then assigned is changed, in whatever form", {
  expect_changes(changes(function() private$n <- private$n + 1), "private$n")
  expect_changes(changes(function() private[["n"]] <- private$n + 1), "private$n")
  expect_changes(changes(function() self$n = self$n + 1L), "self$n")
  expect_changes(changes(function() self$n + 1L -> self$n), "self$n")
  expect_changes(changes(function() self$a$b <- self$a$b + 1), "self$a$b")
  expect_changes(changes(function(x) total <<- total + x), "total")
  expect_changes(changes(function(x) seen <<- c(seen, dim(x))), "seen")
  expect_changes(changes(function() private$odd <- !private$odd), "private$odd")
  expect_changes(changes(function() {
    n <- private$n + 1
    private$n <- n
  }), "private$n")
  expect_changes(changes(function(x) {
    step <- x - private$last
    private$last <- x
    step
  }), "private$last")
})

test_that("elements, attributes and names are parts of what is changed", {
  expect_changes(changes(function(x) private$all[[length(private$all) + 1L]] <- x), "private$all")
  expect_changes(changes(function(x) private$all[[private$i]] <- x), "private$all")
  expect_changes(changes(function(x) private$sums["a"] <- private$sums["a"] + x), "private$sums")
  expect_changes(changes(function(x) private$m[1, ] <- private$m[1, ] + x), "private$m")
  expect_changes(changes(function() attr(private$y, "k") <- attr(private$y, "k") + 1), "private$y")
  expect_changes(changes(function() private$counts[[1]] <- private$counts[[1]] + 1), "private$counts[[1]]")
})

test_that("assign() and get() with an environment", {
  expect_changes(changes(function() assign("n", n + 1, envir = globalenv())), "n")
  expect_changes(changes(function() assign("n", private$n + 1, private)), "private$n")
  expect_changes(changes(function() {
    assign("n", get("n", envir = private) + 1, envir = private)
  }), "private$n")
  expect_none(changes(function() assign("n", n + 1)))
  expect_none(changes(function() assign("n", n + 1, envir = environment())))
})

test_that("an environment from outside is state, a list is not: its variable is told", {
  found <- pyclassbridge:::state_changes(function() seen$n <- seen$n + 1)
  expect_identical(attr(found, "environments"), list(`seen$n` = "seen"))
  expect_identical(as.character(found), "seen$n")
  expect_none(changes(function() {
    seen <- list(n = 0)
    seen$n <- seen$n + 1
  }))
  expect_none(changes(function(x) {
    x$n <- x$n + 1
    x
  }))
})

test_that("changes in branches, loops, inner functions, conditions and arguments", {
  expect_changes(changes(function(x) if (x) private$n <- private$n + 1), "private$n")
  expect_changes(changes(function(x) for (i in 1:3) private$n <- private$n + i), "private$n")
  expect_changes(changes(function(x) while (private$n < 3) private$n <- private$n + 1), "private$n")
  expect_changes(changes(function(x) switch(x, a = , b = private$n <- private$n + 1, 3)), "private$n")
  expect_changes(changes(function(x) lapply(x, function(i) private$n <- private$n + i)), "private$n")
  expect_changes(changes(function(x) if ((n <<- n + 1) < 4) x), "n")
  expect_changes(changes(function(x, n = private$n <- private$n + 1) n), "private$n")
  expect_changes(changes(function(x) on.exit(private$n <- private$n + 1)), "private$n")
  expect_changes(changes(function(x) local(private$n <- private$n + 1)), "private$n")
})

test_that("methods that the code calls change state, too, also private ones and active bindings", {
  bump <- function() private$n <- private$n + 1
  expect_changes(changes(function() private$bump(), list(bump = bump)), "private$n")
  expect_changes(changes(function() self$bump(), list(bump = bump)), "private$n")
  expect_changes(changes(function() self$twice(), list(
    twice = function() {
      self$bump()
      self$twice()
    }, bump = bump
  )), "private$n")
  setter <- function(value) if (!missing(value)) private$n <- private$n + value
  expect_changes(changes(function() self$level <- 3, list(level = setter)), "private$n")
  expect_changes(changes(function(data) self(data), list(call = bump)), "private$n")
})

test_that("clocks and random numbers give another value at each call", {
  expect_changes(changes(function() private$at <- Sys.time()), "private$at")
  expect_changes(changes(function() private$noise <- runif(1)), "private$noise")
})

test_that("what does not need the former value is no change", {
  expect_none(changes(function(x) private$rank <- length(dim(x))))
  expect_none(changes(function(x) self$last <- op_mean(x)))
  expect_none(changes(function(x) self$v <- self$add_weight(shape = dim(x)[-1L])))
  expect_none(changes(function() self$count$assign(self$count + 1)))
  expect_none(changes(function() private$seen <- TRUE))
  expect_none(changes(function() {
    if (private$seen) stop("twice")
    private$seen <- TRUE
  }))
  expect_none(changes(function(x) self$a$b <- self$a$c + 1))
  expect_none(changes(function(x) private$shapes[["x"]] <- dim(x)))
  expect_none(changes(function(x) {
    out <- private$flag
    private$flag <- FALSE
    out
  }))
  expect_none(changes(function(x) NULL))
  expect_none(changes(function(x) private$z[] <- 0))
})

test_that("caching is no change, counting beside it is", {
  expect_none(changes(function(x) {
    if (is.null(private$x)) private$x <- dim(x)
    private$x
  }))
  expect_none(changes(function(x) {
    if (!is.null(private$x)) {
      return(private$x)
    }
    private$x <- dim(x)
  }))
  expect_none(changes(function(x) {
    if (!identical(private$dims, dim(x))) private$dims <- dim(x)
    private$dims
  }))
  expect_none(changes(function(x) private$x <- private$x %||% dim(x)))
  expect_none(changes(function(x) private$x <- if (is.null(private$x)) dim(x) else private$x))
  expect_changes(changes(function() {
    if (is.null(private$n)) private$n <- 1 else private$n <- private$n + 1
  }), "private$n")
  expect_changes(changes(function() {
    if (is.null(private$n)) private$n <- 0
    private$n <- private$n + 1
  }), "private$n")
  expect_changes(changes(function() private$n <- (private$n %||% 0) + 1), "private$n")
  expect_changes(changes(function() {
    private$n <- if (is.null(private$n)) 1 else private$n + 1
  }), "private$n")
})

test_that("what the method has set anew may be gathered, and what it puts back is unchanged", {
  expect_none(changes(function(x) {
    private$all <- list()
    for (i in 1:3) private$all[[i]] <- x
    for (i in 1:3) private$all <- c(private$all, x)
    private$all
  }))
  expect_none(changes(function(x) {
    if (x) private$n <- 0 else private$n <- 1
    private$n <- private$n + 1
  }))
  expect_changes(changes(function(x) {
    if (x) private$n <- 0
    private$n <- private$n + 1
  }), "private$n")
  expect_none(changes(function(x) {
    old <- private$mode
    on.exit(private$mode <- old)
    private$mode <- paste(x)
  }))
})

test_that("`<<-` to a variable of a function inside the method is local", {
  expect_none(changes(function(x) {
    n <- 0
    add <- function(by) n <<- n + by
    add(x)
  }))
  expect_none(changes(function(x) {
    local({
      n <- 0
      add <- function() n <<- n + 1
      add()
    })
  }))
  expect_none(changes(function(x, n = 0) lapply(x, function(i) n <<- n + i)))
})

test_that("methods that Keras traces carry what they change, others do not", {
  lost <- function(class, name) {
    class
    found <- Filter(function(member) member$given == name, recorder$spec$methods)
    unlist(found[[1L]]$lost$changes)
  }
  skip_if_not(python_is_fake)
  counted <- function(...) {
    Metric("Counted",
      initialize = function(...) private$n <- private$n + 1,
      update_state = function(y_true, y_pred, sample_weight = NULL) private$bump(),
      result = function() self$total,
      reset_state = function() private$n <- private$n - 1,
      private = list(n = 0, bump = function() private$n <- private$n + 1), ...,
      inherit = fake_class("Metric", of = keras_path("Metric"))
    )
  }
  expect_identical(lost(counted(), "update_state"), "private$n")
  for (name in c("initialize", "result", "reset_state")) {
    expect_null(lost(counted(), name))
  }
  gathering <- function() {
    Model("Gathering",
      train_step = function(data) {
        private$losses <- list()
        private$steps <- private$steps + 1
      },
      call = function(inputs) private$losses <- c(private$losses, inputs),
      inherit = fake_class("Model", of = keras_path("Model"))
    )
  }
  expect_null(lost(gathering(), "call"))
  expect_identical(lost(gathering(), "train_step"), "private$steps")
})
