"""`on_after_backward` of callback sets: the stage between backward and the optimizer's step.

While a training runs whose sets have this stage, a `Tap` replaces the model's ``train_function``,
and within each step the optimizer's ``apply``. It restores both when the training ends, also after
an error. What differs between backends is in callbacks/gradients_<backend>.py; ARCHITECTURE.md has
a table of what each can't do.

Gradients are read-only NumPy arrays, divided by the optimizer's scale of the loss. The
optimizer uses the gradients that a stage assigns. With gradient accumulation the stage sees the
gradients of each batch.
"""

from __future__ import annotations

import contextlib
from importlib import import_module

import keras
import numpy as np

from .gradients_backend import Backend

STAGE = "on_after_backward"
_BACKENDS = ("tensorflow", "jax", "torch")


def refuse_backend(name: str) -> None:
    """Raise ValueError if the backend of Keras computes no gradients; `name` is the name of the
    class that has the stage."""
    backend = keras.config.backend()
    if backend not in _BACKENDS:
        raise ValueError(
            f"`{STAGE}` of `{name}` can never run: the backend {backend} computes no gradients. "
            'Use another one, such as `use_backend("tensorflow")`.'
        )


def _backend() -> Backend:
    return import_module(f".gradients_{keras.config.backend()}", __package__).BACKEND


