"""R functions as metrics and losses of compile(): their names in the history, and their values.

Of: training/fit.py, R/training_fit.R.
"""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("metrics", "shown"),
    [
        ("mean_pred", {"mean_pred"}),
        ("list(mean_pred)", {"mean_pred"}),
        ("c('mae', mean_pred)", {"mae", "mean_pred"}),
        ("list(mp = mean_pred)", {"mp"}),
        ("list('mae', mp = mean_pred, metric_mean_squared_error())",
         {"mae", "mp", "mean_squared_error"}),
        ("list(worst = function(y_true, y_pred) op_max(y_pred))", {"worst"}),
        ("list(function(y_true, y_pred) op_max(y_pred))", {"r_function"}),
        ("custom_metric('own', mean_pred)", {"own"}),
        ("list(metric_mean_absolute_error)", {"mean_absolute_error"}),
        ("kept", {"mae"}),
    ],
)  # fmt: skip
def test_r_functions_among_metrics_have_their_names(define, metrics, shown):
    history = define(
        f"""
        mean_pred <- function(y_true, y_pred) op_mean(y_pred)
        kept <- "mae"
        model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
        model |> compile("sgd", "mse", metrics = {metrics})
        model |> fit(matrix(1, 4, 2), 1:4, epochs = 1, verbose = 0)
        """
    )
    assert set(history["metrics"]) == shown | {"loss"}


def test_metrics_of_several_outputs_stay_with_them(define):
    define(
        """
        mean_pred <- function(y_true, y_pred) op_mean(y_pred)
        x <- keras_input(2)
        m <- keras_model(x, list(a = layer_dense(x, 1, name = "p"),
                                 b = layer_dense(x, 1, name = "q")))
        m |> compile("sgd", list(a = "mse", b = "mae"), metrics = list(b = list(mean_pred)))
        """
    )
    history = define("m |> fit(matrix(1, 4, 2), list(a = 1:4, b = 1:4), epochs = 1, verbose = 0)")
    assert any(name.endswith("_mean_pred") for name in history["metrics"])


def test_custom_losses(define):
    losses = define(
        """
        square <- function(y_true, y_pred) op_mean(op_square(y_true - y_pred), axis = -1)
        losses <- lapply(list(square, "mse", loss_mean_squared_error), function(loss) {
          set_random_seed(1)
          model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
          model |> compile("sgd", loss)
          (model |> fit(matrix(1:8, 4), 1:4, epochs = 2, verbose = 0, shuffle = FALSE))$metrics$loss
        })
        """
    )
    assert losses[0] == losses[1] == losses[2]
