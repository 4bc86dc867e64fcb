"""The package as pip installs it: each way of installing gives a package that works elsewhere.

The builds run on a copy of the sources, without network: build tools and dependencies are those of
the Python that runs the tests, which each fresh environment sees behind its own packages.

Of: start/sources.py.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.paths import ROOT

from pyclass_bridge.start import embed, r_versions

R = embed.find_r()
SOURCES = [
    "pyproject.toml",
    "setup.py",
    "pytest_pyclass_bridge.py",
    "MANIFEST.in",
    "NAMESPACE",
    "DESCRIPTION",
    "README.md",
    "LICENSE",
]
TREES = ["R", "core", "src", "pyclass_bridge"]


def call(*words, cwd=None, env=None):
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env,
        timeout=600,
    )


def pip(command, *words, python=sys.executable, env=None):
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    start = [sys.executable, "-m", "pip", "--python", python, command]
    return call(*start, *offline, *words, env=env)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of what the build reads, as a fresh checkout has it."""
    copy = tmp_path_factory.mktemp("sources") / "checkout"
    copy.mkdir()
    for name in SOURCES:
        shutil.copy(ROOT / name, copy / name)
    built = shutil.ignore_patterns("*.so", "*.o", "__pycache__")
    for name in TREES:
        shutil.copytree(ROOT / name, copy / name, ignore=built)
    return copy


@pytest.fixture(scope="module")
def wheel(sources, tmp_path_factory):
    target = tmp_path_factory.mktemp("wheel")
    done = pip("wheel", "--wheel-dir", target, sources)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture
def fresh(tmp_path):
    """The Python of a fresh environment, with the dependencies behind its own packages."""
    home = tmp_path / "fresh"
    done = call(sys.executable, "-m", "venv", "--without-pip", home)
    assert done.returncode == 0, done.stderr
    asked = call(home / "bin" / "python", "-c", "import site; print(site.getsitepackages()[0])")
    site = Path(asked.stdout.strip())
    behind = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(behind)) + "\n")
    return home / "bin" / "python"


# The variables of the session of the tests.
OWN = {"PYTHONPATH", "PYCLASS_BRIDGE_PYTHON", "R_LIBS", "R_SESSION_INITIALIZED"}


