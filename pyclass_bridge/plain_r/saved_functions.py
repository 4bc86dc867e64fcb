"""The R functions of metrics, losses and layers in configurations, such as those of saved models.
The other half is R/plain_r_saved_functions.R.

A configuration has a function by its name, or by its package and name. It is found where the user's
functions are, and never among those of Keras, whose `mae` would give other numbers.
"""

from __future__ import annotations

import gc
import weakref

import keras

from ..bridge.r_functions import r_function
from ..surface.custom_objects import r_function_named
from ..surface.functions import named
from ..values.serialized import in_safe_mode

# The functions of the metrics, losses and layers that live: those that were given without a name
# are found there.
_living: weakref.WeakSet = weakref.WeakSet()

NAMELESS = "r_function"  # the name of a function for which nobody has given any


def remember(*functions) -> None:
    """Let `loaded()` find these functions by their names while they live; None is skipped."""
    for function in functions:
        if getattr(function, "__r_function__", None) is not None:
            _living.add(function)


def saved(function) -> dict | None:
    """The configuration of `function`; None has none."""
    if function is None:
        return None
    config = keras.saving.serialize_keras_object(function)
    if not isinstance(config, dict) or config.get("registered_name") != "function":
        return config  # the user has registered it
    home = r_function("home_of_function")(function, function.__name__)
    return config if home is None else {"r_package": home[0], "name": home[1]}


def loaded(config, label: str):
    """The function for a configuration of `saved()`; a function is that itself. `label` says whose
    it is, such as "metric `auc`".

    Raises:
        TypeError: there is none.
        ValueError: there are several.
    """
    if not isinstance(config, dict):
        return config
    if "r_package" in config:
        package, name = config["r_package"], config["name"]
        found = r_function("function_at_home")(package, name, label, in_safe_mode())
        return named(found, name, sure=True)
    name = config.get("config")
    found = _known_to_keras(config) or r_function_named(name) or _found_living(name)
    if found is None:
        raise TypeError(
            f"Could not locate function '{name}' of the {label}. If an R file defines it, source "
            f"or import that file first; else give it as `custom_objects={{{name!r}: ...}}`."
        )
    return found


def _known_to_keras(config: dict):
    """What the user has registered or given as a custom object."""
    names = dict.fromkeys([config.get("registered_name"), config.get("config")])
    found = (keras.saving.get_registered_object(name) for name in names if name != "function")
    return next((item for item in found if item is not None), None)


def _found_living(name: str):
    if name == NAMELESS:
        return None
    found = _living_of(name)
    if len(found) > 1:
        gc.collect()  # some may be left over
        found = _living_of(name)
    if len(found) > 1:
        raise ValueError(
            f"two metrics, losses or layers have a function `{name}`, so the model can't tell "
            f"which it was saved with: give the right one as `custom_objects = list({name} = ...)`."
        )
    return found[0] if found else None


def _living_of(name: str) -> list:
    """The functions of this name that live, each once."""
    found: list = []
    for each in [each for each in _living if each.__name__ == name]:
        if all(each.__r_function__ != known.__r_function__ for known in found):
            found.append(each)
    return found
