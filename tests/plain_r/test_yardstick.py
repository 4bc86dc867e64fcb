"""metric_yardstick(): the numbers of yardstick's metrics for classes and numbers, alone and in
sets, in training and evaluation.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.measures import (
    CODES,
    OF_THREE,
    SOFT,
    THREE,
    TWO,
    WEIGHTS,
    N,
    P,
    X,
    measured,
)  # fmt: skip
from support.r_models import from_r
from support.r_packages import needed

from pyclass_bridge import RError

pytestmark = pytest.mark.usefixtures("keras")


@pytest.fixture(autouse=True)
def yardstick():
    needed("yardstick")


def auc(y, score, w=None):
    w = np.ones(len(y)) if w is None else w
    higher = (score[y][:, None] > score[~y]) + 0.5 * (score[y][:, None] == score[~y])
    pairs = np.outer(w[y], w[~y])
    return (higher * pairs).sum() / pairs.sum()


def pr_auc(y, score):
    cuts = np.unique(score)[::-1]
    recall = [0.0, *[(y & (score >= cut)).sum() / y.sum() for cut in cuts]]
    precision = [1.0, *[(y & (score >= cut)).sum() / (score >= cut).sum() for cut in cuts]]
    return np.trapezoid(precision, recall)


YES = CODES == 1

OF_NUMBERS = {
    "rmse": lambda y, p, w: np.sqrt(np.average((y - p) ** 2, weights=w)),
    "mae": lambda y, p, w: np.average(np.abs(y - p), weights=w),
    "rsq": lambda y, p, w: (
        np.cov(y, p, aweights=w)[0, 1] ** 2
        / np.linalg.det(np.diag(np.diag(np.cov(y, p, aweights=w))))
    ),
}


@pytest.mark.parametrize("weights", ["NULL", "w0"])
@pytest.mark.parametrize("column", [True, False])
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_metrics_of_numbers(name, column, weights):
    y = X[:, 1]
    prediction = X[:, 1] + X[:, 2]
    code = "matrix(y0, ncol = 1)" if column else "y0"
    value = measured(
        f"metric_yardstick(yardstick::{name})", code, prediction.reshape(-1, 1), weights, y0=y
    )
    expected = OF_NUMBERS[name](y, prediction, WEIGHTS if weights == "w0" else np.ones(N))
    assert value == pytest.approx(expected, rel=1e-6)


# yardstick's value by its own default, the first level, and that of the second, which Keras has.
OF_TWO = {
    "roc_auc": (auc(~YES, 1 - P), auc(YES, P)),
    "pr_auc": (pr_auc(~YES, 1 - P), pr_auc(YES, P)),
    "mn_log_loss": (-np.log(np.where(YES, P, 1 - P)).mean(),) * 2,
    "brier_class": ((((YES - P) ** 2).mean()),) * 2,
    "accuracy": (((P > 0.5) == YES).mean(),) * 2,
    "sens": ((P <= 0.5)[~YES].mean(), (P > 0.5)[YES].mean()),
    "precision": ((~YES)[P <= 0.5].mean(), YES[P > 0.5].mean()),
}


@pytest.mark.parametrize("form", ["sigmoid", "softmax", "logit", "logits"])
@pytest.mark.parametrize("level", ["first", "second"])
@pytest.mark.parametrize("name", OF_TWO)
def test_metrics_of_two_classes(name, level, form):
    logit = np.log(P / (1 - P))
    predictions = {
        "sigmoid": P.reshape(-1, 1),
        "softmax": np.column_stack([1 - P, P]),
        "logit": logit.reshape(-1, 1),
        "logits": np.column_stack([0 * P - 300, logit - 300]),
    }
    options = ", from_logits = TRUE" if form.startswith("logit") else ""
    metric = f"metric_yardstick(yardstick::{name}, event_level = '{level}'{options})"
    value = measured(metric, TWO, predictions[form])
    assert value == pytest.approx(OF_TWO[name][level == "second"], rel=1e-5)


def one_against_rest(w=None):
    return [auc(k == THREE, SOFT[:, k], w) for k in range(3)]


def hand_till():
    values = []
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        here = (i == THREE) | (j == THREE)
        values += [auc(THREE[here] == a, SOFT[here, a]) for a in (i, j)]
    return np.mean(values)


ARGMAX = SOFT.argmax(axis=1)
OF_MANY = {
    "roc_auc": hand_till(),
    "roc_auc, estimator = 'macro'": np.mean(one_against_rest()),
    "mn_log_loss": -np.log(SOFT[np.arange(N), THREE]).mean(),
    "mn_log_loss, sum = TRUE": -np.log(SOFT[np.arange(N), THREE]).sum(),
    "brier_class": ((np.eye(3)[THREE] - SOFT) ** 2).sum(axis=1).mean() / 2,
    "ranked_prob_score": (
        ((np.arange(3) >= THREE[:, None]) - SOFT.cumsum(axis=1)) ** 2
    ).sum(axis=1).mean() / 2,
    "accuracy": (ARGMAX == THREE).mean(),
    "sens": np.mean([(k == ARGMAX)[k == THREE].mean() for k in range(3)]),
    "sens, estimator = 'macro_weighted'": (ARGMAX == THREE).mean(),
}  # fmt: skip


@pytest.mark.parametrize(
    "target", ["factor", "codes", "doubles", "one-hot", "one-hot without names"]
)
@pytest.mark.parametrize("case", OF_MANY)
def test_metrics_of_many_classes_whatever_the_form_of_the_target(case, target):
    y, levels = {
        "factor": (OF_THREE, ""),
        "codes": ("as.integer(three)", ", levels = c('a', 'b', 'c')"),
        "doubles": ("as.double(three)", ", levels = c('a', 'b', 'c')"),
        "one-hot": ("diag(3)[three + 1, ]", ", levels = c('a', 'b', 'c')"),
        "one-hot without names": ("diag(3)[three + 1, ]", ""),
    }[target]
    name, _, options = case.partition(", ")
    metric = f"metric_yardstick(yardstick::{name}{', ' + options if options else ''}{levels})"
    assert measured(metric, y, SOFT) == pytest.approx(OF_MANY[case], rel=1e-5)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("roc_auc", np.mean(one_against_rest(WEIGHTS))),
        ("accuracy", np.average(ARGMAX == THREE, weights=WEIGHTS)),
        ("mn_log_loss", np.average(-np.log(SOFT[np.arange(N), THREE]), weights=WEIGHTS)),
    ],
)
def test_sample_weights_are_case_weights(metric, expected):
    value = measured(f"metric_yardstick(yardstick::{metric})", OF_THREE, SOFT, "w0")
    assert value == pytest.approx(expected, rel=1e-5)


def test_levels_with_any_names(r):
    levels = "c('a level', 'class', 'truth')"
    y = f"factor({levels}[three + 1], {levels})"
    metric = "metric_yardstick(yardstick::metric_set(yardstick::accuracy, yardstick::roc_auc))"
    assert measured(metric, y, SOFT) == {
        "accuracy": pytest.approx(OF_MANY["accuracy"], rel=1e-5),
        "roc_auc": pytest.approx(OF_MANY["roc_auc"], rel=1e-5),
    }


def test_a_set_has_each_of_its_metrics_under_its_name():
    value = measured(
        """{
          log_loss <- yardstick::mn_log_loss
          log_loss_sum <- yardstick::metric_tweak("log_loss_sum", log_loss, sum = TRUE)
          set <- yardstick::metric_set(
            yardstick::roc_auc, yardstick::accuracy, log_loss_sum, yardstick::sens
          )
          metric_yardstick(set, estimator = "macro")
        }""",
        OF_THREE,
        SOFT,
    )
    assert list(value) == ["roc_auc", "accuracy", "log_loss_sum", "sens"]
    expected = ["roc_auc, estimator = 'macro'", "accuracy", "mn_log_loss, sum = TRUE", "sens"]
    assert list(value.values()) == pytest.approx([OF_MANY[name] for name in expected], rel=1e-5)


def test_micro_is_for_the_metrics_of_classes_alone():
    set_code = "yardstick::metric_set(yardstick::accuracy, yardstick::roc_auc)"
    value = measured(f"metric_yardstick({set_code}, estimator = 'micro')", OF_THREE, SOFT)
    assert value["roc_auc"] == pytest.approx(OF_MANY["roc_auc"], rel=1e-5)


def test_ordered_probabilities_in_a_set():
    set_code = "yardstick::metric_set(yardstick::ranked_prob_score, yardstick::accuracy)"
    value = measured(f"metric_yardstick({set_code})", OF_THREE, SOFT)
    assert value["ranked_prob_score"] == pytest.approx(OF_MANY["ranked_prob_score"], rel=1e-5)
    assert value["accuracy"] == pytest.approx(OF_MANY["accuracy"])


def test_nan_is_not_left_out_unless_it_is_said():
    prediction = X[:, 1] + X[:, 2]
    prediction[3] = np.nan
    y = X[:, 1]
    kept = np.arange(N) != 3
    assert np.isnan(measured("metric_yardstick(yardstick::mae)", "y0", prediction, y0=y))
    value = measured("metric_yardstick(yardstick::mae, na_rm = TRUE)", "y0", prediction, y0=y)
    assert value == pytest.approx(np.abs(y - prediction)[kept].mean(), rel=1e-5)
    classes = SOFT.copy()
    classes[5] = np.nan
    value = measured("metric_yardstick(yardstick::accuracy, na_rm = TRUE)", OF_THREE, classes)
    kept = np.arange(N) != 5
    assert value == pytest.approx((ARGMAX == THREE)[kept].mean(), rel=1e-5)
    assert np.isnan(measured("metric_yardstick(yardstick::accuracy)", OF_THREE, classes))


@pytest.mark.filterwarnings("ignore")
def test_what_yardstick_does_not_define_is_nan():
    nobody = np.full((N, 1), 0.9)
    assert np.isnan(measured("metric_yardstick(yardstick::precision)", TWO, nobody))


TRAINING = """
  set_random_seed(4)
  y <- factor(c("no", "yes")[codes + 1], c("no", "yes"))
  model <- keras_model_sequential(input_shape = 4) |> layer_dense(1, activation = "sigmoid")
  measures <- yardstick::metric_set(yardstick::pr_auc, yardstick::accuracy)
  model |> compile(
    "sgd", "binary_crossentropy",
    metrics = list(metric_yardstick(measures), metric_yardstick(yardstick::roc_auc)),
    weighted_metrics = metric_yardstick(yardstick::sens, name = "weighted")
  )
