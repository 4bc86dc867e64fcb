"""Metrics in plain R among those of `compile()`: which targets are factors, and the names of
several numbers in the logs. It has no other half in R.
"""

from __future__ import annotations

import contextlib
import weakref

import keras

from ..surface.functions import parts_of
from ..surface.levels import present
from .outbox import Box, opened


def given(model) -> list:
    """The metrics that compile() was given and that are plain R, built or not."""
    parts = parts_of(getattr(model, "_compile_metrics", None))
    return [part for part in parts if hasattr(part, "use_levels")]


def refuse_shared(*metrics) -> None:
    """Raise ValueError if a metric in plain R is given twice, such as for two outputs: it would
    add up the batches of both."""
    found = [part for part in keras.tree.flatten(metrics) if hasattr(part, "use_levels")]
    for metric in found:
        if sum(metric is each for each in found) > 1:
            raise ValueError(
                f"the {metric._r_host.label} is given twice, and its number would be that of both "
                "together: make a metric for each of them."
            )


def reset_unbuilt(model) -> None:
    """Reset metrics that Keras does not, since they are not built; another model may have used
    them."""
    compiled = getattr(model, "_compile_metrics", None)
    if compiled is not None and not compiled.built:
        for metric in given(model):
            metric.reset_state()


def plain_metrics(model) -> list:
    """The metrics of compile() that are plain R, once they are built."""
    return [metric for metric, _ in _plain_metrics(getattr(model, "_compile_metrics", None))]


def _plain_metrics(compiled) -> list[tuple]:
    """The (metric, name of its output) of those in plain R; no name if there is one output."""
    if compiled is None or not compiled.built:
        return []
    return [
        (metric, of_output.output_name)
        for of_output in (*compiled._flat_metrics, *compiled._flat_weighted_metrics)
        for metric in (of_output.metrics if of_output else ())
        if hasattr(metric, "use_levels")
    ]


def tell_levels(model) -> None:
    """Tell the metrics of `model` which targets are factors."""
    levels = present(model)
    for metric, output in _plain_metrics(getattr(model, "_compile_metrics", None)):
        metric.use_levels(levels.get("y" if output is None else f"y${output}"))


# The model of metrics that are not yet built: TensorFlow builds them in its first step.
_models: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def expect_build(model) -> None:
    """Metrics of `model` that are built in a step get to know its factors then."""
    compiled = getattr(model, "_compile_metrics", None)
    if compiled is not None and not compiled.built:
        _models[compiled] = weakref.ref(model)


def build(former, compiled, *args, **kwargs) -> None:
    """Keras' `CompileMetrics.build()`."""
    former(compiled, *args, **kwargs)
    model = _models.pop(compiled, lambda: None)()
    if model is not None:
        tell_levels(model)


def names_in_logs(model) -> dict[str, tuple]:
    """The (metric, its number's name) by the names in the logs of `model`."""
    box = Box(lambda: [m for m in model.metrics if hasattr(m, "use_levels")] + plain_metrics(model))
    with opened(box), contextlib.suppress(Exception):  # Keras' own metrics may have no result yet
        return box.names_in(model.get_metrics_result())
    return {}


def result(former, compiled) -> dict:
    """What Keras' `CompileMetrics.result()` gives, with the numbers of each metric in plain R by
    their own names, after that of their output.

    Raises:
        ValueError: two metrics have a number of one name.
    """
    results = former(compiled)
    owners = {metric.name: metric for metric, _ in _plain_metrics(compiled) if metric.values}
    if not owners:
        return results
    flat: dict = {}
    for name, value in results.items():
        own = next((own for own in owners if name.endswith(own)), None)
        parts = {name: value}
        if isinstance(value, dict):
            before = f"{name}_" if own is None else name[: len(name) - len(own)]
            parts = {before + key: number for key, number in value.items()}
        for key in parts.keys() & (flat.keys() | results.keys() - {name}):
            raise ValueError(
                f"two metrics of the model have a number `{key}`, so the logs can't show both: "
                "give one of them another name."
            )
        flat |= parts
    return flat
