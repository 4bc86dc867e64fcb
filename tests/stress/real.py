"""What calls R from threads of its own: TensorFlow, JAX, workers of Keras, and rpy2 beside all.

    python tests/stress/real.py [rounds]

Prints a figure for each situation; status 1 if a round has not given what it should. Each backend
has a process of its own, in which another thread uses rpy2 all the time. A situation that does not
end in time is a failing figure: its process is ended, and the next situation starts in a new one.
100 rounds take two minutes.
"""

from __future__ import annotations

import faulthandler
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from report import figure, status

TIME_LIMIT = 180  # seconds of a situation
BATCHES = 5

DEFINITIONS = """
twice <- function(x) 2 * as.numeric(x)
add <- function(x, by = 1) as.numeric(x) + by

Counter %py_class% {
  initialize <- function(from = 0) {
    self$n <- from
    private$steps <- 0
  }
  step <- function(by) {
    private$steps <- private$steps + 1
    self$n <- self$n + as.numeric(by)
    self$n
  }
  steps <- function() private$steps
}

Slower(Counter) %py_class% {
  step <- function(by) super$step(as.numeric(by) / 2)
}

Batches(keras$utils$PyDataset) %py_class% {
  initialize <- function(from, n, ...) {
    super$initialize(...)
    self$from <- from
    self$n <- n
  }
  `__len__` <- function() as.integer(self$n)
  `__getitem__` <- function(index) {
    x <- matrix(self$from + 10 * index + 0:3, 4, 1)
    list(x, x * 2)
  }
}

Records <- Callback("Records",
  initialize = function(async = FALSE) {
    super$initialize()
    self$async_safe <- async
    private$losses <- numeric()
    private$seen <- 0
  },
  on_train_batch_end = function(batch, logs = NULL) {
    private$losses[[batch]] <- logs$loss
    private$seen <- private$seen + 1
  },
  on_epoch_end = function(epoch, logs = NULL) list(doubled = 2 * logs$loss),
  result = function() list(seen = private$seen, losses = private$losses)
)
list(
  twice = twice, add = add, Counter = Counter, Slower = Slower, Batches = Batches,
  Records = Records
)
"""


# ---- situations of TensorFlow and JAX ------------------------------------------------------------


def from_generator(ns):
    """Four generators at once, each of R functions and an R object, on TensorFlow's threads."""
    import tensorflow as tf

    def part(start):
        counter = ns["Slower"](float(start))
        for i in range(8):
            yield counter.step(2.0 * i) + ns["add"](float(i), by=0.5)

    def one_dataset(start):
        signature = tf.TensorSpec((), tf.float64)
        return tf.data.Dataset.from_generator(part, args=(start,), output_signature=signature)

    def one_round(number):
        starts = [100.0 * k + number for k in range(4)]
        data = tf.data.Dataset.from_tensor_slices(starts)
        data = data.interleave(one_dataset, cycle_length=4, num_parallel_calls=4).prefetch(4)
        right = [s + sum(range(i + 1)) + i + 0.5 for s in starts for i in range(8)]
        return sorted(float(x) for x in data) == sorted(right)

    return one_round


def py_function(ns):
    """R functions and a method in a mapped data set, and in a graph."""
    import tensorflow as tf

    def mapped(x):
        y = tf.py_function(ns["twice"], [x], tf.float64)
        return tf.py_function(ns["add"], [y], tf.float64)

    def one_round(number):
        x = [float(number + k) for k in range(12)]
        data = tf.data.Dataset.from_tensor_slices(tf.constant(x, tf.float64))
        found = [float(y) for y in data.map(mapped, num_parallel_calls=4)]
        first = graph_once(float(number))
        return found == [2 * y + 1 for y in x] and first == number + 6

    def graph_once(x):
        counter = ns["Counter"](0.0)

        @tf.function
        def call(x):
            x = tf.py_function(ns["add"], [x, tf.constant(6.0, tf.float64)], tf.float64)
            return tf.py_function(counter.step, [x], tf.float64)

        return float(call(tf.constant(x, tf.float64)))

    return one_round


