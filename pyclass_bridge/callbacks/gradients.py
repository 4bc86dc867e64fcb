"""`on_after_backward` of callback sets: the stage between backward and the optimizer's step.

A `Tap` stands in the model's ``train_function`` while a training runs whose sets have the stage,
and in the optimizer only within a step: whatever ends the training, nothing is left on either.

TensorFlow runs it in a ``tf.py_function`` when traced, JAX in an ordered ``io_callback``, torch and
eager steps as a call; ARCHITECTURE.md has a table of what each can't do.

Gradients are NumPy arrays, read-only, unscaled where the loss is scaled (mixed precision). Assigned
ones are what the optimizer takes. With gradient accumulation the stage sees those of each batch.
"""

from __future__ import annotations

import contextlib

import keras
import numpy as np

STAGE = "on_after_backward"
_NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "torch"}


def refuse_backend(name: str) -> None:
    """An error if the backend of Keras makes no gradients, for the class `name` with the stage."""
    backend = keras.config.backend()
    if backend not in _NAMES:
        raise ValueError(
            f"`{STAGE}` of `{name}` can never run: the backend {backend} makes no gradients. Use "
            'another one, such as `use_backend("tensorflow")`.'
        )


class Tap:
    """The stage's place in the training of one `Context`."""

    def __init__(self, context):
        self.context = context
        self.model = context._sets[0]._model  # `model` of a callback gives JAX's state back
        self.sparse = frozenset()  # places of the gradients that can't be changed
        self.ran = False
        self._function = None
        self._error = None
        self._first = self._applied = 0

    def put(self) -> None:
        """Put the stage into the steps of the model, unless it is there."""
        model = self.model
        if self._function is not None and model.train_function is self._function:
            return
        self._refuse(model)
        vars(model).pop("make_train_function", None)
        with _own_step(model):
            model.make_train_function(force=True)
        self._function = model.train_function = self._tapped(model.train_function)
        # A training that an error ends outside a step leaves the tap; the next one asks for its
        # function here.
        vars(model)["make_train_function"] = self._make_train_function

    def remove(self) -> None:
        """Leave the model as one that was never tapped; its function is made anew when needed."""
        model = self.model
        if vars(model).get("make_train_function") == self._make_train_function:
            del vars(model)["make_train_function"]
        if self._function is not None and model.train_function is self._function:
            model.train_function = None
        self._function = None

    def checked(self, value) -> list:
        """`value`, which a stage assigns to the gradients, as arrays for the optimizer."""
        shown = self.context.gradients
        if not isinstance(value, (list, tuple)) or len(value) != len(shown):
            raise ValueError(
                f"`gradients` takes a list with one for each of the {len(shown)} trainable "
                "variables, as it has given it."
            )
        pairs = zip(shown, value, strict=True)
        return [self._one(place, *pair) for place, pair in enumerate(pairs)]

    def end_epoch(self) -> None:
        """An error if there were steps, and none of them came by the optimizer."""
        if self._first and not self.ran:
            self.remove()
            name = type(self.model).__name__
            raise RuntimeError(
                f"{self._stage_named()} has not run in a whole epoch: the `train_step` of `{name}` "
                f"makes its updates without the optimizer of compile(). Call {_update()} in it."
            )

    # ---- within a step ---------------------------------------------------------------------------

    def _tapped(self, function):
        def train_function(*args):
            self._first, self._applied = self.context.step, 0
            result = None
            try:
                with _in_step(self.model), self._optimizer(self.model.optimizer):
                    result = function(*args)
                    _wait()
            except StopIteration:
                if self._error is not None:
                    self._fail(result)
                raise  # the data have ended
            except BaseException:
                self._fail(result)
                raise
            if self._error is not None:
                self._fail(result)
            return result

        return train_function

    def _fail(self, result) -> None:
        """Leave the model, with the state after the step if there is one, and raise what the stage
        has raised, which backends wrap in errors of theirs."""
        _keep(self.model, result)
        self.remove()
        error, self._error = self._error, None
        if error is not None:
            raise error from error.__cause__

    @contextlib.contextmanager
    def _optimizer(self, optimizer):
        """Tap `optimizer` for one step. Set past Keras, which would track it as a state."""
        name = "stateless_apply" if keras.config.backend() == "jax" else "apply"
        make = self._stateless_apply if name == "stateless_apply" else self._apply
        vars(optimizer)[name] = make(optimizer, getattr(optimizer, name))
        try:
            yield
        finally:
            vars(optimizer).pop(name, None)

    def _apply(self, optimizer, original):
        def apply(grads, trainable_variables=None):
            grads = list(grads)
            variables = trainable_variables
            if variables is not None:
                variables = trainable_variables = list(trainable_variables)
            elif optimizer.built:
                variables = optimizer._trainable_variables
            scale = _scale(optimizer, lambda variable: variable.value)
            return original(self._through(grads, variables or [], scale), trainable_variables)

        return apply

    def _stateless_apply(self, optimizer, original):
        def stateless_apply(optimizer_variables, grads, trainable_variables):
            def value(variable):
                return next(
                    now
                    for known, now in zip(optimizer.variables, optimizer_variables, strict=True)
                    if known is variable
                )

            scale = _scale(optimizer, value)
            grads = self._through(list(grads), optimizer._trainable_variables, scale)
            return original(optimizer_variables, grads, trainable_variables)

        return stateless_apply

    def _through(self, grads: list, variables: list, scale) -> list:
        """`grads` of `variables` after the stage."""
        places = {id(v): i for i, v in enumerate(self.model.trainable_variables)}
        at = {i: places.get(id(v)) for i, v in enumerate(variables) if grads[i] is not None}
        at = {i: place for i, place in at.items() if place is not None}
        sparse = frozenset(place for i, place in at.items() if _is_sparse(grads[i]))

        def host(arrays: list) -> list:
            self.sparse = sparse
            try:
                return self._run(list(at.values()), arrays)
            except BaseException as error:
                if isinstance(error, StopIteration):  # to Keras the end of the data
                    self._error = RuntimeError(f"{self._stage_named()} raised StopIteration.")
                    self._error.__cause__ = error
                else:
                    self._error = _unread(error) or error
                raise

        after = _BACKENDS[keras.config.backend()](host, [grads[i] for i in at], scale)
        for i, new in zip(at, after, strict=True):
            grads[i] = new
        return grads

    def _run(self, places: list, arrays: list) -> list:
        """Run the stage of all sets on `arrays`, whose last is the scale of the loss. An array that
        no set has changed comes back as the same object."""
        context, scale = self.context, float(arrays.pop())
        if self._error is not None:  # of an earlier step of one call, on JAX
            return arrays
        shown = [None] * len(self.model.trainable_variables)
        for place, array in zip(places, arrays, strict=True):
            shown[place] = _shown(array, scale)
        if self.model.steps_per_execution > 1:
            context._note(step=self._first + self._applied)
        self._applied += 1
        self.ran = True
        context._gradients = list(shown)
        try:
            for callback in context._sets:
                callback.on_after_backward()
            # Python code may have put others into the list itself.
            now = self.checked(context._gradients)
        finally:
            context._gradients = None
        return [
            array if now[place] is shown[place] else np.asarray(now[place] * scale, array.dtype)
            for place, array in zip(places, arrays, strict=True)
        ]

    def _one(self, place: int, shown, value):
        if value is shown:
            return shown
        variable = self.model.trainable_variables[place]
        named = f"the gradient of `{variable.path}`"
        if shown is None or value is None:
            what = "there is none" if shown is None else "NULL is none"
            raise ValueError(f"{named} can't be set: {what}.")
        new = np.asarray(value)
        if new.dtype.kind not in "biuf":
            raise TypeError(f"{named} takes numbers, not an array of {new.dtype}.")
        new = new.astype(shown.dtype)
        if new.ndim == 0 and shown.size == 1:
            new = new.reshape(shown.shape)
        if new.shape != shown.shape:
            raise ValueError(f"{named} has dims {_dims(shown)}, and the new one {_dims(new)}.")
        if np.array_equal(new, shown, equal_nan=True):
            return shown
        if place in self.sparse:
            raise ValueError(
                f"{named} can't be set: TensorFlow keeps that of an embedding as slices. Clip it "
                "with `clipnorm` or `clipvalue` of the optimizer."
            )
        return _read_only(new)

    # ---- where it can't run ----------------------------------------------------------------------

    def _refuse(self, model) -> None:
        backend = keras.config.backend()
        refuse_backend(self._set_name())
        if backend != "jax" and model.jit_compile and not model.run_eagerly:
            compiler = {"tensorflow": "XLA", "torch": "torch.compile"}[backend]
            raise ValueError(
                f"{self._stage_named()} can't run on {_NAMES[backend]} in steps that {compiler} "
                "compiles: compile the model with `jit_compile = FALSE`."
            )
        if keras.distribution.distribution() is not None or _has_strategy(model):
            raise ValueError(
                f"{self._stage_named()} can't run on {_NAMES[backend]} in a distributed training: "
                "train without a strategy or distribution."
            )

    def _stage_named(self) -> str:
        return f"`{STAGE}` of `{self._set_name()}`"

    def _set_name(self) -> str:
        return next(type(set_).__name__ for set_ in self.context._sets if STAGE in set_.stages)

    def _make_train_function(self, force=False):
        self.remove()
        return self.model.make_train_function(force=force)


