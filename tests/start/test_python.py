"""Which Python R starts, where R hosts: the rules in their order, what is passed over and what is
an error, and that R goes on.

Also of: R/start_broken_setup.R, start/probe.py.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from support import error_texts
from support.fake_python import BASE, VERSION, WHOLE, fake_python
from support.paths import ROOT
from support.r_host import output_of, run_rscript

NOTHING = {
    "PYCLASS_BRIDGE_PYTHON": "",
    "RETICULATE_PYTHON": "",
    "VIRTUAL_ENV": "",
    "CONDA_PREFIX": "",
    "PYTHONPATH": "",
}


@pytest.fixture
def place(tmp_path):
    """A project with an environment for each rule; the variables that name them."""
    project = tmp_path / "project"
    (project / "deep" / "er").mkdir(parents=True)
    (project / "pyproject.toml").touch()
    managed = tmp_path / "cache" / "R" / "pyclassbridge" / "python"
    for folder in ("used", "named", "reticulates", "active", "conda"):
        fake_python(tmp_path / folder / "bin" / "python3", **WHOLE)
    fake_python(project / ".venv" / "bin" / "python", **WHOLE)
    fake_python(managed / "one" / "bin" / "python3", **WHOLE)
    (managed / "current").write_text("one\n")
    fake_python(tmp_path / "path" / "python3", **WHOLE)
    variables = {
        **NOTHING,
        "PYCLASS_BRIDGE_PYTHON": str(tmp_path / "named" / "bin" / "python3"),
        "RETICULATE_PYTHON": str(tmp_path / "reticulates"),
        "VIRTUAL_ENV": str(tmp_path / "active"),
        "CONDA_PREFIX": str(tmp_path / "conda"),
        "R_USER_CACHE_DIR": str(tmp_path / "cache"),
        "PATH": f"{tmp_path / 'path'}:/usr/bin:/bin",
    }
    return tmp_path, project / "deep" / "er", variables


RULES = """
    show <- function() cat(py_config()$rule, py_config()$python, py_exe(), "\\n")
    use_python("{root}/used")
    show()
    local(host$chosen <- NULL, list(host = pyclassbridge:::host))
    show()
    for (name in c("PYCLASS_BRIDGE_PYTHON", "RETICULATE_PYTHON", "VIRTUAL_ENV")) {{
      Sys.unsetenv(name)
      show()
    }}
    unlink("../../.venv", recursive = TRUE)
    show()
    Sys.unsetenv("CONDA_PREFIX")
    show()
    invisible(suppressMessages(remove_python_side()))
    show()
    stopifnot(!py_available(), is.null(pyclassbridge:::host$symbols))