def io_callback(ns):
    """R functions and a method called by compiled code, in order and in no order."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax.experimental import io_callback as call_host

    shape = jax.ShapeDtypeStruct((), jnp.float32)
    counters = {}

    def step(number, x):
        counter = counters.setdefault(int(number), ns["Counter"](0.0))
        return np.float32(counter.step(float(x)))

    def numbers(f):
        return lambda x: np.float32(f(x))

    @jax.jit
    def ordered(number, xs):
        def body(carry, x):
            y = call_host(step, shape, number, x, ordered=True)
            return carry + y, y

        return jax.lax.scan(body, 0.0, xs)

    @jax.jit
    def unordered(x):
        a = call_host(numbers(ns["twice"]), shape, x)
        b = call_host(ns["add"], shape, x)  # which reads an array of JAX in R
        return a + b, jax.pure_callback(numbers(ns["twice"]), shape, a)

    def one_round(number):
        xs = np.arange(10, dtype="float32") + number
        total, sums = ordered(number, xs)
        a, b = unordered(np.float32(number))
        right = np.cumsum(xs)
        return (
            np.array_equal(sums, right)
            and float(total) == right.sum()
            and (float(a), float(b)) == (3 * number + 1, 4 * number)
            and counters.pop(number).steps() == 10
        )

    return one_round


# ---- situations of Keras -------------------------------------------------------------------------


def new_model():
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer=keras.optimizers.SGD(1e-5), loss="mse")
    return model


def fits(ns, model, number, is_async=False) -> bool:
    """One fit with a callback of R: did it see each batch, and are its logs in the history?"""
    import numpy as np

    callback = ns["Records"](is_async)
    x = np.full((4 * BATCHES, 1), 1.0 + number % 7)
    y = x * 2
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    history = model.fit(x, y, batch_size=4, verbose=0, callbacks=[callback]).history
    found = callback.result()
    losses = found["losses"]
    # Keras gives the mean of the losses up to this batch.
    return (
        found["seen"] == BATCHES
        and np.isclose(losses[0], x[0, 0] ** 2, rtol=1e-5)
        and all(a > b for a, b in itertools.pairwise(losses))
        and np.isclose(losses[-1], history["loss"][0], rtol=1e-6)
        and np.isclose(history["doubled"][0], 2 * history["loss"][0], rtol=1e-6)
    )


def async_safe_callback(ns):
    """Keras calls its hooks on threads of a pool."""
    model = new_model()
    return lambda number: fits(ns, model, number, is_async=True)


def py_dataset_workers(ns):
    """An R class that makes the batches, on four threads of Keras."""
    import numpy as np

    model = new_model()

    def one_round(number):
        data = ns["Batches"](float(number), BATCHES, workers=4, max_queue_size=4)
        model.set_weights([np.ones((1, 1)), np.zeros(1)])
        found = model.predict(data, verbose=0).ravel()
        right = [number + 10 * i + k for i in range(BATCHES) for k in range(4)]
        callback = ns["Records"]()
        loss = model.fit(data, verbose=0, callbacks=[callback]).history["loss"][0]
        return (
            found.tolist() == right and callback.result()["seen"] == BATCHES and np.isfinite(loss)
        )

    return one_round


def two_fits_in_two_threads(ns):
    models = [new_model(), new_model()]
    pool = ThreadPoolExecutor(2)

    def one_round(number):
        runs = [pool.submit(fits, ns, models[k], number + k) for k in range(2)]
        return all([run.result() for run in runs])

    return one_round


SITUATIONS = {
    "tensorflow": {
        "from_generator": from_generator,
        "py_function": py_function,
        "PyDataset workers": py_dataset_workers,
        "async-safe callback": async_safe_callback,
        "two fits in two threads": two_fits_in_two_threads,
    },
    "jax": {
        "io_callback": io_callback,
        "PyDataset workers": py_dataset_workers,
        "async-safe callback": async_safe_callback,
        "two fits in two threads": two_fits_in_two_threads,
    },
}


# ---- rpy2 ----------------------------------------------------------------------------------------


class Rpy2Beside(threading.Thread):
    """Uses rpy2 until `stop()`; `rounds` are those that it has made, `wrong` what was wrong."""

    def __init__(self):
        super().__init__(daemon=True)
        self.rounds, self.wrong, self.ends = 0, [], threading.Event()

    def run(self):
        import rpy2.robjects as robjects

        with robjects.default_converter.context():
            while not self.ends.wait(0.002):
                try:
                    is_right = self.one_round(robjects, self.rounds) or "other values"
                except Exception as error:
                    is_right = repr(error)
                if is_right is not True:
                    self.wrong.append(f"round {self.rounds}: {is_right}")
                self.rounds += 1

    def one_round(self, robjects, i: int) -> bool:
        numbers = robjects.FloatVector([i, i + 0.5, i + 1.5])
        named = robjects.ListVector({"a": robjects.IntVector(range(20)), "b": f"text {i}"})
        made = robjects.r(f"list(n = {i}, text = paste('n', {i}), f = function(x) x + {i})")
        return (
            robjects.r["sum"](numbers)[0] == 3 * i + 2
            and list(robjects.r["rev"](numbers)) == [i + 1.5, i + 0.5, i]
            and sum(named.rx2("a")) == 190
            and named.rx2("b")[0] == f"text {i}"
            and made.rx2("n")[0] == i
            and made.rx2("text")[0] == f"n {i}"
            and made.rx2("f")(1)[0] == i + 1
        )

    def stop(self) -> None:
        self.ends.set()
        self.join(30)


# ---- the process of a backend --------------------------------------------------------------------


def say(**row) -> None:
    print(json.dumps(row), flush=True)


def in_this_process(backend: str, rounds: int, names: list[str]) -> None:
    """Runs these situations; prints a line of JSON for each, and one of rpy2's after each."""
    faulthandler.enable()
    faulthandler.dump_traceback_later(TIME_LIMIT, exit=True)
    import keras  # noqa: F401

    import pyclass_bridge

    threading.stack_size(4 * 1024 * 1024)
    ns = pyclass_bridge.r("library(pyclassbridge)\n" + DEFINITIONS)
    for name in names:
        faulthandler.dump_traceback_later(TIME_LIMIT, exit=True)
        beside = Rpy2Beside()
        beside.start()
        start = time.monotonic()
        one_round, wrong = SITUATIONS[backend][name](ns), []
        for number in range(rounds):
            try:
                is_right = bool(one_round(number)) or "other values"
            except Exception as error:
                is_right = repr(error)[:300]
            if is_right is not True:
                wrong.append(f"round {number}: {is_right}")
        beside.stop()
        say(
            name=name,
            right=rounds - len(wrong),
            wrong=wrong[:3],
            seconds=time.monotonic() - start,
            rpy2=beside.rounds,
            rpy2_wrong=beside.wrong[:3],
            rpy2_count=len(beside.wrong),
        )
    faulthandler.cancel_dump_traceback_later()
    sys.stdout.flush()
    os._exit(0)  # pools of TensorFlow may still hold generators


