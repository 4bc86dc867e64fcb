"""`%%R` and `%R`: code, output, plots, variables in and out, errors; in IPython and in a kernel.

Also of: shell/magic_options.py.
"""

from __future__ import annotations

import re
import struct
import types
import warnings
from base64 import b64decode

import pytest
from support.notebooks import run_notebook
from support.paths import ROOT
from support.subprocesses import run_python

import pyclass_bridge
from pyclass_bridge import RError, RObject, RWarning

LOAD = "%load_ext pyclass_bridge"
MODEL, R6 = "lm(dist ~ speed, cars)", "R6::R6Class('A')$new()"


@pytest.fixture(scope="module")
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "pyclass_bridge")
    yield shell
    shell.run_line_magic("unload_ext", "pyclass_bridge")
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()


@pytest.fixture
def ipython(shell):
    """The shell; Python's and R's variables that a test makes end with it."""
    names = set(shell.user_ns)
    known = set(pyclass_bridge.r("as.list(ls(globalenv()))") or ())
    yield shell
    for name in set(shell.user_ns) - names:
        del shell.user_ns[name]
    made = set(pyclass_bridge.r("as.list(ls(globalenv()))") or ()) - known
    pyclass_bridge.r("rm(list = as.character(names), envir = globalenv())", names=list(made))


@pytest.fixture
def cell(ipython, capsys):
    """Run a cell: what it prints, and its error or None."""

    def run(text: str):
        capsys.readouterr()
        result = ipython.run_cell(text, store_history=True)
        shown = capsys.readouterr()
        return types.SimpleNamespace(
            out=shown.out, err=shown.err, value=result.result, error=result.error_in_exec
        )

    return run


def test_a_cell_prints_what_rs_prompt_prints(cell):
    shown = cell('%%R\nx <- 1\ninvisible(2)\nx + 1\ncat("in order\\n")\nNULL\n"é"\n')
    assert shown.out == '[1] 2\nin order\nNULL\n[1] "é"\n'
    assert shown.err == "" and shown.error is None and shown.value is None


def test_code_on_the_line_of_the_magic_runs_first(cell):
    assert cell("%%R x <- 3\nx + 1\n").out == "[1] 4\n"


@pytest.mark.parametrize("body", ["# only a comment\n", "\n\n"], ids=["comment", "blank"])
def test_a_cell_without_code_does_nothing(cell, body):
    shown = cell(f"%%R\n{body}")
    assert (shown.out, shown.err, shown.error) == ("", "", None)


def test_s4_and_r6_are_shown_by_their_own_methods(cell):
    shown = cell(
        "%%R\nsetClass('P', representation(x = 'numeric'))\n"
        "setMethod('show', 'P', function(object) cat('<P>\\n'))\nnew('P', x = 1)\n"
    )
    assert shown.error is None and shown.out == "<P>\n"
    assert cell("%%R\nremoveMethod('show', 'P'); invisible(removeClass('P'))").error is None


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1 + 1", 2.0),
        ("x <- 5L", 5),
        ("1:3; c(1, NA)", [1.0, None]),
        ('"it\'s $x {y} -i"', "it's $x {y} -i"),
        ("-5 + 1", -4.0),
        ("-- -sum(1:3)", -6),
        ("# a comment", None),
        ("", None),
        ("-n 1 + 1", None),
        ("NULL", None),
        ("function(x) x", None),
    ],
)
def test_a_line_has_its_value(cell, ipython, code, value):
    ipython.user_ns["x"] = "not for R"
    shown = cell(f"result = %R {code}".rstrip())
    assert shown.error is None
    given = ipython.user_ns["result"]
    if code.startswith("function"):
        assert given(3) == 3
    else:
        assert given == value and type(given) is type(value)


def test_a_line_prints_visible_values_before_its_last(cell):
    shown = cell("value = %R 1; x <- 2; x")
    assert shown.out == "[1] 1\n"


