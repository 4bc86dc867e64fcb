"""Configurations of Keras objects, and models exported to other programs. The other half is
R/surface_saving.R.

R has configurations as plain lists. `config_of()` names the class, so that `from_config()` needs
nothing else.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from pathlib import Path

import keras

from ..bridge.r_functions import r_handle
from ..bridge.whole_file import moved_aside
from .arguments import ANY, WHOLE, Argument, convert, documented, kind_of
from .functions import tell_apart
from .methods import keywords_of
from .objects import custom_object_scope

# Arguments that `export()` takes in its `**kwargs`, on JAX.
_EXPORTING = frozenset({"is_static", "jax2tf_kwargs"})


# The classes of the configurations given to R, by the names that these have.
_classes: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def config_of(x) -> dict:
    """``x.get_config()`` for R, and the name of the class of `x`; None for the models whose
    configuration shows their class."""
    tell_apart(x)
    cls = type(x)
    name = f"{cls.__module__}.{cls.__qualname__}"
    _classes[name] = cls
    config = _kept_lists(x.get_config())
    return {"config": config, "name": None if cls is _shown_class(config) else name}


def _kept_lists(value):
    """`value` with each list of one element as R's list, since R has no other list for a scalar."""
    if isinstance(value, dict):
        return {key: _kept_lists(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_kept_lists(item) for item in value]
        return r_handle("list_of")(items[0]) if len(items) == 1 else items
    return value


def _shown_class(config) -> type | None:
    """The class of model that has a configuration with these names."""
    if not isinstance(config, dict) or "layers" not in config:
        return None
    is_functional = config.keys() >= {"input_layers", "output_layers"}
    return type(keras.Model(*[keras.Input((1,))] * 2)) if is_functional else keras.Sequential


def from_config(config, name: str | None, custom_objects: dict):
    """The object made from a configuration of `config_of()`, or from one that names its class."""
    if isinstance(config, dict) and "class_name" in config:
        return keras.saving.deserialize_keras_object(_whole(config), custom_objects=custom_objects)
    cls = _shown_class(config) if name is None else _classes.get(name)
    if cls is None:
        raise ValueError(
            "from_config() needs to know the class: give it what get_config() or "
            "serialize_keras_object() returns, or call `<class>$from_config(config)`."
        )
    with custom_object_scope(custom_objects):
        return cls.from_config(_whole_values(cls, config))


def _whole(value):
    """`value`, with whole doubles as integers in the configurations in it of Keras' classes."""
    if isinstance(value, (list, tuple)):
        return [_whole(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _whole(item) for key, item in value.items()}
    module = sys.modules.get(str(value.get("module")))
    cls = getattr(module, str(value.get("class_name")), None)
    if isinstance(cls, type) and isinstance(value.get("config"), dict):
        value["config"] = _whole_values(cls, value["config"])
    return value


def _whole_values(cls: type, config: dict) -> dict:
    """The configuration, with whole doubles as integers where the class takes integers."""
    texts = documented(cls) | documented(cls.__init__)
    known = inspect.signature(cls).parameters
    values = {key: _whole(value) for key, value in config.items()}
    for key in values.keys() & known.keys():
        if kind_of("from_config", key, known[key].default, texts.get(key, "")) != ANY:
            values[key] = convert("from_config", Argument(key, key, WHOLE), values[key])
    return values


def export(model, path: str, overwrite: bool, extra: dict) -> None:
    """``model.export()`` into a directory that is new or empty, or has an earlier export."""
    further = {name: extra.pop(name) for name in _EXPORTING & extra.keys()}
    keywords = keywords_of(model.export, "export_savedmodel", {}, extra) | further
    there = Path(path)
    if there.exists() and not (there.is_dir() and not any(there.iterdir())):
        if not overwrite:
            raise FileExistsError(
                f"export_savedmodel(): {path} already exists; overwrite = TRUE replaces it."
            )
        if not (there / "saved_model.pb").is_file():
            raise FileExistsError(
                f"export_savedmodel(): {path} already exists and is not an exported model, so it "
                "is not replaced. Give another `export_dir_base`."
            )
        with moved_aside(path, keeps=False):
            model.export(path, **keywords)
    else:
        model.export(path, **keywords)
