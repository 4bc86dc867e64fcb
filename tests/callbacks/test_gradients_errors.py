"""Errors in the stage `on_after_backward`, and mistakes with it: what is raised, and that the next
training has nothing of it. test_gradients.py runs this file on the other backends, too.

Of: callbacks/gradients.py, callbacks/gradients_backend.py, callbacks/gradients_tensorflow.py,
callbacks/gradients_jax.py, callbacks/gradients_torch.py.
"""

from __future__ import annotations

import pytest
from support import error_texts
from support.gradients import FROM_R, STEPS, X, Y, assert_untouched, linear, train, watcher
from support.twin import backend

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
