"""R environments, as objects that a pickler meets once. The other half is R/travel_pack.R.

A closure takes along the variables that its code reaches, not all that its environment has. Two
closures of one environment may reach different ones, and a pickler meets them one after the other.
So an environment travels empty, and each of its variables by itself (travel/pack.py), when
something first reaches it. Both are *nodes*: while one lives there is no other for the same
environment or variable, and a pickler keeps those that it has seen. So what shared an environment
shares one where it arrives, and circles end.
"""

from __future__ import annotations

import weakref

from ..bridge.module_name import Reference
from ..bridge.private import make_private
from ..bridge.r_functions import r_function, r_handle

_environments: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class Environment:
    """The node of an R environment. `kind` is "plain", "global", or that of one which belongs to a
    class or an instance; `enclosure` is its enclosing environment, or this owner."""

    def __init__(self, handle):
        self.handle = handle
        self.kind, self.enclosure = r_function("environment_facts")(handle)
        if self.kind == "plain":
            self.enclosure = environment_node(self.enclosure)
        elif self.kind == "class":
            self.enclosure = Reference.to(self.enclosure)

    @staticmethod
    def of(handle) -> Environment:
        node = _environments.get(handle.address)
        return node or _environments.setdefault(handle.address, Environment(handle))

    def __reduce__(self):
        if self.kind != "plain":
            return owned_environment, (self.kind, self.enclosure)
        return new_environment, (self.enclosure,), self.attributes(), None, None, set_environment

    def attributes(self):
        """The handle of its attributes, such as a class, a list of R."""
        return r_handle("environment_attributes")(self.handle)


def environment_node(handle):
    """The node of an environment, or the handle of one that every session of R has."""
    return handle if r_function("is_of_session")(handle) else Environment.of(handle)


# ---- arrival -------------------------------------------------------------------------------------


def new_environment(enclosure):
    return r_handle("new_environment")(enclosure)


def set_environment(environment, attributes) -> None:
    r_function("set_environment")(environment, attributes)


def owned_environment(kind: str, owner):
    """The environment of a class or an instance, or what stands for the global one of elsewhere."""
    if kind == "class":
        return owner.__r_class__.class_env
    if kind == "private":
        return make_private(owner)
    return r_handle("new_environment")(r_handle("global_environment")())
