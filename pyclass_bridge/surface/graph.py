"""The graph of a Keras model as plain data: boxes with lines of text, edges, and coordinates.

The other half is R/surface_plot_model.R, which draws it. The layout does not depend on a device:
the unit is the width of a character for x and the height of a line for y, and the origin is the
upper left corner. `layout()` guarantees that no two boxes overlap, and that every edge goes from
rank to rank and passes the boxes between.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import shutil
from dataclasses import dataclass, field

import keras

from ..for_r.tensor import dims

PADDING = (2.0, 0.7)  # round the text in a box: left plus right, above plus below
GAP = (2.0, 1.0)  # between neighbours: characters, lines
RANK_GAP = (6.0, 1.4)  # between the ranks that an arrow joins
SWEEPS = 12


@dataclass
class Box:
    """The box of a layer, or of one call of a layer: its text and, after the layout, its place.

    `x` and `y` are its centre. A box without lines is a bend of an edge.
    """

    lines: list[str] = field(default_factory=list)
    kind: str = "layer"
    x: float = 0.0
    y: float = 0.0
    rank: int = 0

    @property
    def size(self) -> tuple[float, float]:
        if not self.lines:
            return 0.0, 0.0
        return max(map(len, self.lines)) + PADDING[0], len(self.lines) + PADDING[1]


# ---- a model's layers and calls ----------------------------------------------------------------


def graph(model, expand_nested: bool = False, layer_range=None, **shown) -> tuple[dict, list]:
    """The boxes of a built model by key, and its edges as pairs of keys, before the layout.

    A layer that is called several times is one box, unless that makes a cycle.

    Raises:
        ValueError: the model is not built, or `layer_range` names no layer.
    """
    if not model.built:
        raise ValueError(
            f"plot(): the model `{model.name}` is not built, so it has no graph yet: give it an "
            "`input_shape`, or fit it first."
        )
    shown["show_trainable"] = _tells_trainable(model, shown.get("show_trainable"))
    walk = _Walk(expand_nested)
    walk.model(model, ())
    if _ranks(walk.layers, walk.edges) is None:
        walk = _Walk(expand_nested, by_call=True)
        walk.model(model, ())
    layers = _within(model, walk.layers, layer_range)
    boxes = {key: _box(*found, **shown) for key, found in layers.items()}
    edges = [edge for edge in walk.edges if set(edge) <= set(boxes)]
    return boxes, list(dict.fromkeys(edges))


def _tells_trainable(model, asked: bool | None) -> bool:
    return not all(layer.trainable for layer in model.layers) if asked is None else asked


class _Walk:
    """Collects the layers of a model by keys, which begin with the keys of the enclosing models."""

    def __init__(self, expand_nested: bool, by_call: bool = False):
        self.expand_nested = expand_nested
        self.by_call = by_call
        self.layers = {}  # key: (layer, its call or None, names of the enclosing models)
        self.edges = []

    def model(self, model, path, names=()) -> tuple[list, list]:
        """Collect the layers of a model. Returns the keys of the layers that take its inputs, and
        the keys of those that give its outputs."""
        if isinstance(model, keras.Sequential):
            return self._chain(model, path, names)
        if not hasattr(model, "_nodes_by_depth"):  # a subclass of Model, whose graph is not known
            key = (*path, id(model))
            self.layers[key] = model, None, names
            return [key], [key]
        for tensor in model.inputs:  # first, since Keras' order is not the user's
            self._layer(_call(tensor).operation, _call(tensor), path, names)
        ends = {}
        for depth in sorted(model._nodes_by_depth, reverse=True):
            for call in model._nodes_by_depth[depth]:
                inputs, outputs = self._layer(call.operation, call, path, names)
                ends[id(call)] = outputs
                for i, tensor in enumerate(call.input_tensors):
                    source = _source(tensor, ends)
                    self.edges.append((source, inputs[min(i, len(inputs) - 1)]))
        starts = [ends[id(_call(tensor))][0] for tensor in model.inputs]
        return starts, [_source(tensor, ends) for tensor in model.outputs]

    def _chain(self, model, path, names) -> tuple[list, list]:
        starts, last = [], []
        for layer in model.layers:
            calls = getattr(layer, "_inbound_nodes", ())
            inputs, outputs = self._layer(layer, calls[0] if calls else None, path, names)
            starts = starts or inputs
            self.edges += [(key, inputs[0]) for key in last[:1]]
            last = outputs
        return starts, last

    def _layer(self, layer, call, path, names) -> tuple[list, list]:
        key = (*path, id(call) if self.by_call and call is not None else id(layer))
        if self.expand_nested and isinstance(layer, keras.Model):
            return self.model(layer, key, (*names, layer.name))
        self.layers.setdefault(key, (layer, call, names))
        return [key], [key]


def _call(tensor):
    """The call of a layer that returned this symbolic tensor."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def _source(tensor, ends: dict):
    keys = ends[id(_call(tensor))]
    return keys[min(tensor._keras_history.tensor_index, len(keys) - 1)]


