"""What a number is among the results of plain R: a class may say what its numbers mean, and then
they are none without it.

Also of: plain_r/results.py.
"""

from __future__ import annotations

import numpy as np
import pytest

# R code, the class that errors name, and the remedy.
NONE = {
    "difftime": ("as.difftime(5, units = 'mins')", "difftime", 'as.numeric(x, units = "secs")'),
    "difftime of integers": ("structure(5L, class = 'difftime', units = 'days')", "difftime",
                             'as.numeric(x, units = "secs")'),
    "hms": ("structure(5, class = c('hms', 'difftime'), units = 'secs')", "hms",
            'as.numeric(x, units = "secs")'),
    "Date": ("as.Date('2020-01-01')", "Date", "as.numeric(x)"),
    "POSIXct": ("Sys.time()", "POSIXct", "as.numeric(x)"),
    "POSIXlt": ("as.POSIXlt(Sys.time())", "POSIXlt", "as.numeric(as.POSIXct(x))"),
    "factor": ("factor('b', levels = c('a', 'b'))", "factor", "as.integer(x)"),
    "ordered": ("factor('b', levels = c('a', 'b'), ordered = TRUE)", "ordered", "as.integer(x)"),
    "integer64": ("structure(4.94e-324, class = 'integer64')", "integer64", "as.numeric(x)"),
    "units": ("structure(5, units = 'm', class = 'units')", "units", "as.numeric(x)"),
    "a class of the user": ("structure(0.5, class = 'money')", "money", "as.numeric(x)"),
    "I() of a date": ("I(as.Date('2020-01-01'))", "AsIs", "as.numeric(x)"),
    "a summary of dates": ("structure(1, class = c('summaryDefault', 'table', 'Date'))",
                           "summaryDefault", "as.numeric(x)"),
    "S4": ("asS4(structure(3, class = c('Period', 'numeric')))", "Period", "as.numeric(x)"),
}  # fmt: skip

NUMBERS = {
    "double": "0.5",
    "names": "stats::quantile(0.5, 0.9)",
    "dims": "matrix(0.5, 1, 1, dimnames = list('a', 'b'))",
    "another attribute": "structure(0.5, note = 'x', units = 'm')",
    "table": "prop.table(table(c('u', 'w')))[1]",
    "summary": "summary(c(0, 0.5, 1))['Median']",
    "noquote": "noquote(0.5)",
    "I()": "I(0.5)",
    "I() of a matrix": "I(matrix(0.5))",
    "ts": "ts(0.5)",
    "logLik": "structure(0.5, df = 3, class = 'logLik')",
    "auc of pROC": "structure(0.5, partial.auc = FALSE, class = c('auc', 'numeric'))",
    "labelled": "structure(0.5, label = 'x', class = c('labelled', 'numeric'))",
    "haven": "structure(0.5, class = c('haven_labelled', 'vctrs_vctr', 'double'))",
}


def of(name: str, value: str) -> str:
    """Code that makes what is called `name`, whose function gives `value`, and calls it."""
    return {
        "metric": f"m <- metric_r('own', function(y_true, y_pred) {value})",
        "metric of a list": f"m <- metric_r('own', function(y_true, y_pred) list(a = {value}))",
        "metric over the epoch": "m <- metric_r('own', function(y_true, y_pred) "
        f"{value}, over = 'epoch')",
        "metric of a class": f"""
            Own <- Metric("Own", eager = TRUE, update_state = function(y_true, y_pred, ...) NULL,
              result = function() {value}, reset_state = function() NULL)
            m <- Own(name = "own")""",
        "loss": f"loss_r(function(y_true, y_pred) {value}, function(y_true, y_pred) y_pred, "
        "name = 'own')(op_ones(1), op_ones(1))",
        "layer": f"layer_r(f = function(x) {value}, output_shape = 1, name = 'own')(op_ones(1))",
    }[name] + (
        "\nm$update_state(1, 1)\nm$result()[['a']]" if name == "metric of a list"
        else "\nm$update_state(1, 1)\nm$result()" if name.startswith("metric") else ""
    )  # fmt: skip