"""


def in_training(code: str):
    return from_r(TRAINING + code, x=X, codes=CODES, w=WEIGHTS)


def test_training_validation_and_evaluation_have_the_numbers_over_all_cases():
    history, evaluated, p = in_training("""
      history <- fit(model, x, y, epochs = 2, batch_size = 16, validation_data = list(x, y),
        sample_weight = w, verbose = 0)
      list(history$metrics, evaluate(model, x, y, sample_weight = w, batch_size = 7, verbose = 0),
        predict(model, x, verbose = 0))
    """)
    p = np.asarray(p)[:, 0].astype("float64")
    expected = {
        "pr_auc": pr_auc(~YES, 1 - p),
        "roc_auc": auc(YES, p),
        "accuracy": ((p > 0.5) == YES).mean(),
        "weighted": np.average((p <= 0.5)[~YES], weights=WEIGHTS[~YES]),
    }
    for name, value in expected.items():
        assert evaluated[name] == pytest.approx(value, rel=1e-5), name
        if name != "weighted":  # the validation has no weights
            assert history[f"val_{name}"][-1] == pytest.approx(value, rel=1e-5), name
        assert len(history[name]) == 2
        assert not np.isnan(history[name]).any()


def test_the_metric_is_that_of_a_table_of_augment():
    own, by_table = in_training("""
      fit(model, x, y, epochs = 1, verbose = 0)
      own <- evaluate(model, x, y, verbose = 0)
      table <- augment(model, data.frame(x), inputs = x, verbose = 0)
      table$truth <- y
      list(
        list(own$roc_auc, own$pr_auc, own$accuracy),
        list(
          yardstick::roc_auc(table, truth, .pred_no)$.estimate,
          yardstick::pr_auc(table, truth, .pred_no)$.estimate,
          yardstick::accuracy(table, truth, .pred_class)$.estimate
        )
      )
    """)
    assert own == pytest.approx(by_table, rel=1e-6)


def test_callbacks_know_what_is_better():
    directions = from_r("""
      metric <- function(f) metric_yardstick(f, name = "m")$`_direction`
      list(metric(yardstick::rmse), metric(yardstick::roc_auc))
    """)
    assert directions == ["down", "up"]


def test_a_saved_model_has_the_metric(tmp_path):
    same = from_r(
        TRAINING
        + """
      fit(model, x, y, epochs = 1, verbose = 0)
      save_model(model, path)
      loaded <- load_model(path)
      all.equal(evaluate(model, x, y, verbose = 0), evaluate(loaded, x, y, verbose = 0))
    """,
        x=X,
        codes=CODES,
        path=str(tmp_path / "m.keras"),
    )
    assert same is True


# ---- what can't be right -------------------------------------------------------------------------

IMPOSSIBLE = {
    "metric_yardstick(mean)": r"`mean` is no metric of yardstick but an R function. Give",
    "metric_yardstick('rmse')": r"is no metric of yardstick but the string \"rmse\"",
    "metric_yardstick((function() yardstick::rmse)())": r"without a name needs one",
    "metric_yardstick(yardstick::rmse, truth = 1)": r"`truth` is no option",
    "metric_yardstick(yardstick::precision, estimater = 'micro')": (
        r"no option `estimater`; did you mean `estimator`\?"
    ),
    "metric_yardstick(yardstick::rmse, beta = 2)": r"no option `beta`",
    "metric_yardstick(yardstick::rmse, 1)": r"options of a metric have names",
    "metric_yardstick(yardstick::metric_set(yardstick::rmse), sum = TRUE)": r"with .*metric_tweak",
    "metric_yardstick(yardstick::new_quantile_metric(identity, 'minimize'), name = 'q')": (
        r"the metric `q` is a `quantile_metric`, which needs another kind of prediction"
    ),
    """local({
      s <- yardstick::metric_tweak('s', yardstick::sens, event_level = 'first')
      metric_yardstick(s)
    })""": (r"the metric `s` has an `event_level` by metric_tweak"),
    "metric_yardstick(structure(yardstick::sens, by = 'age'), name = 'fair')": (
        r"the metric `fair` compares the groups of `age`"
    ),
}


@pytest.mark.parametrize("code", IMPOSSIBLE)
def test_what_is_no_metric_for_keras_is_an_error_at_once(r, code):
    with pytest.raises(RError, match=IMPOSSIBLE[code]):
        r(code)
