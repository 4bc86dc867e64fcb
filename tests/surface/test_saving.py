"""Models and objects kept: files, exports, copies and configurations, read again."""

from __future__ import annotations

import json
import random
import zipfile

import numpy as np
import pytest
from support.r_models import DENSE, X, Y, dense, from_r
from support.twin import backend

TENSORFLOW = pytest.mark.skipif(backend() != "tensorflow", reason="SavedModel is TensorFlow's")

# ---- files -------------------------------------------------------------------------------------

SCALE = """
  Scale <- Layer("Scale",
    initialize = function(by = 2, ...) {
      super$initialize(...)
      self$by <- by
    },
    call = function(inputs) inputs * self$by,
    get_config = function() c(super$get_config(), list(by = self$by))
  )
  model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
  model$add(Scale(by = 3))
"""


@pytest.mark.parametrize(
    "given", ["list(Scale = Scale)", "list(Scale)", "Scale", "c(Scale = Scale)"]
)
def test_custom_objects_of_a_saved_model(keras, tmp_path, given):
    assert from_r(
        SCALE
        + f"""
        save_model(model, path)
        again <- load_model(path, custom_objects = {given})
        c(again$layers[[2]]$by == 3,
          identical(predict(model, x, verbose = 0), predict(again, x, verbose = 0)))
        """,
        path=str(tmp_path / "model.keras"), x=X,
    ) == [True, True]  # fmt: skip


def test_a_failed_save_leaves_the_old_file(keras, tmp_path):
    path = tmp_path / "model.keras"
    assert from_r(
        DENSE
        + """
        Broken <- Layer("Broken", call = function(inputs) inputs,
          save_own_variables = function(store) stop("no"))
        save_model(model, path)
        model$add(Broken())
        failed <- tryCatch(save_model(model, path, overwrite = TRUE), error = conditionMessage)
        c(is.character(failed), length(load_model(path)$layers) == length(model$layers) - 1)
        """,
        path=str(path),
    ) == [True, True]  # fmt: skip
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_link_to_a_model_stays_a_link(keras, tmp_path):
    path, link = tmp_path / "model.keras", tmp_path / "link.keras"
    link.symlink_to(path)
    from_r(DENSE + "save_model(model, path); TRUE", path=str(link))
    assert link.is_symlink() and path.is_file() and not path.is_symlink()


def test_what_r_saves_python_loads(keras, tmp_path):
    path, weights = tmp_path / "model.keras", tmp_path / "model.weights.h5"
    predicted = from_r(
        DENSE
        + """
        fit(model, x, y, epochs = 2, verbose = 0)
        save_model(model, path)
        save_model_weights(model, weights)
        predict(model, x, verbose = 0)
        """,
        x=X, y=Y, path=str(path), weights=str(weights),
    )  # fmt: skip
    np.testing.assert_array_equal(keras.models.load_model(path).predict(X, verbose=0), predicted)
    fresh = dense(keras)
    fresh.load_weights(weights)
    np.testing.assert_array_equal(fresh.predict(X, verbose=0), predicted)


def test_training_goes_on_after_loading(keras, tmp_path):
    model = dense(keras)
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    more = model.fit(X, Y, epochs=2, verbose=0, shuffle=False).history["loss"]
    ours = from_r(
        DENSE
        + """
        fit(model, x, y, epochs = 2, verbose = 0, shuffle = FALSE)
        save_model(model, path)
        again <- load_model(path)
        as.list(fit(again, x, y, epochs = 2, verbose = 0, shuffle = FALSE)$metrics$loss)
        """,
        x=X, y=Y, path=str(tmp_path / "model.keras"),
    )  # fmt: skip
    np.testing.assert_allclose(ours, more, rtol=1e-6)


@TENSORFLOW
@pytest.mark.parametrize("versioned", [False, True])
def test_an_export_is_a_saved_model(keras, tmp_path, versioned):
    import tensorflow as tf

    x = X[:5]
    served, path, predicted = from_r(
        DENSE
        + """
        where <- export_savedmodel(model, path, versioned = versioned, verbose = FALSE)
        if (!versioned) export_savedmodel(model, path, verbose = FALSE)
        served <- layer_tfsm(filepath = where)
        list(as.array(served(as_tensor(x, "float32"))), where, predict(model, x, verbose = 0))
        """,
        path=str(tmp_path / "export"), versioned=versioned, x=x,
    )  # fmt: skip
    np.testing.assert_allclose(served, predicted, rtol=1e-5)
    loaded = tf.saved_model.load(path)
    np.testing.assert_allclose(loaded.serve(tf.constant(x)), predicted, rtol=1e-5)
    above = tmp_path / "export"
    assert path == str(above) if not versioned else path.startswith(f"{above}/1")


