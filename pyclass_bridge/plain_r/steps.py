"""The steps of models in which plain R is called: what it raises is raised after the step.

`teach()` replaces methods of Keras' models once Keras has been imported. They do what Keras does
until something in plain R has been made; then the steps of each model are watched, since a step may
call plain R that no part of its model has. It has no other half in R.
"""

from __future__ import annotations

import contextlib
import weakref

from ..bridge.kept_conditions import give_conditions, has_conditions
from ..surface.functions import parts_of
from ..surface.replaced import replace_method
from . import compiled_metrics
from .delivery import Delivery, may_go_on, parts, values_of
from .host_call import HOST, Host, backend, noting

_STEPS = ("train", "test", "predict")
_ON_BATCH = "_r_on_batch"  # the attribute of a model that trains or tests on one batch
# The attribute of a model: may R get a batch later, by the kinds of steps that run?
_GOES_ON = "_r_goes_on"


def teach() -> None:
    """Replace the methods of Keras' models that make steps, compile, and begin and end an epoch."""
    from keras import Model
    from keras.callbacks import CallbackList
    from keras.src.trainers.compile_utils import CompileMetrics

    from . import layer, loss, metric  # noqa: F401  (Keras finds their classes in files)

    for kind in _STEPS:
        if hasattr(Model, f"make_{kind}_function"):  # a backend may have no training
            replace_method(Model, f"make_{kind}_function", _making(kind))
    for kind, method in (("train", "fit"), ("test", "evaluate")):
        replace_method(Model, method, _running(kind))
        replace_method(Model, f"{kind}_on_batch", _on_batch(kind))
        replace_method(CallbackList, f"on_{kind}_begin", _asking_callbacks(kind))
    replace_method(Model, "predict", _predicting)
    replace_method(CallbackList, "on_epoch_begin", _asking_callbacks("train"))
    replace_method(Model, "compile", _compiling)
    replace_method(Model, "reset_metrics", _beginning)
    replace_method(Model, "_get_metrics_result_or_logs", _ending)
    replace_method(CompileMetrics, "build", compiled_metrics.build)
    replace_method(CompileMetrics, "result", compiled_metrics.result)


def hosts_of(model) -> list[Host]:
    """The hosts of the metrics, losses and layers of `model`."""
    if not Host.was_made:
        return []
    compiled = parts_of(
        getattr(model, "_compile_loss", None), getattr(model, "_compile_metrics", None)
    )
    metrics = model.metrics if getattr(model, "compiled", False) else []
    found = _hosts_in([*compiled, *model._flatten_layers(), *metrics, *_attributes(model)])
    return found + [host for host in _noted.get(model, ()) if host not in found]


# The hosts that a step of a model has called and that are in none of its parts, such as that of a
# loss which only a closure has.
_noted: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _attributes(model) -> list:
    """Those of the layers: a loss that a layer calls itself, such as in add_loss(), is one. The
    attribute `loss` of a model is that of its compile()."""
    return [
        value
        for layer in model._flatten_layers()
        for name, value in vars(layer).items()
        if name != "loss" or not hasattr(layer, "_compile_loss")
    ]


def _hosts_in(parts) -> list[Host]:
    found = (vars(part).get(HOST) for part in parts if hasattr(part, "__dict__"))
    return list({id(host): host for host in found if host is not None}.values())


# ---- steps -------------------------------------------------------------------------------------


def _making(kind: str):
    attribute = f"{kind}_function"

    def make(former, model, force=False):
        is_made = getattr(model, attribute) is not None and not force
        if is_made or not Host.was_made:
            return former(model, force=force)
        hosts = hosts_of(model)
        _tell_losses(model)
        compiled_metrics.expect_build(model)
        delivery = _delivery(model, kind, hosts)
        with _own_step(model, f"{kind}_step", delivery):
            made = former(model, force=force)
        setattr(model, attribute, _raising(getattr(model, attribute), model, hosts))
        return made

    return make


