"""Runs the cells of a notebook in a kernel of its own."""

from __future__ import annotations

import textwrap

import pytest


def run_notebook(cwd, *cells, allow_errors=False, kernel="python3"):
    """The cells of a notebook, run by a kernel of its own, as a front end shows them. An
    error in a cell is raised unless errors are allowed."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    import nbformat

    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells]
    client = nbclient.NotebookClient(
        notebook,
        timeout=180,
        coalesce_streams=True,
        allow_errors=allow_errors,
        kernel_name=kernel,
        resources={"metadata": {"path": str(cwd)}},
    )
    client.execute()
    return notebook.cells
