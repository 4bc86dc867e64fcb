"""`import pyclass_bridge.importer` lets Python import R files: see `enable_imports()`."""

from __future__ import annotations

from .imports.finder import enable_imports

enable_imports()
