"""Functions that run once a module of Python has been imported, whoever imports it.

Nothing is imported for their sake. A finder that stands before Python's own lets these find the
module, and hands it on with a loader that runs the function after theirs. Needs no session.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys


def after_import(name: str, call) -> None:
    """Run `call()` now if the module `name` has been imported, else when it will have been."""
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        call()
    else:
        sys.meta_path.insert(0, _Finder(name, call))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module, as those that come after this finder do."""

    def __init__(self, name: str, call):
        self.name, self.call = name, call
        self.asks = False

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name or self.asks:
            return None
        self.asks = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self.asks = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec


class _Loader(importlib.abc.Loader):
    """The loader of a module, which runs the function of a finder once it has run the module."""

    def __init__(self, loader, finder: _Finder):
        self.loader, self.finder = loader, finder

    def __getattr__(self, name: str):
        return getattr(self.loader, name)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module) -> None:
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        if self.finder in sys.meta_path:
            sys.meta_path.remove(self.finder)
            self.finder.call()
