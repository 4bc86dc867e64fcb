"""R on Ray: functions, actors, Ray Tune over R objectives, and a TorchTrainer with two workers.

tests/callbacks/test_ray.py has callback_ray_report() without Ray.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

# Ray keeps no file of its own in the home directory, and counts no use.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

pytest.importorskip("ray", reason="`make engines` installs it, and tests")

import ray
import ray.train
from ray import tune
from ray.train.torch import TorchTrainer

import pyclass_bridge
from pyclass_bridge import RError

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def models(keras):
    if keras.backend.backend() != "torch":
        pytest.skip("the workers train on Keras' torch backend: KERAS_BACKEND=torch")
    return pyclass_bridge.source(Path(__file__).with_name("keras_definitions.R"))


# ---- functions and actors ------------------------------------------------------------------------


def test_functions(ns):
    tripled, spread = ray.remote(ns.tripled), ray.remote(ns.spread)
    assert ray.get([tripled.remote(i) for i in range(4)]) == [0, 3, 6, 9]
    seeds = ray.get([spread.remote(20, seed) for seed in range(4)])
    assert seeds == [ns.spread(20, seed) for seed in range(4)]


def test_an_error_of_a_worker_is_an_r_error(ns):
    with pytest.raises(RError, match=r"Error in fails\(2L\) : no luck with 2") as caught:
        ray.get(ray.remote(ns.fails).remote(2))
    assert (caught.value.cause.message, caught.value.cause.call) == ("no luck with 2", "fails(2L)")


def test_an_actor_of_an_r_class(ns):
    counter = ray.remote(ns.Counter).remote(5)
    assert ray.get([counter.add.remote(2), counter.add.remote(3)]) == [7, 10]


# ---- Ray Tune ------------------------------------------------------------------------------------


def tuned(objective, space, directory, metric="loss"):
    return tune.Tuner(
        objective,
        param_space=space,
        tune_config=tune.TuneConfig(metric=metric, mode="min"),
        run_config=tune.RunConfig(storage_path=str(directory), verbose=0),
    ).fit()


def test_tune_over_an_r_objective_gives_the_numbers_of_one_process(models, tmp_path):
    space = {"units": tune.grid_search([2, 4]), "rate": 0.05}
    results = tuned(models.objective, space, tmp_path)
    assert not results.errors and len(results) == 2
    for result in results:
        expected = models.objective(result.config)
        assert result.metrics["loss"] == pytest.approx(expected["loss"], rel=1e-6)
        assert result.metrics["epochs"] == 2


def test_tune_gets_what_the_callback_reports(models, tmp_path):
    results = tuned(models.reporting_objective, {"rate": 0.05}, tmp_path, "error")
    assert not results.errors
    (result,) = results
    assert result.metrics["training_iteration"] == 4  # three epochs, and the checkpoint
    errors = list(result.metrics_dataframe["error"])
    assert errors[0] > errors[1] > errors[2]
    weights = models.weights_in(result.checkpoint)
    assert [np.shape(array) for array in weights[:2]] == [(4, 4), (4,)]


def test_a_trial_that_fails_has_the_sentence(models, tmp_path):
    results = tuned(models.misspelt_objective, {"rate": 0.05}, tmp_path)
    (error,) = results.errors
    assert '`metrics` asks for "lost"' in str(error) and 'did you mean "loss"?' in str(error)


# ---- Ray Train -----------------------------------------------------------------------------------


def trained(models, workers, directory):
    """The result, the losses that the R callbacks have seen, and the weights of the checkpoint."""
    into = directory / "losses.txt"
    directory.mkdir()
    result = TorchTrainer(
        models.train_worker,
        train_loop_config={"epochs": 3, "into": str(into)},
        scaling_config=ray.train.ScalingConfig(num_workers=workers),
        run_config=ray.train.RunConfig(storage_path=str(directory)),
    ).fit()
    losses = [float(line) for line in into.read_text().splitlines()]
    return result, losses, models.weights_in(result.checkpoint)


def test_two_workers_of_a_torch_trainer_learn_what_one_does(models, tmp_path):
    _, losses_alone, weights_alone = trained(models, 1, tmp_path / "one")
    shared, losses_shared, weights_shared = trained(models, 2, tmp_path / "two")
    assert set(shared.metrics) == {"loss", "mean_error"}
    assert len(losses_alone) == 3 and len(losses_shared) == 6
    for one, two in zip(weights_alone, weights_shared, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-6)
    # Each worker sees the loss of its own rows: the loss of all is their mean.
    assert np.mean(losses_shared) == pytest.approx(np.mean(losses_alone), rel=1e-4)


def test_a_worker_that_fails_has_the_error_of_r(ns):
    trainer = TorchTrainer(
        ns.fails, train_loop_config={}, scaling_config=ray.train.ScalingConfig(num_workers=1)
    )
    with pytest.raises(ray.train.TrainingFailedError, match="no luck with"):
        trainer.fit()
