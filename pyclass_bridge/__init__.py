"""R and Python in one process: R classes become live Python classes, and Keras trains with them.

Importing the package starts R in this process, unless R is its host. See `source`,
`r`, `to_r`, `to_python`, `to_rpy2`.
"""

from importlib.metadata import PackageNotFoundError, version

from .start import embed as _embed

try:
    __version__ = version("pyclass-bridge")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0"

_PUBLIC = {
    "RError": "bridge.condition",
    "RParseError": "bridge.condition",
    "RWarning": "bridge.condition",
    "RObject": "values.handle",
    "add_callback": "events.functions",
    "callback_events": "events.functions",
    "checkpoint_state": "training.api",
    "clear_callback": "events.functions",
    "enable_imports": "imports.finder",
    "fit": "training.api",
    "r": "bridge.evaluate",
    "reset_callbacks": "events.functions",
    "run_file": "bridge.evaluate",
    "save_model": "surface.definitions",
    "source": "bridge.source",
    "to_python": "values.values",
    "to_r": "values.values",
    "to_rpy2": "bridge.rpy2_edge",
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from . import session

    session.start()
    value = getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    globals()[name] = value
    return value


def load_ipython_extension(ipython) -> None:
    """`%load_ext pyclass_bridge`: cells of R by `%%R`, lines by `%R`."""
    from .shell import magics

    magics.load(ipython)


def unload_ipython_extension(ipython) -> None:
    """`%unload_ext pyclass_bridge`."""
    from .shell import magics

    magics.unload(ipython)


def __dir__():
    return sorted(__all__)


if not _embed.is_command_line():
    from . import session as _session

    _session.start()
    for _name in _PUBLIC:
        __getattr__(_name)
