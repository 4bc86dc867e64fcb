"""R in Jupyter and IPython: `%%R` runs a cell of R code, `%R` gives the value of a line.

`load()` is what `%load_ext pyclass_bridge` calls. The other half is R/shell_magics.R, which runs
the code in R's global environment; shell/magic_options.py reads the options, and
shell/notebook.py shows the plots. Assumes a started session.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import linecache
import os
import re
import sysconfig
import traceback
from pathlib import Path

from IPython.core.completer import SimpleCompletion, context_matcher
from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from IPython.core.magic_arguments import argument, magic_arguments

from ..bridge.condition import RError, RParseError
from ..bridge.r_functions import r_function, r_handle
from ..bridge.signature import python_name
from ..bridge.words import nearest
from ..start import children
from ..surface.error_text import text_of
from ..values.request import NoCounterpart
from ..values.values import to_python, to_r
from . import notebook
from .console import completions
from .magic_options import names_of, page_of, split_options


@magics_class
class RMagics(Magics):
    """`%%R` and `%R`."""

    # The number of the cell that runs, and the names of the texts of R code in it.
    _number: int | None = None
    _known: dict[str, str]

    # In the order in which %R? shows them.
    @magic_arguments()
    @argument(
        "-i",
        "--input",
        action="append",
        metavar="NAMES",
        help="Python variables that R gets: names between commas; `x=model.weights` gives "
        "R's `x` the value of an expression of names and dots.",
    )
    @argument(
        "-o",
        "--output",
        action="append",
        metavar="NAMES",
        help="R variables that Python gets after the code has run; `my_rate=my.rate` gives "
        "one another name. `my.rate` alone becomes `my_rate`.",
    )
    @argument(
        "-n",
        "--noreturn",
        action="store_true",
        help="The line has no value. (A cell has none anyway.)",
    )
    @argument("-w", "--width", type=float, help="The width of plots, in pixels or in --units.")
    @argument("-h", "--height", type=float, help="The height of plots.")
    @argument(
        "-u",
        "--units",
        choices=["px", "in", "cm", "mm"],
        help="What --width and --height count; px if it is not given.",
    )
    @argument("-r", "--res", type=float, help="Pixels per inch of plots.")
    @argument("-p", "--pointsize", type=float, help="The size of text in plots.")
    @argument("-b", "--bg", help="The background colour of plots.")
    @argument(
        "--stand-in",
        action="store_true",
        help="From now on library(keras3), reticulate and tensorflow mean this package in R code.",
    )
    @needs_local_scope
    @no_var_expand
    @line_cell_magic
    def R(self, line: str, cell: str | None = None, local_ns: dict | None = None):
        """Run R code: `%R code` has the value of the code, `%%R` runs a cell and prints visible
        values as R's prompt does. The options come first, then code; `--` ends them, for code that
        begins with a minus."""
        words, code = split_options(line, self.R.parser)
        options = self.R.parser.parse_args(words)
        plots = _Plots(options)
        given = [self._python_value(n, local_ns or {}) for n in names_of(options.input, "-i")]
        wanted = names_of(options.output, "-o")
        text = code if cell is None else f"{code}\n{cell}".replace("\r\n", "\n")
        name = self._remember(text)
        with _r_errors():
            if options.stand_in:
                children.use_stand_ins(r_function("use_stand_ins"))
            for r_name, value in given:
                r_function("set_in_global")(r_name, to_r(value))
            with plots:
                run = r_handle("value_of_line" if cell is None else "run_cell")
                result = run(name, text)
            self._take(wanted)
        return None if cell is not None or options.noreturn else _value(result)

    def _remember(self, text: str) -> str:
        """Keep the code as the lines of a file whose name this returns, so that errors and warnings
        show its lines, which are counted as the notebook does."""
        number = len(self.shell.history_manager.input_hist_parsed) - 1
        if number != self._number:
            self._number, self._known = number, {}
        if text not in self._known:
            counts = itertools.count(len(self._known) + 1)
            names = (f"<R cell {number}{f'.{k}' if k > 1 else ''}>" for k in counts)
            name = next(name for name in names if name not in linecache.cache)
            lines = [f"{line}\n" for line in text.split("\n")]
            linecache.cache[name] = (len(text), None, lines, name)
            self._known[text] = name
        return self._known[text]

    def _python_value(self, names: tuple[str, str], local_ns: dict) -> tuple[str, object]:
        """The R name and the value of one name of `-i`."""
        to, source = names
        first, *attributes = source.split(".")
        if not all(name.isidentifier() for name in (first, *attributes)):
            raise _no_name(
                f"-i {source}: this is no name. Assign the value in Python, `new = {source}`, and "
                "give `-i new`."
            )
        known = {**self.shell.user_ns, **local_ns}
        if first not in known:
            shown = [n for n in known if not n.startswith("_")]
            raise _no_name(
                f"-i {source}: there is no Python variable `{first}`{_meant(first, shown)} Assign "
                "it in Python before R gets it."
            )
        value = known[first]
        try:
            for attribute in attributes:
                value = getattr(value, attribute)
        except AttributeError as error:
            text = f"-i {source}: {error}"
            raise _shown_as(AttributeError(text), [f"AttributeError: {text}"]) from None
        return source.rpartition(".")[2] if to == source else to, value

    def _take(self, wanted: list[tuple[str, str]]) -> None:
        """Give Python the R variables that `-o` names: all, or none if one is unknown."""
        taken = {}
        for to, r_name in wanted:
            if not r_function("is_variable")(r_name):
                if not re.fullmatch(r"[\w.]+", r_name):
                    raise _no_name(
                        f"-o {r_name}: this is no name of a variable. Assign the value in the R "
                        f"code, `new <- {r_name}`, and give `-o new`."
                    )
                near = _meant(r_name, r_function("global_names")())
                raise _no_name(
                    f"-o {r_name}: R has no variable `{r_name}`{near} Assign it in the R code: "
                    f"`{r_name} <- ...`."
                )
            taken[python_name(to)] = _value(r_handle("global_variable")(r_name))
        self.shell.push(taken)


def _meant(name: str, known) -> str:
    near = nearest(name, known or ())
    return f"; did you mean `{near}`?" if near else "."


# ---- values, errors, plots -----------------------------------------------------------------------


def _value(handle):
    """The Python value; an R value without a counterpart stays in its handle (`RObject`)."""
    try:
        return to_python(handle)
    except NoCounterpart:
        return handle


@contextlib.contextmanager
def _r_errors():
    """An error of R code is shown as R shows it, and traceback() knows its calls."""
    try:
        yield
    except RParseError as error:  # IPython would look for its place in Python code
        raise _shown_as(RError(str(error), **vars(error)), _lines(error)) from None
    except Exception as error:
        calls = error.calls if isinstance(error, RError) else getattr(error, "r_calls", None)
        if calls is not None:
            r_function("console_failed")([call.text for call in calls])
            _shown_as(error, _lines(error))
        raise


def _shown_as(error: Exception, lines: list[str]) -> Exception:
    """`error`, which IPython shows by these lines, without the frames between the cell and R."""
    error._render_traceback_ = functools.partial(list, lines)
    return error


def _no_name(text: str) -> NameError:
    return _shown_as(NameError(text), [f"NameError: {text}"])


def _lines(error: Exception) -> list[str]:
    """What is shown for an error of R code: R's text of it, the R calls and the remedies, and the
    frames of the user's own Python code that R called."""
    text = text_of(error) if isinstance(error, RError) else error.r_text
    return "\n".join([text, *getattr(error, "__notes__", ()), *_own_frames(error)]).split("\n")


