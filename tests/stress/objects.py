"""Objects that both languages hold, in great numbers: all of them end.

    python tests/stress/objects.py [models] [instances] [proxies]

Prints a figure for each item; status 1 if one is not what it should be. Instances of R classes and
the models that were trained with R callbacks are looked at after both collectors have run; proxies
are dropped by eight threads at once. 60 models, 100,000 instances and a million proxies take a
minute; 300 models take a minute more.
"""

from __future__ import annotations

import faulthandler
import gc
import itertools
import os
import random
import sys
import threading
import time
import weakref
from collections import deque

from report import figure, status

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

THREADS = 8
PART = 5000  # instances between two collections

DEFINITIONS = """
Base %py_class% {
  initialize <- function(n = 0) { self$n <- n; private$steps <- 0; private$log <- list() }
  step <- function(by = 1) { private$steps <- private$steps + 1; self$n <- self$n + by; self$n }
  steps <- function() private$steps
  double %<-active% function(value) if (missing(value)) 2 * self$n else self$n <- value / 2
}
Derived(Base) %py_class% {
  initialize <- function(n = 0) { super$initialize(n); self$table <- data.frame(x = 1:2) }
  step <- function(by = 1) { super$step(by); super()$step(by) }
  each <- function() sum(vapply(1:2, function(i) self$step(i), 0))
  fails <- function() stop("on purpose")
  caught <- function() tryCatch(self$fails(), error = function(e) conditionMessage(e))
  here <- function() list(self, self$step, private)[[1L]]
}
Records <- Callback("Records",
  initialize = function() { super$initialize(); private$losses <- numeric(); self$best <- Inf },
  on_train_begin = function(logs = NULL) super$on_train_begin(logs),
  on_epoch_end = function(epoch, logs = NULL) {
    private$losses[[epoch]] <- logs$loss
    private$note(logs$loss)
    self$weights <- self$model$get_weights()
    self$last <- self$doubled
    list(doubled = 2 * logs$loss)
  },
  result = function() private$losses,
  doubled = active_property(function(value) 2 * self$best),
  private = list(note = function(loss) self$best <- min(self$best, loss))
)
list(
  Base = Base, Derived = Derived, Records = Records,
  use_in_r = function(kind, n) { x <- kind(n); x$step(1); x$double <- 8; x$n + x$steps() },
  same = function(x) x,
  count = function(x) length(x),
  keep_one = local({ kept <- NULL; function(x) { kept <<- x[[1L]]; length(x) } }),
  forget = function(keep_one) assign("kept", NULL, envir = environment(keep_one))
)
"""


def collect() -> dict:
    """Both collectors, until nothing more ends; the counters."""
    from pyclass_bridge import _core, r

    for _ in range(3):
        r("invisible(gc())")
        gc.collect()
    r("NULL")
    return _core.counters()


def definitions():
    import pyclass_bridge

    return pyclass_bridge.r("library(pyclassbridge)\n" + DEFINITIONS)


# ---- instances -----------------------------------------------------------------------------------


def use(ns, k: int):
    """An instance that has been used in one of several ways, and whether it gave what it should."""
    if k % 50 == 7:
        return None, ns["use_in_r"](ns["Derived"], float(k)) == 4.0 + 1 * 2
    kind = ns["Derived"] if k % 2 else ns["Base"]
    made = kind(float(k))
    is_right = made.step(2.0) == k + (4.0 if k % 2 else 2.0)
    made.double = 10.0
    is_right &= made.n == 5.0 and made.double == 10.0
    is_right &= made.steps() == 1 + k % 2
    way = k % 26
    if way == 1:
        is_right &= made.each() == 5.0 + 2 + 5.0 + 2 + 4
    elif way == 3:
        is_right &= made.caught() == "on purpose"
    elif way == 5:
        is_right &= made.here() is made
    elif way == 9:
        made.itself = made
    elif way == 11:
        bound = made.step
        is_right &= bound(0.0) == 5.0
    return made, is_right


