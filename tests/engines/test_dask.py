"""R functions in processes of Dask, and of joblib over it; R values, classes and errors cross."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("distributed", reason="`make engines` installs it, and tests")

import dask
import distributed
import joblib

from pyclass_bridge import RError


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.Client(**options) as client:
        yield client


def test_functions_run_in_the_workers(ns, client):
    futures = client.map(ns.tripled, range(4))
    assert client.gather(futures) == [0, 3, 6, 9]
    assert os.getpid() not in client.gather(client.map(ns.process_of, range(4), pure=False))


def test_numbers_of_a_seed_are_those_of_one_process(ns, client):
    futures = [client.submit(ns.spread, 20, seed) for seed in range(4)]
    assert client.gather(futures) == [ns.spread(20, seed) for seed in range(4)]


def test_functions_are_told_apart(client, r):
    """Dask gives equal calls of equal functions one key."""
    one, two = r("list(function(x) x + 1, function(x) x + 2)")
    assert client.gather([client.submit(f, 1) for f in (one, two)]) == [2, 3]


def test_what_one_function_gives_another_takes(ns, client, r):
    fitted = client.submit(r("function(n) lm(dist ~ speed, cars[seq_len(n), ])"), 30)
    slope = client.submit(r("function(model) coef(model)[['speed']]"), fitted)
    expected = r("coef(lm(dist ~ speed, cars[1:30, ]))[['speed']]")
    assert slope.result() == expected


def test_delayed_calls_and_methods(ns, client):
    tripled = dask.delayed(ns.tripled)
    total = dask.delayed(sum)([tripled(i) for i in range(4)])
    assert total.compute() == 18
    assert client.submit(ns.Counter(5).add, 2).result() == 7


def test_an_actor_of_an_r_class(ns, client):
    counter = client.submit(ns.Counter, 5, actor=True).result()
    assert [counter.add(2).result(), counter.add(3).result()] == [7, 10]


def test_joblib_over_dask(ns, client):
    with joblib.parallel_config("dask"):
        found = joblib.Parallel()(joblib.delayed(ns.spread)(20, seed) for seed in range(4))
    assert found == [ns.spread(20, seed) for seed in range(4)]


def test_cross_validation_over_dask(ns, client):
    import numpy as np
    from sklearn.model_selection import cross_val_score

    x = np.random.default_rng(2).normal(size=(60, 3))
    y = x @ [1.0, -2.0, 0.5]
    expected = cross_val_score(ns.Ridge(), x, y, scoring=ns.minus_mae)
    with joblib.parallel_config("dask"):
        found = cross_val_score(ns.Ridge(), x, y, scoring=ns.minus_mae)
    assert list(found) == list(expected)


def test_an_error_of_a_worker_has_its_call_and_message(ns, client):
    with pytest.raises(RError, match=r"Error in fails\(2L\) : no luck with 2") as caught:
        client.submit(ns.fails, 2).result()
    assert (caught.value.message, caught.value.call) == ("no luck with 2", "fails(2L)")
    with pytest.raises(RError, match="still open"):
        client.submit(ns.fails_with_a_connection, 1).result()
