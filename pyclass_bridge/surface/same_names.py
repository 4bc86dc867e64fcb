"""R classes and functions of one name in a model that is saved: each gets a name of its own in the
configuration. It has no other half in R.

A configuration knows a class by its name, and an .h5 file by nothing else. So a class that is named
as one of Keras, or as another class in the model, is saved as `module>name`, which is how Keras
names a class that is registered. Importing this module does not import Keras.
"""

from __future__ import annotations

import contextlib

from .functions import at, parts_of, tell, tell_apart


@contextlib.contextmanager
def told_apart(model):
    """Number the R functions of one name in `model`, and within this block its classes, too."""
    tell_apart(model)
    names = _registered_names()
    added = {}
    try:
        for cls, name in _names_of_classes(classes_in(model)).items():
            added[cls] = names[cls] = name
        yield
    finally:
        for cls in added:
            names.pop(cls, None)


def _registered_names() -> dict:
    from keras.src.saving import object_registration

    return object_registration.GLOBAL_CUSTOM_NAMES


def classes_in(*items) -> list[type]:
    """The R classes of the objects in a model, each once, in the order of the objects' parts."""
    classes = dict.fromkeys(type(item) for item in parts_of(*items))
    return [cls for cls in classes if "__r_class__" in vars(cls)]


def _names_of_classes(classes: list[type]) -> dict[type, str]:
    """The names for the classes that can't be known by their own."""
    from .custom_objects import is_name_of_keras

    made, taken, homes = {}, set(), set()
    for cls in classes:
        own, module = cls.__name__, str(cls.__module__)
        if at("saving.get_registered_name")(cls) != own:
            continue  # the user has registered it
        name, number = own, 0
        if own in taken or is_name_of_keras(own):
            name = f"{module}>{own}"
        while name in taken:
            number += 1
            name = f"{module}>{own}_{number}"
        taken.add(name)
        if name != own:
            made[cls] = name
        if (module, own) in homes:  # the module does not tell which it is
            tell(
                f"the model has another class `{own}`, so one is `{name}` in its configuration: "
                f"load the saved model with `custom_objects = list(`{name}` = ...)`."
            )
        homes.add((module, own))
    return made
