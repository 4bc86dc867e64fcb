"""What R asks of any Python object: members, text, truth, length. The other half is
R/for_r_objects.R.

Assumes nothing but Python. Guarantees: no function here changes an object.
"""

import collections.abc
import inspect
import re
import types

from pyclass_bridge.for_r.attributes import attribute_names, get_attr
from pyclass_bridge.for_r.tensor import is_tensor
from pyclass_bridge.for_r.variables import r


def item_or_attr(x, name):
    """x[name] of the dict `x` if it has that key, else its attribute `name`."""
    return x[name] if name in x else get_attr(x, name)


def element(x, name):
    """x[name] of a mapping, of anything else its attribute `name`."""
    return x[name] if is_mapping(x) else get_attr(x, name)


def itself(x):
    """`x`: R calls it through `for_r` or `for_r_proxies` to choose whether `x` is converted."""
    return x


def names_of(x):
    """The keys of a mapping of strings, else the public attribute names of `x`; `r` that R code
    has in the main module is none of them."""
    if is_mapping(x) and all(isinstance(key, str) for key in x):
        return list(x)
    names = [name for name in attribute_names(x) if not name.startswith("_")]
    if isinstance(x, types.ModuleType) and vars(x).get("r") is r:
        names.remove("r")
    return names


def is_mapping(x):
    """Is `x` a mapping (dict, OrderedDict, os.environ, ...)?"""
    try:
        return isinstance(x, collections.abc.Mapping)
    except AttributeError:  # of `__class__`, as with what numpy.load() has as `f`
        return issubclass(type(x), collections.abc.Mapping)


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
    """What print(x) shows in R: `text_of(x)`, and the signature of what can be called."""
    signature = None if isinstance(x, types.ModuleType) else _signature(x)
    return text_of(x) if signature is None else f"{text_of(x)}\n signature: {signature}"


def _signature(x):
    """The signature of `x` without annotations; None if it has none."""
    if not callable(x) or is_tensor(x):
        return None
    try:
        signature = inspect.signature(x)
    except (TypeError, ValueError):
        return None
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=signature.empty)


def text_of(x):
    """A module's name, a tensor's str(), the result of the class's `__r_print__`, else the repr."""
    if isinstance(x, types.ModuleType):
        return f"Module({x.__name__})"
    if is_tensor(x):
        return re.sub(r"\bshape=\((\d+),\)", r"shape=(\1)", str(x))
    return getattr(type(x), "__r_print__", repr)(x)


def line_of(x, width=75):
    """One line about `x` for R's str(): as `text_of`, white space squeezed, cut at `width`."""
    text = " ".join(text_of(x).split())
    return text if len(text) <= width else text[: width - 3] + "..."
