"""TensorFlow's iterators of datasets end at once in tests.

A thread of each iterator tunes it, and sleeps in between: about as long as the iterator is old, up
to a minute. When the iterator is freed, it is told to end, but sometimes goes to sleep once more
before it sees that (TensorFlow 2.21), and the process stands still until it wakes up. Iterators
that an error has left to the collector are old, so a suite with many errors stood still for
minutes. Those of tests do without that thread, which changes no number.
"""

from __future__ import annotations

import functools
import sys


def iterators_end_at_once() -> None:
    """Where TensorFlow is imported, its iterators begin without the thread from now on."""
    module = sys.modules.get("tensorflow.python.data.ops.iterator_ops")
    create = getattr(getattr(module, "OwnedIterator", None), "_create_iterator", None)
    if create is None or hasattr(create, "__wrapped__"):
        return

    @functools.wraps(create)
    def create_untuned(self, dataset):
        options = sys.modules["tensorflow"].data.Options()
        options.autotune.enabled = False
        return create(self, dataset.with_options(options))

    module.OwnedIterator._create_iterator = create_untuned
