"""R's random numbers in forked processes: a child draws others than its parent, as with Python's
`random`, unless the user has called `set.seed()`: then each child goes on from this seed.

The other half is R/bridge_random_seed.R. Children of R's own forks (`parallel::mclapply()`) are
left to R, whose `mc.set.seed` decides.
"""

from __future__ import annotations

import os

from .. import _core
from .r_functions import r_function


def seed_forked_children() -> None:
    """Let each child of a fork by Python begin with random numbers of its own."""
    r_function("remember_seeds")()
    if hasattr(os, "register_at_fork"):
        r_function("seed_child")
        os.register_at_fork(after_in_child=_seed)


def _seed() -> None:
    if _core.is_forked_by_python():
        # Any integer of R but NA.
        number = int.from_bytes(os.urandom(4), "little") % (2**32 - 1) - (2**31 - 1)
        r_function("seed_child")(number)
