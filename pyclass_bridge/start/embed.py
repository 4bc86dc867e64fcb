"""Find the R of this machine and start it inside this process, through rpy2. It has no other half
in R.

Guarantees: R starts at most once, in under 0.3 s, on whichever thread asks first; Python's signal
handlers stay as they are; rpy2.rinterface and rpy2.robjects stay usable. Whatever is wrong raises
`BrokenSetup` with one sentence. rpy2.robjects, which is slow to import, is never imported here.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.metadata
import importlib.util
import itertools
import locale
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import types
import warnings
from dataclasses import dataclass
from pathlib import Path

from . import hosted, r_versions, rpy2_names
from .broken_setup import BrokenSetup
from .r_versions import OLDEST_R, dotted, release

R_OPTIONS = ("pyclass_bridge", "--quiet", "--no-save", "--no-restore")
UTF8_LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8")

_lock = threading.Lock()
_started: RInstallation | None = None


@dataclass(frozen=True)
class RInstallation:
    """One R: `home` is its R_HOME, `libr` its shared library, `headers` its C include directory.

    `version` is like "4.2.2"; `share` and `doc` are the other directories that the front-end
    script of R names, because on Debian all three are outside R_HOME.
    """

    home: Path
    libr: Path
    version: str
    headers: Path
    share: Path
    doc: Path

    @property
    def series(self) -> str:
        """The part of the version for which C code is built: "4.2" of "4.2.2"."""
        return ".".join(self.version.split(".")[:2])


def find_r() -> RInstallation:
    """The R named by R_HOME, else the one on PATH, with its shared library and headers checked."""
    r = locate_r()
    facts = {"version": r.version, "home": r.home}
    if release(r.version) < OLDEST_R:
        raise BrokenSetup("r_too_old", oldest=dotted(OLDEST_R), **facts)
    if not r.libr.is_file():
        raise BrokenSetup("no_libr", libr=r.libr, **facts)
    if not (r.headers / "Rinternals.h").is_file():
        raise BrokenSetup("no_headers", include=r.headers, **facts)
    return r


def locate_r() -> RInstallation:
    """The R named by R_HOME, else the one on PATH; what it consists of is not checked."""
    named = os.environ.get("R_HOME")
    home = Path(named) if named else _home_from_path()
    if not home.is_dir():
        raise BrokenSetup("r_home_missing", home=home)
    version = _version(home)
    if version is None:
        raise BrokenSetup("r_home_without_r", home=home)
    directories = _front_end_directories(home)
    return RInstallation(
        home=home,
        libr=home / "lib" / ("libR.dylib" if sys.platform == "darwin" else "libR.so"),
        version=version,
        headers=directories["INCLUDE"],
        share=directories["SHARE"],
        doc=directories["DOC"],
    )


def _home_from_path() -> Path:
    program = shutil.which("R")
    if program is None:
        raise BrokenSetup("no_r")
    try:
        done = subprocess.run([program, "RHOME"], capture_output=True, text=True, timeout=60)
        printed = done.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        printed = ""
    if not os.path.isdir(printed):
        raise BrokenSetup("r_without_home", program=program, printed=printed)
    return Path(printed)


def _version(home: Path) -> str | None:
    # The base package carries R's own version, and reading it is a thousand times faster than
    # asking R.
    try:
        text = (home / "library" / "base" / "DESCRIPTION").read_text(errors="replace")
    except OSError:
        return None
    found = re.search(r"^Version: *([0-9.]+)", text, re.MULTILINE)
    return found.group(1) if found else None


def _front_end_directories(home: Path) -> dict[str, Path]:
    """Where the script `bin/R` says R's include, share and doc directories are."""
    directories = {name: home / name.lower() for name in ("INCLUDE", "SHARE", "DOC")}
    try:
        script = (home / "bin" / "R").read_text(errors="replace")
    except OSError:
        return directories
    for name, value in re.findall(r"^R_(INCLUDE|SHARE|DOC)_DIR=[\"']?([^\"'\n]+)", script, re.M):
        if "$" not in value:
            directories[name] = Path(value)
    return directories


