"""New processes of R that this session starts find the R package `pyclassbridge` and use this
Python, where Python hosts R. The other half is R/start_children.R.

Guarantees: nothing that the user has set is replaced, but R_LIBS gets one more library.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from .sources import r_sources


def files() -> dict[str, str] | None:
    """What the R package is made of; None in a checkout whose build is older than the shim."""
    package = Path(__file__).resolve().parents[1]
    shim = package / ("_shim" + sysconfig.get_config_var("EXT_SUFFIX"))
    probe = package / "start" / "probe.py"
    if not shim.is_file():
        return None
    return {"sources": str(r_sources()), "shim": str(shim), "probe": str(probe)}


def serve(make_library) -> None:
    """Make the library, by an R function that gives R_LIBS, and name this Python."""
    found = files()
    if found is None:
        return
    os.environ["R_LIBS"] = make_library(found)
    if sys.executable:
        os.environ.setdefault("PYCLASS_BRIDGE_PYTHON", sys.executable)


def use_stand_ins(make_library) -> None:
    """Make the library of stand-ins, by an R function that gives R_LIBS."""
    os.environ["R_LIBS"] = make_library()
