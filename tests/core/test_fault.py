"""Each place where the core's use of R can fail is made to fail once, in crossings of every kind.

The failure is a Python exception, or code that knows another way gives the right result; the
protect stack of R is as deep as before, and the next call works.
"""

from __future__ import annotations

import pytest
from support.scenarios import make_scenarios

from pyclass_bridge import RError, _core

MOST = 3000


@pytest.fixture(scope="module")
def scenarios(keras, tmp_path_factory):
    import pyclass_bridge

    def source(code, name):
        path = tmp_path_factory.mktemp("scenarios") / name
        path.write_text(code)
        return pyclass_bridge.source(path)

    yield make_scenarios(source)
    # R keeps the calls of the last error that no handler saw, and what they were called with.
    pyclass_bridge.r(
        "if (exists('.Traceback', baseenv())) assign('.Traceback', NULL, envir = baseenv())"
    )


NAMES = [
    "numbers",
    "arguments of every kind",
    "results of every kind",
    "a class",
    "a function of R",
    "a call from R",
    "a call from R with many arguments",
    "an attribute",
    "an assignment",
    "a method",
    "a property",
    "an async method",
    "an await of R",
    "a static method",
    "an instance",
    "views of arrays",
    "a dict",
    "a hook",
    "a hook without an index",
    "a method that R keeps",
    "an R error",
    "a Python error in R",
    "a Python error through R",
    "an R error through both",
    "an R error caught below Python",
    "code",
]


def fault_points(scenario) -> int:
    _core.set_fault(-1)
    scenario()
    return _core.set_fault(0)


def fails_at(scenario, n: int):
    """What the scenario gives or raises with its n-th fault point failing."""
    _core.set_fault(n)
    try:
        return scenario()
    except BaseException as error:
        return error
    finally:
        _core.set_fault(0)


@pytest.mark.filterwarnings("ignore:coroutine 'Base.later' was never awaited")  # what failed
@pytest.mark.parametrize("name", NAMES)
def test_every_fault_is_an_exception(scenarios, name):
    scenario = scenarios[name]
    assert scenario() is True
    depth = _core.counters()["protect_depth"]
    count = fault_points(scenario)
    assert 0 < count < MOST
    step = max(1, count // 150)
    seen = 0
    for n in range(1, count + 1, step):
        outcome = fails_at(scenario, n)
        assert outcome is True or isinstance(outcome, Exception), (n, outcome)
        if isinstance(outcome, Exception):
            seen += 1
            assert isinstance(outcome, (RError, MemoryError, RuntimeError, AttributeError)), (
                n,
                repr(outcome),
            )
        assert _core.counters()["protect_depth"] == depth, n
        assert scenario() is True, n
    assert seen > 0 or "error" in name


def test_all_scenarios_are_run(scenarios):
    assert sorted(NAMES) == sorted(scenarios)
