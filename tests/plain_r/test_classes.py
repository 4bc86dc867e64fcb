"""Targets and predictions that metrics of classes can't measure: what the errors say. The forms
that they can are in test_yardstick.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.measures import OF_THREE, SOFT, TWO, N, P, measured
from support.r_packages import needed

from pyclass_bridge import RError

pytestmark = pytest.mark.usefixtures("keras")


@pytest.fixture(autouse=True)
def yardstick():
    needed("yardstick")


UNFIT = {
    "no levels": ("accuracy", "three", SOFT, r"metric `accuracy`.*the target has no levels"),
    "other columns": (
        "accuracy",
        OF_THREE,
        SOFT[:, :2],
        r"gives 2 columns of predictions, .* \"c\"",
    ),
    "one column": ("accuracy", OF_THREE, P, r"gives 1 column of predictions"),
    "logits": ("roc_auc", TWO, 9 * P - 4, r"no probabilities: they go from .*from_logits = TRUE"),
    "no sum of 1": ("roc_auc", OF_THREE, SOFT * 0.7, r"those of case 1 have the sum 0.7"),
    "classes": ("rmse", TWO, P, r"the target is a factor"),
    "many numbers": ("rmse", "cbind(codes, codes)", SOFT[:, :2], r"2 targets and 2 predictions"),
    "not one-hot": ("accuracy", "diag(3)[three + 1, ] * 2", SOFT, r"has not one 1 in each row"),
    "other levels": (
        "accuracy, levels = c('x', 'y')",
        TWO,
        P,
        r"`levels` are \"x\", \"y\", and the model is trained with the levels \"no\", \"yes\"",
    ),
    "an array for a case": ("accuracy", OF_THREE, np.ones((N, 3, 2)), r"an array of 3 x 2 numb"),
    "an error of yardstick": (
        "new_class_metric(function(data, ...) stop('what?'), 'minimize'), name = 'own'",
        TWO,
        P,
        r"`own` of yardstick says: what\?",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_data_that_the_metric_can_not_measure_are_an_error(case):
    metric, y, p, message = UNFIT[case]
    with pytest.raises(RError, match=message):
        measured(f"metric_yardstick(yardstick::{metric})", y, np.asarray(p))
