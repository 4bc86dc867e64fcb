"""The configuration of an instance whose R class has no `get_config`: the arguments that
`initialize` was given, with what Keras' own configuration says of its base.

Keras makes such a configuration for layers only, and leaves out what a model class or a metric was
given, so a saved model would be loaded with the defaults. Nothing here imports Keras before an
instance is made.
"""

from __future__ import annotations

import contextlib
import inspect
import types

from ..bridge.signature import MISSING, Parameters, RCode
from .kinds import Kind

# Where an instance keeps its arguments: Keras looks for weights in attributes of other names.
KEPT = "__r_arguments__"
_EXTRA = "..."  # arguments for `...` that have no name

# What the instance knows better than the arguments: they can be set later.
_CURRENT = frozenset({"trainable", "dtype"})

# The bases of Keras whose `get_config` is an error.
_ABSTRACT = frozenset({
    "keras.src.optimizers.schedules.learning_rate_schedule.LearningRateSchedule",
    "keras.src.regularizers.regularizers.Regularizer",
})  # fmt: skip


def default_members(defined: set[str], bases, kind: Kind, ref) -> dict:
    """The `get_config` and `from_config` for a class of this kind that defines these members; `ref`
    gives the class."""
    base = next((b for b in bases if hasattr(b, "from_config")), None)
    if base is None or not is_saved(kind) or "get_config" in defined:
        return {}
    if "__init__" not in defined and not _is_abstract(base, kind):
        return {}

    def get_config(self):
        return _config(self, ref())

    def from_config(cls, config):
        return _from_config(cls, ref(), config)

    get_config.__r_default__ = True
    members = {"get_config": get_config}
    if "from_config" not in defined:
        members["from_config"] = classmethod(from_config)
    return members


def _has_default(cls: type) -> bool:
    """Is the `get_config` of the class one that was made here?"""
    return hasattr(cls.get_config, "__r_default__")


def is_saved(kind: Kind) -> bool:
    """Do saved models hold configurations of objects of this kind?"""
    return kind.library == "Keras" and not kind.hooks


def _is_abstract(base: type, kind: Kind) -> bool:
    """Does the base leave `get_config` to derived classes?"""
    named = kind.base_of(base) if kind.named in _ABSTRACT else None
    return named is not None and base.get_config is named.get_config


def keeping(call, parameters: Parameters):
    """`call`, an `initialize` with these parameters, which also keeps its arguments."""
    names = [formal.name for formal in parameters.before]

    def initialize(self, *args, **kwargs):
        given = dict(zip(names, args, strict=False)) | kwargs
        if args[len(names) :]:
            given[_EXTRA] = args[len(names) :]
        with contextlib.suppress(TypeError):  # an instance without a __dict__
            # The `initialize` of a derived class comes first, and its arguments make the instance.
            vars(self).setdefault(KEPT, {k: v for k, v in given.items() if not _is_code(v)})
        return call(self, *args, **kwargs)

    return initialize


def _is_code(value) -> bool:
    """Is it a default that R evaluates?"""
    return value is MISSING or isinstance(value, RCode)


# ---- the members -------------------------------------------------------------------------------


def _config(self, owner: type) -> dict:
    """The arguments from which the instance was made, for the `get_config` of `owner`. A method
    of a derived class that calls it gets what it would get from Keras."""
    if _is_made_of_layers(self):
        return super(owner, self).get_config()
    base = _base_config(self, owner)
    if KEPT not in vars(self) or type(self).get_config is not vars(owner)["get_config"]:
        return base
    kept = {name: _serialized(self, name, value) for name, value in vars(self)[KEPT].items()}
    settled = base if _is_optimizer(self) else base.keys() & _CURRENT
    wins = {k: v for k, v in kept.items() if k not in base or (v is not None and k not in settled)}
    computed = _formals(type(self))[0] - kept.keys() - _CURRENT - {"name"}
    return {k: v for k, v in base.items() if k not in computed} | wins


def _base_config(self, owner: type) -> dict:
    """What the first class after `owner` says that has a `get_config` of its own."""
    later = type(self).__mro__[type(self).__mro__.index(owner) + 1 :]
    cls = next(c for c in later if "get_config" in vars(c) and not _has_default(c))
    if _is_model(self) and "__r_class__" not in vars(cls):
        # The layers of a Sequential or functional model are made by `initialize`.
        from keras.layers import Layer as cls
    try:
        return dict(cls.get_config(self))
    except NotImplementedError:
        if f"{cls.__module__}.{cls.__qualname__}" not in _ABSTRACT:
            raise
        return {}


