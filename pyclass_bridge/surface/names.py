"""The R names of the surface, and what each of them wraps. The other half is R/surface_names.R.

When an R name is first used, its class or function and their arguments are looked up in the
installed Keras. Importing this module does not import Keras; its functions do.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from dataclasses import dataclass

from ..for_r.modules import require_module
from . import table
from .arguments import Argument, documented, kind_of, takes_tensor
from .defaults import with_defaults

_PREFIXES = sorted(table.FAMILIES, key=len, reverse=True)


# ---- names -------------------------------------------------------------------------------------


def snake_case(name: str) -> str:
    """Keras' name of a class or function in R's spelling, without the prefix of the family."""
    for part, spelling in table.SPELLINGS.items():
        name = name.replace(part, spelling)
    name = name.replace("PReLU", "Parametric_relu").replace("ReLU", "Relu")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([a-z])([0-9])D", r"\1_\2D", name)
    return re.sub(r"_+", "_", name).lower()


@functools.cache
def keras():
    return require_module("keras")


def at(path: str):
    """The public object of Keras at `path`, such as "layers.Dense"."""
    value = keras()
    for part in path.split("."):
        value = getattr(value, part)
    return value


@functools.cache
def _family(prefix: str) -> dict[str, list]:
    """R name -> the wrapped objects (a class, a function, or both), for one family."""
    found: dict[str, list] = {}
    for path in table.FAMILIES[prefix]:
        module = importlib.import_module(f"keras.{path}")
        for name in dir(module):
            value = getattr(module, name)
            if name.startswith("_") or name in table.NO_NAMES or not callable(value):
                continue
            if prefix == "layer" and not is_class_of(value, "layers.Layer"):
                continue
            if _is_alias(module, name, value) or value in _renamed():
                continue
            found.setdefault(f"{prefix}_{snake_case(name)}", []).append(value)
    return found


def _is_alias(module, name: str, value) -> bool:
    """Is `name` a second name of a class whose own name is public too?"""
    own = getattr(value, "__name__", name)
    second = own != name and snake_case(own) != snake_case(name)
    return isinstance(value, type) and second and getattr(module, own, None) is value


@functools.cache
def _renamed() -> frozenset:
    """The classes and functions to which the table gives an R name."""
    return frozenset(value for name in table.NAMES for value in _targets(name))


def is_class_of(value, path: str) -> bool:
    return isinstance(value, type) and issubclass(value, at(path))


def names() -> list[str]:
    """Every R name for which the installed Keras has an object. Imports Keras."""
    found = {name for prefix in table.FAMILIES for name in _family(prefix)}
    return sorted(found | {name for name in table.NAMES if _targets(name)} | set(table.DATASETS))


def is_operation(name: str) -> bool:
    """Does the R name wrap a function of tensors?"""
    return name.startswith(("op_", "activation_", "random_"))


def _targets(name: str) -> list:
    """The class or function, or both, that the R name wraps."""
    if name in table.DATASETS:
        return [at(f"datasets.{table.DATASETS[name]}").load_data]
    if name in table.NAMES:
        try:
            return [at(table.NAMES[name])]
        except AttributeError:
            return []
    for prefix in _PREFIXES:
        if name.startswith(f"{prefix}_") and name in _family(prefix):
            return _family(prefix)[name]
    return []


# ---- one name ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrapped:
    """What is wrapped: a class to construct, a function to call, or both."""

    name: str
    family: str
    cls: type | None
    function: object
    arguments: dict[str, Argument]
    open: bool
    before_dots: tuple[str, ...] | None
    computing: frozenset[str] = frozenset()  # arguments that only the function has

    @functools.cached_property
    def target(self):
        return self.cls or self.function

    @functools.cached_property
    def own_defaults(self) -> dict:
        """The defaults that Keras is given, since its own are others."""
        return {key: a.default for key, a in self.arguments.items() if a.passed}

    @functools.cached_property
    def is_layer(self) -> bool:
        return self.cls is not None and is_class_of(self.cls, "layers.Layer") and self.composes

    @functools.cached_property
    def composes(self) -> bool:
        return self.name not in table.NOT_COMPOSED

    @functools.cached_property
    def first(self) -> list[str]:
        """The formals before Keras' own arguments."""
        if self.is_layer:
            several = self.merges or self.name == "layer_multi_head_attention"
            return ["inputs" if several else "object"]
        return ["y_true", "y_pred"] if self.computes else []

    @functools.cached_property
    def merges(self) -> bool:
        """Does it merge several inputs, given as a list or as several arguments?"""
        from keras.src.layers.merging.base_merge import Merge

        return self.is_layer and issubclass(self.cls, Merge)

    @functools.cached_property
    def makes_again(self) -> bool:
        """Does Keras make layers again from configurations, in a wrapper of a layer or a clone?"""
        return not self.arguments.keys().isdisjoint(("layer", "model"))

    @functools.cached_property
    def computes(self) -> bool:
        """Is it a loss or metric that computes a value when `y_true` and `y_pred` are given?"""
        return self.family in ("loss", "metric") and self.function is not None


