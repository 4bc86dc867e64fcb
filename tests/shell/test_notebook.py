"""R's pictures in a Jupyter notebook: below the cell that draws them, in their order."""

from __future__ import annotations

from base64 import b64decode

from support.notebooks import run_notebook
from support.subprocesses import run_python


def pictures(cell) -> list[bytes]:
    shown = [part.get("data", {}) for part in cell.outputs]
    return [b64decode(data["image/png"]) for data in shown if "image/png" in data]


def test_a_cell_shows_its_pictures_and_leaves_other_devices_alone(tmp_path):
    cells = run_notebook(
        tmp_path,
        "import pyclass_bridge\npyclass_bridge.r('1')",
        "pyclass_bridge.r('plot(1)');",
        "pyclass_bridge.r('plot(1); plot(2:9)');",
        "pyclass_bridge.r('pdf(\"own.pdf\"); plot(1)');",
        "pyclass_bridge.r('invisible(dev.off()); 5')",
    )
    assert [len(pictures(cell)) for cell in cells] == [0, 1, 2, 0, 0]
    first, second = pictures(cells[2])
    assert first.startswith(b"\x89PNG") and second.startswith(b"\x89PNG")
    assert first == pictures(cells[1])[0] and first != second
    assert (tmp_path / "own.pdf").exists() and not (tmp_path / "Rplots.pdf").exists()


def test_a_cell_of_rpy2_may_end_in_a_model():
    done = run_python("""
        import pyclass_bridge
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "rpy2.ipython")
        shell.run_cell_magic("R", "", '''
          library(pyclassbridge)
          model <- keras_model_sequential(input_shape = 4) |> layer_dense(4)
          model
        ''')
    """)
    assert done.returncode == 0, done.stderr
    assert "Total params: 20" in done.stdout
