"""Small models whose gradients are known, and callback sets that note what they see of them."""

from __future__ import annotations

import numpy as np

RATE = 0.125
STEPS = 3  # of each epoch
rng = np.random.default_rng(1)
X = rng.normal(size=(24, 3)).astype("float32")
Y = rng.normal(size=(24, 1)).astype("float32")
WAYS = [{}, {"run_eagerly": True}]


def linear(optimizer=None, keras_model=None, **compiling):
    """A linear model; its weights are the same each time."""
    import keras

    layers = [keras.layers.Input((3,)), keras.layers.Dense(1, name="dense")]
    model = (keras_model or keras.Sequential)(layers, name="linear")
    model.set_weights([np.array([[0.5], [-1], [2]]), np.array([0.25])])
    model.compile(optimizer=optimizer or keras.optimizers.SGD(RATE), loss="mse", **compiling)
    return model


def deep(**compiling):
    import keras

    keras.utils.set_random_seed(3)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", **compiling)
    return model


def train(model, callbacks=(), epochs=2, wrapped=True, rows=24, **fitting):
    """Train in batches of 8; what is left of each epoch's loss and of the weights."""
    import pyclass_bridge

    fit = pyclass_bridge.fit if wrapped else type(model).fit
    fitting = {"batch_size": 8, "shuffle": False, "verbose": 0, **fitting}
    history = fit(model, X[:rows], Y[:rows], epochs=epochs, callbacks=list(callbacks), **fitting)
    return history.history["loss"], [w.tolist() for w in model.get_weights()]


def watcher(**methods):
    """A set that notes each gradient, step and hook."""
    from pyclass_bridge.callbacks.set import CallbackSet

    def note(name):
        return lambda self: self.events.append((name, self.ctx.step))

    def begin(self):
        self.seen, self.events, self.outside = [], [], [self.ctx.gradients]

    def after_backward(self):
        self.events.append(("after", self.ctx.step))
        self.seen.append(self.ctx.gradients)

    def batch_end(self):
        self.events.append(("end", self.ctx.step))
        self.outside.append(self.ctx.gradients)

    names = {
        "on_begin": begin, "on_batch_begin": note("begin"), "on_after_backward": after_backward,
        "on_batch_end": batch_end,
    }  # fmt: skip
    made = type("Watch", (CallbackSet,), {**names, **methods})()
    made.id = "watch"
    return made


def by_hand(x, y, w, b):
    """The gradients of the mean squared error of x w + b."""
    error = x @ w + b - y
    return 2 * x.T @ error / len(x), 2 * error.mean(axis=0)


def assert_untouched(model):
    assert "make_train_function" not in vars(model)
    assert not {"apply", "stateless_apply"} & set(vars(model.optimizer))
    assert model.train_function is None


# The stage in R: what the tests of both modules source.
FROM_R = """
train <- function(model, x, y, callbacks, epochs = 1) {
  fit(model, x, y, epochs = epochs, batch_size = 8, shuffle = FALSE, callbacks = callbacks,
    verbose = 0)
}
clipped <- function(model, x, y) {
  clip <- callback_set("clip",
    on_after_backward = function() {
      g <- self$ctx$gradients
      self$dims <- lapply(g, dim)
      self$ctx$gradients <- lapply(g, function(g) pmin(pmax(g, -0.5), 0.5))
    },
    on_batch_end = function() self$gone <- is.null(self$ctx$gradients)
  )()
  after <- callback_set("after",
    on_begin = function() private$largest <- NULL,
    on_after_backward = function() {
      private$largest <- c(private$largest, max(abs(unlist(self$ctx$gradients))))
    },
    result = function() private$largest
  )()
  train(model, x, y, list(clip, after), epochs = 2)
  list(dims = clip$dims, gone = clip$gone, largest = after$result())
}
caught <- function(model, x, y) {
  condition <- structure(
    class = c("my_condition", "error", "condition"), list(message = "mine", call = NULL, data = 42)
  )
  failing <- callback_set("fail",
    on_after_backward = function() if (self$ctx$step == 2) stop(condition),
    on_exit = function() self$left <- TRUE
  )()
  found <- tryCatch(train(model, x, y, failing), my_condition = function(e) e$data)
  list(found = found, left = failing$left)
}
reading <- function(model, x, y) {
  read <- callback_set("read", on_after_backward = function() {
    self$n <- length(self$ctx$model$get_weights())
  })()
  train(model, x, y, read)
  read$n
}
"""
