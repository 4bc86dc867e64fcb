"""The graph of a model as data: its boxes and edges, and facts of every layout."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from pyclass_bridge.surface import graph


@pytest.fixture(scope="module")
def models(keras):
    """Models of many shapes, by name."""
    layers, Input, Model = keras.layers, keras.Input, keras.Model

    def mlp():
        return keras.Sequential(
            [Input((20,)), layers.Dense(16, "relu"), layers.Dropout(0.3), layers.Dense(4)]
        )

    def cnn():
        block = [
            layer
            for i in range(3)
            for layer in (
                layers.Conv2D(4 * (i + 1), 3, padding="same"),
                layers.BatchNormalization(),
                layers.MaxPooling2D(2),
            )
        ]
        end = [layers.Flatten(), layers.Dense(8), layers.Dense(3)]
        return keras.Sequential([Input((16, 16, 3)), *block, *end])

    def two_inputs():
        left, right = Input((4,), name="left"), Input((None,), name="right")
        words = layers.LSTM(3)(layers.Embedding(9, 3)(right))
        joined = layers.Concatenate(name="joined")([layers.Dense(3)(left), words])
        return Model([left, right], layers.Dense(1, name="out")(joined))

    def residual():
        start = x = Input((8,))
        for _ in range(4):
            y = layers.Dense(8)(layers.Dense(8, "relu")(x))
            x = layers.Activation("relu")(layers.Add()([x, y]))
        return Model(start, layers.Dense(2)(x))

    def outputs():
        start = Input((8,))
        x = layers.Dense(8)(start)
        deep = layers.Dense(2)(layers.Dense(4)(x))
        return Model(start, [layers.Dense(1)(x), deep, layers.Dense(3)(x), x])

    def shared():
        one, two = Input((4,)), Input((4,))
        layer = layers.Dense(3, name="shared")
        return Model([one, two], layers.Concatenate()([layer(one), layer(two)]))

    def called_again():
        start, layer = Input((4,)), layers.Dense(4, name="again")
        return Model(start, layer(layers.Activation("relu")(layer(start))))

    def nested():
        start = Input((20,))
        inner = Model(start, layers.Dense(5)(mlp()(start)), name="inner")
        again = Input((20,))
        return Model(again, layers.Dense(2)(inner(again)))

    def several_nested_outputs():
        a = Input((3,))
        inner = Model(a, [layers.Dense(2, name="p")(a), layers.Dense(2, name="q")(a)], name="inner")
        b = Input((3,))
        p, q = inner(b)
        return Model(b, [layers.Dense(1, name="of_p")(p), layers.Dense(1, name="of_q")(q)])

    made = (mlp, cnn, two_inputs, residual, outputs, shared, called_again, nested)
    return {make.__name__: make() for make in (*made, several_nested_outputs)}


NAMES = ["mlp", "cnn", "two_inputs", "residual", "outputs", "shared", "called_again", "nested",
         "several_nested_outputs"]  # fmt: skip


def titles(model, **shown):
    """The titles of the boxes, and the edges as pairs of titles."""
    boxes, edges = graph.graph(model, **shown)
    return (
        [box.lines[0] for box in boxes.values()],
        [tuple(boxes[key].lines[0].split(" ")[0] for key in edge) for edge in edges],
    )


# ---- boxes and edges ---------------------------------------------------------------------------


def test_a_chain(models):
    boxes, edges = graph.graph(models["mlp"], show_shapes=True)
    assert [box.lines for box in boxes.values()] == [
        ["Dense", "input: (NA, 20)", "output: (NA, 16)"],
        ["Dropout", "input: (NA, 16)", "output: (NA, 16)"],
        ["Dense", "input: (NA, 16)", "output: (NA, 4)"],
    ]
    keys = list(boxes)
    assert edges == [(keys[0], keys[1]), (keys[1], keys[2])]


def test_two_inputs_in_the_users_order(models):
    found, edges = titles(models["two_inputs"], show_layer_names=True)
    assert found[:2] == ["left (InputLayer)", "right (InputLayer)"]
    assert ("joined", "out") in edges and len(edges) == 6


def test_a_shared_layer_is_one_box_unless_that_makes_a_cycle(models):
    found, edges = titles(models["shared"], show_layer_names=True)
    assert found.count("shared (Dense)") == 1 and len(edges) == 3
    found, edges = titles(models["called_again"], show_layer_names=True)
    assert found.count("again (Dense)") == 2 and len(edges) == 3


def test_models_in_models(models):
    found, edges = titles(models["nested"])
    assert found == ["InputLayer", "Functional", "Dense"] and len(edges) == 2
    found, edges = titles(models["nested"], expand_nested=True)
    assert [title.rpartition(" / ")[0].split("_")[0] for title in found] == [
        "", "inner", "inner / sequential", "inner / sequential", "inner / sequential", "inner", "",
    ]  # fmt: skip
    assert len(edges) == 6


def test_edges_of_a_nested_model_with_two_outputs(models):
    boxes, edges = graph.graph(
        models["several_nested_outputs"], expand_nested=True, show_layer_names=True
    )
    pairs = {tuple(boxes[key].lines[0] for key in edge) for edge in edges}
    assert ("inner / p (Dense)", "of_p (Dense)") in pairs
    assert ("inner / q (Dense)", "of_q (Dense)") in pairs
    assert len(pairs) == 5


def test_what_is_shown_of_a_layer(models, keras):
    boxes, _ = graph.graph(
        models["mlp"], show_layer_activations=True, show_dtype=True, show_trainable=True
    )
    first = next(iter(boxes.values()))
    assert first.lines == ["Dense", "activation: relu", "dtype: float32", "trainable"]
    frozen = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    assert titles(frozen)[0] == ["Dense", "Dense"]
    frozen.layers[0].trainable = False
    boxes, _ = graph.graph(frozen)
    assert [box.lines[-1] for box in boxes.values()] == ["not trainable", "trainable"]
    boxes, _ = graph.graph(frozen, show_trainable=False)
    assert [box.lines for box in boxes.values()] == [["Dense"], ["Dense"]]


def test_a_range_of_layers(models):
    model = models["two_inputs"]
    found, edges = titles(model, layer_range=["joined", "^out"], show_layer_names=True)
    assert found == ["joined (Concatenate)", "out (Dense)"] and edges == [("joined", "out")]
    with pytest.raises(ValueError, match="`layer_range` names `nope`, which is not a layer"):
        graph.graph(model, layer_range=["nope", "out"])
    with pytest.raises(ValueError, match="must be the names of two layers"):
        graph.graph(model, layer_range=["out"])


def test_a_subclass_is_one_box_and_a_model_that_is_not_built_an_error(keras):
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.inner = keras.layers.Dense(2)

        def call(self, x):
            return self.inner(x)

    model = Own()
    for unbuilt in (model, keras.Sequential([keras.layers.Dense(1)], name="chain")):
        with pytest.raises(ValueError, match=f"the model `{unbuilt.name}` is not built, so it"):
            graph.graph(unbuilt)
    model(keras.ops.zeros((1, 3)))
    assert titles(model, show_layer_names=True) == (["own (Own)"], [])


# ---- the layout --------------------------------------------------------------------------------


def corners(box):
    x, y, w, h = (box[name] for name in ("x", "y", "width", "height"))
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shown", [{}, {"show_shapes": True, "expand_nested": True}])
def test_boxes_do_not_overlap_and_edges_go_on(models, name, rankdir, shown):
    drawn = graph.drawing(models[name], rankdir, shown)
    boxes = [corners(box) for box in drawn["boxes"]]
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    width, height = drawn["size"]
    for left, top, right, bottom in boxes:
        assert left >= -1e-9 and top >= -1e-9
        assert right <= width + 1e-9 and bottom <= height + 1e-9
    along, forward = {"TB": (1, 1), "BT": (1, -1), "LR": (0, 1), "RL": (0, -1)}[rankdir]
    for points in drawn["edges"]:
        places = [forward * point[along] for point in points]
        assert places == sorted(places) and places[0] < places[-1]
        for start, end in pairwise(points):
            for share in (0.05, 0.25, 0.5, 0.75, 0.95):
                x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
                assert not [b for b in boxes if b[0] < x < b[2] and b[1] < y < b[3]]


def test_a_chain_is_straight_and_a_planar_graph_has_no_crossing(models):
    assert len({box["x"] for box in graph.drawing(models["cnn"], "TB", {})["boxes"]}) == 1
    for name in ("two_inputs", "residual", "outputs"):
        boxes, edges = graph.graph(models[name])
        for key, rank in graph._ranks(boxes, edges).items():
            boxes[key].rank = rank
        pairs = graph._pairs(graph._with_bends(boxes, edges))
        assert graph._crossings(graph._ordered(boxes, pairs), pairs) == 0


def test_neighbours_stand_apart_as_near_as_can_be():
    assert graph._apart([0, 10], [2, 2], 1) == [0, 10]
    assert graph._apart([5, 5], [2, 2], 1) == [3.5, 6.5]
    assert graph._apart([3, 0, 3], [2, 2, 2], 0) == [0, 2, 4]


def test_another_direction_is_an_error(models):
    with pytest.raises(ValueError, match='`rankdir` must be "TB", "BT", "LR" or "RL", not "UP"'):
        graph.drawing(models["mlp"], "UP", {})
