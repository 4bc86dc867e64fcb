"""The models of saved_models.R in files: saved in one process, loaded and compared in another.

    python -m support.saved save FOLDER       saves each model and what it computes, and loads it
    python -m support.saved load FOLDER       loads them in a process that has sourced the file
    python -m support.saved definitions FOLDER       or not even that: `safe_mode` is False

Prints a line of JSON: {"model ending": what is wrong, or ""}.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("saved_models.R")
ENDINGS = (".keras", ".h5", ".weights.h5")
# Keras can't build a model of a class of one's own from an .h5 file.
NOT_IN_HDF5 = ("model", "model_in_a_model")
X = np.linspace(-1, 1, 24, dtype="float32").reshape(6, 4)
Y = X.sum(axis=1, keepdims=True)
# The models whose loss or metrics are of R.
SCORED = ("loss", "loss_function", "metric")


def seen(name: str, model) -> dict:
    """What a model computes, has and says of itself, as JSON."""
    import keras

    found = {
        "predictions": keras.ops.convert_to_numpy(model(X)).tolist(),
        "weights": [np.asarray(w).tolist() for w in model.get_weights()],
        "optimizer": [np.asarray(v).tolist() for v in model.optimizer.variables],
        "config": json.loads(model.to_json()),
    }
    if name in SCORED:
        found["scores"] = model.test_on_batch(X, Y, return_dict=True)
    return found


def save(folder: Path) -> dict:
    """Save each model; what is wrong with the models loaded in this process."""
    import pyclass_bridge

    namespace = pyclass_bridge.source(FILE)
    for name in namespace.models:
        model = namespace.trained(name, X, Y)
        model.reset_metrics()
        (folder / f"{name}.json").write_text(json.dumps(seen(name, model), default=float))
        model.save_weights(folder / f"{name}.weights.h5")
        for ending in (".keras", ".h5"):
            pyclass_bridge.save_model(model, folder / f"{name}{ending}")
    return wrong_in(folder, from_python, (".keras",))


def load(folder: Path) -> dict:
    """What is wrong with the models and weights that are loaded, by Python and by R."""
    import pyclass_bridge

    namespace = pyclass_bridge.source(FILE)
    from_r = pyclass_bridge.r("function(path) load_model(path)")
    found = wrong_in(folder, from_python)
    for name in names(folder):
        found[f"{name} in R"] = wrong(folder, name, ".keras", from_r)

        def read(path, name=name):
            model = namespace.untrained(name, X)
            model.load_weights(path)
            return model

        found[f"{name} .weights.h5"] = wrong(folder, name, ".weights.h5", read)
    return found


def definitions(folder: Path) -> dict:
    """What is wrong with the models that are made from the definitions in their files."""
    import pyclass_bridge  # noqa: F401

    return wrong_in(folder, functools.partial(from_python, safe_mode=False))


def from_python(path: str, **options):
    import keras

    return keras.saving.load_model(path, **options)


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json"))


def wrong_in(folder: Path, read, endings=(".keras", ".h5")) -> dict:
    """What is wrong with each model that `read` gives for a path."""
    return {
        f"{name} {ending}": wrong(folder, name, ending, read)
        for name in names(folder)
        for ending in endings
        if not (ending == ".h5" and name in NOT_IN_HDF5)
    }


def wrong(folder: Path, name: str, ending: str, read) -> str:
    """The parts in which a model that is read differs from the one that was saved, or the error."""
    then = json.loads((folder / f"{name}.json").read_text())
    try:
        model = read(str(folder / f"{name}{ending}"))
        if ending == ".h5":  # Keras does not read from it how a model is run
            model.run_eagerly, model.jit_compile = True, False
        now = json.loads(json.dumps(seen(name, model), default=float))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if ending == ".h5":
        del then["optimizer"]  # Keras builds it for no weights, and says that its state is lost
        for each in (then, now):
            for key in ("run_eagerly", "jit_compile"):
                del each["config"]["compile_config"][key]
    parts = ("predictions", "weights") if ending == ".weights.h5" else then
    return ", ".join(part for part in parts if then[part] != now[part])


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    print(json.dumps({"save": save, "load": load, "definitions": definitions}[what](folder)))
