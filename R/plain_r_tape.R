# Gradients of plain R by RTMB, which records the function on a tape: one tape for each shape, if the
# function can be recorded with its data as inputs, else one for each batch.
# Plain R; no other half in Python. Words: see R/plain_r_gradient.R.
#
# A tape is trusted only as far as it agrees: in each batch its outputs must be those of the function
# itself (a tape keeps what the code decided by the numbers that it was recorded with), and for the first
# batch of a shape its derivative in a direction must be that of differences. RTMB refuses comparisons
# while it records, unless the user has allowed them.
# Source: the reference of the package RTMB, `MakeTape`; K. Kristensen, https://github.com/kaskr/RTMB.

# The gradient of sum(g * outputs), or NULL where RTMB can't tell it, which `fn$tape_fault` then says.
tape_gradient <- function(fn, key, z, active, constant, g) {
  outputs <- outputs_of(fn, active, constant)
  tryCatch(
    {
      now <- outputs(z)
      found <- by_kept_tape(fn, key, z, active, constant, g, now) %||%
        by_tape(new_tape(fn, z, g, active, constant, FALSE), z, g, NULL)
      if (!agree(found$outputs, now)) {
        stop("its tape gives other numbers than the function")
      }
      if (is.null(fn$shapes[[key]]$is_tape_right)) {
        refuse_tape(found, z, length(g), outputs)
        fn$shapes[[key]]$is_tape_right <- TRUE
      }
      found$slopes
    },
    error = function(e) {
      fn$tape_fault <- sub("\n.*", "", conditionMessage(e))
      NULL
    }
  )
}

# By the tape of this shape, which has the data as inputs; NULL if the function can't be recorded so.
by_kept_tape <- function(fn, key, z, active, constant, g, now) {
  if (!fn$tapes_data || !all(vapply(constant, is.double, NA))) {
    return(NULL)
  }
  data <- packed(constant)
  found <- tryCatch(
    by_tape(
      fn$shapes[[key]]$tape %||% new_tape(fn, z, g, active, constant, TRUE), z, g, data
    ),
    error = function(e) NULL
  )
  fn$tapes_data <- !is.null(found) && agree(found$outputs, now)
  fn$shapes[[key]]$tape <- if (fn$tapes_data) found$tape
  if (fn$tapes_data) found
}

# The tape of sum(g * outputs), with the inputs z, g and, if `with_data`, the numbers of `constant`.
new_tape <- function(fn, z, g, active, constant, with_data) {
  data <- if (with_data) packed(constant)
  at <- split(
    seq_len(length(z) + length(g) + length(data)),
    rep(factor(1:3), c(length(z), length(g), length(data)))
  )
  RTMB::MakeTape(function(x) {
    known <- if (with_data) unpacked(x[at[[3L]]], constant) else constant
    made <- fn$call(unpacked(x[at[[1L]]], active), known)
    if (length(made) != length(g)) {
      stop("the function gives another length while RTMB records it")
    }
    dim(made) <- NULL
    sum(made * x[at[[2L]]])
  }, c(z, g, data))
}

# The sum is linear in `g`, so its derivatives by `g` are the outputs.
by_tape <- function(tape, z, g, data) {
  slopes <- as.vector(tape$jacobian(c(z, g, data)))
  list(
    slopes = slopes[seq_along(z)], outputs = slopes[length(z) + seq_along(g)],
    tape = tape, data = data
  )
}

agree <- function(a, b) {
  length(a) == length(b) && isTRUE(all(abs(a - b) <= 1e-8 * (abs(b) + 1)))
}

refuse_tape <- function(found, z, count, outputs) {
  g <- 1 + scattered(count, 1) / 2
  way <- scattered(length(z), 2) * sizes_of(z)
  parts <- by_tape(found$tape, z, g, found$data)$slopes * way
  outputs <- tried(outputs)
  for (step in c(1e-3, 1e-5, 1e-7)) {
    seen <- five_points(function(k) sum(outputs(z + k * step * way) * g), step)
    if (isTRUE(abs(seen$slope - sum(parts)) <= 1e-6 * sum(abs(parts)) + seen$noise)) {
      return(invisible())
    }
  }
  stop("the derivative of its tape is not that of the function")
}
