"""The functions of R's namespace that Python calls: looked up once, with or without conversion."""

from __future__ import annotations

from pyclass_bridge import RObject
from pyclass_bridge.bridge.r_functions import r_function, r_handle


def test_a_result_is_converted_or_stays_in_a_handle():
    assert r_function("ticked")(["a", "b"]) == "`a`, `b`"
    handle = r_handle("ticked")(["a", "b"])
    assert isinstance(handle, RObject)
    assert handle.to_python() == "`a`, `b`"


def test_each_function_is_looked_up_once():
    assert r_function("ticked") is r_function("ticked")
    assert r_handle("ticked") is r_handle("ticked")
