"""Where the sources of the R package are: DESCRIPTION, NAMESPACE and R/."""

from __future__ import annotations

from pathlib import Path


def r_sources() -> Path:
    """The directory with DESCRIPTION, NAMESPACE and R/: in a wheel inside the package, in a
    checkout above it."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "rpkg"
    return shipped if shipped.is_dir() else package.parent
