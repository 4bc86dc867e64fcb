"""Sixteen threads use R as chance says: nothing may be wrong, and nobody may wait long.

    python tests/stress/schedule.py [seconds] [seed]

The steps are calls of every kind, errors on a journey over frames of both languages that are caught
on either side, warnings, nested crossings, and objects that another thread drops. The seed is
printed; with it each thread takes the same steps again, though not at the same times. A wait is the
time of a call, or of a part of it between Python's stretches, without R's own stretch.
"""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import time
import warnings
import weakref
from typing import ClassVar

from report import figure, status

THREADS = 16
LIMIT = 1.0  # seconds
STRETCH = 0.01  # seconds, of R or Python, at most
DEPTH = 3  # of steps within steps
# rlang asks Python for the dims of all objects in its trace: that many calls have no wait of one.
MANY_WAITS = {"abort"}

DEFINITIONS = """
Counter %py_class% {
  initialize <- function() { self$n <- 0; private$steps <- 0 }
  step <- function(by) {
    private$steps <- private$steps + 1
    self$n <- self$n + by
    private$steps
  }
}
kept <- new.env()
shown <- function(e) {
  of_python <- grepl("^python[.]builtin[.](R|B|E)[A-Za-z]*(Error|Exception)$", class(e))
  list(class(e)[!of_python][[1L]], conditionMessage(e))
}
list(
  Counter = Counter,
  add = function(a, b = 1) a + b,
  named = function(...) list(...),
  apply = function(f, x) f(x) + 1,
  sum_to = function(n) sum(as.numeric(seq_len(n))),
  busy = function(seconds) {
    end <- proc.time()[[3]] + seconds
    while (proc.time()[[3]] < end) NULL
    TRUE
  },
  call = function(f) f(),
  with_on_exit = function(f, other) { on.exit(other()); f() },
  with_finally = function(f, other) tryCatch(f(), finally = other()),
  with_calling = function(f, other) withCallingHandlers(f(), error = function(e) other()),
  signalled_again = function(f, other) tryCatch(f(), error = function(e) stop(e)),
  stop = function(text) stop(text),
  stop_classed = function(text) {
    stop(structure(class = c("own", "error", "condition"), list(message = text, call = NULL)))
  },
  no_variable = function(text) get(text),
  of_warning = function(text) tryCatch(warning(text), warning = function(w) stop(w$message)),
  abort = function(text) rlang::abort(text, class = "own"),
  catch = function(f) tryCatch(f(), error = shown),
  handled = function(text) {
    try(stop(text), silent = TRUE)
    tryCatch(log("a"), error = function(e) text)
  },
  warn = function(text) { warning(text); TRUE },
  muffled = function(text) {
    seen <- NULL
    withCallingHandlers(
      { warning(text); message(text) },
      warning = function(w) { seen <<- conditionMessage(w); tryInvokeRestart("muffleWarning") },
      message = function(m) {
        seen <<- c(seen, sub("\\n$", "", conditionMessage(m)))
        tryInvokeRestart("muffleMessage")
      }
    )
    seen
  },
  new_environment = function(text) list2env(list(text = text)),
  text_of = function(e) e$text,
  keep = function(name, object) { assign(name, object, envir = kept); NULL },
  drop = function(name) {
    text <- get(name, envir = kept)$text
    rm(list = name, envir = kept)
    text
  },
  collect = function() { gc(FALSE); NULL },
  has_rlang = requireNamespace("rlang", quietly = TRUE)
)
"""


class Thing:
    """A Python object that R keeps for a while."""

    alive: ClassVar[weakref.WeakSet] = weakref.WeakSet()

    def __init__(self, text: str):
        self.text = text
        self.alive.add(self)


class Shared:
    """What the threads have in common: R's functions, and the objects that any of them may drop."""

    def __init__(self):
        import pyclass_bridge

        self.error = pyclass_bridge.RError
        self.r = pyclass_bridge.r(DEFINITIONS)
        self.raisers = ["stop", "stop_classed", "no_variable", "of_warning"]
        self.raisers += ["abort"] if self.r["has_rlang"] else []
        for name in self.raisers * 3:  # what R does when it is first used takes long
            with contextlib.suppress(self.error):
                self.r[name]("first")
        self.pool: list = []
        self.lock = threading.Lock()
        self.warned = threading.local()

    def show_warning(self, message, *place, **more) -> None:
        """Stands for `warnings.showwarning`; R warns on the thread that calls it."""
        self.warned.text = str(message)


