"""Tensors and Keras variables for R: which objects they are, their dims, their values. The other
half is R/for_r_tensor.R.

Keras' own backend decides what a tensor is. Assumes Keras only if it is imported already, or
if the object comes from TensorFlow, JAX or torch: plain Python objects never import Keras.
"""

import importlib
import inspect
import sys

import numpy as np

_LIBRARIES = frozenset(("tensorflow", "jax", "jaxlib", "torch"))
_PLAIN = (str, bytes, int, float, complex, list, tuple, dict, set, type(None), type, np.ndarray)


class SymbolicValueError(TypeError):
    """The value of a tensor was asked for in code that is being traced."""


def loaded_keras():
    """The module keras if it is imported completely, else None."""
    keras = sys.modules.get("keras")
    return keras if hasattr(keras, "ops") and hasattr(keras, "KerasTensor") else None


def _keras_for(x):
    keras = loaded_keras()
    if keras is not None or type(x).__module__.split(".")[0] not in _LIBRARIES:
        return keras
    if not (hasattr(x, "shape") and hasattr(x, "dtype")) or "keras" in sys.modules:
        return None
    try:
        return importlib.import_module("keras")
    except ImportError:
        return None


_tensor_types: set[type] = set()  # seen so far, since asking the backend costs microseconds


def is_tensor(x):
    """Is `x` a tensor of Keras' backend, a Keras variable or a symbolic Keras tensor?"""
    if type(x) in _tensor_types:
        return True
    if isinstance(x, _PLAIN):
        return False
    keras = _keras_for(x)
    if keras is None:
        return False
    found = isinstance(x, (keras.KerasTensor, keras.Variable)) or keras.ops.is_tensor(x)
    if found:
        _tensor_types.add(type(x))
    return bool(found)


class _LibraryOps:
    """The operations of keras.ops for tensors of a library that is not Keras' backend."""

    def __init__(self, library):
        module = importlib.import_module(f"keras.src.backend.{library}")
        self._places = (module, module.numpy)

    def __getattr__(self, name):
        return getattr(next(place for place in self._places if hasattr(place, name)), name)


_foreign_ops: dict[type, _LibraryOps] = {}


def is_foreign(x):
    """Is `x` a tensor of a library beside Keras' backend, such as TensorFlow's in the functions of
    a dataset where Keras runs on JAX?"""
    if type(x) in _foreign_ops:
        return True
    library = library_of(x)
    if library not in _LIBRARIES or is_tensor(x) or _keras_for(x) is None:
        return False
    ops = _LibraryOps(library)
    if not ops.is_tensor(x):
        return False
    _foreign_ops[type(x)] = ops
    return True


def library_of(x):
    """The package that the type of `x` comes from, such as "tensorflow"."""
    return type(x).__module__.split(".")[0].replace("jaxlib", "jax")


def is_any_tensor(x):
    """Is `x` a tensor, of whatever library? R counts the elements of all from 1."""
    return is_tensor(x) or is_foreign(x)


def ops_of(x):
    """keras.ops for the tensor `x`, or these operations of its own library. Those that choose a
    type are not for tensors beside the backend, whose 64 bits they would make 32."""
    return _foreign_ops.get(type(x)) or loaded_keras().ops


def dtype_of(x):
    """The dtype of a tensor, or of what it is compared with, as Keras names it."""
    return loaded_keras().backend.standardize_dtype(x.dtype)


def is_symbolic(x):
    """Has the tensor `x` no value, because the code that uses it is being traced?"""
    keras = loaded_keras()
    if isinstance(x, keras.KerasTensor):
        return True
    if isinstance(x, keras.Variable):
        x = x.value
    library = library_of(x)
    if library == "tensorflow":
        tf = sys.modules["tensorflow"]
        if isinstance(x, tf.Variable):
            return not tf.executing_eagerly()
        return tf.is_symbolic_tensor(x) if isinstance(x, tf.Tensor) else False
    if library == "jax":
        return isinstance(x, sys.modules["jax"].core.Tracer)
    if library == "torch":
        return getattr(getattr(x, "device", None), "type", "") == "meta"
    return False


