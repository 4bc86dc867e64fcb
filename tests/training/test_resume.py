"""callback_checkpoint_state() and fit(resume =): a resumed training is the uninterrupted one,
number for number, and the file is whole whatever ends the program. Other backends:
training/test_backends.py.

Of: training/resume.py, training/record.py, training/description.py, training/random_states.py.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support import crafted, error_texts, resumed
from support.paths import TESTS
from support.twin import backend

import pyclass_bridge


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The uninterrupted training, and the file after its last epoch."""
    path = tmp_path_factory.mktemp("whole") / "run.state"
    return resumed.fit(path), path


@pytest.fixture
def interrupted(tmp_path):
    """The file of a training that an error ended in epoch 4."""
    path = str(tmp_path / "run.state")
    with pytest.raises(RuntimeError, match="no luck"):
        resumed.fit(path, "error")
    return path


def killed(path):
    done = subprocess.run(
        [sys.executable, "-c", f"from support import resumed; resumed.fit({path!r}, 'kill')"],
        cwd=TESTS,
    )
    assert done.returncode == -signal.SIGKILL


# ---- equal numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["error", "ctrl-c", "kill"])
def test_a_resumed_training_is_the_uninterrupted_one(whole, how, tmp_path):
    path = str(tmp_path / "run.state")
    if how == "kill":
        killed(path)
    else:
        with pytest.raises(RuntimeError if how == "error" else KeyboardInterrupt):
            resumed.fit(path, how)
    # Another seed: all that is drawn comes from the file.
    run = resumed.fit(path, resume=path, model=resumed.new_model(seed=99))
    assert run[0]["epoch"] == list(range(6))
    assert run == whole[0]
    assert os.listdir(tmp_path) == ["run.state"]


def test_the_shuffled_order_and_the_reduced_rate_are_part_of_it(whole):
    history = whole[0][0]
    assert len(set(history["learning_rate"])) > 1  # ReduceLROnPlateau has reduced it
    unshuffled = resumed.fit(whole[1].with_suffix(".other"), shuffle=False)
    assert unshuffled[0]["loss"] != history["loss"]


def test_the_same_model_resumes_after_ctrl_c(whole, tmp_path):
    path = str(tmp_path / "run.state")
    model = resumed.new_model()
    with pytest.raises(KeyboardInterrupt):
        resumed.fit(path, "ctrl-c", model=model)
    model.optimizer.learning_rate.assign(5.0)
    assert resumed.fit(path, resume=path, model=model) == whole[0]


def test_a_file_for_every_second_epoch(whole, tmp_path):
    path = str(tmp_path / "run.state")
    with pytest.raises(RuntimeError):
        resumed.fit(path, "error", freq=2)
    run = resumed.fit(path, resume=path, freq=4)
    assert run == whole[0]
    # The last epoch is written, too: nothing is left to train.
    assert resumed.fit(path, resume=path, freq=4) == whole[0]


def test_a_training_that_was_stopped_stays_stopped(keras, tmp_path):
    path = str(tmp_path / "run.state")

    def run(**keywords):
        stop = keras.callbacks.EarlyStopping("mae", mode="max", patience=2,
                                             restore_best_weights=True)  # fmt: skip
        listed = [stop, pyclass_bridge.checkpoint_state(path)]
        return resumed.fit(path, listed=listed, **keywords)

    first = run()
    assert len(first[0]["epoch"]) < 6
    assert run(resume=path, model=resumed.new_model(seed=99)) == first


def test_early_stopping_keeps_its_patience(keras, tmp_path):
    path = str(tmp_path / "run.state")

    def run(how=None, **keywords):
        stop = keras.callbacks.EarlyStopping("mae", mode="max", patience=4)
        listed = [stop, pyclass_bridge.checkpoint_state(path)]
        listed += [resumed.Interrupt(how)] if how else []
        return resumed.fit(path, listed=listed, epochs=12, **keywords)

    first = run()
    with pytest.raises(RuntimeError):
        run("error")
    assert run(resume=path)[0]["epoch"] == first[0]["epoch"]


# ---- from R ------------------------------------------------------------------------------------

IN_R = """
train <- function(path, resume = NULL, fail = FALSE) {
  set_random_seed(1)
  x <- matrix(seq(-1, 1, length.out = 60), ncol = 3)
  model <- keras_model_sequential(input_shape = 3) |>
    layer_dense(4, activation = "relu") |>
    layer_dropout(0.5) |>
    layer_dense(1)
  model |> compile(optimizer = "adam", loss = "mse")
  Count <- Callback("Count",
    on_epoch_end = function(epoch, logs = NULL) {
      private$epochs <- c(private$epochs, epoch)
      if (fail && epoch == 3) stop("no luck")
    },
    state_dict = function() list(epochs = private$epochs, draw = runif(1)),
    load_state_dict = function(state) private$epochs <- state$epochs,
    private = list(epochs = NULL)
  )
  fit(model, x, rowSums(x), epochs = 5, batch_size = 8, validation_split = 0.25, verbose = 0,
    validation_freq = 2, callbacks = list(callback_checkpoint_state(path), Count()),
    resume = resume)
}
resumed_in_r <- function(path) {
  whole <- train(path)
  tryCatch(train(path, fail = TRUE), error = function(e) NULL)
  set.seed(5)
  list(whole, train(path, resume = path))
}
"""


