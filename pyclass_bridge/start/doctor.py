"""Examine the machine: which R, Python, rpy2 and Keras there are, and what is wrong with each.

The other half is R/start_backend.R, for the backend. Assumes nothing of the machine but Python: in
every broken state the report is complete, because each part is examined on its own and R is
started, for trial, in another process. Neither Keras nor its backend is imported to examine them.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import sysconfig
import types
from dataclasses import dataclass, field
from pathlib import Path

from . import embed, r_versions
from .broken_setup import OLDEST_KERAS, BrokenSetup
from .quiet import quiet_import
from .r_versions import release

# backend: (module, distribution, what to install)
BACKENDS = {
    "tensorflow": ("tensorflow", "tensorflow", "pyclass-bridge[tensorflow]"),
    "jax": ("jax", "jax", "pyclass-bridge[jax]"),
    "torch": ("torch", "torch", "pyclass-bridge[torch]"),
    "numpy": ("numpy", "numpy", "numpy"),
    "openvino": ("openvino", "openvino", "openvino"),
}

# A child process imports the package as a user would and prints the result.
TRIAL = """
import sys
try:
    import pyclass_bridge
    from pyclass_bridge import _core
except ImportError as error:
    print(getattr(error, "kind", "import"), error, sep="\\n", file=sys.stderr)
    sys.exit(3)
print("built for R", _core.BUILT_FOR)
"""
TRIAL_SECONDS = 120


@dataclass
class Report:
    """What was found: `facts` are (part, finding) pairs, `problems` sentences with remedies."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The report as aligned lines, the problems (or "all is well") at the end."""
        width = max(len(part) for part, _ in self.facts)
        lines = [f"{part:<{width}}  {finding}" for part, finding in self.facts]
        lines.append("")
        lines.extend(self.problems or ["all is well"])
        return "\n".join(lines)


def examine() -> Report:
    """Examine R, Python, rpy2, the core, Keras and its backend; never raises."""
    report = Report()
    r = _examine_r(report)
    report.facts.append(("Python", f"{python_version()} in {sys.prefix}"))
    _examine_rpy2(report, r)
    _examine_core(report, r)
    _examine_keras(report)
    return report


def python_version() -> str:
    """The version of this Python, and what its build means for the package."""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return platform.python_version()
    return f"{platform.python_version()} (free-threaded, and the import switches the GIL on)"


def _examine_r(report: Report) -> embed.RInstallation | None:
    """Report which R there is; return it if nothing is wrong with it."""
    sound = None
    try:
        r = embed.locate_r()
        untested = r_versions.untested(r.version)
        report.facts.append(("R", f"{r.version}, {untested}" if untested else r.version))
        report.facts.append(("R_HOME", str(r.home)))
        report.facts.append(("libR", str(r.libr) if r.libr.is_file() else "missing"))
        sound = embed.find_r()
    except BrokenSetup as error:
        if not report.facts:
            report.facts.append(("R", "not found"))
            report.facts.append(("R_HOME", os.environ.get("R_HOME") or "not set"))
        report.problems.append(str(error))
    return sound


def _examine_rpy2(report: Report, r: embed.RInstallation | None) -> None:
    report.facts.append(("rpy2", _version("rpy2")))
    report.facts.append(("rpy2-rinterface", _version("rpy2-rinterface")))
    if r is None:
        return
    try:
        embed.check_rpy2(r)
    except BrokenSetup as error:
        report.problems.append(str(error))


def _examine_core(report: Report, r: embed.RInstallation | None) -> None:
    if r is None or report.problems:
        report.facts.append(("_core", "not tried"))
        return
    finding, problem = _try_import(r)
    report.facts.append(("_core", finding))
    if problem:
        report.problems.append(problem)


def _try_import(r: embed.RInstallation) -> tuple[str, str | None]:
    """Import the package in another process: facts about the core, and what is wrong."""
    # Options such as -X gil=0, which a child process does not inherit.
    options = [f"-X{name}={value}" for name, value in sys._xoptions.items()]
    command = [sys.executable, *options, "-c", TRIAL]
    # An R that can't start may end the process, or wait for input.
    try:
        trial = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=TRIAL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error
    else:
        if trial.returncode == 0:
            return trial.stdout.splitlines()[-1], None
        kind, _, sentence = trial.stderr.strip().rpartition("\n")
        if trial.returncode == 3 and kind.rpartition("\n")[2] != "import":
            return ("missing" if kind.endswith("no_core") else "does not load"), sentence
        reason = sentence or f"status {trial.returncode}"
    broken = BrokenSetup("r_does_not_start", version=r.version, home=r.home, reason=reason)
    return "does not load", str(broken)


def _examine_keras(report: Report) -> None:
    report.facts.append(("Keras", _version("keras")))
    backend, source = keras_backend()
    _, distribution, _ = _backend_facts(backend)
    report.facts.append(("Keras backend", f"{backend} {_version(distribution)} ({source})"))
    try:
        check_keras()
    except BrokenSetup as error:
        report.problems.append(str(error))


def check_keras(wanted: str | None = None) -> None:
    """Raise the sentence for a Keras, or a backend of it, that is not installed; the backend is
    the `wanted` one, or that which Keras would use."""
    if importlib.util.find_spec("keras") is None:
        raise BrokenSetup("no_keras")
    version = _version("keras")
    if release(version) and release(version) < OLDEST_KERAS:
        raise BrokenSetup("keras_too_old", version=version)
    backend, source = (wanted, "this script") if wanted else keras_backend()
    if backend not in BACKENDS:
        raise BrokenSetup("unknown_backend", backend=backend, source=source)
    module, _, requirement = _backend_facts(backend)
    if importlib.util.find_spec(module) is None:
        raise BrokenSetup("no_backend", backend=backend, source=source, requirement=requirement)


def require_keras() -> types.ModuleType:
    """Import Keras, where it is first needed, and return it; raises `BrokenSetup` without it."""
    if "keras" in sys.modules and hasattr(sys.modules["keras"], "Model"):
        return sys.modules["keras"]
    check_keras()
    try:
        with quiet_import("tensorflow"):
            return importlib.import_module("keras")
    except Exception as error:
        backend, _ = keras_backend()
        raise BrokenSetup(
            "keras_unloadable",
            version=_version("keras"),
            backend=backend,
            reason=f"{type(error).__name__}: {error}",
            requirement=_backend_facts(backend)[2],
        ) from error


def use_backend(backend: str, hide_gpus: bool) -> None:
    """Choose the backend for the import of Keras; `BrokenSetup` if it is not installed, or if Keras
    already runs on another one."""
    loaded = sys.modules.get("keras")
    if hasattr(loaded, "Model"):
        running = loaded.backend.backend()
        if running != backend:
            raise BrokenSetup("backend_in_use", running=running, backend=backend)
        return
    check_keras(backend)
    os.environ["KERAS_BACKEND"] = backend
    if hide_gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"


def keras_backend() -> tuple[str, str]:
    """The backend that Keras would use, and where that is set, found as Keras finds it."""
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"], "KERAS_BACKEND"
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    config = Path(home) / "keras.json"
    try:
        backend = json.loads(config.read_text()).get("backend")
    except (OSError, ValueError, AttributeError):
        backend = None
    return (str(backend), str(config)) if backend else ("tensorflow", "the default")


def _backend_facts(backend: str) -> tuple[str, str, str]:
    return BACKENDS.get(backend, (backend, backend, backend))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
