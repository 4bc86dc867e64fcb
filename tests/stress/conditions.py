"""Every kind of condition and every way out of R, with errors of other threads between.

    python tests/stress/conditions.py [times of each, beside other threads]

What is caught, or where R goes on, is compared with R alone: class, message and call of a
condition, or the value, and what `finally` and on.exit() have done on the way. Each kind crosses
frames of both languages that raise and handle other errors meanwhile; once alone, then often while
three threads raise and handle errors of their own, which must be theirs, too.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import warnings

from report import figure, status

THREADS = 3
MORE = 15  # times of each kind beside other threads

DEFINITIONS = """
shown <- function(e) {
  of_python <- grepl("^python[.]builtin[.](RuntimeError|(Base)?Exception)$", class(e))
  list(class(e)[!of_python], conditionMessage(e), deparse(conditionCall(e)))
}
own_condition <- function(...) {
  structure(class = c(..., "condition"), list(message = "first", call = NULL))
}
list(
  call = function(f) f(),
  catch = function(f) {
    tryCatch({ f(); "nothing" },
      error = shown, warning = shown, message = shown, custom = shown, interrupt = shown
    )
  },
  on_exit = function(f, other) { on.exit(other()); f() },
  calling = function(f, other) {
    handler <- function(e) if (grepl("first", conditionMessage(e))) other()
    withCallingHandlers(f(), error = handler)
  },
  other = function() {
    try(stop("other"), silent = TRUE)
    tryCatch(log("other"), error = function(e) "handled")
  },
  fails = function() stop("other"),
  stops = function(text) stop(text),
  fails_by = function(code, raise) {
    frame <- list2env(list(raise = raise), parent = environment(shown))
    eval(bquote(function() { fails <- function() .(str2lang(code)); fails() }), frame)
  },
  message_of = function(f) tryCatch(f(), error = function(e) conditionMessage(e)),
  has_rlang = requireNamespace("rlang", quietly = TRUE)
)
"""

KINDS = {
    "stop(text)": "stop('first')",
    "stop(condition)": "stop(simpleError('first', quote(of(1))))",
    "a classed condition": "stop(own_condition('own', 'error'))",
    "an error in C": "'first' + 1",
    "stopifnot()": "stopifnot('first' = 1 > 2)",
    "match.arg()": "match.arg('first', c('a', 'b'))",
    "a warning as an error": "{ old <- options(warn = 2); on.exit(options(old)); log(-1) }",
    "warning()": "warning('first')",
    "message()": "message('first')",
    "signalCondition()": "signalCondition(own_condition('custom'))",
    "rlang::abort()": "rlang::abort('first', class = 'own', parent = simpleError('inner'))",
    "an exception of Python": "raise()",
    "an error in on.exit()": "(function() { on.exit(stop('first')); stop('zeroth') })()",
    "an error again": "tryCatch(stop('first'), error = function(e) stop(e))",
    "no stack left": "{ old <- options(expressions = 300); on.exit(options(old)); "
    "first <- function(n) first(n + 1); first(1) }",
}

# The function of R that a way out ends in, which gets Python's, and the one that goes it.
EXITS = {
    "callCC()": ("function(f) callCC(f)", "function(k) k('out')"),
    "a break": (
        "function(f) { here <- environment(); for (i in 1:3) { eval(NULL); f(here) }; i }",
        "function(here) eval(quote(break), here)",
    ),
    "a restart": (
        "function(f) withRestarts(f(NULL), own = function(a, b) paste(a, b))",
        "function(k) invokeRestart('own', 'out', 1)",
    ),
    "a restart of a calling handler": (
        "function(f) withCallingHandlers("
        "withRestarts(f(NULL), own = function() 'out'), error = function(e) "
        "if (conditionMessage(e) == 'first') invokeRestart('own'))",
        "function(k) stop('first')",
    ),
    "an interrupt": (
        "function(f) tryCatch(f(NULL), interrupt = function(e) 'out')",
        "function(k) signalCondition(structure(class = c('interrupt', 'condition'), list()))",
    ),
    "q()": (
        "function(f) tryCatch(f(NULL), pyclassbridge_quit = function(e) 'out')",
        "function(k) q()",
    ),
    "try(silent = TRUE)": (
        "function(f) { try(f(NULL), silent = TRUE); sub('.* : *', '', geterrmessage()) }",
        "function(k) stop('first')",
    ),
}


def unseen(exception):
    def fail():
        raise exception

    return fail


class Program:
    def __init__(self):
        import pyclass_bridge

        self.r = pyclass_bridge.r
        self.error = pyclass_bridge.RError
        self.of = self.r(f"local({{ {DEFINITIONS} }})")
        self.wrong: list = []
        self.is_beside = False
        self.calls_of_rlang: list[bool] = []  # beside other threads: is the call right?

    # ---- the frames between ----

    def other(self) -> None:
        """Other errors of both languages, each handled in its own or in the other one."""
        self.of["other"]()
        with contextlib.suppress(self.error):
            self.of["call"](self.of["fails"])
        with contextlib.suppress(self.error):
            self.of["fails"]()
        said = self.of["message_of"](unseen(KeyError("other")))
        assert said == "KeyError: 'other'", said

    def between(self, work, passed: list):
        """`work()` below frames of all kinds, which note that they were left."""

        def left(name: str):
            def note():
                self.other()
                passed.append(name)

            return note

        def with_finally():
            try:
                return work()
            finally:
                left("finally")()

        def in_a_generator():
            with contextlib.ExitStack() as stack:
                stack.callback(left("exit"))
                yield self.of["on_exit"](with_finally, left("on.exit"))

        def with_except():
            try:
                return list(in_a_generator())
            except BaseException:
                left("except")()
                raise

        return self.of["calling"](with_except, self.other)

    PASSED = ("finally", "on.exit", "exit", "except")

    # ---- one kind ----

    def make_condition(self, code: str):
        """Is what R catches the same behind frames of Python as without?"""
        fails = self.of["fails_by"](code, unseen(KeyError("first")))
        alone = self.of["catch"](fails)

        def check():
            passed: list = []
            seen = self.of["catch"](lambda: self.between(fails, passed))
            if "rlang" in code and self.is_beside:
                self.calls_of_rlang.append(seen[2] == alone[2])
                seen[2] = alone[2]
            return (seen == alone and tuple(passed) == self.PASSED) or (alone, seen, passed)

        return check

    def make_exit(self, codes: tuple[str, str]):
        target, leaves = self.r(codes[0]), self.r(codes[1])
        alone = self.r("function(target, leaves) target(leaves)")(target, leaves)

        def check():
            passed: list = []
            seen = target(lambda k: self.between(lambda: leaves(k), passed))
            return (seen == alone and tuple(passed) == self.PASSED) or (alone, seen, passed)

        return check

    def make_exit_of_python(self, exception: BaseException):
        """Leaves both languages: the same object comes out."""

        def check():
            passed: list = []
            try:
                self.of["catch"](lambda: self.between(unseen(exception), passed))
            except BaseException as seen:
                return (seen is exception and tuple(passed) == self.PASSED) or (seen, passed)
            return "nothing was raised"

        return check

    def make_abort(self):
        def check():
            passed: list = []
            try:
                self.of["catch"](
                    lambda: self.between(lambda: self.r("invokeRestart('abort')"), passed)
                )
            except self.error as seen:
                return ("aborted" in str(seen) and tuple(passed) == self.PASSED) or (seen, passed)
            return "nothing was raised"

        return check

    def checks(self) -> dict[str, dict]:
        kinds = {kind: self.make_condition(code) for kind, code in self.kinds().items()}
        exits = {name: self.make_exit(codes) for name, codes in EXITS.items()}
        exits["the restart `abort`"] = self.make_abort()
        exits["sys.exit()"] = self.make_exit_of_python(SystemExit(3))
        exits["a generator that is closed"] = self.make_exit_of_python(GeneratorExit())
        return {"conditions": kinds, "exits": exits}

    def kinds(self) -> dict[str, str]:
        """Without those of a package that is not installed, which is said."""
        if self.of["has_rlang"]:
            return KINDS
        print("rlang is not installed: its kind is left out", flush=True)
        return {kind: code for kind, code in KINDS.items() if "rlang" not in code}

    # ---- other threads ----

    def raise_and_handle(self, name: str, is_done: threading.Event) -> None:
        """An interrupt of the main thread ends R code that is in its way: then it goes on anew."""
        count = 0
        while not is_done.is_set():
            count += 1
            with contextlib.suppress(KeyboardInterrupt):
                self.raise_once(f"{name}_{count}", name)

    def raise_once(self, text: str, name: str) -> None:
        def fails():
            try:
                self.of["stops"](text)
            finally:
                self.other()

        said = self.of["message_of"](fails)
        if said != text:
            self.wrong.append((name, text, said))
        try:
            self.of["call"](fails)
        except self.error as error:
            said = error.message
        if said != text:
            self.wrong.append((name, text, said))

    @contextlib.contextmanager
    def others(self):
        is_done = threading.Event()
        threads = [
            threading.Thread(target=self.raise_and_handle, args=(name, is_done))
            for name in "abcdefgh"[:THREADS]
        ]
        for thread in threads:
            thread.start()
        self.is_beside = True
        try:
            yield
        finally:
            self.is_beside = False
            is_done.set()
            for thread in threads:
                thread.join()


def failing(checks: dict, times: int) -> dict:
    """{kind: what was seen instead} of those that were wrong once."""
    found = {}
    for name, check in checks.items():
        for _ in range(times):
            try:
                seen = check()
            except BaseException as error:
                seen = repr(error)
            if seen is not True:
                found[name] = seen
                break
    return found


def report(item: str, checks: dict, found: dict, how: str) -> None:
    for name, seen in found.items():
        print(f"wrong: {name}: {seen}")
    n = len(checks)
    seen = f"{n - len(found)} of {n}, {how}" + "".join(f"; not {name}" for name in found)
    figure(item, f"{n} of {n}", seen, not found)


def main(times: int = MORE) -> None:
    program = Program()
    for item, checks in program.checks().items():
        report(f"{item}, alone", checks, failing(checks, 1), "each once")
        start = time.monotonic()
        with program.others():
            found = failing(checks, times)
        how = f"each {times} times beside {THREADS} threads, in {time.monotonic() - start:.0f} s"
        report(f"{item}, with errors of other threads between", checks, found, how)
    if calls := program.calls_of_rlang:
        # rlang looks for its caller among all of R's frames, which have those of other threads.
        item, seen = "calls of rlang::abort() beside threads", f"{sum(calls)} of {len(calls)}"
        figure(item, f"all {len(calls)} the caller's", seen, all(calls))
    for case in program.wrong[:20]:
        print("wrong:", case)
    wrong = len(program.wrong)
    figure("errors of those threads", "all their own", f"{wrong} were another's", not wrong)


if __name__ == "__main__":
    import faulthandler

    faulthandler.enable()
    faulthandler.dump_traceback_later(600, exit=True)
    threading.stack_size(8 * 1024 * 1024)
    warnings.simplefilter("ignore")
    main(*map(int, sys.argv[1:]))
    sys.exit(status())
