"""R code of one test: evaluated in an environment of its own, with Python values by name."""

from __future__ import annotations

import pyclass_bridge


class RScope:
    """`scope(code, name = value)` evaluates R code; what it defines is there for the next call."""

    def __init__(self):
        self._env = pyclass_bridge.r("new.env(parent = globalenv())")
        self._assign = pyclass_bridge.r("function(env, name, value) env[[name]] <- value")
        self._evaluate = pyclass_bridge.r(
            "function(env, code) {"
            " value <- NULL;"
            " for (e in as.list(parse(text = code, keep.source = TRUE))) value <- eval(e, env);"
            " value }"
        )

    def __call__(self, code: str, **values):
        for name, value in values.items():
            self._assign(self._env, name, value)
        return self._evaluate(self._env, code)

    def close(self):
        """Empty the environment: it and a class defined in it keep each other."""
        self("rm(list = ls(all.names = TRUE))")
