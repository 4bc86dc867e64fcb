"""plot(history): files without a screen, panels, arguments; with ggplot2 and with base graphics."""

from __future__ import annotations

import os
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

MAKE = """
made <- function(n = 6, metrics = "loss", validation = TRUE, every = 1) {
  curve <- function(name) as.list(exp(-seq_len(n) / 3) + nchar(name))
  all <- c(metrics, if (validation) paste0("val_", metrics))
  values <- setNames(lapply(all, curve), all)
  for (name in all[startsWith(all, "val_")]) {
    values[[name]] <- values[[name]][seq_len(n) %% every == 0]
  }
  pyclassbridge:::training_history(
    list(params = list(epochs = n), metrics = values, epoch = as.list(seq_len(n)))
  )
}
"""
NAMES = ["loss", "accuracy", "auc", "recall", "a_long_name_" * 5, "f1", "mae", "mse", "top_k"]


@pytest.fixture
def drawn(r, tmp_path):
    """The picture that R code draws: an array of pixels."""

    def draw(code, width=420, height=300):
        path = tmp_path / "h.png"
        r(MAKE)
        r(
            "png(path, width, height)\ntryCatch({" + code + "}, finally = invisible(dev.off()))",
            path=str(path), width=width, height=height,
        )  # fmt: skip
        pixels = matplotlib.image.imread(path)
        assert pixels.shape[:2] == (height, width)
        return pixels

    return draw


@pytest.fixture
def ggplot2(r):
    if not r("requireNamespace('ggplot2', quietly = TRUE)"):
        pytest.skip("ggplot2 is not installed")


def share(pixels, colour) -> float:
    """The share of the picture in which this colour is, or nearly."""
    wanted = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return float(np.mean(np.all(np.abs(pixels[:, :, :3] - wanted) < 0.06, axis=2)))


TRAINING, VALIDATION = "#1f77b4", "#d9541a"


@pytest.mark.parametrize(
    ("n", "grid"),
    [(1, [1, 1]), (2, [2, 1]), (3, [3, 1]), (4, [2, 2]), (5, [3, 2]), (6, [3, 2]), (9, [3, 3])],
)
def test_the_grid_wastes_no_row(r, n, grid):
    assert r("function(n) pyclassbridge:::panel_grid(n)")(n) == grid


@pytest.mark.parametrize("size", [(420, 300), (216, 216), (1000, 250)])
@pytest.mark.parametrize("n", [1, 4, 9])
def test_base_draws_every_number_of_metrics_on_every_page(drawn, r, n, size):
    names = ", ".join(f'"{name}"' for name in NAMES[:n])
    pixels = drawn(f"plot(made(metrics = c({names})), method = 'base')", *size)
    assert share(pixels, TRAINING) > 0 and share(pixels, VALIDATION) > 0


@pytest.mark.parametrize("method", ["base", "ggplot2"])
@pytest.mark.parametrize(
    "history",
    [
        "made(1)",
        "made(200)",
        "made(20, every = 5)",
        "{ h <- made(8); h$metrics$loss[c(2, 5)] <- c(NaN, Inf); h }",
        "{ h <- made(8); h$metrics$loss[] <- NaN; h }",
    ],
)
def test_histories_of_every_kind(drawn, request, recwarn, method, history):
    if method == "ggplot2":
        request.getfixturevalue("ggplot2")
    pixels = drawn(f"h <- {history}; print(plot(h, method = '{method}'))")
    assert share(pixels, VALIDATION) > 0
    assert not [w for w in recwarn if "plot" in str(w.message) or "span" in str(w.message)]


def test_a_value_that_is_not_finite_leaves_a_gap(drawn):
    whole = drawn("plot(made(60, validation = FALSE), method = 'base')")
    gap = drawn(
        "h <- made(60, validation = FALSE); h$metrics$loss[20:50] <- NaN; plot(h, method = 'base')"
    )
    assert share(whole, VALIDATION) == 0
    assert 0 < share(gap, TRAINING) < 0.8 * share(whole, TRAINING)


