"""use_backend(): the backend is chosen before Keras is first used.

Also of: start/doctor.py.
"""

from __future__ import annotations

import os
import subprocess
import sys


def test_use_backend_chooses_before_keras_is_used():
    code = """
import os, sys, pyclass_bridge as p
assert "keras" not in sys.modules
try: p.r("use_backend('mxnet')")
except Exception as error: print(error)
print(os.environ.get("KERAS_BACKEND"))
p.r("use_backend('numpy', gpu = FALSE)")
print(p.r("config_backend()"), os.environ["CUDA_VISIBLE_DEVICES"])
p.r("use_backend('numpy')")
try: p.r("use_backend('jax')")
except Exception as error: print(error)
"""
    environment = {key: text for key, text in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    unknown, before, running, late = done.stdout.splitlines()
    assert unknown.startswith("Keras has no backend 'mxnet'")
    assert (before, running) == ("None", "numpy -1")
    assert late.startswith("Keras runs on numpy already, so use_backend('jax') comes too late")
