"""IPython's `%autoreload` for imported R files. IPython itself looks for files of Python alone.

Before each cell, R files that were edited are loaded again if `%autoreload` is on. Names that other
modules and the user have of their definitions mean the new ones then, and instances get the new
class, unless R's `private` of the old one is theirs.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
import types
import weakref

_times: weakref.WeakKeyDictionary[types.ModuleType, float | None] = weakref.WeakKeyDictionary()


def time_of(path: str) -> float | None:
    """When the file was changed; None if it is not in a folder."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


def remember(module: types.ModuleType, changed: float | None) -> None:
    """The file of `module` was evaluated as it was at this time."""
    _times[module] = changed


def _shell():
    """IPython's shell, if it runs; IPython itself may be on its way to be imported."""
    get = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get and get()


def follow_ipython() -> None:
    """Look for edited files before each cell of IPython, if it runs."""
    shell = _shell()
    if shell and reload_edited not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", reload_edited)


def _is_followed(name: str) -> bool:
    """Does `%autoreload` reload the module, by its mode and what `%aimport` has said?"""
    shell = _shell()
    magics = shell and shell.magics_manager.registry.get("AutoreloadMagics")
    if not magics or not magics._reloader.enabled:
        return False
    reloader = magics._reloader
    return name not in reloader.skip_modules if reloader.check_all else name in reloader.modules


def reload_edited(info=None) -> None:
    """Load the R files again that were edited since they were evaluated. An error is printed, and
    the module is as it was; it is tried again when the file is edited again."""
    for module, before in list(_times.items()):
        now = time_of(module.__file__)
        is_module = sys.modules.get(module.__name__) is module
        if now in (None, before) or not is_module or not _is_followed(module.__name__):
            continue
        _times[module] = now
        try:
            reload_in_place(module)
        except Exception:
            print(f"[autoreload of {module.__name__} failed]", file=sys.stderr)
            traceback.print_exc()


def reload_in_place(module: types.ModuleType) -> None:
    """Reload, and put the new definitions where the old ones are known."""
    old = {name: vars(module).get(name) for name in module.__all__}
    importlib.reload(module)
    for name, before in old.items():
        after = vars(module).get(name)
        if isinstance(before, (type, types.FunctionType)) and type(after) is type(before):
            _replace(before, after)


def _replace(before, after) -> None:
    shell = _shell()
    for holder in gc.get_referrers(before):
        if type(holder) is dict:
            module = sys.modules.get(holder.get("__name__"))
            if vars(module) is holder if module else shell and holder is shell.user_ns:
                for name in [name for name, value in holder.items() if value is before]:
                    holder[name] = after
        elif type(holder) is before and not before.__r_class__.has_private:
            holder.__class__ = after
