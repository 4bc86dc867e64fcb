"""`pyclass-bridge console`: an R prompt with history, completion, input of several lines, Ctrl-C.

The other half is R/shell_console.R, which parses, evaluates and completes the input; prompt_toolkit
edits the line. Input that is not a terminal is read as a script. Assumes a started session.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from pathlib import Path

from ..bridge import output
from ..bridge.condition import RError, RWarning
from ..bridge.r_functions import r_function
from ..start import children
from ..surface.error_text import hint, text_of

GREETING = "R {r} in Python {python}, with pyclassbridge. ?name shows help, Ctrl-D or q() ends.\n"


def run(stand_in: bool = False) -> int:
    """Read, evaluate and print until the end of the input; the exit status."""
    if stand_in:
        children.use_stand_ins(r_function("use_stand_ins"))
    console = Console()
    console.greet()
    while console.status is None:
        try:
            text = console.read()
            if text.strip():
                console.evaluate(text)
        except KeyboardInterrupt:
            print()
        except EOFError:
            console.status = 0
    return console.status


def state_directory() -> Path:
    """The directory for files that outlive a program, by the XDG specification."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base) / "pyclass_bridge"


def history():
    """The lines of earlier consoles; only those of this one if the file can't be written."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    path = state_directory() / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))


class Console:
    """The prompt and what is evaluated at it; `status` is None until the end."""

    def __init__(self):
        self.status: int | None = None
        self.warned: list[RWarning] = []
        sys.ps1 = "> "  # a user is at the terminal, so pages of help go to a pager
        _make_interactive()
        warnings.simplefilter("always", RWarning)
        self._show_other_warning = warnings.showwarning
        warnings.showwarning = self._keep_warning
        self.session = _prompt_session()

    def greet(self) -> None:
        python = ".".join(map(str, sys.version_info[:3]))
        print(GREETING.format(r=r_function("r_version")(), python=python))

    def read(self) -> str:
        """The next input, which R can parse or which is wrong.

        Raises:
            KeyboardInterrupt: Ctrl-C, which discards the input.
            EOFError: Ctrl-D.
        """
        sys.stdout.flush()
        if output.line_is_open:
            print()
            output.line_is_open = False
        prompts = r_function("console_prompts")()
        return self.session.prompt(prompts["prompt"], prompt_continuation=prompts["continue"])

    def evaluate(self, text: str) -> None:
        """Evaluate R code as R's prompt does."""
        try:
            r_function("console_run")(text)
        except RError as error:
            if "pyclassbridge_quit" in error.r_class:
                self.status = r_function("quit_status")(error.condition)
            else:
                self._failed(error, text_of(error), error.calls)
        except Exception as error:  # an exception of Python code that the R code called
            if not hasattr(error, "r_calls"):
                raise
            self._failed(error, error.r_text, error.r_calls)
        finally:
            self._show_warnings()

    def _failed(self, error: Exception, text: str, calls) -> None:
        r_function("console_failed")([call.text for call in calls or ()])
        _say("\n".join(filter(None, [text, hint(error)])))

    def _keep_warning(self, message, category, filename, lineno, file=None, line=None):
        if isinstance(message, RWarning):
            self.warned.append(message)
        else:
            self._show_other_warning(message, category, filename, lineno, file, line)

    def _show_warnings(self) -> None:
        """Show warnings after the evaluation, as R does: numbered if there are several."""
        warned, self.warned = self.warned, []
        if not warned:
            return
        texts = [str(warning) for warning in warned]
        if len(texts) == 1:
            _say(f"Warning message:\n{texts[0]} ")
        elif len(texts) > 10:
            _say(f"There were {len(texts)} warnings (use warnings() to see them)")
        else:
            lines = [f"{number}: {text} " for number, text in enumerate(texts, 1)]
            _say("\n".join(["Warning messages:", *lines]))
        messages = [str(w).partition(" : ")[2] if w.call else str(w) for w in warned]
        r_function("console_warned")(messages, [w.call for w in warned])


def _say(text: str) -> None:
    sys.stdout.flush()
    if output.line_is_open:
        text = f"\n{text}"
        output.line_is_open = False
    print(text, file=sys.stderr, flush=True)


def _make_interactive() -> None:
    """Let R's interactive() be TRUE."""
    from rpy2.rinterface_lib import openrlib

    openrlib.rlib.R_Interactive = True


# ---- the line ----------------------------------------------------------------------------------


def _prompt_session():
    from prompt_toolkit import PromptSession
    from prompt_toolkit.shortcuts import CompleteStyle

    return PromptSession(
        history=history(),
        completer=_completer(),
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
        multiline=True,
        key_bindings=_keys(),
        lexer=_lexer(),
        enable_open_in_editor=False,
    )


def _keys():
    """Enter ends a complete input, and otherwise begins the next line of it."""
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter")
    def enter(event):
        buffer = event.current_buffer
        if buffer.text.strip() and r_function("is_incomplete")(buffer.text):
            buffer.cursor_position = len(buffer.text)
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    return keys


def _lexer():
    """Colours for R code, if Pygments is installed."""
    try:
        from prompt_toolkit.lexers import PygmentsLexer
        from pygments.lexers.r import SLexer
    except ImportError:
        return None
    return PygmentsLexer(SLexer)


def _completer():
    from prompt_toolkit.completion import Completer, Completion

    class RCompleter(Completer):
        """R's completion, for prompt_toolkit."""

        def get_completions(self, document, complete_event):
            start, found = completions(document.text_before_cursor)
            for text in found:
                yield Completion(text, start_position=start - len(document.text_before_cursor))

    return RCompleter()


def completions(text: str) -> tuple[int, list[str]]:
    """Where in `text` the word at its end starts, and the completions of it."""
    with _quiet_stderr():
        try:
            found = r_function("console_completions")(text, len(text))
        except Exception:  # R evaluates code before the cursor, which may fail
            return len(text), []
    return found["start"], list(found["found"] or ())


@contextlib.contextmanager
def _quiet_stderr():
    """Discard what is written to stderr, such as TensorFlow's messages at its import: they would
    appear in the line that is edited."""
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
