"""Keras' layers, models and metrics in pickles: the R classes and functions that they are made of
travel along. It has no other half in R.

Keras pickles such an object as the archive that `save()` writes, which names classes and functions.
Importing this module does not import Keras; `teach()` runs when Keras has been imported.
"""

from __future__ import annotations

import io
import json
import zipfile

from ..travel.hashes import is_computing
from .definitions import objects_of
from .objects import custom_object_scope
from .same_names import told_apart


def teach() -> None:
    """Let Keras' objects take along the R classes and functions that they are made of."""
    from keras.src.saving.keras_saveable import KerasSaveable

    plain = KerasSaveable.__reduce__
    if plain.__module__ == __name__:
        return

    def __reduce__(self):
        with told_apart(self):
            objects = objects_of(self)
            reduced = plain(self)
        if is_computing():
            reduced = (reduced[0], (_without_times(reduced[1][0]),))
        return (restored, (objects, *reduced)) if objects else reduced

    KerasSaveable.__reduce__ = __reduce__


def _without_times(archive: io.BytesIO) -> io.BytesIO:
    """The archive without what tells when it was written: a hash of the object has no time."""
    out = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "metadata.json":
                data = json.dumps(json.loads(data) | {"date_saved": ""}).encode()
            new.writestr(zipfile.ZipInfo(entry.filename), data)
    out.seek(0)
    return out


def restored(objects: dict, unpickle, arguments: tuple):
    """What was pickled, which is made of these R classes and functions."""
    with custom_object_scope(objects):
        return unpickle(*arguments)
