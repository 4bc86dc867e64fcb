"""TensorFlow's native code is quiet where R users see what it says: in scripts, in the console, and
where R hosts Python. It has no other half in R.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile

from . import embed, hosted

NVIDIA_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia")  # dxg: under WSL


def quiet_tensorflow() -> None:
    """Silence the log of TensorFlow's C++ code, unless the user has set its level.

    The log repeats what exceptions say, with pages of frames, and reports a missing GPU as an
    error, which only the highest level hides.
    """
    has_driver = any(map(os.path.exists, NVIDIA_DRIVERS))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if has_driver else "3")


def quiet_import(package: str):
    """A block in which `package` is imported without TensorFlow's report of its optimisations on
    stderr, which no setting prevents at that time."""
    is_first = package == "tensorflow" and package not in sys.modules
    # Where Python hosts, its own programs show what they import.
    is_ours = embed.is_command_line() or hosted.is_hosted()
    return held_stderr() if is_first and is_ours else contextlib.nullcontext()


@contextlib.contextmanager
def held_stderr():
    """Hold back what native code writes to stderr in the block, and show it if the block fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        saved = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