class Tap:
    """Runs the stage in the steps of the training of one `Context`."""

    def __init__(self, context):
        self.context = context
        refuse_backend(self._set_name())
        self.backend = _backend()
        self.model = context._sets[0]._model  # the property `model` would write JAX's state back
        self.sparse = frozenset()  # indices of the gradients that can't be changed
        self.ran = False
        self._function = None
        self._error = None
        self._first = self._applied = 0

    def put(self) -> None:
        """Give the model a ``train_function`` that runs the stage, unless it has one."""
        model = self.model
        if self._function is not None and model.train_function is self._function:
            return
        self._refuse(model)
        vars(model).pop("make_train_function", None)
        with self.backend.own_step(model):
            model.make_train_function(force=True)
        self._function = model.train_function = self._tapped(model.train_function)
        # An error outside a step may end the training without `remove()`; then the next training
        # calls it through this attribute.
        vars(model)["make_train_function"] = self._make_train_function

    def remove(self) -> None:
        """Remove the function that `put()` has set; Keras makes a new one when it needs it."""
        model = self.model
        if vars(model).get("make_train_function") == self._make_train_function:
            del vars(model)["make_train_function"]
        if self._function is not None and model.train_function is self._function:
            model.train_function = None
        self._function = None

    def checked(self, value) -> list:
        """The gradients `value`, which a stage assigns, with the dtypes and shapes of the old."""
        shown = self.context.gradients
        if not isinstance(value, (list, tuple)) or len(value) != len(shown):
            raise ValueError(
                f"`gradients` must be a list of {len(shown)}, one for each trainable variable."
            )
        pairs = zip(shown, value, strict=True)
        return [self._one(place, *pair) for place, pair in enumerate(pairs)]

    def end_epoch(self) -> None:
        """Raise RuntimeError if the epoch had steps, but none of them called the optimizer."""
        if self._first and not self.ran:
            self.remove()
            name = type(self.model).__name__
            raise RuntimeError(
                f"{self._stage_named()} did not run in a whole epoch: the `train_step` of `{name}` "
                "updates the weights without the optimizer of compile(). Call "
                f"`self$optimizer${self.backend.apply}(...)` in it."
            )

    # ---- within a step ---------------------------------------------------------------------------

    def _tapped(self, function):
        def train_function(*args):
            self._first, self._applied = self.context.step, 0
            result = None
            try:
                with self.backend.in_step(self.model), self._optimizer(self.model.optimizer):
                    result = function(*args)
                    self.backend.wait()
            except StopIteration:
                if self._error is not None:
                    self._fail(result)
                raise  # the end of the data
            except BaseException:
                self._fail(result)
                raise
            if self._error is not None:
                self._fail(result)
            return result

        return train_function

    def _fail(self, result) -> None:
        """Call `remove()` and raise the stage's own error, around which backends raise errors of
        their own."""
        if result is not None:
            self.backend.set_state(self.model, result)
        self.remove()
        error, self._error = self._error, None
        if error is not None:
            raise error from error.__cause__

    @contextlib.contextmanager
    def _optimizer(self, optimizer):
        """Replace the optimizer's method for one step. This uses ``vars()``, since Keras would
        track an assigned attribute as a part of the optimizer's state."""
        name = self.backend.apply
        original = getattr(optimizer, name)
        vars(optimizer)[name] = self.backend.wrapped(optimizer, original, self._through)
        try:
            yield
        finally:
            vars(optimizer).pop(name, None)

    def _through(self, grads: list, variables: list, scale) -> list:
        """The gradients of `variables` after the stage; `scale` is the scale of the loss."""
        places = {id(v): i for i, v in enumerate(self.model.trainable_variables)}
        at = {i: places.get(id(v)) for i, v in enumerate(variables) if grads[i] is not None}
        at = {i: place for i, place in at.items() if place is not None}
        sparse = frozenset(place for i, place in at.items() if self.backend.is_sparse(grads[i]))

        def host(arrays: list) -> list:
            self.sparse = sparse
            try:
                return self._run(list(at.values()), arrays)
            except BaseException as error:
                if isinstance(error, StopIteration):  # Keras would take it for the end of the data
                    self._error = RuntimeError(f"{self._stage_named()} raised StopIteration.")
                    self._error.__cause__ = error
                else:
                    self._error = self.backend.explained(error)
                raise

        after = self.backend.call(host, [grads[i] for i in at], scale)
        for i, new in zip(at, after, strict=True):
            grads[i] = new
        return grads

    def _run(self, places: list, arrays: list) -> list:
        """Run the stage of all sets on `arrays`, the last of which is the scale of the loss, and
        return the gradients. An array that no set has changed is the same object."""
        context, scale = self.context, float(arrays.pop())
        if self._error is not None:  # on JAX, an earlier step of the same call has failed
            return arrays
        shown = [None] * len(self.model.trainable_variables)
        for place, array in zip(places, arrays, strict=True):
            shown[place] = _shown(array, scale)
        if self.model.steps_per_execution > 1:
            context._set(step=self._first + self._applied)
        self._applied += 1
        self.ran = True
        context._gradients = list(shown)
        try:
            for callback in context._sets:
                callback.on_after_backward()
            # Python code may have changed the list in place.
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
            what = ": it has none in this step" if shown is None else " to NULL"
            raise ValueError(f"{named} can't be set{what}.")
        new = np.asarray(value)
        if new.dtype.kind not in "biuf":
            raise TypeError(f"{named} must be numbers, not an array of {new.dtype}.")
        new = new.astype(shown.dtype)
        if new.ndim == 0 and shown.size == 1:
            new = new.reshape(shown.shape)
        if new.shape != shown.shape:
            raise ValueError(f"{named} has dims {_dims(shown)}, and the new one has {_dims(new)}.")
        if np.array_equal(new, shown, equal_nan=True):
            return shown
        if place in self.sparse:
            raise ValueError(
                f"{named} can't be set: TensorFlow stores the gradient of an embedding as "
                "slices. Clip it by `clipnorm` or `clipvalue` of the optimizer."
            )
        return _read_only(new)

    # ---- where it can't run ----------------------------------------------------------------------

    def _refuse(self, model) -> None:
        backend = self.backend
        if backend.compiler and model.jit_compile and not model.run_eagerly:
            raise ValueError(
                f"{self._stage_named()} can't run on {backend.name} in steps that "
                f"{backend.compiler} compiles: compile the model with `jit_compile = FALSE`."
            )
        if keras.distribution.distribution() is not None or backend.is_distributed(model):
            raise ValueError(
                f"{self._stage_named()} can't run on {backend.name} in a distributed training: "
                "train without a strategy or distribution."
            )

    def _stage_named(self) -> str:
        return f"`{STAGE}` of `{self._set_name()}`"

    def _set_name(self) -> str:
        return next(type(set_).__name__ for set_ in self.context._sets if STAGE in set_.stages)

    def _make_train_function(self, force=False):
        self.remove()
        return self.model.make_train_function(force=force)


def _shown(array, scale: float) -> np.ndarray:
    """The gradient that a stage sees: unscaled, and float32 if NumPy lacks the dtype (bfloat16)."""
    unscaled = array if scale == 1 else array / array.dtype.type(scale)
    return _read_only(unscaled if array.dtype.kind == "f" else unscaled.astype("float32"))


def _dims(array) -> str:
    return f"({', '.join(map(str, array.shape))})"


def _read_only(array) -> np.ndarray:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy
