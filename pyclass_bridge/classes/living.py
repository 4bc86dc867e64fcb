"""The classes made in R that live, by name: a configuration names a class, and Keras asks for it.

Classes of one name are told apart by their home: the file that defines them, else the R environment
in which they were made. A class takes the place of an earlier one of its name and home. The table
holds classes weakly.
"""

from __future__ import annotations

import itertools
import weakref

# {name: {number: class}}; the numbers are in the order in which the classes were made.
_living: dict[str, weakref.WeakValueDictionary] = {}
_numbers = itertools.count()


def remember(cls: type) -> None:
    """Note a class that was just made."""
    _living.setdefault(cls.__name__, weakref.WeakValueDictionary())[next(_numbers)] = cls


def classes_named(name: str) -> list[type]:
    """The living classes of this name: of each home the newest."""
    classes = _living.get(name, {}).values()
    return list({home_of(cls): cls for cls in classes}.values())


def home_of(cls: type) -> str | int:
    """The path of the file that defines the R class, else the address of the R environment in which
    it was made."""
    return vars(cls)["__r_class__"].home


def described(cls: type) -> str:
    """Where the R class comes from, for errors."""
    home = home_of(cls)
    return home if isinstance(home, str) else f"an R environment (`{cls.__module__}`)"
