# The wrappers of the Keras surface, layer_*(), op_*(), metric_*() ...: each is made when its name
# is first used, from the signatures of the installed Keras. The other half is surface/wrapper.py.
# Names of a newer Keras, which surface_names.R does not list, exist once Keras is imported.

# The wrappers made so far, the Python modules that they use, and the names of a newer Keras.
surface <- new.env(parent = emptyenv())
surface$made <- new.env(parent = emptyenv())
surface$direct <- new.env(parent = emptyenv())
surface$newer <- NULL

# Binds and exports the names before the namespace is sealed, and attaches an environment for the
# names of a newer Keras.
.onLoad <- function(libname, pkgname) {
  ns <- topenv()
  promise_symbols(ns)
  if (r_hosts()) beside_reticulate()
  bind_modules(ns)
  known <- surface_names()
  new_names <- setdiff(known, ls(ns, all.names = TRUE))
  for (name in new_names) {
    bind_surface(name, ns)
  }
  namespaceExport(ns, c(new_names, bind_environment_functions(ns), bind_at(ns)))
  offer_engine()
  offer_mlp()
  surface$known <- known
  surface$newer <- attach(NULL, name = "pyclassbridge:newer_keras", warn.conflicts = FALSE)
}

bind_surface <- function(name, env) {
  force(name)
  made <- surface$made
  makeActiveBinding(name, function() {
    fn <- made[[name]]
    if (!is.null(fn)) fn else first_wrapper(name)
  }, env)
}

first_wrapper <- function(name) {
  if (is_compared()) {
    as.name(name)
  } else if (is_saving_code()) {
    saved_wrapper(name)
  } else {
    make_wrapper(name)
  }
}

wrapper_of <- function(name) surface$made[[name]] %||% make_wrapper(name)

# The module surface/wrapper.py. The first call imports Keras and binds the names of a newer Keras.
surface_module <- function() {
  if (is.null(surface$module)) {
    for_r$require_module("keras")
    surface$module <- import("pyclass_bridge.surface.wrapper")
    surface$call <- surface$module$call
    surface$call_unconverted <- py_proxy(surface$call, FALSE)
    surface$module$teach_keras()
    newer <- setdiff(as_strings(surface$module$names()), surface$known)
    for (name in newer) {
      bind_surface(name, surface$newer)
    }
    # R compiles make_wrapper() at its second call, which takes longer than making a wrapper. These
    # calls move that into the import of Keras, which takes seconds anyway.
    for (name in c("layer_dense", "op_add", "layer_dropout", "op_subtract")) {
      make_wrapper(name)
    }
  }
  surface$module
}

# A Python module that imports Keras, such as "surface.models". surface_module() is called first, to
# import Keras or explain what is missing.
keras_module <- function(path) {
  surface_module()
  if (is.null(surface[[path]])) {
    surface[[path]] <- import(paste0("pyclass_bridge.", path))
  }
  surface[[path]]
}

models_module <- function() keras_module("surface.models")

# Makes a wrapper: R formals, Keras' defaults, and a body that passes the given arguments on.
make_wrapper <- function(name) {
  known <- surface_module()$describe(name)
  fn <- eval(parse(text = known$code, keep.source = FALSE)[[1L]])
  environment(fn) <- topenv()
  # The values are constants in the body, since variables could clash with the formals of `fn`.
  usual <- bquote(
    call_surface(
      .(name), .(as_strings(known$shapes)), .(as_strings(known$indices)), environment(),
      match.call()
    )
  )
  if (is.null(known$direct)) {
    body(fn) <- if (known$is_dataset) dataset_body(usual) else usual
  } else {
    surface$direct[[name]] <- known$direct
    body(fn) <- direct_body(name, names(formals(fn)), usual)
    # Without this, R would compile such a small function only after more calls.
    fn <- compiler::cmpfun(fn)
  }
  attr(fn, "keras_name") <- name
  class(fn) <- c("keras_wrapper", "function")
  if (known$is_class) {
    attr(fn, "py_class_of") <- class_getter(name)
  }
  surface$made[[name]] <- fn
  fn
}

# With `convert = FALSE` a data set is a nested list of NumPy arrays.
dataset_body <- function(usual) {
  unconverted <- as.call(c(as.list(usual), list(run = quote(surface$call_unconverted))))
  bquote(if (convert) .(usual) else lapply(as.list(.(unconverted)), as.list))
}

