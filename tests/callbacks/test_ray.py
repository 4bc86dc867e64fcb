"""callback_ray_report(): what it reports at which events, to a stand-in of Ray that keeps it.

tests/engines/test_ray.py has the real one.
"""

from __future__ import annotations

import contextlib
import sys
import types
from pathlib import Path

import pytest
from support import error_texts
from support.r_models import DENSE, X, Y, from_r


class Checkpoint:
    """Keeps the names of the files, since the directory is gone after the report."""

    def __init__(self, files):
        self.files = files

    @staticmethod
    def from_directory(directory):
        return Checkpoint(sorted(path.name for path in Path(directory).iterdir()))


class FakeRay:
    """The modules ray, ray.train and ray.tune, as the callback uses them. `place` is "train" or
    "tune", where this process is a worker of it, or None; `rank` is its number."""

    def __init__(self):
        self.place, self.rank, self.reports = None, 0, []
        self.train, self.tune = (self._module(name) for name in ("train", "tune"))
        self.train.get_context = self._context
        self.ray = types.ModuleType("ray")
        self.ray.train, self.ray.tune = self.train, self.tune

    def _module(self, name):
        module = types.ModuleType(f"ray.{name}")

        def report(metrics, *, checkpoint=None):
            self.reports.append((name, metrics, checkpoint and checkpoint.files))

        module.report, module.Checkpoint = report, Checkpoint
        return module

    def _context(self):
        if self.place == "tune":
            raise DeprecationWarning("deprecated when running in a function passed to Ray Tune")
        if self.place is None:
            raise RuntimeError("cannot be used outside of a Ray Train training function")
        return types.SimpleNamespace(get_world_rank=lambda: self.rank)


FORGET = "suppressWarnings(rm(list = 'ray', envir = pyclassbridge:::surface))"
MODULE = "pyclass_bridge.callbacks.ray"


@pytest.fixture
def ray(keras, monkeypatch):
    """A stand-in of Ray, and `fit_with(...)` in R."""
    fake = FakeRay()
    for name, module in {"ray": fake.ray, "ray.train": fake.train, "ray.tune": fake.tune}.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    fake.ray.__spec__ = types.SimpleNamespace()  # by which R finds it
    from_r(DENSE + "\nfit_with <- function(...) fit(model, x, y, epochs = 2, verbose = 0, ...)",
           x=X, y=Y)  # fmt: skip
    from_r(FORGET)
    yield fake
    from_r(FORGET)
    sys.modules.pop(MODULE, None)


@pytest.mark.parametrize("place", ["train", "tune"])
def test_all_values_are_reported_at_the_end_of_each_epoch(ray, place):
    ray.place = place
    history = from_r("fit_with(callbacks = callback_ray_report())$metrics")
    assert ray.reports == [
        (place, {"loss": history["loss"][i], "mae": history["mae"][i]}, None) for i in range(2)
    ]
    assert {type(value) for _, values, _ in ray.reports for value in values.values()} == {float}


def test_chosen_metrics_under_names_of_their_own(ray):
    ray.place = "tune"
    from_r("fit_with(callbacks = callback_ray_report(c(error = 'mae', 'loss')))")
    assert [list(values) for _, values, _ in ray.reports] == [["error", "loss"]] * 2
    ray.reports.clear()
    from_r("fit_with(callbacks = callback_ray_report(list(error = 'mae')))")
    assert [list(values) for _, values, _ in ray.reports] == [["error"]] * 2


def test_events_are_those_of_keras(ray):
    ray.place = "train"
    from_r("fit_with(callbacks = callback_ray_report('loss', c('train_batch_end', 'train_end')))")
    assert len(ray.reports) == 2 * 3 + 1
    ray.reports.clear()
    from_r("evaluate(model, x, y, verbose = 0, callbacks = callback_ray_report(NULL, 'test_end'))")
    assert [list(values) for _, values, _ in ray.reports] == [["loss", "mae"]]
    ray.reports.clear()
    from_r("fit_with(callbacks = callback_ray_report(NULL, 'epoch_begin'))")
    assert [values for _, values, _ in ray.reports] == [{}, {}]


def test_a_checkpoint_is_a_directory_with_the_model(ray):
    ray.place = "tune"
    from_r("fit_with(callbacks = callback_ray_report('loss', checkpoint_on = 'train_end'))")
    assert [files for *_, files in ray.reports] == [None, None, ["model.keras"]]


def test_of_several_workers_the_first_one_saves(ray):
    ray.place = "train"
    code = "fit_with(callbacks = callback_ray_report(checkpoint_on = 'epoch_end'))"
    for ray.rank, files in ((0, ["model.keras"]), (1, None)):
        ray.reports.clear()
        from_r(code)
        assert [found for *_, found in ray.reports] == [files] * 2


MISTAKES = {
    "no worker of Ray": (None, "fit_with(callbacks = callback_ray_report())"),
    "a metric that is not there": ("tune", "fit_with(callbacks = callback_ray_report('lost'))"),
    "a metric at an event without any": (
        "tune", "fit_with(callbacks = callback_ray_report('loss', 'epoch_begin'))",
    ),
    "metrics that are no strings": (None, "callback_ray_report(1)"),
    "metrics in a list": (None, "callback_ray_report(list('loss', 2))"),
    "an event that is not there": (None, "callback_ray_report(checkpoint_on = 'on_epoch_end')"),
    "an event of another kind": (None, "callback_ray_report(report_metrics_on = 'midnight')"),
    "an event that is no string": (None, "callback_ray_report(report_metrics_on = TRUE)"),
}  # fmt: skip


def told(code: str) -> str:
    return from_r(f"tryCatch({{ {code}; 'no error' }}, error = conditionMessage)")


def test_texts(ray):
    texts = {}
    for name, (ray.place, code) in MISTAKES.items():
        texts[name] = told(code)
    error_texts.check("ray_errors", texts)


def test_outside_of_ray_the_training_does_not_begin(ray):
    seen = []
    with contextlib.suppress(RuntimeError):
        from_r("""fit_with(callbacks = list(callback_ray_report(),
                            callback_lambda(on_epoch_begin = function(epoch) seen$append(epoch))))
               """, seen=seen)  # fmt: skip
    assert seen == []


def test_without_ray_the_extra_is_named(ray, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert told("callback_ray_report()") == (
        "callback_ray_report() needs Ray, which is not installed in this Python: "
        "`pip install 'pyclass-bridge[ray]'`."
    )
