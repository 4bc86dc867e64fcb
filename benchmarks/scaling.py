"""R definitions in one and in two worker processes: seconds of each engine, and R's share of them.

The first table is about R functions alone. The others are about trainings with a model, a callback
and a metric in R; they compare the measured times with those of a model, which says what 64 workers
would give:

    T(w) = s + n d + n t / w          seconds of n tasks with w workers, each on a core of its own
    R(w) = s_R + n d + n r / w        of these in R
    share(w) = R(w) / T(w)

s: a worker starts: it imports Keras and R, and does a first training, in which JAX compiles;
s_R: of that, in R. d: the parent pickles the definitions of a task, the only part that workers do
not share; "d once" is for engines that pickle a function once for all tasks. t: a worker does a
task; r: of that, the definitions arrive and R code runs (with what it calls of Keras, so this is an
upper bound). They are seconds of the processor, which other programs on the machine change less
than those of the clock, T.

Engines that are not installed are left out; `make engines` has all of them.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Each worker computes in one thread.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import cloudpickle
from joblib.externals.loky import get_reusable_executor
from measure import table

TASKS = 16
TRAININGS = 12
CODE = """
resampled <- function(seed) {
  set.seed(seed)
  slopes <- replicate(500, {
    rows <- sample(nrow(cars), replace = TRUE)
    coef(lm(dist ~ speed, cars[rows, ]))[[2]]
  })
  stats::sd(slopes)
}

Watch(keras$callbacks$Callback) %py_class% {
  initialize <- function() {
    super$initialize()
    self$batches <- 0
    self$losses <- list()
  }
  on_train_batch_end <- function(batch, logs = NULL) self$batches <- self$batches + 1
  on_epoch_end <- function(epoch, logs = NULL) self$losses <- c(self$losses, logs$loss)
}

MeanError(keras$metrics$Metric) %py_class% {
  initialize <- function(name = "mean_error", ...) {
    super$initialize(name = name, ...)
    self$total <- self$add_weight(name = "total", initializer = "zeros")
    self$count <- self$add_weight(name = "count", initializer = "zeros")
  }
  update_state <- function(y_true, y_pred, sample_weight = NULL) {
    self$total$assign_add(op_sum(op_abs(y_true - y_pred)))
    self$count$assign_add(op_cast(op_size(y_true), "float32"))
  }
  result <- function() self$total / self$count
}

made <- function() {
  model <- keras_model_sequential(input_shape = 32) |>
    layer_dense(256, activation = "relu") |>
    layer_dense(1)
  model |> compile(optimizer = "adam", loss = "mse", metrics = list(MeanError()))
  list(model, Watch())
}
"""


def clock(f, *args, now=time.perf_counter):
    """(seconds, value) of a call."""
    start = now()
    value = f(*args)
    return now() - start, value


# Of this process, so that what else runs on the machine does not count.
cpu = functools.partial(clock, now=time.process_time)


# ---- functions -----------------------------------------------------------------------------------


@contextlib.contextmanager
def loky(workers):
    executor = get_reusable_executor(max_workers=workers, timeout=600)
    yield lambda f, values: list(executor.map(f, values))
    executor.shutdown()


@contextlib.contextmanager
def processes(workers, how):
    with ProcessPoolExecutor(workers, multiprocessing.get_context(how)) as pool:
        yield lambda f, values: list(pool.map(f, values))


@contextlib.contextmanager
def dask(workers):
    import distributed

    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.Client(**options) as client:
        yield lambda f, values: client.gather(client.map(f, values, pure=False))


@contextlib.contextmanager
def ray(workers):
    import ray

    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="error")

    def run(f, values):
        task = ray.remote(f)
        return ray.get([task.remote(value) for value in values])

    yield run
    ray.shutdown()


ENGINES = {
    "joblib's loky": (loky, "joblib"),
    "processes, spawned": (functools.partial(processes, how="spawn"), "joblib"),
    "processes, forked": (functools.partial(processes, how="fork"), "joblib"),
    "Dask": (dask, "distributed"),
    "Ray": (ray, "ray"),
}


def of_functions(function) -> None:
    function(0)
    here, expected = clock(lambda: [function(seed) for seed in range(TASKS)])
    rows = [["no engine, this process", "", f"{here:.2f} s", "", ""]]
    for name, (engine, module) in ENGINES.items():
        if importlib.util.find_spec(module) is None:
            continue
        seconds = {}
        for workers in (1, 2):
            start = time.perf_counter()
            with engine(workers) as run:
                run(function, range(workers))
                started = time.perf_counter() - start
                run(function, range(4 * workers))  # each worker has been used
                seconds[workers], values = clock(run, function, range(TASKS))
                assert values == expected, f"{name}: other numbers than in one process"
        ratio = f"{seconds[1] / seconds[2]:.2f}x"
        rows.append([name, f"{started:.1f} s", *(f"{seconds[w]:.2f} s" for w in (1, 2)), ratio])
    header = ("engine", "start of two, first results", "one worker", "two", "ratio")
    table(f"{TASKS} calls of an R function, the numbers those of one process", rows, header)


# ---- trainings -----------------------------------------------------------------------------------


def train(definitions: bytes, seed: int):
    """A task: seconds in all, and in R."""
    start = time.process_time()
    import numpy as np

    in_r, make = cpu(cloudpickle.loads, definitions)
    import keras

    keras.utils.set_random_seed(seed)
    seconds, (model, watch) = cpu(make)
    in_r += seconds
    of_hooks = [0.0]

    class Timed(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            of_hooks[0] += cpu(watch.on_train_batch_end, batch, logs)[0]

        def on_epoch_end(self, epoch, logs=None):
            of_hooks[0] += cpu(watch.on_epoch_end, epoch, logs)[0]

    x = np.random.default_rng(seed).normal(size=(4096, 32)).astype("float32")
    model.fit(x, x.sum(1), epochs=6, batch_size=32, verbose=0, callbacks=[Timed()])
    assert watch.batches == 6 * 128 and len(watch.losses) == 6
    return time.process_time() - start, in_r + of_hooks[0]


def begin(definitions: bytes):
    """What a worker does first: seconds since it began, and those of R."""
    import keras

    before = time.process_time()
    import pyclass_bridge

    pyclass_bridge.r("1")
    of_r = time.process_time() - before
    _, of_training = train(definitions, 0)
    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]
    return time.process_time(), of_r + of_training


def run_trainings(workers: int, make) -> dict:
    """The measured parts of a run with that many new workers."""
    start = time.perf_counter()
    with loky(workers) as run:
        begun = run(begin, [cloudpickle.dumps(make)] * workers)
        pickled = [cpu(cloudpickle.dumps, make) for _ in range(TRAININGS)]
        jobs = [(data, seed) for seed, (_, data) in enumerate(pickled)]
        done = run(train_one, jobs)
        wall = time.perf_counter() - start
    (s, s_r), (t, r) = (
        [sum(column) / len(column) for column in zip(*pairs, strict=True)]
        for pairs in (begun, done)
    )
    d = sum(seconds for seconds, _ in pickled) / TRAININGS
    return {"T": wall, "s": s, "s_R": s_r, "d": d, "t": t, "r": r}


def train_one(job):
    return train(*job)


def model(parts: dict, n: int, workers: int, once: bool = False) -> tuple[float, float]:
    """(T, share) of the model."""
    sent = parts["d"] if once else n * parts["d"]
    total = parts["s"] + sent + n * parts["t"] / workers
    of_r = parts["s_R"] + sent + n * parts["r"] / workers
    return total, of_r / total


def of_trainings(make) -> None:
    runs = {workers: run_trainings(workers, make) for workers in (1, 2)}
    one = runs[1]
    words = {
        "s": "a worker starts", "s_R": "of that in R", "d": "the parent pickles the definitions",
        "t": "a task in a worker", "r": "of that in R",
    }  # fmt: skip
    rows = [[f"{key}: {what}", *(f"{runs[w][key] * 1e3:.1f} ms" for w in (1, 2))]
            for key, what in words.items()]  # fmt: skip
    table(f"{TRAININGS} trainings with R's callback and metric", rows, ("part", "one", "two"))
    rows = []
    for workers, parts in runs.items():
        _, share = model(parts, TRAININGS, workers)
        computed, _ = model(one, TRAININGS, workers)
        rows.append(
            [TRAININGS, workers, f"{parts['T']:.1f} s", f"{computed:.1f} s", f"{share:.1%}"]
        )
    for once in (False, True):
        for workers in (1, 2, 64):
            computed, share = model(one, 640, workers, once)
            rows.append(
                [f"640{', d once' * once}", workers, "", f"{computed:.1f} s", f"{share:.1%}"]
            )
    header = ("trainings", "workers", "measured", "by the model", "R's share")
    table("Seconds and R's share; what is not measured is computed from one worker", rows, header)


def main() -> None:
    import pyclass_bridge

    code = f"local({{ keras <- import('keras'); {CODE}; list(resampled, made) }})"
    resampled, made = pyclass_bridge.r(code)
    of_functions(resampled)
    of_trainings(made)


if __name__ == "__main__":
    main()
