# A stand-in for the package RTMB where it is not installed: MakeTape(f, x) records the operations of `f` and
# replays them for other numbers, with $jacobian() by a sweep backwards.
#
# As in RTMB, a recorded number is an element of a complex vector of class "advector", so R's own C
# code refuses it or, as order() does, decides by what it is not; comparisons are errors while a tape is
# recorded, unless TapeConfig(comparison = "allow") freezes them; what the code decided stays on the tape.
#
# What it can't show: which functions the real package can record (it has S4 methods, distributions,
# matrices, and replaces `c` and `[<-` while it records), its speed, and what its C++ code does at edges.
# What of its interface is used here is that of its reference: MakeTape(), `$jacobian()`, TapeConfig().

state <- new.env()
state$comparison <- "forbid"
state$count <- 0L # how many tapes were made

TapeConfig <- function(comparison = c("forbid", "tape", "allow")) {
  state$comparison <- match.arg(comparison)
  invisible(state$comparison)
}

# ---- recording ----------------------------------------------------------------------------------------

# Adds numbers to the tape: `op` of the recorded numbers `a` and `b`; those of "const" are `value`.
record <- function(op, value, a = integer(), b = integer()) {
  ids <- state$size + seq_along(value)
  state$size <- state$size + length(value)
  state$values <- c(state$values, value)
  step <- list(op = op, ids = ids, a = rep_len(a, length(ids)), b = rep_len(b, length(ids)))
  state$steps <- c(state$steps, list(step))
  structure(complex(real = ids, imaginary = -ids), class = "advector")
}

ids_of <- function(x) as.integer(Re(unclass(x)))

advector <- function(x) {
  if (inherits(x, "advector")) {
    return(x)
  }
  if (is.complex(x)) stop("Invalid argument to 'advector' (lost class attribute?)")
  like(record("const", as.double(x)), x)
}

like <- function(made, x) {
  if (!is.null(dim(x))) dim(made) <- dim(x)
  made
}

Ops.advector <- function(e1, e2) {
  if (.Generic %in% c("==", "!=", "<", ">", "<=", ">=")) {
    if (state$comparison != "allow") stop("Comparison is generally unsafe for AD types")
    now <- function(x) like(state$values[ids_of(advector(x))], x)
    return(get(.Generic)(now(e1), now(e2)))
  }
  if (missing(e2)) {
    e2 <- e1
    e1 <- 0
  }
  longer <- if (length(e2) > length(e1)) e2 else e1
  a <- ids_of(advector(e1))
  b <- ids_of(advector(e2))
  value <- get(.Generic)(state$values[a], state$values[b])
  like(record(.Generic, value, a, b), longer)
}

Math.advector <- function(x, ...) {
  a <- ids_of(x)
  if (is.null(slopes[[.Generic]])) stop("'advector' does not allow operation ", .Generic)
  like(record(.Generic, get(.Generic)(state$values[a]), a, a), x)
}

sum.advector <- function(x, ..., na.rm = FALSE) {
  total <- advector(0)
  for (i in seq_along(x)) total <- total + x[i]
  total
}
mean.advector <- function(x, ...) sum(x) / length(x)
Summary.advector <- function(..., na.rm = FALSE) stop("'advector' does not allow operation ", .Generic)
is.numeric.advector <- function(x) TRUE

`[.advector` <- function(x, ...) structure(NextMethod(), class = "advector")
`[<-.advector` <- function(x, ..., value) {
  value <- advector(value)
  NextMethod()
}
c.advector <- function(...) structure(unlist(lapply(list(...), advector)), class = "advector")
rep.advector <- function(x, ...) structure(NextMethod(), class = "advector")
as.vector.advector <- function(x, mode = "any") structure(NextMethod(), class = "advector")

# ---- replaying ----------------------------------------------------------------------------------------

slopes <- list(
  exp = exp, log = function(a) 1 / a, sqrt = function(a) 0.5 / sqrt(a), abs = sign,
  log1p = function(a) 1 / (1 + a), lgamma = digamma, tanh = function(a) 1 - tanh(a)^2
)

by_first <- list(
  "+" = function(a, b) 1, "-" = function(a, b) 1, "*" = function(a, b) b, "/" = function(a, b) 1 / b,
  "^" = function(a, b) b * a^(b - 1)
)
by_second <- list(
  "+" = function(a, b) 1, "-" = function(a, b) -1, "*" = function(a, b) a,
  "/" = function(a, b) -a / b^2, "^" = function(a, b) ifelse(a > 0, a^b * log(abs(a)), 0)
)

MakeTape <- function(f, x) {
  state$count <- state$count + 1L
  state$size <- 0L
  state$values <- numeric()
  state$steps <- list()
  inputs <- record("input", as.double(x))
  outputs <- ids_of(advector(f(inputs)))
  tape <- list(steps = state$steps, size = state$size, values = state$values, outputs = outputs)
  structure(function(x) replayed(tape, x)[outputs],
    methods = list(jacobian = function(x) jacobian(tape, x)), class = "Tape"
  )
}

`$.Tape` <- function(x, name) attr(x, "methods")[[name]]

replayed <- function(tape, x) {
  values <- tape$values
  for (step in tape$steps) {
    if (step$op == "input") {
      values[step$ids] <- x
    } else if (!is.null(by_first[[step$op]])) {
      values[step$ids] <- get(step$op)(values[step$a], values[step$b])
    } else if (step$op != "const") {
      values[step$ids] <- get(step$op)(values[step$a])
    }
  }
  values
}

jacobian <- function(tape, x) {
  values <- replayed(tape, x)
  t(vapply(tape$outputs, function(output) {
    adjoint <- numeric(tape$size)
    adjoint[[output]] <- 1
    for (step in rev(tape$steps)) {
      back <- function(to, slope) {
        for (i in seq_along(to)) adjoint[[to[[i]]]] <<- adjoint[[to[[i]]]] + slope[[i]]
      }
      g <- adjoint[step$ids]
      if (!is.null(by_first[[step$op]])) {
        a <- values[step$a]
        b <- values[step$b]
        back(step$a, g * by_first[[step$op]](a, b))
        back(step$b, g * by_second[[step$op]](a, b))
      } else if (!is.null(slopes[[step$op]])) {
        back(step$a, g * slopes[[step$op]](values[step$a]))
      }
    }
    adjoint[seq_along(x)]
  }, numeric(length(x))))
}
