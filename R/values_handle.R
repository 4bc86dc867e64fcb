# What Python asks R about the R values that it holds, and how it makes R values. The other halves
# are values/handle.py, values/serialized.py, values/request.py, and the modules that make R values
# (named below). Results are converted by the table of values, so a function returns a list where
# Python needs a list.

# The value as Python's RObject, which is not converted.
as_handle <- function(x) .Call(core_handle, x)

class_names_of <- function(x) as.list(as.character(class(x)))

names_as_list <- function(x) if (!is.null(names(x))) as.list(names(x))

names_of <- function(x) as.character(names(x))

printed <- function(x) {
  as.list(utils::capture.output(print(x)))
}

length_of <- function(x) length(x)

element_at <- function(x, i) x[[i]]

# The elements at positions, or with names, as `[` picks them.
elements_at <- function(x, i) x[unlist(i)]

has_element <- function(x, name) {
  if (is.environment(x)) exists(name, envir = x, inherits = FALSE) else name %in% names(x)
}

serialized <- function(x) serialize(x, NULL)

unserialized <- function(bytes) unserialize(bytes)

# A copy of a value, which has copies of the environments in it.
copied <- function(x) unserialize(serialize(x, NULL))

# What values/serialized.py asks: the bytes of the C stack that R may use on this thread, and whether
# a namespace is loaded, or a package attached.
stack_size <- function() {
  size <- Cstack_info()[["size"]]
  if (is.na(size)) 2^23 else size
}

is_in_session <- function(kind, name) {
  if (kind == "namespace") isNamespaceLoaded(name) else paste0("package:", name) %in% search()
}

# Conversion on request -------------------------------------------------------------------------

# Classes that have a rule of their own in values/request.py: in a call of Python, and on request.
call_classes <- c(
  "factor", "Date", "POSIXct", "POSIXlt", "integer64", "data.frame", "sparseMatrix"
)
request_classes <- c(call_classes, "difftime")

known_class <- function(x, classes) {
  known <- classes[inherits(x, classes, which = TRUE) > 0L]
  if (length(known)) known[[1L]]
}

# The name of the rule by which RObject.to_python() converts `x`: an R class, else the shape of a
# vector; "" where the table of values decides, and for a class with an r_to_py() method.
request_kind <- function(x) {
  if (is.object(x) && !is.null(user_method(x))) {
    return("")
  }
  if (is.object(x) && !is.null(known <- known_class(x, request_classes))) {
    return(known)
  }
  if (is.environment(x) || typeof(x) == "externalptr") { # which R can't take a class from
    return("")
  }
  x <- unclass(x)
  named <- !is.null(names(x))
  if (is.list(x)) {
    if (is.null(dim(x))) if (named) "named list" else "list" else ""
  } else if (!is.atomic(x) || is.null(x)) {
    ""
  } else if (!is.null(dim(x))) {
    "array"
  } else if (named) {
    "named"
  } else {
    "vector"
  }
}

# A user's own r_to_py() method for a classed value, NULL when there is none: one that is visible
# from the global environment, or registered. (utils::getS3method() takes 60 us to say that.)
user_method <- function(x) {
  registered <- topenv()[[".__S3MethodsTable__."]]
  for (name in paste0("r_to_py.", class(x))) {
    method <- get0(name, envir = globalenv(), mode = "function") %||%
      get0(name, envir = registered, inherits = FALSE)
    if (!is.null(method)) {
      return(method)
    }
  }
  NULL
}

unclassed <- function(x) unclass(x)

# Is the array what a NumPy array of these dims says of it?
is_seen_as <- function(x, dim) {
  identical(attributes(x), list(dim = as.integer(dim))) && (!is.integer(x) || !anyNA(x))
}

# NA, but not NaN.
is_na <- function(x) {
  if (is.character(x) || is.raw(x)) is.na(x) else is.na(x) & !is.nan(x)
}

dim_list <- function(x) as.list(dim(x))

without_dimnames <- function(x) array(as.vector(x), dim(x))

as_array <- function(x) array(as.vector(x), length(x))

labels_of <- function(x) as.character(x)

levels_of <- function(x) levels(x)

# Days of a Date, seconds of a difftime and of a POSIXct.
plain_numbers <- function(x) {
  as.double(if (inherits(x, "difftime")) as.double(x, units = "secs") else unclass(x))
}

zone_name <- function(x) {
  zone <- c(attr(x, "tzone"), "")[[1L]]
  if (!nzchar(zone)) {
    zone <- suppressWarnings(Sys.timezone())
  }
  if (is.na(zone)) "UTC" else zone
}

as_ct <- function(x) as.POSIXct(x)

# A sparse matrix of the package Matrix as one of its three general ones of doubles.
general_sparse <- function(x) {
  general <- c("dgCMatrix", "dgRMatrix", "dgTMatrix")
  if (inherits(x, general)) {
    return(x)
  }
  if (!inherits(x, c("RsparseMatrix", "TsparseMatrix"))) {
    x <- methods::as(x, "CsparseMatrix")
  }
  x <- methods::as(methods::as(x, "dMatrix"), "generalMatrix")
  if (inherits(x, general)) x else methods::as(x, "CsparseMatrix")
}

slot_of <- function(x, name) methods::slot(x, name)

row_count <- function(x) nrow(x)

# NULL for the row names 1, 2, ..., which R makes itself. Where R knows that it has made them, they
# are not looked at: that takes longer than a column.
row_labels <- function(x) {
  labels <- if (.row_names_info(x) > 0L) attr(x, "row.names")
  if (!is.null(labels) && !identical(labels, seq_len(nrow(x)))) as.list(labels)
}

# Values that Python makes (values/arrays.py, times.py, frames.py, sparse.py) ---------------------

# The generic for an object whose class has a user's method (values/convert.py: by_method).
py_to_r_of <- function() function(x) py_to_r(py_proxy(x, TRUE))

no_value <- function() NA

warn_of_value <- function(text) warning(text, call. = FALSE)

as_list_of <- function(x, dim) {
  x <- as.list(x)
  if (!is.null(dim)) {
    dim(x) <- unlist(dim)
  }
  x
}

as_days <- function(x) structure(x, class = "Date")

as_seconds <- function(x) .difftime(x, "secs")

as_time <- function(x, zone) .POSIXct(x, tz = zone)

as_local_time <- function(text) {
  .POSIXct(as.double(as.POSIXct(text, format = "%Y-%m-%dT%H:%M:%OS")))
}

zones_of_r <- function() as.list(OlsonNames())

uses_bit64 <- function() isNamespaceLoaded("bit64")

as_integer64 <- function(x) structure(x, class = "integer64")

with_names <- function(x, names) {
  names(x) <- as.character(unlist(names))
  x
}

as_factor <- function(codes, levels, ordered) {
  structure(codes, levels = as.character(levels), class = c(if (ordered) "ordered", "factor"))
}

as_frame <- function(names, rows, n, ...) {
  structure(
    list(...), names = as.character(unlist(names)),
    row.names = if (is.null(rows)) c(NA_integer_, -as.integer(n)) else as.character(unlist(rows)),
    class = "data.frame"
  )
}

has_matrix_package <- function() requireNamespace("Matrix", quietly = TRUE)

as_sparse <- function(class, dim, x, ...) {
  methods::new(methods::getClass(class, where = "Matrix"), Dim = unlist(dim), x = x, ...)
}