def instances(ns, count: int) -> None:
    for k in [*range(60), *range(60)]:  # what is made once or twice is there
        use(ns, k)
    part = min(PART, count)
    before, references, wrong, most = collect(), [], 0, 0
    for k in range(count):
        made, is_right = use(ns, k)
        wrong += not is_right
        if made is not None:
            references.append(weakref.ref(made))
        del made
        if k % part == part - 1:
            alive = sum(reference() is not None for reference in references)
            most = max(most, alive)
            collect()
            references = [reference for reference in references if reference() is not None]
    after = collect()
    alive = sum(reference() is not None for reference in references)
    figure(
        f"{count} instances of R classes, made, used and dropped",
        "0 alive, counters as before, 0 wrong",
        f"{alive} alive ({most} of {part} before a collection), {before} before, {after} after, "
        f"{wrong} wrong",
        alive == 0 and before == after and wrong == 0,
    )


# ---- models --------------------------------------------------------------------------------------


def one_model(ns, keras, x, y):
    """References to a model that was trained, and to its callback."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse", run_eagerly=keras.config.backend() == "tensorflow")
    callback = ns["Records"]()
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[callback]).history
    is_right = (
        callback.result() == history["loss"]
        and history["doubled"] == [2 * loss for loss in history["loss"]]
        and callback.best == min(history["loss"])
    )
    return [weakref.ref(model), weakref.ref(callback)], is_right


def models(ns, count: int) -> None:
    import keras
    import numpy as np

    x, y = np.ones((4, 2)), np.ones((4, 1))
    for _ in range(3):  # what is made once is there
        one_model(ns, keras, x, y)
    before, references, wrong = collect(), [], 0
    for _ in range(count):
        made, is_right = one_model(ns, keras, x, y)
        references += made
        wrong += not is_right
    after = collect()
    alive = sum(reference() is not None for reference in references)
    figure(
        f"{count} models fitted with R callbacks",
        "0 models or callbacks alive, counters as before, 0 wrong",
        f"{alive} alive, {before} before, {after} after, {wrong} wrong",
        alive == 0 and before == after and wrong == 0,
    )


# ---- proxies -------------------------------------------------------------------------------------


class Item:
    """An object for R; `ended` counts those that have ended."""

    __slots__ = ()
    ended = itertools.count()

    def __del__(self, ended=ended):
        next(ended)


def drop_proxies(ns, share: int, shelf: deque, chance: random.Random, wrong: list) -> int:
    """Makes so many proxies and drops what it or another thread has put on the shelf."""
    from pyclass_bridge import _core

    made = 0
    while made < share:
        way = chance.randrange(4)
        items = [Item() for _ in range((1, 50, 20, 50)[way])]
        made += len(items)
        if way == 0:
            is_right = ns["same"](items[0]) is items[0]
        elif way == 1:
            is_right = ns["keep_one"](items) == 50
        elif way == 2:
            back = ns["same"](items)
            is_right = all(a is b for a, b in zip(back, items, strict=True))
        else:
            shelf.extend([_core.to_r(item) for item in items])
            is_right = ns["count"](items[:2]) == 2
            for _ in range(min(50, len(shelf) - 200)):
                shelf.popleft()
        if not is_right:
            wrong.append(way)
    return made


def proxies(ns, count: int) -> None:
    shelf: deque = deque()
    once = drop_proxies(ns, 1000, shelf, random.Random(0), [])  # what is made once is there
    shelf.clear()
    ns["forget"](ns["keep_one"])
    before, wrong, made = collect(), [], [once]

    def work(k: int) -> None:
        try:
            made.append(drop_proxies(ns, count // THREADS, shelf, random.Random(k), wrong))
        except BaseException as error:
            wrong.append(repr(error))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shelf.clear()
    ns["forget"](ns["keep_one"])
    after = collect()
    alive = sum(made) - next(Item.ended)
    figure(
        f"{sum(made)} proxies dropped by {THREADS} threads",
        "0 objects alive, counters as before, 0 wrong",
        f"{alive} alive, {before} before, {after} after, {len(wrong)} wrong"
        + "".join(f"; {what}" for what in wrong[:3]),
        alive == 0 and before == after and not wrong,
    )


def main(of_models: int = 60, of_instances: int = 100_000, of_proxies: int = 1_000_000) -> int:
    faulthandler.enable()
    threading.stack_size(4 * 1024 * 1024)
    start = time.monotonic()
    ns = definitions()
    for work, count in ((instances, of_instances), (proxies, of_proxies), (models, of_models)):
        work(ns, count)
        print(f"{time.monotonic() - start:.0f} s", flush=True)
    return status()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
