"""Python code and files that R runs. The other half is R/for_r_eval.R.

They run in ``__main__`` unless R asks for local definitions, and find R's variables as `r`.
"""

import linecache
import os
import sys
import textwrap
import types

from pyclass_bridge.for_r.modules import main_module
from pyclass_bridge.for_r.variables import with_r


def eval_code(code):
    """The value of the expression `code` in __main__."""
    return eval(compile(textwrap.dedent(code).strip(), "<py_eval>", "eval"), _main())


def _main():
    return with_r(main_module().__dict__)


class _Scope:
    """Locals for exec() that write to the globals `scope` and record the names that are bound."""

    def __init__(self, scope):
        self.scope = scope
        self.bound = {}

    def __getitem__(self, name):
        return self.scope[name]

    def __setitem__(self, name, value):
        self.scope[name] = value
        self.bound[name] = None

    def __delitem__(self, name):
        del self.scope[name]
        self.bound.pop(name, None)

    def __contains__(self, name):
        return name in self.scope


def _execute(code, filename, scope):
    """Run `code` with the globals `scope`; the names it binds at top level, in order."""
    writer = _Scope(scope)
    exec(compile(code, filename, "exec", dont_inherit=True), scope, writer)
    return [name for name in writer.bound if name not in ("__annotations__", "__file__")]


def _run(code, filename, local):
    main = _main()
    if not local:
        _execute(code, filename, main)
        return main
    # The scope is a copy of __main__, so that local functions see its names and each other.
    scope = dict(main)
    return {name: scope[name] for name in _execute(code, filename, scope)}


def run_string(code, local=False):
    """Run `code`; the dict of __main__, or of what it defined if it is to be `local`."""
    code = textwrap.dedent(code)
    filename = f"<py_run_string {abs(hash(code)):x}>"
    # Tracebacks find the lines of code without a file in this cache.
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    return _run(code, filename, local)


def _read(file):
    path = os.path.abspath(os.path.expanduser(file))
    with open(path, "rb") as source:
        return path, source.read()


class _FileGlobals:
    """While a file runs: __file__ in __main__ and, if asked for, its directory on sys.path."""

    def __init__(self, path, prepend_path):
        self.path = path
        self.directory = os.path.dirname(path) if prepend_path else None

    def __enter__(self):
        main = main_module().__dict__
        self.before = main.get("__file__", self)
        main["__file__"] = self.path
        if self.directory is not None:
            sys.path.insert(0, self.directory)

    def __exit__(self, *error):
        main = main_module().__dict__
        if self.before is self:
            main.pop("__file__", None)
        else:
            main["__file__"] = self.before
        if self.directory in sys.path:
            sys.path.remove(self.directory)


def run_file(file, local=False, prepend_path=True):
    """Run the Python file `file`, as `run_string` does."""
    path, code = _read(file)
    with _FileGlobals(path, prepend_path):
        return _run(code, path, local)


def source_names(file):
    """Run the Python file in __main__; the public names it binds, modules left out."""
    path, code = _read(file)
    main = _main()
    with _FileGlobals(path, True):
        names = _execute(code, path, main)
    return [
        name
        for name in names
        if not name.startswith("_") and not isinstance(main[name], types.ModuleType)
    ]
