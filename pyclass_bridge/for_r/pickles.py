"""Python objects in files, by the module `pickle` or a module like it. The other half is
R/for_r_pickles.R."""

import importlib
import os


def save_object(x, file, pickle="pickle", options=None):
    """Write `x` to `file` with the dump() of the module named `pickle`."""
    module = importlib.import_module(pickle)
    with open(os.path.expanduser(file), "wb") as target:
        module.dump(x, target, **(options or {}))


def load_object(file, pickle="pickle", options=None):
    """Read an object from `file` with the load() of the module named `pickle`."""
    module = importlib.import_module(pickle)
    with open(os.path.expanduser(file), "rb") as source:
        return module.load(source, **(options or {}))
