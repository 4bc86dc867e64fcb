"""R's `[` on tensors: 1-based, ranges include both ends, negative numbers count from the end.

The other halves are R/for_r_index.R (`[`) and R/for_r_tensor_subset.R (op_subset()). R describes
every index as a pair (kind, value); see `tensor_item`. Reading works eagerly and in traced code; a
logical mask needs its value, so it works eagerly only.
"""

import numpy as np

from pyclass_bridge.for_r.items import get_items
from pyclass_bridge.for_r.tensor import (
    dims,
    dtype_of,
    is_any_tensor,
    is_symbolic,
    ops_of,
    require_value,
    to_numpy,
)

_TAKES_NO_DIM = ("newaxis", "rest")


def tensor_item(x, kinds, values, label="x"):
    """x[i, j, ...]: for each index a kind and a value.

    all      -            every element of the dim
    at       int          one element, the dim is dropped
    range    [from, to]   a range, both ends in it, None is open; a step may follow
    take     [int, ...]   these elements
    tensor   tensor       positions (an integer tensor) or a mask (a logical one)
    mask     array        a logical R value: of one dim, or of the shape of `x`
    points   matrix       a row with the positions of each element
    newaxis  -            a new dim of size 1
    rest     -            all dims that have no other index
    """
    if len(kinds) == 1 and kinds[0] in ("mask", "tensor"):
        mask = _full_mask(x, kinds[0], values[0], label)
        if mask is not None:
            return _select(x, mask)
    if len(kinds) == 1 and _has_points(x, kinds[0], values[0]):
        return _points(x, ops_of(x).convert_to_tensor(values[0]), label)
    kinds, values = _fill(x, kinds, values, label)
    axes = _axes(x, kinds)
    basic = []
    for kind, value, axis in reversed(list(zip(kinds, values, axes, strict=True))):
        if kind in ("take", "mask", "tensor", "points"):
            x, dropped = _take(x, kind, value, axis, label)
            if not dropped:
                basic.append(slice(None))
        else:
            basic.append(_basic(x, kind, value, axis, label))
    key = tuple(reversed(basic))
    return x if all(part == slice(None) for part in key) else x[key]


def _rank(x):
    try:
        return len(x.shape)
    except ValueError:
        # TensorFlow: a tensor of unknown rank.
        return None


def _fill(x, kinds, values, label):
    """The indices, with every element of the dims that have no index."""
    used, rank = sum(kind not in _TAKES_NO_DIM for kind in kinds), _rank(x)
    if kinds.count("rest") > 1:
        raise IndexError(f"`{label}[...]`: `..` can stand only once among the indices")
    if rank is not None and used > rank:
        raise IndexError(f"`{label}[...]`: {used} indices for a tensor of {rank} dims")
    if "rest" not in kinds:
        return [*kinds, "rest"], [*values, None]
    return list(kinds), list(values)


def _axes(x, kinds):
    """For each index its axis in `x`: from the end behind `..` if the rank is unknown."""
    rank, axes, axis = _rank(x), [], 0
    for position, kind in enumerate(kinds):
        if kind == "rest":
            axis = -sum(later not in _TAKES_NO_DIM for later in kinds[position:])
            # An index further right that drops its dim does not change positive axes.
            axis += rank or 0
        axes.append(None if kind in _TAKES_NO_DIM else axis)
        axis += kind not in _TAKES_NO_DIM
    return axes


def _size(x, axis):
    if axis is None or _rank(x) is None:
        return None
    size = x.shape[axis]
    return size if isinstance(size, int) else None


def _position(i, size, label):
    """The 0-based position of R's index `i`; negative ones count from the end in both languages."""
    if i is None or (isinstance(i, float) and not i.is_integer()) or isinstance(i, str):
        raise IndexError(f"`{label}[...]`: an index is a whole number, not {i!r}")
    i = int(i)
    if i == 0:
        raise IndexError(f"`{label}[...]`: index 0; R counts from 1")
    if size is not None and abs(i) > size:
        raise IndexError(f"`{label}[...]`: index {i} is out of bounds for a dim of size {size}")
    return i - 1 if i > 0 else i


def _basic(x, kind, value, axis, label):
    if kind == "newaxis":
        return None
    if kind == "rest":
        return Ellipsis
    if kind == "all":
        return slice(None)
    size = _size(x, axis)
    if kind == "at":
        return _position(value, size, label)
    first, last, *step = value
    step = int(step[0]) if step and step[0] is not None else 1
    start = None if first is None else _position(first, size, label)
    stop = None if last is None else _position(last, size, label) + (1 if step > 0 else -1)
    # Behind the last element, or before the first, a slice of Python has no number.
    is_open = stop == 0 and last < 0 if step > 0 else stop == -1 and last is not None and last > 0
    return slice(start, None if is_open else stop, None if step == 1 else step)


