"""metric_yardstick() with survival metrics: times, linear predictors, and probabilities to survive
with weights for censoring."""

from __future__ import annotations

import numpy as np
import pytest
from support.r_models import from_r
from support.r_packages import needed

from pyclass_bridge import RError

pytestmark = pytest.mark.usefixtures("keras")

# Ten patients; 0 is censored. An event and a censoring share the time 4.
TIME = np.array([1, 2, 3, 4, 4, 5, 6, 7, 8, 9.0])
STATUS = np.array([1, 0, 1, 1, 0, 1, 0, 1, 1, 0.0])
TRUTH = np.column_stack([TIME, STATUS])
PREDICTED = np.array([2, 3, 1, 5, 4, 4, 9, 6, 8, 7.0])
SURVIVAL = np.column_stack([1 / (1 + np.exp(-(PREDICTED - t) / 2)) for t in (3.5, 6.5)])


@pytest.fixture(autouse=True)
def packages():
    needed("yardstick", "survival")


def measured(metric: str, y_pred, y_true=TRUTH, weights=None):
    code = f"""
      metric <- {metric}
      metric$update_state(y, p, {"NULL" if weights is None else "w"})
      result <- metric$result()
      if (is.list(result)) lapply(result, as.numeric) else as.numeric(result)
    """
    variables = {} if weights is None else {"w": weights}
    return from_r(code, y=np.asarray(y_true, "float64"), p=np.asarray(y_pred), **variables)


def concordance(predicted):
    """Of the pairs in which one patient has the event first, the share of right orders."""
    right = pairs = 0.0
    for i in range(len(TIME)):
        for j in range(len(TIME)):
            later = TIME[j] > TIME[i] or (TIME[j] == TIME[i] and STATUS[j] == 0)
            if STATUS[i] == 1 and later and i != j:
                pairs += 1
                right += (predicted[i] < predicted[j]) + 0.5 * (predicted[i] == predicted[j])
    return right / pairs


@pytest.mark.parametrize("column", [PREDICTED, PREDICTED.reshape(-1, 1)])
def test_predicted_times(column):
    value = measured("metric_yardstick(yardstick::concordance_survival)", column)
    assert value == pytest.approx(concordance(PREDICTED), rel=1e-6)


# P(not censored before t): at the time 2 one of nine is censored, at 4 one of six that are left
# once the event of that time is out (4 censored; 5, 6, 7, 8, 9), at 6 one of four.
UP_TO_2, UP_TO_4, UP_TO_6 = 8 / 9, 8 / 9 * 5 / 6, 8 / 9 * 5 / 6 * 3 / 4


def brier(t, survival, w=None):
    w = np.ones(10) if w is None else w
    before = np.select([TIME <= 2, TIME <= 4, TIME <= 6], [1.0, UP_TO_2, UP_TO_4], UP_TO_6)
    at = {3.5: UP_TO_2, 6.5: UP_TO_6}[t]
    parts = np.where(
        t < TIME, (1 - survival) ** 2 / at, np.where(STATUS == 1, survival**2 / before, 0)
    )
    return (parts * w).sum() / w.sum()


def test_brier_scores_at_several_times():
    code = "metric_yardstick(yardstick::brier_survival, eval_time = c(3.5, 6.5))"
    value = measured(code, SURVIVAL)
    assert value == {
        "brier_survival_3.5": pytest.approx(brier(3.5, SURVIVAL[:, 0]), rel=1e-6),
        "brier_survival_6.5": pytest.approx(brier(6.5, SURVIVAL[:, 1]), rel=1e-6),
    }


def test_one_time_has_the_name_of_the_metric_and_weights_count():
    w = np.linspace(0.5, 2, 10)
    code = "metric_yardstick(yardstick::brier_survival, eval_time = 6.5)"
    value = measured(code, SURVIVAL[:, 1], weights=w)
    assert value == pytest.approx(brier(6.5, SURVIVAL[:, 1], w), rel=1e-6)


def test_the_weights_for_censoring_come_from_where_the_user_says():
    code = """metric_yardstick(yardstick::brier_survival, eval_time = 6.5,
      censoring = cbind(c(1, 2, 3), c(1, 1, 1)))"""
    p = SURVIVAL[:, 1]
    known = np.where(TIME > 6.5, (1 - p) ** 2, np.where(STATUS == 1, p**2, 0))
    assert measured(code, p) == pytest.approx(known.mean(), rel=1e-6)


