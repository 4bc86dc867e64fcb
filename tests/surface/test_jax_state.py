"""A model on JAX whose data or callbacks fail at any batch has its weights, and trains on.

Of: surface/jax_state.py.
"""

from __future__ import annotations

from support.backends import need
from support.subprocesses import output_of

SCRIPT = """
    import os
    os.environ["KERAS_BACKEND"] = "jax"
    import pyclass_bridge
    pyclass_bridge.r(r'''
      batches <- function(fails, n = 6) {
        i <- 0
        function() {
          i <<- i + 1
          if (i == fails) stop("no batch")
          if (i <= n) list(matrix(i, 4, 1), matrix(1, 4, 1))
        }
      }
      Fails <- Callback("Fails",
        on_test_batch_end = function(batch, logs = NULL) if (batch == 2) stop("no callback"),
        on_predict_batch_end = function(batch, logs = NULL) if (batch == 2) stop("no callback"),
        on_train_batch_end = function(batch, logs = NULL) if (batch == 1) stop("no callback"))
      model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
      compile(model, optimizer_sgd(1e-3), "mse", metrics = "mae")
      weights <- function() as.numeric(unlist(get_weights(model)))
      attempt <- function(expr) tryCatch({ expr; "done" }, error = conditionMessage)
      quiet <- function(f, ...) f(model, ..., verbose = 0)
      fit(model, batches(0), epochs = 1, verbose = 0)
      for (method in c("evaluate", "predict", "fit")) {
        for (fails in 1:6) {
          before <- weights()
          said <- attempt(suppressWarnings(quiet(get(method), batches(fails))))
          stopifnot(grepl("no batch", said), all(is.finite(weights())))
          if (method != "fit") stopifnot(identical(weights(), before))
        }
        said <- attempt(quiet(get(method), batches(0), callbacks = Fails()))
        stopifnot(grepl("no callback", said), all(is.finite(weights())))
      }
      cat(length(fit(model, batches(0), epochs = 1, verbose = 0)$metrics$loss),
        as.numeric(model$optimizer$iterations) > 6, "")

      # The first step of a model that nobody has built.
      model <- keras_model_sequential() |> layer_dense(1)
      compile(model, "sgd", "mse", run_eagerly = FALSE)
      stopifnot(grepl("no callback", attempt(quiet(fit, batches(0), callbacks = Fails()))))
      cat(all(is.finite(weights())))
    ''')
"""


def test_weights_are_there_after_an_exception():
    need("jax")
    assert output_of(SCRIPT).split() == ["1", "TRUE", "TRUE"]
