"""`import my_callbacks` finds `my_callbacks.R`: the last finder of `sys.meta_path`.

Guarantees: whatever Python finds by itself wins, and where there is no R file Python's own error is
raised. It keeps nothing in mind, so a file is found as soon as it is there.
"""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import sys

from . import autoreload
from .loader import RFileLoader

ENDINGS = (".R", ".r")


class RFileFinder:
    """Finds R files on `sys.path`, and in packages beside the files of Python. `stand_in` is what
    all its modules ask for."""

    def __init__(self, stand_in: bool = False):
        self.stand_in = stand_in

    def __repr__(self) -> str:
        return "<finder of R files>"

    def find_spec(self, fullname: str, path=None, target=None):
        name = fullname.rpartition(".")[2]
        for entry in sys.path if path is None else path:
            if isinstance(entry, str):
                loader = self._loader_in(entry, fullname, name)
                if loader is not None:
                    return importlib.util.spec_from_file_location(
                        fullname, loader.path, loader=loader
                    )
        return None

    def _loader_in(self, entry: str, fullname: str, name: str) -> RFileLoader | None:
        place = os.path.abspath(entry)  # "" is the working directory
        files = [os.path.join(place, name + ending) for ending in ENDINGS]
        if os.path.isdir(place):
            file = next(filter(os.path.isfile, files), None)
            return file and RFileLoader(fullname, file, stand_in=self.stand_in)
        archive = pkgutil.get_importer(place)
        if hasattr(archive, "get_data"):
            for file in files:
                try:
                    archive.get_data(file)
                except OSError:
                    continue
                return RFileLoader(fullname, file, archive, self.stand_in)
        return None


def enable_imports(stand_in: bool = False) -> None:
    """Let Python's `import` find R files: `from my_callbacks import EarlyStop` evaluates
    `my_callbacks.R`, on `sys.path` or in a package, as `source()` does, and makes it a module.

    A file of Python (`my_callbacks.py`, a folder `my_callbacks`) comes before an R file of that
    name. `import pyclass_bridge.importer` calls this function. A line `# pyclass_bridge: stand_in`
    in the comment at the head of a file asks for stand-ins in this file alone.

    Args:
        stand_in: whether the imported files ask for stand-ins: see `source`.

    Raises:
        RError: an import of a file raises the file's own error; `RParseError` when it does not
            parse; `ModuleNotFoundError` when there is no such file.

    Example:
        >>> import sys
        >>> import pyclass_bridge
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> pyclass_bridge.enable_imports()
        >>> with TemporaryDirectory() as directory:
        ...     _ = Path(directory, "my_shapes.R").write_text("area <- function(w, h = w) w * h")
        ...     sys.path.append(directory)
        ...     from my_shapes import area
        ...     sys.path.remove(directory)
        >>> area(3)
        9
    """
    finder = RFileFinder()
    for known in [each for each in sys.meta_path if isinstance(each, RFileFinder)]:
        sys.meta_path.remove(known)
        finder = known
    finder.stand_in = stand_in
    sys.meta_path.append(finder)
    autoreload.follow_ipython()
