"""R functions that Keras is given: the name that each has, and models saved and loaded with them.

Also of: surface/objects.py, surface/loading.py.
"""

from __future__ import annotations

import json

import pytest

FUNCTIONS = """
  double <- function(x) x * 2
  triple <- function(x) x * 3
  dense <- function(x, act) {
    layer_dense(x, 1, activation = act, kernel_initializer = "ones")
  }
  value <- function(model) as.numeric(predict(model, matrix(1), verbose = 0))
  input <- keras_input(1)
  two <- function() keras_model(input, dense(dense(input, double), triple))
  acts <- list(first = function(x) x + 1, second = function(x) x + 2)
"""


@pytest.fixture
def functions(keras, define):
    """R code with the functions, in an environment of its own; the registry is restored."""
    registry = dict(keras.saving.get_custom_objects())
    define(FUNCTIONS)
    yield define
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(registry)


def names_of_activations(model):
    return [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")]


# ---- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("layer_dense(input, 1, activation = double)", ["double"]),
        ("input |> layer_dense(1, activation = double)", ["double"]),
        ("layer_dense(input, 1, double)", ["double"]),
        ("layer_dense(input, 1, (double))", ["double"]),
        ("{ my.act <- function(x) x; layer_dense(input, 1, my.act) }", ["my.act"]),
        ("layer_dense(input, 1, base::abs)", ["abs"]),
        ("layer_dense(input, 1, acts$second)", ["second"]),
        ("layer_dense(input, 1, acts[['first']])", ["first"]),
        ("layer_dense(input, 1, acts[[2]])", ["second"]),
        ("layer_dense(input, 1, structure(double, py_function_name = 'mine'))", ["mine"]),
        ("layer_dense(input, 1, function(x) x)", ["r_function"]),
        # What the callers wrote, whatever the functions between call it.
        ("dense(dense(input, double), triple)", ["double", "triple"]),
        ("(function(...) layer_dense(input, 1, ...))(activation = double)", ["double"]),
        ("(function(f) (function(...) layer_dense(input, 1, ...))(activation = f))(triple)",
         ["triple"]),
        ("(function(f = double) layer_dense(input, 1, f))()", ["double"]),
        ("(function(f) { g <- f; f <- function(x) g(x); layer_dense(input, 1, f) })(double)",
         ["f"]),
        ("(function(double) layer_dense(input, 1, double))(acts$first)", ["first"]),
        ("dense(input, function(x) x)", ["act"]),
        ("do.call(layer_dense, list(input, 1, activation = double))", ["double"]),
        ("layer_dense(input, 1, if (TRUE) double else triple)", ["double"]),
        ("Reduce(dense, list(double, triple), input)", ["double", "triple"]),
        ("keras$layers$Dense(1L, activation = double)(input)", ["double"]),
        ("keras$layers$Dense(1L, activation = function(x) x)(input)", ["r_function"]),
    ],
)  # fmt: skip
def test_a_function_is_named_by_what_gave_it(functions, code, names):
    assert names_of_activations(functions(f"keras_model(input, {code})")) == names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("lapply(acts, function(a) layer_dense(units = 1, activation = a))", ["first", "second"]),
        ("Map(function(a, n) layer_dense(units = n, activation = a), acts, 1:2)",
         ["first", "second"]),
        ("lapply(list(double, triple), function(a) layer_dense(units = 1, activation = a))",
         ["double", "triple"]),
        ("unname(mapply(function(a) layer_dense(units = 1, activation = a), list(double)))",
         ["double"]),
    ],
)  # fmt: skip
def test_a_function_has_the_name_of_its_list_entry(functions, code, names):
    model = functions(f"keras_model_sequential(input_shape = 1, layers = unname({code}))")
    assert names_of_activations(model) == names


def test_no_other_argument_is_evaluated_for_a_name(functions):
    functions("""
      evaluated <- FALSE
      careful <- function(act, other) layer_dense(units = 1, activation = identity(act))
      layer <- careful(double, { evaluated <- TRUE; double })
    """)
    assert functions("evaluated") is False
    assert functions("layer").activation.__name__ == "double"


