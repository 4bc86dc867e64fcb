"""What the module `_core` is given at its start, and what it says of itself.

Also of: core/given.c.
"""

from __future__ import annotations

import gc

import pytest

from pyclass_bridge import RError, RObject, _core


@pytest.mark.parametrize("start", [lambda: _core.attach(), lambda: _core.attach_r({})])
def test_a_start_that_lacks_something_names_it(r, start):
    with pytest.raises(TypeError, match=r"attach(_r)?\(\) lacks \w+$"):
        start()
    assert r("1") == 1.0


def test_code_gives_a_handle_of_its_last_value():
    value = _core.evaluate("1; 2")
    assert isinstance(value, RObject)
    assert value.to_python() == 2.0
    with pytest.raises(RError, match="the code does not parse"):
        _core.evaluate("1 +")


def test_counters_name_what_is_alive(r):
    gc.collect()
    for _ in range(2):  # an entry frees what Python has dropped before
        r("NULL")
    before = _core.counters()
    kept = [r("factor('a')") for _ in range(10)]
    assert _core.counters()["handles"] >= before["handles"] + 10
    del kept
    r("NULL")
    r("NULL")
    assert _core.counters()["handles"] <= before["handles"] + 2
    assert set(before) == {"handles", "proxies", "protect_depth"}
    assert r("1") == 1.0
