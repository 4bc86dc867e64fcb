"""The one sentence, with its remedy, for each way in which a machine cannot run the package.

Assumes the standard library only and no other module of the package but `r_versions`, so that
setup.py, the import of the package and ``pyclass-bridge doctor`` all say the same words.
"""

from __future__ import annotations

import glob
import importlib.metadata
import json
import os
import shlex
import shutil
import sys
import urllib.parse

from .r_versions import OLDEST_R, dotted

OLDEST_KERAS = (3,)

SENTENCES = {
    "no_r": (
        "R was not found (R_HOME is not set and no R is on PATH): {install_r}, or set R_HOME to "
        "the directory that `R RHOME` prints."
    ),
    "r_without_home": (
        "{program} does not say where R lives (`R RHOME` printed {printed!r}): reinstall R, or "
        "set R_HOME to its home directory."
    ),
    "r_home_missing": (
        "R_HOME is set to {home}, which does not exist: unset R_HOME, or set it to the directory "
        "that `R RHOME` prints."
    ),
    "r_home_without_r": (
        "R_HOME is set to {home}, which holds no R (there is no library/base in it): unset "
        "R_HOME, or set it to the directory that `R RHOME` prints."
    ),
    "r_too_old": "R {version} in {home} is too old: install R {oldest} or newer.",
    "no_libr": (
        "R {version} in {home} has no shared library ({libr} is missing): install an R that was "
        "configured with --enable-R-shlib, as the R of every Linux distribution is."
    ),
    "libr_unloadable": (
        "R's shared library {libr} cannot be loaded ({reason}): reinstall R {version}, or point "
        "R_HOME at an R that matches this Python's architecture."
    ),
    "no_headers": (
        "R {version} in {home} has no C headers ({include}/Rinternals.h is missing): "
        "{install_headers}."
    ),
    "no_compiler_flags": (
        "R {version} in {home} cannot build C code (`R CMD config --cppflags` failed: {reason}): "
        "{install_headers}."
    ),
    "rinterface_mismatch": (
        "rpy2-rinterface {rinterface} does not load on R {version}, which takes {loading}: run "
        "`pip install {rpy2}`."
    ),
    "no_rpy2": "rpy2 is not installed: run `{install_rpy2}`.",
    "rpy2_unloadable": (
        "rpy2 cannot be loaded into this Python ({reason}): rebuild it for R {version} with "
        "`pip install --force-reinstall --no-deps --no-cache-dir {rpy2}`."
    ),
    "rpy2_changed": (
        "rpy2-rinterface {rinterface} lacks {missing}, which pyclass_bridge needs ({tried} are "
        "known to work): run `pip install {rpy2}`."
    ),
    "no_utf8": (
        "R needs a UTF-8 locale and this system offers none: install the locale C.UTF-8 or "
        "en_US.UTF-8, and set LC_ALL to it."
    ),
    "r_does_not_start": (
        "R {version} in {home} does not start inside Python ({reason}): check that `R --vanilla` "
        "starts, and look into ~/.Rprofile and ~/.Renviron."
    ),
    "no_core": (
        "The compiled part of pyclass_bridge (pyclass_bridge._core) is missing: build it with "
        "`{rebuild}`."
    ),
    "core_unloadable": (
        "The compiled part of pyclass_bridge does not load into R {version} ({reason}): rebuild "
        "it with `{rebuild}`."
    ),
    "core_for_other_r": (
        "The compiled part of pyclass_bridge was built for R {built_for} and this is R {version}: "
        "rebuild it with `{rebuild}`."
    ),
    "no_gil": (
        "The GIL of this Python is kept off (by PYTHON_GIL=0 or -X gil=0), and pyclass_bridge is "
        "not safe without it: start Python without that setting, and the import switches it on."
    ),
    "no_keras": (
        'Keras is not installed: run `pip install "pyclass-bridge[tensorflow]"` (or [jax], or '
        "[torch])."
    ),
    "keras_too_old": (
        "Keras {version} is installed and pyclass_bridge needs Keras 3: run "
        '`pip install "keras>=3"`.'
    ),
    "unknown_backend": (
        "Keras has no backend {backend!r} (set by {source}): set KERAS_BACKEND to tensorflow, jax "
        "or torch."
    ),
    "no_backend": (
        "Keras is set to the backend {backend!r} (by {source}), which is not installed: run "
        '`pip install "{requirement}"`, or set KERAS_BACKEND to a backend that is.'
    ),
    "backend_in_use": (
        "Keras runs on {running} already, so use_backend({backend!r}) comes too late: call it "
        "before anything of Keras is used, or set KERAS_BACKEND={backend} before the start."
    ),
    "keras_unloadable": (
        "Keras {version} with the backend {backend!r} cannot be imported ({reason}): reinstall "
        'them with `pip install --upgrade --force-reinstall "{requirement}"`.'
    ),
}


