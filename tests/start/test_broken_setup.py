"""Each broken state of a machine: the import and `doctor` say the same sentence, and nothing else.

Also of: start/embed.py.
"""

import importlib.metadata
import json
import sys
import types

import pytest
from support.machines import Machine
from support.paths import ROOT

from pyclass_bridge.start import broken_setup, embed, r_versions

R = embed.find_r()
RPY2 = r_versions.rpy2_words(R.version)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


NO_RINTERFACE_VERSION = """
import importlib.metadata as metadata
version = metadata.version
def without_rinterface(name):
    if name == "rpy2-rinterface":
        raise metadata.PackageNotFoundError(name)
    return version(name)
metadata.version = without_rinterface
"""


# rpy2.rinterface, imported, is that of another version.
WITHOUT_RLOCK = """
import importlib
import_module = importlib.import_module
def import_other(name, package=None):
    module = import_module(name, package)
    if name == "rpy2.rinterface":
        sys.modules["rpy2.rinterface_lib.openrlib"].__dict__.pop("rlock", None)
    return module
importlib.import_module = import_other
"""


def no_r(m):
    m.env["PATH"] = str(m.site)
    return "R was not found (R_HOME is not set and no R is on PATH): install R 4.1 or newer"


def r_program_is_silent(m):
    m.env["PATH"] = str(m.site)
    program = m.site / "R"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return f"{program} does not say where R lives (`R RHOME` printed ''): reinstall R"


def r_home_does_not_exist(m):
    m.env["R_HOME"] = str(m.home)
    return f"R_HOME is set to {m.home}, which does not exist: unset R_HOME"


def r_home_holds_no_r(m):
    m.env["R_HOME"] = str(m.site)
    return f"R_HOME is set to {m.site}, which holds no R (there is no library/base in it)"


def r_too_old(m):
    m.fake_r(version="3.6.3")
    return f"R 3.6.3 in {m.home} is too old: install R 4.1 or newer."


def r_without_libr(m):
    m.fake_r(libr=False)
    return f"R 4.4.3 in {m.home} has no shared library ({m.home}/lib/libR.so is missing)"


def r_without_headers(m):
    m.fake_r(headers=False)
    return f"R 4.4.3 in {m.home} has no C headers ({m.home}/headers/Rinternals.h is missing)"


def rinterface_too_new(m):
    m.fake_r()
    m.distribution("rpy2-rinterface", "3.6.7")
    return (
        "rpy2-rinterface 3.6.7 does not load on R 4.4.3, which takes 3.6.4 or newer, but older "
        'than 3.6.6: run `pip install "rpy2==3.6.5" "rpy2-rinterface>=3.6.4,<3.6.6"`.'
    )


def rinterface_too_old(m):
    m.fake_r(version="4.6.2")
    m.distribution("rpy2-rinterface", "3.6.5")
    return (
        "rpy2-rinterface 3.6.5 does not load on R 4.6.2, which takes 3.6.7 or newer: run "
        '`pip install "rpy2==3.6.9" "rpy2-rinterface==3.6.7"`.'
    )


def rinterface_lacks_a_symbol_and_a_version(m):
    m.at_start(NO_RINTERFACE_VERSION)
    m.fake_rpy2("_rinterface_cffi_api.so: undefined symbol: R_getVar")
    return (
        f"rpy2-rinterface of an unknown version does not load on R {R.version}, which takes "
        f"{r_versions.loading(R.version)}: run `pip install {RPY2}`."
    )


def rinterface_was_built_for_another_r(m):
    m.fake_rpy2("_rinterface_cffi_api.so: undefined symbol: STDVEC_DATAPTR")
    return (
        "rpy2 cannot be loaded into this Python (_rinterface_cffi_api.so: undefined symbol: "
        f"STDVEC_DATAPTR): rebuild it for R {R.version} with `pip install --force-reinstall "
        f"--no-deps --no-cache-dir {RPY2}`."
    )


def rpy2_lacks_a_name(m):
    m.at_start(WITHOUT_RLOCK)
    return (
        f"rpy2-rinterface {embed.rinterface_version()} lacks rpy2.rinterface_lib.openrlib.rlock, "
        "which pyclass_bridge needs (3.6.4, 3.6.5, 3.6.7 are known to work): run "
        f"`pip install {RPY2}`."
    )


def rpy2_is_missing(m):
    m.at_start("sys.modules['rpy2'] = None")
    return f"rpy2 is not installed: run `pip install {RPY2}`."