def results_of(backend: str, rounds: int) -> list[dict]:
    """A row for each situation of the backend."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment = {**quiet, **os.environ, "KERAS_BACKEND": backend}
    rows, left = [], list(SITUATIONS[backend])
    while left:
        command = [sys.executable, __file__, "in_this_process", backend, str(rounds), *left]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                env=environment,
                timeout=TIME_LIMIT * (len(left) + 1),
            )
            out, err, code = done.stdout, done.stderr, done.returncode
        except subprocess.TimeoutExpired as late:
            out, err, code = (late.stdout or b"").decode(), (late.stderr or b"").decode(), None
        found = [json.loads(line) for line in out.splitlines() if line.startswith('{"name"')]
        rows += found
        left = left[len(found) :]
        if left:
            how = "did not end in time" if "Timeout (" in err or code is None else f"status {code}"
            print(f"{backend}, {left[0]}: {how}\n{err[-6000:]}", file=sys.stderr)
            rows.append({"name": left.pop(0), "right": 0, "wrong": [how], "seconds": 0, "rpy2": 0})
    return rows


def main(rounds: int = 100) -> int:
    start = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(SITUATIONS, pool.map(results_of, SITUATIONS, [rounds] * 2), strict=True))
    beside, beside_wrong = 0, []
    for backend, rows in found.items():
        for row in rows:
            seen = f"{row['right']} of {rounds} in {row['seconds']:.0f} s"
            seen += "".join(f"; {text}" for text in row["wrong"])
            item = f"{row['name']}, {backend}"
            figure(item, f"{rounds} of {rounds}", seen, row["right"] == rounds)
            beside += row["rpy2"]
            beside_wrong += [f"{item}: {text}" for text in row.get("rpy2_wrong", [])]
    seen = f"{beside - len(beside_wrong)} of {beside}" + "".join(f"; {w}" for w in beside_wrong[:3])
    figure(
        "rpy2 in a thread beside all",
        "all right, 100 rounds and more",
        seen,
        not beside_wrong and beside >= min(100, 10 * rounds),
    )
    print(f"{time.monotonic() - start:.0f} s")
    return status()


if __name__ == "__main__":
    if sys.argv[1:2] == ["in_this_process"]:
        in_this_process(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    else:
        sys.exit(main(*map(int, sys.argv[1:2])))
