# Coroutines in R: py_await() runs one to its end, async_method() marks a function that Python sees
# as `async def`. The other half is for_r/coroutines.py, which runs them in for_r/event_loop.py. The
# mark is the attribute "py_async", like that of staticmethod() and classmethod().

#' Run a coroutine and give its result
#'
#' What an `async` function of Python returns is a coroutine, which does nothing until it is
#' awaited. `py_await()` runs it to its end and gives the result, converted as that of any call; an
#' error of R code in it keeps its class, and Ctrl-C stops it.
#'
#' Coroutines in a list run at the same time, and the first error ends all of them.
#'
#' Each call has an event loop of its own, on this thread, also in a notebook and in an
#' [async_method()], where a loop runs already: that loop and its other tasks stand still until the
#' call returns. To wait for one of them, or for an event, lock or queue that they would wake, is an
#' error; cancelling the task that awaits, also by `asyncio.wait_for()`, ends the wait. So what must share a loop (a session of connections, a lock) belongs into one
#' coroutine, and an async method that shall let others go on returns the coroutine instead.
#'
#' What is no coroutine, an async function that was not called, and a task or future, which belongs
#' to a loop already, are errors that say so.
#'
#' @param awaitable A coroutine or another awaitable Python object, or a list of them.
#' @return The result; for a list a list of results, with its names.
#' @examples
#' \dontrun{
#' asyncio <- import("asyncio")
#' py_await(asyncio$sleep(0.1, result = "done"))
#' py_await(list(a = asyncio$sleep(0.1, 1), b = asyncio$sleep(0.1, 2)))
#' }
py_await <- function(awaitable) {
  if (!is.list(awaitable) || is.object(awaitable)) {
    check_awaitable(awaitable, "needs a coroutine, not ")
    return(for_r_of(awaitable)$await_one(awaitable))
  }
  for (i in seq_along(awaitable)) {
    check_awaitable(awaitable[[i]], paste0("needs coroutines, and element ", i, " of its list is "))
  }
  if (length(awaitable)) {
    results <- for_r_of(awaitable[[1L]])$await_all(unname(awaitable))
    awaitable[] <- iterate(results, simplify = FALSE)
  }
  awaitable
}

check_awaitable <- function(x, needs) {
  problem <- if (is_py_object(x)) {
    for_r$awaitable_problem(x)
  } else if (is.function(x) && is_async(x)) {
    "function"
  } else {
    "R"
  }
  if (is.null(problem)) {
    return(invisible())
  }
  said <- switch(problem,
    "function" = "an async function. Call it: write `()` after its name.",
    future = paste0(
      describe_value(x), ", which belongs to a loop already. Give the coroutine that it is made of."
    ),
    R = paste0(
      describe_value(x), ". Only async functions of Python return coroutines; other results are ",
      "there at once."
    ),
    paste0(describe_value(x), ".")
  )
  stop("py_await() ", needs, said, call. = FALSE)
}

#' Mark a function as async
#'
#' In a class definition the function becomes a method that Python sees as `async def`: calling it
#' gives a coroutine, and the R code runs when that is awaited, on the thread that awaits it. A
#' function given to Python elsewhere, as an argument, becomes an async function likewise.
#'
#' If its value is awaitable, that is awaited too. So `super$update_state(...)` as last
#' expression is what `return await super().update_state(...)` is in Python; where the R code needs
#' a result in between, it asks for it with [py_await()].
#'
#' The mark goes with [staticmethod()] and [classmethod()]. It is an error where nobody would await
#' the method: on `initialize`, on hooks of callbacks and other methods that a library calls as
#' plain functions, on active bindings, on private members. A plain function in the place of an
#' async method of the base is an error too.
#'
#' @param fn A function.
#' @return `fn`, marked.
#' @examples
#' \dontrun{
#' Clock %py_class% {
#'   wait <- async_method(function(seconds = 0.1) {
#'     py_await(import("asyncio")$sleep(seconds))
#'     paste("waited", seconds, "s")
#'   })
#' }
#' py_await(Clock()$wait())
#' }
async_method <- function(fn) {
  if (!is.function(fn) || is_py_object(fn) || is.primitive(fn)) {
    abort_class(open_class(), "`async_method()` needs an R function, not ", describe_value(fn), ".")
  }
  attr(fn, "py_async") <- TRUE
  fn
}

is_async <- function(x) {
  isTRUE(attr(x, "py_async", exact = TRUE))
}

# ---- checks of a definition ----

# The special methods that Python awaits, or lets its caller await.
awaited_special <- c("__call__", "__aenter__", "__aexit__", "__anext__")

check_async <- function(def, public, private) {
  names <- names(public$methods)
  awaited <- if (length(def$bases) && length(names)) {
    as.character(for_r$async_members(unname(def$bases), as.list(names)))
  }
  for (member in public$methods) {
    if (member$is_async) {
      check_is_awaited(def, member, awaited)
    } else if (member$name %in% awaited) {
      abort_class(
        def$name, "`", member$given, "` is async in its base, so its callers await it. Write `",
        member$given, " = async_method(function(...) ...)`.", member = member$given
      )
    }
  }
  for (member in c(public$active, private$methods, private$active)) {
    if (member$is_async) {
      what <- if (member$given %in% names(private$methods)) "private" else "an active binding"
      abort_class(
        def$name, "`", member$given, "` is ", what, ", so nobody awaits it. Give the plain ",
        "function, and py_await() in it what it needs.", member = member$given
      )
    }
  }
}

check_is_awaited <- function(def, member, awaited) {
  name <- member$name
  special <- grepl("^__.*__$", name) && !name %in% awaited_special
  called <- member$given %in% names(def$checks$calls)
  if (!name %in% awaited && (special || called)) {
    caller <- if (special) "Python" else def$checks$library
    abort_class(
      def$name, "`", member$given, "` can't be async: ", caller, " calls it as a plain function ",
      "and never awaits it. Give the plain function, and py_await() in it what it needs.",
      member = member$given
    )
  }
}
