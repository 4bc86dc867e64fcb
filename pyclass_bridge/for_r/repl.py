"""Python as at its prompt: at the terminal, or from text with the output in a string.

The other half is R/for_r_repl.R. The code finds and binds names of __main__, or of a module.
"""

from __future__ import annotations

import ast
import code
import contextlib
import io
import sys
import textwrap
import traceback

from pyclass_bridge.for_r.variables import with_r


def _names(module) -> dict:
    return with_r(vars(sys.modules["__main__"] if module is None else module))


def interact(module, banner: str) -> None:
    """Python's prompt at the terminal, until `exit` or the end of the input."""
    with contextlib.suppress(SystemExit):
        code.interact(banner, local=_names(module), exitmsg="")


def run_lines(text: str, module=None) -> dict:
    """Run each statement of `text`: `output`, with the values of expressions and the traceback of
    an exception, after which the next statement runs; and `error`, the first one as a line."""
    names, output, error = _names(module), io.StringIO(), None
    with contextlib.redirect_stdout(output):
        try:
            statements = ast.parse(textwrap.dedent(text)).body
        except SyntaxError as broken:
            statements, error = [], _show(broken, output, 0)
        for statement in statements:
            try:
                tree = ast.Interactive([statement])
                exec(compile(tree, "<stdin>", "single", dont_inherit=True), names)
            except Exception as raised:
                error = error or _show(raised, output, -1)
    return {"output": output.getvalue(), "error": error}


def _show(error: Exception, output, frames: int) -> str:
    traceback.print_exception(error, limit=frames, file=output)
    return f"{type(error).__name__}: {error}"