def test_a_function_stays_its_closure_in_r(functions):
    assert functions("identical(two()$layers[[2]]$activation, double)") is True
    assert functions(
        "identical(dense(input, double)$`_keras_history`$operation$activation, double)"
    )


def test_a_function_that_a_class_keeps_has_one_name(functions, keras):
    functions("""
      Twice <- Layer("Twice",
        initialize = function(act, ...) {
          super$initialize(...)
          self$act <- act
          self$inner <- layer_dense(units = 1, activation = act)
        },
        call = function(x) self$act(self$inner(x)),
        get_config = function() c(super$get_config(), list(act = self$act)))
    """)
    for code in ("Twice(double)", "Twice(act = double)", "input |> Twice(double)"):
        made = functions(f"made <- {code}")
        layer = made if isinstance(made, keras.Layer) else made._keras_history.operation
        assert keras.saving.serialize_keras_object(layer)["config"]["act"]["config"] == "double"
        assert layer.inner.activation.__name__ == "double"


def test_a_function_that_a_class_keeps_has_its_name_whenever_it_is_saved(functions, tmp_path):
    functions("""
      Kept <- Layer("Kept",
        initialize = function(act, ...) {
          super$initialize(...)
          self$act <- act
        },
        call = function(x) self$act(x),
        get_config = function() c(super$get_config(), list(act = self$act)))
      act_of <- function(k) { act <- function(x) x * k; Kept(act) }
      first <- Kept(double)
      model <- keras_model(input, input |> first() |> act_of(2)() |> act_of(3)())
      files <- paste0(path, 1:2, ".keras")
    """, path=str(tmp_path / "model"))  # fmt: skip
    with pytest.warns(UserWarning, match="yours is `act_1`"):
        functions("for (file in files) save_model(model, file)")
    for _ in range(2):
        assert functions("serialize_keras_object(first)$config$act$config") == "double"
    configs = functions("lapply(get_config(model)$layers[-1], function(l) l$config$act$config)")
    assert configs == ["double", "act", "act_1"]


def test_an_error_of_a_function_has_its_name(functions):
    functions("broken <- function(x) stop('no value')")
    with pytest.raises(RuntimeError, match="no value"):
        functions("layer_dense(units = 1, activation = broken)(matrix(1))")


# ---- saved and loaded --------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("given", [
    "list(double, triple)", "list(triple, double)", "list(triple = triple, double = double)",
    "dict(triple = triple, double = double)", "list(double = double, triple)", "unnamed",
    "c(double = double, triple = triple)",
    "list(structure(function(x) 3 * x, py_function_name = 'triple'), double)",
    "list(double, mine = structure(function(x) 3 * x, py_function_name = 'triple'))",
])  # fmt: skip
def test_two_functions_are_loaded_by_their_names(functions, tmp_path, ending, given):
    functions("file <- path", path=str(tmp_path / f"model{ending}"))
    functions("model <- two(); model$save(file); unnamed <- list(double, triple)")
    loaded = functions(f"loaded <- load_model(file, custom_objects = {given})")
    assert names_of_activations(loaded) == ["double", "triple"]
    assert functions("list(value(model), value(loaded))") == [6, 6]
    assert functions("dense(dense(input, triple), double)") is not None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("list(function(x) 2 * x, triple)", "element 1 of the custom objects is a function that"),
        ("list(double, function(x) 3 * x)", "needs a name, as in `list(..., name = f)`"),
        ("list(double = double, double = abs)", "two custom objects are called `double`"),
        ("list(double, double = triple)", "can't be told apart"),
        ("list(acts$first, double)", "the function `triple` is not known"),
    ],
)
def test_functions_that_cannot_be_told_apart(functions, tmp_path, given, said):
    functions("save_model(two(), file)", file=str(tmp_path / "model.keras"))
    loaded = f"load_model(file, custom_objects = {given})"
    assert said in functions(f"tryCatch({loaded}, error = conditionMessage)")


