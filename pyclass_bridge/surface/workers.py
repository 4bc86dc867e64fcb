"""PyDatasets on their way to Keras: items as arrays, errors as they were, and workers that end.

Keras' workers are threads or processes. After a training that ends before the last item, by an
error, a callback or Ctrl-C, Keras leaves its threads waiting for ever with all that they hold; here
they end. TensorFlow replaces an exception of an item by its own; here the first is kept. Classes of
R and of Python are alike. It has no other half in R.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import queue
import threading
import time
import weakref

import keras
import numpy as np
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetEnqueuer
from keras.src.trainers.epoch_iterator import EpochIterator

from .arguments import whole_number
from .replaced import replace_method

PATIENCE = 10.0  # seconds that items and workers have to end; then they are left
NA_WORD = 1954  # the lower half of R's NA_real_
_PARTS = ("x", "y", "sample_weight")


class Watched(keras.utils.PyDataset):
    """The PyDataset `dataset`, called `label` in errors, for one call of a model's method. What its
    items raise is appended to `failures`. An epoch `in_steps` may end before the last item, and the
    next one goes on from there: Keras' workers would begin anew and leave items out, so there are
    none."""

    def __init__(self, dataset, label: str, failures: list, in_steps: bool = False):
        name = type(dataset).__name__
        workers = whole_number(name, "workers", dataset.workers)
        super().__init__(
            workers=min(workers, 1) if in_steps else workers,
            use_multiprocessing=dataset.use_multiprocessing and not in_steps,
            max_queue_size=whole_number(name, "max_queue_size", dataset.max_queue_size),
        )
        self.dataset, self.label, self.failures = dataset, label, failures
        self._under_way, self._ended = 0, False
        self._enqueuer = None  # of Keras, which hands the items to workers
        self._change = threading.Condition()
        _refuse_forks(self)

    def __getstate__(self):  # for a process of its own
        return vars(self) | {"failures": [], "_change": None, "_enqueuer": None}

    def __setstate__(self, state):
        self.__dict__.update(state, _change=threading.Condition())

    @property
    def num_batches(self):
        self._find_enqueuer()
        kind = type(self.dataset)
        by_length = kind.num_batches is keras.utils.PyDataset.num_batches
        # len() takes no double, which R's numbers are.
        length = getattr(self.dataset, "__len__", None) if by_length else None
        n = length() if length else self.dataset.num_batches
        return None if n is None else whole_number(kind.__name__, "__len__", n)

    def on_epoch_begin(self):
        self.dataset.on_epoch_begin()

    def on_epoch_end(self):
        # Keras keeps items that were made ahead, as those after the first batch, by which it builds
        # a model, and hands them out before the first item of the next epoch.
        if self._enqueuer is not None and self.num_batches is not None:
            _empty(self._enqueuer.ready_queue)
        self.dataset.on_epoch_end()

    def _find_enqueuer(self) -> None:
        """Keras' enqueuer asks for the number of batches on its own thread."""
        enqueuer = getattr(getattr(threading.current_thread(), "_target", None), "__self__", None)
        if isinstance(enqueuer, PyDatasetEnqueuer):
            self._enqueuer = enqueuer

    def __getitem__(self, index):
        with self._change:
            if self._ended:
                raise RuntimeError("the items of an ended training are not made")
            self._under_way += 1
        try:
            return _batch(self.dataset[index], f"`{self.label}`, item {index} (counted from 0)")
        except Exception as error:
            self.failures.append(error)
            raise
        finally:
            with self._change:
                self._under_way -= 1
                self._change.notify_all()

    def end(self) -> None:
        """Wait for the items under way, and for Keras' workers; no more are made."""
        until = time.monotonic() + PATIENCE
        with self._change:
            self._ended = True
            self._change.wait_for(lambda: not self._under_way, PATIENCE)
        thread = getattr(self._enqueuer, "run_thread", None)
        while thread is not None and thread.is_alive() and time.monotonic() < until:
            self._enqueuer.running = False
            _empty(self._enqueuer.future_queue)  # the thread may wait for room in it
            thread.join(0.01)
        self._enqueuer = None


