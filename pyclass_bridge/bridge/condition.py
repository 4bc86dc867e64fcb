"""R conditions in Python: `RError`, `RWarning`, and the exceptions for R conditions.

An R error keeps its condition, so that R code further out catches it by its class. A Python
exception that went through R comes out as the same object.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
import threading
import warnings
import weakref
from dataclasses import dataclass

from .error_pickles import reduced_error, set_error


@dataclass(frozen=True)
class RCall:
    """One R call of an error's traceback: its text, and its file and line if R knows them."""

    text: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = f"  at {self.file}:{self.line}" if self.file else ""
        return f"{self.text}{where}"


class RError(RuntimeError):
    """An R error. Its text is what R prints.

    Attributes:
        r_class: R's class of the condition, a tuple of str.
        message: the message without the call.
        call: the call that failed, as text, or None.
        calls: the R calls when it happened, outermost first (`RCall`, with file and line).
        condition: the R condition itself, a handle; None if R gave only a text.
        class_name, member: the R class and the member of it that failed, or None.

    Example:
        >>> import pyclass_bridge
        >>> try:
        ...     pyclass_bridge.r("stop('no')")
        ... except pyclass_bridge.RError as error:
        ...     error.message
        'no'
    """

    __module__ = "pyclass_bridge"

    def __init__(self, text: str = "", **facts):
        super().__init__(text)
        # Keras and TensorFlow handle an exception by raising a new one of its type with another
        # text: the new one inherits the R condition.
        original = sys.exc_info()[1]
        inherited = vars(original) if not facts and isinstance(original, RError) else {}
        self.r_class = ("error", "condition")
        self.message = text
        self.call = None
        self.calls: list[RCall] = []
        self.condition = None
        self.class_name = self.member = None
        self.__dict__.update(inherited)
        self.__dict__.update(facts)
        self._keep_condition(self.condition)

    def _keep_condition(self, condition) -> None:
        """Have this condition; R raises this error when it signals the condition again."""
        self.condition = condition
        if condition is not None:
            _errors[condition.address] = self

    def __reduce__(self):
        return reduced_error(self)

    def __setstate__(self, state):
        set_error(self, state)


# The last error made for each condition, which is raised when R signals the condition again.
_errors: weakref.WeakValueDictionary[int, RError] = weakref.WeakValueDictionary()


class RParseError(RError, SyntaxError):
    """R code that does not parse; the text names file, line and column.

    It is an `RError`, with the same attributes, and a SyntaxError.

    Example:
        >>> import pyclass_bridge
        >>> try:
        ...     pyclass_bridge.r("x <- )")
        ... except pyclass_bridge.RParseError as error:
        ...     print(error.message.splitlines()[0])
        the file does not parse: <text>:1:6: unexpected ')'
    """

    __module__ = "pyclass_bridge"

    def __init__(self, text: str = "", **facts):
        super().__init__(text, **facts)
        self.msg = text  # what a SyntaxError shows


class RJump(BaseException):
    """Carries an R jump without a condition through Python's frames, which must not handle it."""


class RWarning(UserWarning):
    """A warning of R code, which Python's `warnings` show at the line that called R.

    Attributes:
        r_class: R's class of the condition, a tuple of str.
        call: the call that warned, as text, or None.

    Example:
        >>> import warnings
        >>> import pyclass_bridge
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     pyclass_bridge.r("as.integer('a')")
        <RObject integer>
        [1] NA
        >>> caught[0].category.__name__, str(caught[0].message)
        ('RWarning', 'NAs introduced by coercion')
    """

    __module__ = "pyclass_bridge"

    def __init__(self, text: str = "", r_class: tuple[str, ...] = (), call: str | None = None):
        super().__init__(text)
        self.r_class = r_class
        self.call = call


def from_r(condition, calls) -> BaseException:
    """The exception for an R condition: the Python one it stands for, else an `RError`."""
    known = _errors.get(condition.address)
    if known is not None:
        return known
    facts = _facts(condition, calls)
    if facts["exception"] is not None:
        if facts["note"] is not None:
            _note(facts["exception"], f"in R: {facts['note']}")
        return _with_r_calls(facts["exception"], facts)
    kind = RParseError if "pyclassbridge_parse_error" in facts["class"] else RError
    error = kind(
        facts["text"],
        r_class=tuple(facts["class"]),
        message=facts["message"],
        call=facts["call"],
        calls=_calls(facts["calls"]),
        condition=condition,
    )
    if facts["parent"] is not None:
        error.__cause__ = from_r(facts["parent"], None)
    _note_calls(error, error.calls)
    if facts["remedy"] is not None:
        _note(error, facts["remedy"])
    if "keras" in sys.modules:  # else there are no tensors
        _note_remedies(error)
    return error


def _note_calls(error: BaseException, calls: list[RCall]) -> None:
    """The R calls as a note, if one of them is in a file or a cell of the user's."""
    if any(call.file and _has_lines(call.file) for call in calls):
        _note(error, _calls_text(calls))


def _has_lines(file: str) -> bool:
    """Can the lines of `file` be shown? The cells of a notebook are kept in the cache."""
    return file in linecache.cache or os.path.exists(file)


