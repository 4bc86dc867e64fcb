"""install_python_side(): what it says and does, and that a run that fails leaves what was there.

The programs are made up (support/fake_python.py); the true run is `make matrix ARGS=host`.

Of: R/start_install.R, R/start_environment.R.
"""

from __future__ import annotations

import pytest
from support.fake_python import BASE, VERSION, WHOLE, fake_python, lines
from support.r_host import Terminal, output_of, run_rscript

ARCHIVE = f"python/pyclass_bridge-{VERSION}.tar.gz"


@pytest.fixture
def machine(tmp_path):
    """A machine whose only Python is made up."""
    fake_python(tmp_path / "bin" / "python3", **BASE)
    return Machine(tmp_path)


class Machine:
    def __init__(self, root):
        self.root, self.bin = root, root / "bin"
        self.managed = root / "cache" / "R" / "pyclassbridge" / "python"

    def run(self, code="install_python_side()"):
        path = f"{self.bin}:/usr/bin:/bin"
        names = ("PYCLASS_BRIDGE_PYTHON", "RETICULATE_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX")
        more = dict.fromkeys(names, "") | {"PATH": path, "R_USER_CACHE_DIR": f"{self.root}/cache"}
        return run_rscript(code, cwd=self.root, **more)

    def asked(self):
        """The commands since the last call, but for the questions of the probe."""
        file = self.bin / "asked"
        said = [line for line in file.read_text().splitlines() if "probe.py" not in line]
        file.write_text("")
        return said

    def environments(self):
        return sorted(path.name for path in self.managed.iterdir() if path.is_dir())


def test_it_says_what_it_does_and_shows_progress(machine):
    done = machine.run()
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    (name,) = machine.environments()
    assert said[:4] == [
        "install_python_side()",
        f"  takes     Python 3.11.1 ({machine.bin}/python3)",
        f"  makes     {machine.managed}/{name}",
        said[3],
    ]
    assert said[3].startswith(f"  installs  pyclass_bridge {VERSION}, compiled for R ")
    assert "Keras, tensorflow (or jax, if" in said[3]
    assert said[4] == "  downloads about 700 MB, which takes some minutes"
    assert said[5:8] == ["Making the environment ...", "Updating pip ...", "Installing ..."]
    assert said[8].startswith("The Python side is ready: Python 3.11.1 (")
    tenths = ["     20 % of 200 MB", "     50 % of 200 MB", "    100 % of 200 MB"]
    assert done.stdout.splitlines() == ["  Downloading something.whl (200 MB)", *tenths]
    venv, pip, *_, install = machine.asked()
    assert venv == f"-m venv {machine.managed}/{name}"
    assert pip.endswith("install --quiet --upgrade pip")
    assert "pyclass-bridge[tensorflow] @ file:///" in install
    assert install.endswith(ARCHIVE)
    shown = machine.run("cat(py_config()$rule, py_exe())").stdout
    assert shown == f"install_python_side() {machine.managed}/{name}/bin/python3"


def test_it_asks_where_somebody_can_answer(machine):
    names = ("PYCLASS_BRIDGE_PYTHON", "RETICULATE_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX")
    path = f"{machine.bin}:/usr/bin:/bin"
    more = dict.fromkeys(names, "") | {"PATH": path, "R_USER_CACHE_DIR": f"{machine.root}/cache"}
    terminal = Terminal(**more)
    shown = terminal.ask("install_python_side()", r"Go on\? \[Y/n\] $")
    assert f"takes     Python 3.11.1 ({machine.bin}/python3)" in shown
    assert "Nothing was done." in terminal.ask("n")
    assert terminal.quit() == 0
    assert not machine.managed.exists()


def test_running_it_again_does_nothing(machine):
    machine.run()
    machine.asked()
    again = machine.run()
    assert again.stderr.startswith("The Python side is there: Python 3.11.1 (")
    assert machine.asked() == []


def test_what_is_lacking_is_added_in_place(machine):
    machine.run()
    before = machine.environments()
    machine.asked()
    done = machine.run("install_python_side(extras = 'jax', packages = 'pandas')")
    assert f"  changes   {machine.managed}/{before[0]}" in done.stderr
    *_, last = machine.asked()
    assert "pyclass-bridge[jax] @" in last
    assert last.endswith(" pandas")
    assert machine.environments() == before


def test_another_version_of_the_package_is_compiled_anew(machine):
    machine.run()
    (name,) = machine.environments()
    facts = machine.managed / name / "bin" / "facts"
    facts.write_text(lines({**WHOLE, "package": "0.0.1"}))
    machine.asked()
    shown = machine.run("print(py_config())").stdout
    assert "install_python_side(): " in shown
    assert "run `pyclassbridge::install_python_side()`" in shown
    assert machine.run().returncode == 0
    compiled = [words for words in machine.asked() if "--force-reinstall --no-deps" in words]
    assert len(compiled) == 1
    assert machine.environments() == [name]


