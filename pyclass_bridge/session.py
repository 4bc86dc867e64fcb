"""The R session of this process: start, and the evaluation of text and files.

`start()` puts the parts together, in the order of the data: R, the core, the R namespace, the
handlers. It is called once, by the import of the package or by the command line.
"""

from __future__ import annotations

import os
import sys
import threading
import types
from pathlib import Path

from . import embed

_lock = threading.RLock()
_started = False


def start() -> None:
    """Start R and make the namespace `pyclassbridge`. Later calls do nothing.

    Raises:
        BrokenSetup: this machine can't run the package; the text is one sentence with a remedy.
    """
    global _started
    with _lock:
        if _started:
            return
        core = embed.load_core(embed.start_r())
        _attach_python(core)
        _attach_r(core)
        _started = True
        if "ipykernel" in sys.modules:
            from . import notebook

            notebook.show_pictures()


def r_sources() -> Path:
    """The directory with DESCRIPTION, NAMESPACE and R/: in a wheel beside the modules, in a
    checkout above them."""
    here = Path(__file__).resolve().parent
    shipped = here / "rpkg"
    return shipped if shipped.is_dir() else here.parent


def _attach_python(core) -> None:
    from . import condition, convert, output, private
    from .callback_hooks import from_hook
    from .function import make_function
    from .r_side_classes import RSuper, s3_class
    from .r_side_objects import missing_attribute
    from .robject import RObject
    from .signature import MISSING, argument_names

    core.attach(
        handle_type=RObject,
        from_r=condition.from_r,
        from_error_text=condition.from_error_text,
        jump_type=condition.RJump,
        error_type=condition.RError,
        convert_object=convert.convert_object,
        convert_array=convert.convert_array,
        make_function=make_function,
        class_names=s3_class,
        super_type=RSuper,
        make_private=private.make_private,
        private_table=private.table,
        from_hook=from_hook,
        argument_names=argument_names,
        write_console=output.write_console,
        report_wait=output.report_wait,
        missing_attribute=missing_attribute,
        missing=MISSING,
    )


def _attach_r(core) -> None:
    from . import r_functions, r_side, rpy2_edge

    symbols = core.evaluate("new.env()")
    core.define_symbols(symbols)
    _r(core, "function(env, module) env$bridge <- module")(symbols, r_side)
    _r(core, "function(env) env$bridge_raw <- .Call(env$core_proxy, env$bridge, FALSE)")(symbols)
    namespace_code = (Path(__file__).resolve().parent / "namespace.R").read_text()
    make = _r(
        core, f"local({{ {namespace_code}\nfunction(dir, env) make_namespace(dir, as.list(env)) }})"
    )
    r_functions.namespace = make(os.fspath(r_sources()), symbols)
    core.attach_r(_r_places(core))
    r_functions.r_function("install_handlers")()
    for kind in (RecursionError, MemoryError):
        # R keeps the class, and knows it when Python can call nothing more.
        core.to_r(kind())
    rpy2_edge.take_over()


def _r(core, code: str):
    """An R function given as text, for the start; its result is a handle."""
    return core.Function(core.evaluate(code), "start", (), (), 0, raw=True)


def _r_places(core) -> dict:
    from . import r_functions

    pick = _r(core, "function(ns, name) get(name, envir = ns)")
    ns = r_functions.namespace
    calls = _r(core, "function(ns, which) ns$handler_calls()[[which]]")
    places = {
        name: pick(ns, name) for name in ("stop_python", "stop_again", "classed_value")
    }
    places["ns"] = ns
    places["guard_env"] = core.evaluate("baseenv()")
    places["chained_call"] = calls(ns, "chained")
    places["isolated_call"] = calls(ns, "isolated")
    places["super_model"] = core.evaluate("structure(0L, class = 'python.builtin.super')")
    places["super"] = pick(ns, "super_template")
    places["callable"] = pick(ns, "callable_template")
    return places


# ---- evaluation --------------------------------------------------------------------------------


def r(code: str, **variables):
    """Evaluate R code and give its last value, converted by the table of values.

    It is not printed. Python exceptions that R code lets through come out as they are.

    Args:
        code: R code, a str of any number of lines.
        variables: values that the code finds under these names. With any, it is evaluated in an
            environment of its own below R's global one, else in the global one.

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
    from .r_functions import r_function

    return r_function("evaluate_text")(code, "<text>", _environment(variables))


def _environment(variables: dict):
    from .r_functions import r_raw

    return r_raw("environment_with")(**variables) if variables else r_raw("globalenv")()


def run_file(path: str | os.PathLike, args=(), stand_in: bool = False) -> None:
    """Run an R script as Rscript does: expression by expression, visible values printed.

    What it defines is there afterwards, in R's global environment.

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


def run_input(text: str, stand_in: bool = False) -> None:
    """Run the text of an R script that has no file, as `run_file` does a file."""
    _run_script(("<stdin>", text), (), stand_in)


def _run_script(script: tuple, args, stand_in: bool) -> None:
    """Run what parse_code() in R makes of `script`: a path, or a name and a text."""
    from .condition import RError
    from .r_functions import r_function, r_raw

    if stand_in:
        r_function("use_stand_ins")()
    r_function("set_arguments")(script[0], list(args))
    try:
        code = r_raw("parse_code")(*script)
        r_function("run_code")(code, r_raw("globalenv")())
    except RError as error:
        if "pyclassbridge_quit" in error.r_class:
            raise SystemExit(r_function("quit_status")(error.condition)) from None
        raise


def source(path: str | os.PathLike, stand_in: bool = False) -> types.ModuleType:
    """Evaluate an R file and give what it defines, as a namespace of Python objects.

    Classes are Python classes, functions are Python functions with their signature and doc; other
    values cross by the table of values. Names that start with a dot are left out; a name that is no
    Python identifier is there under its R name (`getattr(ns, "a.b")`).

    Args:
        path: the file, a str or path. The R environment of its definitions is new each time.
        stand_in: do `library(keras3)`, `keras`, `reticulate` and `tensorflow`, and names such as
            `keras3::layer_dense`, mean this package? It holds from then on in this process.

    Raises:
        FileNotFoundError: there is no such file.
        RError: the file's own error; `RParseError` when it does not parse.

    Example:
        >>> import pyclass_bridge
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as directory:
        ...     file = Path(directory, "shapes.R")
        ...     _ = file.write_text("area <- function(w, h = w) w * h")
        ...     shapes = pyclass_bridge.source(file)
        >>> shapes
        <R file shapes.R: area>
        >>> shapes.area(3)
        9
    """
    from .namespace import namespace_of
    from .r_functions import r_function

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no R file {os.fspath(path)!r} to source")
    if stand_in:
        r_function("use_stand_ins")()
    return namespace_of(path)
