"""COMPATIBILITY.md says what R users of keras3, reticulate, tensorflow and tfdatasets find here,
and what not: it is true.

The exported names of these packages, their arguments and the defaults of these are facts, in
`<package>_arguments.json` and `<package>_defaults.json`.

Of: R/start_environment.R.
"""

from __future__ import annotations

import json
import re
import sys

import pytest
from support import error_texts
from support.paths import ROOT, SUPPORT

API = {
    package: json.loads((SUPPORT / f"{package}_arguments.json").read_text())
    for package in ("keras3", "reticulate", "tensorflow", "tfdatasets")
}
PAGE = (ROOT / "COMPATIBILITY.md").read_text()
STAYS, REFUSED = "goes on:", "in a shell:"


def rows(after: str) -> list[list[str]]:
    """The cells of the first table after the text `after`."""
    table = re.search(r"(?:^\|.*\n?)+", PAGE[PAGE.index(after) :], re.M).group()
    return [re.split(r" *\| *", line.strip("| ")) for line in table.splitlines()[2:]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def listed(package: str) -> dict[str, str]:
    """Absent names with the reason, if there are any."""
    head = f"## {package}: names that are absent"
    return {quoted(name)[0]: why for name, why in rows(head)} if head in PAGE else {}


@pytest.fixture(scope="module")
def formals(keras):
    """The argument names of a name that the stand-in of a package exports, as a list; None if it is
    not there."""
    import pyclass_bridge

    pyclass_bridge.r("pyclassbridge:::use_stand_ins()")
    get = pyclass_bridge.r("""function(package, name) {
      found <- tryCatch(getExportedValue(package, name), error = function(e) NULL)
      if (is.null(found) && name != 'newaxis') return(NULL)
      paste(if (is.function(found)) names(formals(args(found))), collapse = ' ')
    }""")

    def of(package, name):
        found = get(package, name)
        return None if found is None else found.split()

    return of


def positional(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("...")] if "..." in arguments else arguments


@pytest.mark.parametrize("package", API)
def test_a_name_is_there_or_listed_with_a_reason(package, formals):
    absent = {name for name in API[package] if formals(package, name) is None}
    assert absent == set(listed(package))
    assert all(len(why) > 10 for why in listed(package).values())


@pytest.mark.parametrize("package", API)
def test_all_arguments_are_there_in_order(package, formals):
    absent, misplaced = {}, {}
    for name in set(API[package]) - set(listed(package)):
        theirs, ours = API[package][name].split(), formals(package, name)
        lacking = [key for key in theirs if key not in ours and key != "..."]
        if lacking:
            absent[name] = lacking
        if positional(ours)[: len(positional(theirs))] != positional(theirs):
            misplaced[name] = (theirs, ours)
    assert absent == {}
    assert misplaced == {}


def test_the_shares_are_those_of_the_page():
    for package, total, there in rows("| R package |"):
        whole = set(API[package]) - set(listed(package))
        assert (int(total), int(there)) == (len(API[package]), len(whole))
        if package == "keras3":
            assert len(whole) >= 0.97 * len(API[package])


# ---- defaults ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def default(keras, formals):
    """The default of an argument as R code, None if there is none; `list()` and `tuple()` of
    constants read as `c()`, since Keras takes any of them."""
    import pyclass_bridge

    return pyclass_bridge.r("""local({
      plain <- function(code) {
        if (is.call(code)) {
          code[] <- lapply(code, plain)
          parts <- as.list(code)[-1L]
          if (identical(code[[1L]], quote(tuple)) || identical(code[[1L]], quote(list))) {
            code[[1L]] <- quote(c)
          }
        }
        code
      }
      text <- function(code) paste(deparse(plain(code)), collapse = " ")
      function(package, name, key, theirs) {
        all <- formals(args(getExportedValue(package, name)))
        ours <- if (!identical(all[[key]], quote(expr = ))) text(all[[key]])
        list(ours = ours, theirs = text(str2lang(theirs)))
      }
    })""")


@pytest.mark.parametrize("package", API)
def test_defaults_are_those_that_r_users_know_or_listed(package, default):
    answers = names_after(STAYS) | names_after(REFUSED)
    answers |= {name for row in rows("## Names that are an error") for name in quoted(row[1])}
    excused = {(quoted(n)[0], quoted(k)[0]) for n, k, *_ in rows("## Defaults that differ")}
    known = json.loads((SUPPORT / f"{package}_defaults.json").read_text())
    differ = set()
    for name in known.keys() - listed(package).keys() - answers:
        for key, theirs in known[name].items():
            found = default(package, name, key, theirs)
            if found["ours"] != found["theirs"]:
                differ.add((name, key))
    assert differ == {pair for pair in excused if pair[0] in known}


def test_arguments_that_do_less_are_there(formals):
    for name, keys, _ in rows("## keras3: arguments that do less"):
        assert set(quoted(keys)) <= set(formals("keras3", quoted(name)[0]))


# ---- functions that answer with one sentence ---------------------------------------------------


def test_names_that_are_an_error_are_those_of_the_tables(r):
    page = {name for row in rows("## Names that are an error") for name in quoted(row[1])}
    table = r("""lapply(
      list(pyclassbridge:::dataset_refused, pyclassbridge:::tf_refused),
      function(groups) as.list(unlist(lapply(groups, function(group) names(group$functions))))
    )""")
    assert page == {"tensorboard", *table[0], *table[1]}


def test_the_page_counts_the_names_of_keras_2(r):
    assert f"The {r('length(pyclassbridge:::keras2_table())')} names that only keras 2 had" in PAGE


def names_after(text: str) -> set[str]:
    return {name for row in rows(text) for name in quoted(row[0])}


def plain(text: str) -> str:
    """Without what differs between machines."""
    version = ".".join(map(str, sys.version_info[:2]))
    return text.replace(sys.executable, "PYTHON").replace(f"Python {version} ", "Python X.Y ")


def test_the_page_lists_those_of_the_table(r):
    table = r("lapply(pyclassbridge:::environment_functions, names)")
    assert set(table["stays"]) == names_after(STAYS)
    assert set(table["refused"]) == names_after(REFUSED)


@pytest.mark.parametrize("name", sorted(names_after(STAYS)))
def test_a_request_for_an_environment_is_one_message(r, name):
    given = "'any'" if name not in ("configure_environment", "py_require") else ""
    said = r(f"""local({{
      said <- character()
      value <- withCallingHandlers({name}({given}), message = function(m) {{
        said <<- c(said, conditionMessage(m))
        invokeRestart("muffleMessage")
      }})
      list(said = paste(said, collapse = ""), value = value)
    }})""")
    assert said["value"] is None
    assert said["said"].startswith(f"{name}(): Python hosts R here, so Python ")
    assert said["said"].count("\n") == 1


@pytest.mark.parametrize("name", sorted(names_after(REFUSED)))
def test_a_request_that_cannot_be_met_is_an_error(r, name):
    with pytest.raises(RuntimeError, match=rf"{name}\(\): Python hosts R here, .*pip install"):
        r(f"{name}()")


SENTENCES = {
    "py_require": "py_require(c('numpy', 'no-such-package>=2'))",
    "py_install": "py_install(c('keras-hub', 'pandas>=2'))",
    "virtualenv_create": "virtualenv_create('mine', packages = NULL)",
    "use_virtualenv": "use_virtualenv('r-keras', required = TRUE)",
    "py_list_packages": "py_list_packages(envname = 'r-keras')",
    "install_keras unknown": "install_keras(backend = 'mxnet')",
    "zip_lists length": "zip_lists(list(1), list(1, 2))",
    "zip_lists names": "zip_lists(list(a = 1), list(b = 2))",
    "named_list": "named_list(a = 1, a = 2)",
    "flags": "flags(1)",
    "flag kind": "flags(flag_integer('units', 32), arguments = c('--units', '6.5'))",
    "flag default": "flag_numeric('rate', 'high')",
    "flag without value": "flags(flag_string('act', 'relu'), arguments = '--act')",
    "handler": "register_suppress_warnings_handler(list())",
}


def test_sentences(r):
    say = r("function(code) tryCatch(eval(parse(text = code)), condition = conditionMessage)")
    texts = {case: plain(say(code)).strip() for case, code in SENTENCES.items()}
    error_texts.check("environment_sentences", texts)