"""


def test_the_rules_have_an_order_and_start_no_python(place):
    root, folder, variables = place
    said = output_of(RULES.format(root=root), cwd=folder, **variables).split("\n")
    found = [line.split() for line in said if line]
    managed = root / "cache" / "R" / "pyclassbridge" / "python" / "one"
    assert [words[:2] for words in found] == [
        ["use_python()", f"{root}/used/bin/python3"],
        ["PYCLASS_BRIDGE_PYTHON", f"{root}/named/bin/python3"],
        ["RETICULATE_PYTHON", f"{root}/reticulates/bin/python3"],
        ["VIRTUAL_ENV", f"{root}/active/bin/python3"],
        [".venv", f"{root}/project/.venv/bin/python"],
        ["CONDA_PREFIX", f"{root}/conda/bin/python3"],
        ["install_python_side()", f"{managed}/bin/python3"],
        ["PATH", f"{root}/path/python3"],
    ]
    assert all(words[1] == words[2] for words in found)


def test_a_local_environment_beyond_the_project_is_not_taken(tmp_path):
    fake_python(tmp_path / ".venv" / "bin" / "python", **WHOLE)
    inside = tmp_path / "project"
    inside.mkdir()
    ask = "cat(is.null(pyclassbridge:::local_environment()))"
    assert output_of(ask, cwd=inside, **NOTHING) == "TRUE"
    (inside / "DESCRIPTION").touch()
    assert output_of(ask, cwd=inside, **NOTHING) == "TRUE"
    (inside / "DESCRIPTION").rename(tmp_path / "DESCRIPTION")
    assert output_of(ask, cwd=inside, **NOTHING) == "FALSE"


def test_a_python_that_is_not_named_is_passed_over_with_the_reason(place):
    root, folder, variables = place
    fake_python(root / "active" / "bin" / "python3", **BASE)
    variables |= {"PYCLASS_BRIDGE_PYTHON": "", "RETICULATE_PYTHON": "managed"}
    said = output_of("print(py_config())", cwd=folder, **variables)
    assert "NOTE: R hosts Python, chosen by .venv; not started yet." in said
    assert f"VIRTUAL_ENV: {root}/active/bin/python3 has no package pyclass_bridge" in said


def test_a_python_that_is_named_is_an_error(place):
    root, folder, variables = place
    fake_python(root / "reticulates" / "bin" / "python3", **BASE)
    variables |= {"PYCLASS_BRIDGE_PYTHON": ""}
    said = output_of(
        "cat(tryCatch(r_to_py(1), pyclassbridge_start = conditionMessage))",
        cwd=folder,
        **variables,
    )
    assert said.startswith(f"{root}/reticulates/bin/python3 has no package pyclass_bridge: run `")
    assert said.endswith(f"pyclass_bridge-{VERSION}.tar.gz[tensorflow]'`.")


def test_without_any_python_the_error_lists_what_was_found(tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    fake_python(tmp_path / "active" / "bin" / "python3", **{**WHOLE, "package": "0.0.9"})
    old = fake_python(tmp_path / "old" / "python3", version="3.8.1")
    code = """
        cat(tryCatch(r_to_py(1), error = conditionMessage), "\n--\n")
        Sys.setenv(VIRTUAL_ENV = "")
        Sys.setenv(PATH = "{path}")
        cat(tryCatch(r_to_py(1), error = conditionMessage), "\n--\n")
        print(py_config())
        cat(py_available(TRUE), is.null(py_exe()), 1 + 1)
    """.replace("{path}", f"{bare}:/bin-without")
    path = f"{old.parent}:/usr/bin:/bin"
    more = {**NOTHING, "VIRTUAL_ENV": str(tmp_path / "active"), "R_USER_CACHE_DIR": str(tmp_path)}
    listed, none, rest = output_of(code, cwd=tmp_path, **(more | {"PATH": path})).split("\n--\n")
    first, *bullets = listed.split("\n")
    assert first.startswith("No Python with pyclass_bridge was found: run `pyclassbridge::install")
    assert [line.split(": ")[0] for line in bullets] == ["  - VIRTUAL_ENV", "  - PATH"]
    assert "has pyclass_bridge 0.0.9, and this R package is version" in bullets[0]
    assert "is Python 3.8.1, and pyclass_bridge needs 3.10 to 3.14" in bullets[1]
    assert none == first + " "
    assert "NOTE: No Python with pyclass_bridge was found" in rest
    assert rest.endswith("FALSE TRUE 2")


FAULTS = {
    "missing": "missing = TRUE",
    "no Python": "said = 'nothing'",
    "too old": "version = '3.9.18'",
    "too new": "version = '3.15.0'",
    "of another kind": "version = '3.11.4', implementation = 'pypy'",
    "no libpython": "version = '3.12.1', implementation = 'cpython'",
    "no package": "package = NULL",
    "other version": "package = '0.0.1'",
    "no core": "core = NULL",
    "no numpy": "without = 'numpy'",
    "core for another R": "core = '3.6.3'",
}
WITHIN = (
    "version = '3.11.4', implementation = 'cpython', library = 'l', package = own_version(),"
    " core = as.character(getRversion()), folder = '/env/pyclass_bridge'"
)


def test_each_fault_is_a_sentence_with_its_remedy():
    cases = "\n".join(
        f"say({name!r}, list({facts}){', whole' if 'NULL' in facts or i > 6 else ''})"
        for i, (name, facts) in enumerate(FAULTS.items())
    )
    code = f"""
        local({{
          whole <- list({WITHIN})
          say <- function(name, facts, whole = list()) {{
            whole[names(facts)] <- NULL
            facts <- c(Filter(Negate(is.null), facts), whole)
            facts$program <- "/env/bin/python3"
            facts$rule <- c(facts$rule, "PYCLASS_BRIDGE_PYTHON")[[1]]
            cat("==", name, "\\n")
            cat(fault_of(facts), "\\n", sep = "")
          }}
          {cases}
          say("by install_python_side", list(core = "3.6.3", rule = "install_python_side()"), whole)
          is_of_debian <- function(program) TRUE
          environment(fault_of) <- environment(fault_of_python) <- environment()
          say("no libpython of Debian", list(version = "3.13.1", implementation = "cpython"))
          cat("== right \\n", is.null(fault_of(c(whole, program = "/env/bin/python3"))), sep = "")
        }}, new.env(parent = asNamespace("pyclassbridge")))
    """
    said = output_of(code)
    texts = re.findall(r"== (.*) \n((?:.|\n)*?)(?=\n== |$)", said)
    plain = {name: mended(text) for name, text in texts}
    assert plain.pop("right") == "TRUE"
    assert len(plain) == len(FAULTS) + 2
    error_texts.check("start_sentences", plain)


def mended(text: str) -> str:
    text = re.sub(r"'?/\S*/pyclass_bridge-[\d.]+tar.gz(\[\w+\])?'?", r"ARCHIVE\1", text)
    return re.sub(r"this is R [\d.]+", "this is R X.Y.Z", text).replace(VERSION, "VERSION").strip()


def test_a_checkout_is_built_by_make():
    ask = f"pyclassbridge:::mending_command(list(folder = '{ROOT}/pyclass_bridge', package = '1'))"
    assert output_of(f"cat({ask})") == f"`make -C {ROOT} setup`"


def test_the_supported_versions_are_those_of_the_package():
    text = (ROOT / "pyproject.toml").read_text()
    minors = [int(n) for n in re.findall(r"Python :: 3\.(\d+)", text)]
    assert output_of("cat(pyclassbridge:::python_versions)") == f"3.{min(minors)} 3.{max(minors)}"


@pytest.mark.parametrize("words", [["/bin/true"], ["/bin/cat"], ["/bin/false"], ["/etc/passwd"]])
def test_a_program_that_is_no_python_is_an_error_and_r_goes_on(words):
    code = "cat(tryCatch(r_to_py(1), error = conditionMessage), 1 + 1)"
    said = output_of(code, PYCLASS_BRIDGE_PYTHON=words[0])
    assert said.startswith(f"{words[0]} is no Python that runs (it said: ")
    assert said.endswith(" 2")


def test_the_probe_runs_on_pythons_of_all_versions():
    text = (ROOT / "pyclass_bridge" / "start" / "probe.py").read_text()
    # What Python 2.7 and 3.6 refuse.
    assert not re.search(r"\bf[\"']|annotations|->|:=|nonlocal|\basync\b", text)
    done = subprocess.run(
        [sys.executable, "-", "numpy", "no-such-package>=2"],
        input=text.replace("sys.path.pop(0)", "pass"),
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    facts = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert facts["version"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["prefix"] == sys.prefix
    assert facts["package"] == VERSION
    assert facts["lacks"] == "no-such-package>=2"
    import pyclass_bridge._core as core

    assert facts["core"] == core.BUILT_FOR


def test_an_error_names_what_runs_already():
    """What use_python() names is taken at the first start, and not later."""
    done = run_rscript(
        """
        use_virtualenv("no-such-environment")
        cat(tryCatch(use_python("/no/python", required = TRUE), error = conditionMessage), "\n")
        invisible(r_to_py(1))
        cat(tryCatch(use_python("/other", required = TRUE), error = conditionMessage), "\n")
        use_python("/other")
        use_python(py_exe(), required = TRUE)
        """
    )
    refused, stays = done.stdout.splitlines()
    assert refused == (
        "use_python(): /no/python does not exist: give the path of a Python, or of its "
        "environment. "
    )
    assert stays.startswith("use_python(): Python runs in this R already, so Python ")
    assert stays.endswith("stays; for another one, restart R. ")
    hint, message = done.stderr.splitlines()
    assert "no-such-environment does not exist" in hint
    assert message == stays.strip()