@functools.cache
def wrapped_by(name: str) -> Wrapped:
    """What the wrapper `name` wraps.

    Raises:
        LookupError: the installed Keras has no object for this name.
    """
    targets = _targets(name)
    if not targets:
        version = keras().__version__
        raise LookupError(f"Keras {version} has nothing that {name}() could wrap.")
    cls = next((x for x in targets if isinstance(x, type)), None)
    function = next((x for x in targets if not isinstance(x, type)), None)
    family = next((p for p in _PREFIXES if name.startswith(f"{p}_")), "")
    if cls is not None and is_class_of(cls, "layers.Layer"):
        family = "layer"
    arguments, is_open, before_dots = _arguments(name, cls or function)
    if cls is None and family in ("loss", "metric"):
        arguments = {k: a for k, a in arguments.items() if k not in ("y_true", "y_pred")}
    computing = {}
    if cls is not None and function is not None and family in ("loss", "metric"):
        computing = {k: a for k, a in _arguments(name, function)[0].items() if k not in arguments}
    arguments |= {k: a for k, a in computing.items() if k not in ("y_true", "y_pred")}
    for key, default in table.MORE_ARGUMENTS.get(name, {}).items():
        arguments[key] = Argument(key, key, kind_of(name, key, default, ""), default)
    if name in table.DATASETS:
        arguments["convert"] = Argument("convert", "convert", default=True)
    arguments = _ordered(name, family, with_defaults(name, family, arguments))
    return Wrapped(
        name, family, cls, function, arguments, is_open, before_dots, frozenset(computing)
    )


def has_late_arguments(name: str, family: str, arguments: dict) -> bool:
    """Is it an optimizer with arguments that Keras added later, and that come after `name` in R?"""
    has_both = "name" in arguments and "loss_scale_factor" in arguments
    return family == "optimizer" and has_both and name not in table.OPTIMIZER_ORDERS_KEPT


def _ordered(name: str, family: str, arguments: dict) -> dict:
    """The arguments in the order that R users know: Keras', except where the table differs."""
    if has_late_arguments(name, family, arguments):
        own = [key for key in arguments if key != "name"]
        own.insert(own.index("loss_scale_factor"), "name")
        return {key: arguments[key] for key in own}
    first, later = table.ORDERS.get(name, ()), table.LATER_ARGUMENTS.get(name, ())
    own = [key for key in (*first, *arguments) if key in arguments and key not in later]
    return {key: arguments[key] for key in (*own, *later) if key in arguments}


def _arguments(name: str, target):
    """The arguments by R name; whether there is `**kwargs`; the names before `*args`, or None."""
    r_names = {keras: r for r, keras in table.ARGUMENTS.get(name, {}).items()}
    texts = documented(target)
    if isinstance(target, type):
        texts = documented(target.__init__) | texts
    found, is_open, before_dots = {}, False, None
    for parameter in inspect.signature(target).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            is_open = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            before_dots = tuple(found)
        else:
            r_name = r_names.get(parameter.name, parameter.name)
            text = texts.get(parameter.name, "")
            kind = kind_of(name, r_name, parameter.default, text)
            is_tensor = is_operation(name) and takes_tensor(r_name, kind, text)
            found[r_name] = Argument(r_name, parameter.name, kind, parameter.default, is_tensor)
    return found, is_open, before_dots
