"""Layer(), Loss() and Model() of R against the same classes written in Python, side by side.

Of: classes/builder.py, classes/required.py, R/classes_subclass.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.twin import backend, data, dense_model, train

# ---- Layer -------------------------------------------------------------------------------------

LAYER = """
RDense <- Layer("RDense",
  initialize = function(units = 4, activation = "linear", ...) {
    super$initialize(...)
    self$units <- as.integer(units)
    self$activation <- keras$activations$get(activation)
  },
  build = function(input_shape) {
    self$kernel <- self$add_weight(
      shape = shape(input_shape[[length(input_shape)]], self$units),
      initializer = keras$initializers$GlorotUniform(seed = 5L), name = "kernel"
    )
    self$bias <- self$add_weight(shape = shape(self$units), initializer = "zeros", name = "bias")
  },
  call = function(inputs, training = FALSE) {
    self$activation(inputs %*% self$kernel + self$bias)
  },
  compute_output_shape = function(input_shape) {
    shape(input_shape[[1]], self$units)
  },
  get_config = function() {
    modifyList(super$get_config(), list(
      units = self$units, activation = keras$activations$serialize(self$activation)
    ))
  })
"""


def layer_twin(keras):
    class RDense(keras.layers.Layer):
        def __init__(self, units=4, activation="linear", **kwargs):
            super().__init__(**kwargs)
            self.units = int(units)
            self.activation = keras.activations.get(activation)

        def build(self, input_shape):
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.units),
                initializer=keras.initializers.GlorotUniform(seed=5),
                name="kernel",
            )
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

        def call(self, inputs, training=False):
            return self.activation(keras.ops.add(keras.ops.matmul(inputs, self.kernel), self.bias))

    return RDense


def test_layer(keras, source, tmp_path):
    ns = source(LAYER)

    def run(make):
        return train(model=dense_model(layers=lambda: [make(4, "relu"), make(units=1)]))

    run_of_r = run(ns.RDense)
    assert run_of_r == run(layer_twin(keras))
    model = run_of_r.model
    assert model.output_shape == (None, 1)
    assert [w.name for w in model.layers[0].weights] == ["kernel", "bias"]
    # Saved and loaded, it predicts and trains as before.
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", custom_objects={"RDense": ns.RDense})
    x, _ = data()
    assert np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.layers[0].units == 4
    assert loaded.layers[0].get_config()["activation"] == "relu"
    assert train(model=loaded).history == train(model=model).history


def test_a_layer_in_the_functional_api_and_under_mixed_precision(keras, source):
    ns = source(LAYER)

    def run(make):
        keras.utils.set_random_seed(1)
        inputs = keras.Input((3,))
        hidden = make(units=4, activation="tanh", dtype="mixed_float16", name="hidden")(inputs)
        outputs = keras.layers.Dense(1, dtype="float32")(keras.ops.cast(hidden, "float32"))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "mse")
        return train(model=model), model.get_layer("hidden").compute_dtype

    assert run(ns.RDense) == run(layer_twin(keras))


def test_a_layer_with_training_losses_and_sublayers(keras, source):
    class Block(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = keras.layers.Dense(4)
            self.drop = keras.layers.Dropout(0.5, seed=3)

        def call(self, inputs, training=False):
            hidden = self.dense(inputs)
            self.add_loss(0.01 * keras.ops.mean(keras.ops.square(hidden)))
            return self.drop(hidden, training=training) if training else hidden

    ns = source("""
      Block <- Layer("Block",
        initialize = function(...) {
          super$initialize(...)
          self$dense <- keras$layers$Dense(4L)
          self$drop <- keras$layers$Dropout(0.5, seed = 3L)
        },
        call = function(inputs, training = FALSE) {
          hidden <- self$dense(inputs)
          self$add_loss(0.01 * mean(hidden^2))
          if (isTRUE(training)) self$drop(hidden, training = training) else hidden
        })
    """)

    def run(make):
        return train(model=dense_model(layers=lambda: [make(), keras.layers.Dense(1)]))

    assert run(ns.Block) == run(Block)


def test_sublayers_in_a_list_are_tracked_and_stay_a_list(keras, source):
    class Stack(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.parts = [keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
            self.named = {"last": self.parts[1]}

        def call(self, inputs):
            return self.named["last"](self.parts[0](inputs))

    ns = source("""
      Stack <- Layer("Stack",
        initialize = function(...) {
          super$initialize(...)
          self$parts <- list(keras$layers$Dense(4L, "tanh"), keras$layers$Dense(1L))
          self$named <- list(last = self$parts[[2]])
        },
        call = function(inputs) {
          stopifnot(length(self$parts) == 2, is.list(self$parts), names(self$named) == "last")
          hidden <- self$parts[[1]](inputs)
          self$named$last(hidden)
        })
    """)

    def run(make):
        return train(model=dense_model(layers=lambda: [make()]))

    expected = run(Stack)
    assert run(ns.Stack) == expected
    assert len(expected.weights) == 4


# ---- Loss --------------------------------------------------------------------------------------


def test_loss(keras, source):
    class Pinball(keras.losses.Loss):
        def call(self, y_true, y_pred):
            error = y_true - y_pred
            return keras.ops.maximum(0.8 * error, -0.2 * error)

    ns = source("""
      Pinball <- Loss("Pinball",
        initialize = function(q = 0.8, ...) { super$initialize(...); self$q <- q },
        call = function(y_true, y_pred) {
          error <- y_true - y_pred
          op_maximum(self$q * error, (self$q - 1) * error)
        })
    """)
    run = train(model=dense_model(loss=ns.Pinball(q=0.8)))
    twin = train(model=dense_model(loss=Pinball()))
    assert run.history["loss"] == pytest.approx(twin.history["loss"], rel=1e-6)
    assert float(ns.Pinball(reduction="sum")(np.ones(3), np.zeros(3))) == pytest.approx(2.4)
    assert ns.Pinball(name="pinball").name == "pinball"


def test_a_plain_function_of_r_is_a_loss_and_a_metric(keras, source):
    ns = source("squared <- function(y_true, y_pred) op_mean((y_true - y_pred)^2, axis = -1)")
    run = train(model=dense_model(loss=ns.squared, metrics=[ns.squared]))
    twin = train(model=dense_model(metrics=["mse"]))
    assert run.history["loss"] == twin.history["loss"]
    assert run.history["squared"] == twin.history["mse"]


# ---- Model -------------------------------------------------------------------------------------

MODEL = """
Custom <- Model("Custom",
  initialize = function(units = 4, ...) {
    super$initialize(...)
    self$hidden <- keras$layers$Dense(as.integer(units), "relu")
    self$out <- keras$layers$Dense(1L)
    self$seen <- keras$metrics$Mean(name = "seen")
  },
  call = function(inputs, training = FALSE) self$out(self$hidden(inputs)),
  test_step = function(data) {
    c(x, y) %<-% data
    self$seen$update_state(mean(abs(y - self(x, training = FALSE))))
    list(seen = self$seen$result())
  },
  predict_step = function(data) self(if (is.list(data)) data[[1]] else data, training = FALSE) * 2)
