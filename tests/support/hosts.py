"""The tests that say something of Python as R's host, and hold not where R hosts Python."""

from __future__ import annotations

import os

# {what is the host's: the tests, by the beginnings of their names after "tests/"}
OF_PYTHON_HOSTS = {
    "R's console writes to sys.stdout and sys.stderr": [
        "bridge/test_output.py",
        "core/test_entry_atomic.py::test_printing_keeps_its_state",
        "bridge/test_evaluate.py::test_a_script_prints_what_is_visible_and_has_arguments",
    ],
    "R's warnings are Python warnings": [
        "bridge/test_condition.py::test_a_warning_reaches_python_before_the_call_returns",
        "bridge/test_condition.py::test_warnings_",
        "bridge/test_condition_place.py::test_a_warning_stands_at_its_line_of_the_r_file",
        "bridge/test_error_pickles.py::test_warnings",
        "bridge/test_condition_place.py::test_equal_warnings_in_the_same_line_of_two_files_are_two",
        "bridge/test_condition_place.py::test_pythons_filters_hold",
        "core/test_warnings.py",
        "plain_r/test_layer.py::test_by_differences_with_one_warning",
        "plain_r/test_loss_saved.py::test_two_functions_of_one_name_are_numbered",
        "plain_r/test_loss_training.py::test_without_gradient_a_warning_says_the_cost_once",
        "values/test_arrays.py::test_long_doubles_that_a_double_holds_are_doubles",
        "values/test_convert.py::test_what_a_conversion_loses_is_a_warning",
        "values/test_frames.py::test_equal_labels_give_no_row_names_and_say_so",
        "values/test_frames.py::test_whole_numbers_beyond_a_double_are_told",
        "values/test_other_frames.py::test_columns_of_pyarrow",
    ],
    "the session has handlers for all of R, and the option `error`": [
        "bridge/test_condition_global.py",
        "bridge/test_condition_states.py::test_the_option_is_left_as_it_was",
    ],
    "an error that no handler sees is not printed, and its text is raised": [
        "bridge/test_condition_unseen.py",
    ],
    "R's sinks do not get what both languages print": [
        "for_r/test_functions.py::test_capture_pickle_seed",
    ],
    "no R code is below": [
        "bridge/test_condition.py::test_calls_have_file_and_line",
        "bridge/test_condition_place.py::test_an_error_of_r_itself_has_no_line_of_an_earlier_one",
        "bridge/test_evaluate.py::test_an_error_of_the_parser_shows_the_users_calls_alone",
        "bridge/test_source.py::test_an_error_in_the_file_names_its_line",
    ],
    "q() is an error": [
        "bridge/test_evaluate.py::test_a_script_ends_with_the_status_of_q",
        "core/test_quit.py",
    ],
}


def r_hosts() -> bool:
    """Does R host this process? Asked without an import of the package, which would start R."""
    said = os.environ.get("R_SESSION_INITIALIZED", "")
    return said == f'PID={os.getpid()}:NAME="pyclassbridge"'


def of_python_hosts(nodeid: str) -> bool:
    """Is the test with this id of pytest's one of them?"""
    names = [name for names in OF_PYTHON_HOSTS.values() for name in names]
    return nodeid.removeprefix("tests/").startswith(tuple(names))
