"""What R prints is Python's output, in order with Python's own.

Also of: core/output.c.
"""

from __future__ import annotations

import io
import sys
import warnings

import pytest
from support.subprocesses import run_python

CALL = "function(f) f()"


def test_order_with_pythons_own_output(r, capsys):
    print("python 1")
    r("cat('cat\\n'); print(1:3); cat('no end'); utils::str(1)")
    print("python 2")
    r("function(f) { cat('before '); f(); cat(' after\\n') }")(lambda: print("inside", end=""))
    assert capsys.readouterr().out == (
        "python 1\ncat\n[1] 1 2 3\nno end num 1\npython 2\nbefore inside after\n"
    )


def test_messages_and_warnings_go_to_stderr(r, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *args, **named: print("warning shown", file=sys.stderr)
        r("message('one'); warning('w'); message('two'); write('three', stderr())")
    streams = capsys.readouterr()
    assert streams.err == "one\nwarning shown\ntwo\nthree\n"
    assert streams.out == ""


def test_c_level_printing(r, capsys):
    """R's C code prints by Rprintf, as the tracing of an optimizer does."""
    r("invisible(optim(1, function(x) x^2, method = 'BFGS', control = list(trace = 1)))")
    assert "converged" in capsys.readouterr().out


def test_characters_outside_ascii(r, capsys):
    r("cat('\\u00e9\\u4e2d\\U1F600\\n'); message('\\u00fc'); print('\\u00e9')")
    streams = capsys.readouterr()
    assert streams.out == 'é中😀\n[1] "é"\n'
    assert streams.err == "ü\n"


def test_characters_split_between_writes(r, capsys):
    """R's buffers end anywhere, and so may what it writes."""
    from pyclass_bridge.bridge import output

    for byte in "é中😀".encode():
        output.write_console(bytes([byte]), False)
    r("cat(strrep('\\u4e2d', 20000), '\\n')")
    assert capsys.readouterr().out == "é中😀" + "中" * 20000 + " \n"


def test_invalid_bytes_are_replaced(r, capsys):
    r("cat(rawToChar(as.raw(c(0x61, 0xff, 0x62, 0x0a))))")
    assert capsys.readouterr().out in ("a\ufffdb\n", "a\\xffb\n")


def test_sink_and_capture_output_are_rs(r, capsys):
    assert r("capture.output(print(1), cat('x\\n'))") == ["[1] 1", "x"]
    assert capsys.readouterr().out == ""


def test_redirected_streams(r, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    r("cat('here')")
    assert stream.getvalue() == "here"
    monkeypatch.setattr(sys, "stdout", None)
    r("cat('nowhere')")


def test_a_stream_that_fails_does_not_end_r_code(r, monkeypatch, recwarn):
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: reported.append(args.exc_type))
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    assert r("{ cat('lost'); 5 }") == 5.0
    assert reported == [ValueError]


def test_a_closed_pipe_stops_r_code_once(r, monkeypatch):
    """R flushes its console as it stops, which fails again; nothing of that is left for later."""

    class Closed(io.StringIO):
        def write(self, *text):
            raise BrokenPipeError

        flush = write

    with monkeypatch.context() as patch, pytest.raises(BrokenPipeError):
        patch.setattr(sys, "stdout", Closed())
        r("repeat { cat('lost'); Sys.sleep(0) }")
    assert r("{ Sys.sleep(0); 5 }") == 5.0


def test_a_stream_that_uses_r(r, monkeypatch):
    seen = []

    class Stream(io.StringIO):
        def write(self, text):
            seen.append((text, r("1 + 1")))

    monkeypatch.setattr(sys, "stdout", Stream())
    r("cat('a')")
    assert seen == [("a", 2.0)]


def test_a_stream_that_is_not_utf8_gets_escapes():
    done = run_python(
        "import pyclass_bridge; pyclass_bridge.r(\"cat('caf\\\\u00e9\\n')\"); print('end')",
        PYTHONIOENCODING="ascii",
    )
    assert done.stdout == "caf\\xe9\nend\n", done.stderr


def test_flush_console_flushes(r, monkeypatch):
    flushed = []

    class Stream(io.StringIO):
        def flush(self):
            flushed.append(self.getvalue())

    monkeypatch.setattr(sys, "stdout", Stream())
    r("cat('x'); utils::flush.console()")
    assert flushed == ["x"]


def test_output_in_a_closed_process_stream():
    done = run_python(
        """
        import pyclass_bridge
        os.close(1)
        pyclass_bridge.r("cat('lost\\\\n')")
        print("alive", file=sys.stderr)
        sys.stdout = None
        """
    )
    assert "alive" in done.stderr
    assert done.returncode in (0, 120)
