"""`private`: one R environment for each instance, hidden from Python, shared by its R classes.

The environment holds the instance by a weak reference only, so the bridge makes no cycle.
A copy of an instance (`copy.copy`, `copy.deepcopy`) has an environment of its own with the same
contents: R's values are values; Python objects among them are shared.
"""

from __future__ import annotations

import copy
import functools
import weakref

from .r_functions import r_handle

table: dict[int, tuple] = {}  # {id(instance): (weak reference, handle)}; read by the core
KEPT = "__r_private__"  # in the `__dict__` of an instance without weak references


def kept_of(instance):
    """The private environment of `instance` if it has one."""
    known = table.get(id(instance))
    return getattr(instance, "__dict__", {}).get(KEPT) if known is None else known[1]


def make_private(instance):
    """Make the private environment of `instance`, and keep it while the instance lives: the core,
    which calls this, only borrows the handle.
    """
    levels = [
        cls.__dict__["__r_class__"].class_env
        for cls in reversed(type(instance).__mro__)
        if "__r_class__" in cls.__dict__ and cls.__dict__["__r_class__"].has_private
    ]
    key = id(instance)
    if key in table:
        return table[key][1]
    try:
        # No function in Python, which would swallow the exception of a Ctrl-C that comes in it.
        reference = weakref.ref(instance, functools.partial(table.pop, key))
    except TypeError:
        return _without_weak_reference(instance, levels)
    handle = r_handle("new_private")(_Instance(reference), *levels)
    return table.setdefault(key, (reference, handle))[1]  # another thread may have been faster


class _Instance:
    """A weak reference to the instance; R calls it to get the instance."""

    def __init__(self, reference):
        self.reference = reference

    def __call__(self):
        return self.reference()

    def __reduce__(self):
        return _instance_of, (self(),)


def _instance_of(instance):
    return _Instance(weakref.ref(instance))


def _without_weak_reference(instance, levels):
    """For subclasses of int and tuple: the `__dict__` of the instance keeps the environment. An
    instance with `__slots__` has no place for it."""
    if hasattr(instance, "__dict__"):
        kept = vars(instance).get(KEPT)
        if kept is None:
            made = r_handle("new_private")(lambda: None, *levels)
            kept = vars(instance).setdefault(KEPT, made)
        return kept
    if levels:
        raise TypeError(
            f"class `{type(instance).__name__}` has private members and `__slots__`: add "
            "`__weakref__` to the slots"
        )
    return _no_private()


@functools.cache
def _no_private():
    return r_handle("no_private")()


# ---- copies ------------------------------------------------------------------------------------


def copy_methods(bases) -> dict:
    """`__copy__` and `__deepcopy__` for a class with these bases, unless they have their own."""
    own = {"__copy__": _copied, "__deepcopy__": _deep_copied}
    return {n: f for n, f in own.items() if not any(hasattr(base, n) for base in bases)}


def _copied(self):
    return _with_private(self, _remade(self, None))


def _deep_copied(self, memo):
    made = memo[id(self)] = _remade(self, memo)
    return _with_private(self, made)


def _remade(instance, memo):
    """The copy that the copy module makes of an object without `__copy__` and `__deepcopy__`."""
    reduced = plain_reduced(instance, 4)
    if isinstance(reduced, str):
        return instance
    return copy._reconstruct(instance, memo, *reduced)


def plain_reduced(instance, protocol: int):
    """What `__reduce_ex__` gives without what an R class adds to it (classes/pickles.py)."""
    reduce = type(instance).__reduce_ex__
    return getattr(reduce, "__r_plain__", reduce)(instance, protocol)


def _with_private(original, made):
    kept = kept_of(original)
    if kept is not None and made is not original:
        getattr(made, "__dict__", {}).pop(KEPT, None)
        r_handle("copy_private")(kept, make_private(made))
    return made
