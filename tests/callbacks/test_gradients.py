"""`on_after_backward` of callback sets: the gradients of each step, on every backend of Keras.

This file runs in this process and, with test_gradients_errors.py, on the other backends that are
installed, in one process each.

Of: callbacks/gradients.py, callbacks/gradients_backend.py, callbacks/gradients_tensorflow.py,
callbacks/gradients_jax.py, callbacks/gradients_torch.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.backends import again_on_others, run_again
from support.gradients import (
    FROM_R,
    RATE,
    STEPS,
    WAYS,
    X,
    Y,
    assert_untouched,
    by_hand,
    deep,
    linear,
    train,
    watcher,
)
from support.twin import backend


@again_on_others
def test_on_another_backend(other):
    run_again(other, "callbacks/test_gradients.py", "callbacks/test_gradients_errors.py")


# ---- what is seen --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "compiling, wrapped", [({}, True), ({"run_eagerly": True}, False)], ids=["default", "eager"]
)
def test_the_gradients_are_those_by_hand(compiling, wrapped, keras):
    model = linear(**compiling)
    w, b = (np.float64(weight) for weight in model.get_weights())
    watch = watcher()
    train(model, [watch], wrapped=wrapped, rows=20)  # the last batch is smaller
    assert len(watch.seen) == 2 * STEPS
    for step, seen in enumerate(watch.seen):
        rows = slice(8 * (step % STEPS), min(8 * (step % STEPS) + 8, 20))
        for mine, its in zip(by_hand(X[rows], Y[rows], w, b), seen, strict=True):
            assert isinstance(its, np.ndarray) and its.dtype == np.float32
            np.testing.assert_allclose(its, mine, rtol=1e-4, atol=1e-6)
        w, b = w - RATE * seen[0], b - RATE * seen[1]
    for mine, its in zip((w, b), model.get_weights(), strict=True):
        np.testing.assert_allclose(its, mine, rtol=1e-5, atol=1e-6)
    once = [(name, i + 1) for i in range(STEPS) for name in ("begin", "after", "end")]
    assert watch.events == once * 2
    assert watch.outside == [None] * (2 * STEPS + 1)
    assert_untouched(model)


@pytest.mark.parametrize(
    "make, compiling", [(deep, {}), (linear, {"run_eagerly": True})], ids=["default", "eager"]
)
def test_training_is_the_same_with_the_stage(make, compiling, keras):
    fitting = {"validation_split": 1 / 3}
    model = make(**compiling)
    assert train(model, [watcher()], **fitting) == train(make(**compiling), **fitting)


@pytest.mark.parametrize("ways", [{"steps_per_execution": 2}, {"gradient_accumulation_steps": 2}])
def test_several_steps_in_one(ways, keras):
    if backend() == "torch" and "steps_per_execution" in ways:
        pytest.skip("Keras on torch has no steps_per_execution")

    def model():
        if "steps_per_execution" in ways:
            return linear(**ways)
        return linear(keras.optimizers.SGD(RATE, **ways))

    watch = watcher()
    assert train(model(), [watch]) == train(model())
    assert [step for name, step in watch.events if name == "after"] == [1, 2, 3] * 2
    first = by_hand(X[:8], Y[:8], np.array([[0.5], [-1], [2]]), np.array([0.25]))
    for mine, its in zip(first, watch.seen[0], strict=True):
        np.testing.assert_allclose(its, mine, rtol=1e-4, atol=1e-6)


def test_scaled_losses_have_gradients_without_the_scale(keras):
    def seen(optimizer):
        watch = watcher()
        model = linear(optimizer)
        result = train(model, [watch], epochs=1)
        assert result == train(
            linear(keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))), epochs=1
        )
        return watch.seen

    plain = seen(keras.optimizers.SGD(RATE))
    inner = keras.optimizers.SGD(RATE)
    for optimizer in (
        keras.optimizers.SGD(RATE, loss_scale_factor=4.0),
        keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=2),
    ):
        for mine, its in zip(plain, seen(optimizer), strict=True):
            for a, b in zip(mine, its, strict=True):
                np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


def test_a_variable_without_a_gradient_has_none(keras):
    class Spare(keras.layers.Dense):
        def build(self, shape):
            self.spare = self.add_weight(shape=(2,), name="spare")
            super().build(shape)

    def make():
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.layers.Input((3,)), Spare(1)])
        model.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse")
        return model

    watch = watcher()
    model = make()
    result = train(model, [watch])
    assert result == train(make())
    spare, *others = watch.seen[0]
    assert all(g.any() for g in others)
    # JAX has a gradient for every variable.
    assert spare is None if backend() != "jax" else not spare.any()


def test_the_dtype_is_one_that_r_has(keras):
    keras.config.set_dtype_policy("bfloat16")
    try:
        watch = watcher()
        train(linear(), [watch], epochs=1)
    finally:
        keras.config.set_dtype_policy("float32")
    first = by_hand(X[:8], Y[:8], np.array([[0.5], [-1], [2]]), np.array([0.25]))
    for mine, its in zip(first, watch.seen[0], strict=True):
        assert its.dtype == np.float32
        np.testing.assert_allclose(its, mine, rtol=0.05, atol=0.05)


def test_a_train_step_that_updates_one_variable(keras):
    if backend() == "jax":
        pytest.skip("a step of JAX updates all of them")

    class Part(keras.Sequential):
        def train_step(self, data):
            x, y = data
            kernel = self.trainable_variables[0]
            gradient = keras.ops.ones(kernel.shape)
            self.optimizer.apply_gradients([(gradient, kernel)])
            return {"loss": keras.ops.sum(x) + keras.ops.sum(y)}

    watch = watcher()
    model = linear(keras_model=Part)
    train(model, [watch], epochs=1)
    kernel, bias = watch.seen[-1]
    assert kernel.tolist() == [[1], [1], [1]] and bias is None
    assert model.get_weights()[0].tolist() == [[0.5 - 0.375], [-1.375], [1.625]]


def test_a_stage_may_train_another_model(keras):
    expected = train(linear(), epochs=1)

    def nested(self):
        if self.ctx.step == 2:
            self.found = train(linear(), epochs=1)
        self.count = len(self.ctx.gradients)

    watch = watcher(on_after_backward=nested)
    assert train(linear(), [watch], epochs=1) == expected
    assert watch.found == expected and watch.count == 2


# ---- changing them -------------------------------------------------------------------------------


@pytest.mark.parametrize("compiling", WAYS, ids=["default", "eager"])
def test_assigned_gradients_are_what_the_optimizer_takes(compiling, keras):
    def clip(self):
        self.ctx.gradients = [np.clip(g, -0.5, 0.5) for g in self.ctx.gradients]

    def model(**clipping):
        return linear(keras.optimizers.SGD(RATE, **clipping), **compiling)

    watch = watcher(on_after_backward=clip)
    clipped = train(model(), [watch])
    for mine, its in zip(train(model(clipvalue=0.5))[1], clipped[1], strict=True):
        np.testing.assert_allclose(its, mine, rtol=1e-6)
    assert clipped != train(model())


def test_scaled_gradients_are_assigned_without_the_scale(keras):
    def halve(self):
        self.ctx.gradients = [g / 2 for g in self.ctx.gradients]

    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE), initial_scale=8.0)
    mine = train(linear(keras.optimizers.SGD(RATE / 2)))[1]
    its = train(linear(optimizer), [watcher(on_after_backward=halve)])[1]
    for a, b in zip(mine, its, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5)


def embedding():
    import keras

    keras.utils.set_random_seed(2)
    layers = [keras.layers.Input((2,)), keras.layers.Embedding(5, 3), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
    return model


def test_the_gradient_of_an_embedding(keras):
    import pyclass_bridge

    x, y = np.array([[1, 1], [3, 1], [0, 4]]), np.array([[1.0], [2], [3]])
    fitting = {"epochs": 2, "batch_size": 3, "shuffle": False, "verbose": 0}

    def run(*callbacks):
        model = embedding()
        pyclass_bridge.fit(model, x, y, callbacks=list(callbacks), **fitting)
        return [w.tolist() for w in model.get_weights()]

    watch = watcher()
    assert run(watch) == run()
    shown = watch.seen[0][0]
    assert shown.shape == (5, 3) and shown[1].any() and not shown[2].any()

    def doubled(self):
        self.ctx.gradients = [g * 2 for g in self.ctx.gradients]

    if backend() == "tensorflow":
        with pytest.raises(ValueError, match="embeddings` can't be set: TensorFlow"):
            run(watcher(on_after_backward=doubled))
    else:
        assert run(watcher(on_after_backward=doubled)) != run()


# ---- from R --------------------------------------------------------------------------------------


def test_stages_of_r(keras, source):
    ns = source(FROM_R)
    model = linear()
    its = ns.clipped(model, X, Y)
    assert its["gone"] is True and its["dims"] == [[3, 1], 1]
    assert len(its["largest"]) == 2 * STEPS and max(its["largest"]) == 0.5
    twin = linear(keras.optimizers.SGD(RATE, clipvalue=0.5))
    train(twin)
    for a, b in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-6)


def test_a_stage_that_on_begin_assigns(keras, source):
    ns = source(
        """
        Assigns <- callback_set("assigns",
          on_begin = function() {
            self$on_after_backward <- function() self$steps <- c(self$steps, self$ctx$step)
          },
          public = list(steps = NULL)
        )
        """
    )
    assigns = ns.Assigns()
    train(linear(), [assigns], epochs=1)
    assert assigns.steps == [1, 2, 3]


def test_a_condition_of_r_is_caught_by_its_class(keras, source):
    ns = source(FROM_R)
    model = linear()
    for _ in range(2):
        assert ns.caught(model, X, Y) == {"found": 42, "left": True}
        assert_untouched(model)


def test_weights_read_in_the_stage(keras, source):
    if backend() != "jax":  # there it is one of the mistakes
        assert source(FROM_R).reading(linear(), X, Y) == 2
