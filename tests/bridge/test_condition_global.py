"""R's global calling handlers: a user's are called, and can't take away the session's own.

Of: R/bridge_condition.R.
"""

from __future__ import annotations

import warnings

import pytest
from support.crossing import CALL, MINE, through

from pyclass_bridge import RError, RWarning


@pytest.fixture
def seen(r):
    """What a user's handlers have seen; none of them is left."""
    texts = []
    r("function(note) assign('note_it', note, globalenv())")(texts.append)
    yield texts
    r("{ globalCallingHandlers(NULL); rm(list = 'note_it', envir = globalenv()) }")


NOTE = "function(c) note_it(paste('{}', conditionMessage(c)))"


def assert_session_works(r, capfd, levels=0):
    with pytest.raises(RError) as caught:
        through(r, levels, lambda: r("f <- function() stop('the text'); f()"))
    assert caught.value.r_class == ("simpleError", "error", "condition")
    assert caught.value.call == "f()"
    with pytest.raises(RError) as caught:
        through(r, levels, lambda: r(f"stop({MINE})"))
    assert caught.value.r_class == ("mine", "error", "condition")
    with pytest.warns(RWarning, match="careful"):
        assert through(r, levels, lambda: r("{ warning('careful'); 5 }")) == 5.0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("levels", [0, 2])
@pytest.mark.parametrize(
    "code",
    [
        "globalCallingHandlers(NULL)",
        "globalCallingHandlers(list(NULL))",
        "base::globalCallingHandlers(NULL)",
        "{ globalCallingHandlers(NULL); globalCallingHandlers(NULL) }",
        "{ old <- globalCallingHandlers(NULL); globalCallingHandlers(old) }",
        "local(globalCallingHandlers(NULL))",
    ],
)
def test_all_are_removed(r, code, levels, capfd):
    r(code)
    assert_session_works(r, capfd, levels)


@pytest.mark.parametrize("removed_before", [False, True])
def test_a_users_handlers_run_before_the_sessions(r, seen, removed_before, capfd):
    if removed_before:
        r("globalCallingHandlers(NULL)")
    r(f"globalCallingHandlers(error = {NOTE.format('error')}, warning = {NOTE.format('warning')})")
    assert_session_works(r, capfd)
    assert seen == ["error the text", "error m", "warning careful"]


def test_only_a_users_are_shown(r, seen):
    assert r("length(globalCallingHandlers())") == 0
    r(f"globalCallingHandlers(error = {NOTE.format('1')}, message = {NOTE.format('2')})")
    assert r("names(globalCallingHandlers())") == ["error", "message"]
    assert r("names(globalCallingHandlers(NULL))") == ["error", "message"]
    assert r("length(globalCallingHandlers())") == 0


def test_one_of_a_users_is_removed(r, seen, capfd):
    r(f"globalCallingHandlers(error = {NOTE.format('1')}, warning = {NOTE.format('2')})")
    r("{ old <- globalCallingHandlers(NULL); globalCallingHandlers(old['warning']) }")
    assert_session_works(r, capfd)
    assert seen == ["2 careful"]


def test_they_may_be_given_as_a_list(r, seen, capfd):
    r(f"globalCallingHandlers(list(error = {NOTE.format('listed')}))")
    assert_session_works(r, capfd)
    assert seen == ["listed the text", "listed m"]


def test_the_result_is_as_visible_as_rs(r):
    assert r("withVisible(globalCallingHandlers())$visible") is True
    assert r("withVisible(globalCallingHandlers(NULL))$visible") is False


@pytest.mark.parametrize("code", ["globalCallingHandlers(NULL)", "globalCallingHandlers()"])
def test_below_handlers_of_r(r, code, capfd):
    """R itself refuses to change them there, and shows them."""
    said = r(f"tryCatch({{ {code}; 'done' }}, error = conditionMessage)")
    expected = "done" if code.endswith("()") else "should not be called with"
    assert expected in said
    assert_session_works(r, capfd)


def test_within_a_nested_call(r, capfd):
    inner = lambda: r("globalCallingHandlers(NULL)")  # noqa: E731
    with pytest.raises(RError, match="should not be called with") as caught:
        r(CALL)(inner)
    assert caught.value.call.startswith("globalCallingHandlers(")
    assert_session_works(r, capfd, 1)


def test_wrong_handlers_are_rs_own_errors(r, capfd):
    with pytest.raises(RError, match="must be functions"):
        r("globalCallingHandlers(error = 1)")
    with pytest.raises(RError, match="must be specified with a condition class"):
        r("globalCallingHandlers(function(e) 1)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_session_works(r, capfd)
