"""tf.data for R: what each function of tfdatasets calls, with R's numbers as integers. The other
halves are R/surface_tfdatasets.R, R/surface_tfdatasets_columns.R and
R/surface_tfdatasets_iterators.R.

The table of functions is R's; those that are more than one call of tf.data follow below. R has made
tuples and dicts of its lists, and functions of tensors of its functions. Importing this module
imports neither TensorFlow nor Keras; its functions import TensorFlow.
"""

from __future__ import annotations

import functools

from ..for_r.modules import require_module
from .arguments import each_float, whole_number

# Arguments that are whole numbers, which R users write as doubles.
_INTEGERS = frozenset({
    "batch_size", "block_length", "bucket_batch_sizes", "bucket_boundaries", "buffer_size", "count",
    "cycle_length", "footer_bytes", "header_bytes", "index", "num_epochs", "num_parallel_calls",
    "num_parallel_reads", "num_rows_for_inference", "num_shards",
    "padded_shapes", "parallel_records", "prefetch_buffer_size", "record_bytes", "seed", "shift",
    "shuffle_buffer_size", "shuffle_seed", "size", "start", "stride", "window_size",
})  # fmt: skip

# Arguments that TensorFlow takes as lists only: one value, and a tuple that R's list has become.
_LISTS = frozenset({
    "bucket_batch_sizes", "bucket_boundaries", "column_defaults", "column_names", "datasets",
    "initial_dist", "select_columns", "target_dist", "weights",
})  # fmt: skip


# An argument of speed alone, which make_csv_dataset() of TensorFlow 2 does not have.
_IGNORED = frozenset({"num_parallel_parser_calls"})


@functools.cache
def tensorflow():
    return require_module("tensorflow")


def call(function: str, method: str, dataset, given: dict):
    """What the function `function` of R gives: the result of `method` of `dataset`, or, where that
    is None, of the function at this path in `tf.data`."""
    keywords = {
        key: _argument(function, key, value)
        for key, value in given.items()
        if value is not None and key not in _IGNORED
    }
    place = tensorflow().data if dataset is None else dataset
    return functools.reduce(getattr, method.split("."), place)(**keywords)


def _argument(function: str, name: str, value):
    if name in _LISTS and not tensorflow().is_tensor(value):
        value = list(value) if isinstance(value, (list, tuple)) else [value]
    if name in _INTEGERS:
        value = each_float(value, lambda x: whole_number(function, name, x))
    if name == "padded_shapes" and isinstance(value, int):
        return (value,)
    return traced(value)


def traced(value):
    """`value`; a function marked for TensorFlow, which has no Python source of it to translate."""
    if hasattr(value, "__r_function__"):
        return tensorflow().autograph.experimental.do_not_convert(value)
    return value


# ---- more than one call ------------------------------------------------------------------------


def _whole_if_whole(value):
    return each_float(value, lambda x: int(x) if isinstance(x, float) and x.is_integer() else x)


def _whole_or_none(function: str, name: str, value):
    return None if value is None else whole_number(function, name, value)


def range_dataset(start, stop, step, dtype):
    given = {"from": start, "to": stop, "by": step}
    numbers = [whole_number("range_dataset", name, value) for name, value in given.items()]
    return tensorflow().data.Dataset.range(*numbers, output_type=dtype)


def zipped(datasets):
    """The datasets in a tuple or dict, zipped; one tuple of them is these."""
    if isinstance(datasets, tuple) and len(datasets) == 1:
        datasets = datasets[0]
    return tensorflow().data.Dataset.zip(datasets)


def to_device(dataset, device, buffer_size):
    size = _whole_or_none("dataset_prefetch_to_device", "buffer_size", buffer_size)
    return dataset.apply(tensorflow().data.experimental.prefetch_to_device(device, size))


def with_options(dataset, given: dict):
    """`dataset` with the options by name, where a dot leads into a part: {"threading.x": 1}."""
    options = tensorflow().data.Options()
    for name, value in given.items():
        *parts, last = name.split(".")
        place = functools.reduce(getattr, parts, options)
        setattr(place, last, _whole_if_whole(value))
    return dataset.with_options(options)


def length(dataset):
    """The number of elements: infinity if it never ends, None if it is not known beforehand."""
    data = tensorflow().data
    cardinality = int(dataset.cardinality())
    if cardinality == data.INFINITE_CARDINALITY:
        return float("inf")
    return None if cardinality == data.UNKNOWN_CARDINALITY else float(cardinality)


def types_of(dataset):
    return tensorflow().compat.v1.data.get_output_types(dataset)