def _empty(items: queue.Queue) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            items.get_nowait()


@contextlib.contextmanager
def workers_ended(data):
    """When this context ends, so have the workers of the PyDatasets in `data`, and iterators."""
    _watch_iterators()
    known = _iterators()  # of a training that this one is a part of
    try:
        yield
    finally:
        for dataset in data:
            if isinstance(dataset, Watched):
                dataset.end()
        _let_go(_iterators() - known)


def _refuse_forks(watched: Watched) -> None:
    """R runs in the process that forks, so its forks could wait for ever or have no R."""
    is_r = getattr(type(watched.dataset), "__r_class__", None) is not None
    if not is_r or not watched.use_multiprocessing or not watched.workers:
        return
    if multiprocessing.get_start_method() != "spawn":
        name = type(watched.dataset).__name__
        raise ValueError(
            f"`{watched.label}`: the class `{name}` is written in R, which "
            "forked processes can't run: give it `use_multiprocessing = FALSE`, whose workers are "
            "threads, or start processes anew by "
            'import("multiprocessing")$set_start_method("spawn", force = TRUE).'
        )


# ---- items ---------------------------------------------------------------------------------------


def _batch(item, where: str):
    """An item as Keras takes it: R's vectors, which are Python lists and numbers, as arrays, and a
    list by the names of its parts as a tuple."""
    if isinstance(item, dict) and "x" in item and set(item) <= set(_PARTS):
        item = tuple(item.get(name) for name in _PARTS[: max(map(_PARTS.index, item)) + 1])
    if isinstance(item, (list, tuple)):
        parts = itertools.zip_longest(item, _PARTS[: len(item)], fillvalue="further part")
        return tuple(_arrays(part, f"{where}: `{name}`") for part, name in parts)
    return _arrays(item, f"{where}: `x`")


def _arrays(part, where: str):
    if isinstance(part, dict):
        return {k: _arrays(v, f"{where}${k}") for k, v in part.items()}
    if isinstance(part, (bool, int, float)):
        part = np.asarray([part])
    elif isinstance(part, list) and part and all(isinstance(v, (bool, int, float)) for v in part):
        part = np.asarray(part)
    elif isinstance(part, (list, tuple)):
        return type(part)(_arrays(v, where) for v in part)
    if _has_na(part):
        raise ValueError(f"{where} holds NA; leave these cases out or impute them.")
    return part


def _has_na(part) -> bool:
    """Is a value of R's NA, which Python's arrays have as a NaN of its own or a mask?"""
    if isinstance(part, np.ma.MaskedArray):
        return bool(np.ma.getmaskarray(part).any())
    if not isinstance(part, np.ndarray) or part.dtype != np.float64:
        return False
    nan = part[np.isnan(part)]
    return bool((nan.view("u8") & 0xFFFFFFFF == NA_WORD).any())


# ---- iterators of Keras --------------------------------------------------------------------------

_threads: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # of Keras' iterators over data


def _watch_iterators() -> None:
    replace_method(EpochIterator, "__init__", _watching)


def _watching(former, iterator, *args, **kwargs):
    former(iterator, *args, **kwargs)
    _threads[iterator] = threading.get_ident()


def _iterators() -> set:
    """Those that this thread has made."""
    return {iterator for iterator, thread in _threads.items() if thread == threading.get_ident()}


def _let_go(iterators: set) -> None:
    """Break the circle in which an iterator of Keras holds itself when a training ends before it.
    The garbage collector would free it at any later time, and with Python's lock held wait for a
    thread of TensorFlow, which may sleep for up to a minute."""
    for iterator in iterators:
        iterator._epoch_iterator = iterator._current_iterator = None
