"""R starts inside Python and leaves Python, its environment and rpy2 as a user expects them."""

import json
import os
import subprocess
import sys

import pytest
from support.paths import ROOT

import pyclass_bridge
from pyclass_bridge.start import embed
from pyclass_bridge.start.broken_setup import BrokenSetup


def run(code, tmp_path, env=None, program="pyclass-bridge"):
    """The JSON that `code` prints in a child in which importing the package starts no R."""
    prelude = (
        f"import json, sys\nsys.argv[0] = {program!r}\nfrom pyclass_bridge.start import embed\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", prelude + code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_find_r_reads_what_r_says_of_itself():
    r = embed.find_r()
    home = subprocess.run(["R", "RHOME"], capture_output=True, text=True).stdout.splitlines()[-1]
    said = subprocess.run(
        ["R", "--vanilla", "-s", "-e", "cat(as.character(getRversion()))"],
        capture_output=True,
        text=True,
    ).stdout
    assert os.path.realpath(r.home) == os.path.realpath(home)
    assert r.version == said
    assert r.series == ".".join(said.split(".")[:2])
    assert (r.headers / "Rinternals.h").is_file()
    assert r.share.is_dir()


def test_start_leaves_signal_handlers_and_warns_of_nothing(tmp_path):
    code = """
import signal, threading
handler = lambda *arguments: None
signal.signal(signal.SIGINT, handler)
before = [signal.getsignal(number) for number in range(1, 32)]
starter = threading.Thread(target=embed.start_r)
starter.start()
starter.join()
embed.start_r()
after = [signal.getsignal(number) for number in range(1, 32)]
print(json.dumps([before == after, embed.is_started(), "rpy2.robjects" in sys.modules]))
"""
    assert run(code, tmp_path) == [True, True, False]


def test_rpy2_is_usable_afterwards(tmp_path):
    code = """
embed.start_r()
import rpy2.robjects as robjects
value = robjects.r("1 + 1")[0]
home = robjects.r("R.home('include')")[0]
print(json.dumps([value, home == str(embed.find_r().headers), robjects.r("interactive()")[0]]))
"""
    assert run(code, tmp_path) == [2.0, True, False]


def test_r_that_rpy2_has_started_is_used(tmp_path):
    code = """
import rpy2.rinterface
rpy2.rinterface.initr(interactive=False)
rpy2.rinterface.globalenv["x"] = rpy2.rinterface.IntSexpVector([7])
embed.start_r()
print(json.dumps(rpy2.rinterface.globalenv["x"][0]))
"""
    assert run(code, tmp_path) == 7


def test_r_has_utf8_under_a_c_locale(tmp_path):
    code = """
import os
before = dict(os.environ)
embed.start_r()
import rpy2.rinterface as rinterface
utf8 = rinterface.baseenv["l10n_info"]()[1][0]
same = all(os.environ.get(name) == before.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
print(json.dumps([bool(utf8), same]))
"""
    assert run(code, tmp_path, env={"LC_ALL": "C"}) == [True, True]
    assert run(code, tmp_path, env={"LC_ALL": "", "LC_CTYPE": "", "LANG": ""}) == [True, True]


def test_no_second_r_is_run_to_start_the_first(tmp_path):
    # rpy2 alone runs Rscript twice, which doubles the time of the start.
    code = """
import subprocess
embed.find_r()
def refuse(*arguments, **options):
    raise AssertionError(arguments)
from unittest import mock
import os
os.environ["R_HOME"] = str(embed.find_r().home)
with mock.patch.object(subprocess, "Popen", refuse):
    embed.start_r()
print(json.dumps(embed.is_started()))
"""
    assert run(code, tmp_path) is True


def test_command_line_is_known_by_its_name(tmp_path):
    code = "print(json.dumps(embed.is_command_line()))"
    assert run(code, tmp_path) is True
    assert run(code, tmp_path, program="/usr/bin/pyclass-bridge") is True
    code = "sys.argv[0] = 'script.py'\n" + code
    assert run(code, tmp_path) is False


def test_the_core_of_another_checkout_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr(pyclass_bridge, "__path__", [str(tmp_path)])
    with pytest.raises(BrokenSetup, match="is missing: build it") as raised:
        embed.load_core(embed.find_r())
    assert raised.value.kind == "no_core"
