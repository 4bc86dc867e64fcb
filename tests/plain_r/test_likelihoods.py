"""Ten likelihoods in plain R and the same losses in op_*: trainings with the same numbers.

Of: R/plain_r_loss.R, plain_r/loss.py, plain_r/derivatives.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.paths import TESTS

NAMES = [
    "normal", "poisson", "negative_binomial", "cox", "quantile", "huber", "ordinal", "beta",
    "tweedie", "zero_inflated",
]  # fmt: skip


@pytest.fixture
def likelihood(define):
    """`likelihood(name)`: the target and the losses."""
    define(f'sys.source("{TESTS.as_posix()}/plain_r/likelihoods.R", environment())')
    make = define("""
      function(name, n) {
        set.seed(3)
        likelihood <- likelihoods[[name]]
        list(
          y = likelihood$y(n), columns = likelihood$columns, op = likelihood$op,
          given = loss_r(likelihood$f, gradient = likelihood$gradient, name = "given"),
          differences = loss_r(likelihood$f, name = "differences")
        )
      }
    """)
    return lambda name: make(name, 80)


def trained(keras, loss, x, y, columns: int):
    """The losses of three epochs, the last batch of each smaller, and the weights."""
    keras.utils.set_random_seed(1)
    # The likelihood of Cox does not depend on a bias, whose gradient would be noise.
    dense = keras.layers.Dense(columns, use_bias=False)
    model = keras.Sequential([keras.layers.Input((3,)), dense])
    model.compile(keras.optimizers.Adam(0.01), loss)
    history = model.fit(x, y, epochs=3, batch_size=32, verbose=0)
    return history.history["loss"], np.concatenate([w.ravel() for w in model.get_weights()])


@pytest.mark.filterwarnings("ignore:.*computed by differences")
@pytest.mark.parametrize("name", NAMES)
def test_a_training_has_the_numbers_of_one_in_operations(keras, likelihood, name):
    made = likelihood(name)
    y = np.asarray(made["y"])
    x = np.random.default_rng(0).normal(size=(80, 3)).astype("float32")
    losses, weights = trained(keras, made["op"], x, y, made["columns"])
    assert len(set(losses)) == 3
    for kind in ("given", "differences"):
        now = trained(keras, made[kind], x, y, made["columns"])
        np.testing.assert_allclose(now[0], losses, rtol=2e-5)
        np.testing.assert_allclose(now[1], weights, atol=2e-6)