def require_value(x, label, what="its value cannot be read"):
    """Raise SymbolicValueError, naming the R expression `label`, if `x` is symbolic."""
    if is_symbolic(x):
        raise SymbolicValueError(
            f"`{label}` is symbolic here (traced code): {what}. Use op_*() functions on it"
            f"{_way_to_values()} to run this code on values."
        )


def _way_to_values() -> str:
    """How the code that runs can get values. It is that of the innermost frame whose `self` is a
    metric, loss or layer, which can be plain R, or a dataset."""
    keras, frame = loaded_keras(), sys._getframe(1)
    while keras is not None and frame is not None:
        # The names of a frame that is no function's may be in any mapping.
        is_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
        owner = frame.f_locals.get("self") if is_function else None
        kind = type(owner)  # of any object, whatever it says that its class is
        if str(kind.__module__).startswith("tensorflow.python.data."):
            return ", or give the step of the pipeline, such as dataset_map(), `eager = TRUE`"
        if issubclass(kind, (keras.metrics.Metric, keras.losses.Loss, keras.layers.Layer)):
            return f"{_plain_r_for(owner, keras)}{_EAGERLY}"
        frame = frame.f_back
    return _EAGERLY


_EAGERLY = ", or compile(run_eagerly = TRUE)"


def _plain_r_for(owner, keras) -> str:
    is_class = any("__r_class__" in vars(cls) for cls in type(owner).__mro__)
    if isinstance(owner, keras.Model):
        return ""
    if isinstance(owner, keras.metrics.Metric):
        way = "with `Metric(..., eager = TRUE)`" if is_class else "by metric_r()"
    else:
        way = "by loss_r()" if isinstance(owner, keras.losses.Loss) else "by layer_r()"
    return f", or write plain R, which gets values, {way}"


def dim_of(x):
    """The dims of a tensor or array, -1 where unknown; None without dims or with unknown rank."""
    if isinstance(x, (np.ndarray, np.generic)):
        return list(x.shape)
    if not is_tensor(x) and type(x).__module__.split(".")[0] not in ("pandas", *_LIBRARIES):
        return None
    try:
        shape = tuple(getattr(x, "shape", None))
    except (TypeError, ValueError):
        return None
    return [-1 if n is None else n if isinstance(n, int) else _known(n) for n in shape]


def _known(n):
    try:
        return int(n)
    except Exception:
        # A symbolic dim (of JAX or of torch) has no number.
        return -1


def dims(shape):
    """A shape as R users read it: (NA, 4)."""
    return f"({', '.join('NA' if n is None else str(n) for n in shape)})"


def size_of(x):
    """The number of elements of a tensor or array; -1 if unknown, None without dims."""
    sizes = dim_of(x)
    if sizes is None:
        return -1 if is_tensor(x) else None
    return -1 if -1 in sizes else int(np.prod(sizes, dtype="int64"))


def _for_r(array):
    """`array` in one of the dtypes R has, when that changes no value."""
    kind = array.dtype.kind
    if kind in "iu" and array.dtype != np.int32:
        fits = not array.size or (array.min() > -(2**31) and array.max() < 2**31)
        exact = not array.size or (array.min() >= -(2**53) and array.max() <= 2**53)
        array = array.astype("int32" if fits else "float64") if fits or exact else array
    elif kind == "f" and array.dtype != np.float64:
        array = array.astype("float64")
    elif kind == "V" and array.dtype.names is None:
        # bfloat16 and the float8 kinds are no dtypes of NumPy itself.
        array = array.astype("float64")
    elif kind == "O" and all(isinstance(value, (str, bytes)) for value in array.flat):
        texts = [v.decode() if isinstance(v, bytes) else v for v in array.flat]
        array = np.array(texts, dtype=str).reshape(array.shape)
    elif kind == "S":
        array = np.char.decode(array)
    return array.item() if array.ndim == 0 else array


