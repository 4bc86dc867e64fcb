"""The file of a checkpoint: a tree of values, written completely or not at all.

It is a zip archive. `state.json` holds the tree; NumPy arrays and R values are members of the
archive. Python values come back equal, R values identical. Nothing is pickled, so reading a file
runs no Python code from it. Importing this module does not import Keras.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import dataclass

import numpy as np

from ..bridge.whole_file import replacing

_PLAIN = (bool, int, float, str, type(None))


class NotKept(TypeError):
    """Raised for a value that a checkpoint can't hold; the text says what the value is."""


@dataclass(frozen=True)
class RValue:
    """Marks `value` to be serialized by R, even if it is a plain Python value here."""

    value: object


# ---- one value ---------------------------------------------------------------------------------


def pack(value, members: dict[str, bytes]):
    """`value` for JSON: a plain value unchanged, any other value as ``[kind, content]``. What JSON
    can't hold is added to `members`, the other files of the archive.

    Raises:
        NotKept: `value` contains an object that is neither plain nor from NumPy or R.
    """
    from ..values.handle import RObject

    if type(value) in _PLAIN:
        return value
    if type(value) in (list, tuple):
        return [type(value).__name__, [pack(item, members) for item in value]]
    if type(value) is dict:
        pairs = value.items()
        return ["dict", [[pack(k, members), pack(v, members)] for k, v in pairs]]
    if isinstance(value, (RValue, RObject)):
        return ["r", _member(members, "rds", _r_bytes(value))]
    if isinstance(value, bytes | bytearray):
        kind = "bytes" if isinstance(value, bytes) else "bytearray"
        return [kind, _member(members, "bin", bytes(value))]
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind not in "OV":
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return [kind, _member(members, "npy", _array_bytes(value))]
    raise NotKept(f"a Python object of class `{type(value).__name__}`")


def _member(members: dict, ending: str, data: bytes) -> str:
    name = f"{len(members)}.{ending}"
    members[name] = data
    return name


def _array_bytes(array) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asarray(array), allow_pickle=False)
    return out.getvalue()


def _array(data: bytes):
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


def _r_bytes(value) -> bytes:
    from ..bridge.r_functions import r_function

    value = value.value if isinstance(value, RValue) else value
    foreign = r_function("foreign_class")(value)
    if foreign is not None:
        raise NotKept(f"a Python object of class `{foreign}`")
    return bytes(r_function("state_bytes")(value))


def array_as_text(x) -> str | None:
    """A NumPy array as text, which R can serialize; None for any other object."""
    if not isinstance(x, np.ndarray) or x.dtype.kind in "OV":
        return None
    return base64.b64encode(_array_bytes(x)).decode()


def array_of_text(text: str):
    """The array from the text that `array_as_text()` returned."""
    return _array(base64.b64decode(text))


def unpack(packed, members):
    """The value that `pack()` has packed; an R value is an `RObject`."""
    if not isinstance(packed, list):
        return packed
    kind, content = packed
    return _UNPACK[kind](content, members)


def _r_value(name: str, members):
    from ..bridge.r_functions import r_handle

    return r_handle("state_of_bytes")(bytearray(members[name]))


_UNPACK = {
    "list": lambda items, members: [unpack(item, members) for item in items],
    "tuple": lambda items, members: tuple(unpack(item, members) for item in items),
    "dict": lambda pairs, members: {unpack(k, members): unpack(v, members) for k, v in pairs},
    "r": _r_value,
    "bytes": lambda name, members: members[name],
    "bytearray": lambda name, members: bytearray(members[name]),
    "array": lambda name, members: _array(members[name]),
    "scalar": lambda name, members: _array(members[name])[()],
}


# ---- the file ----------------------------------------------------------------------------------


def write(path: str, tree, members: dict[str, bytes]) -> None:
    """Write the packed `tree` and its `members` to a new file, then rename it to `path`.

    If an error or the end of the process interrupts this, an earlier file at `path` is unchanged.
    """
    with (
        replacing(path) as unfinished,
        open(unfinished.descriptor, "wb", closefd=False) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr("state.json", json.dumps(tree))
        for name, data in members.items():
            archive.writestr(name, data)


def read(path: str):
    """The packed tree and the members of the file at `path`.

    Raises:
        FileNotFoundError: there is no file at `path`.
        ValueError: the file is damaged, or is not a checkpoint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        return json.loads(members.pop("state.json")), members
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise ValueError(not_written(path)) from error


def not_written(path: str) -> str:
    """The text of the error for a file that is damaged or not a checkpoint."""
    return f"{path} is damaged, or is not a checkpoint of callback_checkpoint_state()."