class Worker:
    """One thread: its chance, what it has done, what was wrong and how long it has waited."""

    def __init__(self, shared: Shared, number: int, seed: int):
        self.shared, self.number, self.chance = shared, number, random.Random(seed * 100 + number)
        self.steps, self.waits, self.late, self.wrong = 0, 0, [], []
        self.longest = (0.0, "")
        self.open: list[list] = []  # of each call under way: its name, since when it waits
        self.path: list[str] = []  # what the step has done
        self.kinds = [
            *[self.values] * 4, *[self.nested] * 3, *[self.journey] * 5, self.handled, self.warning,
            self.muffled, self.stretch, self.instance, *[self.put] * 2, *[self.drop] * 2,
        ]  # fmt: skip

    def run(self, end: float) -> None:
        self.counter, self.sum, self.count = self.call("Counter"), 0.0, 0
        while time.monotonic() < end:
            self.path.clear()
            try:
                right = self.step(DEPTH)
            except BaseException as error:
                right = repr(error)
            if right is not True:
                self.note(right)
            self.steps += 1

    def note(self, seen) -> None:
        """Keep what was wrong, with the path to it."""
        self.wrong.append((self.number, self.steps, seen, " ".join(self.path)))

    # ---- calls, with their waits ----

    def call(self, name: str, *arguments, seconds: float = 0.0):
        """Call R's function, which works for `seconds` itself."""
        return self.timed(lambda: self.shared.r[name](*arguments), name, seconds)

    def timed(self, work, name: str, seconds: float = 0.0):
        """`work()`, which is one call of R. It waits to enter and, after each call back to Python,
        to return."""
        self.open.append([name, time.monotonic() + seconds])
        try:
            return work()
        finally:
            self.has_waited()
            self.open.pop()

    def has_waited(self) -> None:
        name, since = self.open[-1]
        if name in MANY_WAITS:
            return
        wait = time.monotonic() - since
        self.waits += 1
        self.longest = max(self.longest, (wait, name))
        if wait > LIMIT:
            self.late.append((name, wait))

    def back(self, work):
        """`work` as R calls it: it is Python's stretch."""

        def called(*arguments):
            self.has_waited()
            try:
                return work(*arguments)
            finally:
                self.open[-1][1] = time.monotonic()

        return called

    def text(self) -> str:
        self.count += 1
        return f"of_{self.number}_{self.count}"

    # ---- steps: each gives True if all is right ----

    def step(self, depth: int):
        kind = self.chance.choice(self.kinds)
        self.path.append(kind.__name__)
        return kind(depth)

    def values(self, depth: int):
        i = self.chance.randrange(1000)
        kind = self.chance.randrange(4)
        if kind == 0:
            return self.call("add", i) == i + 1
        if kind == 1:
            named = self.shared.r["named"]
            want = {"a": i, "b": [i, "x"]}
            return self.timed(lambda: named(a=i, b=[i, "x"]), "named") == want
        if kind == 2:
            return self.call("apply", self.back(lambda x: x * 2), i) == 2 * i + 1
        return self.call("sum_to", i) == i * (i + 1) / 2

    def nested(self, depth: int):
        if depth == 0:
            return self.values(0)
        return self.call("call", self.back(lambda: self.step(depth - 1)))

    def handled(self, depth: int):
        text = self.text()
        return self.call("handled", text) == text

    def warning(self, depth: int):
        text = self.text()
        self.call("warn", text)
        return text in self.shared.warned.text or self.shared.warned.text

    def muffled(self, depth: int):
        text = self.text()
        return self.call("muffled", text) == [text, text]

    def stretch(self, depth: int):
        seconds = self.chance.uniform(0, STRETCH)
        if self.chance.random() < 0.5:
            return self.call("busy", seconds, seconds=seconds)
        return self.call("call", self.back(lambda: time.sleep(seconds) or True))

    def instance(self, depth: int):
        by = self.chance.randrange(100)
        counter = self.counter
        steps = self.timed(lambda: counter.step(by), "step")
        self.sum += by
        right = self.timed(lambda: counter.n, "n") == self.sum and steps
        if self.chance.random() < 0.1:
            self.counter, self.sum = self.call("Counter"), 0.0
        return bool(right) or (steps, self.sum)

    def put(self, depth: int):
        """An object that another thread may drop: R's, or Python's that R keeps."""
        text = self.text()
        if self.chance.random() < 0.5:
            entry = (text, self.call("new_environment", text))
        else:
            self.call("keep", text, Thing(text))
            entry = (text, None)
        with self.shared.lock:
            self.shared.pool.append(entry)
        return True

    def drop(self, depth: int):
        with self.shared.lock:
            if not self.shared.pool:
                return True
            text, kept = self.shared.pool.pop(self.chance.randrange(len(self.shared.pool)))
        if kept is not None:
            return self.call("text_of", kept) == text
        if self.chance.random() < 0.01:
            self.call("collect")
        return self.call("drop", text) == text

    # ---- an error on a journey ----

    def journey(self, depth: int):
        """An error passes frames of both languages, which do other things meanwhile."""
        text = self.text()
        work, in_r, is_caught = self.raiser(text)
        for _ in range(self.chance.randrange(4)):
            work = self.frame(work, depth)
        if self.chance.random() < 0.5:
            self.path.append("R's")
            seen = self.call("catch", self.back(work))
            return seen == in_r or (in_r, seen)
        self.path.append("Python's")
        try:
            seen = work()
        except Exception as error:
            return is_caught(error) or (text, repr(error))
        return (text, seen)

    def raiser(self, text: str):
        """What raises, what R should catch, and whether Python has caught the right one."""
        if self.chance.random() < 0.3:
            exception = ValueError(text)
            self.path.append("ValueError")

            def fail():
                raise exception

            # R signals it again as an error of its class.
            in_r = ["python.builtin.ValueError", f"ValueError: {text}"]
            return fail, in_r, lambda error: error is exception
        name = self.chance.choice(self.shared.raisers)
        self.path.append(name)
        kind = {"stop_classed": "own", "abort": "own"}.get(name, "simpleError")
        message = f"object '{text}' not found" if name == "no_variable" else text

        def is_caught(error):
            is_ours = isinstance(error, self.shared.error)
            return is_ours and error.message == message and kind in error.r_class

        return lambda: self.call(name, text), [kind, message], is_caught

    def frame(self, work, depth: int):
        """`work` below one frame more, which does something else when the error passes."""
        names = ["call", "with_on_exit", "with_finally", "with_calling", "signalled_again"]
        name = self.chance.choice([*names, "finally", "except", "plain"])
        self.path.append(name)

        def other():
            self.path.append(f"{name}(")
            step = self.chance.choice(
                [self.values, self.handled, self.muffled, self.nested, self.journey]
            )
            self.path.append(step.__name__)
            right = step(max(depth - 2, 0))
            if right is not True:
                self.note(right)
            self.path.append(")")

        def in_python():
            if name == "except":
                try:
                    return work()
                except BaseException:
                    other()
                    raise
            with contextlib.ExitStack() as stack:
                if name == "finally":
                    stack.callback(other)
                return work()

        if name not in names:
            return in_python
        more = [] if name == "call" else [self.back(other)]
        return lambda: self.call(name, self.back(work), *more)


