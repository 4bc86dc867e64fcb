"""No compiler that is here warns of anything in the core, and the core names in one file alone what
is private in Python.

The build is setup.py's own, with its flags, into a directory of the test. Only the continuous
integration makes errors of warnings.

Of: core/py_api.h.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

CORE = ROOT / "core"
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]


def build(compiler, target):
    command = [sys.executable, "setup.py", "build_ext", "--build-lib", target / "lib"]
    command += ["--build-temp", target / "temp"]
    environment = {**os.environ, "CC": compiler, "LDSHARED": f"{compiler} -shared"}
    environment["PYCLASS_BRIDGE_STRICT"] = "1"
    if compiler == "gcc":
        # Else what the optimiser finds, such as a variable without a value, is left to the linker,
        # which has forgotten what to warn of.
        environment["CFLAGS"] = "-ffat-lto-objects"
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=600
    )
    return done.returncode, done.stdout + done.stderr


def compilations(output):
    """The words of each command that compiled a C file, by the file's name."""
    commands = [line.split() for line in output.splitlines() if re.search(r" -c \S+\.c\b", line)]
    return {Path(words[words.index("-c") + 1]).name: words for words in commands}


def test_a_compiler_is_there():
    assert COMPILERS


@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_compiler_warns(compiler, tmp_path):
    status, output = build(compiler, tmp_path)
    assert status == 0, output
    # Of the number of its jobs the linker says something about the machine, not about the core.
    warnings = [line for line in output.splitlines() if "warning:" in line]
    assert [line for line in warnings if not line.startswith("lto-wrapper")] == []
    commands = compilations(output)
    assert set(commands) == {path.name for path in CORE.glob("*.c")} | {"shim.c"}
    for words in commands.values():
        assert words[0] == compiler
        assert {"-Wall", "-Wextra", "-Werror", "-O2"} <= set(words)


def test_a_warning_does_not_keep_a_user_from_installing():
    code = (
        "import setuptools, sys\nfrom distutils.core import run_setup\n"
        "print(run_setup('setup.py', stop_after='init').ext_modules[0].extra_compile_args)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYCLASS_BRIDGE_STRICT"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "'-Wall'" in done.stdout
    assert "-Werror" not in done.stdout


def test_what_is_private_in_python_is_named_in_one_file():
    private = re.compile(r"\b_Py\w+|\bPyUnstable_\w+|\btp_version_tag\b|\bPY_VERSION_HEX\b")
    found = {
        path.name: private.findall(path.read_text())
        for path in [*CORE.glob("*.c"), *CORE.glob("*.h")]
    }
    assert found.pop("py_api.h")
    assert {name: names for name, names in found.items() if names} == {}
