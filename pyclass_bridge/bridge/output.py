"""R's console in Python: text for sys.stdout and sys.stderr, Python's text for R's sinks, and the
report of a long wait.
"""

from __future__ import annotations

import codecs
import io
import re
import shutil
import sys
import traceback

line_is_open = False  # did R's last output end within a line?

_decoders = {
    False: codecs.getincrementaldecoder("utf-8")("replace"),
    True: codecs.getincrementaldecoder("utf-8")("replace"),
}


def write_console(data: bytes, is_error: bool) -> None:
    """Write R's output in order with Python's own; a character may be split between calls.

    Empty `data` means R's flush.console().
    """
    stream = sys.stderr if is_error else sys.stdout
    if isinstance(stream, SinkStream):
        stream = stream.console
    if stream is None:
        return
    if not data:
        stream.flush()
        return
    global line_is_open
    text = _decoders[is_error].decode(data)
    if text:
        line_is_open = not text.endswith("\n")
    try:
        stream.write(text)
    except UnicodeEncodeError:  # a stream that is not UTF-8 gets escapes, as sys.stderr does
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    # A terminal shows R's output at once, as it does for R's own console.
    if not text.endswith("\n") and _is_terminal(stream):
        stream.flush()


def _is_terminal(stream) -> bool:
    return hasattr(stream, "isatty") and stream.isatty()


def has_terminal() -> bool:
    """Can a user answer at a prompt of R's browser? Python reads the answers from sys.stdin."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # it is closed
        return False


def redraws_lines() -> bool:
    """Can sys.stdout draw a line over again, such as a progress bar? A terminal and a notebook can;
    a file, a pipe and R's sinks can't.
    """
    kernel = sys.modules.get("ipykernel.iostream")
    in_notebook = kernel is not None and isinstance(sys.stdout, kernel.OutStream)
    return in_notebook or _is_terminal(sys.stdout)


def end_drawn_line() -> None:
    """Make sys.stdout begin a line after a line that is drawn over again, such as a progress bar: a
    terminal and a notebook clear it, R's sinks show only its last state anyway."""
    if redraws_lines():
        blank = " " * (shutil.get_terminal_size().columns - 1)
        sys.stdout.write(f"\r{blank}\r")
    elif not isinstance(sys.stdout, SinkStream):
        sys.stdout.write("\n")


_EPOCH = re.compile(r"Epoch \d+(/\d+)?")
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\x08")


class SinkStream(io.TextIOBase):
    """Python's sys.stdout while R has a sink: what is printed goes through R, by `write_r`.

    Only the last state of a line that is drawn over again is written, without colours. R's console
    writes to `console` meanwhile, as with `sink(split = TRUE)`. With `joins_epochs`, as in a
    document, Keras' line "Epoch 1/2" and the one that follows are one.
    """

    def __init__(self, write_r, console, joins_epochs: bool = False):
        self.console = console.console if isinstance(console, SinkStream) else console
        self._write_r = write_r
        self._joins_epochs = joins_epochs
        self._epoch = ""
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, rest = (self._line + text).split("\n")
        ready = "".join(map(self._whole, map(_last_state, lines)))
        self._line = rest
        if "\r" not in rest and "\b" not in rest:
            ready += _last_state(rest)
            self._line = ""
        if ready:
            self._write_r(ready)
        return len(text)

    def _whole(self, line: str) -> str:
        if self._joins_epochs and _EPOCH.fullmatch(line):
            self._epoch = f"{line} - "
            return ""
        epoch, self._epoch = self._epoch, ""
        return f"{epoch}{line}\n"

    def end(self) -> None:
        """Write the last line, if it has no newline."""
        rest, self._line = self._line, ""
        if self._epoch:  # it has not ended
            rest = self._whole(rest)
        if rest:
            self._write_r(_last_state(rest))


def _last_state(line: str) -> str:
    return _CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2])


def begin_sink(write_r, is_document: bool = False) -> object:
    """Send Python's output through the R function `write_r`; return the state for `end_sink`."""
    before = sys.stdout
    sys.stdout = SinkStream(write_r, before, joins_epochs=is_document)
    return before, sys.stdout


def end_sink(state) -> None:
    """Restore the sys.stdout from before `begin_sink`."""
    sys.stdout, stream = state
    stream.end()


def report_wait(label: str | None, thread: int, seconds: float, was_interrupted: bool) -> None:
    """Report who uses R while this thread waits for it: `thread` (0: none) runs R, or its R
    function `label` has called Python. `was_interrupted`: a signal has come, and this thread can't
    end before it has R."""
    frames = sys._current_frames()
    lines = [f"pyclass_bridge: a thread has waited for R for {seconds:.0f} s"]
    if was_interrupted:
        lines[0] += (
            ", and ends by the interrupt when it has it: when the thread that uses R leaves it. "
            "Another Ctrl-C interrupts that thread's Python code, too"
        )
    if label is not None:
        lines.append(f"R is suspended in {label}(), which called Python")
    if thread:
        lines.append(f"R is held by thread {thread}:")
    if thread in frames:
        lines.append("".join(traceback.format_stack(frames[thread])).rstrip())
    lines.extend(["R itself is running"] if label is None else _r_calls())
    # Where R hosts, sys.stderr is R's console, which this thread can't write to meanwhile.
    print("\n".join(lines), file=getattr(sys.stderr, "before", sys.stderr), flush=True)


def _r_calls() -> list[str]:
    from .r_functions import r_function

    return ["R calls:", *(f"  {call}" for call in r_function("calls_as_text")())]
