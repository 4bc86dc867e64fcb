"""The classes made in R that live, by name and home."""

from __future__ import annotations

import gc

from pyclass_bridge.classes.living import classes_named, described, home_of


def test_a_class_takes_the_place_of_an_earlier_one_of_its_home(r):
    r('Alive <- PyClass("Alive", list(a = function() 1))')
    first = r("Alive")
    r('Alive <- PyClass("Alive", list(a = function() 2))')
    second = r("Alive")
    assert classes_named("Alive") == [second] and first is not second
    r("rm(Alive)")


def test_classes_of_other_homes_stand_beside_it(r, source, define):
    code = 'Alive2 <- PyClass("Alive2", list(a = function() 1))'
    of_file = source(code, "alive.R").Alive2
    of_environment = define(code)
    found = classes_named("Alive2")
    assert found == [of_file, of_environment]
    assert described(of_file).endswith("alive.R") and home_of(of_file) == described(of_file)
    assert described(of_environment) == "an R environment (`r_globalenv`)"


def test_the_table_does_not_keep_classes(define):
    define('Gone <- PyClass("Gone", list(a = function() 1)); rm(Gone); gc(); NULL')
    gc.collect()
    define("gc(); NULL")
    gc.collect()
    assert classes_named("Gone") == [] and classes_named("NeverMade") == []
