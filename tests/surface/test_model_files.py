"""Models in files, whoever writes and reads them: what each kind of R class and function is after a
journey, and what is left of a file when a save fails.

Also of: R/surface_saving.R.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from support.backends import ALL, need
from support.paths import TESTS
from support.r_host import output_of as run_rscript
from support.r_models import dense, from_r
from support.saved import NOT_IN_HDF5, X
from support.twin import backend

from pyclass_bridge.surface import model_files, replaced

MODELS = 24

# ---- 24 models ---------------------------------------------------------------------------------


def saved(what: str, folder, name: str) -> dict:
    """What `python -m support.saved` says in a process with this backend."""
    done = subprocess.run(
        [sys.executable, "-m", "support.saved", what, folder],
        capture_output=True, text=True, cwd=TESTS, env={**os.environ, "KERAS_BACKEND": name},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=ALL)
def files(request, tmp_path_factory):
    """(the backend, the folder with the models, what was wrong in the process that saved them)"""
    need(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, folder, saved("save", folder, request.param)


def test_each_model_is_the_same_in_the_process_that_saved_it(files):
    found = files[2]
    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == MODELS


def test_each_model_is_the_same_in_a_process_that_has_sourced_the_file(files):
    name, folder, _ = files
    found = saved("load", folder, name)
    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == 4 * MODELS - len(NOT_IN_HDF5)


def test_each_model_has_its_definitions_with_it(files):
    name, folder, _ = files
    if name == "jax":
        pytest.skip("what R code is made of does not depend on the backend: TensorFlow shows it")
    found = saved("definitions", folder, name)
    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == 2 * MODELS - len(NOT_IN_HDF5)


def test_a_model_class_in_an_h5_file_is_one_sentence(keras, define, tmp_path):
    model = define("""
      Net <- Model("Net", initialize = function(units = 2, ...) {
        super$initialize(...)
        self$out <- layer_dense(units = units)
      }, call = function(inputs, training = FALSE) self$out(inputs))
      Net()
    """)
    model(X)
    model.save(tmp_path / "net.h5")
    text = "Keras does not build a model of the class `Net` from an .h5 file: save it as a .keras"
    with pytest.raises(ValueError, match=text):
        keras.saving.load_model(tmp_path / "net.h5")


def test_r_as_the_host_finds_what_its_script_defines(keras, tmp_path):
    path, predicted = tmp_path / "model.keras", tmp_path / "predicted.rds"
    code = """
      Scaling <- Layer("Scaling",
        initialize = function(by, ...) {
          super$initialize(...)
          self$by <- by
        },
        call = function(inputs) inputs * self$by)
      thrice <- function(x) x * 3
      x <- matrix(1:4 / 4, 1)
    """
    from_r(
        code
        + """
        model <- keras_model_sequential(input_shape = 4) |>
          layer_dense(1, activation = thrice) |> Scaling(by = 2)
        save_model(model, path, definitions = TRUE)
        saveRDS(predict(model, x, verbose = 0), predicted)
        rm(Scaling, thrice)
        """,
        path=str(path), predicted=str(predicted),
    )  # fmt: skip
    (tmp_path / "defined.R").write_text(code)
    said = run_rscript(f"""
      path <- {str(path)!r}
      cat(tryCatch(load_model(path), error = conditionMessage), "\n")
      source({str(tmp_path / "defined.R")!r})
      then <- readRDS({str(predicted)!r})
      equal <- function(model) all.equal(predict(model, x, verbose = 0), then)
      cat(equal(load_model(path)), equal(load_model(path, safe_mode = FALSE)), "\n")
    """)  # fmt: skip
    assert "is not known: source() the R file that defines it, or give it as" in said
    assert "`load_model(safe_mode = FALSE)` evaluates the R definition in the file" in said
    assert said.splitlines()[-1].split() == ["TRUE", "TRUE"]


# ---- a save that fails -------------------------------------------------------------------------

ON_TENSORFLOW = pytest.mark.skipif(backend() != "tensorflow", reason="SavedModel is TensorFlow's")

# How a model is written at a path: by Python and by R.
WAYS = {
    "save": (".keras", lambda model, path: model.save(path)),
    "save .h5": (".h5", lambda model, path: model.save(path)),
    "keras.saving.save_model": (".keras", lambda model, path: saving().save_model(model, path)),
    "a directory": ("", lambda model, path: model.save(path, zipped=False)),
    "save_weights": (".weights.h5", lambda model, path: model.save_weights(path)),
    "shards": (
        ".weights.json", lambda model, path: model.save_weights(path, max_shard_size=1e-4),
    ),
    "save_model()": (".keras", lambda model, path: in_r("save_model", model, path)),
    "save_model() .h5": (".h5", lambda model, path: in_r("save_model", model, path)),
    "save_model_weights()": (
        ".weights.h5", lambda model, path: in_r("save_model_weights", model, path),
    ),
}  # fmt: skip


def saving():
    import keras

    return keras.saving


def in_r(function: str, model, path):
    import pyclass_bridge

    call = f"function(model, path) {{ {function}(model, path, overwrite = TRUE); NULL }}"
    return pyclass_bridge.r(call)(model, str(path))


@contextmanager
def full_disk(model):
    """Within it files can have 6 kB at most."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        signal.signal(signal.SIGXFSZ, handler)


