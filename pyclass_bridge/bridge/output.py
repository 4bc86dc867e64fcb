"""R's console in Python: text for sys.stdout and sys.stderr, Python's text for R's sinks, and the
report of a long wait.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
import traceback

line_is_open = False  # did R's last output end within a line?

_decoders = {
    False: codecs.getincrementaldecoder("utf-8")("replace"),
    True: codecs.getincrementaldecoder("utf-8")("replace"),
}


def write_console(data: bytes, is_error: bool) -> None:
    """Write what R printed, in order with Python's own output; a character may come in parts.

    No data stands for R's flush.console().
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
    # A terminal shows at once what R prints, as under R's own console.
    if not text.endswith("\n") and _is_terminal(stream):
        stream.flush()


def _is_terminal(stream) -> bool:
    return hasattr(stream, "isatty") and stream.isatty()


def redraws_lines() -> bool:
    """Whether sys.stdout shows a line that is drawn over again, such as a bar of progress: a
    terminal does, and a notebook; a file, a pipe and R's sinks do not.
    """
    kernel = sys.modules.get("ipykernel.iostream")
    in_notebook = kernel is not None and isinstance(sys.stdout, kernel.OutStream)
    return in_notebook or _is_terminal(sys.stdout)


_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\x08")


class SinkStream(io.TextIOBase):
    """Python's sys.stdout while R has a sink: what is printed goes through R, by `write_r`.

    Of a line that is drawn over again only the last state is written, without colours. `console`
    is where R's own console writes meanwhile, as it does for a sink that splits.
    """

    def __init__(self, write_r, console):
        self.console = console.console if isinstance(console, SinkStream) else console
        self._write_r = write_r
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, rest = (self._line + text).split("\n")
        ready = "".join(f"{_last_state(line)}\n" for line in lines)
        self._line = rest
        if "\r" not in rest and "\b" not in rest:
            ready += _last_state(rest)
            self._line = ""
        if ready:
            self._write_r(ready)
        return len(text)

    def end(self) -> None:
        """Write what is left of a line without an end."""
        rest, self._line = self._line, ""
        if rest:
            self._write_r(_last_state(rest))


def _last_state(line: str) -> str:
    return _CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2])


def begin_sink(write_r) -> object:
    """Send what Python prints through R, by the R function `write_r`; the state to end it with."""
    before = sys.stdout
    sys.stdout = SinkStream(write_r, before)
    return before, sys.stdout


def end_sink(state) -> None:
    """Give sys.stdout back, as it was before `begin_sink`."""
    sys.stdout, stream = state
    stream.end()


def report_wait(threads: list[int], labels: list[str], seconds: float) -> None:
    """Say who has R while another thread waits for it."""
    frames = sys._current_frames()
    lines = [f"pyclass_bridge: has waited for R for {seconds:.0f} s"]
    for label in labels:
        lines.append(f"R is suspended in {label}(), which called Python")
    for thread in threads:
        lines.append(f"R is held by thread {thread}:")
        if thread in frames:
            lines.append("".join(traceback.format_stack(frames[thread])).rstrip())
    lines.extend(_r_calls() if labels else ["R itself is running"])
    print("\n".join(lines), file=sys.stderr, flush=True)


def _r_calls() -> list[str]:
    from .r_functions import r_function

    return ["R calls:", *(f"  {call}" for call in r_function("calls_as_text")())]