def rpy2_does_not_load(m):
    m.fake_rpy2("no cffi\n here")
    return (
        f"rpy2 cannot be loaded into this Python (no cffi here): rebuild it for R {R.version} with "
        f"`pip install --force-reinstall --no-deps --no-cache-dir {RPY2}`."
    )


def libr_is_no_library(m):
    m.fake_r(version=R.version)  # another one may need another rpy2
    return f"R's shared library {m.home}/lib/libR.so cannot be loaded ("


def core_is_missing(m):
    m.at_start("sys.modules['pyclass_bridge._core'] = None")
    return "The compiled part of pyclass_bridge (pyclass_bridge._core) is missing: build it"


def core_is_for_another_r(m):
    m.at_start(
        "core = sys.modules['pyclass_bridge._core'] = types.ModuleType('pyclass_bridge._core')\n"
        "core.BUILT_FOR = '3.0'"
    )
    return (
        f"The compiled part of pyclass_bridge was built for R 3.0 and this is R {R.version}: "
        f"rebuild it with `{broken_setup.rebuild_command()}`."
    )


def the_gil_is_kept_off(m):
    m.at_start("sys._is_gil_enabled = lambda: False")
    return (
        "The GIL of this Python is kept off (by PYTHON_GIL=0 or -X gil=0), and pyclass_bridge is "
        "not safe without it: start Python without that setting, and the import switches it on."
    )


STATES = [
    no_r,
    r_program_is_silent,
    r_home_does_not_exist,
    r_home_holds_no_r,
    r_too_old,
    r_without_libr,
    r_without_headers,
    rinterface_too_new,
    rinterface_too_old,
    rinterface_lacks_a_symbol_and_a_version,
    rinterface_was_built_for_another_r,
    rpy2_lacks_a_name,
    rpy2_is_missing,
    rpy2_does_not_load,
    libr_is_no_library,
    core_is_missing,
    core_is_for_another_r,
    the_gil_is_kept_off,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_import_and_doctor_say_the_same_sentence(machine, state):
    expected = state(machine)

    imported = machine.run("-c", "import pyclass_bridge")
    last = imported.stderr.strip().splitlines()[-1]
    error, _, sentence = last.partition(": ")
    assert imported.returncode == 1
    assert error == "pyclass_bridge.start.broken_setup.BrokenSetup"
    assert sentence.startswith(expected)
    assert sentence.endswith(".")
    assert imported.stderr.count("Traceback") == 1
    assert "rpy2/" not in imported.stderr

    report = machine.run("-m", "pyclass_bridge", "doctor")
    assert report.returncode == 1
    assert report.stderr == ""
    assert report.stdout.splitlines()[-1] == sentence
    assert "all is well" not in report.stdout


def test_an_r_newer_than_any_that_is_tested_starts_with_one_warning(machine):
    script = machine.tmp / "script.py"
    script.write_text(
        "import sys\nsys.argv[0] = 'pyclass-bridge'\n"
        "from pyclass_bridge.start import r_versions\nr_versions.TESTED_R = ((4, 0), (4, 1))\n"
        "sys.argv[0] = 'script.py'\ndel sys.modules['pyclass_bridge']\n"
        "import pyclass_bridge\npyclass_bridge.source\n"
        "from pyclass_bridge import session\nfrom pyclass_bridge.start import embed\n"
        "session.start()\nembed.start_r()\nprint(pyclass_bridge.r('1 + 1'))"
    )
    done = machine.run(script)
    assert (done.returncode, done.stdout) == (0, "2.0\n"), done.stderr
    assert done.stderr.count("UserWarning") == 1
    assert done.stderr.splitlines() == [
        f"{script}:7: UserWarning: R {R.version} is newer than what pyclass_bridge is tested with, "
        "which is R 4.0 to 4.1.",
        "  import pyclass_bridge",
    ]


def test_r_that_ends_the_process_at_start_is_a_sentence(machine):
    profile = machine.tmp / "profile.R"
    profile.write_text("cat('\\nprofile says no\\n', file = stderr()); quit(status = 7)\n")
    machine.env["R_PROFILE_USER"] = str(profile)
    report = machine.run("-m", "pyclass_bridge", "doctor")
    assert report.returncode == 1
    assert report.stdout.splitlines()[-1].startswith(
        f"R {R.version} in {R.home} does not start inside Python (profile says no)"
    )


def test_broken_setup_is_an_import_error_that_names_its_kind():
    error = broken_setup.BrokenSetup("no_core")
    assert isinstance(error, ImportError)
    assert error.kind == "no_core"
    assert str(error) == broken_setup.sentence("no_core")


def origin(**facts):
    return json.dumps(facts)


AGAIN = "pip install --force-reinstall --no-deps --no-cache-dir"
FROM_INDEX = f"{AGAIN} --no-binary pyclass-bridge pyclass-bridge"


@pytest.mark.parametrize(
    ("direct_url", "command"),
    [
        (None, FROM_INDEX),
        (origin(url="file://DIR", dir_info={}), f"{AGAIN} DIR"),
        (origin(url="file://DIR%20b", dir_info={}), f"{AGAIN} 'DIR b'"),
        (
            origin(url="file://DIR", dir_info={"editable": True}),
            "pip install --no-deps --editable DIR",
        ),
        (origin(url="file:///gone", dir_info={}), FROM_INDEX),
        (origin(url="https://x/y.git", vcs_info={"vcs": "git"}), f'{AGAIN} "git+https://x/y.git"'),
        (origin(url="file:///x/y.whl", archive_info={}), FROM_INDEX),
        (origin(url="https://x/y.tar.gz", archive_info={}), f"{AGAIN} https://x/y.tar.gz"),
    ],
)
def test_the_core_is_rebuilt_from_where_it_came(monkeypatch, tmp_path, direct_url, command):
    monkeypatch.setattr(broken_setup, "_checkout", lambda: None)
    for name in ("d", "d b"):
        (tmp_path / name).mkdir()
    text = direct_url and direct_url.replace("DIR", f"{tmp_path}/d")
    distribution = types.SimpleNamespace(read_text=lambda name: text)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: distribution)
    assert broken_setup.rebuild_command() == command.replace("DIR", f"{tmp_path}/d")


def test_the_core_of_a_checkout_with_its_own_environment_is_rebuilt_by_make(monkeypatch, tmp_path):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(broken_setup, "_checkout", lambda: str(tmp_path))
    text = origin(url=f"file://{tmp_path}", dir_info={"editable": True})
    distribution = types.SimpleNamespace(read_text=lambda name: text)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: distribution)
    monkeypatch.setattr(sys, "prefix", f"{tmp_path}/.venv")
    assert broken_setup.rebuild_command() == f"make -C {tmp_path} setup"


def test_the_core_that_is_not_installed_is_rebuilt_from_an_index(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    monkeypatch.setattr(broken_setup, "_checkout", lambda: None)
    assert broken_setup.rebuild_command() == FROM_INDEX


@pytest.mark.parametrize("direct_url", [None, origin(url="file:///gone", dir_info={})])
def test_the_core_of_a_checkout_that_is_not_built_is_built_by_make_setup(monkeypatch, direct_url):
    distribution = types.SimpleNamespace(read_text=lambda name: direct_url)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: distribution)
    command = f"make -C {ROOT} setup"
    assert broken_setup.rebuild_command() == command
    assert broken_setup.sentence("no_core").endswith(f"is missing: build it with `{command}`.")


def test_the_rpy2_of_a_checkout_that_is_not_built_is_installed_by_make_setup(monkeypatch, tmp_path):
    monkeypatch.setattr(broken_setup, "_checkout", lambda: str(tmp_path))
    sentence = broken_setup.sentence("no_rpy2", rpy2="rpy2")
    assert sentence == f"rpy2 is not installed: run `make -C {tmp_path} setup`."


def test_the_core_of_a_checkout_in_another_environment_is_rebuilt_by_pip(monkeypatch):
    text = origin(url=f"file://{ROOT}", dir_info={"editable": True})
    distribution = types.SimpleNamespace(read_text=lambda name: text)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: distribution)
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    assert broken_setup.rebuild_command() == f"pip install --no-deps --editable {ROOT}"


@pytest.mark.parametrize("kind", broken_setup.SENTENCES)
def test_every_text_is_one_sentence_with_a_remedy(kind):
    names = "home program printed version oldest libr include reason rinterface built_for"
    names += " backend source requirement running loading rpy2 missing tried"
    text = broken_setup.sentence(kind, **dict.fromkeys(names.split(), "x"))
    assert text.endswith(".")
    assert ": " in text
    assert "\n" not in text
