"""R's console in Python: text for sys.stdout and sys.stderr, and the report of a long wait."""

from __future__ import annotations

import codecs
import sys
import traceback

_decoders = {
    False: codecs.getincrementaldecoder("utf-8")("replace"),
    True: codecs.getincrementaldecoder("utf-8")("replace"),
}


def write_console(data: bytes, is_error: bool) -> None:
    """Write what R printed, in order with Python's own output; a character may come in parts.

    No data stands for R's flush.console().
    """
    stream = sys.stderr if is_error else sys.stdout
    if stream is None:
        return
    if not data:
        stream.flush()
        return
    text = _decoders[is_error].decode(data)
    try:
        stream.write(text)
    except UnicodeEncodeError:  # a stream that is not UTF-8 gets escapes, as sys.stderr does
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def report_wait(threads: list[int], labels: list[str], seconds: float) -> None:
    """Say who has R while another thread waits for it."""
    frames = sys._current_frames()
    lines = [f"pyclass_bridge: waiting for R since {seconds:.0f} s"]
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
