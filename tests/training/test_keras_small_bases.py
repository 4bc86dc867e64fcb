"""Constraint(), Initializer(), Regularizer(), Optimizer() and LearningRateSchedule() of R against
the same classes written in Python, side by side.

Of: classes/builder.py, classes/required.py, R/classes_subclass.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.twin import dense_model, train

# ---- small bases: constraint, initializer, regularizer -----------------------------------------

SMALL = """
Positive <- Constraint("Positive",
  call = function(w) w * op_cast(w >= 0, w$dtype),
  get_config = function() list())
Ramp <- Initializer("Ramp",
  initialize = function(by = 0.1) self$by <- by,
  call = function(shape, dtype = NULL, ...) {
    op_reshape(self$by * op_arange(0, prod(unlist(shape)) - 1), shape)
  },
  get_config = function() list(by = self$by))
Strong <- Regularizer("Strong",
  initialize = function(by = 0.1) self$by <- by,
  call = function(x) self$by * sum(abs(x)),
  get_config = function() list(by = self$by))
"""


def test_constraint_initializer_and_regularizer(keras, source):
    ops = keras.ops

    class Positive(keras.constraints.Constraint):
        def __call__(self, w):
            return w * ops.cast(w >= 0, w.dtype)

    class Ramp(keras.initializers.Initializer):
        def __init__(self, by=0.1):
            self.by = by

        def __call__(self, shape, dtype=None, **kwargs):
            count = int(np.prod(shape))
            return ops.reshape(self.by * ops.cast(ops.arange(0, count), "float32"), shape)

    class Strong(keras.regularizers.Regularizer):
        def __init__(self, by=0.1):
            self.by = by

        def __call__(self, x):
            return self.by * ops.sum(ops.abs(x))

    ns = source(SMALL)

    def run(positive, ramp, strong):
        return train(
            model=dense_model(
                layers=lambda: [
                    keras.layers.Dense(
                        4,
                        kernel_constraint=positive(),
                        kernel_initializer=ramp(by=0.05),
                        kernel_regularizer=strong(by=0.02),
                    ),
                    keras.layers.Dense(1),
                ]
            )
        )

    out = run(ns.Positive, ns.Ramp, ns.Strong)
    twin = run(Positive, Ramp, Strong)
    assert out.history["loss"] == pytest.approx(twin.history["loss"], rel=1e-6)
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(out.weights, twin.weights, strict=True))
    assert (out.weights[0] >= 0).all()
    for name, config in {"Positive": {}, "Ramp": {"by": 0.3}, "Strong": {"by": 0.3}}.items():
        again = getattr(ns, name).from_config(config)
        assert again.get_config() == config


# ---- Optimizer and LearningRateSchedule --------------------------------------------------------

OPTIMIZER = """
Plain <- Optimizer("Plain",
  initialize = function(learning_rate = 0.01, name = "plain", ...) {
    super$initialize(learning_rate = learning_rate, name = name, ...)
  },
  build = function(variables) {
    super$build(variables)
    self$velocities <- self$add_optimizer_variables(variables, "velocity")
  },
  update_step = function(gradient, variable, learning_rate) {
    velocity <- self$velocities[[self$`_get_variable_index`(variable) + 1]]
    velocity$assign(0.9 * velocity - op_cast(learning_rate, variable$dtype) * gradient)
    variable$assign_add(velocity)
  },
  get_config = function() super$get_config())
Halving <- LearningRateSchedule("Halving",
  initialize = function(start) self$start <- start,
  call = function(step) self$start / (1 + op_cast(step, "float32")),
  get_config = function() list(start = self$start))
"""


def test_optimizer(keras, source):
    class Plain(keras.optimizers.Optimizer):
        def __init__(self, learning_rate=0.01, name="plain", **kwargs):
            super().__init__(learning_rate=learning_rate, name=name, **kwargs)

        def build(self, variables):
            super().build(variables)
            self.velocities = self.add_optimizer_variables(variables, "velocity")

        def update_step(self, gradient, variable, learning_rate):
            velocity = self.velocities[self._get_variable_index(variable)]
            rate = keras.ops.cast(learning_rate, variable.dtype)
            velocity.assign(0.9 * velocity - rate * gradient)
            variable.assign_add(velocity)

    def run(optimizer):
        return train(model=dense_model(optimizer=optimizer))

    ns = source(OPTIMIZER)
    r_optimizer = ns.Plain(learning_rate=0.02)
    assert run(r_optimizer) == run(Plain(learning_rate=0.02))
    assert float(r_optimizer.iterations) == 9
    assert r_optimizer.get_config()["learning_rate"] == pytest.approx(0.02)


def test_learning_rate_schedule(keras, source):
    class Halving(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, start):
            self.start = start

        def __call__(self, step):
            return keras.ops.divide(self.start, 1 + keras.ops.cast(step, "float32"))

    def run(schedule):
        optimizer = keras.optimizers.SGD(schedule)
        out = train(model=dense_model(optimizer=optimizer))
        return out, float(optimizer.learning_rate)

    assert run(source(OPTIMIZER).Halving(start=0.1)) == run(Halving(start=0.1))
