"""Pictures of R in a Jupyter notebook: what a cell draws is shown below it.

R's usual device there writes PNG files into a directory of the session; after each cell it is
closed and its pages are displayed. Devices that the user opens stay the user's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from .r_functions import r_function


def show_pictures() -> None:
    """Show R's pictures from now on, if this process runs the cells of a notebook."""
    from IPython import get_ipython

    shell = get_ipython()
    if not hasattr(shell, "kernel"):
        return
    directory = tempfile.TemporaryDirectory(prefix="pyclass_bridge_")
    r_function("set_page_device")(directory.name)
    shell.events.register("post_run_cell", lambda result: _display(directory))


def _display(directory: tempfile.TemporaryDirectory) -> None:
    from IPython.display import Image, display

    r_function("close_page_device")()
    for page in sorted(Path(directory.name).glob("*.png")):
        display(Image(data=page.read_bytes(), format="png"))
        page.unlink()