def test_a_session_that_knows_them_loads_them(functions, tmp_path):
    functions("save_model(two(), file)", file=str(tmp_path / "model.keras"))
    scoped = "with_custom_object_scope(list(triple), {})"
    inner = "load_model(file, custom_objects = list(double))"
    assert functions(f"value({scoped.format(inner)})") == 6
    functions("set_custom_objects(list(double, triple))")
    assert functions("value(load_model(file))") == 6


def test_registered_functions_are_loaded_without_being_given(functions, tmp_path):
    functions(
        """
        register_keras_serializable(double)
        register_keras_serializable(triple, package = "mine")
        save_model(two(), file)
        """,
        file=str(tmp_path / "model.keras"),
    )
    assert functions("value(load_model(file))") == 6


KINDS = """
  start <- function(shape, dtype = NULL) op_ones(shape)
  squares <- function(w) 0.1 * op_sum(w^2)
  kept <- function(w) w * 1
  plus <- function(x) x + 1
  error <- function(y_true, y_pred) op_mean((y_true - y_pred)^2)
  highest <- function(y_true, y_pred) op_max(y_pred)
  lowest <- function(y_true, y_pred) op_min(y_pred)
  model <- keras_model_sequential(input_shape = c(2, 1)) |>
    bidirectional(layer_gru(units = 2, activation = double)) |>
    layer_dense(1, activation = triple, kernel_regularizer = squares, kernel_initializer = start,
                kernel_constraint = kept) |>
    layer_lambda(plus)
  compile(model, "sgd", error, metrics = list(highest, least = lowest))
  x <- array(1:8 / 8, c(4, 2, 1))
  fit(model, x, matrix(2:5), epochs = 2, verbose = 0)
  objects <- list(squares = squares, kept = kept, plus = plus, error = error, start = start,
                  highest = highest, least = lowest, double = double, triple = triple)
  scores <- function(model) evaluate(model, x, matrix(2:5), verbose = 0)
"""


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_functions_of_every_kind(functions, tmp_path, ending):
    functions(KINDS + "model$save(file)", file=str(tmp_path / f"model{ending}"))
    functions("loaded <- load_model(file, custom_objects = objects)")
    assert functions("identical(predict(loaded, x, verbose = 0), predict(model, x, verbose = 0))")
    if ending == ".keras":  # after .h5, Keras gives the loss of the last batch
        assert functions("identical(scores(loaded), scores(model))")
    assert functions("names(scores(model))") == ["highest", "least", "loss"]
    for name in functions("names(objects)"):
        loaded = f"load_model(file, custom_objects = objects[names(objects) != '{name}'])"
        assert functions(f"tryCatch({loaded}, error = conditionMessage)").endswith(
            f"`{name}` is not known: source() the R file that defines it, or give it as "
            f"`custom_objects = list({name} = {name})`."
        )


def test_losses_and_metrics_of_several_outputs(functions, tmp_path):
    functions(
        """
        near <- function(y_true, y_pred) op_mean(op_abs(y_true - y_pred))
        far <- function(y_true, y_pred) op_max(op_abs(y_true - y_pred))
        model <- keras_model(input, list(a = dense(input, double), b = dense(input, triple)))
        compile(model, "sgd", loss = list(a = near, b = function(y_true, y_pred) op_max(y_pred)),
                metrics = list(a = list(far, n = near), b = far))
        y <- list(a = matrix(0, 4), b = matrix(0, 4))
        history <- fit(model, matrix(1:4), y, verbose = 0, epochs = 1)
        scores <- function(model) evaluate(model, matrix(1:4), y, verbose = 0)
        save_model(model, file)
        """,
        file=str(tmp_path / "model.keras"),
    )
    assert set(functions("names(history$metrics)")) == {
        "loss", "a_loss", "b_loss", "a_far", "a_n", "b_far"
    }  # fmt: skip
    said = (
        "tryCatch(load_model(file, custom_objects = list(double, triple, near, far)), error = {})"
    )
    assert "the function `b` is not known" in functions(said.format("conditionMessage"))
    given = "list(double, triple, near, far, n = near, b = function(y_true, y_pred) op_max(y_pred))"
    assert functions(
        f"identical(scores(load_model(file, custom_objects = {given})), scores(model))"
    )


