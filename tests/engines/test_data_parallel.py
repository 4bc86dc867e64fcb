"""`keras.distribution.DataParallel` on JAX: a training with an R callback and an R metric on two
devices of the host gives the numbers of one.

Their number is fixed when JAX starts, so this runs in a process of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.subprocesses import output_of

pytest.importorskip("jax", reason="it is not installed (the extra `jax`)")

CODE = """
import json
import pyclass_bridge

ns = pyclass_bridge.source({file!r})
alone, parallel = ns.fit_on_devices(False), ns.fit_on_devices(True)

import jax
import numpy as np

print(json.dumps([jax.device_count(), alone, parallel], default=lambda x: np.asarray(x).tolist()))
"""


def test_two_devices_give_the_numbers_of_one():
    file = str(Path(__file__).with_name("keras_definitions.R"))
    options = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    said = output_of(CODE.format(file=file), timeout=180, **options)
    devices, alone, parallel = json.loads(said.splitlines()[-1])
    assert devices == 2
    assert "SingleDevice" in alone[3] and "'batch': 2" in parallel[3]
    assert set(alone[0]) == {"loss", "mean_error"}
    for name, values in alone[0].items():
        np.testing.assert_allclose(parallel[0][name], values, rtol=1e-5)
    assert parallel[1] == parallel[0]["loss"] and len(alone[1]) == 3
    for one, two in zip(alone[2], parallel[2], strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-7)
