# Python chunks of knitr: eng_python(), the engine, and where knitr learns of it. The other half is
# for_r/chunks.py, which runs the chunk.

#' Python chunks of knitr
#'
#' knitr's engine for Python is `eng_python()` once this package is loaded, unless reticulate was loaded
#' before or another engine was set. An exception ends the document, unless the chunk has the option
#' `error = TRUE`. Chunks of Python are not cached.
#'
#' @param options The options of a chunk, as knitr gives them.
#' @return What knitr takes as output of the chunk.
#' @examples
#' \dontrun{
#' knitr::knit_engines$set(python = eng_python)
#' }
eng_python <- function(options) {
  if (!requireNamespace("knitr", quietly = TRUE)) {
    stop("eng_python() needs the R package knitr: install.packages(\"knitr\").", call. = FALSE)
  }
  if (isFALSE(options$eval)) {
    return(knitr::engine_output(options, options$code, ""))
  }
  figures <- knitr::fig_path("-%d.png", options, number = NULL)
  parts <- for_r$run_chunk(
    one_text(options$code), options$label %||% "", figures,
    list(options$fig.width %||% 7, options$fig.height %||% 5), options$dpi %||% 72,
    isTRUE(options$error)
  )
  parts <- lapply(parts, function(part) as.character(unlist(part)))
  kinds <- vapply(parts, `[[`, "", 1L)
  if (!isTRUE(options$error) && "error" %in% kinds) {
    stop(parts[[match("error", kinds)]][[2L]], call. = FALSE)
  }
  shown <- parts[kinds %in% shown_kinds(options)]
  if (identical(options$results, "hold")) {
    sources <- vapply(shown, `[[`, "", 1L) == "source"
    text <- paste(vapply(shown[sources], `[[`, "", 2L), collapse = "\n")
    shown <- c(if (any(sources)) list(c("source", text)), join_outputs(shown[!sources]))
  }
  paste(knitr::engine_output(options, out = lapply(shown, document_part)), collapse = "\n")
}

shown_kinds <- function(options) {
  c(
    if (!isFALSE(options$echo)) "source", if (!identical(options$results, "hide")) "output",
    if (!isFALSE(options$warning)) "warning",
    if (!identical(options$fig.show, "hide")) "figure", "error"
  )
}

# Texts that follow one another are one block of the document.
join_outputs <- function(parts) {
  Reduce(function(joined, part) {
    last <- joined[length(joined)]
    if (length(last) && part[[1L]] == "output" && last[[1L]][[1L]] == "output") {
      joined[[length(joined)]] <- c("output", paste0(last[[1L]][[2L]], part[[2L]]))
      joined
    } else {
      c(joined, list(part))
    }
  }, parts, list())
}

# A part of a chunk's output as knitr takes it.
document_part <- function(part) {
  text <- part[[2L]]
  switch(part[[1L]],
    source = structure(list(src = text), class = "source"),
    output = text,
    warning = simpleWarning(text),
    error = simpleError(text),
    figure = knitr::include_graphics(text)
  )
}

# knitr's engine for Python is this one, now or once knitr is loaded. A reticulate that is loaded
# already and is no stand-in keeps its own, and so does a user who has set one.
offer_engine <- function() {
  if (isNamespaceLoaded("knitr")) {
    set_engine()
  } else {
    setHook(packageEvent("knitr", "onLoad"), function(...) set_engine())
  }
}

set_engine <- function() {
  own <- knitr::knit_engines$get("python")
  of_knitr <- is.function(own) && identical(environment(own), asNamespace("knitr"))
  if (of_knitr && !has_reticulate()) {
    knitr::knit_engines$set(python = eng_python)
  }
  before <- knitr::opts_hooks$get("cache")
  knitr::opts_hooks$set(cache = function(options) {
    if (is.function(before)) options <- before(options)
    without_cache(options)
  })
  set_cache_warning(knitr::knit_hooks$get("cache"))
}

# knitr saves the variables of a chunk of R after this hook, which `inner` is called in, the user's.
set_cache_warning <- function(inner) {
  force(inner)
  ids <- NULL
  knitr::knit_hooks$set(cache = function(before, options, envir, name) {
    if (options$cache %in% c(FALSE, 0)) {
      # Nothing is kept.
    } else if (before) {
      ids <<- python_ids(envir)
    } else {
      now <- python_ids(envir)
      kept <- names(now)[!now %in% ids | !names(now) %in% names(ids)]
      if (length(kept)) warn_of_cache(options$label, kept)
    }
    if (is.function(inner)) {
      known <- list(before = before, options = options, envir = envir, name = name)
      do.call(inner, known[names(formals(inner))], envir = envir)
    }
  })
}

# The ids of the Python objects in the variables of `env`, which may be lists of such, by variable.
python_ids <- function(env) {
  unlist(lapply(sapply(ls(env), function(name) env[[name]], simplify = FALSE), function(value) {
    parts <- if (is_py_object(value) || !is.list(value)) list(value) else value
    objects <- Filter(function(part) is_py_object(part) && !py_is_null_xptr(part), parts)
    if (length(objects)) paste(vapply(unname(objects), py_id, ""), collapse = " ")
  }))
}

warn_of_cache <- function(label, kept) {
  warning(
    "Chunk `", label, "`: `cache = TRUE` can't keep Python objects: ",
    paste0("`", kept, "`", collapse = ", "), " will be gone when the chunk is taken from the cache. ",
    "Leave `cache` out of it, or keep a model by save_model().",
    call. = FALSE
  )
}

has_reticulate <- function() {
  isNamespaceLoaded("reticulate") &&
    !identical(getExportedValue("reticulate", "eng_python"), eng_python)
}

# A chunk of Python is run each time, since its objects can't be kept in a file of R.
without_cache <- function(options) {
  ours <- identical(knitr::knit_engines$get("python"), eng_python)
  if (ours && identical(options$engine, "python") && !options$cache %in% c(FALSE, 0)) {
    warning(
      "Chunk `", options$label, "`: `cache = TRUE` can't keep Python objects, so the chunk is run ",
      "without a cache. Leave `cache` out of chunks of Python.",
      call. = FALSE
    )
    options$cache <- 0
  }
  options
}
