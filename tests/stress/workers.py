"""Many trainings with data made in R on other threads, and metrics and a loss in plain R: does each
end, with the right numbers?

    python tests/stress/workers.py [trainings on each backend]

Prints a figure for each backend, TensorFlow and JAX, each in a process of its own; status 1 if one
fails. In turn the data are a PyDataset with four workers, one whose training is stopped early, one
with an item that fails, `dataset_map(eager = TRUE)`, and a function that gives batches. A training
that does not end within `LIMIT` seconds is a hang: the tracebacks of all threads are printed, and
the process is ended. 1,000 trainings take about five minutes.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
import time

from report import figure, status

LIMIT = 60  # seconds of one training
BACKENDS = ("tensorflow", "jax")

DEFINITIONS = """
pyclassbridge:::use_stand_ins()
library(tfdatasets)
Batches(keras$utils$PyDataset) %py_class% {
  initialize <- function(from, n = 6, fails = -1, ...) {
    super$initialize(workers = 4, max_queue_size = 3, ...)
    self$from <- from
    self$n <- n
    self$fails <- fails
  }
  `__len__` <- function() self$n
  `__getitem__` <- function(index) {
    if (index == self$fails) stop("no item")
    x <- matrix((self$from + 4 * index + 0:3) / 100, 4, 1)
    list(x, 2 * x[, 1])
  }
}
Stops <- Callback("Stops", on_train_batch_end = function(batch, logs = NULL) {
  if (batch == 2) self$model$stop_training <- TRUE
})
model <- keras_model_sequential(input_shape = 1) |> layer_dense(1, kernel_initializer = "ones")
error <- function(y_true, y_pred) mean((y_true - y_pred)^2)
compile(model, optimizer_sgd(1e-3), loss_r(
  function(y_true, y_pred) (y_true - y_pred)^2, function(y_true, y_pred) 2 * (y_pred - y_true)
), list(
  metric_r("of_batches", error), metric_r("of_epoch", error, over = "epoch"),
  metric_mean_squared_error(name = "of_keras")
))
start <- get_weights(model)
loss <- function(data, ...) {
  set_weights(model, start)
  found <- fit(model, data, epochs = 1, verbose = 0, shuffle = FALSE, ...)$metrics
  stopifnot(
    all.equal(found$of_batches, found$of_keras, tolerance = 1e-4),
    all.equal(found$of_epoch, found$of_keras, tolerance = 1e-4)
  )
  found$loss
}
values <- function(from) (from + 0:23) / 100
right <- function(from) loss(matrix(values(from)), y = 2 * values(from), batch_size = 4)
made <- function(from) {
  i <- 0
  function() {
    i <<- i + 1
    x <- matrix((from + 4 * (i - 1) + 0:3) / 100, 4, 1)
    if (i <= 6) list(x, 2 * x[, 1])
  }
}
list(
  right = right,
  workers = function(from) loss(Batches(from), validation_data = Batches(from)),
  stopped = function(from) loss(Batches(from, n = 50), callbacks = Stops()),
  failing = function(from) {
    tryCatch(loss(Batches(from, fails = from %% 6)), error = conditionMessage)
  },
  mapped = function(from) loss(
    range_dataset(0, 24) |>
      dataset_map(eager = TRUE, num_parallel_calls = 2, function(k) {
        x <- (from + k) / 100
        list(array(x, 1), 2 * x)
      }) |>
      dataset_batch(4)
  ),
  batches = function(from) loss(made(from))
)
"""


def is_right(ns, kind: str, number: int) -> bool:
    """One training: is its loss that of the same data in arrays, or its error the right one?"""
    found = ns[kind](float(number))
    if kind == "failing":
        return "no item" in str(found)
    if kind == "stopped":
        return found > 0
    return abs(found - ns["right"](float(number))) < 1e-5


def run(rounds: int) -> None:
    """In the process of a backend: prints how many trainings were right, as JSON."""
    import pyclass_bridge

    ns = pyclass_bridge.r(DEFINITIONS)
    kinds = [kind for kind in ns if kind != "right"]
    right = 0
    for number in range(rounds):
        faulthandler.dump_traceback_later(LIMIT, exit=True)
        kind = kinds[number % len(kinds)]
        if is_right(ns, kind, number):
            right += 1
        else:
            print(f"training {number} ({kind}) is not right", file=sys.stderr)
        print(json.dumps({"done": number + 1, "right": right}), flush=True)
    faulthandler.cancel_dump_traceback_later()


def report(backend: str, rounds: int) -> None:
    """The figure of a backend."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "--here", str(rounds)],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    found = json.loads(lines[-1]) if lines else {"done": 0, "right": 0}
    hangs = int("Timeout" in done.stderr)
    seen = f"{hangs} hangs, {found['right']} of {rounds} right"
    holds = done.returncode == 0 and hangs == 0 and found["right"] == rounds
    seconds = f" in {time.monotonic() - start:.0f} s"
    figure(
        f"{rounds} trainings with data of R, {backend}", "0 hangs, all right", seen + seconds, holds
    )
    if not holds:
        start = max(done.stderr.find("Timeout"), 0)  # the tracebacks of all threads
        print(done.stderr[start : start + 60000])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        run(int(sys.argv[2]))
        sys.exit()
    for name in BACKENDS:
        report(name, int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    sys.exit(status())
