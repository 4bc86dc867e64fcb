"""The command line: run R code, prompt for it, write stubs, examine the machine, print the version.

Guarantees: a mistake of the user or of the machine ends in a sentence on stderr and a status, never
in a traceback: 1 for an R error or a broken setup, 2 for a wrong command, 130 for Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys

from ..start import doctor
from ..start.broken_setup import BrokenSetup
from ..start.quiet import quiet_tensorflow

INTERRUPTED = 130
PIPE_CLOSED = 141

DESCRIPTION = "Live Python classes from R, for Keras: run R scripts and work on R files."

RUN_USAGE = "pyclass-bridge run [-h] [--no-stand-in] (FILE.R | -e CODE ... | -) [ARGS ...]"

RUN_HELP = """\
Run an R script in an R session that shares this process with Python and Keras.
-e runs CODE, and may be repeated; - runs what comes from standard input.
The package pyclassbridge is attached; commandArgs(trailingOnly = TRUE) gives ARGS.
library(keras3), keras, reticulate and tensorflow, and names such as keras3::layer_dense,
mean this package, unless --no-stand-in is given.
An R error ends the run with status 1 and shows the R calls with file and line."""

CONSOLE_HELP = """\
An R prompt in a session that shares this process with Python and Keras: completion by
the tab key, input of several lines, a history that is kept in $XDG_STATE_HOME (or
~/.local/state). Ctrl-C gives up a line or stops what runs; Ctrl-D or q() ends.
Input that comes from a file or a pipe is run as a script."""

NEW_HELP = """\
Write NAME.R with a class that works, and tests/test_NAME.R with a test that passes. KIND is
callback, callback_set, constraint, initializer, layer, learning_rate_schedule, loss, metric,
model, optimizer or regularizer. A file that is there is never overwritten.
Run the test by `pytest`, or in R by testthat::test_file("tests/test_NAME.R")."""

STUBS_HELP = """\
Write a stub for each R file: FILE.pyi, which tells type checkers and editors what
pyclass_bridge.source() gives. Types are those of defaults (0.5 is a float), of the first
words of a @param (String, Number, Integer, TRUE or FALSE, Function) and of match.arg();
anything else is Any. The files are read, not run."""

CHECK_HELP = """\
Report what the definitions in R files would raise: hooks and methods that are misspelt or
can't take the arguments that Keras passes, members without a name, names given twice.
The files are read, not run, so what only running them would tell is not reported. Each
finding is a line FILE:LINE: MESSAGE. The status is 1 if there is an error, else 0."""

DOCTOR_HELP = """\
Show which R, Python, rpy2, Keras and Keras backend are in use and what is wrong with
them, each with its remedy. The status is 0 if all is well, else 1."""


def main(words: list[str] | None = None, *, start) -> int:
    """Run the command line `words` (default: this process's) and return its exit status. `start()`
    starts the session, for the commands that need one."""
    words = list(sys.argv[1:] if words is None else words)
    words, rest = _split_at_script(words)
    arguments = _parser().parse_args(words)
    arguments.rest = rest
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
        "run",
        help="run an R script",
        usage=RUN_USAGE,
        description=RUN_HELP,
        formatter_class=as_written,
    )
    _add_stand_in(run)
    run.add_argument("-e", dest="code", metavar="CODE", action="append", help="R code to run")
    run.set_defaults(command=_run, wrong=run.error)

    new = commands.add_parser(
        "new",
        help="write an R file with a class, and its test",
        description=NEW_HELP,
        formatter_class=as_written,
    )
    new.add_argument("kind", metavar="KIND", help="callback, metric, layer ...: see above")
    new.add_argument("name", metavar="NAME", help="the class, and the name of its file")
    new.add_argument("--dir", metavar="DIR", default=".", help="where, if not here")
    new.set_defaults(command=_new)

    console = commands.add_parser(
        "console", help="prompt for R code", description=CONSOLE_HELP, formatter_class=as_written
    )
    _add_stand_in(console)
    console.set_defaults(command=_console)

    stubs = commands.add_parser(
        "stubs",
        help="write .pyi files for R files",
        description=STUBS_HELP,
        formatter_class=as_written,
    )
    stubs.add_argument("files", metavar="FILE.R", nargs="+", help="R files")
    stubs.add_argument("-o", metavar="DIR", dest="directory", help="where, if not beside the file")
    stubs.set_defaults(command=_stubs)

    check = commands.add_parser(
        "check",
        help="find mistakes in definitions without running them",
        description=CHECK_HELP,
        formatter_class=as_written,
    )
    check.add_argument("files", metavar="FILE.R", nargs="+", help="R files")
    check.add_argument(
        "--format", choices=["text", "json"], default="text", help="json: a list of objects"
    )
    check.set_defaults(command=_check)

    examine = commands.add_parser(
        "doctor",
        help="examine the installation",
        description=DOCTOR_HELP,
        formatter_class=as_written,
    )
    examine.set_defaults(command=_doctor)
    return parser


def _split_at_script(words: list[str]) -> tuple[list[str], list[str]]:
    """The words of a command line up to the script of `run`, and the rest: the script, unless -e
    gives it, with its arguments, which are no options of ours."""
    if words[:1] != ["run"]:
        return words, []
    at = 1
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        has_code = any(word.startswith("-e") for word in words[1:at])
        if has_code and not words[at].startswith("-e") and words[at] not in _OPTIONS:
            break
        at += 2 if words[at] == "-e" else 1
    return words[:at], words[at:]


_OPTIONS = ("--no-stand-in", "-h", "--help")


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
    stand_in = arguments.stand_in
    if arguments.code:
        text = "\n".join(arguments.code)
        return _run_text(text, arguments, arguments.rest, "<-e>")
    if not arguments.rest:
        arguments.wrong("give an R script FILE.R, -e CODE, or - for standard input")
    file, *args = arguments.rest
    if file == "-":
        return _run_text(sys.stdin.read(), arguments, args, "<stdin>")
    mistake = _mistake_in_path(file)
    if mistake:
        return _fail(mistake, 2)
    _start(arguments)
    from ..bridge.evaluate import run_file

    return _script(lambda: run_file(file, args, stand_in=stand_in))


def _run_text(text: str, arguments: argparse.Namespace, args: list[str], name: str) -> int:
    _start(arguments)
    from ..bridge.evaluate import run_input

    return _script(lambda: run_input(text, arguments.stand_in, args, name))


def _new(arguments: argparse.Namespace) -> int:
    from ..toolbox import new

    if arguments.kind not in new.kinds():
        return _fail(
            f"{arguments.kind!r} is no kind of class: take one of {', '.join(new.kinds())}.", 2
        )
    try:
        for path in new.write(arguments.kind, arguments.name, arguments.dir):
            print(f"wrote {path}")
    except new.NewError as error:
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}", 1)
    return 0


def _stubs(arguments: argparse.Namespace) -> int:
    mistake = next(filter(None, map(_mistake_in_path, arguments.files)), None)
    if mistake:
        return _fail(mistake, 2)
    _start(arguments)
    from ..bridge.condition import RParseError
    from ..toolbox import stubs

    try:
        for path in stubs.write_all(arguments.files, arguments.directory):
            print(f"wrote {path}")
    except (stubs.StubError, RParseError) as error:
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}", 1)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    mistake = next(filter(None, map(_mistake_in_path, arguments.files)), None)
    if mistake:
        return _fail(mistake, 2)
    _start(arguments)
    from ..toolbox import check

    found = [finding for file in arguments.files for finding in check.findings(file)]
    if arguments.format == "json":
        print(json.dumps([finding.as_dict() for finding in found], indent=2, ensure_ascii=False))
    else:
        for finding in found:
            print(finding)
    return int(any(not finding.note for finding in found))


def _console(arguments: argparse.Namespace) -> int:
    _start(arguments)
    if not sys.stdin.isatty():
        return _run_text(sys.stdin.read(), arguments, [], "<stdin>")
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