def test_variables_go_in_and_out(cell, ipython):
    ipython.user_ns.update(a=[1, 2], b="x", part=types.SimpleNamespace(size=4, kind="k"))
    shown = cell(
        "%%R -i a, b -i part.size,my.kind=part.kind -o s,my.rate --output=new=s\n"
        "s <- sum(a) * size\nmy.rate <- paste(b, my.kind)\n"
    )
    assert shown.error is None
    ns = ipython.user_ns
    assert (ns["s"], ns["my_rate"], ns["new"]) == (12.0, "x k", 12.0)


def test_variables_of_a_function(cell, ipython):
    code = "def f(n):\n    return get_ipython().run_line_magic('R', '-i n n + 1')\nvalue = f(2)\n"
    assert cell(code).error is None
    assert ipython.user_ns["value"] == 3


def test_data_frames_go_in_and_out(cell, ipython):
    pd = pytest.importorskip("pandas")
    ipython.user_ns["df"] = pd.DataFrame(
        {"n": [1, None], "when": pd.to_datetime(["2024-02-29", None]), "s": ["é", None]}
    )
    shown = cell("%%R -i df -o back,cars\nback <- transform(df, n = n * 2)\nsapply(df, anyNA)\n")
    assert shown.out.split() == ["n", "when", "s", "TRUE", "TRUE", "TRUE"]
    back = ipython.user_ns["back"]
    assert list(back.columns) == ["n", "when", "s"]
    assert back.isna().to_numpy().tolist() == [[False] * 3, [True] * 3]
    assert back["n"][0] == 2 and back["s"][0] == "é" and back["when"][0].year == 2024
    assert ipython.user_ns["cars"].shape == (50, 2)  # data of an attached package


@pytest.mark.parametrize(
    "code", ["lm(dist ~ speed, cars)", "R6::R6Class('A')$new()", "quote(a + b)"]
)
def test_what_cannot_cross_stays_rs_and_comes_back_identical(cell, ipython, code):
    if code == R6 and not pyclass_bridge.r("requireNamespace('R6', quietly = TRUE)"):
        pytest.skip("R6 is not installed")
    shown = cell(f"%%R -o fit\nfit <- {code}\nbefore <- fit\n")
    assert shown.error is None
    assert isinstance(ipython.user_ns["fit"], RObject)
    assert cell("%%R -i fit\nidentical(fit, before)\n").out == "[1] TRUE\n"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("-i weigths", "there is no Python variable `weigths`; did you mean `weights`?"),
        ("-i weights.shap", "has no attribute 'shap'"),
        ("-o rezult", "R has no variable `rezult`; did you mean `result`? Assign it in the R code"),
        ("-i weights[0]", "this is no name. Assign the value in Python, `new = weights[0]`"),
        ("-o cars$speed", "no name of a variable. Assign the value in the R code, `new <- cars$"),
        ("-o df", "R has no variable `df`."),  # not the function of this name
    ],
)
def test_an_unknown_name_is_an_error_with_the_remedy(cell, ipython, line, text):
    ipython.user_ns["weights"] = 1
    shown = cell(f"%%R {line}\nresult <- 1\n")
    assert isinstance(shown.error, (NameError, AttributeError)) and text in str(shown.error)
    assert "magics.py" not in shown.out


def test_a_locked_variable_is_an_error_of_r(cell, ipython):
    cell("%%R\nheld <- 1\nlockBinding('held', globalenv())\n")
    shown = cell("held = 2\n%R -i held 1")
    assert isinstance(shown.error, RError) and "locked binding for 'held'" in shown.out
    assert "magics.py" not in shown.out


