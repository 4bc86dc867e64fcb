"""Names cross again and again by caches: each is itself, however many there are."""

from __future__ import annotations

import gc


class Anything:
    pass


def test_more_names_than_the_caches_hold(define):
    set_and_get = define(
        "function(o, names) { for (n in names) o[[n]] <- n; lapply(names, function(n) o[[n]]) }"
    )
    names = [f"name_{i}" for i in range(3000)]
    o = Anything()
    for _ in range(2):
        assert set_and_get(o, names) == names
    assert vars(o) == {name: name for name in names}


def test_more_sets_of_keys_than_the_cache_holds(define):
    same = define("function(d, keys) identical(names(d), as.character(keys))")
    for _ in range(2):
        for i in range(600):
            keys = [f"key_{i}_{j}" for j in range(i % 40)]
            assert same(dict.fromkeys(keys, i), keys)


def test_names_of_a_dict_while_pythons_collector_runs_r_code(define):
    """What the core makes may start a collection of Python's, and that R code and changes."""
    names = define("function(d) names(d)")
    busy = define("function() { gc(); lapply(1:200, function(i) list(i, letters)); NULL }")

    class Cycle:
        def __init__(self, target):
            self.me, self.target = self, target

        def __del__(self):
            busy()
            self.target.update({f"more{i}": i for i in range(50)})

    thresholds = gc.get_threshold()
    try:
        for k in range(50):
            d = {f"key{k}_{i}": 1 for i in range(25)}
            keys = list(d)
            gc.disable()
            Cycle(d)
            gc.set_threshold(1, 1, 1)
            gc.enable()
            try:
                assert names(d)[:25] == keys
            except RuntimeError as error:
                assert "changed while it was converted" in str(error)
            gc.set_threshold(*thresholds)
    finally:
        gc.set_threshold(*thresholds)
        gc.enable()