class _Describing(threading.local):
    """Does this thread describe a condition? An error in that is not described by R code again."""

    is_running = False


_describing = _Describing()
# The core and r_function(), from session.py: this module is imported without R, too, and nothing
# can be imported when Python ends.
given: dict = {}


def _facts(condition, calls) -> dict:
    """What R says of a condition; only what its parts say if R can't, since its methods fail or
    there is no room to evaluate anything."""
    if not _describing.is_running:
        _describing.is_running = True
        try:
            return given["r_function"]("describe_condition")(condition, calls)
        except (Exception, RJump):
            pass
        finally:
            _describing.is_running = False
    lines, classes, function = given["core"].condition_facts(condition)
    message = "\n".join(lines)
    text = f"Error: {message}" if function is None else f"Error in {function}() : {message}"
    facts = dict.fromkeys(("call", "exception", "note", "parent", "remedy"))
    return {**facts, "text": text, "message": message, "class": classes, "calls": []}


CALLS_TITLE = "R calls, innermost first:"  # of the note that tracebacks show
_MOST_CALLS = 8


def _calls_text(calls: list[RCall]) -> str:
    """The innermost calls, and the first that is in a file, however many are below it."""
    last = len(calls) - 1
    in_file = next((k for k in range(last + 1) if calls[last - k].file), 0)
    lines, left_out = [CALLS_TITLE], 0
    for k, call in enumerate(reversed(calls)):
        if k < _MOST_CALLS or k == in_file:
            lines += [f"  ... {left_out} more"] * (left_out > 0) + [f"  {call}"]
            left_out = 0
        else:
            left_out += 1
    return "\n".join([*lines, *[f"  ... {left_out} more"] * (left_out > 0)])


def in_member(class_name: str, member: str, error: Exception) -> None:
    """Add a note to `error`, which tracebacks show: the member of an R class that it left."""
    if isinstance(error, RError) and error.class_name is None:
        error.class_name, error.member = class_name, member
    _note(error, f"in `{member}` of the R class `{class_name}`")
    _note_remedies(error)


def _note_remedies(error: Exception) -> None:
    for kind, text, remedy in _REMEDIES:
        if isinstance(error, kind) and text in str(error):
            _note(error, remedy)


# Remedies for errors of Keras and R whose texts do not fit R classes.
_REMEDIES = (
    (
        RuntimeError,
        "super().__init__()",
        "in R: call `super$initialize(...)` first in `initialize`",
    ),
    (
        RError,
        "externalptr",
        "if this is a tensor, use op_*() functions on it; plain R functions get values in "
        "`Metric(..., eager = TRUE)`, metric_r(), loss_r() and layer_r()",
    ),
    *(
        (
            RError,
            text,
            "if this is a tensor, choose with op_where() or op_cond(); `as.logical()` gives its "
            "value outside traced code",
        )
        for text in (
            "argument is not interpretable as logical",
            "invalid 'x' type in 'x ",
            "invalid 'y' type in 'x ",
            "missing value where TRUE/FALSE needed",
        )
    ),
    (
        RError,
        "invalid for() loop sequence",
        "`for` runs over R values: take the elements of a Python object with `iterate()`",
    ),
)


def _note(error: BaseException, note: str) -> None:
    # Like add_note(), which Python 3.10 lacks. The list is new, since errors may share the old one.
    notes = getattr(error, "__notes__", ())
    if note not in notes:
        error.__notes__ = [*notes, note]


def _calls(rows) -> list[RCall]:
    return [RCall(row["text"], row.get("file"), row.get("line")) for row in rows or []]


def _with_r_calls(exception: BaseException, facts: dict) -> BaseException:
    if not getattr(exception, "r_calls", None):
        with contextlib.suppress(AttributeError):  # an exception with slots has no place for them
            exception.r_text, exception.r_calls = facts["text"], _calls(facts["calls"])
            _note_calls(exception, exception.r_calls)
    return exception


def from_error_text(text: str) -> RError:
    """The exception for an abort (no text), or for an R error that no handler saw, since R's stack
    was full."""
    text = text.strip()
    if not text:
        return RError("R code was aborted without an error (by the `abort` restart)")
    # "Error: message" or "Error in call : message", in the language of R's messages.
    head, _, rest = text.partition(": ")
    if " " in head.strip():
        _, _, rest = text.partition(" : ")
    return RError(text, message=(rest or text).strip())


_shown_warnings: dict = {}  # of each file, in place of a module's `__warningregistry__`


def warn(message, r_class, call, file=None, line=None) -> None:
    """Issue an R warning as a Python warning, at its line of an R file, else at the Python line
    that called R."""
    text = f"{message}" if call is None else f"In {call} : {message}"
    warning = RWarning(text, tuple(r_class), call)
    if file is not None and _has_lines(file):
        shown = _shown_warnings.setdefault(file, {})
        warnings.warn_explicit(warning, None, file, line, registry=shown)
        return
    level, frame = 2, sys._getframe(1)
    package = __name__.partition(".")[0]
    while frame and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, stacklevel=level)
