"""`on_after_backward` of callback sets: the gradients of each step, on every backend of Keras.

The file runs in this process and, where they are installed, on the other backends in one process
each.

Of: callbacks/gradients.py, callbacks/gradients_backend.py, callbacks/gradients_tensorflow.py,
callbacks/gradients_jax.py, callbacks/gradients_torch.py.
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from support import error_texts
from support.subprocesses import run_tests
from support.twin import backend

RATE = 0.125
STEPS = 3  # of each epoch
rng = np.random.default_rng(1)
X = rng.normal(size=(24, 3)).astype("float32")
Y = rng.normal(size=(24, 1)).astype("float32")


@pytest.mark.runs_tests
@pytest.mark.parametrize("other", ["jax", "torch"])
def test_on_another_backend(other):
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    if backend() != "tensorflow":
        pytest.skip("this is the process of another backend")
    run_tests(__file__, KERAS_BACKEND=other)


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


WAYS = [{}, {"run_eagerly": True}]

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


# ---- errors --------------------------------------------------------------------------------------


class MyError(Exception):
    pass


@pytest.mark.parametrize(
    "compiling, wrapped", [({}, False), ({"run_eagerly": True}, True)], ids=["default", "eager"]
)
def test_an_error_is_the_one_that_was_raised(compiling, wrapped, keras):
    error = MyError("mine")

    def fail(self):
        if self.ctx.step == 2:
            raise error

    model = linear(**compiling)
    with pytest.raises(MyError) as caught:
        train(model, [watcher(on_after_backward=fail)], wrapped=wrapped)
    assert caught.value is error
    assert_untouched(model)
    # The weights are whole, and the model trains on as it would have.
    steps = 2 if backend() == "jax" else 1
    twin = linear(**compiling)
    twin.fit(X[: 8 * steps], Y[: 8 * steps], batch_size=8, shuffle=False, verbose=0)
    assert train(model, epochs=1) == train(twin, epochs=1)


@pytest.mark.parametrize("compiling", [{}, {"run_eagerly": True}])
def test_stop_iteration_of_the_stage_is_not_the_end_of_the_data(compiling, keras):
    model = linear(**compiling)
    with pytest.raises(RuntimeError, match="of `Watch` raised StopIteration"):
        train(model, [watcher(on_after_backward=lambda self: next(iter(())))])
    assert_untouched(model)


def test_an_error_of_another_hook_leaves_nothing_for_the_next_training(keras):
    def fail(batch, logs):
        raise MyError

    model, watch = linear(), watcher()
    other = keras.callbacks.LambdaCallback(on_train_batch_begin=fail)
    with pytest.raises(MyError):
        train(model, [watch, other], wrapped=False)
    assert watch.seen == []
    assert train(model, wrapped=False) == train(linear(), wrapped=False)
    assert watch.seen == []
    assert "make_train_function" not in vars(model)


def test_plain_trainings_before_and_after(keras, tmp_path):
    model, twin, watch = linear(), linear(), watcher()

    def train_both(callbacks):
        assert train(model, callbacks, wrapped=False) == train(twin, wrapped=False)
        assert len(watch.seen) == expected

    watch.seen, expected = [], 0
    train_both([])
    expected = 2 * STEPS
    train_both([watch])
    assert_untouched(model)
    train_both([])
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    train_both([])


def test_two_sets_in_order_and_a_function_made_anew(keras, tmp_path):
    import pyclass_bridge

    order = []
    second = watcher(weight=1, on_after_backward=lambda self: order.append(2))
    first = watcher(on_after_backward=lambda self: order.append(1))
    second.id = "second"
    anew = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: first.model.make_train_function(force=True)
    )
    saved = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras", save_freq=1)
    model = linear()
    assert train(model, [second, anew, first, saved]) == train(linear())
    assert order == [1, 2] * (2 * STEPS)
    pyclass_bridge.fit(keras.saving.load_model(tmp_path / "model.keras"), X, Y, verbose=0)
    assert len(order) == 4 * STEPS


# ---- from R --------------------------------------------------------------------------------------

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


# ---- where it can't run, and other mistakes ------------------------------------------------------


def told(run, *arguments, **keywords) -> str:
    """The text of the error."""
    with pytest.raises((ValueError, TypeError, RuntimeError)) as caught:
        run(*arguments, **keywords)
    return str(caught.value)


def assigned(new, stage="on_after_backward", model=None) -> str:
    """What a stage is told that assigns `new` of the gradients."""

    def assign(self):
        self.ctx.gradients = new(self.ctx.gradients)

    return told(train, model or linear(run_eagerly=True), [watcher(**{stage: assign})], epochs=1)


def idle():
    """A model whose training step leaves its optimizer alone."""
    import keras

    class Idle(keras.Sequential):
        def train_step(self, *arguments):
            state, data = arguments if len(arguments) == 2 else (None, *arguments)
            logs = {"loss": keras.ops.sum(data[0])}
            return (logs, state) if state is not None else logs

    return linear(keras_model=Idle)


def test_the_texts_of_mistakes(keras, source, monkeypatch):
    idles = idle()
    texts = {
        "too few": assigned(lambda g: g[:1]),
        "other dims": assigned(lambda g: [g[0][:2], g[1]]),
        "NULL": assigned(lambda g: [None, g[1]]),
        "text": assigned(lambda g: [g[0].astype(str), g[1]]),
        "complex numbers": assigned(lambda g: [g[0] + 1j, g[1]]),
        "elsewhere": assigned(lambda g: [], "on_batch_begin"),
        "no optimizer": told(train, idles, [watcher()]),
    }
    assert_untouched(idles)
    if backend() == "jax":
        reading = source(FROM_R).reading
        texts["weights"] = told(reading, linear(), X, Y)
        texts["optimizer's variables"] = told(
            train,
            linear(),
            [watcher(on_after_backward=lambda self: self.ctx.optimizer.get_config())],
        )
    else:
        compiled = linear(jit_compile=True)
        texts["compiled"] = told(train, compiled, [watcher()])
        assert "make_train_function" not in vars(compiled)
    if backend() == "tensorflow":
        import tensorflow as tf

        with tf.distribute.MirroredStrategy(["cpu:0"]).scope():
            texts["a strategy"] = told(train, linear(), [watcher()])
    monkeypatch.setattr(keras.config, "backend", lambda: "numpy")
    texts["no gradients"] = told(watcher)
    error_texts.check(f"gradient_errors_on_{backend()}", texts)