def test_nothing_goes_in_or_out_if_one_name_is_unknown(cell, ipython):
    ipython.user_ns["known"] = 1
    assert cell("%%R -i known,unknown\n1\n").error is not None
    assert cell("value = %R exists('known')").error is None
    assert ipython.user_ns["value"] is False
    assert cell("%%R -o made,unknown\nmade <- 1\n").error is not None
    assert "made" not in ipython.user_ns


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--widht 3 1", "no option `--widht`; did you mean `--width`?"),
        ("-x + 1", "no option `-x`; %R? shows the options. Before code that begins with a minus"),
        ("-i", "`-i` needs a value after it"),
        ("-i -o x", "`-i` needs a value after it"),
        ("-nx 1", "`-n` takes no value"),
        ("-i =x 1", "is no name, nor `new=old`"),
        ("--converter c 1", "`--converter` of rpy2 is not supported: values cross by the rules"),
        ("-w wide 1", "invalid float value: 'wide'"),
        ("-w 0 1", "`-w` takes a positive number, not 0."),
        ("-h nan 1", "`-h` takes a positive number, not nan."),
        ("-w 800 -u in 1", "would have 76800 pixels; 10000 is the most"),
        ("-u inch 1", "invalid choice: 'inch'"),
        ("-w 300 1", "open one in R, such as png("),  # no notebook
    ],
)
def test_a_wrong_option_is_an_error(cell, line, text):
    from IPython.core.error import UsageError

    shown = cell(f"%R {line}")
    assert isinstance(shown.error, UsageError) and text in str(shown.error)
    assert text in shown.out + shown.err


def test_an_error_shows_rs_text_and_calls_with_the_lines_of_the_cell(cell, ipython):
    shown = cell("%%R -o x\nx <- 1\nf <- function(n) {\n  stop('bad ', n)\n}\nf(3)\nx <- 2\n")
    assert isinstance(shown.error, RError) and shown.error.message == "bad 3"
    assert "Error in f(3) : bad 3" in shown.out
    assert re.search(r"f\(3\)  at <R cell \d+>:6", shown.out)
    assert not re.search(r"magics\.py|interactiveshell|run_cell", shown.out)
    assert "x" not in ipython.user_ns
    assert cell("value = %R traceback()").out.splitlines() == ['2: stop("bad ", n)', "1: f(3)"]


@pytest.mark.parametrize("magic", ["%%R\n", "%R "], ids=["cell", "line"])
def test_an_error_at_top_level_has_no_call(cell, magic):
    assert cell(f"{magic}stop('no')").out.startswith("Error: no\nR calls, innermost first:\n  stop")
    assert cell(f"{magic}absent").out.startswith("Error: object 'absent' not found\n")


def test_a_variable_that_fails_when_it_is_read_is_an_error_of_r(cell):
    shown = cell("%%R -o lazy\ndelayedAssign('lazy', stop('too lazy'))\n")
    assert isinstance(shown.error, RError) and "too lazy" in shown.out
    assert "magics.py" not in shown.out


def test_code_that_does_not_parse_shows_its_place(cell):
    shown = cell("%%R\nx <- 1\ny <- )\n")
    assert isinstance(shown.error, RError)
    assert re.search(r"the cell does not parse: <R cell \d+>:3:6: unexpected '\)'", shown.out)
    assert "magics.py" not in shown.out
    assert cell("value = %R exists('x', globalenv())").error is None


def test_an_exception_of_python_keeps_its_class_and_shows_the_users_frames(cell):
    shown = cell("def g():\n    return {}['k']\n%R f <- function() py$g()\n%R f()")
    assert isinstance(shown.error, KeyError)
    assert "Error in py$g() : KeyError: 'k'\nR calls, innermost first:\n" in shown.out
    calls, frames = shown.out.split("Python calls, innermost last:\n")
    assert re.search(r"f\(\)  at <R cell \d+\.2>:1\n$", calls)
    assert re.match(r'  File "[^"]+", line 2, in g\n    return {}\[.k.\]', frames)
    assert frames.count("File") == 1


def test_scripts_for_keras3_run_after_stand_in():
    done = run_python("""
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "pyclass_bridge")
        failed = shell.run_cell("%%R\\nlibrary(keras3)\\n").error_in_exec
        print("%R --stand-in" in str(failed.__notes__))
        shell.run_cell("%%R --stand-in\\nlibrary(keras3)\\nexists('layer_dense')\\n")
    """)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Error in library(keras3)")
    assert done.stdout.endswith("True\n[1] TRUE\n")


def test_quitting_is_an_error(cell):
    assert "q() would end" in str(cell("%%R\nq()\n").error)
    assert cell("%%R\n1\n").out == "[1] 1\n"


