"""Set-up from a fresh checkout: what `make` and the continuous integration would run, what the
install script says where it can't install, and that the demo does what it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from support import r_host
from support.paths import ROOT

INSTALL = ROOT / "tools" / "install_system.sh"
CI = ROOT / ".ci" / "run"
PNG = b"\x89PNG\r\n\x1a\n"


def run(*words, cwd=ROOT, timeout=60, **env) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=timeout,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize(("shell", "script"), [("sh", INSTALL), ("bash", CI)])
def test_scripts_parse(shell, script):
    done = run(shell, "-n", script)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_continuous_integration_runs_all_tests(tmp_path):
    log = tmp_path / "log"
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\necho "$PWD $*" >> {log}\n')
    make.chmod(0o755)
    done = run(CI, cwd=tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert f"{ROOT} test" in log.read_text().splitlines()


def test_the_continuous_integration_fails_with_make(tmp_path):
    (tmp_path / "make").symlink_to(shutil.which("false"))
    assert run(CI, PATH=f"{tmp_path}:{os.environ['PATH']}").returncode != 0


ON = "^(KERAS_BACKEND=jax )?"  # where there is no TensorFlow


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("demo", ON + r"\.venv/bin/pyclass-bridge run examples/quickstart\.R$"),
        (
            "demo-r",
            ON + r".*PYCLASS_BRIDGE_PYTHON=\.venv/bin/python Rscript examples/quickstart\.R$",
        ),
        ("test", ON + r"\.venv/bin/python -m pytest\b"),
    ],
)
def test_one_target_does_all_that_it_needs(target, command):
    """System, environment, package, then the command, as on a fresh checkout."""
    done = run("make", "--dry-run", "--always-make", target, MAKEFLAGS="", MAKELEVEL="")
    assert done.returncode == 0, done.stderr
    steps = [r"tools/install_system\.sh demo", r"-m venv \.venv$", r"--editable", command]
    at = [re.search(step, done.stdout, re.MULTILINE) for step in steps]
    assert all(at), done.stdout
    assert [found.start() for found in at] == sorted(found.start() for found in at)


@pytest.fixture
def made(tmp_path):
    """A checkout whose environment is made, with an R 4.4.3, and what `make` asks pip for there."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    description = "R-home/library/base/DESCRIPTION"
    files = [
        "pyproject.toml",
        "setup.py",
        "pyclass_bridge/start/r_versions.py",
        "core/call.c",
        "tools/install_system.sh",
        description,
        ".venv/stamps/system",
        ".venv/stamps/venv",
        ".venv/stamps/backend",
    ]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".venv/stamps/backend").write_text("tensorflow\n")

    def after(change="", r="4.4.3"):
        for path in tmp_path.rglob("*"):
            os.utime(path, (1, 1))
        if change:
            os.utime(tmp_path / change)
        (tmp_path / description).write_text(f"Package: base\nVersion: {r}\n")
        environment = {"R_HOME": str(tmp_path / "R-home"), "MAKEFLAGS": "", "MAKELEVEL": ""}
        done = run("make", "PIP=@echo pip", ".venv/stamps/core", cwd=tmp_path, **environment)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if line.startswith("pip")]

    assert after() == [WITH_REQUIREMENTS]
    assert after() == []
    return after


WITH_REQUIREMENTS = "pip --editable .[tensorflow,test]"
CORE_ALONE = "pip --no-build-isolation --no-deps --editable ."


def test_make_builds_the_core_when_its_sources_change(made):
    assert made("core/call.c") == [CORE_ALONE]


@pytest.mark.parametrize(
    "file", ["pyproject.toml", "setup.py", "pyclass_bridge/start/r_versions.py"]
)
def test_make_asks_for_the_requirements_when_what_says_them_changes(made, file):
    assert made(file) == [WITH_REQUIREMENTS]


def test_make_asks_for_the_requirements_of_another_r(made):
    assert made(r="4.6.1") == [WITH_REQUIREMENTS]
    assert made(r="4.6.2") == []