def failing(error):
    """A context in which the configuration and the weights of the last layer raise `error`."""

    @contextmanager
    def within(model):
        def fail(*args, **kwargs):
            raise error

        layer = model.layers[-1]
        own = {name: getattr(layer, name) for name in ("get_config", "save_own_variables")}
        vars(layer).update(dict.fromkeys(own, fail))
        try:
            yield
        finally:
            for name in own:
                del vars(layer)[name]

    return within


CAUSES = {
    "an error": failing(ZeroDivisionError("no luck")),
    "an interrupt": failing(KeyboardInterrupt()),
    "a full disk": full_disk,
}


def content(folder) -> dict:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cause", CAUSES)
def test_a_save_that_fails_leaves_the_former_file(keras, tmp_path, way, cause):
    ending, write = WAYS[way]
    path = tmp_path / f"model{ending}"
    write(dense(keras, 1), path)
    before = content(tmp_path)
    model = dense(keras, 2)
    errors = (ZeroDivisionError, KeyboardInterrupt, OSError, RuntimeError)
    with pytest.raises(errors), CAUSES[cause](model):
        write(model, path)
    assert content(tmp_path) == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["model"][: ending == ""]
    write(model, path)
    assert content(tmp_path) != before


@ON_TENSORFLOW
@pytest.mark.parametrize("cause", ["an error", "an interrupt"])
def test_an_export_that_fails_leaves_the_former_one(keras, tmp_path, monkeypatch, cause):
    model = dense(keras)
    path = tmp_path / "served"
    model.export(path, verbose=False)
    (path / "mine.txt").write_text("a file of the user's")
    before = content(tmp_path)

    def fail(*args, **kwargs):
        path.mkdir()
        (path / "saved_model.pb").write_text("half of it")
        raise KeyboardInterrupt if cause == "an interrupt" else ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("tensorflow.saved_model.save", fail)
        with pytest.raises((KeyboardInterrupt, ZeroDivisionError)):
            model.export(path, verbose=False)
    assert content(tmp_path) == before
    model.export(path, verbose=False)
    assert (path / "mine.txt").exists() and [p.name for p in tmp_path.iterdir()] == ["served"]


def test_overwrite_is_that_of_keras(keras, tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    dense(keras, 1).save(path)
    before = path.read_bytes()
    asked = []
    monkeypatch.setattr("builtins.input", lambda *args: asked.append(1) or "n")
    dense(keras, 2).save(path, overwrite=False)
    assert asked == [1] and path.read_bytes() == before
    with pytest.raises(RuntimeError, match="already exists; overwrite = TRUE replaces it"):
        from_r("save_model(model, path)", model=dense(keras), path=str(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["a file object", "a pipe", "no directory"])
def test_what_is_no_file_to_replace_is_left_to_keras(keras, tmp_path, kind):
    from keras.src.saving import saving_lib

    model = dense(keras)
    if kind == "a file object":
        file = io.BytesIO()
        saving_lib.save_model(model, file)
        assert file.getvalue()[:2] == b"PK"
    elif kind == "a pipe":
        path = tmp_path / "pipe.keras"
        os.mkfifo(path)
        got = []
        reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
        reader.start()
        model.save(path)
        reader.join()
        assert path.is_fifo() and got[0][:2] == b"PK"
    else:
        with pytest.raises(FileNotFoundError):
            model.save(tmp_path / "no" / "model.keras")
        model.save(tmp_path / "new" / "model.h5")  # Keras makes the directory
        assert keras.saving.load_model(tmp_path / "new" / "model.h5", compile=False)


def test_a_model_in_a_directory_and_in_shards_is_read_again(keras, tmp_path):
    model = dense(keras)
    model.save(tmp_path / "model", zipped=False)
    again = keras.saving.load_model(tmp_path / "model")
    model.save_weights(tmp_path / "w.weights.json", max_shard_size=1e-4)
    other = dense(keras, 9)
    other.load_weights(tmp_path / "w.weights.json")
    for each in (again, other):
        np.testing.assert_array_equal(each.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_model_has_its_optimizer_after_it_was_saved_as_h5(keras, tmp_path):
    model = dense(keras)
    model.save(tmp_path / "model.h5")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.optimizer) is type(model.optimizer)


def test_keras_is_taught_once(keras):
    model_files.teach()
    from keras.src.saving import saving_lib

    assert not hasattr(saving_lib.save_model.__wrapped__, replaced._REPLACED)
    assert keras.saving.deserialize_keras_object.__name__ == "deserialize_keras_object"
