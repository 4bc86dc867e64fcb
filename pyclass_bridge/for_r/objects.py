"""What R asks of any Python object: attributes, text, truth, length, context management.

Assumes nothing but Python. Guarantees: no function here changes an object, except
``del_attr``, ``enter`` and ``exit_with``; an AttributeError names the nearest attribute.
"""

import collections.abc
import importlib
import types

from pyclass_bridge.bridge.words import nearest
from pyclass_bridge.for_r.tensor import is_tensor


def get_attr(x, name):
    """Attribute `name` of `x`; of a module also a submodule not imported yet."""
    try:
        return getattr(x, name)
    except AttributeError as error:
        return missing_attribute(x, name, error)


def missing_attribute(x, name, error=None):
    """The submodule `name` of module `x`, or `error` raised again with a suggestion."""
    if isinstance(x, types.ModuleType) and hasattr(x, "__path__"):
        full = f"{x.__name__}.{name}"
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as failure:
            # A submodule that exists but misses one of its own imports is that error.
            if failure.name != full:
                raise
    if name == "call" and hasattr(type(x), "__r_class__") and callable(x):
        return x.__call__  # the R name of that method
    if error is None:
        kind = "module" if isinstance(x, types.ModuleType) else "object"
        error = AttributeError(f"{type(x).__name__!r} {kind} has no attribute {name!r}")
        error.name, error.obj = name, x
    raise attribute_hint(error) from None


def attribute_hint(error):
    """The AttributeError `error`, its text extended by "Did you mean: 'x'?" if that helps."""
    name, owner = getattr(error, "name", None), getattr(error, "obj", None)
    text = str(error)
    if name and owner is not None and "Did you mean" not in text:
        near = nearest(name, [other for other in _dir(owner) if other != name])
        if near is not None:
            error.args = (f"{text.rstrip('.')}. Did you mean: '{near}'?", *error.args[1:])
    return error


def item_or_attr(x, name):
    """x[name] of the dict `x` if it has that key, else its attribute `name`."""
    return x[name] if name in x else get_attr(x, name)


def element(x, name):
    """x[name] of a mapping, of anything else its attribute `name`."""
    return x[name] if is_mapping(x) else get_attr(x, name)


def itself(x):
    """`x`: lets R have a value with the conversion flag of the module it is called through."""
    return x


def has_attr(x, name):
    """Does `x` have the attribute `name`?"""
    return hasattr(x, name)


def del_attr(x, name):
    """Delete the attribute `name` of `x`."""
    try:
        delattr(x, name)
    except AttributeError as error:
        raise attribute_hint(error) from None


def _dir(x):
    try:
        return [name for name in dir(x) if isinstance(name, str)]
    except Exception:
        # A broken __dir__ must not hide what the caller is really after.
        return []


def attribute_names(x):
    """All attribute names of `x`, sorted."""
    return sorted(_dir(x))


def names_of(x):
    """The keys of a mapping of strings, else the public attribute names of `x`."""
    if is_mapping(x) and all(isinstance(key, str) for key in x):
        return list(x)
    return [name for name in attribute_names(x) if not name.startswith("_")]


def is_mapping(x):
    """Is `x` a mapping (dict, OrderedDict, os.environ, ...)?"""
    return isinstance(x, collections.abc.Mapping)


def length(x, default=None):
    """len(x); `default` for an object without a length, if one is given."""
    if default is not None and not hasattr(type(x), "__len__"):
        return default
    return len(x)


def truth(x):
    """bool(x), as an `if` of Python sees it."""
    return bool(x)


def identity(x):
    """id(x) as text: an id may be larger than an R integer."""
    return str(id(x))


def ellipsis():
    """Python's `...`."""
    return ...


def str_of(x):
    """str(x)."""
    return str(x)


def repr_of(x):
    """repr(x)."""
    return repr(x)


def print_text(x):
    """What print(x) shows in R: a module's name, a tensor's str(), what the class says, else the
    repr."""
    if isinstance(x, types.ModuleType):
        return f"Module({x.__name__})"
    return str(x) if is_tensor(x) else getattr(type(x), "__r_print__", repr)(x)


def line_of(x, width=75):
    """One line about `x` for R's str(): as `print_text`, white space squeezed, cut at `width`."""
    text = " ".join(print_text(x).split())
    return text if len(text) <= width else text[: width - 3] + "..."


def exception_of(condition, calls):
    """The exception for an R condition and the R calls it happened in (both are handles)."""
    from pyclass_bridge.bridge.condition import from_r

    return from_r(condition, calls)


def nearest_r(x):
    """The nearest R value of `x`, or `x` where there is none."""
    from pyclass_bridge.values.request_r import nearest_r

    return nearest_r(x)


def requested(value):
    """The nearest Python value of an R value (a handle), or the handle where there is none."""
    try:
        return value.to_python()
    except TypeError:
        return value


def enter(manager):
    """manager.__enter__(), looked up as the `with` statement does."""
    kind = type(manager)
    if not (hasattr(kind, "__enter__") and hasattr(kind, "__exit__")):
        raise TypeError(
            f"{kind.__name__!r} object is no context manager: "
            "with() needs __enter__() and __exit__()"
        )
    return kind.__enter__(manager)


def exit_with(manager, error=None):
    """manager.__exit__() with the exception `error`; TRUE if the manager swallows it."""
    if error is None:
        type(manager).__exit__(manager, None, None, None)
        return False
    return bool(type(manager).__exit__(manager, type(error), error, error.__traceback__))
