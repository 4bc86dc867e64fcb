# What the magics of Jupyter and IPython ask R: to run a cell or a line, and the variables that go in
# and out. The other half is shell/magics.py.

# As R's prompt does it. `name` is that of the cell in errors.
run_cell <- function(name, text) {
  run_code(parse_code(name, text, "cell"), globalenv(), set_last_value)
}

# The value of the last expression; visible values of those before it are printed.
value_of_line <- function(name, text) {
  expressions <- parse_code(name, text, "line")
  env <- globalenv()
  i <- length(expressions)
  run_code(expressions[-i], env, set_last_value)
  if (i) {
    value <- eval(expressions[i], env) # as in run_code(), whose calls are left out of errors
    set_last_value(value)
    value
  }
}

set_in_global <- function(name, value) {
  assign(name, value, envir = globalenv())
  invisible()
}

# A variable of the user's, or data of an attached package; functions of packages are not meant by
# a name that the code has forgotten to assign, such as `df`.
is_variable <- function(name) {
  exists(name, envir = globalenv(), inherits = FALSE) ||
    exists(name, envir = globalenv()) && !is.function(get(name, envir = globalenv()))
}

global_variable <- function(name) get(name, envir = globalenv())

global_names <- function() as.list(ls(globalenv()))
