"""Steps of a dataset whose R functions run for each element, with R values. The other half is
R/plain_r_datasets.R.

R's function runs for the first element at once, which tells types and dims of the results, and
then on threads of TensorFlow, for one element after the other in their order, whatever else runs
ahead. A result that is not like the first, and an error in R, is one sentence with the number of
the element; R gets the condition itself (`bridge/originals.py`). Importing this module imports
neither TensorFlow nor Keras.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bridge.originals import Kept
from ..surface.arguments import whole_number
from ..surface.tfdatasets import tensorflow
from ..values.arrays import EXACT_IN_DOUBLE, texts_or_list, vector

__all__ = ["kept", "mapped"]


def mapped(function: str, label: str, dataset, step, parallel):
    """`dataset` with the results of R's `step` for its elements; `label` names the user's function.
    `parallel` results are made ahead, which R makes one by one all the same."""
    ahead = None if parallel is None else whole_number(function, "num_parallel_calls", parallel)
    call = _Step(function, label, dataset, step)
    call.learn(dataset)
    out = call.numbered(dataset, call.results)
    return out if ahead is None else out.prefetch(ahead)


def kept(function: str, label: str, dataset, predicate, method: str):
    """The elements of `dataset` for which R's `predicate` is TRUE, by `filter` or `take_while`."""
    call = _Step(function, label, dataset, predicate)
    is_tuple = isinstance(dataset.element_spec, tuple)
    both = call.numbered(dataset, lambda number, *parts: (call.results(number, *parts), parts))
    chosen = getattr(both, method)(_untranslated(lambda is_kept, parts: is_kept))
    return chosen.map(_untranslated(lambda is_kept, parts: parts if is_tuple else parts[0]))


def _untranslated(f):
    """Marked for TensorFlow, which would translate the code of `f`."""
    return tensorflow().autograph.experimental.do_not_convert(f)


# ---- one step ------------------------------------------------------------------------------------

# R's types of results, each with the dtype of its values in a dataset.
_DTYPES = {
    "double": "float64", "integer": "int32", "logical": "bool", "character": "string",
    "complex": "complex128", "raw": "uint8",
}  # fmt: skip


@dataclass
class _Leaf:
    """One value of all results: its place in them, R's type, dtype, dims (None: any number), and
    the dims of the first."""

    place: str
    kind: str
    dtype: str
    dims: tuple
    first: tuple

    def takes(self, kind: str) -> bool:
        """Is a value of this type one of this leaf, unchanged?"""
        return kind == self.kind or (kind, self.kind) == ("integer", "double")


