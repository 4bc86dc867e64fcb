"""R front ends other than a terminal and Rscript: R's own kernel for Jupyter.

Of: bridge/host.py, core/host.c.
"""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from support.notebooks import run_notebook
from support.r_host import LOAD, environment


@pytest.fixture(scope="module")
def r_kernel(tmp_path_factory):
    """The name of an R kernel that has the package."""
    pytest.importorskip("nbclient", reason="nbclient is not installed")
    has = subprocess.run(["Rscript", "-e", "packageVersion('IRkernel')"], capture_output=True)
    if has.returncode:
        pytest.skip("R's package IRkernel is not installed")
    directory = tmp_path_factory.mktemp("jupyter")
    kernel = directory / "kernels" / "r_of_tests"
    kernel.mkdir(parents=True)
    words = ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]
    spec = {"argv": words, "display_name": "R", "language": "R", "interrupt_mode": "signal"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(KERAS_BACKEND="jax").items():
            patch.setenv(name, value)
        patch.setenv("JUPYTER_PATH", str(directory))
        yield kernel.name


def shown(cell) -> list:
    """The outputs of a cell: texts of streams and values, the types of others, errors as text."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(output.text)
        elif output.output_type == "error":
            found.append(f"error: {output.evalue}")
        elif "image/png" in output.data:
            found.append("picture")
        else:
            found.append(output.data["text/plain"])
    return found


CELLS = {
    LOAD: [],
    "cat(1); py_run_string('print(2)'); cat(3)": ["12\n3"],
    "py_eval('[1, 2]')": ["[1] 1 2"],
    "py_run_string('def call(f): return f()')": [],
    "f <- function() stop('oh no')\npy$call(f)": ["error: Error in f(): oh no\n"],
    "py_eval('1 / 0')": ['error: Error in py_eval("1 / 0"): ZeroDivisionError: division by zero\n'],
    "py$call(function() plot(1:3))": ["picture"],
    "py$call(function() { warning('careful'); 3 })": [
        "Warning message in r_function():\n“careful”\n",
        "[1] 3",
    ],
    "A %py_class% { m <- function(x) x + 1 }\nA()$m(2)": ["[1] 3"],
    "t <- import('threading')$Thread(target = function() n <<- 5)": [],
    "t$start(); t$join(); n": ["[1] 5"],
    """model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
    model |> compile(loss = 'mse')
    h <- model |> fit(matrix(1:8 / 8, 4), 1:4, epochs = 2)
    length(h$metrics$loss)""": [pytest.approx, "[1] 2"],
    "plot(h)": ["picture"],
}


def test_cells_of_a_notebook(r_kernel, tmp_path):
    cells = run_notebook(tmp_path, *CELLS, allow_errors=True, kernel=r_kernel)
    for cell, expected in zip(cells, CELLS.values(), strict=True):
        if expected[:1] == [pytest.approx]:  # one line for each epoch
            progress, *rest = shown(cell)
            assert progress.count("\n") == 4 and "\r" not in progress
            assert rest == expected[1:]
        else:
            assert shown(cell) == expected, cell.source


def wait_for(client, request: str, is_it) -> None:
    """Read what the kernel says on this request until what is waited for is said."""
    while True:
        message = client.get_iopub_msg(timeout=40)
        if message["parent_header"].get("msg_id") == request and is_it(message["content"]):
            return


@pytest.mark.parametrize(
    "code", ["py_run_string('import time; time.sleep(60)')", "Sys.sleep(60)", "repeat {}"]
)
def test_the_kernel_is_interrupted(r_kernel, code):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name=r_kernel)
    try:
        client.execute_interactive(LOAD + "invisible(py_eval('1'))", timeout=60)
        request = client.execute(f"cat('begun')\n{code}")
        wait_for(client, request, lambda said: said.get("text") == "begun")
        time.sleep(0.5)
        manager.interrupt_kernel()
        # A request before this one has ended would be given up, too.
        wait_for(client, request, lambda said: said.get("execution_state") == "idle")
        client.get_shell_msg(timeout=40)
        seen = []
        reply = client.execute_interactive(
            "py_eval('6 * 7')", timeout=50, output_hook=lambda m: seen.append(m["content"])
        )
        assert reply["content"]["status"] == "ok"
        assert any(c.get("data", {}).get("text/plain") == "[1] 42" for c in seen)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
