"""Words for the texts of errors: the same answers in Python and in R."""

from __future__ import annotations

import pytest

from pyclass_bridge.bridge import words

ARGUMENTS = [
    "units", "activation", "use_bias", "kernel_initializer", "bias_initializer", "name", "x", "by",
    "batch_size", "epochs", "verbose", "validation_split", "größe", "имя", "axis",
]  # fmt: skip
HOOKS = ["on_epoch_begin", "on_epoch_end", "on_train_begin", "on_train_end", "on_exit", "on_end"]

# What is written, what there is, at how many edits at most, and what is meant.
MISSPELT = [
    ("unit", ARGUMENTS, 3, "units"),
    ("unist", ARGUMENTS, 3, "units"),
    ("Units", ARGUMENTS, 3, "units"),
    ("actvation", ARGUMENTS, 3, "activation"),
    ("activaiton", ARGUMENTS, 3, "activation"),
    ("batchSize", ARGUMENTS, 3, "batch_size"),
    ("epoch", ARGUMENTS, 3, "epochs"),
    ("verbos", ARGUMENTS, 3, "verbose"),
    ("kernel_initialiser", ARGUMENTS, 3, "kernel_initializer"),
    ("validationsplit", ARGUMENTS, 3, "validation_split"),
    ("grösse", ARGUMENTS, 3, "größe"),
    ("имъ", ARGUMENTS, 3, "имя"),
    ("axes", ARGUMENTS, 3, "axis"),
    ("yb", ARGUMENTS, 3, None),
    ("y", ARGUMENTS, 3, None),
    ("", ARGUMENTS, 3, None),
    ("🙂", ARGUMENTS, 3, None),
    ("kernel", ARGUMENTS, 3, None),
    ("dropout", ARGUMENTS, 3, None),
    ("name", ARGUMENTS, 3, "name"),
    ("nmae", ARGUMENTS, 3, "name"),
    ("nmae", [], 3, None),
    ("on_epoch_edn", HOOKS, 3, "on_epoch_end"),
    ("on_epoch_bgein", HOOKS, 1, "on_epoch_begin"),
    ("on_epohc_bgein", HOOKS, 1, None),
    ("on_exti", HOOKS, 3, "on_exit"),
    ("on_edn", HOOKS, 3, "on_end"),
    ("on_tain_ed", HOOKS, 2, "on_train_end"),
    ("on_tain_ed", HOOKS, 1, None),
    ("adamm", ["adamw", "adam"], 3, "adam"),  # the shorter
    ("xabcd", ["xabcx", "xabxd"], 3, "xabcx"),  # the one with the longer common beginning
    ("abx", ["abc", "abd"], 3, "abc"),  # the first of two that are as near
    ("layer", ["Layer", "layers"], 3, "layers"),
    ("rlu", ["glu", "relu"], 3, "relu"),
    ("valoss", ["loss", "val_loss"], 3, "val_loss"),
    ("sd", ["adam", "sgd"], 3, "sgd"),
    ("motor", ["mode", "monitor"], 3, "monitor"),
    ("somax", ["softmax", "softplus"], 3, "softmax"),
]


@pytest.mark.parametrize(("name", "known", "most", "meant"), MISSPELT)
def test_the_nearest_name_in_both_languages(r, name, known, most, meant):
    assert words.nearest(name, known, most) == meant
    nearest = r("function(x, among, n) pyclassbridge:::nearest_name(x, as.character(among), n)")
    assert nearest(name, known, most) == meant


def test_lists_of_names_in_both_languages(r):
    names = ["a", "b c"]
    assert words.ticked(names) == r("pyclassbridge:::ticked(c('a', 'b c'))") == "`a`, `b c`"
    assert words.ticked(names, " and ") == "`a` and `b c`"
    assert words.quoted(names) == r("pyclassbridge:::quoted(c('a', 'b c'))") == '"a", "b c"'


class Thing:
    pass


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        ("a", "'a'"),
        (1.5, "1.5"),
        ([1, "b"], "[1, 'b']"),
        (Thing, "the class `Thing`"),
        (Thing(), "an instance of `Thing`"),
        (len, "a function"),
    ],
)
def test_a_value_of_python(value, expected):
    assert words.described(value) == expected


def test_a_value_of_r_is_described_in_r_s_words(r):
    assert words.described(r("factor('a')")) == "an object of class `factor`"
