# R's random numbers in forked processes: which seed a child begins with. Of the functions of base,
# set.seed() is replaced by one that does the same and is remembered, so that a seed of the user's
# can be told from one that R has taken from the clock. The other half is bridge/random_seed.py.

# `is_set`: has the user's code called set.seed()? `unset`: the state before that call, which code
# that restores it brings back. A package's function that calls set.seed(), such as
# withr::with_seed(), has a variable in its frame for it: this seed counts while the function runs.
seed <- new.env(parent = emptyenv())
seed$is_set <- FALSE
seed_mark <- ".pyclassbridge_seed_is_set"

# Replaces a function for all of R.
replace_in_base <- function(name, value) {
  unlockBinding(name, baseenv())
  assign(name, value, envir = baseenv())
  lockBinding(name, baseenv())
}

remember_seeds <- function() {
  seed$original <- set_seed <- base::set.seed
  body(set_seed) <- bquote({
    before <- .(random_state)()
    .(body(set_seed))
    .(note_seed)(seed, before, parent.frame())
  })
  replace_in_base("set.seed", set_seed)
}

# The state that was `before` has been replaced by what `value` determines or, if it is NULL, the
# clock. `caller`: the frame of the code that did it.
note_seed <- function(value, before = NULL, caller = globalenv()) {
  if (is_packages(caller)) {
    try(assign(seed_mark, !is.null(value), envir = caller), silent = TRUE)
    return(invisible())
  }
  if (!seed$is_set) {
    seed$unset <- before
  }
  seed$is_set <- !is.null(value)
  invisible()
}

# Is it the frame of a function of another package?
is_packages <- function(frame) {
  top <- topenv(frame)
  isNamespace(top) && !identical(frame, top) && !identical(top, topenv()) &&
    !identical(top, .BaseNamespaceEnv)
}

is_seed_set <- function() {
  state <- random_state()
  by_user <- seed$is_set && !identical(state, seed$unset)
  has_set <- function(frame) get0(seed_mark, frame, "logical", inherits = FALSE, ifnotfound = FALSE)
  !is.null(state) && (by_user || any(vapply(sys.frames(), has_set, NA)))
}

# In a forked child: new random numbers of the same kinds, unless the user has set a seed. `value`
# is a whole number.
seed_child <- function(value) {
  if (is_seed_set()) {
    return(invisible())
  }
  suppressWarnings(seed$original(value))
  note_seed(NULL)
  # The streams that children of R's own forks get.
  if (isNamespaceLoaded("parallel") && RNGkind()[[1L]] == "L'Ecuyer-CMRG") {
    parallel::mc.reset.stream()
  }
  invisible()
}

# The state of R's generators ----------------------------------------------------------------------

random_state <- function() get0(".Random.seed", envir = globalenv(), inherits = FALSE)

set_random_state <- function(state) {
  if (is.null(state)) {
    suppressWarnings(rm(".Random.seed", envir = globalenv()))
  } else {
    assign(".Random.seed", state, envir = globalenv())
  }
  note_seed(state)
  seed$unset <- NULL
  invisible()
}