@pytest.mark.parametrize(
    ("found", "backend", "command"),
    [
        ("tensorflow|jax", "tensorflow", "^.venv/bin/pyclass-bridge run"),
        ("jax", "jax", "^KERAS_BACKEND=jax .venv/bin/pyclass-bridge run"),
    ],
)
def test_the_backend_is_what_pip_finds_for_this_python(made, tmp_path, found, backend, command):
    environment = {"R_HOME": str(tmp_path / "R-home"), "MAKEFLAGS": "", "MAKELEVEL": ""}
    environment["KERAS_BACKEND"] = ""
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir()
    python.write_text(f"""#!/bin/sh
for package; do :; done
case "$package" in ({found}) ;; (*) exit 1 ;; esac
""")
    python.chmod(0o755)
    (tmp_path / ".venv/stamps/backend").unlink()
    done = run("make", "PIP=@echo pip", ".venv/stamps/core", cwd=tmp_path, **environment)
    assert f"pip --editable .[{backend},test]" in done.stdout.splitlines(), done.stderr
    done = run("make", "--dry-run", "demo", cwd=tmp_path, **environment)
    assert re.search(command, done.stdout, re.MULTILINE), done.stdout
    environment["KERAS_BACKEND"] = "torch"  # what the user says holds
    done = run("make", "--dry-run", "test", cwd=tmp_path, **environment)
    assert re.search(r"^\s*\.venv/bin/python -m pytest\b", done.stdout, re.MULTILINE), done.stdout


def test_ultralytics_has_an_environment_of_its_own():
    done = run("make", "--dry-run", "--always-make", "ultralytics", MAKEFLAGS="", MAKELEVEL="")
    assert done.returncode == 0, done.stderr
    steps = [r"-m venv \.venv-ultralytics$", "torch==", "--no-deps torchvision"]
    steps.append(r"^\.venv-ultralytics/bin/python -m pytest .*tests/ultralytics$")
    assert [step for step in steps if not re.search(step, done.stdout, re.M)] == []
    assert ".venv/" not in done.stdout


def test_engines_have_an_environment_of_their_own():
    done = run("make", "--dry-run", "--always-make", "engines", MAKEFLAGS="", MAKELEVEL="")
    assert done.returncode == 0, done.stderr
    steps = [r"-m venv \.venv-engines$", "torch==", r"'\.\[jax,ray\]' 'dask\[distributed\]'"]
    steps.append(r"\.venv-engines/bin/python -m pytest .*tests/engines ")
    assert [step for step in steps if not re.search(step, done.stdout, re.M)] == []
    assert done.stdout.index("torch==") < done.stdout.index("dask[")
    assert ".venv/" not in done.stdout


def test_the_matrix_goes_from_r_alone_to_a_trained_model():
    text = (ROOT / "tools" / "matrix.sh").read_text()
    commands = re.search(r"^host_commands\(\).*?^COMMANDS$", text, re.M | re.S)[0]
    steps = ["R CMD INSTALL .", "pyclassbridge::install_python_side()", "Rscript examples/quickst"]
    assert [commands.index(step) for step in steps] == sorted(commands.index(s) for s in steps)
    assert "PYCLASS_BRIDGE_PYTHON" not in commands
    assert '"make demo demo-r && make test ARGS=' in text


def test_without_apt_one_sentence_says_what_to_install(tmp_path):
    for tool in ("sh", "cc", "env", "id"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = run(tmp_path / "sh", INSTALL, "demo", PATH=str(tmp_path), PYTHON=sys.executable)
    assert done.returncode == 1
    assert done.stdout + done.stderr == (
        "Install R with what is needed to build against it with this system's package manager, "
        "and run make again.\n"
    )


@pytest.mark.parametrize("host", ["Python", "R"])
def test_the_demo(tmp_path, host):
    script = ROOT / "examples" / "quickstart.R"
    if host == "R":
        done = run("Rscript", script, cwd=tmp_path, timeout=300, **r_host.environment())
        # Nothing of TensorFlow's own log.
        assert done.stderr == ""
    else:
        done = run(sys.executable, "-m", "pyclass_bridge", "run", script, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "Epoch 1/30" in done.stdout
    assert re.search(r"^ *epoch +loss +val_loss +accuracy .* best *$", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^ *\d+( +[\d.]+)+ +<-$", done.stdout, re.MULTILINE)) == 1
    (picture,) = tmp_path.iterdir()
    assert picture.read_bytes().startswith(PNG)
    assert picture.stat().st_size > 1000
