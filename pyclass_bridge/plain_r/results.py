"""Calls of a user's plain R function, and the numbers that it gives. The other half is
R/plain_r_metric.R.

A result that is as it should be crosses without R code; R looks at all others, and words the error.
"""

from __future__ import annotations

import contextlib

from .. import _core
from ..bridge.condition import RError, from_r
from ..bridge.function import core_function
from ..bridge.r_functions import r_handle
from ..bridge.signature import Formal, Parameters


class Caller:
    """Calls an R function with R values; errors show the call ``name(y_true, y_pred)``, or with
    `is_weighted` one that has `sample_weight`, too. The result is a handle."""

    def __init__(self, function, name: str, is_weighted: bool):
        arguments = ["y_true", "y_pred", *(["sample_weight"] if is_weighted else [])]
        self.code = r_handle("metric_code")(name, is_weighted)
        caller = r_handle("metric_caller")(function.__r_function__, name, self.code, arguments)
        parameters = Parameters.of([Formal(argument) for argument in arguments])
        self.call = core_function(caller, name, parameters, as_handle=True)


def numbers_of(result, names: tuple[str, ...] | None, label: str, code=None) -> list[float]:
    """The numbers in the R value `result`, a handle: one, or those that `names` names.

    Raises:
        RError: it has no such numbers.
    """
    # What has a class stays a handle (FOR_STORING in core.h), so R decides whether it is a number.
    value = _core.to_python(result, 1) if result.typeof in ("double", "list") else None
    numbers = [value] if names is None else _values(value, names)
    if all(type(x) is float and x == x for x in numbers):
        return numbers
    return _core.elements(r_handle("metric_numbers")(result, names and list(names), label, code))


def _values(value, names: tuple[str, ...]) -> list:
    is_whole = isinstance(value, dict) and len(value) == len(names)
    return [value.get(name) for name in names] if is_whole else [None]


@contextlib.contextmanager
def named_errors(label: str):
    """Within it, an error that R code raises by stop("text") says `label`."""
    try:
        yield
    except RError as error:
        named = None
        if error.condition is not None:
            named = r_handle("with_label")(error.condition, label)
        if named is None or named.typeof == "NULL":
            raise
        new = from_r(named, None)
        new.calls, new.class_name, new.member = error.calls, error.class_name, error.member
        raise new from error.__cause__