class _Step:
    """An R function of the elements of a dataset, and what its results are: TRUE or FALSE, unless
    `learn()` has found out."""

    def __init__(self, function: str, label: str, dataset, step):
        self.function, self.step = function, step
        self.where = f"{function}(): {label}"
        self.failure = Kept()
        self.element = dataset.element_spec
        self.parts = tensorflow().nest.flatten(self.element)
        self.leaves = [_Leaf("", "logical", "bool", (), ())]  # of a predicate
        self.of_batches = False  # may the first dim of a result change?
        self.form = 0  # the structure of a result, with a number in the place of each leaf
        _refuse_parts(function, self.parts)

    def learn(self, dataset) -> None:
        """Let R's function run for the first element, all results are to be like its result."""
        tf = tensorflow()
        first = next(iter(dataset.take(1)), None)
        if first is None:
            raise ValueError(
                f"{self.function}(): `dataset` has no elements, and types and dims of the results "
                "come from the first."
            )
        given = [x.numpy() for x in tf.nest.flatten(first)]
        places, kinds, values, is_number, self.form = self.step(1, True, *self._arguments(given))
        dims_of = _Dims([spec.shape for spec in self.parts], [np.shape(x) for x in given])
        self.of_batches = dims_of.batches
        self.leaves = []
        for place, kind, value, single in zip(places, kinds, values, is_number, strict=True):
            array = self._array(1, place, value)
            dtype = _DTYPES.get(kind) or array.dtype.name
            dims = dims_of.result(() if single else array.shape)
            self.leaves.append(_Leaf(place, kind, dtype, dims, array.shape))

    # ---- in the graph ----

    def numbered(self, dataset, f):
        """`dataset` with `f` mapped over the number of each element, from 1, and its parts."""

        def call(number, element):
            return f(number, *(element if isinstance(element, tuple) else (element,)))

        return dataset.enumerate(1).map(_untranslated(call))

    def results(self, number, *element):
        """The tensors of one result."""
        tf = tensorflow()
        types = [tf.dtypes.as_dtype(leaf.dtype) for leaf in self.leaves]
        tensors = tf.numpy_function(self._call, [number, *tf.nest.flatten(element)], types)
        for tensor, leaf in zip(tensors, self.leaves, strict=True):
            tensor.set_shape(leaf.dims)
        return tf.nest.map_structure(lambda k: tensors[k], self.form)

    # ---- a call, on a thread of TensorFlow ----

    def _call(self, number, *given):
        number = int(number)
        try:
            return self._checked(number, self.step(number, False, *self._arguments(given)))
        except Exception as error:
            # TensorFlow would take a StopIteration for the end of the dataset, and has its own
            # classes for others.
            raise RuntimeError(self.failure.keep(error, self._at(number))) from None

    def _at(self, number: int) -> str:
        return f"{self.where}, element {number}"

    def _arguments(self, given):
        """The arguments of R's function: the parts of a tuple, else one."""
        values = [_r_value(x, self.function) for x in given]
        packed = tensorflow().nest.pack_sequence_as(self.element, values)
        return packed if isinstance(packed, tuple) else (packed,)

    def _checked(self, number: int, found) -> list:
        """The arrays of a result, for TensorFlow; of one that is like the first R gives no more."""
        if isinstance(found, np.ndarray):
            found = [found]
        if isinstance(found[0], np.ndarray):
            kinds, values = [leaf.kind for leaf in self.leaves], found
        else:
            places, kinds, values = found
            self._refuse_places(number, places)
        given = zip(self.leaves, kinds, values, strict=True)
        return [self._fitting(number, leaf, kind, value) for leaf, kind, value in given]

    def _refuse_places(self, number: int, places: list) -> None:
        known = [leaf.place for leaf in self.leaves]
        if places != known:
            raise ValueError(
                f"{self._at(number)}: the result has {_places(places)}, and that of the first "
                f"element {_places(known)}; return the same values for each element."
            )

    def _fitting(self, number: int, leaf: _Leaf, kind: str, value):
        array = self._array(number, leaf.place, value)
        if not leaf.dims and array.shape == (1,):
            array = array.reshape(())
        found = f"{self._at(number)}: the result{leaf.place} is"
        if not leaf.takes(kind) or (kind == "python" and array.dtype.name != leaf.dtype):
            raise ValueError(
                f"{found} {_type_text(kind, array)}, and that of the first element "
                f"{_type_text(leaf.kind, leaf)}; return one type for each element, as by "
                f"{_conversion({kind, leaf.kind})}."
            )
        if not _fits(array.shape, leaf.dims):
            raise ValueError(
                f"{found} of {_dims_text(array.shape)}, and that of the first element of "
                f"{_dims_text(leaf.first)}; {self._dims_remedy(leaf, array)}."
            )
        return _bytes_of(array) if leaf.dtype == "string" else array.astype(leaf.dtype, copy=False)

    def _dims_remedy(self, leaf: _Leaf, array) -> str:
        if self.of_batches and not leaf.dims and array.ndim == 1:
            return "one number is no vector: return `array(x)`, whose length may change"
        return "return equal dims for each element, as by padding"

    def _array(self, number: int, place: str, value):
        # A copy, in rows: TensorFlow would use R's own memory, and may write into it.
        array = np.array(value, order="C")
        if array.dtype == object:
            kind = type(value).__name__
            raise TypeError(f"{self._at(number)}: the result{place} is no numbers, but a {kind}.")
        return array