def test_a_run_that_fails_leaves_the_older_environment(machine):
    machine.run()
    before = machine.environments()
    (machine.bin / "broken").touch()
    other = fake_python(
        machine.root / "other" / "python3.12", machine.bin, **{**BASE, "version": "3.12.3"}
    )
    done = machine.run(f"install_python_side('{other}')")
    assert done.returncode == 1
    assert "no such wheel" in done.stdout
    assert "Installing failed with status 3; the lines above say why." in done.stderr
    assert "The environment that was there is as it was." in done.stderr
    assert machine.environments() == before
    assert machine.run("cat(py_config()$rule)").stdout == "install_python_side()"


def test_a_first_run_that_fails_leaves_nothing(machine):
    (machine.bin / "broken").touch()
    done = machine.run("try(install_python_side()); cat(1 + 1)")
    assert "Installing failed with status 3" in done.stderr
    assert done.stdout.endswith("2")
    assert machine.environments() == []
    (machine.bin / "broken").unlink()
    assert machine.run().returncode == 0
    assert len(machine.environments()) == 1


def test_it_is_removed(machine):
    machine.run()
    assert "Removed " in machine.run("install_python_side(remove = TRUE)").stderr
    assert not machine.managed.exists()
    assert "There is no Python side." in machine.run("remove_python_side()").stderr


def test_a_python_without_its_tools_is_an_error_with_the_command(machine):
    facts = {name: text for name, text in BASE.items() if name not in ("venv", "headers")}
    fake_python(machine.bin / "python3", **facts)
    done = machine.run()
    assert done.returncode == 1
    assert (
        f"{machine.bin}/python3 lacks the module venv and C headers, which making an environment "
        "needs: install them, or give another Python as `python`."
    ) in done.stderr
    code = """
        local({
          is_of_debian <- function(program) TRUE
          installs_system <- function(program) FALSE
          environment(with_tools) <- environment()
          with_tools(list(program = "/usr/bin/python3", version = "3.13.5"))
        }, new.env(parent = asNamespace("pyclassbridge")))
    """
    assert "run `apt-get install python3.13-venv python3.13-dev`." in machine.run(code).stderr


def test_the_first_python_that_is_fit_is_taken(machine):
    newer = machine.root / "newer"
    fake_python(newer / "python3.14", machine.bin, **{**BASE, "version": "3.14.1"})
    fake_python(machine.bin / "python3", **{**BASE, "version": "3.15.1"})
    code = f"Sys.setenv(PATH = paste0('{newer}:', Sys.getenv('PATH')))\ninstall_python_side()"
    assert f"takes     Python 3.14.1 ({newer}/python3.14)" in machine.run(code).stderr


def test_what_py_require_asks_for_is_installed_before_the_start(machine):
    machine.run()
    machine.asked()
    code = """
        py_require(c("keras", "pandas>=2", "polars"))
        py_require("polars", action = "remove")
        try(r_to_py(1), silent = TRUE)
    """
    done = machine.run(code)
    assert "py_require(): pandas>=2 will be installed." in done.stderr
    (installed,) = machine.asked()
    assert installed.endswith("install --progress-bar raw pandas>=2")


def test_py_install_installs_into_the_environment_of_this_package_alone(machine):
    refused = machine.run("py_install('pandas')")
    assert "py_install(): R hosts Python here, so environments are made" in refused.stderr
    machine.run()
    machine.asked()
    assert machine.run("py_install('pandas')").returncode == 0
    (installed,) = machine.asked()
    assert installed.endswith(" pandas")


def test_packages_that_another_python_lacks_are_a_message_with_the_command():
    done = run_rscript("py_require('no-such-package'); cat(as.integer(r_to_py(3L)))")
    assert done.stdout == "3"
    assert "lacks packages: `" in done.stderr
    assert "-m pip install no-such-package` in a shell installs them." in done.stderr


def test_where_python_hosts_it_is_an_error():
    import pyclass_bridge

    with pytest.raises(pyclass_bridge.RError, match="here Python hosts R: use pip in a shell"):
        pyclass_bridge.r("install_python_side()")


def test_the_environments_of_others_are_chosen_by_name(machine):
    fake_python(machine.root / "envs" / "mine" / "bin" / "python", machine.bin, **WHOLE)
    code = f"""
        Sys.setenv(WORKON_HOME = "{machine.root}/envs")
        use_virtualenv("mine", required = TRUE)
        cat(py_config()$rule, py_exe())
    """
    said = machine.run(code).stdout
    assert said == f"use_python() {machine.root}/envs/mine/bin/python"


def test_the_library_carries_what_pip_builds_from():
    code = f'cat(file.exists(system.file("{ARCHIVE}", package = "pyclassbridge")))'
    assert output_of(code) == "TRUE"