def _own_frames(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    last = max((k for k, frame in enumerate(frames) if frame.filename == __file__), default=-1)
    own = [frame for frame in frames[last + 1 :] if not frame.filename.startswith(_OTHERS)]
    own = [frame for frame in own if frame.line]  # others are made by R classes
    shown = "".join(traceback.format_list(own)).rstrip("\n")
    return ["Python calls, innermost last:", shown] if own else []


# Where code lies that is not the user's: this package, Python's own, installed packages.
_OTHERS = tuple(
    f"{folder}{os.sep}"
    for folder in (
        Path(__file__).parents[1],
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    )
)


class _Plots:
    """While the code runs, plots have the size of the options; they are shown at its end."""

    def __init__(self, options):
        self.page = page_of(options)

    def __enter__(self):
        if self.page is None:
            return
        notebook.show_pages()
        if not r_function("set_page")(**self.page):
            raise UsageError(
                "%R: the options for plots are for a notebook where R has its usual device; here "
                'open one in R, such as png("plot.png", width = 800), to choose the size.'
            )

    def __exit__(self, *error):
        notebook.show_pages()
        if self.page is not None:
            r_function("set_page")()


# ---- the extension -------------------------------------------------------------------------------


@context_matcher(identifier="pyclass_bridge.R")
def _complete(context):
    """Completions of R in the code of a cell or line of R."""
    code = _code_before(context.full_text, context.cursor_line, context.cursor_position)
    if code is None:
        return {"completions": []}
    start, texts = completions(code)
    shown = [SimpleCompletion(text=text, type="R") for text in texts]
    return {"completions": shown, "matched_fragment": code[start:], "suppress": True}


def _code_before(text: str, line: int, column: int) -> str | None:
    """The R code before the cursor, or None if the cursor is in other code."""
    lines = text.split("\n")
    lines = [*lines[:line], lines[line][:column]]
    if line and re.match(r"\s*%%R(\s|$)", lines[0]):
        return "\n".join(lines[1:])
    found = re.match(r"(?:[^=]*=)?\s*%R\s+(.*)", lines[-1])
    return found and found[1]


def load(ipython) -> None:
    """Register `%R` and `%%R`; where another extension has them, this one gets them."""
    ipython.register_magics(RMagics(ipython))
    if _complete not in ipython.Completer.custom_matchers:
        ipython.Completer.custom_matchers.append(_complete)


def unload(ipython) -> None:
    """Take the magics away, unless another extension has them now."""
    for magics in ipython.magics_manager.magics.values():
        if isinstance(getattr(magics.get("R"), "__self__", None), RMagics):
            del magics["R"]
    if _complete in ipython.Completer.custom_matchers:
        ipython.Completer.custom_matchers.remove(_complete)
