"""augment(), and the tables that predict() gives."""

from __future__ import annotations

import numpy as np
import pytest
from support.r_models import LABELS, X, Y, from_r

from pyclass_bridge import RError

pytestmark = pytest.mark.usefixtures("keras")

MODELS = """
  set_random_seed(1)
  names3 <- c("no", "perhaps", "yes")
  network <- function(units, activation, loss) {
    model <- keras_model_sequential(input_shape = 4) |> layer_dense(units, activation = activation)
    compile(model, "sgd", loss)
    model
  }
  train <- function(model, y) { fit(model, x, y, epochs = 1, verbose = 0); model }
  three <- function() {
    labels <- factor(names3[codes + 1], names3)
    train(network(3, "softmax", "sparse_categorical_crossentropy"), labels)
  }
  two <- function() {
    labels <- factor(codes > 0, c(FALSE, TRUE), c("no", "yes"))
    train(network(1, "sigmoid", "binary_crossentropy"), labels)
  }
  numbers <- function(units = 1) train(network(units, NULL, "mse"), y[, rep(1, units)])
  data <- data.frame(x, id = seq_len(nrow(x)))
"""


def made(code: str):
    return from_r(MODELS + code, x=X, y=Y, codes=LABELS)


def test_numbers_have_one_column():
    assert (
        made("""
      model <- numbers()
      table <- augment(model, data, inputs = x, verbose = 0)
      c(identical(names(table), c(".pred", names(data))),
        identical(table$.pred, c(predict(model, x, verbose = 0))),
        identical(table[-1], data), identical(class(table), "data.frame"))
    """)
        == [True] * 4
    )


def test_several_numbers_are_numbered():
    names = made("""
      model <- numbers(3)
      names(predict(model, x, type = "numeric", verbose = 0))
    """)
    assert names == [".pred_1", ".pred_2", ".pred_3"]


@pytest.mark.parametrize("model", ["three", "two"])
def test_classes_have_the_levels_of_the_training(model):
    names, levels, classes, sums, second = made(f"""
      model <- {model}()
      table <- augment(model, data, inputs = x, verbose = 0)
      p <- as.matrix(table[startsWith(names(table), ".pred_") & names(table) != ".pred_class"])
      raw <- predict(model, x, verbose = 0)
      list(names(table)[seq_len(ncol(p) + 1)], levels(table$.pred_class),
        all(paste0(".pred_", table$.pred_class) == colnames(p)[max.col(p)]),
        max(abs(rowSums(p) - 1)), identical(unname(p[, ncol(p)]), raw[, ncol(raw)]))
    """)
    expected = ["no", "perhaps", "yes"] if model == "three" else ["no", "yes"]
    assert names == [".pred_class", *[f".pred_{level}" for level in expected]]
    assert levels == expected
    assert classes is True
    assert sums < 1e-5
    assert second is True


def test_types_of_predict_are_the_parts_of_augment():
    assert made("""
      model <- three()
      table <- augment(model, data, inputs = x, verbose = 0)
      class <- predict(model, x, type = "class", verbose = 0)
      prob <- predict(model, x, type = "prob", verbose = 0)
      c(identical(c(as.list(class), as.list(prob)), as.list(table)[1:4]),
        identical(predict(model, x, type = "raw", verbose = 0), predict(model, x, verbose = 0)))
    """) == [True, True]


def test_levels_and_logits_that_are_given():
    assert made("""
      model <- network(3, NULL, loss_sparse_categorical_crossentropy(from_logits = TRUE))
      table <- augment(model, x, levels = names3, from_logits = TRUE, verbose = 0)
      raw <- predict(model, x, verbose = 0)
      soft <- exp(raw) / rowSums(exp(raw))
      c(all.equal(unname(as.matrix(table[2:4])), soft), ncol(table) == 8,
        identical(as.character(table$.pred_class), names3[max.col(raw)]))
    """) == [True, True, True]


def test_a_tibble_stays_one():
    if not made("requireNamespace('tibble', quietly = TRUE)"):
        pytest.skip("tibble is not installed")
    assert made("""
      data <- tibble::as_tibble(data)
      table <- augment(three(), data, inputs = x, verbose = 0)
      c(tibble::is_tibble(table), identical(table[5:9], data))
    """) == [True, True]


def test_it_is_the_method_of_generics():
    if not made("requireNamespace('generics', quietly = TRUE)"):
        pytest.skip("generics is not installed")
    assert made("""
      model <- numbers()
      identical(generics::augment(model, data, inputs = x, verbose = 0),
        augment(model, data, inputs = x, verbose = 0))
    """)


def test_the_levels_of_a_loaded_model(tmp_path):
    path = tmp_path / "m.keras"
    assert made(f"""
      model <- three()
      save_model(model, "{path}")
      identical(predict(load_model("{path}"), x, type = "prob", verbose = 0),
        predict(model, x, type = "prob", verbose = 0))
    """)


ERRORS = {
    "augment(numbers(), array(1, c(2, 2, 2)))": r"`new_data` must be a data frame or a matrix",
    "augment(numbers(), data, inputs = x[1:5, ], verbose = 0)": r"gives 5 pred.* has 96 rows",
    "augment(numbers(), cbind(data, .pred = 1), inputs = x, verbose = 0)": r"two columns `.pred`",
    "predict(numbers(), x, type = 'class', verbose = 0)": r"not trained with a factor.*`levels`",
    "augment(three(), data, inputs = x, levels = c('a', 'b'), verbose = 0)": r"gives 3 columns",
    "augment(numbers(3), data, inputs = x, levels = names3, verbose = 0)": r"from_logits = TRUE",
    "augment(three(), data, inputs = x, levels = c('class', 'b', 'c'), verbose = 0)": (
        r"two columns `.pred_class`: rename the level"
    ),
}


@pytest.mark.parametrize("code", ERRORS)
def test_what_gives_no_table_is_an_error(code):
    with pytest.raises(RError, match=ERRORS[code]):
        made(code)


def test_several_outputs_are_an_error():
    with pytest.raises(RError, match="the model has 2 outputs"):
        made("""
          input <- layer_input(shape = 4)
          model <- keras_model(input, list(layer_dense(input, 1), layer_dense(input, 1)))
          augment(model, x, verbose = 0)
        """)


def test_nan_has_no_class():
    classes = made("""
      model <- three()
      w <- get_weights(model)
      w[[2]][1] <- NaN
      set_weights(model, w)
      as.list(is.na(predict(model, x, type = "class", verbose = 0)$.pred_class))
    """)
    assert np.all(classes)
