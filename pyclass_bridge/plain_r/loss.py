"""Losses in plain R: `RLoss`, what `loss_r()` makes. The other half is R/plain_r_loss.R.

How many numbers the R function returns is known only when it has run: one for the batch, or one for
each row or place. So a host callback returns one for each place, such that Keras' reduction gives
what is right; its note says how many there were. It computes in doubles.
"""

from __future__ import annotations

import math
import weakref

import keras
import numpy as np
from keras.src.losses.loss import apply_mask, reduce_values, reduce_weighted_values

from ..bridge.r_functions import r_function, r_handle
from ..surface.levels import present
from .arrays import as_r, for_r
from .derivatives import Differentiable
from .host_call import Host
from .saved_functions import loaded, remember, saved

_NOTHING = 0  # the note for predictions that are no numbers: R is not asked


def make(fn, gradient, name: str | None, reduction: str | None) -> RLoss:
    """The loss for R functions that were checked; see `RLoss`."""
    return RLoss(fn, gradient, name=name, reduction=reduction)


@keras.saving.register_keras_serializable("pyclass_bridge")
class RLoss(keras.losses.Loss):
    """A loss whose function is plain R.

    Args:
        fn: The R function of `y_true`, `y_pred` and perhaps `sample_weight`.
        gradient: The R function for its derivatives by `y_pred`, if there is one.
        name, reduction, dtype: As for losses of Keras; default: the name of the function.
    """

    def __init__(self, fn, gradient=None, name=None, reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name or fn.__name__, reduction=reduction, dtype=dtype)
        self.fn, self.gradient = fn, gradient
        remember(fn, gradient)
        self._begin()

    def _begin(self) -> None:
        self._r_host = Host(f"loss `{self.name}`")
        self._known = None  # R's plain_function() of it
        self._calls = {}
        self._model = self._levels = None

    def __getstate__(self) -> dict:
        left_out = ("_r_host", "_known", "_calls", "_model", "_levels")
        return {name: value for name, value in vars(self).items() if name not in left_out}

    def __setstate__(self, state: dict) -> None:
        vars(self).update(state)
        self._begin()

    def __deepcopy__(self, memo) -> RLoss:
        return type(self).from_config(
            self.get_config() | {"fn": self.fn, "gradient": self.gradient}
        )

    def get_config(self) -> dict:
        """The arguments; functions by their names, as in the configurations of Keras."""
        return {
            **super().get_config(),
            "fn": saved(self.fn),
            "gradient": saved(self.gradient),
            "dtype": keras.saving.serialize_keras_object(self._dtype_policy),
        }

    @classmethod
    def from_config(cls, config: dict) -> RLoss:
        """The loss of a configuration, or of one that has the functions themselves."""
        dtype, label = config.get("dtype"), f"loss `{config.get('name')}`"
        given = {name: loaded(config.get(name), label) for name in ("fn", "gradient")}
        if isinstance(dtype, dict):
            given["dtype"] = keras.saving.deserialize_keras_object(dtype)
        return cls(**config | given)

    def call(self, y_true, y_pred):
        """The numbers for the rows or places, without weights and reduction."""
        return self._values(y_true, y_pred, None, None)

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss of a batch.

        Raises:
            ValueError: R's function has returned one number, and there are weights that it does not
                take.
        """
        mask = getattr(y_pred, "_keras_mask", None)
        with keras.name_scope(self.name):
            y_pred = keras.ops.convert_to_tensor(y_pred, dtype=self.dtype)
            y_true = keras.ops.convert_to_tensor(y_true)
            if not self.source["takes_weight"]:
                values = self._values(y_true, y_pred, None, _weighted(sample_weight, mask))
                return reduce_weighted_values(
                    values,
                    sample_weight=sample_weight,
                    mask=mask,
                    reduction=self.reduction,
                    dtype=self.dtype,
                )
            if sample_weight is not None:
                sample_weight = keras.ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            weight = apply_mask(sample_weight, mask, self.dtype, self.reduction)
            return reduce_values(self._values(y_true, y_pred, weight, None), weight, self.reduction)

    def use_model(self, model) -> None:
        """The targets are those of `model` from now on."""
        self._model = weakref.ref(model)

    def levels(self):
        """A handle of the levels of the targets, if these are the codes of a factor.

        Raises:
            ValueError: the loss is that of several outputs, not all with these levels.
        """
        model = self._model and self._model()
        all_levels = present(model) if model is not None else {}
        if not all_levels:
            return None
        outputs = {entry.name for entry in model._compile_loss._flat_losses if entry.loss is self}
        found = [all_levels.get(f"y${name}", all_levels.get("y")) for name in outputs] or [None]
        if any(levels != found[0] for levels in found):
            raise ValueError(
                f"the {self._r_host.label} is that of several outputs whose targets are not "
                "factors of the same levels: make a loss for each of them."
            )
        if found[0] is None:
            return None
        if self._levels is None or self._levels[0] != found[0]:
            self._levels = found[0], r_handle("as_strings")(list(found[0]))
        return self._levels[1]

    @property
    def source(self) -> dict:
        """What R knows of the function: `handle`, and whether it `takes_weight`."""
        if self._known is None:
            make = r_function("loss_source")
            self._known = make(self.fn, self.gradient, self._r_host.label)
        return self._known

    def _values(self, y_true, y_pred, weight, outer: str | None):
        """A number for each place of `y_pred`; weights by which Keras multiplies them are `outer`:
        one for each "row" or "place"."""
        key = (weight is not None, outer)
        if key not in self._calls:
            batch = _Batch(self, *key)
            self._calls[key] = Differentiable(
                self._r_host, batch.values, batch.slopes, lambda active: _places(active[0].shape)
            )
        constant = [y_true] if weight is None else [y_true, weight]
        return self._calls[key](constant, [y_pred])


def _weighted(sample_weight, mask) -> str | None:
    shapes = [tuple(x.shape) for x in (sample_weight, mask) if x is not None]
    by_place = any(len(shape) > 1 and shape[-1] != 1 for shape in shapes)
    return ("place" if by_place else "row") if shapes else None


def _places(shape) -> tuple:
    """The shape of the numbers of a loss for predictions of `shape`."""
    return tuple(shape[:-1]) if len(shape) > 1 else tuple(shape)


class _Batch:
    """What host callbacks of a loss call: R, for arrays of one batch."""

    def __init__(self, loss: RLoss, has_weight: bool, outer: str | None):
        # Not the loss itself, which holds this: both would wait for the search for circles.
        self.levels = weakref.WeakMethod(loss.levels)
        self.host, self.source, self.reduction = loss._r_host, loss.source, loss.reduction
        self.has_weight, self.outer = has_weight, outer

    def values(self, constant, active) -> list:
        """The numbers for the places, and how many the function has returned."""
        y_pred = for_r(active[0])
        places = _places(y_pred.shape)
        if y_pred.size == 0 or not np.isfinite(y_pred).all():
            return [np.full(places, np.nan), _NOTHING]
        found = r_function("loss_values")(self.source["handle"], *self._arguments(constant, y_pred))
        found = np.atleast_1d(np.asarray(found, "float64"))
        self._refuse_weights(found.size, places)
        values = found.reshape(_shape_of(found.size, places), order="F")
        factor = self._factor(found.size, constant, places)
        return [np.broadcast_to(values * factor, places).copy(), found.size]

    def slopes(self, note: int, constant, active, g) -> list:
        """The gradient by the predictions."""
        y_pred, g = for_r(active[0]), g.astype("float64")
        places = _places(y_pred.shape)
        if note == _NOTHING or not np.isfinite(g).all():
            return [np.full(y_pred.shape, np.nan)]
        shape = _shape_of(note, places)
        folded = tuple(i for i, n in enumerate(shape) if n == 1)
        g = g.sum(axis=folded, keepdims=True) * self._factor(note, constant, places)
        arguments = self._arguments(constant, y_pred, g.ravel(order="F"))
        found = r_function("loss_gradient")(self.source["handle"], *arguments)
        return [np.asarray(found, "float64").reshape(y_pred.shape)]

    def _arguments(self, constant, y_pred, *g) -> list:
        y_true, *weight = map(as_r, constant)
        levels = self.levels()()
        label = f"{self.host.label}, batch {self.host.batch}"
        return [y_true, as_r(y_pred), weight[0] if weight else None, levels, *g, label]

    def _factor(self, count: int, constant, places) -> float:
        """By what the numbers are multiplied so that Keras' reduction gives the loss, if there are
        fewer than places."""
        total = math.prod(places)
        if self.reduction == "sum":
            return count / total
        if self.reduction == "mean_with_sample_weight" and self.has_weight:
            return (
                float(np.sum(constant[1], dtype="float64")) / total if count == 1 else count / total
            )
        return 1.0

    def _refuse_weights(self, count: int, places) -> None:
        total = math.prod(places)
        if count == total or self.outer is None or (self.outer == "row" and count > 1):
            return
        what = "one number for the batch" if count == 1 else "one number for each row"
        raise ValueError(
            f"the {self.host.label} is {what}, so sample weights or a mask can't be applied to it: "
            "give its function an argument `sample_weight`."
        )


def _shape_of(count: int, places: tuple) -> tuple:
    """The shape of `count` numbers that are repeated for `places`."""
    if count == math.prod(places):
        return places
    first = places[0] if count == places[0] else 1
    return (first, *(1 for _ in places[1:]))
