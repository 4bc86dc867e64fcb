"""R callbacks in all ways of training: data made by R, other threads, checkpoints.

Of: training/train.py, classes/hooks.py.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest
from support.twin import backend, data, dense_model, train

# ---- ways of training --------------------------------------------------------------------------

NOTING = """
Note <- Callback("Note",
  initialize = function() private$batches <- integer(),
  on_train_batch_begin = function(batch, logs = NULL) private$batches <- c(private$batches, batch),
  on_train_batch_end = function(batch, logs = NULL) private$batches <- c(private$batches, -batch),
  on_epoch_end = function(epoch, logs = NULL) list(noted = mean(logs$loss) + epoch),
  batches = function() as.list(private$batches))
"""


def noting_twin(keras):
    class Note(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.noted = []

        def on_train_batch_begin(self, batch, logs=None):
            self.noted.append(batch + 1)

        def on_train_batch_end(self, batch, logs=None):
            self.noted.append(-(batch + 1))

        def on_epoch_end(self, epoch, logs=None):
            logs["noted"] = logs["loss"] + epoch + 1

        def batches(self):
            return self.noted

    return Note


@pytest.mark.parametrize(
    "compiling, fitting",
    [
        ({"steps_per_execution": 2}, {}),
        ({"jit_compile": True}, {}),
        ({"run_eagerly": True}, {}),
        ({}, {"validation_split": 0.25, "initial_epoch": 1}),
    ],
    ids=["steps_per_execution", "jit_compile", "run_eagerly", "validation_split"],
)
def test_ways_of_training(compiling, fitting, keras, source):
    if backend() == "torch" and "steps_per_execution" in compiling:
        pytest.skip("Keras on torch has no steps_per_execution")

    def run(make):
        callback = make()
        out = train([callback], model=dense_model(**compiling), **fitting)
        return out, callback.batches()

    assert run(source(NOTING).Note) == run(noting_twin(keras))


def test_mixed_precision(keras, source):
    def run(make):
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            return train([make()])
        finally:
            keras.mixed_precision.set_global_policy("float32")

    assert run(source(NOTING).Note) == run(noting_twin(keras))


def test_a_callback_without_a_list(keras, source):
    # Keras does not look into it then: where it may, it calls the batch hooks from threads.
    assert train(source(NOTING).Note()) == train(noting_twin(keras)())


def test_nested_callbacks(keras, source):
    if backend() != "tensorflow":
        pytest.skip("Keras flattens nested callbacks on TensorFlow only")
    note = source(NOTING).Note
    assert train([[note()], [note(), [note()]]]) == train([noting_twin(keras)()])


# ---- other threads -----------------------------------------------------------------------------


def test_async_safe_hooks(source):
    callback = source("""
      Counter <- Callback("Counter",
        initialize = function() { super$initialize(); self$async_safe <- TRUE; self$n <- 0L },
        on_train_batch_end = function(batch, logs = NULL) self$n <- self$n + 1L)
    """).Counter()
    train([callback])
    assert callback.n == 9


def test_an_error_in_an_async_safe_hook_ends_the_fit(source):
    callback = source("""
      Failing <- Callback("Failing",
        initialize = function() { super$initialize(); self$async_safe <- TRUE },
        on_train_batch_end = function(batch, logs = NULL) if (batch == 2) stop("no luck"))
    """).Failing()
    model = dense_model()
    with pytest.raises(RuntimeError, match="no luck") as caught:
        train([callback], model=model)
    assert (caught.value.class_name, caught.value.member) == ("Failing", "on_train_batch_end")
    assert len(train(model=model).history["loss"]) == 3


def test_a_dataset_whose_worker_threads_call_r(keras, source):
    ns = source("part <- function(x, i) x[(16 * i + 1):(16 * i + 16), , drop = FALSE]\n" + NOTING)
    x, y = data()
    threads = set()

    def parts(part):
        class Parts(keras.utils.PyDataset):
            def __len__(self):
                return 3

            def __getitem__(self, i):
                threads.add(threading.get_ident())
                return part(x, i), part(y, i)

        return Parts(workers=3, use_multiprocessing=False)

    def part_twin(x, i):
        return x[16 * i : 16 * i + 16]

    run = train([ns.Note()], x=parts(ns.part))
    assert run == train([noting_twin(keras)()], x=parts(part_twin))
    assert threads - {threading.get_ident()}


def test_tf_data_and_py_function_that_call_r(keras, source):
    if backend() != "tensorflow":
        pytest.skip("tf.data and tf.py_function are TensorFlow's")
    import tensorflow as tf

    ns = source("row <- function(x, i) x[i + 1, ]\ntwice <- function(x) 2 * as.array(x)\n" + NOTING)
    x, y = data()

    def rows():
        for i in range(48):
            yield ns.row(x, i), [float(y[i, 0])]

    def doubled(a, b):
        return tf.ensure_shape(tf.py_function(ns.twice, [a], tf.float32), (None, 3)), b

    signature = (tf.TensorSpec((3,)), tf.TensorSpec((1,)))
    rows_of_r = tf.data.Dataset.from_generator(rows, output_signature=signature)
    dataset = rows_of_r.batch(16).map(doubled, num_parallel_calls=2).prefetch(2).repeat()
    run = train([ns.Note()], x=dataset, steps_per_epoch=3)
    assert run.history["loss"] == train(x=2 * x, y=y, batch_size=16).history["loss"]


# ---- saving ------------------------------------------------------------------------------------


def test_model_checkpoint_beside_an_r_callback(keras, source, tmp_path):
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.keras", monitor="noted", mode="min", save_best_only=True
    )
    run = train([source(NOTING).Note(), checkpoint])
    saved = sorted(path.name for path in tmp_path.glob("*.keras"))
    best = int(np.argmin(run.history["noted"])) + 1
    assert f"{best}.keras" in saved
    loaded = keras.models.load_model(tmp_path / saved[-1])
    x, _ = data()
    assert loaded.predict(x, verbose=0).shape == (48, 1)
