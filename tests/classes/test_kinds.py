"""A row added to the table of kinds is all that a new base needs.

Also of: classes/required.py.
"""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT
from support.r_scope import RScope

from pyclass_bridge import RError
from pyclass_bridge.classes import kinds

# `with_row(name, row, code)` evaluates code with the row added, before all others, and a
# constructor of its name.
ADD = """
ns <- asNamespace("pyclassbridge")
set_table <- function(table) {
  unlockBinding("keras_kinds", ns)
  assign("keras_kinds", table, envir = ns)
  lockBinding("keras_kinds", ns)
}
table <- ns$keras_kinds
add_row <- function(name, row) set_table(c(structure(list(row), names = name), ns$keras_kinds))
constructor <- function(name) ns$class_constructor(name)
takes <- ns$takes
hook_takes <- ns$hook_takes
keras_kind <- ns$keras_kind
"""


@pytest.fixture
def scope():
    scope = RScope()
    scope(ADD)
    yield scope
    scope("set_table(table)")
    scope.close()


def test_a_wrapper_composes_in_a_pipe(scope, keras):
    model = scope(
        """
        add_row("Wrapper", keras_kind(
          "keras.src.layers.core.wrapper.Wrapper", quote(keras$layers$Wrapper),
          args = c("initialize", "call"),
          calls = list(call = takes("inputs", "...", least = 1, most = Inf)),
          composes = TRUE
        ))
        Wrapper <- constructor("Wrapper")
        Twice <- Wrapper("Twice", call = function(inputs) self$layer(self$layer(inputs)))
        keras_model_sequential(input_shape = 4) |> Twice(layer_dense(units = 4)) |> layer_dense(1)
        """
    )
    assert [type(layer).__name__ for layer in model.layers] == ["Twice", "Dense"]
    assert isinstance(model.layers[0], keras.layers.Wrapper)
    assert isinstance(scope("keras_input(shape = 4) |> Twice(layer_dense(units = 4))"),
                      keras.KerasTensor)  # fmt: skip
    with pytest.raises(RError, match=r"`call` takes no arguments, but it is called"):
        scope('Wrapper("Bad", call = function() NULL)')


def test_another_base_composes_and_one_without_the_column_does_not(scope, keras):
    row = """
        add_row("Reduction", keras_kind(
          "keras.src.layers.pooling.base_global_pooling.BaseGlobalPooling",
          quote(keras$layers$GlobalMaxPooling1D), args = "call", composes = {composes}
        ))
        Made <- constructor("Reduction")("Made")
        """
    scope(row.format(composes="TRUE"))
    assert isinstance(scope("keras_input(shape = c(4, 2)) |> Made()"), keras.KerasTensor)
    scope("set_table(table)")
    scope(row.format(composes="FALSE"))
    with pytest.raises(ValueError, match="data_format"):  # the tensor is its first argument then
        scope("keras_input(shape = c(4, 2)) |> Made()")


class Judge:
    """A base of the user's own that calls methods and hooks."""

    def verdict(self, x, y):
        raise NotImplementedError

    def on_round_begin(self, round, logs=None):
        self.seen = (round, dict(logs or {}))
        logs and logs.update(judge=round)

    def take(self, jury):
        self.jury = jury


JUDGE = """
add_row("Judge", keras_kind(
  paste0(module, ".Judge"), quote(base), args = c("verdict", "on_round_begin"),
  calls = list(verdict = takes("x", "y")),
  hooks = list(on_round_begin = hook_takes("round"), on_rest = takes()),
  setter = "take", required = "verdict", stored_as = c(rank = "_rank"), index_base = 1L,
  merge_logs = TRUE, library = "The court"
))
new_judge <- constructor("Judge")
"""


@pytest.fixture
def judge(scope):
    scope(JUDGE, module=Judge.__module__, base=Judge)
    return scope


def test_hooks_of_a_row_have_its_argument_list_index_base_and_logs(judge):
    cls = judge(
        """
        Strict <- new_judge("Strict", inherit = base,
          on_round_begin = function(round, logs = NULL) {
            super$on_round_begin(round, logs)
            self$round <- round
            list(strict = round)
          },
          on_rest = function() "nothing")
        Strict
        """
    )
    strict, logs = cls(), {"loss": 1.0}
    strict.on_round_begin(2, logs)
    assert (strict.round, strict.seen) == (3, (2, {"loss": 1.0}))
    assert logs == {"loss": 1.0, "judge": 2, "strict": 3}
    judge("function(o) o$on_round_begin(3L, list(loss = 2))")(strict)
    assert (strict.round, strict.seen) == (3, (2, {"loss": 2.0}))
    assert strict.on_rest() is None


def test_hooks_of_a_row_are_checked(judge):
    with pytest.raises(RError, match="Did you mean `on_round_begin`"):
        judge('new_judge("A", inherit = base, on_round_bgein = function(round, logs) 1)')
    with pytest.raises(RError, match="`logs` as its first argument, but The court passes `round`"):
        judge('new_judge("A", inherit = base, on_round_begin = function(logs) 1)')
    with pytest.raises(TypeError, match=r"`A` is a class, and The court needs an instance"):
        judge('new_judge("A", inherit = base)').take(None, "the jury")


def test_required_methods_and_attributes_of_a_row(judge):
    cls = judge('new_judge("Silent", inherit = base, rank = 3)')
    assert cls._rank == 3
    with pytest.raises(NotImplementedError, match=r"`Silent` has no method `verdict`.*\(x, y\)"):
        cls().verdict(1, 2)
    # The raw form finds its row by the base, and counts from 0.
    raw = judge(
        "Raw(base) %py_class% { on_round_begin <- function(round, logs) self$n <- round }; Raw"
    )
    made = raw()
    made.on_round_begin(2, {})
    assert made.n == 2
    with pytest.raises(NotImplementedError, match="`Raw` has no method `verdict`"):
        made.verdict(1, 2)


def test_a_base_without_a_row_has_nothing_of_this(scope):
    plain = scope(
        "A(base) %py_class% { on_round_begin <- function(round, logs = NULL) list(a = round) }; A",
        base=Judge,
    )
    assert plain().on_round_begin(2, {}) == {"a": 2}


def test_python_has_the_columns_of_r_s_rows(r, keras):
    callback = kinds.kind_named("Callback")
    assert callback.named == "keras.src.callbacks.callback.Callback"
    assert callback.base_of(keras.callbacks.EarlyStopping) is keras.callbacks.Callback
    assert callback.hooks["on_epoch_end"] == "epoch" and callback.hooks["on_train_end"] is None
    assert list(callback.hooks)[:2] == ["on_train_begin", "on_epoch_begin"]
    assert kinds.kind_named("Metric").values == ("result",)
    assert kinds.Kind.of(None).hooks == {}


PLACE = re.compile(r"callbacks\.callback\.Callback|on_predict_batch_begin[\"']? *[=:]")


def test_no_other_file_names_the_hooks_or_the_base_of_callbacks():
    files = [*(ROOT / "pyclass_bridge").rglob("*.py"), *(ROOT / "R").glob("*.R")]
    assert [path.name for path in files if PLACE.search(path.read_text())] == ["classes_kinds.R"]
