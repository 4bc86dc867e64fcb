# R conditions on their way to Python, and Python exceptions as R conditions.
# The handlers are installed once for the session (install_handlers), and by the core in each entry
# that those do not reach (handler_calls). A call without a condition runs none of this.
# Python half: bridge/condition.py.

# Python's conditions to R ---------------------------------------------------------------------

# Signals a Python exception as a condition of its classes; the core calls this. `text` is the message
# where Python has no room to make it. An exception that stands for another is signalled as that one.
stop_python <- function(exception, is_error, text) {
  if (is_error && is.null(text)) {
    for_r$raise_original(exception)
  }
  classes <- setdiff(class(exception), c("python.builtin.object", "error", "condition"))
  frame <- user_frame()
  call <- call_at(frame)
  last_error$call <- call
  last_error$calls <- sys.calls()
  # Python refuses an argument by one of these two.
  refuses <- any(paste0("python.builtin.", c("Type", "Value"), "Error") %in% classes)
  message <- text %||%
    for_r$exception_text(exception, if (refuses && is.call(call)) called_at(frame, call))
  cond <- structure(
    class = c(classes, if (is_error) "error", "condition"),
    list(message = message, call = call, py_object = exception)
  )
  if (is_error) {
    stop(cond)
  }
  signalCondition(cond)
  record_and_abort(cond)
}

# Signals an R error again that Python code did not handle.
stop_again <- function(condition) {
  stop(as_python_error(condition))
}

# The conditions of R that went through Python have these classes besides their own.
python_error_classes <- paste0("python.builtin.", c("RuntimeError", "Exception", "BaseException"))

# An R error as R code below Python's frames gets it: Python code has seen a RuntimeError.
as_python_error <- function(cond) {
  if (!is.list(cond) || inherits(cond, "python.builtin.BaseException")) {
    return(cond)
  }
  last <- c("error", "condition")
  kinds <- c(setdiff(class(cond), last), python_error_classes, last)
  structure(cond, class = kinds, of_r = cond)
}

# Raises an error whose call is the user's, however deep in this namespace it is called.
stop_at_user <- function(...) {
  call <- call_at(user_frame())
  stop(simpleError(paste0(...), call))
}

# The frame of the innermost call that the user's code has made, perhaps of a function of this
# namespace; 0 if there is none.
user_frame <- function() {
  parents <- sys.parents()
  for (k in rev(seq_len(sys.nframe() - 2L))) {
    if (parents[[k]] == 0L || is_users(sys.function(parents[[k]]))) {
      return(k)
    }
  }
  0L
}

# The call of a frame. If it is a method of this package, the name is that of its generic.
call_at <- function(frame) {
  if (frame == 0L) {
    return(NULL)
  }
  call <- sys.call(frame)
  # The srcref is that of the whole line: a call in the arguments of another would print as it.
  attr(call, "srcref") <- NULL
  if (is.symbol(call[[1L]])) {
    head <- sub("[.](keras[.]src|python[.]builtin)[.].*$", "", as.character(call[[1L]]))
    operator <- sys.frame(frame)$.Generic
    call[[1L]] <- as.name(if (head %in% c("Ops", "Math", "Summary")) operator else head)
  }
  call
}

# The facts of a frame's call: the name of the function, the names of the given arguments and of the
# formals, and the function itself if it is Python's.
called_at <- function(frame, call) {
  fn <- sys.function(frame)
  # do.call() and active bindings put the function itself in the place of its name.
  head <- if (is.function(call[[1L]])) "function" else as.character(call[[1L]])
  list(
    name = head[[length(head)]], given = as.list(names(call)),
    known = as.list(names(formals(fn))), target = if (is_py_object(fn)) fn
  )
}

is_users <- function(fn) {
  is_py_object(fn) || !identical(topenv(environment(fn)), topenv())
}

# R's conditions to Python ---------------------------------------------------------------------

# An error that went through Python is recorded as the one that R has signalled first.
record_condition <- function(cond) {
  cond <- explain_unused(attr(cond, "of_r", exact = TRUE) %||% cond)
  .Call(core_caught, cond, sys.calls(), handlers_now())
}

# After signalCondition(), R code continues if no handler takes the error. Not so after a Python
# exception, which Python's code expects, and after an error of rlang::abort(), which would print it
# and stop with an error that has neither its class nor its message. The handler of `cond` asks.
goes_on <- function(cond) {
  signals <- sys.nframe() - 2L
  if (signals < 1L || call_head(sys.call(signals)) != "signalCondition") {
    return(FALSE)
  }
  by <- if (signals > 1L) environment(sys.function(signals - 1L))
  by_rlang <- is.environment(by) && environmentName(topenv(by)) == "rlang"
  !inherits(cond, "python.builtin.BaseException") && !(by_rlang && inherits(cond, "error"))
}

