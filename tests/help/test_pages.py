"""help() and `?` in R: what is ours is shown, everything else goes on to R's own."""

from __future__ import annotations

import inspect
import re

import pytest
from support.r_host import Terminal, run_rscript
from support.subprocesses import run_python

import pyclass_bridge
from pyclass_bridge.help import pages

SHOWN = """
function(code) paste(utils::capture.output(eval(str2lang(code), globalenv())), collapse = '\\n')
"""


def shown(code: str) -> str:
    return pyclass_bridge.r(SHOWN)(code)


OURS = [
    "?layer_dense",
    '?"layer_dense"',
    "help(layer_dense)",
    'help("layer_dense")',
    'help(("layer_dense"))',
    'help(layer_dense, package = "pyclassbridge")',
    "help(layer_dense, package = pyclassbridge)",
    'help(layer_dense, package = "keras3")',
    "?pyclassbridge::layer_dense",
    "?keras3::layer_dense",
    "py_help(layer_dense)",
    "pyclassbridge::help(layer_dense)",
]


@pytest.mark.parametrize("code", OURS)
def test_a_name_of_the_surface(keras, code):
    text = shown(code)
    assert text.startswith("layer_dense                  package:pyclassbridge  ")
    assert "Just your regular densely-connected NN layer" in text
    assert "layer_dense(\n       object,\n       units," in text


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("?fit", "fit(\n       object,\n       x = NULL,"),
        ("?Callback", "on_epoch_begin = NULL,"),
        ('?"%py_class%"', "spec %py_class% body"),
        ("?shape", "shape(..., dims = list(...))"),
        ("?keras", "Keras, TensorFlow, and the main module"),
        ("?`?`", "Works as R's own"),
    ],
)
def test_a_function_that_is_written_in_r(code, text):
    page = shown(code)
    assert "package:pyclassbridge" in page
    assert text in page


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("?lm", "Fitting Linear Models"),
        ('help("lm")', "Fitting Linear Models"),
        ("?stats::lm", "Fitting Linear Models"),
        ("help(lm, package = 'stats')", "Fitting Linear Models"),
        ("?mean", "Arithmetic Mean"),
        ("?`if`", "Control Flow"),
        ("print(help(package = 'splines'))", "Regression Spline Functions"),
        ("?no_such_topic_anywhere", "No documentation for"),
    ],
)
def test_what_is_not_ours_goes_to_r(code, text):
    page = shown(code)
    assert text in page
    assert "pyclassbridge" not in page
    assert "\b" not in page


def test_a_search_is_r_s_own(r):
    assert r("class(??lm)") == "hsearch"


def test_a_package_before_this_one_has_its_own_help(r):
    r("attach(list(layer_dense = 1), name = 'package:other')")
    try:
        assert "No documentation" in shown("?layer_dense")
    finally:
        r("detach('package:other')")


def test_python_objects(keras):
    page = shown("?keras$layers$Dense")
    assert page.startswith("keras$layers$Dense ")
    assert "keras$layers$Dense(\n       units,\n" in page
    assert "axis 0 of the" in page  # Python counts from 0
    assert "‘layer_dense()’, the same for R" in page
    assert "Add arguments element-wise" in shown("help(keras$ops$add)")
    assert shown("?keras$layers").startswith("Help on package keras.layers")
    assert shown("py_help(keras$layers$Dense)").startswith("Help on class Dense")
    assert "Return evenly spaced numbers" in shown('?import("numpy")$linspace')


def test_python_s_own_help():
    assert "built-in function len" in pages.help_text(len)


def test_a_class_that_is_written_in_r(keras, r):
    r("""
    HelpMetric <- Metric("HelpMetric",
      initialize = function(name = "x", k = 3) {
        "Make it.

        Args:
            k: The number of it.
        "
        super$initialize(name = name)
      },
      update_state = function(y_true, y_pred, sample_weight = NULL) {
        "Look at one batch."
      },
      result = function() 1
    )
    """)
    page = shown("?HelpMetric")
    assert 'HelpMetric(name = "x", k = 3)' in page
    assert "A class written in R" in page
    assert "k: The number of it." in page
    assert "$update_state(): Look at one batch." in page
    assert "SomeMetric" not in page  # the base's own words
    inside = "local({ Inner <- HelpMetric; ?Inner })"
    assert "A class written in R" in shown(inside)


def test_the_index():
    page = shown('help(package = "pyclassbridge")')
    assert re.search(r"layer_\*\(\): 1\d\d functions", page)
    assert "compile, fit, evaluate: " in page


def test_the_width_is_r_s(keras, r):
    r("options(width = 60)")
    try:
        assert max(map(len, shown("?op_argmax").split("Examples:")[0].splitlines())) <= 60
    finally:
        r("options(width = 80)")


def test_wrappers_print_their_formals_and_what_they_wrap(keras):
    text = shown("op_add")
    assert text.startswith("op_add(x1, x2, ...)")
    assert text.endswith(f"<keras$ops$add of Keras {keras.__version__}; ?op_add shows its help>")
    assert "units" in shown("print(args(layer_dense))")
    assert "layer_conv_2d" in shown('print(apropos("layer_conv"))')


def test_a_wrapper_is_still_a_function_for_keras(keras, r):
    layer = r("layer_dense(units = 2, activation = activation_relu)")
    assert layer.activation is keras.activations.relu
    assert list(inspect.signature(r("layer_dense")).parameters)[:2] == ["object", "units"]


def test_no_pager_where_nobody_reads():
    done = run_python(
        """
        import pyclass_bridge
        pyclass_bridge.r("?shape")
        pyclass_bridge.r("print(?lm)")
        pyclass_bridge.r("writeLines('one line', f <- tempfile()); file.show(f)")
        """,
        PAGER="false",
    )
    assert done.returncode == 0, done.stderr
    assert "Dims of a tensor" in done.stdout
    assert "Fitting Linear Models" in done.stdout
    assert done.stdout.endswith("one line\n")
    assert "mask" not in done.stderr


def test_where_r_hosts_its_front_end_shows_the_page():
    pytest.importorskip("pexpect")
    terminal = Terminal()
    terminal.ask("options(pager = function(files, ...) cat('seen:', readLines(files[[1]], 1)))")
    assert re.search("seen: .*layer_dense", terminal.ask("?layer_dense", r"\n?> $"))
    terminal.quit()


def test_where_r_hosts_rs_own_help_says_that_there_is_no_page():
    done = run_rscript(
        """
        print(utils::help("layer_dense", package = "pyclassbridge"))
        example("layer_dense")
        found <- ??dense
        cat(class(found))
        """
    )
    assert done.returncode == 0, done.stderr
    assert "No documentation for \u2018layer_dense\u2019" in done.stdout + done.stderr
    assert "no help found for \u2018layer_dense\u2019" in done.stderr
    assert done.stdout.endswith("hsearch")
