"""The core calls no entry point that R hides: the table in r_api.h, the compiled core, the R that
runs and R's own lists of what is no API agree.
"""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import subprocess
import sysconfig

import pytest
from support.paths import ROOT

import pyclass_bridge
from pyclass_bridge import _core
from pyclass_bridge.start import embed

CORE = ROOT / "core"
KINDS = ("API", "no API now", "experimental API", "embedding API", "variable of the front end")
# What R's lists of functions and variables call them.
R_KINDS = {"api": "API", "eapi": "experimental API", "emb": "embedding API"}


def r_version() -> tuple[int, int]:
    major, minor = pyclass_bridge.r("c(R.version$major, R.version$minor)")
    return int(major), int(minor.split(".")[0])


def table() -> dict[tuple[str, str], set[str]]:
    """{(kind, R): names}, as the head of r_api.h has them."""
    head = (CORE / "r_api.h").read_text().partition("*/")[0]
    rows, names = {}, None
    for line in head.splitlines():
        title = re.fullmatch(r" \*   (\S.*), (every R|since R [\d.]+|before R [\d.]+)", line)
        if title:
            names = rows.setdefault(title.groups(), set())
        elif names is not None and line.startswith(" *     "):
            words = line[2:].split()
            assert not names & set(words)
            names.update(words)
    return rows


def holds(when: str, version: tuple[int, int]) -> bool:
    if when == "every R":
        return True
    word, _, bound = when.split()
    limit = tuple(map(int, bound.split(".")))
    return version >= limit if word == "since" else version < limit


def allowed() -> dict[str, str]:
    """{name: kind} for the R that runs."""
    version = r_version()
    return {
        name: kind
        for (kind, when), names in table().items()
        if holds(when, version)
        for name in names
    }