def test_parts_that_keras_makes_again_have_the_functions(functions, keras):
    model = functions("""
      model <- keras_model_sequential(input_shape = c(2, 1)) |>
        bidirectional(layer_lstm(units = 1, activation = double)) |>
        layer_dense(1, activation = triple)
    """)
    copy = functions("{ copy <- clone_model(model); set_weights(copy, get_weights(model)); copy }")
    assert copy.layers[0].backward_layer.cell.activation.__name__ == "double"
    x = keras.ops.ones((1, 2, 1))
    assert float(copy(x)[0, 0]) == float(model(x)[0, 0])


def test_configurations_hold_the_names(functions):
    functions("config <- get_config(layer_dense(units = 1, activation = double))")
    assert functions("config$activation$config") == "double"
    assert functions("from_config(config, list(double))").activation.__name__ == "double"
    with pytest.raises(Exception, match=r"activation|Could not locate function 'double'"):
        functions("from_config(config)")
    text = functions("save_model_config(two())")
    loaded = functions("load_model_config(text, list(triple, double))", text=text)
    assert names_of_activations(loaded) == ["double", "triple"]


# ---- names that two functions have -------------------------------------------------------------

SAME_NAME = """
  layers <- lapply(c(2, 3), function(k) {
    act <- function(x) x * k
    layer_dense(units = 1, activation = act, kernel_initializer = "ones")
  })
  model <- keras_model(input, layers[[2]](layers[[1]](input)))
"""


def test_two_functions_of_one_name_are_numbered_and_told(functions, tmp_path):
    functions(SAME_NAME + "file <- path", path=str(tmp_path / "model.keras"))
    told = functions("tryCatch(save_model(model, file), warning = conditionMessage)")
    assert told == (
        "the model has another function `act`, so yours is `act_1` in the configuration of the "
        "model: load the saved model with `custom_objects = list(act_1 = ...)`."
    )
    functions("suppressWarnings(save_model(model, file, overwrite = TRUE))")
    load = "value(load_model(file, custom_objects = list(act = {}, act_1 = {})))"
    assert functions(load.format("double", "triple")) == 6
    assert functions(load.format("double", "double")) == 4


@pytest.mark.parametrize("way", ["keras", "h5", "json", "clone", "compile"])
def test_whoever_saves_or_copies_the_model_numbers_them(functions, keras, tmp_path, way):
    functions(SAME_NAME)
    model = functions("model")
    ways = {
        "keras": lambda: model.save(tmp_path / "model.keras"),
        "h5": lambda: model.save(tmp_path / "model.h5"),
        "json": model.to_json,
        "clone": lambda: functions("clone_model(model)"),
        "compile": lambda: functions("compile(model, 'sgd', 'mse')"),
    }
    with pytest.warns(UserWarning, match="yours is `act_1`"):
        ways[way]()
    assert names_of_activations(model) == ["act", "act_1"]


def test_one_function_in_two_layers_is_one(functions, recwarn):
    model = functions("model <- keras_model(input, dense(dense(input, double), double))")
    functions("save_model_config(model)")
    assert names_of_activations(model) == ["double", "double"]
    assert not [w for w in recwarn if "another function" in str(w.message)]


