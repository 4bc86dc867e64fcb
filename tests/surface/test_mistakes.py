"""Mistakes with models in R: each is one clear message, and the model is usable afterwards.

Of: surface/models.py.
"""

from __future__ import annotations

import pytest
from support.r_models import DENSE, X, Y, from_r


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "fit(model, x, y, callbacks = callback_early_stopping)",
            "fit(): `callbacks` holds the class `EarlyStopping`, not an instance of it: did you "
            "forget `()`?",
        ),
        (
            "fit(model, x, y, callbacks = list(Callback('Mine')))",
            "`callbacks` holds the class `Mine`, not an instance of it: did you forget `()`?",
        ),
        ("compile(model, metrics = c('mae', metric_auc))", "did you forget `()`?"),
        ("compile(model, metrics = list(a = Metric('M')))", "holds the class `M`"),
        ("compile(model, loss = Loss('L', call = function(y_true, y_pred) 1))", "did you forget"),
        ("compile(model, optimizer = optimizer_adam)", "`optimizer` holds the class `Adam`"),
        ("fit(model, x, y, callbacks = 'early')", "`callbacks` must be callbacks, not 'early'"),
        ("fit(model, x, y, callbacks = function(x) 1)", "must be callbacks, not a function"),
        ("fit(model, x, y, epoch = 3)", "fit() has no argument `epoch`; did you mean `epochs`?"),
        ("fit(model, x, y, epochs = 1.5)", "fit(): `epochs` takes whole numbers, not 1.5."),
        ("fit(model, x, y, initial_epoch = 0)", "`initial_epoch` counts from 1"),
        ("fit(model, x, y, 32)", "fit(): further arguments must have names"),
        ("fit(model, iris, y)", "the column `Species` of the data frame is"),
        ("fit(model, c(1L, NA), y)", "`x` has 1 NA, the first in row 2."),
        ("callback_lambda(on_epoch_ned = function(epoch) 1)", "Did you mean `on_epoch_end`?"),
        ("get_layer(model)", "give either the `name` of a layer or its `index`"),
        ("get_layer(model, 1)", "`name` must be the name of a layer, not the value 1; give its"),
        ("get_layer(model, index = 0)", "`index` counts from 1, so 0 is no index"),
        ("get_layer('m', 'a')", 'get_layer(): `object` must be a Keras model, not the string "m".'),
        ("pop_layer(3)", "pop_layer(): `object` must be a Sequential model, not the value 3."),
        (
            "pop_layer(keras_model(model$inputs, model$outputs))",
            "a Sequential model, not an instance of `keras.src.models.functional.Functional`",
        ),
        ("pop_layer(keras_model_sequential())", "the model has no layer to remove"),
        ("count_params(3)", "count_params(): `object` must be a Keras model or layer, not"),
        ("get_weights(3)", "get_weights(): `object` must be a Keras model or layer, not"),
        ("set_weights(3, list())", "set_weights(): `object` must be a Keras model or layer, not"),
        ("freeze_weights(3)", "freeze_weights(): `object` must be a Keras model or layer, not"),
        ("freeze_weights(model$layers[[1]], from = 1)", "`from`, `to` and `which` need a model"),
        ("freeze_weights(model, from = 1, which = 1)", "either `which`, or `from` and `to`"),
        ("freeze_weights(model, which = function(l) 'a')", "the function `which` must return"),
        ("freeze_weights(model, which = c(TRUE, FALSE, TRUE))", "but the model has 2 layers"),
        ("freeze_weights(model, which = 9)", "there is no layer 9; the model has 2"),
        ("unfreeze_weights(model, from = 'zz')", "No such layer: zz"),
        ("summary(model, show_trainble = TRUE)", "did you mean `show_trainable`?"),
        ("summary(model, line_length = 60.5)", "`line_length` takes whole numbers, not 60.5."),
        ("set_random_seed(1.5)", "`seed` must be a whole number, 0 or more, not the value 1.5."),
        ("set_random_seed('a')", '`seed` must be a whole number, 0 or more, not the string "a".'),
        ("set_random_seed(NA)", "`seed` must be a whole number, 0 or more, not the value NA."),
    ],
)
def test_mistakes_are_one_clear_message(keras, code, message):
    with pytest.raises((TypeError, ValueError, RuntimeError, IndexError)) as caught:
        from_r(DENSE + code, x=X, y=Y)
    assert message in str(caught.value)


def test_a_loss_or_metric_that_computes_may_be_given_without_parentheses(keras):
    model = from_r(
        DENSE
        + """
        compile(model, loss = loss_mean_squared_error, metrics = metric_mean_absolute_error)
        fit(model, x, y, epochs = 1, verbose = 0)
        model
        """,
        x=X, y=Y,
    )  # fmt: skip
    assert model.loss is keras.losses.mean_squared_error


HOOKS = [
    *(f"on_{phase}_{end}" for phase in ("train", "test", "predict") for end in ("begin", "end")),
    *(f"on_{p}_batch_{end}" for p in ("train", "test", "predict") for end in ("begin", "end")),
    *(f"on_{what}_{end}" for what in ("epoch", "batch") for end in ("begin", "end")),
]


@pytest.fixture(scope="module")
def after_an_error(keras):
    """function (hook): the error's text, and what the model does afterwards."""
    return from_r(
        DENSE
        + """
        use <- list(
          test = function(...) evaluate(model, x, y, verbose = 0, ...),
          predict = function(...) predict(model, x, verbose = 0, ...),
          fit = function(...) fit(model, x, y, epochs = 1, verbose = 0, ...)
        )
        function(hook) {
          bad <- do.call(callback_lambda, setNames(list(function(...) stop("no luck")), hook))
          phase <- strsplit(hook, "_")[[1]][2]
          run <- if (phase %in% names(use)) use[[phase]] else use$fit
          text <- tryCatch({ run(callbacks = list(bad)); "no error" }, error = conditionMessage)
          h <- use$fit()
          list(text, length(h$epoch), names(use$test()), dim(use$predict()))
        }
        """,
        x=X, y=Y,
    )  # fmt: skip


@pytest.mark.parametrize("hook", HOOKS)
def test_the_model_is_usable_after_an_error_in_a_hook(hook, after_an_error):
    text, epochs, measures, shape = after_an_error(hook)
    assert "no luck" in text
    assert epochs == 1
    assert measures == ["loss", "mae"]
    assert shape == [len(X), 1]
