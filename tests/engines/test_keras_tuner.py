"""KerasTuner with an R function that builds the model, R callbacks and an R metric."""

from __future__ import annotations

from pathlib import Path

import pytest

import pyclass_bridge

keras_tuner = pytest.importorskip("keras_tuner", reason="it is not installed (the extra `test`)")


@pytest.fixture(scope="module")
def ns(keras):
    return pyclass_bridge.source(Path(__file__).with_name("keras_definitions.R"))


def twin(ns):
    """The same models, built in Python."""

    def build(hp):
        import keras

        units, rate = hp.Int("units", 2, 8, step=2), hp.Float("rate", 0.01, 0.1)
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [
                keras.layers.Input((4,)),
                keras.layers.Dense(units, activation="relu"),
                keras.layers.Dense(1),
            ]
        )
        model.compile(keras.optimizers.SGD(rate), "mse", metrics=[ns.MeanError()])
        return model

    return build


def searched(ns, build, directory, callbacks=()):
    tuner = keras_tuner.RandomSearch(
        build, objective="val_loss", max_trials=3, seed=1, directory=directory, project_name="x"
    )
    lines = ns.lines_of()
    options = {"validation_split": 0.25, "epochs": 2, "verbose": 0}
    tuner.search(lines["x"], lines["y"], callbacks=list(callbacks), **options)
    return tuner


def scores(tuner):
    trials = tuner.oracle.get_best_trials(3)
    return [(trial.hyperparameters.values, trial.score) for trial in trials]


def test_a_search_in_r_is_that_of_python(ns, tmp_path):
    seen = tmp_path / "losses.txt"
    tuner = searched(ns, ns.build, tmp_path / "r", [ns.Losses(str(seen))])
    expected = searched(ns, twin(ns), tmp_path / "python")
    assert len(scores(tuner)) == 3 and scores(tuner) == scores(expected)
    assert len(seen.read_text().splitlines()) == 3 * 2  # each trial has a copy of the callback
    (best,) = tuner.oracle.get_best_trials(1)
    (observed,) = best.metrics.get_history("mean_error")
    assert observed.value[0] > 0


def test_an_error_in_the_r_function_is_shown_with_its_call(ns, tmp_path):
    with pytest.raises(RuntimeError, match=r"Error in broken_build\(.* : no model for 2"):
        searched(ns, ns.broken_build, tmp_path)