def _delivery(model, kind: str, hosts: list[Host]) -> Delivery | None:
    """What brings the outputs of a step to the metrics of compile(), if that is possible: steps of
    the user's own may compute with results, and TensorFlow may compile several steps as one."""
    if kind == "predict" or model.run_eagerly or not hasattr(model, "_make_function"):
        return None
    if not compiled_metrics.given(model):
        return None
    strategy = getattr(model, "_distribute_strategy", None)
    several = model.steps_per_execution > 1 or strategy is not None
    if not _has_keras_step(model, kind) and not (backend().XLA and model.jit_compile):
        return None
    if backend().XLA and several:
        return None
    return Delivery(
        lambda: compiled_metrics.plain_metrics(model), hosts, lambda: _goes_on(model).get(kind)
    )


def _has_keras_step(model, kind: str) -> bool:
    from keras import Model

    names = (f"{kind}_step", "compute_metrics", "compute_loss", "get_metrics_result")
    return all(
        name not in vars(model) and getattr(type(model), name) is getattr(Model, name)
        for name in names
    )


@contextlib.contextmanager
def _own_step(model, name: str, delivery: Delivery | None):
    """Give the model a new function as its step: JAX caches what it has traced of a method, and
    would call the R functions of an earlier compile()."""
    former = getattr(model, name)

    def step(*args, **kwargs):
        return former(*args, **kwargs)

    changed = {name: step}
    if delivery is not None:
        changed = {
            name: delivery.traced(former),
            "_make_function": backend().maker(model, delivery.after),
        }
    before = {key: vars(model)[key] for key in changed if key in vars(model)}
    vars(model).update(changed)
    try:
        yield
    finally:
        for key in changed:
            del vars(model)[key]
        vars(model).update(before)


def _raising(function, model, hosts: list[Host]):
    """`function`, a step or several; an error of one of the hosts is raised after it. Others that
    it calls join them."""

    def note(host: Host) -> None:
        if host not in hosts:
            hosts.append(host)
            _noted.setdefault(model, []).append(host)
            host.batch = 0
            host.begin_step()

    def step(*args):
        result = None
        names = _names_on_batch(model)
        for host in hosts:
            host.begin_step()
        try:
            with noting(note):
                result = function(*args)
            if any(host.is_waited_for for host in hosts):
                backend().wait(result)
        except BaseException:
            _raise_kept(model, hosts, result)
            raise
        finally:
            for host in hosts:
                host.keeps_errors = False
        _raise_kept(model, hosts, result)
        names = names or _names_on_batch(model)  # TensorFlow builds metrics in its first step
        return _with_results(result, names) if names else result

    return step


def _raise_kept(model, hosts: list[Host], result) -> None:
    """Signal what R warned of in a step with this result, and raise the first error."""
    errors = [error for error in (host.take_error() for host in hosts) if error is not None]
    if result is not None and (errors or has_conditions()):  # what hears them may use the model
        backend().set_state(model, result)
    give_conditions()
    for error in errors:
        if isinstance(error, StopIteration):  # Keras would take it for the end of the data
            error = RuntimeError(f"plain R raised StopIteration: {error}")
        raise error from error.__cause__


# ---- epochs --------------------------------------------------------------------------------------


def _beginning(former, model):
    if Host.was_made:
        for host in hosts_of(model):
            host.batch = 0
        compiled_metrics.tell_levels(model)
        _tell_losses(model)
        compiled_metrics.reset_unbuilt(model)
    return former(model)


def _tell_losses(model) -> None:
    """The losses in plain R know whose targets they get, and so which are factors."""
    for part in parts_of(getattr(model, "_compile_loss", None)):
        if hasattr(part, "use_model"):
            part.use_model(model)


def _running(kind: str):
    """A method that runs such steps: while it does, its callbacks decide whether R may get a batch
    later, and then those of the training in whose callback it was called."""

    def run(former, model, *args, **kwargs):
        goes_on = vars(model).setdefault(_GOES_ON, {})
        before = goes_on.get(kind)
        goes_on[kind] = False  # until the callbacks are known
        try:
            return former(model, *args, **kwargs)
        finally:
            goes_on[kind] = before

    return run


