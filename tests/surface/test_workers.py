"""PyDatasets written in R, and functions that give batches, on Keras' workers and threads: order,
errors, early ends, and what is left of the workers.

Of: surface/workers.py.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from support.backends import ALL, need
from support.subprocesses import run_python

COMMON = """
  library(keras3)
  x <- matrix(seq(-1, 1, length.out = 96), 48)
  y <- x[, 1] * 2
  Batches(keras$utils$PyDataset) %py_class% {
    initialize <- function(fails = -1, n = 12, ...) {
      super$initialize(...)
      self$fails <- fails
      self$n <- n
      private$begun <- 0
    }
    `__len__` <- function() self$n
    `__getitem__` <- function(index) {
      if (index %in% self$fails) stop(structure(
        class = c("mine", "error", "condition"), list(message = "no item", call = sys.call())
      ))
      rows <- 4 * (index %% 12) + 1:4
      list(x[rows, ], y[rows])
    }
    on_epoch_begin <- function() private$begun <- private$begun + 1
    epochs_begun <- function() private$begun
  }
  model <- function() {
    set_random_seed(3)
    model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
    model |> compile(optimizer_sgd(0.1), "mse")
    model
  }
  losses <- function(data, ...) {
    fit(model(), data, shuffle = FALSE, epochs = 2, verbose = 0, ...)$metrics$loss
  }
  same <- function(a, b) stopifnot(isTRUE(all.equal(a, b, tolerance = 1e-5)))
  right <- fit(model(), x, y, shuffle = FALSE, batch_size = 4, epochs = 2, verbose = 0)$metrics$loss
  threading <- import("threading")
  workers_left <- function() {
    names <- vapply(iterate(threading$enumerate(), simplify = FALSE), function(t) t$name, "")
    sum(grepl("^Worker_", names))
  }
  caught <- function(expr) tryCatch({ expr; "no error" }, mine = conditionMessage)
"""

PY_DATASETS = (
    COMMON
    + """
  for (workers in c(0, 1, 4)) for (size in c(1, 10)) {
    batches <- function(...) Batches(..., workers = workers, max_queue_size = size)
    data <- batches()
    same(losses(data, validation_data = batches()), right)
    stopifnot(data$epochs_begun() >= 2)
    trained <- model()
    same(c(predict(trained, data, verbose = 0)), c(predict(trained, x, verbose = 0)))
    same(evaluate(trained, data, verbose = 0), evaluate(trained, x, y, verbose = 0))

    steps <- function(...) losses(Batches(n = 24, ...), steps_per_epoch = 12)
    same(steps(workers = workers, max_queue_size = size), right)
    unbuilt <- keras_model_sequential() |> layer_dense(1, kernel_initializer = "ones")
    same(c(predict(unbuilt, data, verbose = 0)), rowSums(x))

    # An error in an item is R's own, and the model can be used.
    for (fails in c(0, 1, 7, 11)) {
      stopifnot(caught(fit(trained, batches(fails), verbose = 0)) == "no item")
      stopifnot(caught(evaluate(trained, batches(fails), verbose = 0)) == "no item")
      stopifnot(caught(predict(trained, batches(fails), verbose = 0)) == "no item")
    }
    failing <- batches(5)
    stopifnot(caught(fit(trained, data, validation_data = failing, verbose = 0)) == "no item")
    call_of <- function(e) deparse(conditionCall(e))
    said <- tryCatch(fit(trained, batches(5), verbose = 0), mine = call_of)
    stopifnot(grepl("__getitem__", said), grepl("5L", said))

    # A training that ends early leaves no workers.
    stops <- Callback("Stops", on_train_batch_end = function(batch, logs = NULL) {
      if (batch == 2) self$model$stop_training <- TRUE
    })
    breaks <- Callback("Breaks", on_train_batch_end = function(batch, logs = NULL) {
      if (batch == 2) stop("enough")
    })
    fit(trained, batches(n = 200), callbacks = stops(), verbose = 0)
    said <- tryCatch(
      fit(trained, batches(n = 200), callbacks = breaks(), verbose = 0), error = conditionMessage
    )
    stopifnot(grepl("enough", said), workers_left() == 0)
    stopifnot(is.finite(fit(trained, data, epochs = 1, verbose = 0)$metrics$loss))
  }

  # R's values as data.
  Item(keras$utils$PyDataset) %py_class% {
    initialize <- function(item) { super$initialize(workers = 2L); self$item <- function() item }
    `__len__` <- function() 2L
    `__getitem__` <- function(index) self$item()
  }
  one <- fit(model(), rbind(x[1:2, ], x[1:2, ]), c(y[1:2], y[1:2]), batch_size = 2, epochs = 1,
    shuffle = FALSE, verbose = 0)$metrics$loss
  of <- function(item) fit(model(), Item(item), epochs = 1, verbose = 0)$metrics$loss
  same(of(list(x[1:2, ], y[1:2])), one)
  same(of(list(y = y[1:2], x = x[1:2, ])), one)
  same(of(list(x[1:2, ], y[1:2], c(1, 1))), one)
  same(of(list(x[1, , drop = FALSE], y[1])), fit(model(), x[c(1, 1), ], y[c(1, 1)], epochs = 1,
    batch_size = 1, verbose = 0)$metrics$loss)
  for (item in list(list(x[1:2, ], c(1, NA)), list(cbind(c(NA, 1), 1), 1:2))) {
    said <- tryCatch(of(item), error = conditionMessage)
    stopifnot(grepl("item [01] [(]counted from 0[)]: `[xy]` holds NA", said))
  }
  forked <- tryCatch({
    import("multiprocessing")$set_start_method("fork", force = TRUE)
    fit(model(), Batches(workers = 2L, use_multiprocessing = TRUE), verbose = 0)
  }, error = conditionMessage)
  stopifnot(grepl("the class `Batches` is written in R, which forked processes can't run", forked))
  cat(config_backend(), "is right")
