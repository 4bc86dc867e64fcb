"""Python chunks of a knitr document: what each statement says, shows and draws, in its order.

The other half is R/for_r_chunks.R. The code finds and binds names of ``__main__``.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
import traceback
import warnings

from pyclass_bridge.for_r.variables import with_r


class _Chunk:
    """A chunk that runs; `parts` are [kind, text] of what it has said so far."""

    def __init__(self, text, name, figures, size, dpi):
        self.text, self.name, self.figures = text, f"<chunk {name}>", figures
        self.size, self.dpi = size, dpi
        self.parts, self.said, self.drawn = [], io.StringIO(), 0

    def flush(self):
        if self.said.getvalue():
            self.parts.append(["output", self.said.getvalue()])
            self.said.seek(0)
            self.said.truncate()

    def add(self, kind, text):
        """Add a part; sources with nothing said between them are one."""
        self.flush()
        if kind == "source" and self.parts and self.parts[-1][0] == kind:
            self.parts[-1][1] += "\n" + text
        else:
            self.parts.append([kind, text])

    def warn(self, message, category, filename, lineno, file=None, line=None):
        self.add("warning", f"{category.__name__}: {message}")

    def show(self):
        """plt.show(): each open figure is written into a file, and closed."""
        plt = sys.modules["matplotlib.pyplot"]
        for number in plt.get_fignums():
            self.drawn += 1
            path = self.figures.replace("%d", str(self.drawn))
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            plt.figure(number).savefig(path, dpi=self.dpi)
            plt.close(number)
            self.add("figure", path)

    @contextlib.contextmanager
    def pictures(self):
        """While a statement runs, plt.show() is ours, and figures have the chunk's size."""
        plt = sys.modules.get("matplotlib.pyplot")
        if plt is None:
            yield
            return
        before = plt.show
        # A function, since pyplot sets attributes of it.
        plt.show = lambda *args, **kwargs: self.show()
        try:
            with plt.rc_context({"figure.figsize": self.size}):
                yield
        finally:
            plt.show = before

    def run(self, statement, names):
        code = compile(ast.Interactive([statement]), self.name, "single", dont_inherit=True)
        with self.pictures():
            exec(code, names)
        self.flush()

    def fail(self, error):
        """The error as a line that says where in the chunk it was raised."""
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == self.name]
        line = frames[0].lineno if frames else getattr(error, "lineno", None)
        where = "" if line is None else f" (line {line} of the chunk)"
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        self.add("error", f"{type(error).__name__}: {said}{where}")


@contextlib.contextmanager
def _streams(chunk):
    """Python's output, values and warnings are the chunk's."""
    hook, sys.displayhook = sys.displayhook, sys.__displayhook__
    backend = "MPLBACKEND" not in os.environ and "matplotlib" not in sys.modules
    if backend:
        os.environ["MPLBACKEND"] = "agg"
    try:
        with contextlib.redirect_stdout(chunk.said), warnings.catch_warnings():
            warnings.showwarning = chunk.warn
            yield
    finally:
        sys.displayhook = hook
        if backend:
            del os.environ["MPLBACKEND"]


def run_chunk(text, name, figures, size, dpi, go_on):
    """Run the statements of `text`: [kind, text] of each part, where a kind is source, output,
    warning, figure or error. After an error the next statements run if `go_on`."""
    chunk, lines = _Chunk(text, name, figures, size, dpi), text.split("\n")
    names = with_r(vars(sys.modules["__main__"]))
    names.pop("__warningregistry__", None)
    with _streams(chunk):
        try:
            statements = ast.parse(text).body
        except SyntaxError as broken:
            chunk.add("source", text)
            chunk.fail(broken)
            return chunk.parts
        done = 0
        for k, statement in enumerate(statements):
            following = statements[k + 1 : k + 2]
            end = statement.end_lineno if following else len(lines)
            source, done = "\n".join(lines[done:end]), max(done, end)
            if source:
                chunk.add("source", source)
            try:
                chunk.run(statement, names)
            except Exception as error:
                chunk.fail(error)
                if not go_on:
                    break
        if "matplotlib.pyplot" in sys.modules:
            chunk.show()
        chunk.flush()
    return chunk.parts
