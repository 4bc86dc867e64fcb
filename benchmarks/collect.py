"""Instances of R classes after Python has dropped them, before R collects: how many are alive."""

from __future__ import annotations

import gc
import weakref

from measure import table

import pyclass_bridge

CLASSES = """
list(
  plain = Plain(Base) %py_class% {
    private$n <- 0
    private$step <- function() private$n <- private$n + 1
    initialize <- function() {
      super$`__init__`()
      self$x <- 0
    }
    p %<-active% function(value) if (missing(value)) private$n else private$n <- value
    use <- function(logs = NULL) {
      self$last <- logs$loss
      self$model$stop_training <- FALSE
      private$step()
      self$p <- self$p + 1
      super$who()
      self$own()
    }
    own <- function() self$x
  },
  callable = Callable(Base) %py_class% {
    private$n <- 0
    initialize <- function() {
      super$`__init__`()
      self$x <- 0
    }
    use <- function(logs = NULL) {
      self$last <- logs$loss
      private$n <- private$n + 1
      super$who()
      self$own()
    }
    own <- function() self$model
    `__call__` <- function(x) x
  }
)
"""


class Base:
    def __init__(self):
        self.model = type("Model", (), {})()

    def who(self):
        return self.model


def alive(cls, n: int) -> int:
    """How many of n instances live after use and `del`, beyond those in cycles of Python's own."""
    references = []
    for _ in range(n):
        instance = cls()
        for _ in range(3):
            instance.use({"loss": 0.5})
        references.append(weakref.ref(instance))
        del instance
    gc.collect()
    return sum(reference() is not None for reference in references)


def main() -> None:
    classes = pyclass_bridge.r(CLASSES, Base=Base)
    rows = [(f"{kind}, of 1,000", str(alive(cls, 1000)), "", "0") for kind, cls in classes.items()]
    table("Instances alive after del", rows, header=("class", "alive", "", "target"))


if __name__ == "__main__":
    main()
