"""Hooks that run when a module is first imported. The other half is R/for_r_hooks.R."""

import importlib.util
import sys


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
    """Call `hook()` once the module `name` is imported; at once if it is imported already."""
    if name in sys.modules:
        hook()
        return
    if _load_hooks not in sys.meta_path:
        sys.meta_path.insert(0, _load_hooks)
    _load_hooks.hooks.setdefault(name, []).append(hook)