def start_r() -> RInstallation:
    """Start R in this process, or take over the R that rpy2 has started; returns which R it is."""
    global _started
    with _lock:
        if _started is None and hosted.is_hosted():
            _started = locate_r()
        if _started is None:
            r = find_r()
            check_rpy2(r)
            _warn_of_untested(r)
            _set_environment(r)
            _load_libr(r)
            rinterface = _import_rinterface(r)
            _check_names(r)
            _initialize(r, rinterface)
            _started = r
        return _started


def _warn_of_untested(r: RInstallation) -> None:
    untested = r_versions.untested(r.version)
    if untested:
        # The warning shows the line that imports the package, three frames above start_r.
        warnings.warn(f"R {r.version} is {untested}.", stacklevel=5)


def is_started() -> bool:
    """Whether `start_r()` has succeeded in this process."""
    return _started is not None


def check_rpy2(r: RInstallation) -> None:
    """Raise the sentence for an rpy2 that is missing or whose version cannot load into `r`."""
    if importlib.util.find_spec("rpy2") is None:
        raise BrokenSetup("no_rpy2", rpy2=r_versions.rpy2_words(r.version))
    rinterface = rinterface_version()
    if rinterface is not None and not r_versions.loads(rinterface, r.version):
        raise _mismatch(r, rinterface)


def _mismatch(r: RInstallation, rinterface: str) -> BrokenSetup:
    return BrokenSetup(
        "rinterface_mismatch",
        rinterface=rinterface,
        version=r.version,
        loading=r_versions.loading(r.version),
        rpy2=r_versions.rpy2_words(r.version),
    )


def rinterface_version() -> str | None:
    """The installed version of rpy2-rinterface, the part of rpy2 that is bound to R's version."""
    try:
        return importlib.metadata.version("rpy2-rinterface")
    except importlib.metadata.PackageNotFoundError:
        return None


def _set_environment(r: RInstallation) -> None:
    os.environ["R_HOME"] = str(r.home)
    os.environ["R_INCLUDE_DIR"] = str(r.headers)
    os.environ["R_SHARE_DIR"] = str(r.share)
    os.environ["R_DOC_DIR"] = str(r.doc)


def _load_libr(r: RInstallation) -> None:
    # An R with its own BLAS and LAPACK finds them through LD_LIBRARY_PATH, which is read before
    # Python runs. Loading them by path first gives the same result.
    suffix = r.libr.suffix
    libraries = [r.libr.with_name(f"libRblas{suffix}"), r.libr]
    libraries.append(r.libr.with_name(f"libRlapack{suffix}"))
    for library in libraries:
        if library != r.libr and not library.is_file():
            continue
        try:
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            raise BrokenSetup(
                "libr_unloadable", libr=library, reason=error, version=r.version
            ) from None


def _import_rinterface(r: RInstallation) -> types.ModuleType:
    """Import rpy2.rinterface without the R process that rpy2 runs to learn LD_LIBRARY_PATH."""
    logger = logging.getLogger("rpy2")
    level = logger.level
    # rpy2 logs failures that our own sentence reports.
    logger.setLevel(logging.CRITICAL + 1)
    try:
        situation = importlib.import_module("rpy2.situation")
        with _replaced(situation, r_ld_library_path_from_subprocess=_library_path):
            return importlib.import_module("rpy2.rinterface")
    except Exception as error:
        raise _unloadable(r, error) from None
    finally:
        logger.setLevel(level)


def _check_names(r: RInstallation) -> None:
    """Raise the sentence for an rpy2 that lacks a name which is replaced or used here."""
    missing = rpy2_names.missing()
    if missing:
        raise BrokenSetup(
            "rpy2_changed",
            rinterface=rinterface_version() or "of an unknown version",
            missing=" and ".join(missing),
            tried=", ".join(rpy2_names.TRIED),
            rpy2=r_versions.rpy2_words(r.version),
        )


def _library_path(r_home: str) -> str:
    return os.environ.get("LD_LIBRARY_PATH", "")


def _unloadable(r: RInstallation, error: Exception) -> BrokenSetup:
    # When its compiled module does not load, rpy2 tries another way and reports the failure of that
    # one; the first failure is the cause.
    reasons = [error]
    try:
        importlib.import_module("_rinterface_cffi_api")
    except Exception as first:
        if not isinstance(first, ModuleNotFoundError):
            reasons.insert(0, first)
    lacks_symbol = any(
        symbol in str(reason) for reason in reasons for symbol in r_versions.RPY2_SYMBOLS
    )
    # The version has passed the table, so an rpy2 that lacks a symbol was built for another R.
    if lacks_symbol and rinterface_version() is None:
        return _mismatch(r, "of an unknown version")
    return BrokenSetup(
        "rpy2_unloadable",
        reason=reasons[0],
        version=r.version,
        rpy2=r_versions.rpy2_words(r.version),
    )


