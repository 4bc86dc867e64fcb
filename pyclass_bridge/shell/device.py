"""R's plots without a device of the user's: they go to a temporary file, which is announced. The
other half is R/shell_device.R.

A forked child draws into a file of its own: what it has of its parent's device would be written
into the same file a second time.
"""

from __future__ import annotations

import contextlib
import os

from .. import _core
from ..bridge.r_functions import r_function

_DESCRIPTORS = "/dev/fd"


def use_temporary_file() -> None:
    """Let R draw into a temporary file where it would write Rplots.pdf."""
    r_function("use_temporary_device")()
    if hasattr(os, "register_at_fork"):
        r_function("open_plot_file")
        os.register_at_fork(after_in_child=_leave_to_parent)


def _leave_to_parent() -> None:
    if not _core.is_forked_by_python():
        return
    path = r_function("open_plot_file")()
    if path is not None:
        _disconnect(path)
        r_function("close_plot_file")()


def _disconnect(path: str) -> None:
    """Let what this process still writes to its open file `path` go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for name in os.listdir(_DESCRIPTORS):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(int(name)), os.stat(path)):
                os.dup2(nowhere, int(name))
    os.close(nowhere)
