# Keras' registry of custom objects: R classes and functions that saved models refer to by name. The
# other half is surface/objects.py. An R class is registered as its Python class. An R function is
# registered as one Python function, which is used wherever the R function is given to Keras.

#' Make a class or function known to Keras by name
#'
#' A saved model refers to its custom layers, losses or activations by name. `load_model()` finds
#' those of a file that was sourced, and of the global environment; what is registered has a name of
#' its own in the file, and is known wherever it is.
#'
#' @param object A factory, such as `Layer()` or `%py_class%` makes, or a function.
#' @param name String; default: the name of the class, or the expression of the function.
#' @param package String, the prefix of the name, as in `"Custom>name"`.
#' @return `object`, invisibly; for a function the Python function.
#' @examples
#' \dontrun{
#' relu_to_1 <- register_keras_serializable(
#'   function(x) op_clip(x, 0, 1), name = "relu_to_1", package = "mine"
#' )
#' layer <- layer_dense(units = 2, activation = relu_to_1)
#' serialize_keras_object(layer)$config$activation
#' }
register_keras_serializable <- function(object, name = NULL, package = NULL) {
  if (is.null(name) && is_r_function(object)) {
    name <- given_name(object, substitute(object), parent.frame())$name
    if (is.null(name)) {
      stop("register_keras_serializable(): an anonymous function needs `name`.", call. = FALSE)
    }
  }
  made <- py_proxy(surface_module(), FALSE)$register(object, name, package %||% "Custom")
  if (is_r_function(object)) {
    surface$registered <- c(surface$registered, list(list(closure = object, made = made)))
    object <- made
  }
  invisible(object)
}

# Is `x` an R function, and neither a wrapper nor a factory?
is_r_function <- function(x) {
  is.function(x) && !is_py_object(x) && is.null(attr(x, "py_class_of", exact = TRUE)) &&
    is.null(attr(x, "keras_name", exact = TRUE))
}

# The Python function as which `fn` was registered, or `fn`: Keras looks functions up by identity.
registered_function <- function(fn) {
  for (known in surface$registered) {
    if (identical(known$closure, fn)) {
      return(known$made)
    }
  }
  fn
}

#' Custom objects of Keras
#'
#' Objects that loaded models may refer to by name: for the session (`set_custom_objects()`), or
#' while `expr` runs. Classes need no names in the list, nor do functions that are variables. A
#' function without a name is an error, and so are two functions of the same name.
#'
#' @param objects A list of classes and functions, with the names that saved models use. The
#'   attribute `py_function_name` of a function is a name of it, too.
#' @param clear FALSE keeps the objects that are registered already.
#' @param expr Code.
#' @return `set_custom_objects()` returns the objects registered before, invisibly;
#'   `with_custom_object_scope()` the value of `expr`.
#' @examples
#' \dontrun{
#' Doubling <- Layer("Doubling", call = function(inputs) inputs * 2)
#' config <- serialize_keras_object(Doubling())
#' with_custom_object_scope(list(Doubling), deserialize_keras_object(config))
#' before <- set_custom_objects(list(Doubling = Doubling))
#' set_custom_objects(before)
#' }
set_custom_objects <- function(objects = named_list(), clear = TRUE) {
  objects <- custom_objects("set_custom_objects", objects, substitute(objects), parent.frame())
  invisible(surface_module()$set_custom_objects(objects, isTRUE(clear)))
}

#' @rdname set_custom_objects
with_custom_object_scope <- function(objects, expr) {
  code <- substitute(objects)
  objects <- custom_objects("with_custom_object_scope", objects, code, parent.frame())
  with(py_proxy(surface_module(), FALSE)$custom_object_scope(objects), expr)
}

# The custom objects that `fun` was given as `code` in `env`, as a Python dict. A function is known
# by the name in the list, and by its `py_function_name`.
custom_objects <- function(fun, objects, code, env) {
  if (inherits(objects, "python.builtin.dict") || inherits(objects, "python.builtin.list")) {
    return(py_proxy(surface_module(), FALSE)$by_name(objects))
  }
  if (is.function(objects) || is_py_object(objects)) {
    objects <- list(objects)
    code <- call("list", code)
  }
  codes <- written_parts(code, length(objects))
  names <- names(objects) %||% character(length(objects))
  for (i in which(vapply(objects, is_r_function, NA))) {
    own <- given_name(objects[[i]], codes[[i]], env, names[[i]])$name
    if (is.null(own)) {
      stop(
        fun, "(): element ", i, " of the custom objects is a function that needs a name, as in ",
        "`list(", if (i > 1L) "..., ", "name = f)`.",
        call. = FALSE
      )
    }
    objects[[i]] <- named_function(objects[[i]], list(name = own, sure = TRUE))
    if (nzchar(names[[i]]) && !own %in% names) {
      objects <- c(objects, objects[i])
      names <- c(names, own)
    }
    names[[i]] <- if (nzchar(names[[i]])) names[[i]] else own
  }
  objects <- lapply(unname(as.list(objects)), surface_values)
  py_proxy(surface_module(), FALSE)$custom_objects(fun, as.list(names), objects)
}

# The user's function in the global environment, for a model that names it; NULL if there is none.
global_function <- function(name) {
  env <- globalenv()
  if (exists(name, envir = env, inherits = FALSE) && !bindingIsActive(name, env)) {
    value <- get(name, envir = env, inherits = FALSE)
    if (is_r_function(value)) named_function(value, list(name = name, sure = TRUE))
  }
}

# The classes `name` of the global environment, as Python classes.
global_classes <- function(name) {
  env <- globalenv()
  found <- list()
  for (variable in ls(env, all.names = TRUE)) {
    value <- if (!bindingIsActive(variable, env)) get0(variable, envir = env, inherits = FALSE)
    if (is.function(value) && identical(attr(value, "r_class", exact = TRUE), name)) {
      found <- c(found, list(value))
    }
  }
  found
}
