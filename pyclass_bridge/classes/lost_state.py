"""Tells of R state that is lost, when a method or function that changes it is traced: see
R/classes_lost_state.R, the other half, which finds these.

A warning of R, once for each method of a class and each function, after a call that is really
traced. R code runs with values in an eager call, on torch (also under `torch.compile`, which runs
it between its graphs), and below `jax.grad()` outside of `jax.jit()`; Keras' symbolic build runs it
once more, but the step is traced, too. A warning that leaves `fit()` (`tryCatch()`, `warn = 2`)
would leave a half traced step in the model, so what `told_afterwards()` surrounds has ended before.
Importing this module does not import Keras.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from dataclasses import dataclass

from ..bridge.r_functions import r_function

_UNKNOWN = object()


class _Running(threading.local):
    waiting: dict | None = None  # in told_afterwards(): what to call for each LostState


_running = _Running()


@contextlib.contextmanager
def told_afterwards():
    """Let warnings wait until the block has ended. If it ends by an exception, they are not told,
    and the next trace finds the same."""
    if _running.waiting is not None:
        yield
        return
    _running.waiting = waiting = {}
    try:
        yield
    finally:
        _running.waiting = None
    for tell in waiting.values():
        tell()


@dataclass(eq=False)
class LostState:
    """What R code changes: `changes` as it is written, such as "private$n"; `environments`, of
    these, the variable that must be an environment for it; the `remedy`, a sentence."""

    changes: list[str]
    environments: dict[str, str]
    remedy: str
    is_told: bool = False

    def told_by_method(self, call, class_name: str, member: str):
        """`call`, the core's Function of a method, with the warning."""

        @functools.wraps(call, (), ())  # picklers look for the core's Function
        def method(self_, *args, **kwargs):
            if self.is_told or not is_traced():
                return call(self_, *args, **kwargs)
            before = self._values(self_)
            result = call(self_, *args, **kwargs)
            after = self._values(self_)
            changes = [name for name in self.changes if _is_changed(before[name], after[name])]
            self._note(f"Class `{class_name}`: `{member}`", changes, call)
            return result

        return method

    def told_by_function(self, call, name: str):
        """The same for a function that is no method, where a method of a Keras model calls it: who
        gives one to `tf_function()` says that it be traced, and may count that."""

        @functools.wraps(call, (), ())
        def function(*args, **kwargs):
            result = call(*args, **kwargs)
            in_keras = _running.waiting is not None
            if in_keras and not self.is_told and is_traced((*args, *kwargs.values())):
                self._note(f"Function `{name}`", self.changes, call)
            return result

        return function

    def _note(self, subject: str, changes: list[str], call) -> None:
        """Tell of `changes`, or let them wait."""
        if not changes:
            return
        tell = functools.partial(self._tell, subject, changes, call)
        if _running.waiting is None:
            tell()
        else:
            _running.waiting[self] = tell

    def _tell(self, subject: str, changes: list[str], call) -> None:
        env = call.closure if call.class_env is None else call.class_env
        self.is_told = True
        tell = r_function("tell_lost_state")
        self.is_told = tell(subject, changes, self.environments, self.remedy, env)

    def _values(self, instance) -> dict:
        return {name: _value_at(instance, name) for name in self.changes}


_of_functions: dict[str, LostState] = {}  # by their hash, as a closure crosses again


def telling_lost_state(data: dict, call, name: str):
    """`call`, the core's Function of the R function `name`, with the warning. `data` is what
    function_lost_state() in R returns."""
    state = LostState(data["changes"], data["environments"], data["remedy"])
    return _of_functions.setdefault(data["hash"], state).told_by_function(call, name)


def _value_at(instance, change: str):
    """The attribute that is changed, such as "self$a$b", or None where its class sets it. No code
    runs; what that does not find, and state that is not on `self`, is `_UNKNOWN`."""
    root, *names = change.split("$")
    if root != "self" or "[[" in change:
        return _UNKNOWN
    for name in names:
        if hasattr(getattr(type(instance), name, None), "__set__"):
            return None if name is names[-1] else _UNKNOWN
        instance = getattr(instance, "__dict__", {}).get(name, _UNKNOWN)
    return instance


def _is_changed(before, after) -> bool:
    """Was it? A Keras variable that stays is changed in place, which a trace keeps."""
    return after is _UNKNOWN or after is not before


def is_traced(arguments: tuple | None = None) -> bool:
    """Is this call, with these arguments if they are known, a part of a trace, of which a compiled
    function is made?"""
    symbolic = sys.modules.get("keras.src.backend.common.symbolic_scope")
    if symbolic is not None and symbolic.in_symbolic_scope():
        return False
    tf = sys.modules.get("tensorflow")
    if tf is not None and hasattr(tf, "executing_eagerly") and not tf.executing_eagerly():
        return True
    jax = sys.modules.get("jax")
    if jax is None or not hasattr(jax, "numpy"):
        return False
    if arguments is not None and not any(isinstance(x, jax.core.Tracer) for x in arguments):
        return False
    # Where jax.jit() traces, a constant is staged, too; below jax.grad() alone it has its value.
    return isinstance(jax.numpy.zeros(()), jax.core.Tracer)