# ---- what the backends do differently ------------------------------------------------------------


def _tensorflow(host, grads: list, scale) -> list:
    import tensorflow as tf

    dense = [tf.convert_to_tensor(grad) for grad in grads]

    def call(*tensors):
        after = host([tensor.numpy() for tensor in tensors])
        return [tf.convert_to_tensor(array) for array in after]

    types = [grad.dtype for grad in dense]
    inputs = [*dense, tf.convert_to_tensor(scale, tf.float32)]
    # Eager gradients need no graph; in traced code the update waits for what the call gives.
    eager = tf.executing_eagerly()
    after = call(*inputs) if eager else tf.py_function(call, inputs, types)
    for old, new in zip(dense, after, strict=True):
        new.set_shape(old.shape)
    with tf.control_dependencies(after):
        return [
            tf.IndexedSlices(tf.identity(grad.values), grad.indices, grad.dense_shape)
            if _is_sparse(grad)
            else new
            for grad, new in zip(grads, after, strict=True)
        ]


def _jax(host, grads: list, scale) -> list:
    import jax
    from jax.experimental import io_callback

    inputs = [*grads, jax.numpy.asarray(scale, "float32")]

    def call(*tensors):
        # No operations of JAX here: they may wait for the thread that this runs on.
        arrays = [np.asarray(tensor) for tensor in tensors]
        try:
            return host(list(arrays))
        except BaseException:
            # JAX gives the model's state to the step, and an error would leave neither the old nor
            # the new one; the tap raises when the step has ended.
            return arrays[:-1]

    if not any(isinstance(value, jax.core.Tracer) for value in inputs):
        return [jax.numpy.asarray(array) for array in call(*inputs)]
    shapes = [jax.ShapeDtypeStruct(grad.shape, grad.dtype) for grad in grads]
    return list(io_callback(call, shapes, *inputs, ordered=True))


