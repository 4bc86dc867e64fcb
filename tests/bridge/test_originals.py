"""Exceptions that a library has replaced are found by their texts, once; none is kept for ever."""

from __future__ import annotations

import gc
import weakref

import pytest

from pyclass_bridge.bridge.originals import Kept, original_of, originals, raise_original


class Own(Exception):
    pass


def replaced(text: str) -> Exception:
    return ValueError(f"node 3 failed: RuntimeError: {text}\nTraceback ...")


def test_the_first_is_found_by_its_text_and_only_once():
    kept, error = Kept(), Own("bad")
    text = kept.keep(error, "f(): `g`, element 2")
    assert text == "f(): `g`, element 2: bad"
    assert original_of(replaced("f(): `g`, element 21: bad")) is None
    assert original_of(replaced(text)) is error
    assert error.explanation == text
    assert original_of(replaced(text)) is None


def test_those_that_came_later_are_not_kept_when_one_is_asked_for():
    kept, errors = Kept(), [Own(str(k)) for k in range(3)]
    texts = [kept.keep(error, f"f(): element {k}") for k, error in enumerate(errors)]
    assert original_of(replaced(texts[0])) is errors[0]
    assert original_of(replaced(texts[2])) is None


def test_an_exception_that_says_where_needs_no_other_text():
    kept, error = Kept(), Own("f(): element 1: bad")
    assert kept.keep(error, "f(): element 1") == "f(): element 1: bad"
    assert original_of(replaced("f(): element 1: bad")) is error
    assert not hasattr(error, "explanation")


def test_exceptions_that_nobody_asks_for_are_dropped():
    kept = Kept()
    first = Own("x")
    text, gone = kept.keep(first, "f(): element 0"), weakref.ref(first)
    del first
    for k in range(1, Kept.MOST + 1):
        kept.keep(Own("x"), f"f(): element {k}")
    gc.collect()
    assert gone() is None and original_of(replaced(text)) is None
    others = weakref.ref(kept)
    del kept
    gc.collect()
    assert others() is None


def test_what_leaves_the_context_is_the_first():
    kept, error = Kept(), KeyError("bad")
    text = kept.keep(error, "f(): element 1")
    with pytest.raises(KeyError) as info, originals():
        raise replaced(text)
    assert info.value is error
    with pytest.raises(Own), originals():
        raise Own("other")
    raise_original(Own("other"))
