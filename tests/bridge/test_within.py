"""A value within a block."""

from __future__ import annotations

import threading

import pytest

from pyclass_bridge.bridge.within import Within


def test_it_is_that_of_the_innermost_block():
    x = Within()
    with x.holding(1):
        with pytest.raises(KeyError), x.holding(2):
            assert x.value == 2
            raise KeyError
        assert x.value == 1
    assert x.value is None


def test_each_thread_has_its_own():
    x, y, seen = Within(), Within(), []
    with x.holding(1):
        thread = threading.Thread(target=lambda: seen.append((x.value, y.value)))
        thread.start()
        thread.join()
        assert (x.value, y.value) == (1, None)
    assert seen == [(None, None)]