KINDS = (
    "metric",
    "metric of a list",
    "metric over the epoch",
    "metric of a class",
    "loss",
    "layer",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value, shown, remedy", NONE.values(), ids=NONE)
def test_an_object_that_is_no_number(keras, define, kind, value, shown, remedy):
    with pytest.raises(Exception) as told:
        define(of(kind, value))
    text = str(told.value)
    where = "the epoch" if kind == "metric over the epoch" else "batch "
    assert f"{kind.split()[0]} `own`, {where}" in text
    assert f"an object of class `{shown}`" in text
    assert f"return `{remedy}`" in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", NUMBERS.values(), ids=NUMBERS)
def test_a_class_or_attributes_that_change_no_number(keras, define, kind, value):
    found = define(of(kind, value))
    np.testing.assert_array_equal(np.asarray(found).ravel(), [0.5])


@pytest.mark.parametrize("over", ["batch", "epoch"])
@pytest.mark.parametrize("class_", ["integer64", "difftime", "units"])
def test_a_vector_with_names_and_a_class(define, over, class_):
    """Without its package, `[[` of such a vector drops the class."""
    code = f"""
      f <- function(y_true, y_pred) structure(c(a = 1, b = 2), class = "{class_}", units = "m")
      m <- metric_r("own", f, over = "{over}", values = c("a", "b"))
      m$update_state(1:2, 1:2 / 2)
      m$result()
    """
    with pytest.raises(Exception, match=f"metric `own`, .*an object of class `{class_}`"):
        define(code)


@pytest.mark.parametrize("kind", ["metric", "loss", "layer"])
def test_the_training_ends_after_the_step(keras, define, kind):
    define("late <- function(x, n) if (n > 1) as.difftime(x, units = 'days') else x; n <- 0")
    made = define(
        {
            "metric": """metric_r("own", function(y_true, y_pred) {
                n <<- n + 1; late(mean(y_pred), n) })""",
            "loss": """loss_r(function(y_true, y_pred) {
                n <<- n + 1; late((y_pred - y_true)^2, n) },
                function(y_true, y_pred) y_pred - y_true, name = "own")""",
            "layer": """layer_r(f = function(x) {
                n <<- n + 1; late(x, n) }, output_shape = 1, gradient = function(x, dy) dy,
                name = "own")""",
        }[kind]
    )
    layers = [keras.Input((2,)), keras.layers.Dense(1), *([made] if kind == "layer" else [])]
    model = keras.Sequential(layers)
    model.compile(
        "sgd", made if kind == "loss" else "mse", metrics=[made] if kind == "metric" else []
    )
    with pytest.raises(Exception, match=f"{kind} `own`, batch 2.* class `difftime`"):
        model.fit(np.ones((12, 2)), np.ones(12), batch_size=4, verbose=0)


@pytest.mark.parametrize("value, shown, remedy", NONE.values(), ids=NONE)
def test_a_gradient_that_is_no_numbers(keras, define, value, shown, remedy):
    loss = define(
        f"loss_r(function(y_true, y_pred) y_pred, function(y_true, y_pred) {value}, name = 'own')"
    )
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", loss)
    with pytest.raises(Exception, match="gradient of the loss `own`, batch 1: the gr") as told:
        model.fit(np.ones((1, 1)), np.ones(1), verbose=0)
    assert f"class `{shown}`" in str(told.value) and f"return `{remedy}`" in str(told.value)


@pytest.mark.parametrize("value", ["Sys.Date()", "structure(x, class = 'units', units = 'm')"])
def test_elements_of_a_dataset(define, value):
    pytest.importorskip("tensorflow")
    with pytest.raises(Exception, match=r"dataset_map\(\): .*element 1: the result is an object"):
        define(f"""
          list2env(pyclassbridge:::tfdatasets_exports(), environment())
          dataset_map(tensor_slices_dataset(c(1, 2)), function(x) {{ {value} }}, eager = TRUE)
        """)
