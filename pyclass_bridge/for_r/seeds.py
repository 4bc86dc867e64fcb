"""Seeds of Python's and NumPy's random generators. The other half is R/for_r_seeds.R."""

import importlib
import os
import random

from pyclass_bridge.for_r.modules import module_available


def set_seed(seed, disable_hash_randomization=True):
    """Seed `random` and NumPy; hash randomization concerns the processes started later."""
    seed = int(seed)
    os.environ["PYTHONHASHSEED"] = "0" if disable_hash_randomization else "random"
    random.seed(seed)
    if module_available("numpy"):
        importlib.import_module("numpy").random.seed(seed % 2**32)
