"""The scripts of examples/keras in plain Keras, one module each, on the data of the R session.

A twin's `train()` gives a dict: the keys are what the script calls these things (R expressions).
"""

from __future__ import annotations

import numpy as np


def data(code: str) -> np.ndarray:
    """The value of R code, such as the name of a variable, as an array with its R dims."""
    import pyclass_bridge

    dims = "if (is.null(dim(x))) length(x) else dim(x)"
    return np.asarray(pyclass_bridge.r(f"local({{ x <- {code}; array(x, {dims}) }})"))
