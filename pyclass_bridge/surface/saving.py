"""Configurations of Keras objects, and models exported to other programs. The other half is
R/surface_saving.R.

`config_of()` stores the class with the configuration, so `from_config()` needs nothing else.
"""

from __future__ import annotations

import contextlib
import inspect
import shutil
import tempfile
from pathlib import Path

import keras

from .arguments import ANY, WHOLE, Argument, convert, documented, kind_of
from .methods import keywords_of
# Arguments that `export()` takes in its `**kwargs`, on JAX.
_EXPORTING = frozenset({"is_static", "jax2tf_kwargs"})


class Config(dict):
    """The configuration of an object, with the class of the object as `made_by`."""

    made_by: type


def config_of(x) -> Config:
    """``x.get_config()`` as a `Config`."""
    config = Config(x.get_config())
    config.made_by = type(x)
    return config


def from_config(config, custom_objects=None):
    """The object made from a configuration of `config_of()`, or from one that names its class."""
    if isinstance(config, Config):
        with keras.saving.custom_object_scope(custom_objects or {}):
            return config.made_by.from_config(_whole_values(config))
    if isinstance(config, dict) and "class_name" not in config:
        raise ValueError(
            "from_config() needs to know the class: give it what get_config() or "
            "serialize_keras_object() returns, or call `<class>$from_config(config)`."
        )
    return keras.saving.deserialize_keras_object(config, custom_objects=custom_objects)


def _whole_values(config: Config) -> dict:
    """The configuration, with whole doubles as integers where the class takes integers."""
    texts = documented(config.made_by) | documented(config.made_by.__init__)
    known = inspect.signature(config.made_by).parameters
    values = dict(config)
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
        with _moved_away(there):
            model.export(path, **keywords)
    else:
        model.export(path, **keywords)


@contextlib.contextmanager
def _moved_away(former: Path):
    """Move a directory away during the block: deleted if the block succeeds, else restored."""
    with tempfile.TemporaryDirectory(dir=former.parent) as beside:
        aside = former.rename(Path(beside) / former.name)
        try:
            yield
        except BaseException:
            shutil.rmtree(former, ignore_errors=True)
            aside.rename(former)
            raise
