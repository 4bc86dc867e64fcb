"""The command line: run an R script, prompt for R code, examine the machine, print the version.

Guarantees: a mistake of the user or of the machine ends in a sentence on stderr and a status, never
in a traceback: 1 for an R error or a broken setup, 2 for a wrong command, 130 for Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys

from ..start import doctor
from ..start.broken_setup import BrokenSetup
from ..start.quiet import quiet_tensorflow

INTERRUPTED = 130
PIPE_CLOSED = 141

DESCRIPTION = "Live Python classes from R, for Keras: run R scripts and examine the installation."

RUN_HELP = """\
Run an R script in an R session that shares this process with Python and Keras.
The package pyclassbridge is attached; commandArgs(trailingOnly = TRUE) gives ARGS.
library(keras3), keras, reticulate and tensorflow, and names such as keras3::layer_dense,
mean this package, unless --no-stand-in is given.
An R error ends the run with status 1 and shows the R calls with file and line."""

CONSOLE_HELP = """\
An R prompt in a session that shares this process with Python and Keras: completion by
the tab key, input of several lines, a history that is kept in $XDG_STATE_HOME (or
~/.local/state). Ctrl-C gives up a line or stops what runs; Ctrl-D or q() ends.
Input that comes from a file or a pipe is run as a script."""

DOCTOR_HELP = """\
Show which R, Python, rpy2, Keras and Keras backend are in use and what is wrong with
them, each with its remedy. The status is 0 if all is well, else 1."""


def main(words: list[str] | None = None, *, start) -> int:
    """Run the command line `words` (default: this process's) and return its exit status. `start()`
    starts the session, for the commands that need one."""
    arguments = _parser().parse_args(words)
    arguments.start = start
    try:
        status = arguments.command(arguments)
        sys.stdout.flush()
        return status
    except BrokenSetup as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output has closed the pipe. Python would report that once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyclass-bridge",
        description=DESCRIPTION,
        epilog="`pyclass-bridge COMMAND --help` tells more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"pyclass-bridge {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    as_written = argparse.RawDescriptionHelpFormatter

    run = commands.add_parser(
        "run", help="run an R script", description=RUN_HELP, formatter_class=as_written
    )
    _add_stand_in(run)
    run.add_argument("file", metavar="FILE.R", help="the R script")
    rest = run.add_argument(
        "args", metavar="ARGS", nargs=argparse.REMAINDER, help="arguments of the script"
    )
    rest.required = False  # else argparse's error would ask for them, too, when FILE.R is missing
    run.set_defaults(command=_run)

    console = commands.add_parser(
        "console", help="prompt for R code", description=CONSOLE_HELP, formatter_class=as_written
    )
    _add_stand_in(console)
    console.set_defaults(command=_console)

    examine = commands.add_parser(
        "doctor",
        help="examine the installation",
        description=DOCTOR_HELP,
        formatter_class=as_written,
    )
    examine.set_defaults(command=_doctor)
    return parser


def _add_stand_in(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-stand-in",
        dest="stand_in",
        action="store_false",
        help="leave library(keras3) and the like to the R packages of these names",
    )


def _version() -> str:
    try:
        return importlib.metadata.version("pyclass-bridge")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def _doctor(arguments: argparse.Namespace) -> int:
    report = doctor.examine()
    print(report.text())
    return 1 if report.problems else 0


def _run(arguments: argparse.Namespace) -> int:
    mistake = _mistake_in_path(arguments.file)
    if mistake:
        return _fail(mistake, 2)
    _start(arguments)
    from ..bridge.evaluate import run_file

    return _script(lambda: run_file(arguments.file, arguments.args, stand_in=arguments.stand_in))


def _console(arguments: argparse.Namespace) -> int:
    _start(arguments)
    if not sys.stdin.isatty():
        from ..bridge.evaluate import run_input

        text = sys.stdin.read()
        return _script(lambda: run_input(text, stand_in=arguments.stand_in))
    from . import console

    return console.run(stand_in=arguments.stand_in)


def _script(run) -> int:
    """Run a script and show its error, if any; returns the exit status."""
    from ..bridge.condition import RError
    from ..surface.error_text import text_of

    try:
        run()
    except (BrokenPipeError, BrokenSetup):
        raise
    except RError as error:
        return _fail_by(error, text_of(error), error.calls)
    except Exception as error:
        # An exception of Python code that the script called.
        if not hasattr(error, "r_calls"):
            raise
        return _fail_by(error, error.r_text, error.r_calls)
    return 0


def _start(arguments: argparse.Namespace) -> None:
    """Start the session, for the commands that need R: it takes time."""
    quiet_tensorflow()
    arguments.start()


def _fail_by(error: Exception, text: str, calls) -> int:
    from ..surface.error_text import hint

    lines = [described(error, text, calls), hint(error)]
    return _fail("\n".join(filter(None, lines)), 1)


def _mistake_in_path(path: str) -> str | None:
    if os.path.isdir(path):
        return f"{path} is a directory: give the R script in it that is to be run."
    if not os.path.exists(path):
        return f"{path} does not exist: give the path of an R script."
    if os.path.splitext(path)[1] not in (".R", ".r"):
        return f"{path} is not an R script: its name must end in .R."
    return None


def described(error: Exception, text: str, calls) -> str:
    """What a script's error says: its text, its notes, and the R calls under way, innermost first
    and numbered as R does.

    `calls` has the outermost call first; each has `text`, and `file` and `line` or None.
    """
    from ..bridge.condition import CALLS_TITLE

    notes = getattr(error, "__notes__", ())
    lines = [text, *(note for note in notes if not note.startswith(CALLS_TITLE))]
    for number, call in reversed(list(enumerate(calls or (), start=1))):
        place = f"  at {call.file}:{call.line}" if call.file else ""
        lines.append(f"  {number}: {call.text}{place}")
    return "\n".join(lines)


def _fail(text: str, status: int) -> int:
    sys.stdout.flush()
    print(text, file=sys.stderr)
    return status