# Both handlers record the bare condition first: R may have no room for the rest.
record_and_abort <- function(cond) {
  kept <- .Call(core_signalled, cond)
  if (goes_on(cond)) {
    return(forget(kept))
  }
  if (!is_passed_on()) {
    record_condition(cond)
  }
  invokeRestart("abort")
}

# The error leaves R code that Python has called. R code further out gets what Python code sees: the
# R error as a RuntimeError, too, and a Python exception as an error, however it was signalled.
record_and_pass_on <- function(cond) {
  kept <- .Call(core_signalled, cond)
  if (goes_on(cond)) {
    return(forget(kept))
  }
  if (is_passed_on()) {
    return(invisible())
  }
  record_condition(cond)
  signal_again(as_python_error(cond))
  invokeRestart(restart_abort)
}

# Asks the handlers further out, and comes back if none takes the error: R would print it then, and end
# a script, but Python's code may take it.
signal_again <- function(cond) {
  said <- tryCatch(list(conditionMessage(cond), conditionCall(cond)), error = function(e) NULL)
  message <- if (is.character(said[[1L]])) said[[1L]] else ""
  .Internal(.signalCondition(cond, message, said[[2L]]))
}

# The call, at the end of R's stop(), that prints an error which no handler has taken. Where R hosts, the
# core evaluates it when the error has gone through Python and is back at R's top level.
top_call <- function(cond) {
  said <- tryCatch(list(conditionMessage(cond), users_call(cond)), error = function(e) NULL)
  message <- if (is.character(said[[1L]])) paste(said[[1L]], collapse = "\n") else bare_message(cond)
  bquote(.Internal(.dfltStop(.(message), quote(.(said[[2L]])))))
}

forget <- function(kept) if (kept) invisible(.Call(core_signalled, NULL))

# Has the handler of an inner entry recorded the error, and signals it for the handlers further out?
# Then each of them would record it again, with all calls, and the time would grow with the cube of
# the number of entries. The handler of the error asks.
is_passed_on <- function() {
  signals <- sys.nframe() - 2L
  signals > 1L && identical(sys.function(signals - 1L), record_and_pass_on)
}

# Issues an R warning as a Python warning, unless another thread is to hear it or R makes it an error.
warn_python <- function(cond) {
  if (getOption("expressions") < least_expressions) {
    old <- options(expressions = least_expressions)
    on.exit(options(old))
  }
  keep_condition(cond)
  level <- getOption("warn")
  if (level >= 2L) {
    return(invisible())
  }
  if (level >= 0L) {
    call <- users_call(cond)
    place <- attr(cond, kept_place) %||% innermost_place(sys.calls())
    for_r$warn(
      conditionMessage(cond), as.list(class(cond)),
      if (!is.null(call)) shortened(shown_call(call)), place$file, place$line
    )
  }
  tryInvokeRestart("muffleWarning")
}

# While a handler runs, only those after it are active: an error in warn_python() must reach one.
install_handlers <- function() {
  keep_global_handlers(list(
    warning = warn_python, error = record_and_abort, interrupt = record_and_abort
  ))
  replace_sleep()
  # After an error that no handler can see (a full stack), R ends a process that is not
  # interactive, unless the option `error` is set.
  options(error = expression(NULL), pager = show_files)
}

# In either host: a signal in R's own Sys.sleep() would break another thread's stack.
replace_sleep <- function() {
  replace_in_base("Sys.sleep", function(time) invisible(.Call(core_sleep, time)))
}

# globalCallingHandlers(NULL) removes the handlers of all of R: it puts `own` back, which it does not
# show. Those that a user adds run before them.
keep_global_handlers <- function(own) {
  globalCallingHandlers <- base::globalCallingHandlers # its errors name this call
  is_own <- function(handler) any(vapply(own, identical, NA, handler))
  of_users <- function(handlers) Filter(Negate(is_own), handlers)
  globalCallingHandlers(own)
  replace_in_base("globalCallingHandlers", function(...) {
    result <- globalCallingHandlers(...)
    if (...length() == 0L) {
      return(of_users(result))
    }
    if (!any(vapply(globalCallingHandlers(), is_own, NA))) {
      globalCallingHandlers(own)
    }
    invisible(if (length(result)) of_users(result) else result)
  })
}

# R's handler stack, without a change of it.
handlers_now <- function() .Internal(.addCondHands(NULL, NULL, NULL, NULL, TRUE))

# The calls that install the handlers and the restarts of this place of R's stacks at another one,
# above entries of other threads; the core evaluates them there. R's own restarts, such as `abort`
# at the end, have no environment and are left out.
stacks_now <- function() {
  install <- function(name, x) {
    as.call(list(quote(.Internal), as.call(list(as.name(name), call("quote", x)))))
  }
  restarts <- list()
  n <- 1L
  while (!is.null(restart <- .Internal(.getRestart(n)))) {
    if (is.environment(unclass(restart)[[2L]])) {
      restarts <- c(list(install(".addRestart", restart)), restarts)
    }
    n <- n + 1L
  }
  stacks_place$outer()
  c(list(install(".resetCondHands", handlers_now())), restarts)
}

