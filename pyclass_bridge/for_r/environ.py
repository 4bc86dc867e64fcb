"""The environment variables that R's Sys.setenv() sets, for Python. It has no other half in R.

`os.environ` is a copy from the start of the process, so what R sets later is taken over before a
module is imported: KERAS_BACKEND and its like are read then.
"""

import ctypes
import itertools
import os


def take_environment():
    """Make `os.environ` what R's Sys.setenv() and Sys.unsetenv() have made of the environment."""
    now = dict(_variables())
    for name, value in now.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    for name in os.environ.keys() - now.keys():
        del os.environ[name]


def _variables():
    """The variables of the process, whatever their bytes: R's Sys.getenv() refuses some."""
    rows = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    all_rows = map(rows.__getitem__, itertools.count())
    for row in itertools.takewhile(lambda row: row is not None, all_rows):
        name, found, value = row.partition(b"=")
        if found:
            yield os.fsdecode(name), os.fsdecode(value)