def _refuse_parts(function: str, parts: list) -> None:
    for spec in parts:
        if type(spec) is not tensorflow().TensorSpec:
            kind = type(spec).__name__.removesuffix("Spec")
            step = "dataset_flat_map()" if kind == "Dataset" else "dataset_map() without `eager`"
            raise TypeError(
                f"{function}(): the elements hold a {kind}, for which R has no value; make tensors "
                f"of it by {step} first."
            )


# ---- dims ----------------------------------------------------------------------------------------


class _Dims:
    """The dims of results, by those of the parts of elements: `known`, and `first` of the first
    element. In batches the number of rows may change, and in padded ones also other dims."""

    def __init__(self, known: list, first: list):
        ranks = [shape.rank for shape in known]
        self.batches = any(
            r is None or (r and s[0] is None) for r, s in zip(ranks, known, strict=True)
        )
        self.of_one = self.batches and all(shape[:1] in ((), (1,)) for shape in first)
        self.open = {
            (rank, axis)
            for rank, shape in zip(ranks, known, strict=True)
            for axis in range(1, rank or 0)
            if shape[axis] is None
        }

    def result(self, dims: tuple) -> tuple:
        """The dims of all results, if the first has these. One number for a batch of one row is a
        vector, one for others a number."""
        if not dims:
            return (None,) if self.of_one else ()
        rank = len(dims)
        first = None if self.batches else dims[0]
        return (first, *(None if (rank, k) in self.open else dims[k] for k in range(1, rank)))


def _fits(dims: tuple, allowed: tuple) -> bool:
    return len(dims) == len(allowed) and all(
        m is None or n == m for n, m in zip(dims, allowed, strict=True)
    )


def _dims_text(dims: tuple) -> str:
    if len(dims) < 2:
        return f"length {dims[0] if dims else 1}"
    return f"dims {' x '.join(map(str, dims))}"


def _places(places: list) -> str:
    if places == [""]:
        return "one value"
    return f"the values {', '.join(places)}" if places else "no values"


def _type_text(kind: str, of) -> str:
    return f"a tensor of type {of.dtype}" if kind == "python" else kind


def _conversion(kinds: set) -> str:
    if kinds <= {"double", "integer", "logical"}:
        return "as.numeric()"
    return "op_cast()" if "python" in kinds else "as.character()"


def _bytes_of(texts):
    """The texts in UTF-8: TensorFlow would take ASCII only."""
    out = np.empty(texts.shape, object)
    out.flat = [text.encode() for text in texts.flat]
    return out


# ---- values for R --------------------------------------------------------------------------------


def _r_value(x, function: str):
    """The R value of one part of an element: a number, vector, matrix or array; text is text."""
    if isinstance(x, bytes) or (isinstance(x, np.ndarray) and x.dtype == object):
        return _text(np.array(x, dtype=object), function)
    a = np.asarray(x)
    if a.dtype.kind == "V":  # bfloat16
        a = a.astype("float32")
    if a.dtype.kind in "iu" and a.itemsize == 8 and a.size and np.abs(a).max() > EXACT_IN_DOUBLE:
        raise ValueError(f"{function}(): a whole number beyond 2^53 has no equal in R.")
    return vector(a, a.shape) if a.ndim > 1 else vector(a.reshape(-1))


def _text(a, function: str):
    try:
        texts = [x.decode() for x in np.ravel(a, order="F").tolist()]
    except UnicodeDecodeError:
        texts = ["\0"]
    if any("\0" in text for text in texts):
        raise ValueError(
            f"{function}(): the elements hold bytes that are no text, for which R has no value; "
            "decode them by dataset_map() without `eager` first, as by tf$io$decode_raw()."
        )
    return texts_or_list(texts, a.shape if a.ndim > 1 else ())
