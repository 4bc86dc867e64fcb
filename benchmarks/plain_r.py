"""A metric in plain R: what a batch costs beside an empty function of NumPy that the backend calls,
and what an epoch costs beside one without the metric.

All is measured in one run, on each backend that is installed. The function of NumPy is called by
`tf.numpy_function`, `tf.py_function` and `jax.pure_callback`. R's numbers are in its own memory,
so it can't do without one copy of both arrays, as R itself makes copies; NumPy's copy into the type
and the order of R's numbers is shown beside it. Epochs are paired; the figure is the median of the
pairs' ratios. R's own time is that of the calls of the metric's function, measured in R.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import statistics
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

STEPS, BATCH, PAIRS = 500, 64, 7
AFTER_STEP, IN_STEP = "R after the step", "R in the step"
SHAPES = {"32": (32, 1), "4096 x 10": (4096, 10)}


def main() -> None:
    if "KERAS_BACKEND" in os.environ:
        measure()
        return
    for backend in ("tensorflow", "jax", "torch"):
        if importlib.util.find_spec(backend) is not None:
            environment = {**os.environ, "KERAS_BACKEND": backend}
            subprocess.run([sys.executable, __file__], env=environment, check=True)


def measure() -> None:
    import keras
    from measure import microseconds, table, times

    import pyclass_bridge

    backend = keras.config.backend()
    module = importlib.import_module(backend)
    rows = []
    for shown, shape in SHAPES.items():
        costs = {name: per_batch(call, shape) for name, call in callers(backend).items()}
        least = min(cost for name, cost in costs.items() if not name.startswith("R"))
        rows += [(f"{shown}: {name}", microseconds(costs[name]), "", "") for name in costs]
        copy = per_copy(shape)
        added = microseconds(costs[AFTER_STEP] - least - copy)
        rows.append((f"{shown}: a copy of both in R", microseconds(copy), "", ""))
        converted = microseconds(per_conversion(shape))
        rows.append((f"{shown}: a copy of both in NumPy, as R has numbers", converted, "", ""))
        over = "over the quickest of NumPy and one copy"
        rows.append((f"{shown}: {AFTER_STEP}, {over}", added, "", "<= 20 us"))
    epochs = {
        'epoch, over = "batch"': ("batch", "<= 1.10x"),
        'epoch, over = "epoch", without R\'s own time': ("epoch", "<= 1.02x"),
    }
    for name, (over, target) in epochs.items():
        rows.append((name, "", times(epoch_ratio(over)), target))
    r = pyclass_bridge.r("paste(R.version$major, R.version$minor, sep = '.')")
    versions = f"R {r}, Python {platform.python_version()}, Keras {keras.__version__}"
    table(f"plain R on {backend} {module.__version__} ({versions})", rows)


# ---- a batch -------------------------------------------------------------------------------------


def callers(backend: str) -> dict:
    """Functions of a shape that give a compiled function of two arrays, each calling another empty
    function for a batch."""
    return {"tensorflow": _of_tensorflow, "jax": _of_jax, "torch": _of_torch}[backend]()


def r_metric(over: str = "batch"):
    import pyclass_bridge

    return pyclass_bridge.r(f'metric_r("empty", function(y_true, y_pred) 1, over = "{over}")')


def in_r(metric):
    """A function that calls R for a batch in compiled code, without the variables of the metric."""
    outputs = [((1,), "float32"), ((), "float32"), ((), "int32")]

    def call(y, p):
        return metric._r_host.call(metric._add, [y, p, metric._batches.value], outputs, pure=False)[
            1
        ]

    return call


def after(compiled, metric):
    """The call of R for a batch after compiled code, which returns its tensors."""

    def call(y, p):
        metric.receive(compiled(y, p))

    return call


def _of_tensorflow() -> dict:
    import numpy as np
    import tensorflow as tf

    one = np.float32(1)

    def compiled(function):
        return tf.function(function, autograph=False), tf.constant

    outputs = tf.function(lambda y, p: (y + 0, p + 0), autograph=False)
    return {
        "tf.numpy_function": compiled(
            lambda y, p: tf.numpy_function(lambda y, p: one, [y, p], tf.float32)
        ),
        "tf.py_function": compiled(
            lambda y, p: tf.py_function(lambda y, p: one, [y, p], tf.float32)
        ),
        IN_STEP: compiled(in_r(r_metric())),
        AFTER_STEP: (after(outputs, r_metric()), tf.constant),
    }


def _of_jax() -> dict:
    import jax
    import numpy as np

    shape = jax.ShapeDtypeStruct((), "float32")

    def empty(y, p):
        np.asarray(y), np.asarray(p)
        return np.float32(1)

    def compiled(function):
        run = jax.jit(function)
        return lambda y, p: jax.block_until_ready(run(y, p)), jax.numpy.asarray

    outputs = jax.jit(lambda y, p: (y + 0, p + 0))
    return {
        "jax.pure_callback": compiled(lambda y, p: jax.pure_callback(empty, shape, y, p)),
        "jax io_callback, ordered": compiled(
            lambda y, p: jax.experimental.io_callback(empty, shape, y, p, ordered=True)
        ),
        IN_STEP: compiled(in_r(r_metric())),
        AFTER_STEP: (after(outputs, r_metric()), jax.numpy.asarray),
    }


def _of_torch() -> dict:
    import numpy as np
    import torch

    def empty(y, p):
        return torch.tensor(np.float32(len(y.numpy()) + len(p.numpy())))

    outputs = after(lambda y, p: (y, p), r_metric())
    return {"a call": (empty, torch.asarray), AFTER_STEP: (outputs, torch.asarray)}


def per_batch(caller, shape) -> float:
    import numpy as np
    from measure import per_call

    run, tensor = caller
    y, p = (tensor(np.random.default_rng(i).random(shape, "float32")) for i in range(2))
    return per_call(run, y, p, n=300, rounds=9)


def per_copy(shape) -> float:
    """What it costs R to copy two vectors of its doubles, of so many elements each."""
    import math

    from measure import per_call

    import pyclass_bridge

    code = """function(size) {
      y <- numeric(size)
      function(times) for (i in seq_len(times)) { y + 0; y + 0 }
    }"""
    copy, times = pyclass_bridge.r(code)(math.prod(shape)), 300
    return per_call(copy, times, n=1, rounds=9) / times


def per_conversion(shape) -> float:
    """What it costs NumPy to copy two arrays of a backend's numbers into doubles by columns."""
    import numpy as np
    from measure import per_call

    a = np.zeros(shape, "float32")
    return 2 * per_call(lambda: np.array(a, dtype="float64", order="F"), n=300, rounds=9)