class BrokenSetup(ImportError):
    """This machine cannot run pyclass_bridge; the text says why and what to do, in one sentence.

    `kind` is the key of the sentence in `SENTENCES`.
    """

    def __init__(self, kind: str, **facts: object):
        super().__init__(sentence(kind, **facts))
        self.kind = kind


def sentence(kind: str, **facts: object) -> str:
    """The sentence of `kind`, filled with `facts` and with hints for this machine."""
    facts.setdefault("install_r", install_r_hint())
    facts.setdefault("install_headers", install_headers_hint())
    facts.setdefault("rebuild", rebuild_command())
    if kind == "no_rpy2":
        facts["install_rpy2"] = _build_command() or f"pip install {facts['rpy2']}"
    if "reason" in facts:
        facts["reason"] = " ".join(str(facts["reason"]).split())
    return SENTENCES[kind].format(**facts)


def install_r_hint() -> str:
    """How R, with what is needed to build against it, is installed on this machine."""
    command = _package_command()
    return f"run `{command}`" if command else f"install R {dotted(OLDEST_R)} or newer"


def install_headers_hint() -> str:
    """How the C headers of an R that is there already are installed on this machine."""
    command = _package_command()
    if command:
        return f"run `{command}`"
    return "install the development package of R (its name ends in -dev or -devel)"


def rebuild_command() -> str:
    """The command that compiles the core again, from the sources that are imported or installed."""
    try:
        text = importlib.metadata.distribution("pyclass-bridge").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        text = None
    origin = json.loads(text or "{}")
    url = origin.get("url", "")
    directory = urllib.parse.unquote(url.removeprefix("file://")) if "dir_info" in origin else None
    again = "pip install --force-reinstall --no-deps --no-cache-dir"
    here = _checkout()
    if here and not (directory and os.path.realpath(directory) == os.path.realpath(here)):
        return f"make -C {shlex.quote(here)} setup"
    if directory and os.path.isdir(directory):
        if os.path.realpath(os.path.join(directory, ".venv")) == os.path.realpath(sys.prefix):
            return f"make -C {shlex.quote(directory)} setup"
        if origin["dir_info"].get("editable"):
            return f"pip install --no-deps --editable {shlex.quote(directory)}"
        return f"{again} {shlex.quote(directory)}"
    if "vcs_info" in origin:
        return f'{again} "{origin["vcs_info"]["vcs"]}+{url}"'
    # A wheel contains a compiled core, so it would not be compiled again.
    if "archive_info" in origin and not url.endswith(".whl"):
        return f"{again} {shlex.quote(url)}"
    return f"{again} --no-binary pyclass-bridge pyclass-bridge"


def _build_command() -> str | None:
    """The command that builds this checkout, and installs what it needs, if it was never built."""
    here = _checkout()
    if here is None or glob.glob(os.path.join(glob.escape(here), "pyclass_bridge", "_core.*")):
        return None
    return f"make -C {shlex.quote(here)} setup"


def _checkout() -> str | None:
    """The checkout from which this module is imported: a directory with the sources of the core."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parts = ("Makefile", "core/core.h")
    return root if all(os.path.isfile(os.path.join(root, part)) for part in parts) else None


def _package_command() -> str | None:
    if sys.platform == "darwin":
        return "brew install r"
    if shutil.which("apt-get"):
        return "apt-get install r-base-dev"
    if shutil.which("dnf"):
        return "dnf install R-core-devel"
    return None