def test_parameters_of_base_graphics(drawn, r):
    pixels = drawn("plot(made(validation = FALSE), method = 'base', col = '#00ff00', lwd = 5)")
    assert share(pixels, "#00ff00") > 0.005 and share(pixels, TRAINING) == 0
    changed = r(
        MAKE + "pdf(NULL); before <- par(no.readonly = TRUE); plot(made(), method = 'base');"
        "same <- identical(before, par(no.readonly = TRUE)); invisible(dev.off()); same"
    )
    assert changed is True


def test_what_plot_gives(r, ggplot2):
    assert r(MAKE + "inherits(plot(made()), 'ggplot')")
    assert r("pdf(NULL); d <- plot(made(), method = 'base'); dev.off(); is.data.frame(d)")
    layers = r(
        "function(...) as.list(vapply(plot(made(12), ...)$layers, "
        "function(l) class(l$geom)[[1]], '', USE.NAMES = FALSE))"
    )
    assert layers() == ["GeomPoint", "GeomSmooth"]
    assert layers(smooth=False) == ["GeomLine", "GeomPoint"]
    both = "made(metrics = c('loss', 'mae'))"
    assert r(f"levels(plot({both}, metrics = c('mae', 'loss'))$data$metric)") == ["mae", "loss"]
    background = r("function(...) plot(made(), ...)$theme$panel.background$fill")
    assert background(theme_bw=True) == "white"
    r("old <- options(keras.plot.history.smooth = FALSE, keras.plot.history.theme_bw = TRUE)")
    assert layers() == ["GeomLine", "GeomPoint"] and background() == "white"
    r("options(old)")


def test_mistakes_are_named(r):
    said = r("function(x, ...) tryCatch(plot(x, ...), error = conditionMessage)")
    history = r(MAKE + "made(metrics = c('loss', 'mae'))")
    assert said(history, metrics="nope") == (
        "plot(): the history has no metric `nope`; it has `loss`, `mae`."
    )
    empty = r("h <- made(); h$metrics <- list(); h$epoch <- integer(); h")
    assert said(empty) == "plot(): the history has no epoch to show."


def test_without_ggplot2_base_draws(r):
    r(MAKE)
    outcome = r(
        """
        ns <- asNamespace("pyclassbridge")
        plot_here <- ns$plot.keras_training_history
        here <- new.env(parent = ns)
        here$requireNamespace <- function(package, ...) FALSE
        environment(plot_here) <- here
        pdf(NULL)
        shown <- withVisible(plot_here(made()))
        said <- tryCatch(plot_here(made(), method = "ggplot2"), error = conditionMessage)
        invisible(dev.off())
        list(is.data.frame(shown$value), shown$visible, said)
        """
    )
    assert outcome == [
        True,
        False,
        'plot(): `method = "ggplot2"` needs the package ggplot2: install it, or take "base".',
    ]


@pytest.mark.parametrize("device", ["svg", "pdf", "jpeg"])
def test_other_devices(r, tmp_path, device):
    path = tmp_path / f"h.{device}"
    r(MAKE)
    r(f"{device}(path); plot(made(), method = 'base'); invisible(dev.off())", path=str(path))
    start = {"svg": b"<?xml", "pdf": b"%PDF", "jpeg": b"\xff\xd8"}[device]
    assert path.read_bytes().startswith(start) and path.stat().st_size > 1000


@pytest.mark.parametrize("ending", ["", "q()", "stop('on purpose')"])
def test_a_script_without_a_device_leaves_a_whole_file(tmp_path, ending):
    (tmp_path / "x.R").write_text(f"{MAKE}plot(made())\nplot(made(), method = 'base')\n{ending}\n")
    subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", "x.R"],
        cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, timeout=60,
    )  # fmt: skip
    (picture,) = tmp_path.glob("pyclass_bridge_plots_*/Rplots.pdf")
    assert picture.read_bytes().rstrip().endswith(b"%%EOF")
