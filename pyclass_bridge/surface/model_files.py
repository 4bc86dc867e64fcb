"""What Keras' functions that write and read models do beyond Keras, whoever calls them: `save()`,
`keras.saving.load_model()`, a callback, R's wrappers.

A file is replaced as a whole, so a save that fails leaves the former one. R functions and classes
of one name are told apart before a model is saved, and found without `custom_objects` when it is
loaded; an error for one that is not known says what can be done. It has no other half in R.
Importing this module does not import Keras; `teach()` runs when Keras has been imported.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import stat
import threading

from ..bridge.whole_file import USUAL, check_room, moved_aside, moved_in, replacing
from .definitions import add_to, given_with, names_in
from .replaced import replace, replace_method


def teach() -> None:
    """Replace Keras' functions of files."""
    from keras import Model

    lib, h5 = "keras.src.saving.saving_lib", "keras.src.legacy.saving.legacy_h5_format"
    replace(lib, "save_model", _saving_archive)
    replace(lib, "save_weights_only", _saving_weights)
    replace(lib, "load_model", _loading_archive)
    replace(h5, "save_model_to_hdf5", _saving_hdf5)
    replace(h5, "load_model_from_hdf5", _loading_hdf5)
    for module in ("serialization_lib", "saving_lib"):
        replace(f"keras.src.saving.{module}", "deserialize_keras_object", _deserializing)
    for module in ("keras.src.saving", "keras.saving", "keras.utils"):
        replace(module, "deserialize_keras_object", _deserializing)
    for name, new in (("to_json", _to_json), ("export", _exporting)):
        replace_method(Model, name, new)


# ---- saving ------------------------------------------------------------------------------------


def _saving_archive(former, model, filepath, *args, **kwargs):
    with _told_apart(model), _whole(model, filepath, ".keras") as path:
        former(model, path, *args, **kwargs)
        add_to(path, model)


def _saving_hdf5(former, model, filepath, *args, **kwargs):
    folder = os.path.dirname(filepath) if isinstance(filepath, (str, os.PathLike)) else ""
    if folder:
        os.makedirs(folder, exist_ok=True)  # as Keras does
    # Keras takes the optimizer away from it, and a .keras file that is written later has none.
    compiled = getattr(getattr(model, "_compile_config", None), "config", {})
    kept = dict(compiled)
    try:
        with _told_apart(model), _whole(model, filepath, ".h5", ".hdf5") as path:
            former(model, path, *args, **kwargs)
            add_to(path, model)
    finally:
        compiled.update(kept)


def _saving_weights(former, model, filepath, max_shard_size=None, *args, **kwargs):
    endings = (".weights.h5",) if max_shard_size is None else ()
    with _whole(model, filepath, *endings) as path:
        return former(model, path, max_shard_size, *args, **kwargs)


def _exporting(former, model, filepath, *args, **kwargs):
    path = _path_here(filepath)
    is_plain = path is not None and not os.path.islink(path)
    with _told_apart(model), moved_aside(path) if is_plain else contextlib.nullcontext():
        return former(model, filepath, *args, **kwargs)


def _to_json(former, model, *args, **kwargs):
    with _told_apart(model):
        return former(model, *args, **kwargs)


def _told_apart(model):
    from .same_names import told_apart

    return told_apart(model)


@contextlib.contextmanager
def _whole(model, filepath, *endings: str):
    """The path to which to write `model`, for what `filepath` is to have, which is replaced at the
    end. What ends as one of `endings` is one file; else it is a directory, or several files."""
    path = _path_here(filepath)
    ending = next((e for e in endings if path and path.endswith(e)), None)
    if path is not None:
        check_room(os.path.dirname(os.path.realpath(path)), _size_of(model))
    if path is None:
        yield filepath
    elif ending is None:
        with moved_in(path) as unfinished:
            yield unfinished
    else:
        with replacing(path, ending, USUAL) as unfinished:
            yield unfinished.path


def _size_of(model) -> int:
    """About the number of bytes of a file with the model; not less than it will have."""
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.weights, *(getattr(optimizer, "variables", None) or ())]
    numbers = sum(math.prod(v.shape) * _bytes_of(v.dtype) for v in variables)
    return numbers + 4096 * len(variables) + 65536


def _bytes_of(dtype) -> int:
    bits = re.search(r"\d+$", str(dtype))
    return int(bits[0]) // 8 or 1 if bits else 1


