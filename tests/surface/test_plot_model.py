"""plot(model): pictures on R's devices and in files, with graphviz and without."""

from __future__ import annotations

import os
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

MODELS = """
mlp <- keras_model_sequential(input_shape = 4, name = "mlp") |>
  layer_dense(8, activation = "relu", name = "hidden") |>
  layer_dense(1, name = "out")
deep <- keras_model_sequential(input_shape = 4)
for (i in 1:40) layer_dense(deep, 4)
two <- local({
  a <- layer_input(shape = 4)
  b <- layer_input(shape = NA)
  parts <- list(layer_dense(a, 3), b |> layer_embedding(9, 3) |> layer_lstm(3))
  keras_model(list(a, b), parts |> layer_concatenate() |> layer_dense(1))
})
"""


@pytest.fixture(scope="module")
def r(keras):
    import pyclass_bridge

    pyclass_bridge.r(MODELS)
    return pyclass_bridge.r


@pytest.fixture
def without_graphviz(monkeypatch):
    from pyclass_bridge.surface import graph

    monkeypatch.setattr(graph, "can_use_graphviz", lambda: False)


def pixels(path):
    return matplotlib.image.imread(path)[:, :, :3]


def drawn_on(image) -> float:
    return float(np.mean(np.any(image < 0.98, axis=2)))


@pytest.mark.parametrize("size", [(500, 500), (216, 216), (1000, 250)])
@pytest.mark.parametrize("model", ["mlp", "deep", "two"])
@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_a_device_shows_the_whole_model(r, tmp_path, model, rankdir, size):
    path = tmp_path / "m.png"
    r(
        f"png(path, width, height); plot({model}, show_shapes = TRUE, rankdir = '{rankdir}');"
        "invisible(dev.off())",
        path=str(path), width=size[0], height=size[1],
    )  # fmt: skip
    image = pixels(path)
    assert image.shape[:2] == (size[1], size[0]) and drawn_on(image) > 0.005
    edges = [image[0], image[-1], image[:, 0], image[:, -1]]
    assert all(np.all(edge > 0.98) for edge in edges)


def test_parameters_of_the_device_are_as_before(r):
    assert r(
        "pdf(NULL); before <- par(no.readonly = TRUE); shown <- withVisible(plot(mlp));"
        "same <- identical(before[c('mar', 'oma', 'xpd', 'mfrow')],"
        " par(no.readonly = TRUE)[c('mar', 'oma', 'xpd', 'mfrow')]);"
        "invisible(dev.off()); c(same, !shown$visible, identical(shown$value, mlp))"
    ) == [True, True, True]


STARTS = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml", "jpg": b"\xff\xd8",
          "jpeg": b"\xff\xd8"}  # fmt: skip


@pytest.mark.parametrize("kind", STARTS)
def test_files_of_every_kind(r, tmp_path, without_graphviz, kind):
    path = tmp_path / f"model.{kind}"
    assert r("names(dev.cur())") == "null device"
    r("plot(mlp, to_file = path, show_shapes = TRUE)", path=str(path))
    assert path.read_bytes().startswith(STARTS[kind]) and path.stat().st_size > 1000
    assert r("names(dev.cur())") == "null device"


def test_a_file_is_as_large_as_the_picture_needs(r, tmp_path, without_graphviz):
    def size(model, dpi):
        r(f"plot({model}, to_file = path, dpi = {dpi})", path=str(tmp_path / "m.png"))
        return pixels(tmp_path / "m.png").shape

    small, large, deep = size("mlp", 50), size("mlp", 100), size("deep", 50)
    assert large[0] == pytest.approx(2 * small[0], abs=2)
    assert deep[0] > 10 * small[0] and deep[1] == small[1]


def test_names_and_ranges_reach_the_picture(r, tmp_path, without_graphviz):
    path = tmp_path / "m.svg"
    r("plot(mlp, to_file = path, layer_range = c('out', 'out'))", path=str(path))
    one = path.read_text().count("<path")
    r("plot(mlp, to_file = path)", path=str(path))
    assert path.read_text().count("<path") > one


def test_keras_writes_the_file_where_graphviz_is(r, keras, tmp_path, monkeypatch):
    from pyclass_bridge.surface import graph

    asked = []
    monkeypatch.setattr(graph, "can_use_graphviz", lambda: True)
    monkeypatch.setattr(
        keras.utils, "plot_model", lambda model, **given: asked.append((model.name, given))
    )
    path = str(tmp_path / "m.png")
    r("plot(mlp, to_file = path, show_shapes = TRUE, rankdir = 'LR')", path=path)
    [(name, given)] = asked
    assert name == "mlp"
    assert given == {
        "to_file": path, "show_shapes": True, "show_dtype": False, "show_layer_names": False,
        "rankdir": "LR", "expand_nested": False, "dpi": 200, "show_layer_activations": False,
        "show_trainable": False,
    }  # fmt: skip
    # Keras has no range of layers any more.
    r("plot(mlp, to_file = path, layer_range = c('hidden', 'out'))", path=path)
    assert len(asked) == 1 and os.path.exists(path)


def test_graphviz_itself(r, tmp_path):
    from pyclass_bridge.surface import graph

    if not graph.can_use_graphviz():
        pytest.skip("pydot and graphviz are not both installed")
    r("plot(two, to_file = path, show_shapes = TRUE, dpi = 50)", path=str(tmp_path / "m.png"))
    assert drawn_on(pixels(tmp_path / "m.png")) > 0.05


def test_mistakes_are_named(r, tmp_path):
    said = r("function(...) tryCatch(plot(mlp, ...), error = conditionMessage)")
    assert said(to_file="model.bmp") == (
        "plot(): `to_file` must end in .png, .jpg, .jpeg, .pdf or .svg, unlike `model.bmp`."
    )
    assert said(to_file=str(tmp_path / "no" / "m.png")) == (
        f"plot(): the directory of `to_file` does not exist: {tmp_path / 'no'}"
    )
    assert "has no argument `rankdirs`; did you mean `rankdir`?" in said(rankdirs="LR")
    assert 'plot(): `rankdir` must be "TB", "BT", "LR" or "RL", not "UP".' in said(rankdir="UP")
    unbuilt = r(
        "tryCatch(plot(keras_model_sequential(name = 'chain') |> layer_dense(1)),"
        " error = conditionMessage)"
    )
    assert unbuilt.endswith(
        "plot(): the model `chain` is not built, so it has no graph yet: give it an "
        "`input_shape`, or fit it first."
    )
    assert r("names(dev.cur())") == "null device"


def test_a_script_leaves_the_picture(tmp_path):
    (tmp_path / "x.R").write_text(MODELS + "plot(two)\n")
    subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", "x.R"],
        cwd=tmp_path, check=True, timeout=90, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    (picture,) = tmp_path.glob("pyclass_bridge_plots_*/Rplots.pdf")
    assert picture.read_bytes().rstrip().endswith(b"%%EOF")