def test_the_integrated_score_in_a_set():
    value = measured(
        """metric_yardstick(
          yardstick::metric_set(yardstick::brier_survival_integrated, yardstick::brier_survival),
          eval_time = c(3.5, 6.5)
        )""",
        SURVIVAL,
    )
    scores = [brier(3.5, SURVIVAL[:, 0]), brier(6.5, SURVIVAL[:, 1])]
    assert list(value) == ["brier_survival_integrated", "brier_survival_3.5", "brier_survival_6.5"]
    assert list(value.values()) == pytest.approx([3 * sum(scores) / 2 / 6.5, *scores], rel=1e-6)


def test_where_nobody_is_left_the_weight_stays_finite():
    weights = from_r("pyclassbridge:::graf_weights(c(5, 9), c(0, 1), 20, cbind(c(5, 7), c(0, 0)))")
    assert np.isnan(np.asarray(weights)[0, 0])
    assert np.asarray(weights)[1, 0] == pytest.approx(1 / 0.05)


def test_linear_predictors():
    value = measured(
        """metric_yardstick(yardstick::new_linear_pred_survival_metric(
          function(data, truth, estimate, na_rm, ...) {
            estimate <- data[[as.character(substitute(estimate))]]
            data.frame(.metric = "m", .estimator = "standard",
              .estimate = sum(estimate * unclass(data$truth)[, "status"]))
          }, "maximize"), name = "m")""",
        PREDICTED,
    )
    assert value == pytest.approx((PREDICTED * STATUS).sum())


def test_in_training():
    history, evaluated, p = from_r(
        """
      set_random_seed(2)
      model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
      # The loss has no meaning but for the training to have one.
      model |> compile("sgd", function(y_true, y_pred) op_square(y_true[, 1:1] - y_pred),
        metrics = metric_yardstick(yardstick::concordance_survival))
      history <- model |> fit(x, y, epochs = 2, batch_size = 4, verbose = 0)
      list(history$metrics, evaluate(model, x, y, verbose = 0), predict(model, x, verbose = 0))
    """,
        x=PREDICTED.reshape(-1, 1),
        y=TRUTH,
    )
    assert evaluated["concordance_survival"] == pytest.approx(
        concordance(np.asarray(p)[:, 0]), rel=1e-6
    )
    assert len(history["concordance_survival"]) == 2


BRIER = "metric_yardstick(yardstick::brier_survival, eval_time = c(3.5, 6.5))"
STATIC = "metric_yardstick(yardstick::concordance_survival)"
UNFIT = {
    "one column of the target": (STATIC, PREDICTED, TIME, "and this one has 1 column"),
    "no status": (STATIC, PREDICTED, TRUTH * [1, 2], "must be 0 .censored. or 1 .the event., .* 2"),
    "a negative time": (STATIC, PREDICTED, TRUTH - [5, 0], "has the time -4, which is negative"),
    "two predictions": (STATIC, SURVIVAL, TRUTH, "one prediction for each case, and there are 2"),
    "other times": (BRIER, PREDICTED, TRUTH, "gives 1 column of predictions, .* has 2 times"),
    "no probabilities": (BRIER, SURVIVAL * 9, TRUTH, "no probabilities of survival"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_data_that_have_no_survival_are_an_error(case):
    metric, y_pred, y_true, message = UNFIT[case]
    with pytest.raises(RError, match=message):
        measured(metric, y_pred, y_true)


IMPOSSIBLE = {
    "yardstick::brier_survival": "`brier_survival` needs `eval_time`",
    "yardstick::brier_survival, eval_time = c(5, 3)": "must be times from 0 in ascending order",
    """yardstick::metric_set(yardstick::brier_survival, yardstick::concordance_survival),
       eval_time = 5""": "can't be probabilities to survive and times at once",
}


@pytest.mark.parametrize("arguments", IMPOSSIBLE)
def test_what_can_not_be_measured_is_an_error_at_once(r, arguments):
    with pytest.raises(RError, match=IMPOSSIBLE[arguments]):
        r(f"metric_yardstick({arguments})")