def _path_here(filepath) -> str | None:
    """`filepath` as a str, if a file or a directory of this machine can be put there."""
    path = os.fspath(filepath) if isinstance(filepath, (str, os.PathLike)) else None
    path = path.rstrip(os.sep) if isinstance(path, str) and "://" not in path else ""
    if not os.path.basename(path):
        return None
    with contextlib.suppress(OSError):
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            return None
    return path if os.access(os.path.dirname(os.path.realpath(path)), os.W_OK) else None


# ---- loading -----------------------------------------------------------------------------------

_in_scope = threading.local()


def _loading_archive(former, filepath, custom_objects=None, compile=True, safe_mode=True):
    given = given_with(filepath, custom_objects, safe_mode)
    # A class that is loaded may load a file of its own.
    around = vars(_in_scope).copy()
    _in_scope.depth, _in_scope.path = 0, filepath
    try:
        return former(filepath, given, compile, safe_mode)
    finally:
        vars(_in_scope).update({"depth": 0, "path": None} | around)


def _loading_hdf5(former, filepath, custom_objects=None, compile=True, safe_mode=True):
    given = given_with(filepath, custom_objects, safe_mode)
    configs = hdf5_config(filepath, compile)
    with finding(configs, given, filepath):
        try:
            return former(filepath, given, compile, safe_mode)
        except ValueError as error:
            name = configs[0]["class_name"] if configs else "Sequential"
            if "Layer count mismatch" not in str(error) or name in ("Sequential", "Functional"):
                raise
            raise ValueError(
                f"Keras does not build a model of the class `{name}` from an .h5 file: save it as "
                "a .keras file, or make the model, call it, and load its weights."
            ).with_traceback(error.__traceback__) from error


def _deserializing(former, config, custom_objects=None, *args, **kwargs):
    if getattr(_in_scope, "depth", 0) or not isinstance(config, (dict, list)):
        return former(config, custom_objects, *args, **kwargs)
    with finding(config, custom_objects, getattr(_in_scope, "path", None)):
        return former(config, custom_objects, *args, **kwargs)


@contextlib.contextmanager
def scope_of(config, given: dict | None):
    """Within it Keras knows the R classes and functions that `config` names, and `given`. Yields
    what is not known."""
    from .custom_objects import found_for
    from .objects import custom_object_scope

    found, unknown = found_for(config, given)
    with custom_object_scope((given or {}) | found) if found else contextlib.nullcontext():
        yield unknown


@contextlib.contextmanager
def finding(config, given: dict | None, path):
    """Within it Keras knows the R objects that `config` names, those in its parts, too. An error
    for what is not known says what can be done with the file at `path`, if it is from a file."""
    with scope_of(config, given) as unknown:
        _in_scope.depth = getattr(_in_scope, "depth", 0) + 1
        try:
            yield
        except (TypeError, ValueError) as error:
            text = _not_known(error, unknown, path)
            if text is None:
                raise
            raise TypeError(text).with_traceback(error.__traceback__) from error
        finally:
            _in_scope.depth -= 1


_UNKNOWN = re.compile(
    r"Could not locate (class|function) '([^']+)'|"
    r"Unknown (?:layer|object|optimizer|loss function|metric): '([^']+)'"
)


def _not_known(error: BaseException, unknown, path) -> str | None:
    """The error text for a class or function that Keras does not know."""
    found = _UNKNOWN.search(str(error))
    name = found and (found[2] or found[3])
    reference = next((r for r in unknown if name in (r.key, r.name)), None)
    if reference is None:
        return None
    kind, module = reference.kind, reference.module
    of = f" of the module `{module}`" if module not in (None, "r_globalenv") else ""
    held = (
        " The file has its R definition, which `safe_mode=False` evaluates: give that if you trust "
        "who has made the file."
    )
    return (
        f"Could not locate {kind} '{reference.key}'{of}. If an R file defines it, source or import "
        f"that file first; else give it as `custom_objects={{{reference.key!r}: ...}}`."
        f"{held if reference.key in names_in(path) else ''}"
    )


def hdf5_config(filepath, compiled: bool = True) -> list:
    """The configurations in an .h5 file; none if it is another one, about which Keras complains."""
    import h5py

    with contextlib.suppress(OSError, ValueError):
        is_open = isinstance(filepath, h5py.File)
        with contextlib.nullcontext(filepath) if is_open else h5py.File(filepath) as file:
            names = ["model_config", *(["training_config"] if compiled else [])]
            return [json.loads(file.attrs[name]) for name in names if name in file.attrs]
    return []
