"""Counting from 1: every axis and index of the generated wrappers is shifted once, or recorded.

Also of: surface/table.py.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.paths import ROOT

from pyclass_bridge.surface import arguments, table
from pyclass_bridge.surface.names import names, wrapped_by

keras = pytest.importorskip("keras")
ops = keras.ops

# An argument that says by its name, or first of all in its text, that it is an axis or index.
NAME = re.compile(r"(^|_)(axis|axes|index|indices|ids?|dims)([a-c12]?)(_|$)")
TEXT = re.compile(
    r"^\W*((an?|the|or|of|to|int|ints|integers?|optional|tuple|list|sequence|scalar)\b\W*)*"
    r"(axis|axes|index|indices|ids?)\b",
    re.IGNORECASE,
)


def plain(x):
    """Tensors as lists."""
    if isinstance(x, dict):
        return {key: plain(part) for key, part in x.items()}
    if isinstance(x, (tuple, list)):
        return [plain(part) for part in x]
    return np.asarray(ops.convert_to_numpy(x)).tolist() if ops.is_tensor(x) else x


@pytest.mark.parametrize("name", table.RESULT_NAMES)
def test_no_result_is_a_tuple_that_r_counts_from_0(r, name):
    matrix = [[4.0, 2.0], [2.0, 3.0]]
    more = [1] if name == "op_top_k" else []
    twin = [plain(part) for part in getattr(ops, name[3:])(np.array(matrix), *more)]
    if name == "op_top_k":
        twin[1] = (np.array(twin[1]) + 1).tolist()
    ours = plain(r(f"function(x, ...) {name}(x, ...)")(np.array(matrix), *more))
    assert list(ours) == list(table.RESULT_NAMES[name])
    assert np.allclose(np.array(next(iter(ours.values())), complex), np.array(twin[0], complex))
    first = r(f"function(x, ...) {name}(x, ...)[[1]]")(np.array(matrix), *more)
    assert np.allclose(np.array(plain(first), complex), np.array(twin[0], complex))


# ---- every argument is decided -----------------------------------------------------------------


def test_every_argument_that_sounds_like_an_axis_or_index_is_decided(r):
    undecided = []
    for name in names():
        wrapped = wrapped_by(name)
        texts = arguments.documented(wrapped.target)
        if isinstance(wrapped.target, type):
            texts = arguments.documented(wrapped.target.__init__) | texts
        for key, argument in wrapped.arguments.items():
            text = texts.get(argument.keras_name, "")
            is_flag = isinstance(argument.default, (bool, str))
            sounds_so = not is_flag and (NAME.search(key) or TEXT.search(text))
            decided = argument.kind in (arguments.AXIS, arguments.AXES_OR_NUMBER) or (
                key in table.NOT_COUNTED
                or (name, key) in table.NOT_COUNTED
                or key in getattr(table.INDICES.get(name), "arguments", ())
            )
            if sounds_so and not decided:
                undecided.append((name, key, text[:60]))
    assert undecided == []


def test_the_table_names_what_keras_has():
    assert {name for name in table.INDICES if name not in names()} == set()
    known = {key for name in names() for key in wrapped_by(name).arguments}
    pairs = [key for key in table.NOT_COUNTED if isinstance(key, tuple)]
    assert {key for key in table.NOT_COUNTED if not isinstance(key, tuple)} <= known
    assert all(argument in wrapped_by(name).arguments for name, argument in pairs)
    for name, indices in table.INDICES.items():
        given = set(indices.arguments) | set(indices.flags) | {indices.unless} - {None}
        assert given <= set(wrapped_by(name).arguments), name


def test_the_page_has_the_table():
    rows = (ROOT / "COMPATIBILITY.md").read_text()
    for name, indices in table.INDICES.items():
        (row,) = re.findall(rf"^\| `{name}` \| (.*) \| (.*) \|$", rows, re.M)
        assert re.findall(r"`(\w+)`", row[0]) == list(indices.arguments), name
        assert bool(row[1].strip()) == (indices.result != slice(0)), name
        parts = indices.flags or table.RESULT_NAMES.get(name, ())[indices.result]
        assert re.findall(r"`(\w+)`", row[1]) == list(parts), name
    for key, reason in table.NOT_COUNTED.items():
        function, argument = key if isinstance(key, tuple) else ("any function", key)
        name = "`" + function + "`" if isinstance(key, tuple) else function
        assert f"| `{argument}` | {name} | {reason} |" in rows, key


# ---- axes --------------------------------------------------------------------------------------

A = "array(1:24, c(2, 3, 4))"
AXES = {
    f"op_sum({A}, axis = 1)": lambda a: ops.sum(a, axis=0),
    f"op_sum({A}, axis = list(1, 2))": lambda a: ops.sum(a, axis=(0, 1)),
    f"op_sum({A}, axis = -1)": lambda a: ops.sum(a, axis=-1),
    f"op_mean({A}, axis = c(1, 3))": lambda a: ops.mean(a, axis=(0, 2)),
    f"op_transpose({A}, c(1, 3, 2))": lambda a: ops.transpose(a, (0, 2, 1)),
    f"op_moveaxis({A}, 1, 3)": lambda a: ops.moveaxis(a, 0, 2),
    f"op_moveaxis({A}, c(1, 2), c(-1, -2))": lambda a: ops.moveaxis(a, (0, 1), (-1, -2)),
    f"op_swapaxes({A}, 1, 3)": lambda a: ops.swapaxes(a, 0, 2),
    f"op_rot90({A}, axes = c(2, 1))": lambda a: ops.rot90(a, axes=(1, 0)),
    f"op_rot90({A})": lambda a: ops.rot90(a),
    f"op_squeeze({A}[1, , , drop = FALSE], axis = 1)": lambda a: ops.squeeze(a[:1], axis=0),
    f"op_expand_dims({A}, 2)": lambda a: ops.expand_dims(a, 1),
    f"op_expand_dims({A}, c(1, 5))": lambda a: ops.expand_dims(a, (0, 4)),
    f"op_concatenate(list({A}, {A}), axis = 2)": lambda a: ops.concatenate([a, a], axis=1),
    f"op_stack(list({A}, {A}), axis = 4)": lambda a: ops.stack([a, a], axis=3),
    f"op_unstack({A}, axis = 2)": lambda a: ops.unstack(a, axis=1),
    f"op_unstack({A}, num = 2)": lambda a: ops.unstack(a, num=2),
    f"op_split({A}, 3, axis = 2)": lambda a: ops.split(a, 3, axis=1),
    f"op_diagonal({A}, axis1 = 2, axis2 = 3)": lambda a: ops.diagonal(a, axis1=1, axis2=2),
    f"op_cumsum({A}, axis = 2)": lambda a: ops.cumsum(a, axis=1),
    f"op_moments({A} + 0, axes = c(1, 2))": lambda a: ops.moments(ops.cast(a, "float64"), (0, 1)),
    f"op_norm({A} + 0, axis = c(1, 2))": lambda a: ops.norm(ops.cast(a, "float64"), axis=(0, 1)),
    f"op_tensordot({A}, {A}, axes = 3)": lambda a: ops.tensordot(a, a, axes=3),
    f"op_tensordot({A}, {A}, axes = list(c(1, 2), c(1, 2)))": lambda a: ops.tensordot(
        a, a, axes=((0, 1), (0, 1))
    ),
    f"op_tensordot({A}, {A}, axes = list(3, 3))": lambda a: ops.tensordot(a, a, axes=(2, 2)),
    f"op_softmax({A} + 0, axis = 1)": lambda a: ops.softmax(ops.cast(a, "float64"), axis=0),
    "op_image_scale_and_translate(matrix(1:4 + 0, 2), c(4, 4), c(2, 2), c(0, 0), c(1, 2), "
    "'linear')": lambda a: ops.image.scale_and_translate(
        np.array([[1, 3], [2, 4]], "float32"), (4, 4), np.array([2.0, 2.0], "float32"),
        np.array([0.0, 0.0], "float32"), (0, 1), "linear",
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", AXES)
def test_axes(r, code):
    a = np.arange(1, 25, dtype="int32").reshape(4, 3, 2).transpose(2, 1, 0)
    expected, got = plain(AXES[code](keras.ops.convert_to_tensor(a))), plain(r(code))
    assert got == pytest.approx(expected) if isinstance(expected, float) else got == expected


LAYERS = {
    "layer_batch_normalization(axis = 2)": 1,
    "layer_layer_normalization(axis = c(2, 3))": (1, 2),
    "layer_group_normalization(groups = 1, axis = 3)": 2,
    "layer_unit_normalization(axis = 2)": 1,
    "layer_normalization(axis = 2)": (1,),
    "layer_concatenate(axis = 3)": 2,
    "layer_dot(axes = c(2, 2))": (1, 1),
    "layer_dot(axes = -1)": -1,
    "layer_activation_softmax(axis = 2)": 1,
    "layer_activation_parametric_relu(shared_axes = c(2, 3))": (1, 2),
    "layer_multi_head_attention(num_heads = 1, key_dim = 1, attention_axes = 2)": (1,),
    "metric_one_hot_iou(num_classes = 2, target_class_ids = 0, axis = 2)": 1,
    "constraint_maxnorm(axis = 1)": 0,
    "constraint_unitnorm(axis = c(1, 2))": (0, 1),
}


@pytest.mark.parametrize("code", LAYERS)
def test_axes_of_objects(r, code):
    made = r(code)
    key = next(k for k in ("axis", "axes", "shared_axes", "_attention_axes") if hasattr(made, k))
    value = getattr(made, key)
    value = tuple(value) if isinstance(value, list) else value
    wanted = LAYERS[code]
    assert value == wanted or (wanted,) == value


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("op_sum(1:3, axis = 0)", "op_sum(): `axis` counts from 1, so 0 is not valid"),
        ("op_transpose(matrix(1, 1, 1), c(0, 1))", "op_transpose(): `axes` counts from 1"),
        ("layer_batch_normalization(axis = 0)", "layer_batch_normalization(): `axis` counts"),
        ("layer_concatenate(axis = 0)", "layer_concatenate(): `axis` counts from 1"),
        ("loss_cosine_similarity(axis = 0)", "loss_cosine_similarity(): `axis` counts from 1"),
        ("constraint_unitnorm(axis = 0)", "constraint_unitnorm(): `axis` counts from 1"),
        ("random_shuffle(1:3, axis = 0)", "random_shuffle(): `axis` counts from 1"),
        (
            "layer_activation_parametric_relu(shared_axes = c(1, 2))",
            "layer_activation_parametric_relu(): `shared_axes` can't be 1, which is the axis of",
        ),
        ("layer_dot(axes = 1)", "layer_dot(): `axes` can't be 1, which is the axis of the batch"),
        ("layer_dot(axes = c(2, 1))", "the first dim of a sample is axis 2."),
        (
            "layer_multi_head_attention(num_heads = 1, key_dim = 1, attention_axes = 1)",
            "layer_multi_head_attention(): `attention_axes` can't be 1",
        ),
        ("op_sum(1:3, axis = 1.5)", "op_sum(): `axis` takes whole numbers, not 1.5."),
        ("op_take(1:3, matrix(c(1, 0), 1))", "op_take(): `indices` counts from 1, so 0 is no"),
        ("op_take(1:3, as_tensor(0L))", "op_take(): `indices` counts from 1, so 0 is no index."),
        ("op_take(1:3, matrix(1.5, 1, 1))", "op_take(): `indices` takes whole numbers, not 1.5."),
        ("op_slice(1:3, 0, 1)", "op_slice(): `start_indices` counts from 1"),
        ("op_segment_sum(1:2, c(0, 1), 2)", "op_segment_sum(): `segment_ids` counts from 1"),
        ("as_tensor(1:3)[as_tensor(0L)]", "index 0; R counts from 1"),
    ],
)
def test_a_wrong_axis_or_index_is_an_error_that_says_so(r, code, sentence):
    with pytest.raises((ValueError, IndexError)) as caught:
        r(code)
    assert sentence in str(caught.value)


# ---- indices -----------------------------------------------------------------------------------

# R code, and what it gives where R counts from 1.
INDICES = {
    "op_argmax(c(1, 5, 2))": 2,
    "op_argmax(c(1, 5, 2), zero_indexed = TRUE)": 1,
    "op_argmin(matrix(c(3, 1, 2, 0), 2), axis = 2)": [2, 2],
    "op_nanargmax(c(1, NaN, 3))": 3,
    "op_nanargmin(c(2, NaN, 1), zero_indexed = TRUE)": 2,
    "op_argsort(c(3, 1, 2))": [2, 3, 1],
    "op_argpartition(c(3, 1, 2), 1)[1]": 2,
    "op_digitize(c(0.5, 2.5), c(1, 2))": [1, 3],
    "op_searchsorted(c(1, 3, 5), c(2, 4))": [2, 3],
    "op_nonzero(c(0, 1, 0, 2))": [[2], [4]],
    "op_nonzero(matrix(c(0, 1, 1, 0), 2))": [[1, 2], [2, 1]],
    "op_nonzero(c(0, 1, 0, 2), zero_indexed = TRUE)": [[1], [3]],
    "op_where(c(FALSE, TRUE))": [[2]],
    "op_where(matrix(c(FALSE, TRUE, TRUE, FALSE), 2))": [[1, 2], [2, 1]],
    "as_tensor(matrix(1:4, 2))[op_where(matrix(c(FALSE, TRUE, TRUE, FALSE), 2))]": [3, 2],
    "op_where(c(FALSE, TRUE), c(1, 1), c(0, 0))": [0, 1],
    "op_top_k(c(1, 9, 5), k = 2)": {"values": [9, 5], "indices": [2, 3]},
    "op_top_k(c(1, 9, 5), k = 2, zero_indexed = TRUE)": {"values": [9, 5], "indices": [1, 2]},
    "local({ c(v, i) %<-% op_top_k(c(1, 9, 5), 2); i })": [2, 3],
    "op_ctc_decode(array(c(0, 9, 0, 0, 9, 0, 9, 0, 0), c(1, 3, 3)), 3L)[[1]]": [[[2, -1, -1]]],
    "op_ctc_decode(array(c(0, 9, 0, 0, 9, 0, 9, 0, 0), c(1, 3, 3)), 3L, mask_index = 1)[[1]]": [
        [[2, -1, -1]]
    ],
    "op_ctc_decode(array(c(0, 9, 0, 0, 9, 0, 9, 0, 0), c(1, 3, 3)), 3L, mask_index = 3)[[1]]": [
        [[0, -1, -1]]
    ],
    "op_unique(c(3, 1, 3), return_index = TRUE, return_inverse = TRUE, return_counts = TRUE)": [
        [1, 3], [2, 1], [2, 1, 2], [1, 2]
    ],
    "op_unique(c(3, 1, 3), return_counts = TRUE)": [[1, 3], [1, 2]],
    "op_unravel_index(5, c(3, 3))": [2, 2],
    "op_unravel_index(c(5, 6), shape(3, 3))": [[2, 2], [2, 3]],
    "op_take(11:14, 2)": 12,
    "op_take(11:14, c(1, -1))": [11, 14],
    "op_take(11:14, 0, zero_indexed = TRUE)": 11,
    "op_take(11:14, matrix(c(1, -1), 1))": [[11, 14]],
    "op_take(11:14, as_tensor(c(1L, -1L)))": [11, 14],
    "op_take(11:14, as_tensor(c(1, 2)))": [11, 12],
    "op_take(matrix(1:6, 2), c(3, 1), axis = 2)": [[5, 1], [6, 2]],
    "op_take_along_axis(matrix(1:4, 2), matrix(c(2, 1), 1), axis = 1)": [[2, 3]],
    "op_one_hot(c(1, 3), 3)": [[1, 0, 0], [0, 0, 1]],
    "op_one_hot(matrix(c(1, 3), 1), 3)": [[[1, 0, 0], [0, 0, 1]]],
    "op_one_hot(factor(c('a', 'c'), c('a', 'b', 'c')), 3)": [[1, 0, 0], [0, 0, 1]],
    "op_one_hot(factor(c('a', 'b')), 2, zero_indexed = TRUE)": [[1, 0], [0, 1]],
    "op_multi_hot(c(1, 3), 3)": [1, 0, 1],
    "op_scatter(matrix(c(1, 3)), c(10, 20), 4)": [10, 0, 20, 0],
    "op_scatter_update(op_zeros(c(2, 2)), matrix(c(1, 2, 2, 1), 2), c(5, 6))": [[0, 5], [6, 0]],
    "op_slice(matrix(1:6, 2), c(1, 2), c(1, 2))": [[3, 5]],
    "op_slice(1:4, 2, 3)": [2, 3, 4],
    "op_slice(1:4, as_tensor(2L, shape = 1L), 3)": [2, 3, 4],
    "op_slice_update(op_zeros(3), 2, c(1, 1))": [0, 1, 1],
    "op_slice_update(op_zeros(c(2, 2)), c(2, 1), matrix(1, 1, 2))": [[0, 0], [1, 1]],
    "op_segment_sum(c(1, 2, 10, 20), c(1, 1, 2, 2), num_segments = 2)": [3, 30],
    "op_segment_max(c(1, 2, 10, 20), c(1, 1, 2, 2), 2)": [2, 20],
    "op_get_item(as_tensor(matrix(1:6, 2)), 1)": [1, 3, 5],
    "op_get_item(as_tensor(matrix(1:6, 2)), list(1, -1))": 5,
    "op_switch(2, list(function(x) x + 1, function(x) x * 10), as_tensor(3))": 30,
    # What is no index, or a distance, stays.
    "op_fori_loop(0, 4, function(i, s) s + i, 0L)": 6,
    "op_split(1:4, c(1, 3))": [[1], [2, 3], [4]],
    "op_trace(matrix(1:4, 2), offset = 1)": 3,
    "op_in_top_k(c(0, 1), matrix(c(.9, .2, .1, .8), 2), k = 1)": [True, True],
    "op_sparse_categorical_crossentropy(c(0, 1), matrix(c(1, 0, 0, 1), 2))[1] < 1e-3": True,
    "op_roll(1:4, 1)": [4, 1, 2, 3],
}  # fmt: skip


@pytest.mark.parametrize("code", INDICES)
def test_indices(r, code):
    assert plain(r(f"{code}")) == INDICES[code]


def test_random_categories_count_from_1(r):
    sure = "matrix(c(-50, 50, -50), 1)"
    assert plain(r(f"random_categorical({sure}, 2)")) == [[2, 2]]
    assert plain(r(f"random_categorical({sure}, 2, zero_indexed = TRUE)")) == [[1, 1]]


def test_pivots_count_from_1(r):
    m = np.array([[1, 3], [2, 4]], "float32")
    pivots = plain(ops.lu_factor(m)[1] + 1)
    assert plain(r("op_lu_factor(matrix(c(1, 2, 3, 4), 2))[[2]]")) == pivots


def test_indices_in_traced_code(define):
    layer = define(
        """
        layer_lambda(f = function(x) {
          best <- op_argmax(x, axis = 2)
          op_take(x, c(2, 1), axis = 2) + op_cast(best, "float32")[, newaxis]
        })
        """
    )
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layer(inputs))
    x = np.array([[1, 9, 2], [8, 0, 1]], "float32")
    assert model.predict(x, verbose=0).tolist() == [[11, 3], [1, 9]]


def test_tensors_of_indices_in_traced_code(define):
    layer = define(
        "layer_lambda(f = function(x) op_one_hot(op_cast(x, 'int32'), 3) + op_sum(x[, 1]) * 0)"
    )
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layer(inputs))
    if keras.backend.backend() == "torch":
        # predict() runs the code on values there.
        with pytest.raises(ValueError, match="`x` counts from 1, so 0 is no index"):
            model.predict(np.array([[1.0, 0.0]]), verbose=0)
        return
    # 0 is no index: traced code cannot say so, but it is never the first.
    assert model.predict(np.array([[1.0, 0.0]]), verbose=0).tolist() == [[[1, 0, 0], [0, 0, 0]]]


def test_places_of_layers_count_from_1(define):
    define("m <- keras_model_sequential(input_shape = 2) |> layer_dense(3) |> layer_dense(1)")
    assert define("get_layer(m, index = 1)$units") == 3
    assert define("get_layer(m, index = -1)$units") == 1
    with pytest.raises(ValueError, match=r"get_layer\(\): `index` counts from 1, so 0 is no index"):
        define("get_layer(m, index = 0)")
