"""Evaluates R code from Python, and runs scripts as Rscript does. Assumes a started session."""

from __future__ import annotations

import os
from pathlib import Path

from ..start import children
from .condition import RError
from .r_functions import r_function, r_handle


def r(code: str, **variables):
    """Evaluate R code and return its last value, converted by the table of values.

    A value with names or a class stays R's, in a handle (`RObject`); a function that the code
    returns gives Python values. The value is not printed. A Python exception that R code does not
    handle is raised unchanged.

    Args:
        code: R code, a str of any number of lines.
        variables: values that the code finds under these names. With variables, the code is
            evaluated in a new environment below R's global one, else in the global one.

    Raises:
        RError: what R raises; `RParseError` when the code does not parse.

    Example:
        >>> import pyclass_bridge
        >>> pyclass_bridge.r("x + 1", x=41)
        42.0
        >>> pyclass_bridge.r("factor('a')")
        <RObject factor>
        [1] a
        Levels: a
    """
    return r_function("evaluate_text")(code, "<text>", _environment(variables))


def _environment(variables: dict):
    return r_handle("environment_with")(**variables) if variables else r_handle("globalenv")()


def run_file(path: str | os.PathLike, args=(), stand_in: bool = False) -> None:
    """Run an R script as Rscript does: expression by expression, visible values printed.

    Its definitions stay in R's global environment.

    Args:
        path: the file, a str or path.
        args: what `commandArgs(trailingOnly = TRUE)` gives the script, an iterable of str.
        stand_in: as in `source`.

    Raises:
        FileNotFoundError: there is no such file.
        RError: the script's error; `RParseError` when the file does not parse.
        SystemExit: the script called q(), with the status that it gave.

    Example:
        >>> import pyclass_bridge
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as directory:
        ...     script = Path(directory, "greet.R")
        ...     _ = script.write_text("paste('Hello', commandArgs(trailingOnly = TRUE))")
        ...     pyclass_bridge.run_file(script, args=["Ada"])
        [1] "Hello Ada"
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no R file {os.fspath(path)!r} to run")
    _run_script((os.fspath(path),), args, stand_in)


def run_input(text: str, stand_in: bool = False, args=(), name: str = "<stdin>") -> None:
    """Run the text of an R script, as `run_file` runs a file; errors show it as `name`."""
    _run_script((name, text), args, stand_in)


def _run_script(script: tuple, args, stand_in: bool) -> None:
    """Run `script`, the arguments of parse_code() in R: a path, or a name and a text."""
    if stand_in:
        children.use_stand_ins(r_function("use_stand_ins"))
    r_function("set_arguments")(script[0], list(args))
    try:
        code = r_handle("parse_code")(*script)
        r_function("run_code")(code, r_handle("globalenv")())
    except RError as error:
        if "pyclassbridge_quit" in error.r_class:
            raise SystemExit(r_function("quit_status")(error.condition)) from None
        raise