class_getter <- function(name) {
  force(name)
  function() surface_module()$class_of(name)
}

# The body of a wrapper whose arguments are all required and need no conversion but to arrays. A
# call with other arguments uses the general body, whose errors name the right arguments.
direct_body <- function(name, arguments, usual) {
  values <- lapply(setdiff(arguments, "..."), as.name)
  direct <- bquote(surface$direct[[.(name)]])
  call <- as.call(c(quote(.External), core_call, direct, values))
  absent <- lapply(values, function(value) call("missing", value))
  is_usual <- Reduce(function(a, b) call("||", a, b), absent, quote(...length() > 0L))
  bquote(if (.(is_usual)) .(usual) else .(call))
}

# Calls Keras with the arguments in `call`, the matched call of the wrapper; `frame` is its frame.
call_surface <- function(name, shapes, indices, frame, call, run = surface$call) {
  if (is_injected(sys.call(-1L))) {
    return(inject(surface$made[[name]], sys.call(-1L), parent.frame(2L)))
  }
  arguments <- intersect(names(formals(surface$made[[name]])), as.character(names(call)))
  given <- supplied(arguments, call, frame)
  named <- mget(given, envir = frame)
  dots <- if (length(call) - 1L > length(arguments)) eval(quote(dynamic_dots(...)), frame) else list()
  by_name <- has_name(dots)
  extra <- dots[by_name]
  for (key in intersect(indices, given)) {
    # The codes of a factor are indices from 1, which Python then shifts.
    if (is.factor(named[[key]]) && !isTRUE(named$zero_indexed)) {
      named[[key]] <- as.integer(named[[key]])
    }
  }
  for (key in intersect(training_data[[name]], given)) {
    refuse_na_in(named[[key]], key)
  }
  if (!is.null(named$custom_objects)) {
    named$custom_objects <- custom_objects(
      name, named$custom_objects, call[["custom_objects"]], calling_env(frame)
    )
  }
  value <- .External(
    core_call, run, name, as_dict(lapply_named(named, shapes, call, frame)),
    unname(dots[!by_name]), as_dict(lapply_named(extra, surface_shapes, call, frame))
  )
  if (is.null(value)) invisible() else value
}

# The `arguments` of the matched call `call` that have a value: the caller may pass on a missing
# argument of its own, as in function(object, ...) layer_dense(object, ...).
supplied <- function(arguments, call, frame) {
  for (key in arguments) {
    if (is.symbol(call[[key]]) && eval(call("missing", as.name(key)), frame)) {
      arguments <- setdiff(arguments, key)
    }
  }
  arguments
}

surface_shapes <- c("input_shape", "batch_input_shape", "batch_shape")

# Converts the values of arguments for Keras: NA in a shape becomes an open dim, a wrapper such as
# activation_relu the function that it wraps, and an R function a Python function with its name.
# Names in a vector, such as those of a row of parameters, are dropped. `call` is the call with
# these arguments, `frame` the frame of the called function.
lapply_named <- function(values, shapes, call, frame) {
  for (key in names(values)) {
    value <- values[[key]]
    if (is.atomic(value) && !is.object(value) && !is.null(names(value))) {
      value <- values[[key]] <- unname(value)
    }
    if (key %in% shapes) {
      values[key] <- list(shape_value(value))
    } else if (is_r_function(value) || holds_function(value)) {
      values[[key]] <- named_functions(value, call[[key]], calling_env(frame))
    } else if (is.function(value) || is.factor(value) || is.data.frame(value)) {
      values[[key]] <- keras_value(value)
    }
  }
  values
}

shape_value <- function(x) {
  if (is.atomic(x) && length(x) && anyNA(x)) {
    lapply(as.list(x), function(dim) if (!is.na(dim)) dim)
  } else if (inherits(x, "keras_shape")) {
    unclass(x)
  } else {
    x
  }
}

keras_value <- function(x) {
  wrapped <- attr(x, "keras_name", exact = TRUE)
  if (!is.null(wrapped)) {
    surface_module()$callable_of(wrapped)
  } else {
    keras_tensor_value(x)
  }
}
