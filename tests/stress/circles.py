"""Instances and classes that R and Python hold in a circle: how many are alive after a collection?

    python tests/stress/circles.py [instances of each kind]

Also while R collects at each third allocation, and while other threads use and drop such instances.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref

from report import figure, status

CLASS = """
A %py_class% {{
  initialize <- function() {{ self$n <- 1; private$n <- 2; {circle} }}
  get <- function() self$n + private$n
  {more}
}}
A
"""
IN_A_FRAME = (
    "make <- function() { A %py_class% { m <- function() A; get <- function() 3 }; A }; make()"
)
CIRCLES = {
    "self$f <- function() self$n": "",
    "private$me <- self": "",
    "private$f <- function() self$n": "",
    "e <- environment(); self$e <- e": "",
    "self$f <- function() self": "finalize <- function() self$f()$get()",
}


def collect() -> None:
    for _ in range(3):
        gc.collect()


def makers(r) -> dict:
    classes = {
        (f"{circle}, with finalize()" if more else circle): r(
            CLASS.format(circle=circle, more=more)
        )
        for circle, more in CIRCLES.items()
    }
    return classes | {"a class in a frame that its methods see": lambda: r(IN_A_FRAME)}


def alive_of(make, n: int) -> tuple[int, int, float]:
    """How many of n are alive while the last one is held, and then; seconds of the collections."""
    references = []
    for _ in range(n):
        last = make()
        references.append(weakref.ref(last))
    start = time.monotonic()
    collect()
    seconds = time.monotonic() - start
    held = sum(reference() is not None for reference in references)
    del last
    collect()
    return held, sum(reference() is not None for reference in references), seconds


def all_kinds(kinds: dict, n: int) -> None:
    for name, make in kinds.items():
        many = n // 10 if "class" in name else n
        held, alive, seconds = alive_of(make, many)
        seen = f"{alive} alive; {held} while the last one was held; {seconds:.2f} s to collect"
        figure(f"circle of {many}: {name}", "0 alive", seen, alive == 0 and held == 1)


def tortured(r, kinds: dict, n: int) -> None:
    """Makes, uses and collects while R collects all the time."""
    torture = r("function(on) gctorture2(if (on) 3L else 0L)")
    wrong = alive = 0
    torture(True)
    try:
        for name, make in kinds.items():
            if "class" in name:
                continue
            made = [make() for _ in range(n)]
            references = [weakref.ref(instance) for instance in made]
            collect()
            wrong += sum(instance.get() != 3 for instance in made)
            del made
            collect()
            alive += sum(reference() is not None for reference in references)
    finally:
        torture(False)
    seen = f"{alive} alive, {wrong} wrong"
    figure("circles while R collects all the time", "0 alive, 0 wrong", seen, alive == wrong == 0)


def in_threads(kinds: dict, n: int) -> None:
    wrong: list = []
    references: list = []

    def work(make) -> None:
        for i in range(n):
            instance = make()
            references.append(weakref.ref(instance))
            if i % 50 == 0:
                gc.collect()
            if instance.get() != 3:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(make,)) for make in list(kinds.values())[:5]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    collect()
    alive = sum(reference() is not None for reference in references)
    seen = f"{alive} of {len(references)} alive, {len(wrong)} wrong"
    figure("circles in 5 threads", "0 alive, 0 wrong", seen, not alive and not wrong)


if __name__ == "__main__":
    import faulthandler

    faulthandler.enable()
    threading.stack_size(2 * 1024 * 1024)
    from pyclass_bridge import r

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    kinds = makers(r)
    gc.collect()
    gc.freeze()
    all_kinds(kinds, count)
    tortured(r, kinds, max(count // 100, 3))
    in_threads(kinds, max(count // 10, 20))
    sys.exit(status())
