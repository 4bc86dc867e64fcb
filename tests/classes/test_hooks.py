"""The one rule of index bases, on every way by which a hook can be called."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("keras")

CODE = """
seen <- new.env()
seen$epochs <- c()
note <- function(epoch) seen$epochs <- c(seen$epochs, epoch)
Noting <- Callback("Noting",
  on_epoch_end = function(epoch, logs = NULL) note(epoch),
  on_epoch_begin = function(...) note(..1))
Child <- Callback("Child", inherit = Noting,
  on_epoch_end = function(epoch = 0L, logs = NULL) Noting$on_epoch_end(self, epoch, logs))
Stops <- Callback("Stops", inherit = callback_early_stopping)
Merges <- Callback("Merges", on_epoch_end = function(epoch, ...) list(v = epoch))
last <- function() seen$epochs[length(seen$epochs)]
"""


@pytest.fixture
def ns(source):
    return source(CODE)


@pytest.mark.parametrize("epoch", [2, np.int32(2), 2.0])
def test_numbers_of_every_kind_are_counted_from_1(ns, epoch):
    ns.Noting().on_epoch_end(epoch)
    assert ns.last() == 3


def test_dots_take_the_counted_number(ns):
    ns.Noting().on_epoch_begin(2)
    assert ns.last() == 3


def test_by_keyword(ns, r):
    ns.Noting().on_epoch_end(epoch=2)
    assert ns.last() == 3
    r("function(o) o$on_epoch_begin(epoch = 3L)")(ns.Noting())
    assert ns.last() == 3


def test_a_number_that_is_the_default_is_counted(ns):
    ns.Child().on_epoch_end(0)
    assert ns.last() == 1


def test_an_unbound_hook(ns, r):
    r("function(cls, o) cls$on_epoch_end(o, 3L)")(ns.Noting, ns.Noting())
    assert ns.last() == 3


def test_r_counts_from_1_in_a_hook_inherited_from_python(ns, r):
    run = r("function(o) { o$on_train_begin(); o$on_epoch_end(1L, list(loss = 3)); o$best_epoch }")
    assert run(ns.Stops(monitor="loss")) == 0


def test_a_hook_given_to_python_counts_from_0(ns, r):
    r("function(o, call) call(o$on_epoch_end)")(ns.Noting(), lambda hook: hook(0))
    assert ns.last() == 1


def test_a_hook_with_dots_merges_its_list_into_the_logs(ns):
    logs = {"loss": 1.0}
    ns.Merges().on_epoch_end(3, logs)
    assert logs == {"loss": 1.0, "v": 4}
