"""Modules, code and the interpreter for R: import, eval, exec, pickle, capture, last error.

Code runs in ``__main__`` unless it is to be local. Guarantees: Keras and TensorFlow are only
imported when R asks for them or touches an attribute of a delayed module.
"""

import ctypes
import importlib
import importlib.util
import io
import itertools
import linecache
import os
import pydoc
import random
import sys
import textwrap
import traceback
import types
import warnings


def require_module(name):
    """Import the module `name` (dots allowed); Keras with the doctor's word on what is missing."""
    _take_environment()
    from pyclass_bridge.start import doctor

    package = name.split(".")[0]
    if package == "keras":
        doctor.require_keras()
    with doctor.quiet_import(package):
        return importlib.import_module(name)


def _take_environment():
    """Show Python what R's Sys.setenv() has set, such as KERAS_BACKEND: `os.environ` is a copy from
    the start of the process."""
    now = dict(_environment())
    for name, value in now.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    for name in os.environ.keys() - now.keys():
        del os.environ[name]


def _environment():
    """The variables of the process, whatever their bytes: R's Sys.getenv() refuses some."""
    rows = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    all_rows = map(rows.__getitem__, itertools.count())
    for row in itertools.takewhile(lambda row: row is not None, all_rows):
        name, found, value = row.partition(b"=")
        if found:
            yield os.fsdecode(name), os.fsdecode(value)


class LazyModule(types.ModuleType):
    """A module imported when its first attribute is touched."""

    def __init__(self, name, load):
        super().__init__(name)
        object.__setattr__(self, "_bridge_load", load)
        object.__setattr__(self, "_bridge_module", None)

    def _bridge_get(self):
        if object.__getattribute__(self, "_bridge_module") is None:
            module = object.__getattribute__(self, "_bridge_load")()
            object.__setattr__(self, "_bridge_module", module)
        return object.__getattribute__(self, "_bridge_module")

    def __getattribute__(self, name):
        # ModuleType has attributes of its own (__doc__, __spec__, ...) which would hide the
        # real module's.
        if name.startswith("_bridge_") or name in ("__class__", "__name__"):
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "_bridge_get")(), name)

    def __setattr__(self, name, value):
        setattr(self._bridge_get(), name, value)

    def __delattr__(self, name):
        delattr(self._bridge_get(), name)

    def __dir__(self):
        return dir(self._bridge_get())

    def __repr__(self):
        return f"<module {self.__name__!r}, imported on first use>"


def lazy_module(name, path=None):
    """The module `name` if it is there already, else a stand-in that imports it when used."""
    if path is None:
        if name in sys.modules:
            return sys.modules[name]
        return LazyModule(name, lambda: require_module(name))
    return LazyModule(name, lambda: import_from_path(name, path))


def import_from_path(name, path="."):
    """Import `name`, looking in the directory `path` first."""
    path = os.path.abspath(os.path.expanduser(path))
    sys.path.insert(0, path)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(path)


def module_available(name):
    """Can the module `name` be imported? (It is not imported, only its parents.)"""
    try:
        return sys.modules.get(name) is not None or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


class _LoadHooks:
    """A finder that runs hooks after the first import of a module; the other finders find it."""

    def __init__(self):
        self.hooks: dict[str, list] = {}

    def find_spec(self, name, path=None, target=None):
        if name not in self.hooks:
            return None
        hooks = self.hooks.pop(name)
        spec = importlib.util.find_spec(name)
        execute = getattr(spec and spec.loader, "exec_module", None)
        if execute is None:
            self.hooks[name] = hooks
            return None

        def execute_and_tell(module):
            execute(module)
            for hook in hooks:
                hook()

        spec.loader.exec_module = execute_and_tell
        return spec


_load_hooks = _LoadHooks()


