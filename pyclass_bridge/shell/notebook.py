"""Pictures of R in a Jupyter notebook: what a cell draws is shown below it; a picture that is drawn
again while the cell runs replaces the one before.

The other half is R/shell_notebook.R. R's usual device there writes PNG files into a directory of a
session; after each cell it is closed and its pages are displayed. Devices that the user opens are
left alone.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ..bridge.r_functions import r_function


def _shell():
    """IPython's shell, if this process runs the cells of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


def in_notebook() -> bool:
    """Does this process run the cells of a notebook?"""
    return _shell() is not None


class LivePicture:
    """A picture below the cell that runs; the next one replaces it."""

    def __init__(self):
        self._shown = None

    def show(self, path: str) -> None:
        """Show the PNG file at `path`, which may be deleted afterwards."""
        from IPython.display import Image, display

        picture = Image(data=Path(path).read_bytes(), format="png")
        if self._shown is None:
            self._shown = display(picture, display_id=True)
        else:
            self._shown.update(picture)


_pages: tempfile.TemporaryDirectory | None = None  # where R's usual device writes its pages


def show_pictures() -> None:
    """Show R's pictures from now on, if this process runs the cells of a notebook."""
    global _pages
    shell = _shell()
    if shell is None:
        return
    _pages = tempfile.TemporaryDirectory(prefix="pyclass_bridge_")
    r_function("set_page_device")(_pages.name)
    shell.events.register("post_run_cell", lambda result: show_pages())


def show_pages() -> None:
    """Show the pages that R has drawn since the last time."""
    if _pages is None:
        return
    from IPython.display import Image, display

    r_function("close_page_device")()
    for page in sorted(Path(_pages.name).glob("*.png")):
        display(Image(data=page.read_bytes(), format="png"))
        page.unlink()