@TENSORFLOW
def test_an_export_replaces_only_an_export(keras, tmp_path):
    (tmp_path / "mine").write_text("a file of the user's")
    with pytest.raises(FileExistsError, match="is not an exported model, so it is not replaced"):
        from_r(DENSE + "export_savedmodel(model, path)", path=str(tmp_path))
    assert (tmp_path / "mine").exists()
    former = tmp_path / "former"
    from_r(DENSE + "export_savedmodel(model, path, verbose = FALSE)", path=str(former))
    with pytest.raises(ValueError, match="not yet been built"):
        from_r("export_savedmodel(keras_model_sequential(), path)", path=str(former))
    assert (former / "saved_model.pb").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["former", "mine"]
    code = "export_savedmodel(model, path, overwrite = FALSE, versioned = FALSE)"
    with pytest.raises(FileExistsError, match="already exists; overwrite = TRUE replaces it"):
        from_r(DENSE + code, path=str(tmp_path))


# ---- copies ------------------------------------------------------------------------------------


def test_a_clone_has_weights_of_its_own(keras):
    ours = from_r(
        DENSE
        + """
        copy <- clone_model(model)
        bare <- clone_model(model, clone_function = function(layer) {
          config <- get_config(layer)
          if (inherits(layer, "keras.src.layers.core.dense.Dense")) config$use_bias <- FALSE
          from_config(config)
        })
        seen <- c()
        called <- clone_model(keras_model(model$inputs, model$outputs),
                              call_function = function(layer, ...) {
          seen <<- c(seen, layer$name)
          layer(...)
        })
        list(count_params(copy), count_params(bare), count_params(called), length(seen),
             identical(get_weights(copy)[[1]], get_weights(model)[[1]]))
        """
    )
    assert ours == [49, 40, 49, 2, False]


# ---- configurations ----------------------------------------------------------------------------

OBJECTS = {
    "layer_dense(units = 8, activation = 'relu')": "layers.Dense",
    "layer_conv_2d(filters = 3, kernel_size = c(2, 2))": "layers.Conv2D",
    "layer_lstm(units = 2)": "layers.LSTM",
    "metric_auc(name = 'area')": "metrics.AUC",
    "loss_huber(delta = 0.5)": "losses.Huber",
    "optimizer_adam(0.5)": "optimizers.Adam",
    "initializer_he_normal(seed = 1)": "initializers.HeNormal",
    "regularizer_l2(0.5)": "regularizers.L2",
    "constraint_maxnorm(3)": "constraints.MaxNorm",
    "learning_rate_schedule_exponential_decay(0.1, 10, 0.9)": (
        "optimizers.schedules.ExponentialDecay"
    ),
    "keras_model_sequential(input_shape = 4) |> layer_dense(1)": "Sequential",
}


@pytest.mark.parametrize("code", OBJECTS)
def test_a_configuration_makes_the_object_again(keras, code):
    made, again = from_r(f"{{ a <- {code}; list(a, from_config(get_config(a))) }}")
    cls = keras
    for name in OBJECTS[code].split("."):
        cls = getattr(cls, name)
    assert type(again) is cls and again is not made
    assert json.dumps(again.get_config()) == json.dumps(made.get_config())  # tuples are lists


def test_a_configuration_is_read_and_changed(keras):
    ours = from_r("""
      config <- get_config(layer_dense(units = 8, activation = "relu", name = "d"))
      before <- list(config$units, config[["activation"]], "use_bias" %in% names(config))
      config$units <- 3
      config$name <- "other"
      list(before, from_config(config)$units, from_config(config)$name)
    """)
    assert ours == [[8, "relu", True], 3, "other"]


def test_an_axis_in_a_configuration_stays_as_it_is(keras):
    axes = from_r("""
      config <- get_config(layer_normalization(axis = 2))
      before <- config$axis
      config$axis <- as.numeric(unlist(config$axis))
      list(before, from_config(config)$axis)
    """)
    assert axes == [[1], 1]


def test_a_configuration_of_a_class_of_r(keras):
    assert from_r(SCALE + "from_config(get_config(Scale(by = 5)))$by") == 5
    model = "from_config(get_config(model), custom_objects = list(Scale))"
    assert from_r(SCALE + f"{model}$layers[[2]]$by") == 3


def test_a_serialized_object_names_its_class(keras):
    assert from_r("from_config(serialize_keras_object(layer_dense(units = 8)))$units") == 8
    with pytest.raises(ValueError, match=r"give it what get_config\(\) or"):
        from_r("from_config(list(units = 8))")


def test_reset_state(keras):
    assert (
        from_r("""{
      average <- metric_mean()
      average$update_state(3)
      as.numeric(reset_state(average)$result())
    }""")
        == 0
    )


# ---- mistakes ----------------------------------------------------------------------------------