def to_numpy(x, label="x"):
    """The value of the tensor `x` as a NumPy array."""
    require_value(x, label)
    dtype = dtype_of(x)
    if dtype == "string":
        return np.asarray(x.numpy())
    ops = loaded_keras().ops
    x = ops.cast(x, "float32") if dtype == "bfloat16" else ops.convert_to_tensor(x)
    return np.asarray(ops.convert_to_numpy(x))


def read_value(x, label="x"):
    """The value of a tensor or array for R (dtype, 0-d to scalar); None if `x` is neither.

    `label` is the R expression, for the error on a symbolic tensor.
    """
    if is_tensor(x):
        return _for_r(to_numpy(x, label))
    if isinstance(x, (np.ndarray, np.generic)) or hasattr(type(x), "__array__"):
        return _for_r(np.asarray(x))
    return None


def number(x):
    """float(x), for objects that are numbers but no arrays."""
    return float(x)


def predicate(name, x):
    """isnan, isfinite or isinf of every element; False for what is no tensor or array."""
    if is_tensor(x):
        ops = loaded_keras().ops
        return getattr(ops, name)(x)
    array = np.asarray(x) if hasattr(type(x), "__array__") else None
    if array is None or array.dtype.kind not in "biufc":
        return name == "isfinite" and isinstance(x, (int, float))
    return getattr(np, name)(array)


def whole_like(value, dtype):
    """R's number or vector `value` in the integer type `dtype` if it is whole and fits, so that a
    constant such as 1 leaves a tensor of integers one; any other value unchanged."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and _fits(value, dtype) else value
    if isinstance(value, list) and value and all(type(x) in (int, float) for x in value):
        whole = all(float(x).is_integer() and _fits(x, dtype) for x in value)
        return np.array(value, dtype) if whole else value
    return value


def _fits(number, dtype):
    limits = np.iinfo(dtype)
    return limits.min <= number <= limits.max


def is_integer(x):
    """Is `x` a tensor of integers?"""
    return is_tensor(x) and "int" in dtype_of(x)


def weak(value, like):
    """The R value `value` in the dtype that R arithmetic with the tensor `like` gives it.

    R has one float type, so its numbers take the float type of the tensor (Keras does the same
    with Python scalars), and whole numbers that of a tensor of integers; integers take any number
    type wide enough.
    """
    dtype = dtype_of(like)
    if "int" in dtype:
        value = whole_like(value, dtype)
    if is_any_tensor(value) or isinstance(value, (bool, int, float, complex, str)):
        return value
    array = np.asarray(value)
    ops, floatx = loaded_keras().ops, loaded_keras().backend.floatx()
    kind = array.dtype.kind
    is_float = "float" in dtype
    if kind == "f":
        return ops.convert_to_tensor(array, dtype=dtype if is_float else floatx)
    if kind in "iu":
        target = dtype if is_float or array.dtype == dtype or dtype == "int64" else "int32"
        return ops.convert_to_tensor(array, dtype=target)
    return ops.convert_to_tensor(array)


def weak_pair(x, y):
    """Both operands ready for keras.ops; at least one is a tensor."""
    return (weak(x, y), y) if is_tensor(y) and not is_tensor(x) else (x, weak(y, x))


def matmul(x, y):
    """R's `%*%`: a matrix product of tensors, or of whatever else has `@`."""
    if is_tensor(x) or is_tensor(y):
        return loaded_keras().ops.matmul(*weak_pair(x, y))
    as_array = [np.asarray(v) if isinstance(v, list) else v for v in (x, y)]
    return as_array[0] @ as_array[1]


def aperm(x, perm=None):
    """Permute the dims of a tensor or array; `perm` is 1-based, None reverses them."""
    axes = None if perm is None else [int(axis) - 1 for axis in np.ravel(perm)]
    if is_tensor(x):
        return loaded_keras().ops.transpose(x, axes=axes)
    return np.transpose(x, axes)


def transposed(x):
    """R's t(): of a matrix, or of one dim as a row."""
    rank = len(x.shape)
    if rank > 2:
        raise ValueError(f"t(): the argument has {rank} dims; use aperm() or op_transpose()")
    if rank == 1:
        return x[None, :]
    return aperm(x)
