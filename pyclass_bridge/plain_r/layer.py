"""Layers in plain R: `RLayer`, what `layer_r()` makes. The other half is R/plain_r_layer.R.

The layer has no weights. The shape of its output is given: R has not run when a model is built.
"""

from __future__ import annotations

import keras
import numpy as np

from ..bridge.r_functions import r_function
from .arrays import for_r
from .derivatives import Differentiable, dtype_of
from .host_call import Host, backend
from .saved_functions import loaded, remember, saved


def make(fn, output_shape, gradient, name: str | None) -> RLayer:
    """The layer for R functions that were checked; see `RLayer`."""
    return RLayer(fn, output_shape, gradient, name=name)


@keras.saving.register_keras_serializable("pyclass_bridge")
class RLayer(keras.layers.Layer):
    """A layer whose function is plain R.

    Args:
        fn: The R function of an array, or of a list of arrays.
        output_shape: The shape of its result, without the batch.
        gradient: The R function of inputs and the gradient by the result, if there is one.
    """

    def __init__(self, fn, output_shape, gradient=None, **kwargs):
        super().__init__(**kwargs)
        self.fn, self.gradient = fn, gradient
        remember(fn, gradient)
        self.output_shape_of_row = tuple(map(int, output_shape))
        self.supports_jit = not backend().XLA
        self._r_host = Host(f"layer `{self.name}`")
        vars(self)["_calls"] = {}  # set so, Keras does not make a dict of its own of it
        self.built = True

    def get_config(self) -> dict:
        """The arguments; functions by their names, as in the configurations of Keras."""
        return {
            **super().get_config(),
            "fn": saved(self.fn),
            "output_shape": list(self.output_shape_of_row),
            "gradient": saved(self.gradient),
        }

    @classmethod
    def from_config(cls, config: dict) -> RLayer:
        """The layer of a configuration, or of one that has the functions themselves."""
        label = f"layer `{config.get('name')}`"
        found = {name: loaded(config.get(name), label) for name in ("fn", "gradient")}
        return super().from_config(config | found)

    def compute_output_shape(self, input_shape):
        """The batch of the first input, and `output_shape`."""
        is_list = any(isinstance(x, (list, tuple)) for x in input_shape)
        first = input_shape[0] if is_list else input_shape
        return (first[0], *self.output_shape_of_row)

    def call(self, inputs):
        """A tensor of the layer's dtype."""
        is_list = isinstance(inputs, (list, tuple))
        tensors = list(inputs) if is_list else [inputs]
        tensors = [keras.ops.convert_to_tensor(x) for x in tensors]
        is_active = tuple("float" in dtype_of(x) for x in tensors)
        active = [x for x, is_float in zip(tensors, is_active, strict=True) if is_float]
        constant = [x for x, is_float in zip(tensors, is_active, strict=True) if not is_float]
        key = (is_list, is_active)
        if key not in self._calls:
            self._calls[key] = _Call(self, *key)
        return self._calls[key](constant, active)


class _Call:
    """A layer called on inputs of these kinds; what its host callbacks call."""

    def __init__(self, layer: RLayer, is_list: bool, is_active: tuple[bool, ...]):
        self.host, self.row, self.dtype = (
            layer._r_host,
            layer.output_shape_of_row,
            layer.compute_dtype,
        )
        make = r_function("layer_source")
        self.source = make(layer.fn, layer.gradient, list(is_active), is_list, layer._r_host.label)
        self.differentiable = Differentiable(self.host, self.values, self.slopes, self._shape)

    def __call__(self, constant: list, active: list):
        if active:
            return self.differentiable(constant, active)
        outputs = [(self._shape(constant), self.dtype)]

        def values(*arrays):
            return self.values(list(arrays), [])[:1]

        return self.host.call(values, constant, outputs, pure=True)[0]

    def _shape(self, tensors) -> tuple:
        return (tensors[0].shape[0], *self.row)

    def values(self, constant, active) -> list:
        """The array of the function, and no note."""
        inputs = [for_r(x) for x in active], [for_r(x) for x in constant]
        shape = self._shape([*active, *constant])
        if 0 in shape:
            return [np.zeros(shape), 0]
        label = f"{self.host.label}, batch {self.host.batch}"
        found = r_function("layer_values")(
            self.source, *inputs, list(shape), _are_numbers(inputs[0]), label
        )
        return [np.asarray(found, "float64").reshape(shape), 0]

    def slopes(self, note, constant, active, g) -> list:
        """The gradients by the inputs that are active."""
        inputs = [for_r(x) for x in active], [for_r(x) for x in constant]
        if 0 in g.shape:
            return [np.zeros(x.shape) for x in active]
        g = g.astype("float64")
        label = f"{self.host.label}, batch {self.host.batch}"
        is_strict = _are_numbers([*inputs[0], g])
        found = r_function("layer_gradient")(self.source, *inputs, g, is_strict, label)
        return [
            np.asarray(a, "float64").reshape(x.shape) for a, x in zip(found, active, strict=True)
        ]


def _are_numbers(arrays) -> bool:
    return all(np.isfinite(x).all() for x in arrays)