def on_load(name, hook):
    """Call `hook()` when the module `name` is imported first; at once if it is there."""
    if name in sys.modules:
        hook()
        return
    if _load_hooks not in sys.meta_path:
        sys.meta_path.insert(0, _load_hooks)
    _load_hooks.hooks.setdefault(name, []).append(hook)


def main_module():
    """The module __main__."""
    return sys.modules["__main__"]


def python_version(patch=False):
    """The version of Python, such as "3.11" or, with `patch`, "3.11.4"."""
    return ".".join(str(part) for part in sys.version_info[: 3 if patch else 2])


def eval_code(code):
    """The value of the expression `code` in __main__."""
    return eval(compile(textwrap.dedent(code).strip(), "<py_eval>", "eval"), main_module().__dict__)


class _Scope:
    """Locals for exec() that write through to the globals `scope` and note the names bound."""

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
    main = main_module().__dict__
    if not local:
        _execute(code, filename, main)
        return main
    # A copy, so that local code sees what __main__ has and its functions see each other.
    scope = dict(main)
    return {name: scope[name] for name in _execute(code, filename, scope)}


def run_string(code, local=False):
    """Run `code`; the dict of __main__, or of what it defined if it is to be `local`."""
    code = textwrap.dedent(code)
    filename = f"<py_run_string {abs(hash(code)):x}>"
    # Tracebacks show the lines of code that has no file.
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
    main = main_module().__dict__
    with _FileGlobals(path, True):
        names = _execute(code, path, main)
    return [
        name
        for name in names
        if not name.startswith("_") and not isinstance(main[name], types.ModuleType)
    ]


def save_object(x, file, pickle="pickle", options=None):
    """Write `x` to `file` with the dump() of the module named `pickle`."""
    module = importlib.import_module(pickle)
    with open(os.path.expanduser(file), "wb") as target:
        module.dump(x, target, **(options or {}))


def load_object(file, pickle="pickle", options=None):
    """Read an object from `file` with the load() of the module named `pickle`."""
    module = importlib.import_module(pickle)
    with open(os.path.expanduser(file), "rb") as source:
        return module.load(source, **(options or {}))


def help_text(x):
    """The text of Python's help(x)."""
    return pydoc.plain(pydoc.render_doc(x, "Help on %s:"))


def set_seed(seed, disable_hash_randomization=True):
    """Seed `random` and NumPy; hash randomization concerns the processes started later."""
    seed = int(seed)
    os.environ["PYTHONHASHSEED"] = "0" if disable_hash_randomization else "random"
    random.seed(seed)
    if module_available("numpy"):
        importlib.import_module("numpy").random.seed(seed % 2**32)


class _Capture:
    def __init__(self, kinds):
        self.text = io.StringIO()
        self.before = {kind: getattr(sys, kind) for kind in kinds}
        for kind in kinds:
            setattr(sys, kind, self.text)


def begin_capture(kinds):
    """Send the streams `kinds` ("stdout", "stderr") to a buffer; the state to end it with."""
    return _Capture(kinds)


def end_capture(state):
    """Give the streams back; the text written since."""
    for kind, stream in state.before.items():
        setattr(sys, kind, stream)
    return state.text.getvalue()


def quiet_warnings():
    """Ignore Python warnings until `leave_warnings`; the state to pass to it."""
    state = warnings.catch_warnings()
    state.__enter__()
    warnings.simplefilter("ignore")
    return state


def leave_warnings(state):
    """Bring the warning filters back that were there before `quiet_warnings`."""
    state.__exit__(None, None, None)


_last_error = None


def remember_error(error):
    """Keep `error` as the last Python exception that became an R condition."""
    global _last_error
    _last_error = error


def clear_last_error():
    """Forget the last error."""
    remember_error(None)


def last_error():
    """None, or type, value, traceback and message (text) of the last error."""
    if _last_error is None:
        return None
    error = _last_error
    return {
        "type": type(error).__name__,
        "value": str(error),
        "traceback": "".join(traceback.format_exception(error)),
        "message": f"{type(error).__name__}: {error}",
    }
