"""A value that holds within a block, on the thread that runs it. It has no other half in R."""

from __future__ import annotations

import contextlib
import threading


class Within(threading.local):
    """`value` is None, and within ``with x.holding(value):`` that value, for this thread alone."""

    value = None

    @contextlib.contextmanager
    def holding(self, value):
        """Hold `value` until the block has ended, and then the one from before."""
        before, self.value = self.value, value
        try:
            yield
        finally:
            self.value = before
