"""Cases of two and three classes, predictions, and what metric_yardstick() measures for them."""

from __future__ import annotations

import numpy as np

from .r_models import from_r

RNG = np.random.default_rng(7)
N = 60
X = RNG.normal(size=(N, 4))
CODES = (X[:, 0] + RNG.normal(size=N) > 0).astype("int32")
P = 1 / (1 + np.exp(-(X[:, 0] + 0.5 * RNG.normal(size=N))))
THREE = RNG.integers(0, 3, size=N)
SOFT = RNG.dirichlet([1.0, 1.0, 1.0], size=N) * 0.5 + 0.5 * np.eye(3)[(THREE + (P > 0.7)) % 3]
WEIGHTS = RNG.uniform(0.5, 2.0, size=N)

# The targets as factors.
TWO = 'factor(c("no", "yes")[codes + 1], c("no", "yes"))'
OF_THREE = 'factor(c("a", "b", "c")[three + 1], c("a", "b", "c"))'


def measured(metric: str, y_true: str, y_pred, weights: str = "NULL", **variables):
    """The result of a metric for all cases, given in two batches."""
    code = f"""
      y <- {y_true}
      w <- {weights}
      metric <- {metric}
      n <- NROW(y)
      if (is.factor(y)) {{ # as a model does that is trained with one
        metric$use_levels(as.list(levels(y)))
        y <- as.integer(y) - 1L
      }}
      rows <- function(x, at) {{
        d <- length(dim(x))
        if (d < 2) x[at] else if (d == 2) x[at, , drop = FALSE] else x[at, , , drop = FALSE]
      }}
      for (at in list(1:7, 8:n)) {{
        metric$update_state(rows(y, at), rows(p, at), if (!is.null(w)) w[at])
      }}
      result <- metric$result()
      if (is.list(result)) lapply(result, as.numeric) else as.numeric(result)
    """
    return from_r(code, p=y_pred, codes=CODES, three=THREE, w0=WEIGHTS, **variables)
