"""The file of a checkpoint: a tree of values, written completely or not at all.

It is a zip archive. `state.json` holds the tree; NumPy arrays and R values are members of the
archive. Python values come back equal, R values identical. Nothing is pickled, and R values are
read only if they are data (values/serialized.py), so reading a file runs no code from it, and takes
little more memory than the file has bytes. Importing this module does not import Keras.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import math
import os
import zipfile
from dataclasses import dataclass

import numpy as np

from ..bridge.whole_file import replacing
from ..values.serialized import Damaged, Refused, in_safe_mode, make_sure

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
    """The array in these bytes, whose header must say how many they are before memory is taken."""
    file = io.BytesIO(data)
    shape, _, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    size = math.prod(shape)
    if dtype.kind in "OV" or size * dtype.itemsize != len(data) - file.tell() or size > len(data):
        raise Damaged("an array has another size than its header says")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


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


def unpack(packed, members, safe_mode: bool = True):
    """The value that `pack()` has packed; an R value is an `RObject`. Takes the members that it
    needs from `members`, each of which is one value's.

    Raises:
        Refused: `safe_mode` is True and an R value is more than data.
        Exception: any other, if a value is damaged.
    """
    if type(packed) in _PLAIN:
        return packed
    kind, content = packed
    if kind in _OF_ITEMS:
        return _OF_ITEMS[kind](content, lambda item: unpack(item, members, safe_mode))
    data = members.pop(content)
    return _r_value(data, safe_mode) if kind == "r" else _OF_MEMBER[kind](data)


def _r_value(data: bytes, safe_mode: bool):
    from ..bridge.r_functions import r_handle

    if safe_mode and in_safe_mode():
        make_sure(data, lambda texts: array_of_text(*texts))
    return r_handle("state_of_bytes")(bytearray(data))


_OF_ITEMS = {
    "list": lambda items, one: [one(item) for item in items],
    "tuple": lambda items, one: tuple(one(item) for item in items),
    "dict": lambda pairs, one: {one(key): one(value) for key, value in pairs},
}
_OF_MEMBER = {
    "bytes": bytes,
    "bytearray": bytearray,
    "array": _array,
    "scalar": lambda data: _array(data)[()],
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
        OSError: there is no file at `path`, or it can't be opened.
        ValueError: the file is damaged, or is not a checkpoint.
    """
    with open(path, "rb") as file, told_if_damaged(path), zipfile.ZipFile(file) as archive:
        members = {}
        infos = archive.infolist()
        # write() compresses nothing, so what is read is not longer than the file.
        if sum(info.file_size for info in infos) > os.fstat(file.fileno()).st_size:
            raise Damaged("it says that it is longer than it is")
        for info in infos:
            if info.compress_type != zipfile.ZIP_STORED:
                raise Damaged("it is compressed")
            members[info.filename] = archive.read(info)
        return json.loads(members.pop("state.json")), members


@contextlib.contextmanager
def told_if_damaged(path: str):
    """Let each error in the block, which only reads data of the file at `path`, be the one sentence
    that says so; what was refused is not damaged."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        raise ValueError(not_written(path)) from error


def not_written(path: str) -> str:
    """The text of the error for a file that is damaged or not a checkpoint."""
    return (
        f"{path} is damaged, or is not a checkpoint of callback_checkpoint_state(): resume from "
        "another copy of it, or train from the start without `resume`."
    )
