"""The R session of this process: the place where all rooms are put together.

`start()` does it once, in the order of the data: R, the core, the R namespace, the handlers. It is
called by the import of the package or by the command line.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import ModuleType

from .bridge.after_import import after_import
from .start import children, embed, hosted
from .start.sources import r_sources

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
        _attach_pickling(core)
        _collect_cycles(core)
        after_import("keras", _teach_keras)
        _started = True
        if not hosted.is_hosted():
            _set_up_plots()
            _serve_children()


def _teach_keras() -> None:
    from .plain_r import steps
    from .surface import lost_state, model_files, pickles

    model_files.teach()
    pickles.teach()
    lost_state.teach()
    steps.teach()


def _set_up_plots() -> None:
    from .shell import device

    device.use_temporary_file()
    if "ipykernel" in sys.modules:
        from .shell import notebook

        notebook.show_pictures()


def _serve_children() -> None:
    from .bridge.r_functions import r_function

    children.serve(r_function("serve_children"))


def _attach_python(core) -> None:
    from .bridge import condition, function, output, private
    from .bridge.r_functions import r_function
    from .bridge.signature import MISSING, argument_names
    from .callbacks import stages
    from .classes.hooks import add_to_callbacks, from_hook
    from .classes.lost_state import telling_lost_state
    from .for_r.attributes import missing_attribute
    from .for_r.classes import s3_class
    from .for_r.errors import remember_error
    from .for_r.super import RSuper
    from .values import convert, handle

    add_to_callbacks(stages.members)
    condition.given.update(core=core, r_function=r_function)
    function.provided["telling_lost_state"] = telling_lost_state
    # Pickles that were written when these modules had other names are read, too.
    sys.modules |= {f"{__package__}.robject": handle, f"{__package__}.condition": condition}
    core.attach(
        handle_type=handle.RObject,
        from_r=condition.from_r,
        from_error_text=condition.from_error_text,
        remember_error=remember_error,
        jump_type=condition.RJump,
        error_type=condition.RError,
        converter_of=convert.converter_of,
        by_method=convert.by_method,
        convert_array=convert.convert_array,
        convert_classed=handle.convert_classed,
        make_function=function.make_function,
        class_names=s3_class,
        super_type=RSuper,
        make_private=private.make_private,
        private_table=private.table,
        from_hook=from_hook,
        argument_names=argument_names,
        write_console=output.write_console,
        has_terminal=output.has_terminal,
        report_wait=output.report_wait,
        missing_attribute=missing_attribute,
        last_module=vars(core),
        missing=MISSING,
    )


# What R calls beyond for_r/: {function: module}, imported when R first calls it.
_PROVIDED = {
    "any_class": "toolbox.check",
    "any_object": "toolbox.check",
    "attributes_of": "toolbox.check",
    "array_as_text": "training.state_file",
    "array_of_text": "training.state_file",
    "build_class": "classes.builder",
    "docstring": "bridge.roxygen",
    "imported_class": "toolbox.check",
    "is_unknown_class": "toolbox.check",
    "stand_in_class": "toolbox.check",
    "exception_text": "surface.error_text",
    "by_rule": "values.request",
}


def _attach_r(core) -> None:
    from .bridge import host, r_functions, random_seed, rpy2_edge
    from .for_r import functions

    functions.provide({name: f"{__package__}.{module}" for name, module in _PROVIDED.items()})
    symbols = core.evaluate("new.env()")
    core.define_symbols(symbols)
    _r(core, "function(env, module) env$for_r <- module")(symbols, functions)
    _r(core, "function(env) env$for_r_proxies <- .Call(env$core_proxy, env$for_r, FALSE)")(symbols)
    if hosted.is_hosted():
        _r(core, "function(env) asNamespace('pyclassbridge')$take_symbols(env)")(symbols)
        r_functions.namespace = core.evaluate("asNamespace('pyclassbridge')")
    else:
        r_functions.namespace = _made_namespace(core, symbols)
    core.attach_r(_r_places(core))
    r_functions.r_function("replace_sleep" if hosted.is_hosted() else "install_handlers")()
    random_seed.seed_forked_children()
    for kind in (RecursionError, MemoryError):
        # R keeps the class, and knows it when Python can call nothing more.
        core.to_r(kind())
    if hosted.is_hosted():
        host.take_over()
        rpy2_edge.take_over_when_imported()
    else:
        rpy2_edge.take_over()


def _attach_pickling(core) -> None:
    """What picklers ask; travel/ is imported when they do."""
    import copyreg

    from .bridge.module_name import ModuleName, Reference
    from .classes.pickles import Hidden
    from .values import handle

    def later(module: str, name: str):
        return lambda x: getattr(import_module(f"{__package__}.{module}"), name)(x)

    by_definition = later("travel.definitions", "reduced_name")
    by_import = later("imports.pickles", "reduced_name")

    def reduced_name(name):
        module = sys.modules.get(name)
        return by_import(module) if isinstance(module, ModuleType) else by_definition(name)

    ModuleName.reduce = staticmethod(reduced_name)
    Reference.reduce = staticmethod(later("travel.definitions", "reduced_reference"))
    Hidden.reduce = staticmethod(later("travel.pack", "reduced_hidden"))
    handle.given["reduced"] = later("travel.pack", "reduced_handle")
    copyreg.pickle(core.Function, later("travel.definitions", "reduced_function"))


def _made_namespace(core, symbols):
    namespace_code = Path(__file__).with_name("bridge").joinpath("namespace.R").read_text()
    make = _r(
        core, f"local({{ {namespace_code}\nfunction(dir, env) make_namespace(dir, as.list(env)) }})"
    )
    return make(os.fspath(r_sources()), symbols)


def _collect_cycles(core) -> None:
    """Objects that Python and R hold in a circle are freed after a full collection of Python's."""

    def collected(phase, info):
        if phase == "stop" and info["generation"] == 2:
            core.collect_cycles()

    gc.callbacks.append(collected)


def _r(core, code: str):
    """An R function given as text, for the start; its result is a handle."""
    return core.Function(core.evaluate(code), "start", (), (), 0, as_handle=True)


def _r_places(core) -> dict:
    from .bridge import r_functions

    pick = _r(core, "function(ns, name) get(name, envir = ns)")
    ns = r_functions.namespace
    calls = _r(core, "function(ns, which) ns$handler_calls()[[which]]")
    places = {"ns": ns, "classed_value": pick(ns, "classed_value")}
    places["methods"] = pick(ns, ".__S3MethodsTable__.")
    places["guard_env"] = core.evaluate("baseenv()")
    for which in ("chained", "isolated", "stacks", "abort", "cat", "hides"):
        places[f"{which}_call"] = calls(ns, which)
    places["super_model"] = core.evaluate("structure(0L, class = 'python.builtin.super')")
    places["super"] = pick(ns, "super_template")
    places["callable"] = pick(ns, "callable_template")
    return places