def _initialize(r: RInstallation, rinterface: types.ModuleType) -> None:
    embedded = rinterface.embedded
    if embedded.isinitialized():
        return
    embedded.set_initoptions(R_OPTIONS)
    # initr() runs a second R only to copy its environment, which is set already, and puts its own
    # handler in SIGINT's place (or, on another thread, warns that it cannot).
    no_signal = types.SimpleNamespace(
        signal=lambda number, handler: None, SIGINT=None, default_int_handler=None
    )
    main_thread = types.SimpleNamespace(current_thread=lambda: None, main_thread=lambda: None)
    names = {"_getrenvvars": lambda: (), "signal": no_signal, "threading": main_thread}
    try:
        with _utf8_locale(), _replaced(rinterface, **names):
            rinterface.initr(interactive=False)
    except BrokenSetup:
        raise
    except Exception as error:
        raise BrokenSetup(
            "r_does_not_start", version=r.version, home=r.home, reason=error
        ) from None


@contextlib.contextmanager
def _replaced(module: types.ModuleType, **replacements: object):
    """Replace attributes of `module` during the block; names that it lacks are skipped."""
    present = {name: vars(module)[name] for name in replacements if name in vars(module)}
    try:
        for name in present:
            setattr(module, name, replacements[name])
        yield
    finally:
        for name, value in present.items():
            setattr(module, name, value)


@contextlib.contextmanager
def _utf8_locale():
    """Make UTF-8 the character type of the locale that R takes from the environment.

    The environment is restored afterwards; R and Python go on with the locale of the start.
    """
    if _is_utf8(""):
        yield
        return
    chosen = next((name for name in UTF8_LOCALES if _is_utf8(name)), None)
    if chosen is None:
        raise BrokenSetup("no_utf8")
    saved = {name: os.environ.pop(name, None) for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    # LC_ALL overrides LC_CTYPE, so LANG takes its value for the other categories.
    os.environ["LC_CTYPE"] = chosen
    os.environ["LANG"] = saved["LC_ALL"] or saved["LANG"] or "C"
    try:
        yield
    finally:
        for name, value in saved.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _is_utf8(name: str) -> bool:
    """Whether the locale `name` ("" is the environment's) exists and encodes text as UTF-8."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
        return locale.nl_langinfo(locale.CODESET).upper().replace("-", "") == "UTF8"
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def load_core(r: RInstallation) -> types.ModuleType:
    """Import the compiled core, which needs the symbols of the R that has been started."""
    try:
        core = importlib.import_module("pyclass_bridge._core")
    except ModuleNotFoundError:
        raise BrokenSetup("no_core") from None
    except ImportError as error:
        raise BrokenSetup("core_unloadable", version=r.version, reason=error) from None
    if release(core.BUILT_FOR)[:2] != release(r.version)[:2]:
        raise BrokenSetup("core_for_other_r", built_for=core.BUILT_FOR, version=r.version)
    # The finder of an editable installation gives its core to a checkout that is not built.
    if os.path.dirname(core.__file__) not in sys.modules["pyclass_bridge"].__path__:
        raise BrokenSetup("no_core")
    # The core does not declare that it runs without the GIL, so a free-threaded Python has switched
    # the GIL on at its import, unless an option prevents that.
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise BrokenSetup("no_gil")
    return core


def is_command_line() -> bool:
    """Whether this process is `pyclass-bridge` or `python -m pyclass_bridge`."""
    program = os.path.basename(sys.argv[0]) if sys.argv else ""
    if program in ("pyclass-bridge", "pyclass-bridge.exe"):
        return True
    # While the package is imported for `-m`, sys.argv[0] is still "-m"; later it is a file's path.
    words = sys.orig_argv
    asked = any(
        word == "-mpyclass_bridge" or (word == "-m" and following == "pyclass_bridge")
        for word, following in itertools.pairwise([*words, ""])
    )
    return program in ("-m", "__main__.py") and asked