def test_a_class_of_python_that_counts_in_place_goes_on(keras, tmp_path):
    class Counts(keras.callbacks.EarlyStopping):
        def __init__(self):
            super().__init__("loss", patience=9)
            self.counted, self.nested, self.seen = np.zeros(1), [[0]], {"epochs": []}

        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            self.counted += 1
            self.nested[0][0] += 1
            self.seen["epochs"].append(epoch)

    path = str(tmp_path / "run.state")
    keep = pyclass_bridge.checkpoint_state(path)
    with pytest.raises(RuntimeError, match="no luck"):
        resumed.fit(path, listed=[keep, Counts(), resumed.Interrupt("error")])
    counts = Counts()
    resumed.fit(path, listed=[counts], resume=path)
    assert (counts.counted[0], counts.nested, counts.seen["epochs"]) == (6, [[6]], [*range(6)])


def test_an_optimizer_within_another_resumes(keras, tmp_path):
    """That of mixed precision holds the user's, whose name has a number of the session."""

    def optimizer():
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.05))

    path = str(tmp_path / "run.state")
    with pytest.raises(RuntimeError, match="no luck"):
        resumed.fit(path, "error", model=resumed.new_model(optimizer=optimizer()))
    again = resumed.new_model(optimizer=optimizer())
    assert resumed.fit(path, resume=path, model=again)[0]["epoch"] == [*range(6)]
    other = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.5))
    with pytest.raises(ValueError, match="inner_optimizer"):
        resumed.fit(path, resume=path, model=resumed.new_model(optimizer=other))


def test_the_history_in_r_has_all_epochs(source, tmp_path, r):
    ns = source(IN_R)
    check = r("""function(run, path) {
      both <- run(path)
      stopifnot(
        identical(both[[1]], both[[2]]), identical(both[[2]]$epoch, 1:5),
        identical(both[[2]]$callbacks$Count$epochs, c(1L, 2L, 3L, 4L, 5L)),
        nrow(as.data.frame(both[[2]])) == 5 + 2
      )
      TRUE
    }""")
    assert check(ns.resumed_in_r, str(tmp_path / "run.state"))


# ---- mistakes ----------------------------------------------------------------------------------


def tried(path, listed=None, model=None, **keywords) -> str:
    """The warnings and the error of a training resumed from a copy of the file at `path`."""
    if os.path.exists(path):
        path = shutil.copy(path, f"{path}.copy")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            resumed.fit(path, listed=listed, model=model, resume=path, **keywords)
            error = "no error"
        except Exception as e:
            error = f"{type(e).__name__}: {e}"
    said = [str(w.message) for w in caught if "fit():" in str(w.message)]
    return "\n".join([*said, error]).replace(str(Path(path).parent), "").replace(".copy", "")


def test_mistakes_with_resume_are_one_clear_message(keras, interrupted, tmp_path, monkeypatch):
    if backend() != "tensorflow":
        pytest.skip("the texts are the same on each backend")
    listed = resumed.callbacks(interrupted)[1:]
    noise = listed[0]
    other = resumed.namespace().Other()
    other.id = "Noise"
    more = resumed.namespace().Other()
    more.id = "more"
    damaged = str(tmp_path / "damaged.state")
    Path(damaged).write_bytes(Path(interrupted).read_bytes()[:-30])
    zipped = str(tmp_path / "zipped.state")
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a", "b")
    listing = str(tmp_path / "listing.state")
    with zipfile.ZipFile(listing, "w") as archive:
        archive.writestr("state.json", "[1]")
    plateau = keras.callbacks.ReduceLROnPlateau  # which looks at what Noise puts into the logs
    without = [c for c in listed if c is not noise and not isinstance(c, plateau)]

    def model(**given):
        return resumed.new_model(**given)

    def endless():
        while True:
            yield tuple(array[:8] for array in resumed.data())

    texts = {
        "no file": tried(str(tmp_path / "none.state")),
        "a damaged file": tried(damaged),
        "another archive": tried(zipped),
        "an archive of its own": tried(listing),
        "another class": tried(interrupted, [*without, other]),
        "no such callback": tried(interrupted, without),
        "a new callback": tried(interrupted, [*listed, more]),
        "other epochs": tried(interrupted, epochs=7),
        "another start": tried(interrupted, initial_epoch=1),
        "another size of a layer": tried(interrupted, model=model(units=5)),
        "another activation": tried(interrupted, model=model(activation="tanh")),
        "another rate of dropout": tried(interrupted, model=model(rate=0.5)),
        "another loss": tried(interrupted, model=model(loss="mae")),
        "a layer more": tried(interrupted, model=model(layers=[keras.layers.Dense(4)])),
        "another optimizer": tried(interrupted, model=model(optimizer="sgd")),
        "a frozen layer": tried(interrupted, model=frozen(keras)),
        "a model of its own": tried(interrupted, model=own_model(keras)),
        "another rate": tried(interrupted, model=model(optimizer=keras.optimizers.Adam(0.5))),
        "a model without weights": tried(
            interrupted, x=endless(), y=None, steps_per_epoch=2, batch_size=None,
            validation_split=0.0),
    }  # fmt: skip
    monkeypatch.setattr("pyclass_bridge.training.resume.VERSION", 2)
    texts["another version"] = tried(interrupted)
    error_texts.check("resume_errors", texts)