MISTAKES = {
    "get_config(3)": "get_config(): `object` must be an object of Keras with a configuration, not",
    "reset_state(3)": "reset_state(): `object` must be a metric, or a layer with a state, not the",
    "reset_state(layer_dense(units = 1))": "not an instance of `keras.src.layers.core.dense.Dense`",
    "save_model(3, 'a.keras')": "save_model(): `model` must be a Keras model, not the value 3.",
    "save_model_weights('m', 'a')": "save_model_weights(): `model` must be a Keras model, not the",
    "load_model_weights(NULL, 'a')": "load_model_weights(): `model` must be a Keras model, not",
    "export_savedmodel(3, 'a')": "export_savedmodel(): `object` must be a Keras model, not",
    "export_savedmodel(model, 'no/such', verbos = 1)": "has no argument `verbos`; did you mean",
}


@pytest.mark.parametrize("code", MISTAKES)
def test_mistakes_in_saving_are_one_clear_message(keras, code):
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        from_r(DENSE + code)
    assert MISTAKES[code] in str(caught.value)


def test_a_model_without_a_path_is_a_raw_vector(r):
    kept = r("""local({
      model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
      saved <- save_model(model)
      x <- matrix(1:4, 2)
      list(is.raw(saved), identical(predict(load_model(saved), x), predict(model, x)))
    })""")
    assert kept == [True, True]


def test_a_model_needs_inputs(r):
    with pytest.raises(RuntimeError, match=r"keras_model\(\) needs `inputs`"):
        r("keras_model()")


# ---- files of others -----------------------------------------------------------------------------


@pytest.fixture
def saved(keras, tmp_path):
    """The path of a model with an R class and an R function, and a function that loads a file."""
    load = from_r(
        SCALE
        + """
        twice <- function(x) x * 2
        model$add(layer_dense(units = 1, activation = twice))
        save_model(model, path)
        function(path, ...) {
          load_model(path, custom_objects = list(Scale = Scale, twice = twice), ...)
        }
        """,
        path=str(tmp_path / "model.keras"),
    )
    return tmp_path / "model.keras", load


def changed(path, change):
    """A copy of a saved model with another configuration."""
    made = path.with_name("changed.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member == "config.json":
                config = json.loads(data)
                change(config, config["config"]["layers"])
                data = json.dumps(config)
            new.writestr(member, data)
    return str(made)


def code_for(ran) -> dict:
    """Changes that would run code, if anything of a file were evaluated."""
    code = f"file.create('{ran}')"

    def is_member(config, layers):
        layers[2]["config"]["by"] = code

    def is_call(config, layers):
        layers[2]["config"]["by"] = {"class_name": "__expr__", "config": code}

    def is_function(config, layers):
        layers[3]["config"]["activation"]["config"] = code

    def is_class(config, layers):
        layers[2] |= {"class_name": f"Scale; {code}", "registered_name": f"Scale; {code}"}

    def is_module(config, layers):
        layers[2] |= {"module": "evil", "class_name": "Evil", "registered_name": "Evil"}

    def is_system(config, layers):
        call = {"module": "os", "class_name": "function", "config": "system"}
        layers[3]["config"]["activation"] = call | {"registered_name": "system"}

    def is_lambda(config, layers):
        lambda_config = {"name": "a", "function": {"class_name": "__lambda__", "config": {
            "code": "4wAAAAA=", "defaults": None, "closure": None}}}  # fmt: skip
        layers[2] = {"module": "keras.layers", "class_name": "Lambda", "config": lambda_config,
                     "registered_name": None}  # fmt: skip

    return {change.__name__: change for change in (
        is_member, is_call, is_function, is_class, is_module, is_system, is_lambda)}  # fmt: skip


@pytest.mark.parametrize("case", code_for(""))
def test_loading_evaluates_nothing_of_the_file(saved, tmp_path, monkeypatch, case):
    path, load = saved
    ran = tmp_path / "ran"
    for ending, code in {"py": f"open('{ran}', 'w')", "R": f"file.create('{ran}')"}.items():
        (tmp_path / f"evil.{ending}").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    made = changed(path, code_for(ran)[case])
    with pytest.raises((TypeError, ValueError)):
        load(made)
    assert not ran.exists()


def test_a_damaged_model_is_one_sentence(saved):
    path, load = saved
    whole = path.read_bytes()
    broken = path.with_name("broken.keras")
    chance = random.Random(1)
    for _ in range(40):
        data = bytearray(whole)
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
        if chance.random() < 0.3:
            del data[at:]
        broken.write_bytes(data)
        try:
            model = load(str(broken))
        except ValueError as error:
            assert str(error).startswith(f"load_model(): {broken} is damaged, or is not a saved")
        else:
            # What was changed is the time in the archive, or the like.
            again = load(str(path))
            for one, other in zip(model.weights, again.weights, strict=True):
                np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_what_is_no_model_is_one_sentence(saved, ending):
    path, load = saved
    other = path.with_name(f"other{ending}")
    other.write_text("text")
    with pytest.raises(ValueError, match=rf"load_model\(\): {other} is damaged, or is not a saved"):
        load(str(other))


def test_a_configuration_without_its_parts_is_damaged(saved):
    path, load = saved
    made = changed(path, lambda config, layers: config["config"].pop("layers"))
    with pytest.raises(ValueError, match=r"changed\.keras is damaged"):
        load(made)