# Where R keeps the context of a call that compiled code makes: the core compares it with the target of
# a jump, to tell whose code that is.
stacks_place <- new.env()
stacks_place$outer <- function() {
  note <- function() .Call(core_place, quote(return(NULL)), environment())
  stacks_place$note <- compiler::cmpfun(note)
  stacks_place$outer <- compiler::cmpfun(function() stacks_place$note())
  stacks_place$outer()
}

# Calls that push handlers on R's handler stack, where they stay until the core's guard ends, the
# call that jumps to R's top level, and two that ask: does cat() print, does R print no errors?
handler_calls <- function() {
  push <- function(...) {
    handlers <- list(...)
    bquote(.Internal(.addCondHands(.(names(handlers)), .(handlers), .(globalenv()), NULL, TRUE)))
  }
  list(
    chained = push(error = record_and_pass_on, interrupt = record_condition),
    isolated = call(
      "{", quote(.Internal(.resetCondHands(NULL))),
      push( # R's own warnings are R's where it hosts
        warning = if (r_hosts()) keep_condition else warn_python, message = keep_condition,
        error = record_and_abort, interrupt = record_and_abort
      )
    ),
    stacks = as.call(list(stacks_now)),
    abort = bquote(invokeRestart(.(restart_abort))),
    cat = quote(cat_prints()), hides = quote(!isTRUE(getOption("show.error.messages")))
  )
}

# Is R's innermost function cat()? The core asks where R prints the text of its last error.
cat_prints <- function() {
  caller <- sys.nframe() - 1L
  caller > 0L && identical(sys.function(caller), base::cat)
}

# The core calls this when R code calls q().
refuse_quit <- function(status) {
  stop_quit("q() would end the Python process that runs R", status)
}

stop_quit <- function(why, status) {
  stop(structure(
    class = c("pyclassbridge_quit", "error", "condition"),
    list(
      message = paste0(why, "; leave the function or stop() instead"), call = NULL, status = status
    )
  ))
}

# The core calls this where R's browser would read commands and there is no terminal.
refuse_browser <- function() {
  record_condition(structure(
    class = c("pyclassbridge_no_terminal", "error", "condition"),
    list(
      message = paste(
        "browser() and debug() need a terminal, and the standard input is none: run this in a",
        "terminal, or take away browser(), and debug() by undebug()"
      ),
      call = NULL
    )
  ))
  invokeRestart(restart_abort)
}

# R's own restart, even if R code has made another one of this name.
restart_abort <- structure(list("abort", NULL), class = "restart")

# The facts from which Python makes an exception: text as R prints it, class, message, call, calls,
# the Python exception that the condition stands for, what R code has said about that one, the
# condition that caused it (rlang::abort(parent =)), and the remedy for a missing package.
describe_condition <- function(cond, calls) {
  if (getOption("expressions") < least_expressions) {
    old <- options(expressions = least_expressions)
    on.exit(options(old))
  }
  call <- users_call(cond)
  said <- tryCatch(paste(conditionMessage(cond), collapse = "\n"), error = identity)
  message <- if (is.character(said)) said else bare_message(cond)
  exception <- exception_in(cond)
  own <- inherits(cond, "python.builtin.BaseException")
  list(
    text = printed_error(message, call), class = as.list(class(cond)), message = message,
    call = if (!is.null(call)) shortened(shown_call(call)),
    calls = described_calls(calls, if (inherits(cond, "pyclassbridge_parse_error")) "parse_code"),
    exception = exception, note = if (!is.null(exception) && !own) message,
    parent = if (is.null(exception)) parent_condition(cond),
    remedy = stand_in_remedy(cond) %||% if (!is.character(said)) failed_method(cond, said)
  )
}

# What the description of an error and a warning's way to Python need.
least_expressions <- 1000L

bare_message <- function(cond) {
  message <- if (is.list(cond)) unclass(cond)[["message"]]
  if (is.character(message)) paste(message, collapse = "\n") else ""
}

failed_method <- function(cond, error) {
  why <- tryCatch(bare_message(error), error = function(e) "")
  paste0("R's conditionMessage() fails for this error (", class(cond)[[1L]], "): ", why)
}

parent_condition <- function(cond) {
  parent <- if (is.list(cond)) unclass(cond)[["parent"]]
  if (inherits(parent, "condition")) parent
}

# The Python exception that a condition is, stands for, or has as its parent (rlang::abort()).
exception_in <- function(cond) {
  if (is_py_object(cond)) {
    cond
  } else if (is.list(cond)) {
    parts <- unclass(cond)
    parts[["py_object"]] %||% exception_in(parts[["parent"]])
  }
}

conditionMessage.python.builtin.object <- function(c) {
  for_r$exception_text(c)
}

conditionCall.python.builtin.object <- function(c) NULL
