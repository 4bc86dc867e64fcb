"""XLA compiles the models of a run of all tests without its optimizations: those of a small model
take longer than they save, so that half the time of a training on JAX was that of the compiler.

A choice of tests runs with XLA as users have it, and so does all with `XLA_FLAGS= make test`.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

FLAGS = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"

COMPILE = {
    "jax": "import jax; jax.jit(lambda x: x + 1)(1.0)",
    "tensorflow": "import tensorflow as tf; tf.function(lambda x: x + 1, jit_compile=True)(1.0)",
}


def compile_without_optimizations() -> None:
    """From now on, in this process and in those that it starts."""
    if "XLA_FLAGS" not in os.environ and _are_known():
        os.environ["XLA_FLAGS"] = FLAGS


def _are_known() -> bool:
    """XLA ends the process for a flag that its version does not know."""
    installed = [code for name, code in COMPILE.items() if importlib.util.find_spec(name)]
    environment = {**os.environ, "XLA_FLAGS": FLAGS}
    tries = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)
        for code in installed
    ]
    return all([process.wait() == 0 for process in tries])