def _take(x, kind, value, axis, label):
    """Elements of one dim by positions or mask; and whether the dim is gone."""
    ops, size = ops_of(x), _size(x, axis)
    if kind == "tensor" and dtype_of(value) != "bool":
        place = _places(value, ops.shape(x)[axis], label)
        return ops.take(x, place, axis=axis), len(value.shape) == 0
    if kind in ("take", "points"):
        # R takes a matrix without a column for each dim for a vector, its first dim the fastest.
        value = np.ravel(value, order="F").tolist() if kind == "points" else value
        place = [_position(i, size, label) for i in value]
        if any(i < 0 for i in place):
            length = ops.shape(x)[axis]
            place = [i if i >= 0 else length + i for i in place]
    else:
        mask = _mask(value, label)
        if mask.ndim != 1 or (size is not None and mask.shape[0] != size):
            raise IndexError(
                f"`{label}[...]`: a logical index of dims {dims(mask.shape)} "
                f"does not fit a dim of size {size}"
            )
        place = np.nonzero(mask)[0]
    if not len(place):
        place = np.zeros(0, "int32")
    return ops.take(x, ops.convert_to_tensor(place, dtype="int32"), axis=axis), False


def _places(value, size, label):
    """0-based positions from a tensor of R's indices; negative ones count from the end."""
    ops = ops_of(value)
    if "int" not in dtype_of(value):
        raise IndexError(f"`{label}[...]`: a {dtype_of(value)} tensor is no index")
    zero = ops.zeros_like(value)
    if not is_symbolic(value) and bool(ops.any(ops.equal(value, zero))):
        raise IndexError(f"`{label}[...]`: index 0; R counts from 1")
    return ops.where(value > zero, value - 1, ops.cast(size, dtype_of(value)) + value)


def _has_points(x, kind, value):
    """Is the index a matrix of integers with a column for each dim of `x`?"""
    is_matrix = kind == "points" or (kind == "tensor" and "int" in dtype_of(value))
    return is_matrix and len(value.shape) == 2 and value.shape[1] == _rank(x)


def _points(x, value, label):
    """The elements of `x` at the positions in the rows of the tensor `value`."""
    ops = ops_of(x)
    sizes, flat = ops.shape(x), 0
    for axis in range(len(x.shape)):
        _refuse_far(value[:, axis], _size(x, axis), label)
        flat = flat * sizes[axis] + _places(value[:, axis], sizes[axis], label)
    return ops.take(ops.reshape(x, (-1,)), flat, axis=0)


def _refuse_far(value, size, label):
    """Raise IndexError for a position out of bounds, which would be one of another row."""
    if size is None or is_symbolic(value):
        return
    for i in to_numpy(value).tolist():
        _position(i, size, label)


def _mask(value, label):
    if is_any_tensor(value):
        require_value(value, f"{label}[<mask>]", "a logical index needs values")
        return to_numpy(value, label)
    return np.asarray(value, dtype=bool)


def _full_mask(x, kind, value, label):
    """The mask as a NumPy array if it has the dims of `x`, which has several; else None."""
    if kind == "tensor" and dtype_of(value) != "bool":
        return None
    mask = _mask(value, label)
    return mask if mask.ndim > 1 and mask.ndim == _rank(x) else None


def _select(x, mask):
    """The elements where `mask` is TRUE, in R's order: the first dim fastest."""
    ops = ops_of(x)
    place = np.nonzero(mask.T.ravel())[0].astype("int32")
    flat = ops.reshape(ops.transpose(x), (-1,))
    return ops.take(flat, ops.convert_to_tensor(place), axis=0)


def tensor_item_set(x, kinds, values, new, label="x"):
    """A copy of `x` in which the elements that `tensor_item` reads are `new`, which is repeated
    along dims as arithmetic does."""
    return _replaced(x, new, label, lambda x: tensor_item(x, kinds, values, label) if kinds else x)


def python_item_set(x, kinds, values, new, label="x"):
    """A copy of the tensor `x` in which the elements that Python's indices read are `new`."""
    return _replaced(x, new, label, lambda x: get_items(x, kinds, values))


def _replaced(x, new, label, choose):
    """A copy of `x` in which the elements that `choose` gives are `new`."""
    ops = ops_of(x)
    if is_symbolic(x) and any(size is None for size in x.shape):
        raise ValueError(
            f"`{label}[...] <- value`: the dims of a tensor with an open dim are not known here; "
            "use op_where()."
        )
    size = int(np.prod(x.shape, dtype="int64"))
    chosen = choose(ops.reshape(ops.arange(size, dtype="int32"), x.shape))
    try:
        new = ops.broadcast_to(ops.convert_to_tensor(new, dtype=dtype_of(x)), chosen.shape)
    except Exception as error:
        raise ValueError(
            f"`{label}[...] <- value`: a value of dims {dims(np.shape(new))} does not fit into the "
            f"dims {dims(chosen.shape)} of what it replaces."
        ) from error
    flat = ops.reshape(ops.convert_to_tensor(x), (-1,))
    places = ops.reshape(chosen, (-1, 1))
    return ops.reshape(ops.scatter_update(flat, places, ops.reshape(new, (-1,))), x.shape)