"""


def test_model_with_steps_of_its_own(keras, source):
    if backend() == "jax":
        pytest.skip("on JAX a step takes the state, and gives it back, too")
    ops = keras.ops

    class Custom(keras.Model):
        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.hidden = keras.layers.Dense(units, "relu")
            self.out = keras.layers.Dense(1)
            self.seen = keras.metrics.Mean(name="seen")

        def call(self, inputs, training=False):
            return self.out(self.hidden(inputs))

        def test_step(self, data):
            x, y = data
            self.seen.update_state(ops.mean(ops.abs(y - self(x, training=False))))
            return {"seen": self.seen.result()}

        def predict_step(self, data):
            x, *_ = data if isinstance(data, tuple) else (data,)
            return self(x, training=False) * 2

    def run(make):
        keras.utils.set_random_seed(2)
        model = make(units=4)
        model.compile("sgd", "mse")
        x, y = data()
        out = train(model=model)
        tested = model.evaluate(x, y, verbose=0, return_dict=True)
        return out, tested, model.predict(x, verbose=0).tolist()

    expected = run(Custom)
    assert run(source(MODEL).Custom) == expected


TRAIN_STEP = """
Stepping <- Model("Stepping",
  train_step = function(data) {
    c(x, y) %<-% data
    tf <- import("tensorflow")
    with(tf$GradientTape() %as% tape, {
      y_pred <- self(x, training = TRUE)
      loss <- self$compute_loss(y = y, y_pred = y_pred)
    })
    gradients <- tape$gradient(loss, self$trainable_variables)
    self$optimizer$apply_gradients(Map(list, gradients, self$trainable_variables))
    for (metric in self$metrics) {
      if (metric$name == "loss") metric$update_state(loss) else metric$update_state(y, y_pred)
    }
    lapply(setNames(self$metrics, sapply(self$metrics, function(m) m$name)), function(m) m$result())
  })
"""


def test_model_with_a_train_step(keras, source):
    if backend() != "tensorflow":
        pytest.skip("GradientTape is TensorFlow's")
    import tensorflow as tf

    class Stepping(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    def run(make):
        keras.utils.set_random_seed(2)
        inputs = keras.Input((3,))
        model = make(inputs=inputs, outputs=keras.layers.Dense(1)(inputs))
        model.compile("sgd", "mse")
        return train(model=model)

    assert run(source(TRAIN_STEP).Stepping) == run(Stepping)
