"""Which Python runs, and what is installed in it. The other half is R/for_r_config.R.

Assumes nothing of R, and imports neither NumPy nor Keras to find their versions.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import sys
import sysconfig

from ..start import doctor


def config() -> dict:
    """The Python that runs: paths, version, NumPy, Keras and its backend; None for what is not
    there."""
    numpy = importlib.util.find_spec("numpy")
    directory, library = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY")
    return {
        "python": sys.executable,
        "libpython": os.path.join(directory or "", library) if library else None,
        "pythonhome": f"{sys.prefix}:{sys.exec_prefix}",
        "virtualenv": sys.prefix if sys.prefix != sys.base_prefix else None,
        "version_string": sys.version,
        "version": python_version(),
        "architecture": platform.architecture()[0],
        "numpy": os.path.dirname(numpy.origin) if numpy else None,
        "numpy_version": version("numpy"),
        "keras_version": version("keras"),
        "keras_backend": doctor.keras_backend()[0],
        "available": True,
    }


def python_version(patch: bool = False) -> str:
    """The version of Python, such as "3.11" or, with `patch`, "3.11.4"."""
    return ".".join(str(part) for part in sys.version_info[: 3 if patch else 2])


def version(distribution: str) -> str | None:
    """The installed version of a distribution, None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def packages() -> dict[str, str]:
    """The version of each installed distribution, by its name."""
    found = {}
    for item in importlib.metadata.distributions():
        name = item.metadata["Name"]
        if name:
            found.setdefault(name, item.version)
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def lacking(requirements: list[str]) -> list[str]:
    """Those of the requirements, such as ``"numpy>=1.26"``, whose package is not installed."""
    names = [re.match(r"[\w.-]*", text).group() for text in requirements]
    return [text for text, name in zip(requirements, names, strict=True) if not version(name)]
