"""R objectives of Optuna: pruned from R, in threads, and in two processes that share a study."""

from __future__ import annotations

from collections import Counter

import pytest

optuna = pytest.importorskip("optuna", reason="it is not installed (the extra `test`)")
joblib = pytest.importorskip("joblib", reason="it is not installed (the extra `test`)")

PRUNER = optuna.pruners.ThresholdPruner(upper=4.0)
PLACES = [-2.5, -1.5, -0.5, 0.0, 0.5, 1.0, 2.0, 2.9]


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def states(study):
    return Counter(trial.state.name for trial in study.trials)


def seeded(objective, n_trials=12, **options):
    sampler = optuna.samplers.TPESampler(seed=1)
    study = optuna.create_study(sampler=sampler, pruner=PRUNER)
    study.optimize(objective, n_trials=n_trials, **options)
    return study


def twin(trial):
    x = trial.suggest_float("x", -3, 3)
    for step in range(1, 5):
        trial.report((x - 1) ** 2 / step, step)
        if trial.should_prune():
            raise optuna.TrialPruned("too high")
    return (x - 1) ** 2


def test_a_study_in_r_is_that_of_python(ns):
    study, expected = seeded(ns.parabola), seeded(twin)
    assert [t.params for t in study.trials] == [t.params for t in expected.trials]
    assert [t.values for t in study.trials] == [t.values for t in expected.trials]
    assert states(study) == states(expected) and set(states(study)) == {"COMPLETE", "PRUNED"}


def test_pruned_by_the_class_of_the_exception(ns):
    study = seeded(ns.parabola_by_class)
    assert {t.state.name for t in study.trials if t.params["x"] > 0} == {"PRUNED"}
    assert {t.state.name for t in study.trials if t.params["x"] <= 0} == {"COMPLETE"}


def test_an_error_in_r_fails_the_trial_and_says_so(r):
    objective = r("function(trial) stop('no data at ', trial$number)")
    study = seeded(objective, n_trials=2, catch=(RuntimeError,))
    assert states(study) == {"FAIL": 2}
    with pytest.raises(RuntimeError, match="no data at 0"):
        seeded(objective, n_trials=1)


def test_threads(ns):
    study = seeded(ns.parabola, n_jobs=2)
    assert len(study.trials) == 12 and set(states(study)) <= {"COMPLETE", "PRUNED"}


def enqueued(storage=None):
    study = optuna.create_study(study_name="shared", storage=storage, pruner=PRUNER)
    for x in PLACES:
        study.enqueue_trial({"x": x})
    return study


def work(objective, storage):
    """What each process does; some have no trial to run any more."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name="shared", storage=storage, pruner=PRUNER)
    study.optimize(objective, n_trials=len(PLACES) // 2)


def outcomes(study):
    return sorted((t.params["x"], t.state.name, t.values) for t in study.trials)


def test_two_processes_share_a_study(ns, parallel, tmp_path):
    from optuna.storages.journal import JournalFileBackend

    backend = JournalFileBackend(str(tmp_path / "study.log"))
    storage = optuna.storages.JournalStorage(backend)
    shared, alone = enqueued(storage), enqueued()
    parallel(joblib.delayed(work)(ns.parabola, storage) for _ in range(2))
    alone.optimize(ns.parabola, n_trials=len(PLACES))
    assert outcomes(shared) == outcomes(alone)
    assert states(shared)["PRUNED"] > 0 and states(shared)["COMPLETE"] > 0


def test_two_processes_share_a_database(ns, parallel, tmp_path):
    """Without trials that wait in a queue: of SQLite, two processes may get the same one."""
    storage = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name="shared", storage=storage, pruner=PRUNER)
    parallel(joblib.delayed(work)(ns.parabola, storage) for _ in range(2))
    alone = optuna.create_study(pruner=PRUNER)
    for trial in study.trials:
        alone.enqueue_trial(trial.params)
    alone.optimize(ns.parabola, n_trials=len(study.trials))
    assert len(study.trials) == len(PLACES) and outcomes(study) == outcomes(alone)
