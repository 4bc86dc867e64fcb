"""R definitions in the files of models: `save_model(definitions = TRUE)` puts the classes and
functions of a model beside its configuration, so that it can be loaded where their files are not.
The other half is R/surface_saving.R.

They are one member of a `.keras` archive, one file in a directory, one attribute of an `.h5` file,
which Keras itself does not look at: JSON that names what it has, and a pickle (travel/). Reading a
pickle runs code, so nothing but `safe_mode = FALSE` makes `given_with()` do that. Importing this
module does not import Keras.
"""

from __future__ import annotations

import base64
import contextlib
import contextvars
import json
import os
import pickle
import zipfile
from pathlib import Path

from .names import at

MEMBER = "r_definitions.json"
_FORMAT = 1

# Are definitions to be put into the files that are written?
_wanted: contextvars.ContextVar[bool] = contextvars.ContextVar("definitions", default=False)


def save_model(model, filepath, overwrite: bool = True, definitions: bool = True, **options):
    """Save a Keras model with the R classes and functions that it was made with.

    The file is loaded as any other where they are known. Elsewhere
    ``keras.saving.load_model(filepath, safe_mode=False)`` makes them from the file: it runs the R
    code in it, so do that with files of people whom you trust.

    Args:
        model: a Keras model.
        filepath: a path that ends in `.keras` or `.h5`, or with ``zipped=False`` a directory.
        overwrite: whether a file that is there is replaced without a question.
        definitions: whether to put the definitions into the file; without them it is
            `model.save()`.
        options: further arguments of `model.save()`.

    Raises:
        pickle.PicklingError: a definition holds something that can't be saved, such as a
            connection; the file that was there is unchanged.

    Example:
        >>> import pyclass_bridge
        >>> ns = pyclass_bridge.source("layers.R")  # doctest: +SKIP
        >>> model = keras.Sequential([keras.Input((4,)), ns.Scale(by=2)])  # doctest: +SKIP
        >>> pyclass_bridge.save_model(model, "model.keras")  # doctest: +SKIP
        >>> keras.saving.load_model("model.keras", safe_mode=False)  # doctest: +SKIP
    """
    with adding_definitions(definitions):
        model.save(filepath, overwrite=overwrite, **options)


@contextlib.contextmanager
def adding_definitions(wanted: bool = True):
    """Within it, models that are saved have their R definitions with them."""
    token = _wanted.set(wanted)
    try:
        yield
    finally:
        _wanted.reset(token)


def add_to(path, model) -> None:
    """Add the definitions of `model` to what was just written at `path`, if they are wanted."""
    if not _wanted.get():
        return
    objects = objects_of(model)
    if not objects:
        return
    text = _text_of(objects)
    if not isinstance(path, (str, os.PathLike)) or "://" in str(path):
        raise ValueError("save_model(): `definitions` are for files of this machine")
    if os.path.isdir(path):
        Path(path, MEMBER).write_text(text)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(MEMBER, text)
    else:
        import h5py
        import numpy as np

        with h5py.File(path, "a") as file:  # attributes are small, datasets are not
            file.create_dataset(MEMBER, data=np.frombuffer(text.encode(), "uint8"))


def objects_of(model) -> dict:
    """The R classes and functions of a model, layer or metric, by their names in its
    configuration."""
    from .functions import functions_in
    from .same_names import classes_in

    named = at("saving.get_registered_name")
    return {named(item): item for item in (*classes_in(model), *functions_in(model))}


def _text_of(objects: dict) -> str:
    kinds = {name: "class" if isinstance(x, type) else "function" for name, x in objects.items()}
    data = base64.b64encode(pickle.dumps(objects)).decode()
    return json.dumps({"format": _FORMAT, "objects": kinds, "data": data})


# ---- loading -----------------------------------------------------------------------------------


def given_with(path, given: dict | None, safe_mode: bool) -> dict | None:
    """`given`, the user's custom objects, with those whose definitions the file has. These are
    evaluated, if `safe_mode` or a scope of Keras' allows that."""
    if _is_safe(safe_mode):
        return given
    try:
        held = _held(path)
        data = None if held is None else base64.b64decode(held["data"], validate=True)
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(
            f"load_model(): {path} is damaged: its R definitions can't be read. Load another copy "
            "of it, or save the model again."
        ) from error
    if data is None:
        return given
    if held.get("format") != _FORMAT:
        raise ValueError(
            f"load_model(): the R definitions in {path} are of another version of pyclass_bridge."
        )
    return pickle.loads(data) | (given or {})


def names_in(path) -> frozenset[str]:
    """The names of the definitions that the file has; none is evaluated."""
    with contextlib.suppress(Exception):  # the file is damaged, and an error is on its way
        return frozenset((_held(path) or {}).get("objects", ()))
    return frozenset()


def _is_safe(safe_mode: bool) -> bool:
    from keras.src.saving import serialization_lib

    in_scope = serialization_lib.in_safe_mode()
    return bool(safe_mode if in_scope is None else in_scope)


def _held(path) -> dict | None:
    """What `_text_of()` has written into a file; None if it has no definitions."""
    if not isinstance(path, (str, os.PathLike)):
        return None
    if os.path.isdir(path):
        kept = Path(path, MEMBER)
        return json.loads(kept.read_text()) if kept.is_file() else None
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(MEMBER)) if MEMBER in archive.namelist() else None
    if not os.path.isfile(path) or not str(path).endswith((".h5", ".hdf5")):
        return None
    import h5py

    if not h5py.is_hdf5(path):
        return None
    with h5py.File(path) as file:
        return json.loads(bytes(file[MEMBER][()])) if MEMBER in file else None
