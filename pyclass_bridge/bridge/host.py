"""Where R hosts Python: Python's standard streams are R's console, and Python ends with R.

The other half is R/bridge_host.R, the core's half host.c. What another thread prints is written
when the main thread comes by, since only that one may write to R's console while R computes.
"""

from __future__ import annotations

import _thread
import atexit
import collections
import contextlib
import io
import os
import sys
import threading
import time

from .. import _core
from .r_functions import r_function

_WATCH_SECONDS = 0.1

_printed: collections.deque[tuple[str, bool]] = collections.deque()


def take_over() -> None:
    """Use R's console and its end from now on."""
    sys.stdout = Console(False, sys.stdout)
    sys.stderr = Console(True, sys.stderr)
    if r_function("is_interactive")():
        sys.stdin = Prompt()
    r_function("end_with_r")(_end)
    _core.host_call_on_main(write_printed)
    # Not one of threading's: nobody is to wait for it, or to take it for a thread of the user's.
    _thread.start_new_thread(_watch, ())


def _on_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def write_printed() -> None:
    """Write what other threads have printed; on the main thread."""
    while _printed:
        _core.host_write(*_printed.popleft())


class Console(io.TextIOBase):
    """R's console, or its sinks, as one of Python's standard streams."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, is_error: bool, before):
        self._is_error = is_error
        self.before = before  # the process's own stream, for what can't wait for R
        self.buffer = _Bytes(self)

    name = property(lambda self: "<stderr>" if self._is_error else "<stdout>")

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        """Can a line be drawn over again?"""
        return r_function("draws_lines")(self._is_error) if _on_main_thread() else False

    def fileno(self) -> int:
        if self.before is None:
            raise io.UnsupportedOperation("R's console is no file here")
        return self.before.fileno()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            # R's texts end at a NUL, and have no lone surrogates.
            whole = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
            _printed.append((whole, self._is_error))
            if _on_main_thread():
                write_printed()
            else:
                _core.host_want_main()
        return len(text)

    def flush(self) -> None:
        if _on_main_thread():
            write_printed()
            _core.host_write("", self._is_error)


class _Bytes(io.RawIOBase):
    """`sys.stdout.buffer`: bytes for R's console."""

    def __init__(self, console: Console):
        self._console = console

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        data = bytes(data)
        self._console.write(data.decode("utf-8", "backslashreplace"))
        return len(data)


class Prompt(io.TextIOBase):
    """`sys.stdin`: lines that a user types at R's prompt."""

    def readable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1) -> str:
        return r_function("read_line")() + "\n"


def _watch() -> None:
    while True:
        time.sleep(_WATCH_SECONDS)
        _core.host_watch()


def _end(process: int) -> None:
    """Do what Python does at its end but for its memory: R's process is about to end."""
    if os.getpid() != process:  # a forked child
        return
    _core.begin_exit()
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    write_printed()
    sys.stdout = sys.__stdout__
    sys.stderr = sys.__stderr__