def _torch(host, grads: list, scale) -> list:
    import torch

    before = [keras.ops.convert_to_numpy(value) for value in (*grads, torch.as_tensor(scale))]
    with torch.enable_grad():  # the update is made without; a stage may train another model
        after = host(list(before))
    return [
        grad if new is old else torch.as_tensor(new).to(grad)
        for grad, old, new in zip(grads, before, after, strict=False)
    ]


_BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}


def _scale(optimizer, value):
    """What the loss is multiplied by; `value` reads a variable of the optimizer."""
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer.loss_scale_factor or 1.0
    return value(optimizer.dynamic_scale) if optimizer.built else optimizer.initial_scale


def _is_sparse(grad) -> bool:
    return hasattr(grad, "indices") and hasattr(grad, "dense_shape")


def _has_strategy(model) -> bool:
    return keras.config.backend() == "tensorflow" and model._distribute_strategy is not None


@contextlib.contextmanager
def _own_step(model):
    """For a function that is made of the model's `train_step`: JAX traces a method once, and would
    give a later training, or this one, what another has traced."""
    if keras.config.backend() != "jax":
        yield
        return
    before = model.train_step
    vars(model)["train_step"] = lambda *args, **keywords: before(*args, **keywords)
    try:
        yield
    finally:
        del vars(model)["train_step"]


@contextlib.contextmanager
def _in_step(model):
    """On JAX the state that the model has is given away in a step: code that asks for it, as
    ``callback.model`` does, leaves it alone."""
    if keras.config.backend() != "jax":
        yield
        return
    before, model._jax_state_synced = model._jax_state_synced, True
    try:
        yield
    finally:
        model._jax_state_synced = before


def _wait() -> None:
    """Wait until the stage has run: JAX goes on before that."""
    if keras.config.backend() == "jax":
        import jax

        jax.effects_barrier()


def _unread(error: BaseException) -> RuntimeError | None:
    """What `error` means if it comes from a variable whose value JAX has in a step."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    file = place.tb_frame.f_code.co_filename if place is not None else ""
    if not isinstance(error, TypeError) or not file.endswith("variables.py"):
        return None
    new = RuntimeError(
        f"on JAX the variables of the model and of its optimizer can't be read in `{STAGE}`: read "
        "them in `on_batch_begin` or `on_batch_end`."
    )
    new.__cause__ = error
    return new


def _keep(model, result) -> None:
    """Give the model the state after a step of JAX, which has used up the one before it."""
    if keras.config.backend() == "jax" and result is not None:
        kinds = ("trainable", "non_trainable", "optimizer", "metrics")
        state = zip(kinds, result[1], strict=True)
        model._jax_state = {f"{kind}_variables": values for kind, values in state}


def _update() -> str:
    is_jax = keras.config.backend() == "jax"
    return f"`self$optimizer${'stateless_apply' if is_jax else 'apply'}(...)`"


def _shown(array, scale: float) -> np.ndarray:
    """The gradient as a stage sees it; R and NumPy have no bfloat16."""
    unscaled = array if scale == 1 else array / array.dtype.type(scale)
    return _read_only(unscaled if array.dtype.kind == "f" else unscaled.astype("float32"))


def _dims(array) -> str:
    return f"({', '.join(map(str, array.shape))})"


def _read_only(array) -> np.ndarray:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy
