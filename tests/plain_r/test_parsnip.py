"""The engine "pyclassbridge" of parsnip's mlp()."""

from __future__ import annotations

import pytest
from support.r_models import LABELS, X, Y, from_r
from support.r_packages import needed

from pyclass_bridge import RError

pytestmark = pytest.mark.usefixtures("keras")


@pytest.fixture(autouse=True)
def parsnip():
    needed("parsnip")


def made(code: str):
    start = """
      labels <- factor(c("no", "perhaps", "yes")[codes + 1])
      colnames(x) <- c("a", "b", "c", "d")
      set_random_seed(1)
    """
    return from_r(start + code, x=X, y=Y, codes=LABELS)


def test_a_classifier():
    names, levels, sums, same = made("""
      spec <- parsnip::mlp("classification", hidden_units = 6, epochs = 2, dropout = 0.1)
      spec <- parsnip::set_engine(spec, "pyclassbridge", batch_size = 8)
      trained <- parsnip::fit_xy(spec, x, labels)
      prob <- predict(trained, x, type = "prob")
      class <- predict(trained, x, type = "class")$.pred_class
      list(names(prob), levels(class), max(abs(rowSums(prob) - 1)),
        all(paste0(".pred_", class) == names(prob)[max.col(as.matrix(prob))]))
    """)
    assert names == [".pred_no", ".pred_perhaps", ".pred_yes"]
    assert levels == ["no", "perhaps", "yes"]
    assert sums < 1e-5
    assert same is True


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_regression(outputs):
    assert made(f"""
      spec <- parsnip::set_engine(parsnip::mlp("regression", epochs = 2), "pyclassbridge")
      trained <- parsnip::fit_xy(spec, x, y[, rep(1, {outputs})])
      table <- predict(trained, x, type = "numeric")
      raw <- predict(trained, x, type = "raw")
      c(all.equal(unname(as.matrix(table)), raw), ncol(table) == {outputs})
    """) == [True, True]


def test_the_arguments_make_the_network():
    assert (
        made("""
      spec <- parsnip::mlp("regression", hidden_units = 7, penalty = 0.5, dropout = 0.25,
        activation = "tanh", learn_rate = 0.125, epochs = 3)
      trained <- parsnip::fit_xy(parsnip::set_engine(spec, "pyclassbridge"), x, c(y))
      model <- trained$fit
      hidden <- model$layers[[1]]$get_config()
      steps <- as.numeric(model$optimizer$iterations)
      c(hidden$units == 7, hidden$activation == "tanh", hidden$kernel_regularizer$config$l2 == 0.5,
        model$layers[[2]]$rate == 0.25, as.numeric(model$optimizer$learning_rate) == 0.125,
        steps == 9)
    """)
        == [True] * 6
    )


def test_a_network_of_ones_own():
    assert made("""
      build <- function(x, y) {
        model <- keras_model_sequential(input_shape = ncol(x))
        layer_dense(model, 1, "sigmoid", name = "own")
        compile(model, "sgd", "binary_crossentropy")
        model
      }
      spec <- parsnip::mlp("classification", epochs = 1)
      spec <- parsnip::set_engine(spec, "pyclassbridge", build = build)
      trained <- parsnip::fit_xy(spec, x, factor(codes > 0, c(FALSE, TRUE), c("no", "yes")))
      c(identical(names(predict(trained, x, type = "prob")), c(".pred_no", ".pred_yes")),
        trained$fit$layers[[1]]$name == "own")
    """) == [True, True]


def test_it_is_registered_for_both_modes_with_its_package():
    if not from_r("exists('model_data_of', asNamespace('parsnip'))"):
        pytest.skip("parsnip itself is installed, and shows its registry in another way")
    engines, package = made("""
      data <- parsnip::model_data_of()
      list(lapply(data$engines, names), data$pkg)
    """)
    parts = {
        mode: set(engines[f"pyclassbridge {mode}"]) for mode in ("regression", "classification")
    }
    assert parts["regression"] >= {"fit", "encoding", "pred_numeric", "pred_raw"}
    assert parts["classification"] >= {"fit", "encoding", "pred_class", "pred_prob", "pred_raw"}
    assert package == "pyclassbridge"


ERRORS = {
    "build = function(x, y) 1": "must give a Keras model that is compiled, not the value 1",
    "build = function(x, y) keras_model_sequential(input_shape = 4)": "not one that is not",
    "build = identity, hidden_units = 3": "`hidden_units` has no effect",
}


@pytest.mark.parametrize("arguments", ERRORS)
def test_a_network_that_is_none_is_an_error(arguments):
    with pytest.raises(RError, match=ERRORS[arguments]):
        made(f"parsnip_mlp(x, c(y), {arguments})")