# ---- files of others ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", crafted.MORE_THAN_DATA)
def test_a_checkpoint_runs_no_code(whole, case, tmp_path):
    what, make = crafted.MORE_THAN_DATA[case]
    ran = tmp_path / "ran"
    path = crafted.with_r_values(whole[1], state=make(f"file.create('{ran}')"))
    with pytest.raises(
        ValueError, match=rf'state of the callback "Noise" holds {what}.*, so it is'
    ):
        resumed.fit(path, resume=path)
    assert not ran.exists()


@pytest.mark.parametrize("case", crafted.DAMAGED)
def test_a_damaged_state_is_one_sentence(whole, case):
    path = crafted.with_r_values(whole[1], state=crafted.DAMAGED[case])
    with pytest.raises(ValueError, match=r"run\.state\.crafted is damaged, or is not a checkpoint"):
        resumed.fit(path, resume=path)


SEEDS = {
    "a promise": crafted.list_of_a_promise("stop('ran')"), "text": "'a'", "doubles": "c(1, 2)",
    "too short": "c(10403L, 1:9)", "no kind": "c(99L, 1:9)", "of the user": "c(10405L, 1L)",
    "too long": "rep(10403L, 20000)", "a class": "structure(10403L, class = 'a')",
}  # fmt: skip


@pytest.mark.parametrize("case", SEEDS)
def test_the_seed_of_r_is_one(whole, case):
    given = SEEDS[case]
    seed = crafted.serialized(given) if isinstance(given, str) else given
    path = crafted.with_r_values(whole[1], seed=seed)
    with pytest.raises(ValueError, match=r"is damaged|its part `random` holds a promise"):
        resumed.fit(path, resume=path)


def test_a_state_with_functions_is_asked_for(keras, tmp_path, define):
    """Written as before, read with `safe_mode = FALSE`, which the error names."""
    path = str(tmp_path / "run.state")
    kept = define("""
      Callback("Kept", state_dict = function() list(f = function(x) x + 1, n = 1),
        load_state_dict = function(state) self$got <- state$f(state$n))
    """)
    keep = pyclass_bridge.checkpoint_state(path)
    with (
        pytest.raises(RuntimeError, match="no luck"),
        pytest.warns(UserWarning, match=r'"Kept" holds a function.* `safe_mode = FALSE`') as told,
    ):
        resumed.fit(path, listed=[keep, kept(), resumed.Interrupt("error")])
    assert sum("safe_mode" in str(warning.message) for warning in told) == 1
    with pytest.raises(ValueError, match=r'"Kept" holds a function, .* give `safe_mode = FALSE`'):
        resumed.fit(path, listed=[kept()], resume=path)
    again = kept()
    resumed.fit(path, listed=[again], resume=path, safe_mode=False)
    assert again.got == 2
    with pytest.raises(TypeError, match="`safe_mode` must be TRUE or FALSE"):
        resumed.fit(path, resume=path, safe_mode=None)


def test_no_checkpoint_says_where_a_callback_writes(keras, tmp_path):
    path, saved = str(tmp_path / "run.state"), str(tmp_path / "saved.keras")

    def listed(saved):
        return [keras.callbacks.ModelCheckpoint(saved), pyclass_bridge.checkpoint_state(path)]

    with pytest.raises(RuntimeError, match="no luck"):
        resumed.fit(path, listed=[*listed(saved), resumed.Interrupt("error")])
    evil = str(tmp_path / "evil.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(f"{path}.crafted", "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member == "state.json":
                tree = json.loads(data)
                [[_, attributes]] = [a for a in tree["attributes"][1] if a[0] == "ModelCheckpoint"]
                attributes[1].append(["filepath", evil])
                data = json.dumps(tree)
            new.writestr(member, data)
    resumed.fit(path, listed=listed(saved), resume=f"{path}.crafted")
    assert not os.path.exists(evil) and os.path.exists(saved)


def frozen(keras):
    model = resumed.new_model()
    model.layers[0].trainable = False
    model.compile(keras.optimizers.Adam(), "mse", metrics=["mae"])
    return model


def own_model(keras):
    """Four layers with the weights of those of `resumed`, and a weight more."""
    model = resumed.new_model()
    model.more = model.add_weight(shape=(2,))
    return model