def _predicting(former, model, *args, **kwargs):
    """The batches of a prediction count from 1, also within a training, which then goes on."""
    before = {host: host.batch for host in hosts_of(model)}
    for host in before:
        host.batch = 0
    try:
        return former(model, *args, **kwargs)
    finally:
        for host, batch in before.items():
            host.batch = batch


def _asking_callbacks(kind: str):
    def begin(former, callbacks, *args, **kwargs):
        former(callbacks, *args, **kwargs)
        goes_on = _goes_on(getattr(callbacks, "_model", None))
        if goes_on.get(kind) is not None:  # else somebody calls the hooks by hand
            goes_on[kind] = may_go_on(callbacks, kind)

    return begin


def _goes_on(model) -> dict[str, bool | None]:
    return getattr(model, _GOES_ON, {})


def _ending(former, model, logs):
    """The logs at the end of an epoch; those of a step of the user's own get the results that a
    step does not know."""
    results = former(model, logs)
    if results is logs and isinstance(logs, dict) and hosts_of(model):
        return _with_values(logs, compiled_metrics.names_in_logs(model))
    return results


def _with_values(logs: dict, names: dict[str, tuple]) -> dict:
    """The logs with the values of these metrics, also in the dict that is the result of all metrics
    of compile(), as a step of the user's own may return it."""
    logs = logs | values_of({name: at for name, at in names.items() if name in logs})
    return {k: _with_values(x, names) if isinstance(x, dict) else x for k, x in logs.items()}


def _on_batch(kind: str):
    """The step of `train_on_batch()` is an epoch of its own, without callbacks."""
    running = _running(kind)

    def run(former, model, *args, **kwargs):
        vars(model)[_ON_BATCH] = True
        compiled_metrics.tell_levels(model)
        try:
            return running(former, model, *args, **kwargs)
        finally:
            vars(model).pop(_ON_BATCH, None)

    return run


def _names_on_batch(model) -> dict[str, tuple]:
    """The names of results over the epoch, if this step is an epoch of its own."""
    names = compiled_metrics.names_in_logs(model) if _ON_BATCH in vars(model) else {}
    return {name: at for name, at in names.items() if getattr(at[0], "over", None) == "epoch"}


def _with_results(result, names: dict[str, tuple]):
    """The result of a step, in whose logs are the results of metrics over the epoch."""
    logs, put_back = parts(result)
    return put_back(_with_values(logs, names))


# ---- XLA ---------------------------------------------------------------------------------------


def _compiling(former, model, *args, **kwargs):
    """Compile `model` without XLA where that can't call plain R."""
    from keras import config

    if not Host.was_made:
        return former(model, *args, **kwargs)
    given = [kwargs.get(name) for name in ("metrics", "weighted_metrics")]
    compiled_metrics.refuse_shared(*args[3:5], *given)
    if config.backend() == "tensorflow":
        reason = _why_not_xla(model, args, kwargs)
        if reason is not None and kwargs.get("jit_compile", "auto") is True:
            raise ValueError(f"{reason}: use `jit_compile = FALSE`.")
        if reason is not None:
            kwargs["jit_compile"] = False
    return former(model, *args, **kwargs)


def _why_not_xla(model, args: tuple, kwargs: dict) -> str | None:
    """Why the steps can't be compiled by XLA; None if they can. Metrics of compile() are computed
    after the step, others are called in it."""
    layers = model._flatten_layers()
    given = parts_of(*args, *kwargs.values())
    after = [part for part in given if hasattr(part, "take")]
    within = _hosts_in([part for part in given if not hasattr(part, "take")] + layers)
    within += _hosts_in(metric for layer in layers for metric in layer._metrics)
    within += _hosts_in(part for part in _attributes(model) if not hasattr(part, "take"))
    steps = kwargs.get("steps_per_execution") or 1
    if within:
        return (
            f"the {within[0].label} is plain R, which TensorFlow can't call from code that XLA "
            "compiles"
        )
    if after and steps > 1:
        return (
            f"the {_hosts_in(after)[0].label} is plain R, which TensorFlow calls after a step that "
            f"XLA compiles, and with `steps_per_execution = {steps}` several steps are one"
        )
    return None
