"""What R asks of any Python object: members, text, truth, length. The other half is
R/for_r_objects.R.

Assumes nothing but Python. Guarantees: no function here changes an object.
"""

import collections.abc
import contextlib
import inspect
import itertools
import re
import signal
import threading
import types

from pyclass_bridge.for_r.attributes import attribute_names, get_attr
from pyclass_bridge.for_r.tensor import is_tensor
from pyclass_bridge.for_r.variables import r

LIMIT = 0.5  # seconds; see in_time()


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
    """The keys of a mapping of strings, else the public attribute names of `x`, or of its class if
    `x` fails to tell in time."""
    names = in_time(lambda: _names_of(x), _limit_of(x))
    return [n for n in dir(type(x)) if not n.startswith("_")] if names is None else names


def all_names_of(x):
    """All attribute names of `x`, or those of its class if `x` fails to tell in time."""
    names = in_time(lambda: attribute_names(x), _limit_of(x))
    return dir(type(x)) if names is None else names


def _names_of(x):
    """The names; `r` that R code has in the main module is none of them."""
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
    """One line about `x` for R's str(): as `text_of`, white space squeezed, cut at `width`; the
    class of `x` if that fails or takes too long."""
    text = in_time(lambda: " ".join(text_of(shortened(x, width)).split()))
    if text is None:
        text = class_text(x)
    return text if len(text) <= width else text[: width - 3] + "..."


def format_of(x):
    """str(x) for R's format(); the class of `x` if that fails or takes too long."""
    text = in_time(lambda: str(x), _limit_of(x))
    return class_text(x) if text is None else text


def class_text(x):
    """What is sure to be there of an object that can't be shown."""
    return f"<{type(x).__module__}.{type(x).__qualname__} object>"


def shortened(x, width, depth=3):
    """A container or text that begins as `x` does for `width` characters and is soon shown."""
    if type(x) in (str, bytes, bytearray):
        return x[: width + 1]
    if not depth or type(x) not in (list, tuple, set, frozenset, dict):
        return x
    # An item takes three characters or more, with its comma and space.
    first = list(itertools.islice(x.items() if type(x) is dict else x, width // 3 + 2))
    if type(x) is dict:
        return {key: shortened(value, width, depth - 1) for key, value in first}
    if type(x) in (list, tuple):
        first = [shortened(item, width, depth - 1) for item in first]
    return type(x)(first)


def _limit_of(x):
    """Seconds for an object of a class of a user's or a library's. Python's own containers get all
    the time they need: what R knows of a long dict must not depend on how busy the machine is."""
    return None if type(x).__module__ == "builtins" else LIMIT


class _TooLong(BaseException):
    """Not an Exception: a `__repr__` that handles these does not go on."""


def in_time(ask, limit=LIMIT):
    """ask(), or None if it raises or takes longer than `limit` seconds, if there is one.

    The panes of an editor ask unbidden, so an object of the user must neither fail nor delay them.
    The limit holds in the main thread, where no other alarm is set; an interrupt by the user goes
    on.
    """
    try:
        with _alarm(limit):
            return ask()
    except (Exception, _TooLong):
        return None


@contextlib.contextmanager
def _alarm(limit):
    """Raises _TooLong after `limit` seconds; alarm and handler are then as before."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGALRM) if is_main else None
    if limit is None or before is None or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def ring(number, frame):
        raise _TooLong

    try:
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, limit)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
