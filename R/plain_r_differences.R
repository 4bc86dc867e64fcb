# Gradients of plain R by differences: five points for each number, with steps that become smaller where
# the differences of two steps do not agree (a kink, an edge of the domain). What a row of the outputs is
# computed from is its own row, if a random direction agrees with that; then all rows take a step at once.
# Plain R; no other half in Python. Words: see R/plain_r_gradient.R. No random numbers are drawn.

# The gradient by the evaluations that this shape needs, which is found out for its first batch.
checked_differences <- function(fn, key, z, active, constant, rows, g) {
  outputs <- tried(outputs_of(fn, active, constant))
  if (is.null(fn$shapes[[key]]$rows)) {
    refuse_noise(fn, outputs, z)
    by_row <- rows > 1L && rows_are_independent(outputs, z, rows)
    fn$shapes[[key]]$rows <- if (by_row) rows else 1L
    warn_of_cost(fn, length(z) / fn$shapes[[key]]$rows, by_row || length(z) == 1L)
  }
  slopes <- difference_gradient(outputs, z, fn$shapes[[key]]$rows, g)
  if (anyNA(slopes)) {
    raise_tried(outputs)
  }
  slopes
}

warn_of_cost <- function(fn, columns, by_row) {
  if (fn$is_warned) {
    return(invisible())
  }
  fn$is_warned <- TRUE
  fault <- if (nzchar(fn$tape_fault %||% "")) paste0(" (RTMB can't: ", fn$tape_fault, ")")
  warning(
    fn$label, " has no `gradient`, so it is computed by differences: ", 4L * columns, " evaluations of the ",
    "function in each batch", if (!by_row) ", four for each number, since all depends on all rows",
    fault, "; give `gradient = function(...)`", if (is_missing_tape(fn)) " or install the package RTMB",
    ".",
    call. = FALSE
  )
}

is_missing_tape <- function(fn) identical(fn$tape_fault, "")

# The derivatives of sum(g * outputs), where row i of the outputs depends on row i of `z` alone.
difference_gradient <- function(outputs, z, rows, g) {
  weighted <- function(z) row_sums(outputs(z) * g, rows)
  slopes <- numeric(length(z))
  for (column in seq_len(length(z) / rows)) {
    at <- (column - 1L) * rows + seq_len(rows)
    slopes[at] <- column_slopes(weighted, z, at)
  }
  slopes
}

row_sums <- function(x, rows) if (rows == 1L) sum(x) else rowSums(matrix(x, rows))

# Steps are relative to the number, but not less than to this one; the last are so however small the
# number is, since it may be near an edge of the domain, as probabilities are.
least_size <- 0.1

sizes_of <- function(z) pmax(abs(z), least_size)

# The derivatives by `z[at]`, one for each row. A row is done once the slopes of a step and of twice that
# step agree; else the step becomes smaller, and in the end the best of them is taken.
column_slopes <- function(weighted, z, at) {
  steps <- c(lapply(3 * 10^-(4:10), `*`, sizes_of(z[at])), lapply(10^-c(3, 5), `*`, abs(z[at])))
  slopes <- rep(NaN, length(at))
  spread <- rep(Inf, length(at))
  left <- rep(TRUE, length(at))
  for (step in steps) {
    found <- five_points(function(k) {
      z[at] <- z[at] + k * ifelse(left, step, 0)
      weighted(z)
    }, step)
    takes <- left & is.finite(found$slope) & found$spread < spread
    slopes[takes] <- found$slope[takes]
    spread[takes] <- found$spread[takes]
    left <- left & !found$agrees
    if (!any(left)) {
      break
    }
  }
  slopes
}

# Slopes of values(k), k times `step` away. The difference of two steps is the error of the simpler
# formula; that of this one is about its square where the function is smooth, and no more where its
# slope has a kink.
five_points <- function(values, step) {
  ends <- list(values(1), values(-1), values(2), values(-2))
  near <- (ends[[1L]] - ends[[2L]]) / (2 * step)
  far <- (ends[[3L]] - ends[[4L]]) / (4 * step)
  slope <- (4 * near - far) / 3
  size <- do.call(pmax, lapply(ends, abs))
  noise <- 30 * .Machine$double.eps * size / step
  spread <- abs(near - far)
  largest <- max(abs(slope[is.finite(slope)]), 0)
  list(
    slope = slope, spread = spread, noise = noise,
    agrees = is.finite(slope) & spread <= 1e-6 * abs(slope) + 1e-9 * largest + noise
  )
}

# Does the derivative in a direction of all numbers agree with the sums over the rows' own derivatives?
# Where a step is so small that it says little, agreement within the noise does not count.
rows_are_independent <- function(outputs, z, rows) {
  count <- length(outputs(z))
  if (count %% rows || length(z) %% rows) {
    return(FALSE)
  }
  g <- 1 + scattered(count, 1) / 2
  slopes <- difference_gradient(outputs, z, rows, g)
  agrees <- rep(FALSE, rows)
  for (size in list(sizes_of(z), abs(z))) {
    way <- scattered(length(z), 2) * size
    is_wide <- all(size >= least_size)
    expected <- row_sums(slopes * way, rows)
    total <- row_sums(abs(slopes * way), rows)
    for (step in c(1e-3, 1e-5, 1e-7)) {
      found <- five_points(function(k) row_sums(outputs(z + k * step * way) * g, rows), step)
      off <- abs(found$slope - expected)
      says <- (is_wide && step > 1e-6) | found$noise < 1e-3 * total
      agrees <- agrees | (off <= 1e-6 * total | (off <= found$noise & says)) %in% TRUE
    }
  }
  all(agrees)
}

# Numbers between -1 and 1 without an order, the same for each call.
scattered <- function(n, seed) {
  x <- sin(seq_len(n) * 12.9898 + seed * 78.233) * 43758.5453
  2 * (x - floor(x)) - 1
}

# A function that draws random numbers has no derivative that differences could tell.
refuse_noise <- function(fn, outputs, z) {
  if (!identical(outputs(z), outputs(z))) {
    raise_tried(outputs)
    stop(fn$label, " gives other numbers for the same arguments, so differences can't tell its gradient: ",
      "give `gradient = `.",
      call. = FALSE
    )
  }
}

# `outputs` for steps that may leave the domain: an error there gives NaN, and a warning is not shown.
tried <- function(outputs) {
  force(outputs)
  last <- new.env(parent = emptyenv())
  structure(function(z) {
    found <- tryCatch(suppressWarnings(outputs(z)), error = function(e) last$error <- e)
    if (inherits(found, "error")) {
      return(rep(NaN, max(1L, last$count)))
    }
    last$count <- length(found)
    found
  }, last = last)
}

raise_tried <- function(outputs) {
  error <- attr(outputs, "last")$error
  if (!is.null(error)) {
    stop(error)
  }
}
