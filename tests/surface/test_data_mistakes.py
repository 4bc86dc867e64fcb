"""Mistakes with data, and NA in them, are one clear message that says where.

Of: surface/data.py, R/surface_data.R.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.r_models import DENSE, TWO_INPUTS, X, Y, from_r

# ---- mistakes ----------------------------------------------------------------------------------

MISTAKES = {
    "text as labels": (
        "fit(model, x, letters[1:4])", "`y` holds strings, but the model takes numbers"
    ),
    "text as one output's labels": (
        "fit(model, x, list(y, letters))", "`y[[2]]` holds strings, but the model takes numbers"
    ),
    "text as x": (
        "fit(model, matrix('a', 96, 4), y)", "`x` holds strings, but the model takes numbers"
    ),
    "dates": (
        "fit(model, x, Sys.Date() + 1:96)", "`y` is an object of class `Date`, but Keras takes"
    ),
    "labels as a data frame": (
        "fit(model, x, data.frame(Species = factor(letters)))",
        "`y` is a data frame of one column, which holds a factor, but labels are a vector: use "
        "`y$Species`.",
    ),
    "an output's labels as a data frame": (
        "fit(model, x, list(p = data.frame(a = letters)))", "labels are a vector: use `y$p$a`."
    ),
    "weights as a factor": (
        "fit(model, x, y, sample_weight = factor(y))",
        "`sample_weight` is a factor, but weights are numbers.",
    ),
    "a missing column": (
        "fit(two_inputs(), data.frame(a = 1:2), 1:2)",
        "`x`: the data frame has no column `b`, which is an input of the model.",
    ),
    "text in a column": (
        "fit(two_inputs(), data.frame(a = 1:2, b = c('u', 'v')), 1:2)",
        "`x`: the column `b` of the data frame is a character vector",
    ),
    "a function of the batch": (
        "fit(model, function(i) list(x, y))", "`x` is a function with the argument `i`"
    ),
    "a batch by other names": (
        "fit(model, function() list(a = x, b = y))", "not a list of `a`, `b`: give inputs by name"
    ),
    "a batch of nothing": (
        "fit(model, function() list())", "`x` must be list(x, y) or list(x, y, sample_weight)"
    ),
    "validation by x alone": (
        "fit(model, x, y, validation_data = x)", "`validation_data` must be list(x, y), a"
    ),
    "weights without names": (
        "fit(model, x, y, class_weight = c(1, 2))", "`class_weight` must have the numbers"
    ),
    "weights by level": ("fit(model, x, y, class_weight = c(a = 1))", "1\" = 2), not `a`."),
    "weights by some levels": (
        "fit(model, x, factor(y > 0), class_weight = c('TRUE' = 1, b = 2))",
        '`class_weight` must have the levels "FALSE", "TRUE" as names, not `b`.',
    ),
    "weights by levels that are numbers": (
        "fit(model, x, factor(1 + (y > 0)), class_weight = c('1' = 1, '2' = 2))",
        "`class_weight`: are its names the levels of `y` or their numbers from 0?",
    ),
    "a weight of NA": (
        "fit(model, x, y, class_weight = c('0' = NA))",
        "`class_weight`: the weight of class 0 must be a number, not the value NA.",
    ),
    "a weight of text": (
        "fit(model, x, y, class_weight = list('0' = 'a'))",
        "`class_weight`: the weight of class 0 must be a number, not the string \"a\".",
    ),
    "adapt of a dense layer": (
        "adapt(layer_dense(units = 1), x)", "adapt(): `object` must be a layer that learns"
    ),
    "steps that are not counted": (
        "adapt(layer_normalization(), x, steps = 2)",
        "`steps` is not an argument for a Normalization layer",
    ),
    "a matrix without rows": ("predict(model, x[0, ])", "`x` has no samples: its dims are (0, 4)."),
    "a frame without rows": (
        "evaluate(model, as.data.frame(x)[0, ], y[0])", "`x` has no samples: its dims are (0, 4)."
    ),
    "nothing to train on": ("fit(model, x[0, ], y[0])", "`x` has no samples: its dims are (0, 4)."),
    "a batch of no samples": ("train_on_batch(model, x[0, ], y[0])", "`x` has no samples"),
    "classes counted from the end": ("to_categorical(c(-1, 2))", "whole and from 0, not -1."),
    "classes as a list of strings": ("to_categorical(list('a'))", "to_categorical(factor(x))"),
    "no sequence": ("pad_sequences(list())", "pad_sequences(): `sequences` has no sequence."),
    "a batch for no model": ("predict_on_batch(3, x)", "`object` must be a Keras model, not the"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_with_data_are_one_clear_message(keras, case):
    code, message = MISTAKES[case]
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        from_r(DENSE + TWO_INPUTS + code, x=X, y=Y)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        "fit(model, x, letters)",
        "get_weights(3)",
        "predict(model, data.frame(a = 'b'))",
        "fit(model, x, list(1, NA))",
        "evaluate(model, list(x, list(NA)), 1)",
        "pad_sequences(list(1, list(NA)))",
        "set_weights(model, list(NA))",
    ],
)
def test_a_mistake_names_the_call_that_made_it(keras, call):
    ours = from_r(
        DENSE
        + f"""
        told <- function(code) {{
          tryCatch(code, error = function(e) capture.output(print(conditionCall(e))))
        }}
        told({call})
        """,
        x=X,
    )
    assert ours == call.replace("'", '"')


@pytest.mark.parametrize("last", [0, 3])
def test_an_error_of_a_function_that_gives_batches_keeps_its_class(keras, last):
    code = f"""
      n <- 0
      late <- function() {{
        n <<- n + 1
        if (n > {last}) stop(errorCondition("no more", class = "out_of_batches"))
        list(matrix(1, 4, 4), rep(1, 4))
      }}
      tryCatch(
        model |> fit(late, steps_per_epoch = 2, epochs = 4, verbose = 0),
        out_of_batches = function(e) conditionMessage(e)
      )
    """
    assert from_r(DENSE + code) == "no more"


# ---- NA ------------------------------------------------------------------------------------------

ALLOW = '; `na = "allow"` makes NaN of NA.'
# What holds NA -> the beginning of the error, and whether `na = "allow"` is a remedy.
NA_IN = {
    "fit(model, replace(x, c(2, 3, 100, 290), NA), y)": (
        "`x`: column 1 has 2 NA, the first in row 2, and other columns have 2. Leave these "
        "cases out or impute them" + ALLOW
    ),
    "fit(model, setNames(as.data.frame(replace(x, 100, NA)), letters[1:4]), y)": (
        "`x`: the column `b` has 1 NA, the first in row 4. "
    ),
    "fit(model, array(replace(x, 5, NA), c(96, 2, 2)), y)": "`x` has 1 NA, the first in row 5. ",
    "fit(model, c(1L, NA), y)": "`x` has 1 NA, the first in row 2. ",
    "fit(model, x, replace(y, 7:9, NA))": "`y`: column 1 has 3 NA, the first in row 7. ",
    "fit(model, x, c(TRUE, NA))": "`y` has 1 NA, the first in row 2. ",
    "fit(model, x, factor(c('a', NA)))": (
        "`y` has 1 NA, the first in row 2. Leave these cases out or impute them."
    ),
    "fit(model, x, factor(c('a', NA)), na = 'allow')": "`y` has 1 NA, the first in row 2. ",
    "fit(model, x, y, sample_weight = c(NA, 1))": "`sample_weight` has 1 NA, the first in row 1. ",
    "fit(model, x, y, validation_data = list(x, c(1, NA)))": "`validation_data[[2]]` has 1 NA, ",
    "fit(model, x, y, validation_data = list(replace(x, 1, NA), y))": (
        "`validation_data[[1]]`: column 1 has 1 NA, "
    ),
    "fit(model, function() list(x, c(1, NA)))": "`y` has 1 NA, the first in row 2. ",
    "fit(two_inputs(), list(a = c(1, NA), b = 1:2), 1:2)": "`x$a` has 1 NA, the first in row 2. ",
    "fit(two_inputs(), list(1:2, c(1, NA)), 1:2)": "`x[[2]]` has 1 NA, the first in row 2. ",
    "fit(two_inputs(), data.frame(a = 1:2, b = c(NA, 1)), 1:2)": "`x$b` has 1 NA, ",
    "evaluate(model, x, c(NA, 1))": "`y` has 1 NA, the first in row 1. ",
    "predict(model, replace(x, 96, NA))": "`x`: column 1 has 1 NA, the first in row 96. ",
    "train_on_batch(model, x, c(NA, 1))": "`y` has 1 NA, the first in row 1. ",
    "test_on_batch(model, x, c(NA, 1))": "`y` has 1 NA, the first in row 1. ",
    "predict_on_batch(model, replace(x, 1, NA))": "`x`: column 1 has 1 NA, ",
    "adapt(layer_normalization(), c(1, NA))": "`data` has 1 NA, the first in row 2. ",
    "adapt(layer_string_lookup(), c('a', NA))": "`data` has 1 NA, the first in row 2. ",
    "set_weights(model, list(c(1, NA)))": "`weights[[1]]` has 1 NA, the first in row 2. ",
    "timeseries_dataset_from_array(replace(x, 1, NA), NULL, 2)": "`data`: column 1 has 1 NA, ",
    "timeseries_dataset_from_array(x, c(1, NA), 2)": "`targets` has 1 NA, the first in row 2. ",
    "pad_sequences(list(1:3, c(1L, NA)))": "`sequences[[2]]` has 1 NA, the first in row 2. ",
    "to_categorical(c(NA, 1))": "`x` has 1 NA, the first in row 1. ",
    "normalize(matrix(c(1, NA)))": "`x`: column 1 has 1 NA, the first in row 2. ",
}  # fmt: skip


@pytest.mark.parametrize("code", NA_IN)
def test_na_in_data_is_an_error_that_says_where(keras, code):
    message = from_r(
        DENSE + TWO_INPUTS + f"tryCatch({{ {code}; 'no error' }}, error = conditionMessage)",
        x=X, y=Y,
    )  # fmt: skip
    assert message.startswith(NA_IN[code])


def test_nan_is_data_and_so_is_na_that_is_allowed(keras, recwarn):
    ours = from_r(
        """
        model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
        missing <- replace(x, c(1, 3, 99), NaN)
        part <- replace(replace(x, 3, NaN), c(1, 99), NA)
        whole <- replace(matrix(1:8, 2), 3, NA)
        list(predict(model, missing, verbose = 0), predict(model, part, na = "allow", verbose = 0),
             is.nan(predict(model, whole, na = "allow", verbose = 0)))
        """,
        x=X,
    )
    np.testing.assert_array_equal(ours[0], ours[1])
    assert np.isnan(ours[0][:, 0]).nonzero()[0].tolist() == [0, 2]
    np.testing.assert_array_equal(ours[2], [[True], [False]])
    assert not [w for w in recwarn if "cast" in str(w.message)]


def test_na_is_found_part_by_part():
    """All at once would take as much memory as the data."""
    found = from_r(
        """
        x <- c(NaN, 1, NA, 3, NA)
        places <- pyclassbridge:::na_places
        list(
          all(vapply(1:6, function(n) identical(places(x, n), c(3L, 5L)), NA)),
          identical(places(replace(runif(10), c(1, 10), NaN), 3), integer()),
          identical(places(replace(runif(2e6), c(1000, 1e6 + 1), NA)), c(1000L, 1000001L)),
          identical(places(matrix(c(NA, 1, NaN, NA), 2), 3), c(1L, 4L)),
          identical(places(c(1L, NA)), 2L), identical(places(factor(c("a", NA))), 2L)
        )
        """
    )
    assert found == [True] * 6