def import_elsewhere(python, tmp_path):
    """Import the package in another directory: where it is from, its version, what R says, and
    whether a new process of R finds it.

    It must require the rpy2 for this R, whatever the way of installing."""
    code = (
        "import pyclass_bridge, importlib.metadata as m\n"
        "print(pyclass_bridge.__file__)\n"
        "print(m.version('pyclass-bridge'))\n"
        "print(';'.join(r for r in m.requires('pyclass-bridge') if ';' not in r))\n"
        "print(pyclass_bridge.r('1 + 1'))\n"
        'print(pyclass_bridge.r("is.function(pyclassbridge::Callback)"))\n'
        "import subprocess, sys\n"
        "child = 'cat(pyclassbridge::import(\"math\")$sqrt(16), pyclassbridge::py_exe())'\n"
        "done = subprocess.run(['Rscript', '-e', child], capture_output=True, text=True)\n"
        "print(done.stdout.endswith(f'4 {sys.executable}') or done.stderr)\n"
    )
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    done = call(python, "-c", code, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    file, version, required, *said = done.stdout.splitlines()
    rpy2 = r_versions.rpy2_for(R.version).requirements
    assert requirements(required) == requirements(";".join(["numpy", "prompt_toolkit>=3", *rpy2]))
    return [file, version, *said]


def requirements(text):
    return {Requirement(word) for word in text.split(";")}


def test_wheel_holds_the_r_sources_and_the_core(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {name for name in names if name.startswith("pyclass_bridge/rpkg/")}
    scripts = {f"pyclass_bridge/rpkg/R/{path.name}" for path in (ROOT / "R").glob("*.R")}
    assert scripts
    assert shipped == {
        *scripts,
        "pyclass_bridge/rpkg/NAMESPACE",
        "pyclass_bridge/rpkg/DESCRIPTION",
        "pyclass_bridge/rpkg/LICENSE",
    }
    assert "pyclass_bridge/bridge/namespace.R" in names
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    assert f"pyclass_bridge/_core{suffix}" in names
    assert f"pyclass_bridge/_shim{suffix}" in names
    assert not [name for name in names if name.endswith((".c", ".h"))]
    tops = {name.split("/")[0].split("-")[0] for name in names}
    assert tops == {"pyclass_bridge", "pytest_pyclass_bridge.py"}


def test_wheel_holds_what_the_tools_of_a_project_need(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"pyclass_bridge/py.typed", "pyclass_bridge/__init__.pyi"} <= names
    templates = (ROOT / "pyclass_bridge" / "toolbox" / "templates").glob("*.R")
    there = {f"pyclass_bridge/toolbox/templates/{path.name}" for path in templates}
    assert len(there) > 10 and there <= names


def test_wheel_names_the_pythons_and_the_licence(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = archive.read(name).decode()
    assert "\nLicense-Expression: MIT\n" in metadata
    named = re.findall(r"^Classifier: Programming Language :: Python :: 3\.(\d+)$", metadata, re.M)
    assert named == ["10", "11", "12", "13", "14"]
    assert "\nRequires-Python: >=3.10\n" in metadata


def test_core_is_not_linked_with_libr(wheel, tmp_path):
    # Linked with one libR, it would load a second one beside the R that is running.
    zipfile.ZipFile(wheel).extractall(tmp_path)
    (core,) = (tmp_path / "pyclass_bridge").glob("_core*.so")
    (shim,) = (tmp_path / "pyclass_bridge").glob("_shim*.so")
    for library in (core, shim):
        needed = call("objdump", "-p", library).stdout
        assert "NEEDED" in needed
        assert "libR.so" not in needed


def test_wheel_in_a_fresh_environment(wheel, fresh, tmp_path):
    done = pip("install", wheel, python=fresh)
    assert done.returncode == 0, done.stdout + done.stderr
    file, *rest = import_elsewhere(fresh, tmp_path)
    assert Path(file).is_relative_to(fresh.parents[1])
    assert rest == ["0.1.0", "2.0", "True", "True"]
    script = fresh.with_name("pyclass-bridge")
    report = call(script, "doctor", cwd=tmp_path)
    assert report.stdout.splitlines()[-1] == "all is well"
    # pytest finds the plugin, and the plugin the test.
    assert call(script, "new", "callback", "Stop", cwd=tmp_path).returncode == 0
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    found = call(fresh, "-m", "pytest", "--collect-only", "-q", "tests", cwd=tmp_path, env=env)
    assert found.stdout.startswith("tests/test_Stop.R::Stop ends the training below its limit\n")


def test_directory_in_a_fresh_environment(sources, wheel, fresh, tmp_path):
    # What an earlier build has left may be for another R.
    (left,) = (sources / "build").glob("lib*/pyclass_bridge/_core*.so")
    left.write_text("a core for another R")
    done = pip("install", sources, python=fresh)
    assert done.returncode == 0, done.stdout + done.stderr
    file, *rest = import_elsewhere(fresh, tmp_path)
    assert Path(file).is_relative_to(fresh.parents[1])
    assert rest == ["0.1.0", "2.0", "True", "True"]


def test_editable_in_a_fresh_environment(sources, fresh, tmp_path):
    done = pip("install", "--editable", sources, python=fresh)
    assert done.returncode == 0, done.stdout + done.stderr
    file, *rest = import_elsewhere(fresh, tmp_path)
    assert Path(file).is_relative_to(sources)
    assert rest == ["0.1.0", "2.0", "True", "True"]


@pytest.mark.parametrize("version", ["4.2.2", "4.4.3", "4.5.0", "4.6.2"])
def test_the_rpy2_that_is_required_is_that_for_the_r_of_the_build(sources, tmp_path, version):
    home = tmp_path / "R-home"
    (home / "library" / "base").mkdir(parents=True)
    (home / "library" / "base" / "DESCRIPTION").write_text(f"Package: base\nVersion: {version}\n")
    (home / "bin").mkdir()
    (home / "bin" / "R").write_text(
        f'#!/bin/sh\nR_INCLUDE_DIR={R.headers}\nunset R_HOME\nexec {R.home}/bin/R "$@"\n'
    )
    (home / "bin" / "R").chmod(0o755)
    (home / "lib").mkdir()
    (home / "lib" / R.libr.name).touch()
    (tmp_path / "made").mkdir()
    code = (
        "import sys\nfrom setuptools import build_meta\n"
        "print(build_meta.prepare_metadata_for_build_wheel(sys.argv[1]))"
    )
    env = {**os.environ, "R_HOME": str(home)}
    done = call(sys.executable, "-c", code, tmp_path / "made", cwd=sources, env=env)
    assert done.returncode == 0, done.stderr
    metadata = (tmp_path / "made" / done.stdout.splitlines()[-1] / "METADATA").read_text()
    rpy2 = re.findall("^Requires-Dist: (rpy2.*)$", metadata, re.MULTILINE)
    expected = r_versions.rpy2_for(version).requirements
    assert requirements(";".join(rpy2)) == requirements(";".join(expected))


def test_build_without_r_ends_with_the_sentence(sources, tmp_path):
    env = {**os.environ, "R_HOME": str(tmp_path / "nowhere")}
    done = pip("wheel", "--wheel-dir", tmp_path, sources, env=env)
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"R_HOME is set to {tmp_path}/nowhere, which does not exist: unset R_HOME" in text
    assert "Traceback" not in text