"""
)

FUNCTIONS = (
    COMMON
    + """
  batches <- function(fails = 0, n = 12) {
    i <- 0
    function() {
      i <<- i + 1
      if (i == fails) stop(structure(
        class = c("mine", "error", "condition"), list(message = "no batch", call = NULL)
      ))
      rows <- 4 * ((i - 1) %% 12) + 1:4
      if (i <= n) list(x[rows, ], y[rows])
    }
  }
  same(losses(batches(n = 24), steps_per_epoch = 12), right)
  same(losses(py_iterator(batches(n = 24), prefetch = 5L), steps_per_epoch = 12), right)
  trained <- model()
  same(c(predict(trained, batches(), verbose = 0)), c(predict(trained, x, verbose = 0)))
  for (fails in c(1, 2, 3, 12)) {
    stopifnot(caught(fit(trained, batches(fails), epochs = 1, verbose = 0)) == "no batch")
    stopifnot(caught(evaluate(trained, batches(fails), verbose = 0)) == "no batch")
  }
  # A batch that is made ahead and not used may fail.
  fit(trained, batches(fails = 8), epochs = 2, steps_per_epoch = 3, verbose = 0)
  # Batches to validate with: an error is not the end of the data.
  said <- caught(fit(trained, batches(n = 48), epochs = 4, steps_per_epoch = 6, verbose = 0,
    validation_data = batches(fails = 4), validation_steps = 3))
  stopifnot(said == "no batch")
  stopifnot(is.finite(fit(trained, x, y, epochs = 1, verbose = 0)$metrics$loss))
  cat(config_backend(), "is right")
"""
)


@pytest.mark.parametrize("script", ["PY_DATASETS", "FUNCTIONS"])
@pytest.mark.parametrize("backend", ALL)
def test_batches_of_r_on_other_threads(tmp_path, backend, script):
    need(backend)
    (tmp_path / "x.R").write_text(globals()[script])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "pyclass_bridge", "run", "x.R"],
        capture_output=True, text=True, cwd=tmp_path, timeout=300,
        env={**os.environ, "KERAS_BACKEND": backend},
    )  # fmt: skip
    assert done.stdout == f"{backend} is right", done.stderr[-4000:]


def test_ctrl_c_ends_a_training_with_workers_and_the_process():
    done = run_python(
        """
        import pyclass_bridge, keras
        ns = pyclass_bridge.r('''
          Slow(keras$utils$PyDataset) %py_class% {
            initialize <- function(...) super$initialize(workers = 4L)
            `__len__` <- function() 100000L
            `__getitem__` <- function(index) { Sys.sleep(0.01); list(matrix(1, 4, 1), 1:4) }
          }
          model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
          compile(model, "sgd", "mse")
          list(run = function() fit(model, Slow(), verbose = 0))
        ''')
        threading.Timer(2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            ns["run"]()
        except KeyboardInterrupt:
            print("interrupted")
        print(sum(t.name.startswith("Worker_") for t in threading.enumerate()))
        """,
        timeout=120,
    )
    assert done.stdout.split() == ["interrupted", "0"], done.stderr
    assert done.returncode == 0


def test_a_class_of_python_is_watched_as_well(keras):
    import pyclass_bridge

    class Rows(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            if index == 3:
                raise error
            return np.ones((2, 1)), np.ones(2)

    error = KeyError("mine")
    fit = pyclass_bridge.r("function(model, data) fit(model, data, verbose = 0)")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(KeyError) as info:
        fit(model, Rows(workers=2))
    assert info.value is error


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_no_iterator_is_left_to_the_collector(backend):
    need(backend)
    done = run_python(
        """
        import gc
        import pyclass_bridge, keras
        ns = pyclass_bridge.r('''
          model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
          compile(model, "sgd", "mse")
          Stops <- Callback("Stops",
            on_train_batch_end = function(batch, logs) self$model$stop_training <- TRUE)
          Breaks <- Callback("Breaks",
            on_train_batch_end = function(batch, logs = NULL) stop("no"))
          batches <- function(fails) {
            i <- 0
            function() {
              i <<- i + 1
              if (i == fails) stop("no batch")
              if (i < 6) list(matrix(i, 4, 1), 1:4)
            }
          }
          run <- function(fails = 0, ...) try(
            suppressWarnings(fit(model, batches(fails), epochs = 1, verbose = 0, ...)),
            silent = TRUE
          )
          list(run = function() {
            run()
            run(3)
            run(callbacks = Stops())
            run(callbacks = Breaks())
          })
        ''')
        ns["run"]()
        gc.collect()
        gc.disable()
        for _ in range(3):
            ns["run"]()
        names = [type(x).__name__ for x in gc.get_objects()]
        print(names.count("OwnedIterator"), names.count("EpochIterator"))
        """,
        timeout=120,
        KERAS_BACKEND=backend,
    )
    left = [int(n) for n in done.stdout.split()]
    # The last error is remembered, with its frames.
    assert len(left) == 2 and max(left) <= 1, done.stdout + done.stderr