# ---- an epoch ------------------------------------------------------------------------------------


def fitted(metrics: list):
    """A function that trains for one epoch and gives the seconds."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(size=(STEPS * BATCH, 100)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model = keras.Sequential(
        [*(keras.layers.Dense(512, "relu") for _ in range(3)), keras.layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="mse", metrics=metrics)
    model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)

    def seconds() -> float:
        start = time.perf_counter()
        model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
        return time.perf_counter() - start

    return seconds


def epoch_ratio(over: str) -> float:
    """The median ratio of an epoch with the metric and one without."""
    import pyclass_bridge

    spent = pyclass_bridge.r(
        f"""
        local({{
          spent <- 0
          f <- function(y_true, y_pred) {{
            start <- proc.time()[[3L]]
            on.exit(spent <<- spent + proc.time()[[3L]] - start)
            stats::median(abs(y_true - y_pred))
          }}
          list(metric_r("median", f, over = "{over}"), function() {{
            last <- spent
            spent <<- 0
            last
          }})
        }})
        """
    )
    metric, r_seconds = spent
    with_r, without = fitted([metric]), fitted([])
    r_seconds()
    ratios = []
    for pair in range(PAIRS):
        own = with_r() if pair % 2 else None
        other = without()
        own = with_r() if own is None else own
        own -= r_seconds() if over == "epoch" else 0
        ratios.append(own / other)
    return statistics.median(ratios)


if __name__ == "__main__":
    main()