def test_a_function_that_is_defined_anew_is_another_one(functions):
    functions("first <- layer_dense(units = 1, activation = double); double <- function(x) 20 * x")
    functions("again <- layer_dense(units = 1, activation = double)")
    functions("model <- keras_model_sequential(input_shape = 1, layers = list(first, again))")
    with pytest.warns(UserWarning, match="yours is `double_1`"):
        config = json.loads(functions("save_model_config(model)"))
    saved = [layer["config"].get("activation") for layer in config["config"]["layers"]]
    assert [activation["config"] for activation in saved[1:]] == ["double", "double_1"]


def test_metrics_of_one_name_are_numbered_in_the_history(functions):
    functions("""
      scaled <- function(k) function(y_true, y_pred) k * op_mean(y_pred)
      mine <- list(mine = scaled(1))
      model <- keras_model(input, dense(input, double))
    """)
    with pytest.warns(UserWarning, match="yours is `mine_1`"):
        functions("compile(model, 'sgd', 'mse', metrics = list(mine$mine, mine = scaled(2)))")
    history = functions("fit(model, matrix(1), matrix(1), epochs = 1, verbose = 0)")
    assert set(history["metrics"]) == {"loss", "mine", "mine_1"}


def test_a_function_named_as_one_of_keras_is_not_loaded_as_that(functions, tmp_path):
    functions("relu <- function(x) x * 5; file <- path", path=str(tmp_path / "model.keras"))
    functions("model <- keras_model(input, dense(input, relu))")
    told = functions("tryCatch(save_model(model, file), warning = conditionMessage)")
    assert "Keras has a function `relu`, so yours is `relu_1`" in told
    functions("save_model(model, file)")
    with pytest.raises(TypeError, match="Could not locate function 'relu_1"):
        functions("load_model(file)")
    for given in ("list(relu)", "list(relu = relu)", "list(relu_1 = relu)", "dict(relu = relu)"):
        assert functions(f"value(load_model(file, custom_objects = {given}))") == 5


def test_a_model_that_was_saved_without_names(functions, tmp_path):
    functions("model <- keras_model(input, layer_dense(input, 1, activation = function(x) x * 2))")
    functions("save_model(model, file)", file=str(tmp_path / "model.keras"))
    said = functions("tryCatch(load_model(file), error = conditionMessage)")
    assert "a function without a name was saved as this" in said
    loaded = functions("load_model(file, custom_objects = list(r_function = double))")
    assert names_of_activations(loaded) == ["r_function"]


# ---- what is missing ---------------------------------------------------------------------------


def test_an_unknown_class_is_named_by_its_variable(functions, tmp_path, monkeypatch):
    from pyclass_bridge.surface import custom_objects

    functions(
        """
        layer_scaled <- Layer("Scaled", call = function(x) x * 2)
        save_model(keras_model(input, layer_scaled()(input)), file)
        """,
        file=str(tmp_path / "model.keras"),
    )
    with monkeypatch.context() as patch:
        patch.setattr(custom_objects, "classes_named", lambda name: [])  # as in another session
        said = functions("tryCatch(load_model(file), error = conditionMessage)")
    assert said == (
        "TypeError: the class `Scaled` is not known: source() the R file that defines it, or give "
        "it as `custom_objects = list(Scaled = layer_scaled)`."
    )
    functions("load_model(file, custom_objects = list(Scaled = layer_scaled))")


def test_a_registered_name_has_two_remedies(functions, keras, tmp_path):
    functions("register_keras_serializable(double, package = 'mine')")
    functions(
        "save_model(keras_model(input, dense(input, double)), file)",
        file=str(tmp_path / "model.keras"),
    )
    keras.saving.get_custom_objects().clear()
    said = functions("tryCatch(load_model(file), error = conditionMessage)")
    assert said.endswith(
        "the function `mine>double` is not known: source() the R file that defines it, register it "
        'by `register_keras_serializable(double, "double", "mine")`, or give it as '
        "`custom_objects = list(`mine>double` = double)`."
    )
    for remedy in (
        "load_model(file, custom_objects = list(`mine>double` = double))",
        "{ register_keras_serializable(double, 'double', 'mine'); load_model(file) }",
    ):
        assert functions(f"value({remedy})") == 2
