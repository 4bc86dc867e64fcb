"""R functions, classes and errors in multiprocessing, concurrent.futures and joblib: workers get
the definitions, and what they raise comes back.

Also of: travel/pack.py, bridge/error_pickles.py.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from support.subprocesses import output_of

from pyclass_bridge import RError

joblib = pytest.importorskip("joblib", reason="it is not installed (the extra `test`)")


@pytest.fixture(scope="module")
def pool():
    """Two processes that are started anew."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_a_function_in_spawned_processes(ns, pool):
    assert list(pool.map(ns.tripled, range(4))) == [0, 3, 6, 9]
    assert os.getpid() not in set(pool.map(ns.process_of, range(4)))


def test_numbers_of_a_seed_are_those_of_one_process(ns, pool, parallel):
    here = [ns.spread(20, seed) for seed in range(4)]
    assert list(pool.map(ns.spread, [20] * 4, range(4))) == here
    assert parallel(joblib.delayed(ns.spread)(20, seed) for seed in range(4)) == here


def test_an_instance_and_its_method(ns, pool):
    counter = ns.Counter(5)
    assert pool.submit(counter.add, 2).result() == 7
    assert counter.n == 5
    back = pool.submit(ns.Counter, 8).result()
    assert isinstance(back, ns.Counter) and back.add(1) == 9


def test_a_module_of_python_among_rs_variables_travels_by_its_name(pool, r):
    root = r("local({ math <- import('math'); function(x) math$sqrt(x) })")
    assert pool.submit(root, 9).result() == 3.0


def derived(base):
    """A class as Ray derives it for its actors: under the name of its base, with methods that wrap
    those of the base."""

    def wrapped(method):
        return lambda self, *args: method(self, *args)

    names = ("__init__", "__reduce_ex__", "add")
    members = {name: wrapped(getattr(base, name)) for name in names}
    return type(base.__name__, (base,), {"__module__": base.__module__, **members})


def added(cls):
    return cls(5).add(2)


def test_a_class_whose_methods_are_wrapped(ns, parallel):
    assert parallel([joblib.delayed(added)(derived(ns.Counter))]) == [7]


def test_a_function_in_workers_of_loky(ns, parallel):
    assert parallel(joblib.delayed(ns.tripled)(i) for i in range(4)) == [0, 3, 6, 9]


FORK = """
import multiprocessing
import pyclass_bridge
from concurrent.futures import ProcessPoolExecutor

ns = pyclass_bridge.source({file!r})
context = multiprocessing.get_context("fork")
with ProcessPoolExecutor(2, context) as pool:
    print(list(pool.map(ns.tripled, range(4))))
    print(list(pool.map(ns.spread, [20] * 2, range(2))))
with context.Pool(2) as pool:
    print(pool.map(ns.tripled, range(4)))
    try:
        pool.apply(ns.fails, (3,))
    except pyclass_bridge.RError as error:
        print(error)
print([ns.spread(20, seed) for seed in range(2)])
"""


def test_forks_of_a_process_that_has_started_r(ns):
    said = output_of(FORK.format(file=os.path.join(os.path.dirname(__file__), "definitions.R")))
    tripled, seeds_there, tripled_again, error, seeds = said.splitlines()
    assert tripled == tripled_again == "[0.0, 3.0, 6.0, 9.0]"
    assert seeds_there == seeds
    assert error == "Error in fails(3L) : no luck with 3"


# ---- scikit-learn --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 3))
    return x, x @ [1.0, -2.0, 0.5] + rng.normal(size=60)


def test_cross_validation_in_two_processes_gives_the_numbers_of_one(ns, data, parallel):
    from sklearn.model_selection import cross_val_score

    one, two = (cross_val_score(ns.Ridge(), *data, n_jobs=n) for n in (1, 2))
    assert len(set(one)) == 5 and list(one) == list(two)


def test_a_grid_search_with_an_r_scorer(ns, data, parallel):
    from sklearn.model_selection import GridSearchCV

    grid = {"alpha": [0.1, 10.0, 1000.0]}
    one, two = (
        GridSearchCV(ns.Ridge(), grid, scoring=ns.minus_mae, n_jobs=n).fit(*data) for n in (1, 2)
    )
    scores = one.cv_results_["mean_test_score"]
    assert len(set(scores)) == 3 and list(scores) == list(two.cv_results_["mean_test_score"])
    assert isinstance(two.best_estimator_, ns.Ridge)
    assert two.best_params_ == one.best_params_


# ---- errors --------------------------------------------------------------------------------------


def test_an_error_of_a_worker_has_its_call_message_and_place(ns, pool, parallel):
    for run in (
        lambda: pool.submit(ns.fails, 2).result(),
        lambda: parallel([joblib.delayed(ns.fails)(2)]),
    ):
        with pytest.raises(RError, match=r"Error in fails\(2L\) : no luck with 2") as caught:
            run()
        error = caught.value
        assert (error.message, error.call) == ("no luck with 2", "fails(2L)")
        assert error.calls[-1].file.endswith("definitions.R") and error.calls[-1].line > 1


def test_r_catches_an_error_of_a_worker_by_its_class(ns, pool, r):
    catch = r("function(f) tryCatch(f(), too_far = function(e) c(e$at, get('x', e$where)))")
    assert catch(lambda: pool.submit(ns.fails_by_class, 7).result()) == [7, 7]


def test_an_error_whose_condition_can_not_travel_arrives_without_it(ns, pool):
    with pytest.raises(RError, match="still open") as caught:
        pool.submit(ns.fails_with_a_connection, 1).result()
    assert caught.value.r_class == ("open", "error", "condition")
    assert caught.value.condition is None


def test_what_can_not_travel_is_said_before_a_worker_has_it(pool, r):
    import pickle

    tells = r("local({ file <- textConnection('a'); function() readLines(file) })")
    with pytest.raises(pickle.PicklingError, match=r"reaches `file`: a connection \(\"a\"\)"):
        pool.submit(tells).result()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes are of Python 3.11")
def test_the_member_of_an_r_class_stands_in_the_error(r, pool):
    broken = r("Broken %py_class% { run <- function() stop('here') }")
    with pytest.raises(RError) as caught:
        pool.submit(broken().run).result()
    assert (caught.value.class_name, caught.value.member) == ("Broken", "run")
    assert "in `run` of the R class `Broken`" in caught.value.__notes__
