"""What `doctor` tells of a machine, and that Keras is missed when it is first needed.

The sentences on R and rpy2, which the import says too, are in test_broken_setup.py.
"""

import platform
import sys
import sysconfig

import pytest
from support.machines import Machine

from pyclass_bridge.start import broken_setup, doctor, embed, r_versions

R = embed.find_r()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_sound_machine_is_well(machine):
    report = machine.run("-m", "pyclass_bridge", "doctor")
    facts = dict(line.split("  ", 1) for line in report.stdout.splitlines() if "  " in line)
    facts = {part: finding.strip() for part, finding in facts.items()}
    assert report.stdout.splitlines()[-1] == "all is well"
    assert report.returncode == 0
    assert facts["R"] == R.version
    assert facts["R_HOME"] == str(R.home)
    assert facts["libR"] == str(R.libr)
    assert facts["Python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert f"rpy2=={facts['rpy2']}" in r_versions.rpy2_for(R.version).requirements
    assert facts["_core"].startswith(f"built for R {R.series}")
    assert facts["Keras"].startswith("3.")
    assert facts["Keras backend"].startswith("tensorflow 2.")
    assert facts["Keras backend"].endswith("(the default)")


def test_doctor_tells_that_an_r_is_untested(monkeypatch):
    monkeypatch.setattr(r_versions, "TESTED_R", ((4, 0), (4, 1)))
    facts = dict(doctor.examine().facts)
    assert facts["R"] == (
        f"{R.version}, newer than what pyclass_bridge is tested with, which is R 4.0 to 4.1"
    )


def no_keras(m):
    m.at_start("sys.modules['keras'] = None")
    return (
        'Keras is not installed: run `pip install "pyclass-bridge[tensorflow]"` (or [jax], or '
        "[torch])."
    )


def keras_too_old(m):
    m.distribution("keras", "2.15.0")
    return (
        'Keras 2.15.0 is installed and pyclass_bridge needs Keras 3: run `pip install "keras>=3"`.'
    )


def backend_of_the_variable_is_missing(m):
    m.env["KERAS_BACKEND"] = "torch"
    m.at_start("sys.modules['torch'] = None")
    return (
        "Keras is set to the backend 'torch' (by KERAS_BACKEND), which is not installed: run "
        '`pip install "pyclass-bridge[torch]"`, or set KERAS_BACKEND to a backend that is.'
    )


def backend_of_the_file_is_missing(m):
    (m.tmp / "keras").mkdir()
    config = m.tmp / "keras" / "keras.json"
    config.write_text('{"backend": "jax"}')
    m.at_start("sys.modules['jax'] = None")
    return (
        f"Keras is set to the backend 'jax' (by {config}), which is not installed: run "
        '`pip install "pyclass-bridge[jax]"`, or set KERAS_BACKEND to a backend that is.'
    )


def default_backend_is_missing(m):
    m.at_start("sys.modules['tensorflow'] = None")
    return (
        "Keras is set to the backend 'tensorflow' (by the default), which is not installed: run "
        '`pip install "pyclass-bridge[tensorflow]"`, or set KERAS_BACKEND to a backend that is.'
    )


KERAS_STATES = [
    no_keras,
    keras_too_old,
    backend_of_the_variable_is_missing,
    backend_of_the_file_is_missing,
    default_backend_is_missing,
]


@pytest.mark.parametrize("state", KERAS_STATES, ids=lambda state: state.__name__)
def test_keras_is_missed_when_it_is_first_needed(machine, state):
    expected = state(machine)

    code = "import pyclass_bridge; from pyclass_bridge.start import doctor; doctor.require_keras()"
    needed = machine.run("-c", code)
    last = needed.stderr.strip().splitlines()[-1]
    assert last == f"pyclass_bridge.start.broken_setup.BrokenSetup: {expected}"
    assert needed.stderr.count("Traceback") == 1

    report = machine.run("-m", "pyclass_bridge", "doctor")
    assert report.returncode == 1
    assert report.stdout.splitlines()[-1] == expected


def test_keras_that_fails_to_import_keeps_its_cause(machine):
    (machine.site / "keras").mkdir()
    (machine.site / "keras" / "__init__.py").write_text("raise RuntimeError('no\\nluck')\n")
    code = "import pyclass_bridge; from pyclass_bridge.start import doctor; doctor.require_keras()"
    last = machine.run("-c", code).stderr.strip().splitlines()[-1]
    assert "with the backend 'tensorflow' cannot be imported (RuntimeError: no luck)" in last


def test_doctor_imports_neither_keras_nor_a_backend(machine):
    code = """
import sys
sys.argv[0] = "pyclass-bridge"
from pyclass_bridge.start import doctor
print(doctor.examine().problems)
print(sorted({"keras", "tensorflow", "jax", "torch", "rpy2.rinterface"} & set(sys.modules)))
"""
    assert machine.run("-c", code).stdout.splitlines() == ["[]", "[]"]


def test_doctor_tries_the_import_with_the_options_of_its_own_python(machine):
    # A Python with a GIL knows no -X gil=0.
    machine.at_start("sys._is_gil_enabled = lambda: 'no_gil' not in sys._xoptions")
    assert machine.run("-m", "pyclass_bridge", "doctor").returncode == 0
    report = machine.run("-X", "no_gil=1", "-m", "pyclass_bridge", "doctor")
    assert report.stdout.splitlines()[-1] == broken_setup.sentence("no_gil")


def test_doctor_tells_of_a_free_threaded_python(monkeypatch):
    version = platform.python_version()
    monkeypatch.setattr(sysconfig, "get_config_var", {"Py_GIL_DISABLED": 0}.get)
    assert doctor.python_version() == version
    monkeypatch.setattr(sysconfig, "get_config_var", {"Py_GIL_DISABLED": 1}.get)
    assert doctor.python_version() == (
        f"{version} (free-threaded, and the import switches the GIL on)"
    )


def test_several_problems_are_all_reported(machine):
    machine.env["R_HOME"] = str(machine.home)
    machine.at_start("sys.modules['keras'] = None")
    report = machine.run("-m", "pyclass_bridge", "doctor")
    problems = report.stdout.split("\n\n")[1].splitlines()
    assert [problem.split()[0] for problem in problems] == ["R_HOME", "Keras"]
