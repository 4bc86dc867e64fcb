# What tests need of survival where it is not installed: right-censored times as Surv() makes them, a
# matrix with the columns time and status. It can't show what survival's models and methods do.

Surv <- function(time, event) {
  structure(cbind(time = time, status = event), type = "right", class = "Surv")
}

`[.Surv` <- function(x, i, j, drop = FALSE) {
  if (missing(j)) {
    Surv(unclass(x)[i, 1L], unclass(x)[i, 2L])
  } else {
    unclass(x)[i, j]
  }
}

length.Surv <- function(x) nrow(unclass(x))
