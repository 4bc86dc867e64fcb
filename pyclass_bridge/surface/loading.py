"""load_model(): models from files, and from the bytes of one. It has no other half in R.

Custom objects are known while Keras loads; what it does not know is named in the error; the levels
of factors that the file holds are remembered with the model. A damaged file is one sentence that
names it. What a file holds is data for Keras, and nothing here evaluates any of it; `safe_mode` is
Keras' own. Importing this module does not import Keras.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import pathlib
import struct
import tempfile
import zipfile
import zlib

from .definitions import given_with
from .error_text import not_known
from .model_files import hdf5_config, scope_of
from .names import Wrapped, at
from .objects import custom_object_scope


def load_model(wrapped: Wrapped, keywords: dict, run):
    """The model of the file `filepath`, or of the bytes of one, R's raw vector."""
    if not isinstance(keywords.get("filepath"), (bytes, bytearray)):
        return _loaded(keywords, run)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.keras")
        path.write_bytes(keywords["filepath"])
        return _loaded(keywords | {"filepath": path}, run)


def _loaded(keywords: dict, run):
    from .levels import of_file

    path = str(keywords.get("filepath"))
    with _told_if_damaged(path):
        if os.path.isfile(path):
            _check_whole(path)
        given = given_with(path, keywords.get("custom_objects"), keywords.get("safe_mode", True))
        # Keras makes parts of some layers in an .h5 file without the custom objects it was given.
        with custom_object_scope(given), scope_of(hdf5_config(path), given):
            if keywords.get("compile", True):
                _check_compilation(path)
            model = run(keywords | {"custom_objects": given})
    return of_file(model, keywords.get("filepath"))


# What Keras raises for a file that is another than it has written; its other errors say what is
# wrong with a model.
_OF_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, LookupError, AttributeError, RecursionError,
    MemoryError, NotImplementedError, UnicodeError, EOFError, json.JSONDecodeError,
)  # fmt: skip
_READERS = frozenset({"h5py", "json", "keras", "numpy", "pyclass_bridge", "zipfile", "zlib"})


@contextlib.contextmanager
def _told_if_damaged(path: str):
    """Let an error of the modules that read the file at `path` be one sentence. Errors of users'
    classes, which Keras makes objects of, are theirs."""
    try:
        yield
    except _OF_DAMAGE as error:
        if not os.path.isfile(path) or _raised_in(error) not in _READERS:
            raise
        raise ValueError(
            f"load_model(): {path} is damaged, or is not a saved model: load another copy of it, "
            "or save the model again."
        ) from error


def _raised_in(error: BaseException) -> str:
    """The package whose code has raised `error`."""
    at = error.__traceback__
    while at.tb_next is not None:
        at = at.tb_next
    return str(at.tb_frame.f_globals.get("__name__")).split(".")[0]


def _check_whole(path: str) -> None:
    """Raise an error of damage for a file whose sums are not those of its content, or that is
    neither an archive nor HDF5. (HDF5 has no sums.)"""
    import h5py

    if path.endswith(".keras"):
        with open(path, "rb") as file:
            try:
                with zipfile.ZipFile(file) as archive:
                    wrong = archive.testzip()
            except OSError as error:  # of a place in the file that it has not
                raise EOFError(str(error)) from error
        if wrong is not None:
            raise zipfile.BadZipFile(wrong)
    elif path.endswith((".h5", ".hdf5")):
        try:
            h5py.File(path).close()
        except OSError as error:
            raise EOFError(str(error)) from error


# What a file is compiled with, and the modules of Keras that know it by name.
_COMPILED = {"loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}


def _check_compilation(path: str) -> None:
    """Raise TypeError for a loss or metric in an .h5 file that Keras does not know: its own error
    does not name it, or comes when the model is used."""
    import h5py

    if not h5py.is_hdf5(path):
        return
    with h5py.File(path) as file:
        config = json.loads(file.attrs.get("training_config", "{}"))
    for key, module in _COMPILED.items():
        for kind, name in _named_in(config.get(key)):
            known = name in ("accuracy", "acc", "crossentropy", "ce", "compile_metrics")
            known = known or at("saving.get_registered_object")(name) is not None
            known = known or name in inspect.getmodule(at(f"{module}.get")).ALL_OBJECTS_DICT
            if not known:
                raise TypeError(not_known(kind, name))


def _named_in(config) -> list[tuple[str, str]]:
    """(kind, name) of each class and function in a configuration of losses or metrics."""
    if isinstance(config, dict) and "class_name" in config:
        is_function = config["class_name"] == "function"
        return [("function", config["config"]) if is_function else ("class", config["class_name"])]
    if isinstance(config, dict):
        config = list(config.values())
    if isinstance(config, list):
        return [found for item in config for found in _named_in(item)]
    return [("function", config)] if isinstance(config, str) else []