def shapes_of(dataset):
    return tensorflow().compat.v1.data.get_output_shapes(dataset)


# ---- elements ----------------------------------------------------------------------------------


def array_iterator(dataset):
    """An iterator over the elements with arrays in place of tensors, and text in place of bytes."""
    nest = tensorflow().nest
    return (nest.map_structure(array_of, element) for element in dataset)


def array_of(tensor):
    """The values of a tensor: an array, a text; of a ragged tensor a list."""
    tf = tensorflow()
    if isinstance(tensor, tf.data.Dataset):
        return tensor
    if isinstance(tensor, tf.RaggedTensor):
        return _text(tensor.to_list())
    if isinstance(tensor, tf.SparseTensor):
        tensor = tf.sparse.to_dense(tensor)
    value = tensor.numpy()
    return _text(value.tolist() if hasattr(value, "tolist") and value.dtype.kind == "O" else value)


def _text(value):
    if isinstance(value, list):
        return [_text(x) for x in value]
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def single_element(dataset):
    return dataset.get_single_element()


def inputs_for(dataset):
    """A Keras input for each column of a dataset whose elements are columns by name, or a tuple
    that begins with these."""
    keras = require_module("keras")
    spec = dataset.element_spec
    spec = spec[0] if isinstance(spec, tuple) else spec
    if not isinstance(spec, dict):
        raise TypeError(
            "layer_input_from_dataset(): the elements of `dataset` have no columns by name."
        )
    return {
        name: keras.Input(shape=tuple(x.shape[1:]) or (1,), name=name, dtype=x.dtype.name)
        for name, x in spec.items()
    }


# ---- columns -----------------------------------------------------------------------------------


def columns_of(dataset) -> list[str]:
    """The names of the columns, if the elements have them."""
    spec = dataset.element_spec
    return list(spec) if isinstance(spec, dict) else []


def prepared(dataset, x: list, y: list | None, named: bool, named_features: bool, parallel):
    """`dataset` with elements of features and response, made of the columns `x` and `y`."""

    def prepare(record):
        features = {k: record[k] for k in x} if named_features else _stacked(record, x)
        if y is None:
            return {"x": features} if named else features
        response = record[y[0]] if len(y) == 1 else _stacked(record, y)
        return {"x": features, "y": response} if named else (features, response)

    calls = _whole_or_none("dataset_prepare", "parallel_records", parallel)
    return dataset.map(prepare, num_parallel_calls=calls)


def _stacked(record, names: list):
    types = list(dict.fromkeys(record[name].dtype.name for name in names))
    if len(types) > 1:
        raise TypeError(
            f"dataset_prepare(): columns of different types ({', '.join(types)}) do not fit into "
            "one tensor: use `named_features = TRUE`, or convert them by dataset_map()."
        )
    return tensorflow().stack([record[name] for name in names], axis=-1)


def decoded(dataset, spec: dict, parallel):
    """`dataset`, whose elements are lines of text, with the columns of `spec` by name."""
    tf = tensorflow()
    kinds = {"integer": tf.int32, "double": tf.float32, "character": tf.string}
    names = spec["names"]
    defaults = [
        tf.constant([_whole_if_whole(default)], kinds[kind])
        for default, kind in zip(spec["defaults"], spec["types"], strict=True)
    ]

    def decode(line):
        return dict(
            zip(names, tf.io.decode_csv(line, defaults, field_delim=spec["delim"]), strict=True)
        )

    calls = _whole_or_none("dataset_decode_delim", "parallel_records", parallel)
    return dataset.map(decode, num_parallel_calls=calls)


def query(driver: str, source: str, text: str, names, types):
    """The rows of a query of a data base, as columns by name."""
    rows = tensorflow().data.experimental.SqlDataset(driver, source, text, tuple(types))
    return rows.map(lambda *columns: dict(zip(names, columns, strict=True)))


def read(files, reader, cycle_length, block_length, shard):
    """The datasets that `reader` makes of the files, a pattern or paths, one record in turn."""
    dataset = tensorflow().data.Dataset
    paths = (
        dataset.list_files(files, shuffle=False)
        if isinstance(files, str)
        else dataset.from_tensor_slices(list(files))
    )
    if shard is not None:
        paths = paths.shard(*(whole_number("read_files", "num_shards", x) for x in shard))
    return paths.interleave(
        traced(reader),
        cycle_length=whole_number("read_files", "parallel_files", cycle_length),
        block_length=whole_number("read_files", "parallel_interleave", block_length),
    )
