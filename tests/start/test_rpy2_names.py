"""What is replaced inside rpy2 is what the list says, and a listed name that lacks is noticed."""

import json
import subprocess
import sys

from pyclass_bridge.start import rpy2_names

PARTS = (rpy2_names.SET_ASIDE, rpy2_names.REPLACED, rpy2_names.USED)

PRELUDE = """
import json, sys
sys.argv[0] = "pyclass-bridge"  # the import of the package starts no R
import rpy2.rinterface, rpy2.rinterface_lib.sexp, rpy2.situation
from pyclass_bridge import session
from pyclass_bridge.start import embed, rpy2_names

def places():
    "The modules of rpy2 and their classes, by their full names."
    for name, module in sorted(sys.modules.items()):
        if name.startswith("rpy2"):
            yield name, module
            for key, value in sorted(vars(module).items()):
                if isinstance(value, type) and value.__module__ == name:
                    yield f"{name}.{key}", value
"""


def full_names(part):
    return [f"{module}.{name}" for module, names in part.items() for name in names]


def child(code):
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_replaced_for_good_is_listed():
    code = """
rpy2.rinterface.initr(interactive=False)

def values():
    return {f"{at}.{key}": value for at, place in places() for key, value in vars(place).items()}

before = values()
session.start()
after = values()
print(json.dumps([name for name in before if before[name] is not after.get(name)]))
"""
    assert sorted(child(code)) == sorted(full_names(rpy2_names.REPLACED))


def test_what_is_set_aside_is_listed():
    code = """
aside, set_aside = {}, embed._replaced

def record(module, **replacements):
    aside[module.__name__] = sorted(replacements)
    return set_aside(module, **replacements)

embed._replaced = record
session.start()
print(json.dumps(aside))
"""
    listed = {module: sorted(names) for module, names in rpy2_names.SET_ASIDE.items()}
    assert child(code) == listed


def test_each_listed_name_is_missed_when_it_is_absent():
    code = """
found = dict(places())
said = {}
for part in (rpy2_names.SET_ASIDE, rpy2_names.REPLACED, rpy2_names.USED):
    for module, names in part.items():
        for name in names:
            full = f"{module}.{name}"
            at, _, last = full.rpartition(".")
            value = vars(found[at])[last]
            delattr(found[at], last)
            said[full] = rpy2_names.missing()
            setattr(found[at], last, value)
print(json.dumps([said, rpy2_names.missing()]))
"""
    said, at_the_end = child(code)
    names = [name for part in PARTS for name in full_names(part)]
    assert said == {name: [name] for name in names}
    assert at_the_end == []


def test_a_module_that_is_gone_is_a_missing_name(monkeypatch):
    monkeypatch.setattr(rpy2_names, "USED", {"rpy2.no_such_module": ("a", "b.c")})
    assert rpy2_names.missing() == ["rpy2.no_such_module.a", "rpy2.no_such_module.b.c"]