def test_warnings_are_pythons_at_their_line_each_time_that_a_cell_runs(cell):
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            cell("%%R\nx <- 1\nas.integer('a')\n")
        [warning] = caught
        assert warning.category is RWarning and warning.lineno == 3
        assert re.fullmatch(r"<R cell \d+>", warning.filename)


def test_the_same_code_many_times_in_a_cell_has_one_name(cell):
    import linecache

    before = len(linecache.cache)
    cell("for k in range(50):\n    get_ipython().run_line_magic('R', '-i k k + 1')\n")
    assert len(linecache.cache) - before <= 3


def test_lines_of_one_cell_keep_their_own_code(cell):
    shown = cell("%R f <- function() stop('in f')\n%R g <- function() f()\n%R g()\n")
    assert re.search(r"g\(\)  at <R cell \d+\.3>:1", shown.out)
    assert re.search(r"f\(\)  at <R cell \d+\.2>:1", shown.out)
    assert re.search(r"stop\(\"in f\"\)  at <R cell \d+>:1", shown.out)


def test_classes_of_a_cell_are_pythons(cell, ipython, keras):
    shown = cell(
        "%%R -o callback_note\nlibrary(pyclassbridge)\n"
        "callback_note <- Callback('Note', on_epoch_end = function(epoch, logs = NULL) NULL)\n"
    )
    assert shown.error is None
    assert issubclass(ipython.user_ns["callback_note"], keras.callbacks.Callback)


def test_r_names_are_completed_in_code_of_r(cell, ipython):
    from IPython.core.completer import provisionalcompleter

    ipython.user_ns["my_python"] = 1
    cell("%%R\nmy_length <- 1\n")

    def texts(text):
        with provisionalcompleter():
            return {c.text for c in ipython.Completer.completions(text, len(text))}

    assert texts("%%R -i x\nmy_leng") == {"my_length"}
    assert texts("%%R\nsum(1,\n  my_leng") == {"my_length"}
    assert texts("%R sum(my_leng") == {"my_length"}
    assert texts("x = 1\ny = %R my_leng") == {"my_length"}
    assert "my_python" in texts("my_pyt") and "my_length" not in texts("my_")


def test_unloading_takes_the_magics_away(shell):
    shell.run_line_magic("unload_ext", "pyclass_bridge")
    assert not any("R" in magics for magics in shell.magics_manager.magics.values())
    shell.run_line_magic("load_ext", "pyclass_bridge")
    assert shell.run_line_magic("R", "1 + 1") == 2
    shell.run_line_magic("reload_ext", "pyclass_bridge")
    assert shell.run_line_magic("R", "1 + 1") == 2


# ---- a real kernel -------------------------------------------------------------------------------


def sizes(cell) -> list[tuple[int, int]]:
    """The width and height of each picture."""
    shown = [part.get("data", {}) for part in cell.outputs]
    pictures = [b64decode(data["image/png"]) for data in shown if "image/png" in data]
    return [struct.unpack(">II", picture[16:24]) for picture in pictures]


def text(cell) -> str:
    """What a cell shows but for pictures, as the reader sees it."""
    parts = []
    for part in cell.outputs:
        if part.output_type == "stream":
            parts.append(part.text)
        elif part.output_type == "error":
            parts.append("\n".join(part.traceback) + "\n")
        elif "image/png" not in part.data:
            parts.append(part.data["text/plain"] + "\n")
    return re.sub(r"\x1b\[[0-9;]*m", "", "".join(parts))