def undefined_in(library) -> set[str]:
    listing = subprocess.run(
        ["nm", "--dynamic", "--undefined-only", os.fspath(library)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {line.split()[-1].partition("@")[0] for line in listing.splitlines()}


def used() -> set[str]:
    """The names that the core takes from R's library."""
    libr = ctypes.CDLL(os.fspath(embed.locate_r().libr))
    return {name for name in undefined_in(_core.__file__) if is_of(libr, name)}


def is_of(libr, name: str) -> bool:
    """Is the name R's own, and not one of the libraries that R is linked with?"""
    elsewhere = ("Py", "_Py", "__", "_ITM", "pthread_")
    if name.startswith(elsewhere) or name in C_NAMES:
        return False
    return hasattr(libr, name)


C_NAMES = {
    "_setjmp", "calloc", "clock_gettime", "free", "fwrite", "getenv", "getpid", "longjmp", "malloc",
    "memchr", "memcmp", "memcpy", "memset", "nanosleep", "pipe2", "read", "realloc", "sigaction",
    "snprintf", "stderr", "stdout", "strchr", "strcmp", "strcpy", "strdup", "strlen", "strncmp",
    "strstr", "usleep", "write",
}  # fmt: skip


def test_the_table_is_whole():
    rows = table()
    assert {kind for kind, _ in rows} == set(KINDS)
    names = [name for row in rows.values() for name in row]
    assert len(names) == len(set(names)) > 100


def test_the_core_needs_what_the_table_allows():
    assert used() - set(allowed()) == set()


def test_the_table_has_nothing_that_no_core_needs():
    # A weak one that this R lacks is not used; R may also have it as a macro.
    assert set(allowed()) - used() - {"ptr_R_ProcessEvents"} == set()


def test_every_name_of_r_is_one_of_the_running_r():
    """Also those that R does not export, which would only fail when they are called."""
    process = ctypes.CDLL(None)
    unknown = {name for name in undefined_in(_core.__file__) if not hasattr(process, name)}
    assert {name for name in unknown if not name.startswith(("_ITM", "__"))} <= {
        "ptr_R_ProcessEvents"
    }


@pytest.mark.skipif(r_version() < (4, 4), reason="R has lists of what is no API since 4.4")
def test_nothing_is_used_that_r_calls_no_api():
    hidden = set(pyclass_bridge.r("sub('^Rf_', '', tools:::nonAPI)"))
    kinds = allowed()
    found = {name: kinds[name] for name in used() if name.removeprefix("Rf_") in hidden}
    assert set(found.values()) <= {KINDS[2], KINDS[3], KINDS[4]}
    warned = []
    if r_version() >= (4, 6):
        warned = pyclass_bridge.r("sub('^Rf_', '', tools:::warnNonAPI)")
    assert {name for name in used() if name.removeprefix("Rf_") in warned} == set()


@pytest.mark.skipif(r_version() < (4, 6), reason="R has lists of its variables since 4.6")
def test_each_name_has_the_kind_that_r_says():
    lists = "rbind(tools:::funAPI()[, 1:3], tools:::varAPI()[, 1:3])"
    of_r = pyclass_bridge.r(f"local({{ x <- {lists}; list(x[[1]], x[[3]]) }})")
    said = {
        name.removeprefix("Rf_"): R_KINDS[kind]
        for name, kind in zip(*of_r, strict=True)
        if kind in R_KINDS
    }
    kinds = allowed()
    different = {
        name: (kinds[name], said.get(name.removeprefix("Rf_")))
        for name in used()
        if kinds[name] != said.get(name.removeprefix("Rf_"), "variable of the front end")
    }
    assert different == {}


@pytest.mark.parametrize("path", sorted(CORE.glob("*.[ch]")), ids=lambda path: path.name)
def test_functions_of_r_are_called_by_the_names_of_r_api(path):
    """The accessors in capitals, which have no prefix, and R's variables are used as they are."""
    code = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.DOTALL)
    called = re.findall(r"\bRf_\w+|\bR_\w+(?=\()", code)
    assert bool(called) == (path.name == "r_api.h"), called


@pytest.mark.skipif(r_version() >= (4, 7), reason="r_is_same_jump() does not know this R")
def test_a_jump_is_told_from_one_that_r_code_has_caught():
    """R code catches an error that has come through Python, then leaves by a restart: Python code
    sees another exception than that of the error."""
    seen = []

    def between(hook):
        try:
            hook()
        except BaseException as exception:
            seen.append(exception)
            raise

    through_python = pyclass_bridge.r(
        "function(between) withRestarts(outer = function() 'left', between(function() {"
        " tryCatch(between(function() stop('caught')), error = function(e) NULL);"
        " invokeRestart('outer') }))"
    )
    assert through_python(between) == "left"
    assert "caught" in str(seen[0])
    assert "caught" not in str(seen[1])


GONE = (
    "DATAPTR", "STDVEC_DATAPTR", "FRAME", "ENCLOS", "HASHTAB", "ATTRIB", "SET_ATTRIB", "SET_OBJECT",
    "REFCNT", "NAMED", "SET_FORMALS", "SET_BODY", "SET_CLOENV", "FORMALS", "BODY", "CLOENV",
    "Rf_allocSExp", "Rf_findVarInFrame", "R_UnboundValue",
)  # fmt: skip


@pytest.mark.skipif(r_version() < (4, 5), reason="R has other ways for them since 4.5")
def test_what_r_has_hidden_is_gone():
    assert undefined_in(_core.__file__) & set(GONE) == set()


def test_it_compiles_without_what_later_headers_leave_out():
    headers = subprocess.run(
        ["R", "CMD", "config", "--cppflags"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]
    include = [f"-I{sysconfig.get_path('include')}", *shlex.split(headers)]
    strict = ["-std=gnu11", "-Wall", "-Werror=implicit-function-declaration"]
    without = ["-DNO_LEGACY_NONAPI", "-UENABLE_LEGACY_NONAPI"]
    sources = [os.fspath(path) for path in sorted(CORE.glob("*.c"))]
    done = subprocess.run(
        ["cc", "-fsyntax-only", *strict, *without, *include, *sources],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