def run(seconds: float, seed: int) -> list[Worker]:
    """The threads after their work."""
    shared = Shared()
    workers = [Worker(shared, number, seed) for number in range(THREADS)]
    end = time.monotonic() + seconds
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = shared.show_warning
        threads = [threading.Thread(target=worker.run, args=(end,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    last = workers[0]
    while shared.pool:
        last.drop(0)
    return workers


def things_alive() -> int:
    """What R and Python still hold of all things."""
    import gc

    from pyclass_bridge import r

    for _ in range(3):
        r("invisible(gc(FALSE))")
        gc.collect()
    return len(Thing.alive)


def main(seconds: float = 120.0, seed: int | None = None) -> None:
    seed = random.randrange(10**6) if seed is None else seed
    print(f"seed {seed}, {seconds:g} s", flush=True)
    workers = run(seconds, seed)
    wrong = [case for worker in workers for case in worker.wrong]
    late = [case for worker in workers for case in worker.late]
    for case in wrong[:20]:
        print("wrong:", case)
    for case in late[:20]:
        print("waited:", case)
    steps = [worker.steps for worker in workers]
    made = f"{sum(steps)} steps, {min(steps)} to {max(steps)} a thread, in {seconds:g} s"
    alive = things_alive()
    figure("a random schedule of 16 threads", "0 wrong", f"{len(wrong)} wrong of {made}", not wrong)
    longest, where = max(worker.longest for worker in workers)
    waits = sum(worker.waits for worker in workers)
    seen = f"{len(late)} of {waits}, longest {longest:.3f} s in {where}()"
    figure("waits of the random schedule", "0 over 1 s", seen, not late)
    figure("objects of the random schedule", "0 alive after it", f"{alive} alive", not alive)


if __name__ == "__main__":
    import faulthandler

    faulthandler.enable()
    threading.stack_size(4 * 1024 * 1024)
    asked = [float(word) for word in sys.argv[1:]]
    duration = asked[0] if asked else 120.0
    # A deadlock shows where each thread is.
    faulthandler.dump_traceback_later(duration + 60, exit=True)
    main(duration, int(asked[1]) if len(asked) > 1 else None)
    sys.exit(status())