def test_plots_are_shown_once_in_their_size(tmp_path):
    cells = run_notebook(
        tmp_path,
        LOAD,
        "%%R\nfor (i in 1:3) plot(i)\n1",
        "%%R -w 400 -h 300\nplot(1)",
        "%%R -w 8 --units=in -r100 -p 20 -b 'light blue'\nplot(1)",
        "%R plot(1)",
        "import pyclass_bridge\npyclass_bridge.r('plot(1)')\n%R -w 200 plot(2)\n%R plot(3)",
        "%%R\nplot(1); invisible(dev.off())\nplot(2); dev.new(); plot(3)",
        "%%R\nplot(1); invisible(dev.off()); pdf('own.pdf'); plot(1)",
        "%%R\nnames(dev.list())\ninvisible(dev.off())\npar(mar = rep(1, 4))",
        "%R -n 1",
        "%%R -b nocolour\nplot(1)",
        "%%R -w 300\nplot(1",
        "%R plot(1)",
        allow_errors=True,
    )
    usual = (672, 480)
    assert [sizes(cell) for cell in cells] == [
        [], [usual] * 3, [(400, 300)], [(800, 500)], [usual], [usual, (200, 480), usual],
        [usual] * 3, [usual], [], [], [], [], [usual],
    ]  # fmt: skip
    assert "invalid color name 'nocolour'" in text(cells[10])
    assert text(cells[1]) == "[1] 1\n" and text(cells[8]) == '[1] "pdf"\n'


def test_ggplots_are_drawn_as_at_the_prompt(tmp_path):
    if not pyclass_bridge.r("requireNamespace('ggplot2', quietly = TRUE)"):
        pytest.skip("ggplot2 is not installed")
    plot = "ggplot(cars, aes(speed, dist)) + geom_point()"
    cells = run_notebook(
        tmp_path,
        LOAD,
        f"%%R\nsuppressPackageStartupMessages(library(ggplot2))\n{plot}\np <- {plot}",
        f"%%R\nfor (i in 1:2) print({plot})",
        f"%R {plot}",
    )
    assert [len(sizes(cell)) for cell in cells] == [0, 1, 2, 1]


def test_errors_plots_and_interrupts_in_a_kernel(tmp_path):
    cells = run_notebook(
        tmp_path,
        LOAD,
        "%%R\nplot(1)\nmessage('note')\nstop('no')",
        "import os, signal, threading\n"
        "threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "%R repeat {}",
        "%%R\nbrowser()",
        "%%R\nas.integer('a')",
        "%%R\n'still here'",
        allow_errors=True,
    )
    failed, interrupted, browsed, warned, last = cells[1:]
    assert len(sizes(failed)) == 1
    assert "note\n" in text(failed) and "Error: no\n" in text(failed)
    assert [p.ename for p in interrupted.outputs if p.output_type == "error"] == [
        "KeyboardInterrupt"
    ]
    assert "browser() and debug() need a terminal" in text(browsed)
    assert re.search(
        r"<R cell 5>:2: RWarning: NAs introduced by coercion\n  as.integer", text(warned)
    )
    assert text(last) == '[1] "still here"\n'


def test_beside_the_magics_of_rpy2_the_last_loaded_are_used(tmp_path):
    cells = run_notebook(
        tmp_path,
        f"{LOAD}\n%load_ext rpy2.ipython",
        "%R 2 + 2",
        "%reload_ext pyclass_bridge",
        "%R 2 + 2",
        "%reload_ext rpy2.ipython",
        "%%R\nplot(1)",
        "%unload_ext pyclass_bridge",
        "%R 2 + 2",
    )
    assert [text(cell) for cell in cells[1::2]] == [
        "array([4.])\n", "4.0\n", "", "array([4.])\n",
    ]  # fmt: skip
    assert len(sizes(cells[5])) == 1


def test_the_cells_of_the_vignette_show_what_it_says(tmp_path):
    vignette = (ROOT / "vignettes" / "notebooks.Rmd").read_text()
    block = r"^```python\n(.*?)^```\n(?:\n^```text\n(.*?)^```)?"
    blocks = re.findall(block, vignette, re.MULTILINE | re.DOTALL)
    cells = run_notebook(tmp_path, *[code for code, _ in blocks], allow_errors=True)
    shown = [re.sub(" +$", "", text(cell), flags=re.MULTILINE) for cell in cells]
    assert shown == [said for _, said in blocks] and shown.count("") < len(shown) - 5
    assert [size for cell in cells for size in sizes(cell)] == [(500, 300)]