def _within(model, layers: dict, layer_range) -> dict:
    """The layers in `layer_range`: the first and last layer, by name or regular expression."""
    if layer_range is None:
        return layers
    if not isinstance(layer_range, list) or len(layer_range) != 2:
        raise ValueError("plot(): `layer_range` must be the names of two layers, first and last.")
    names = [layer.name for layer in model.layers]
    places = []
    for pattern in layer_range:
        found = [i for i, name in enumerate(names) if name == pattern]
        found = found or [i for i, name in enumerate(names) if re.search(pattern, name)]
        if not found:
            raise ValueError(
                f"plot(): `layer_range` names `{pattern}`, which is not a layer; the layers are "
                + ", ".join(f"`{name}`" for name in names)
                + "."
            )
        places.append(found[0] if not places else found[-1])
    inside = {id(layer) for layer in model.layers[places[0] : places[1] + 1]}
    inside |= set(names[places[0] : places[1] + 1])
    return {
        key: found
        for key, found in layers.items()
        if id(found[0]) in inside or (found[2] and found[2][0] in inside)
    }


# ---- the text of a box -------------------------------------------------------------------------


def _box(
    layer,
    call,
    names,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Box:
    title = type(layer).__name__
    if show_layer_names:
        title = f"{layer.name} ({title})"
    lines = [" / ".join([*names, title])]
    activation = getattr(layer, "activation", None)
    if show_layer_activations and activation is not None:
        lines.append(f"activation: {getattr(activation, '__name__', None) or activation.name}")
    is_input = isinstance(layer, keras.layers.InputLayer)
    if show_shapes:
        if call is None:
            lines.append("output: ?")
        else:
            if not is_input:
                lines.append(f"input: {_shapes(call.input_tensors)}")
            lines.append(f"output: {_shapes(call.outputs)}")
    if show_dtype:
        dtypes = {str(t.dtype) for t in call.outputs} if call is not None else {"?"}
        lines.append(f"dtype: {', '.join(sorted(dtypes))}")
    if show_trainable and getattr(layer, "weights", None):
        lines.append("trainable" if layer.trainable else "not trainable")
    kind = "input" if is_input else "model" if isinstance(layer, keras.Model) else "layer"
    return Box(lines, kind)


def _shapes(tensors) -> str:
    return ", ".join(dims(tensor.shape) for tensor in tensors)


# ---- layout ------------------------------------------------------------------------------------


def layout(boxes: dict, edges: list, rankdir: str = "TB") -> dict:
    """The places of boxes and edges: ranks by the longest path, neighbours ordered by barycentres.

    Returns ``boxes``, ``edges`` (each a list of points) and the ``size`` of the drawing.
    """
    if rankdir not in ("TB", "BT", "LR", "RL"):
        raise ValueError(f'plot(): `rankdir` must be "TB", "BT", "LR" or "RL", not "{rankdir}".')
    across = 0 if rankdir in ("TB", "BT") else 1
    for key, rank in _ranks(boxes, edges).items():
        boxes[key].rank = rank
    paths = _with_bends(boxes, edges)
    ranks = _ordered(boxes, _pairs(paths))
    _place(boxes, ranks, paths, across)
    size = _spread(boxes, ranks, across, is_reversed=rankdir in ("BT", "RL"))
    return {
        "boxes": [_as_data(box) for box in boxes.values() if box.lines],
        "edges": [_points(boxes, path, across, ranks) for path in paths],
        "size": size,
    }


def _ranks(keys, edges: list) -> dict | None:
    """The rank of each key, below the ranks of its predecessors; a key without predecessors is just
    above its first successor. None if the graph has a cycle."""
    above = {key: set() for key in keys}
    below = {key: set() for key in keys}
    for start, end in edges:
        above[end].add(start)
        below[start].add(end)
    waiting = {key: len(above[key]) for key in keys}
    ready = [key for key in keys if not waiting[key]]
    ranks = dict.fromkeys(ready, 0)
    for key in ready:  # the loop appends to `ready`
        for end in below[key]:
            waiting[end] -= 1
            ranks[end] = max(ranks.get(end, 0), ranks[key] + 1)
            if not waiting[end]:
                ready.append(end)
    if len(ready) < len(above):
        return None
    for key in ready:
        if not above[key] and below[key]:
            ranks[key] = min(ranks[end] for end in below[key]) - 1
    return ranks


def _with_bends(boxes: dict, edges: list) -> list[list]:
    """Each edge as a path with one key in every rank; adds boxes without lines for the bends."""
    paths = []
    for start, end in edges:
        between = range(boxes[start].rank + 1, boxes[end].rank)
        bends = [("bend", start, end, rank) for rank in between]
        boxes |= {key: Box(rank=key[-1]) for key in bends}
        paths.append([start, *bends, end])
    return paths


def _ordered(boxes: dict, pairs: list) -> list[list]:
    """The keys of each rank in an order with few crossings."""
    ranks = [[] for _ in range(max(box.rank for box in boxes.values()) + 1)]
    for key, box in boxes.items():
        ranks[box.rank].append(key)
    neighbours = _neighbours(boxes, pairs)
    best, fewest = [list(rank) for rank in ranks], _crossings(ranks, pairs)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        direction = sweep % 2
        for rank in ranks if direction == 0 else reversed(ranks):
            place = {key: i for keys in ranks for i, key in enumerate(keys)}
            near = {key: neighbours[key][direction] or [key] for key in rank}
            barycentre = {key: _mean([place[k] for k in near[key]]) for key in rank}
            rank.sort(key=barycentre.get)
        crossings = _crossings(ranks, pairs)
        if crossings < fewest:
            best, fewest = [list(rank) for rank in ranks], crossings
    return best


def _pairs(paths: list) -> list[tuple]:
    return [pair for path in paths for pair in itertools.pairwise(path)]


def _neighbours(keys, pairs: list) -> dict:
    """For each key, its neighbours above and its neighbours below."""
    found = {key: ([], []) for key in keys}
    for start, end in pairs:
        found[end][0].append(start)
        found[start][1].append(end)
    return found


def _mean(values) -> float:
    return sum(values) / len(values)


def _crossings(ranks: list, pairs: list) -> int:
    place = {key: (i, j) for i, keys in enumerate(ranks) for j, key in enumerate(keys)}
    by_rank = {}
    for start, end in pairs:
        by_rank.setdefault(place[start][0], []).append((place[start][1], place[end][1]))
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0
        for found in by_rank.values()
        for i, a in enumerate(found)
        for b in found[:i]
    )


