"""Plain R in a training on the other backends of Keras: whole files, and of those whose code does
not know the backend, what goes through a training.

Of: plain_r/metric.py, plain_r/loss.py, plain_r/layer.py, plain_r/host_jax.py,
plain_r/host_torch.py, plain_r/derivatives_jax.py, plain_r/derivatives_torch.py.
"""

from __future__ import annotations

import pytest
from support.backends import again_on_others, run_again

POINTS = {
    "metrics": [
        "test_metric.py",
        "test_metric_class.py",
        "test_steps.py",
        "test_yardstick.py::test_a_saved_model_has_the_metric",
        "test_yardstick.py::test_the_metric_is_that_of_a_table_of_augment",
        "test_yardstick.py::"
        "test_training_validation_and_evaluation_have_the_numbers_over_all_cases",
        "test_survival.py::test_in_training",
    ],
    "losses": [
        "test_likelihoods.py",
        "test_loss.py",
        "test_loss_errors.py",
        "test_loss_saved.py",
        "test_loss_training.py",
    ],
    "layers": ["test_layer.py", "test_heard.py", "test_derivatives_torch.py"],
}


@again_on_others
@pytest.mark.parametrize("point", POINTS)
def test_on_another_backend(other, point):
    run_again(other, *(f"plain_r/{tests}" for tests in POINTS[point]))
