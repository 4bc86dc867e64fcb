"""The names inside rpy2 that this package replaces or uses, and the versions that have them all.

Assumes nothing: `embed` asks before R starts, and `rpy2_edge` replaces afterwards. rpy2 promises
none of the names, so a version that lacks one is refused at the start, with a sentence.
"""

from __future__ import annotations

import importlib

# The versions of rpy2-rinterface with which the tests have passed.
TRIED = ("3.6.4", "3.6.5", "3.6.7")

# Replaced by `embed` while rpy2 is imported and starts R.
SET_ASIDE = {
    "rpy2.situation": ("r_ld_library_path_from_subprocess",),
    "rpy2.rinterface": ("_getrenvvars", "signal", "threading"),
}
# rpy2's own functions that read R's memory, since R has macros for some of them.
READERS = ("DATAPTR", "LOGICAL", "INTEGER", "RAW", "REAL", "COMPLEX")
# Replaced for the rest of the process by `rpy2_edge.take_over`.
REPLACED = {
    "rpy2.rinterface_lib.openrlib": ("lock", "rlock", "rlib", *READERS),
    "rpy2.rinterface_lib._rinterface_capi": ("SexpCapsule.__init__", "SexpCapsule.__del__"),
}
USED = {
    "rpy2.rinterface": ("initr",),
    "rpy2.rinterface_lib.embedded": ("endr", "isinitialized", "set_initoptions"),
    "rpy2.rinterface_lib.openrlib": ("ffi",),
    "rpy2.rinterface_lib.conversion": ("_cdata_to_rinterface",),
    "rpy2.rinterface_lib.sexp": (
        "Sexp",
        "NALogicalType",
        "NAIntegerType",
        "NARealType",
        "NAComplexType",
        "NACharacterType",
    ),
}


def missing() -> list[str]:
    """The full names that the installed rpy2, which can be imported by now, lacks."""
    return [
        f"{module}.{name}"
        for part in (SET_ASIDE, REPLACED, USED)
        for module, names in part.items()
        for name in names
        if not _has(module, name)
    ]


def _has(module: str, name: str) -> bool:
    *owners, last = name.split(".")
    try:
        place = importlib.import_module(module)
        for owner in owners:
            place = getattr(place, owner)
    except (ImportError, AttributeError):
        return False
    return last in vars(place)