def _place(boxes: dict, ranks: list, paths: list, across: int) -> None:
    """Set the coordinates within the ranks: each box is centred between its neighbours in the next
    ranks, as far as the boxes beside it leave room."""
    neighbours = _neighbours(boxes, _pairs(paths))
    at = dict.fromkeys(boxes, 0.0)
    for sweep in range(2 * SWEEPS):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            near = [neighbours[key][sweep % 2] or [key] for key in rank]
            wanted = [_mean([at[k] for k in keys]) for keys in near]
            sizes = [boxes[key].size[across] for key in rank]
            for key, value in zip(rank, _apart(wanted, sizes, GAP[across]), strict=True):
                at[key] = value
    start = min(at[key] - box.size[across] / 2 for key, box in boxes.items())
    for key, box in boxes.items():
        setattr(box, "xy"[across], at[key] - start)


def _apart(wanted: list, sizes: list, gap: float) -> list:
    """The places nearest to the `wanted` ones, by least squares, at which no boxes overlap."""
    offsets = [0.0]
    for left, right in itertools.pairwise(sizes):
        offsets.append(offsets[-1] + (left + right) / 2 + gap)
    blocks = []  # of boxes that touch: the sum of their wanted starts, and their number
    for want, offset in zip(wanted, offsets, strict=True):
        blocks.append([want - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    starts = [total / count for total, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _spread(boxes: dict, ranks: list, across: int, is_reversed: bool) -> list[float]:
    """Set the coordinates along the ranks; returns the size of the drawing."""
    along = 1 - across
    end = 0.0
    for rank in reversed(ranks) if is_reversed else ranks:
        depth = max(boxes[key].size[along] for key in rank)
        for key in rank:
            setattr(boxes[key], "xy"[along], end + depth / 2)
        end += depth + RANK_GAP[along]
    size = [0.0, 0.0]
    size[along] = end - RANK_GAP[along]
    size[across] = max(getattr(b, "xy"[across]) + b.size[across] / 2 for b in boxes.values())
    return size


def _as_data(box: Box) -> dict:
    width, height = box.size
    return {"x": box.x, "y": box.y, "width": width, "height": height, "lines": box.lines,
            "kind": box.kind}  # fmt: skip


def _points(boxes: dict, path: list, across: int, ranks: list) -> list:
    """The points of an edge, from the side of its first box to the side of its last. The edge is
    straight within each rank, so that it cuts no corner of a larger box beside it."""
    along = 1 - across
    ends = [(boxes[key].x, boxes[key].y)[along] for key in (path[0], path[-1])]
    forward = 1 if ends[1] > ends[0] else -1
    points = []
    for key in path:
        box = boxes[key]
        own = box.size[along] / 2
        rank = max(boxes[peer].size[along] for peer in ranks[box.rank]) / 2
        steps = [own, rank] if key == path[0] else [-rank, -own]
        if not box.lines:
            steps = [-rank, rank]
        for step in steps:
            point = [box.x, box.y]
            point[along] += forward * step
            if point not in points[-1:]:
                points.append(point)
    return points


# ---- for R -------------------------------------------------------------------------------------


def drawing(model, rankdir: str, shown: dict) -> dict:
    """The layout of a model's graph, for R to draw."""
    return layout(*graph(model, **shown), rankdir=rankdir)


def can_use_graphviz() -> bool:
    """Can Keras' own `plot_model` run? It needs pydot and the program dot."""
    return importlib.util.find_spec("pydot") is not None and shutil.which("dot") is not None


def plot_with_graphviz(model, to_file: str, rankdir: str, dpi: float, shown: dict) -> None:
    """Draw the model into a file by Keras' own `plot_model`."""
    shown = {k: v for k, v in shown.items() if k != "layer_range"}
    shown["show_trainable"] = _tells_trainable(model, shown["show_trainable"])
    keras.utils.plot_model(model, to_file=to_file, rankdir=rankdir, dpi=int(dpi), **shown)