def _from_config(cls, owner: type, config: dict):
    """The instance for a configuration of `_config`, for the `from_config` of `owner`."""
    if not _has_default(cls) or ("layers" in config and _takes_layers(cls)):
        return super(owner, cls).from_config(config)
    config = {name: _made(name, value) for name, value in config.items()}
    formals, is_open = _formals(cls)
    named = {name: value for name, value in config.items() if name in formals}
    instance, given = _instance(cls, config if is_open else named, named)
    for name in config.keys() - given.keys():
        _set(instance, name, config[name])
    return instance


def _instance(cls, given: dict, named: dict):
    """The instance made with the arguments `given`, or if that fails with those alone that
    `initialize` names, since it may give its base a `name` besides its `...`."""
    try:
        return cls(**given), given
    except Exception:
        if given.keys() == named.keys():
            raise
        with contextlib.suppress(Exception):
            return cls(**named), named
        raise


def _is_made_of_layers(self) -> bool:
    """Is it a functional or Sequential model with an `initialize` that takes what Keras' own takes,
    so that Keras makes it from its layers?"""
    if not _is_model(self) or not _takes_layers(type(self)):
        return False
    from keras import Sequential
    from keras.src.models.functional import Functional

    return isinstance(self, (Functional, Sequential))


def _takes_layers(cls: type) -> bool:
    formals, is_open = _formals(cls)
    return is_open and formals <= {"inputs", "outputs", "layers", "name", "trainable"}


def _formals(cls: type) -> tuple[set[str], bool]:
    """The names of the arguments of `initialize`, and whether it has `...`."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    is_open = any(p.kind is p.VAR_KEYWORD for p in parameters)
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {p.name for p in parameters if p.kind not in kinds}, is_open


def _set(instance, name: str, value) -> None:
    """Set what `initialize` has no argument for."""
    if name == "dtype":
        name = "dtype_policy"
    if getattr(instance, name, value) != value:
        setattr(instance, name, value)


# ---- values ------------------------------------------------------------------------------------


def _serialized(self, name: str, value):
    """The argument `name` as a configuration holds it."""
    if name != _EXTRA and _is_plain(value):
        return value
    if name != _EXTRA and _is_serialized(value):
        from keras.saving import serialize_keras_object

        return serialize_keras_object(value)
    what = "is an R value"
    if name == _EXTRA:
        name, what = "...", "has values without names"
    elif not hasattr(value, "__r_class__") and type(value).__name__ != "RObject":
        what = f"is of class `{type(value).__name__}`"
    raise NotImplementedError(
        f"the class `{type(self).__name__}` has no `get_config`, and its argument `{name}` {what}, "
        "which a configuration can't hold: define `get_config = function() ...` and "
        "`from_config = function(config) ...`, which turn it into numbers, strings or lists and "
        "back."
    )


def _is_plain(value) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) for k in value) and all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float, bool))


def _is_serialized(value) -> bool:
    """Is it a function, an array, an object of Keras, or a list of such and plain values?"""
    import numpy as np

    if isinstance(value, dict):
        return all(_is_plain(v) or _is_serialized(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return all(_is_plain(v) or _is_serialized(v) for v in value)
    if isinstance(value, np.ndarray):
        return value.ndim > 0 and value.dtype.kind in "biuf"
    if isinstance(value, types.FunctionType):
        return value.__name__ != "<lambda>"
    return hasattr(type(value), "get_config") and hasattr(type(value), "from_config")


def _made(name: str, value):
    """The value that `_serialized` has turned into data. Layers take their dtype as a name."""
    if isinstance(value, list):
        return [_made("", item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value or "config" not in value:
        return {key: _made("", item) for key, item in value.items()}
    from keras.saving import deserialize_keras_object

    made = deserialize_keras_object(value)
    is_policy = name == "dtype" and getattr(made, "quantization_mode", 0) is None
    return getattr(made, "name", made) if is_policy else made


def _is_model(self) -> bool:
    from keras import Model

    return isinstance(self, Model)


def _is_optimizer(self) -> bool:
    from keras.optimizers import Optimizer

    return isinstance(self, Optimizer)
