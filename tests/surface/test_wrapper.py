"""The generated wrappers: which names there are, their formals, what becomes of their arguments.

Also of: surface/names.py, R/surface_names.R, R/surface_shape.R.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pyclass_bridge.surface import arguments
from pyclass_bridge.surface.names import snake_case


def run_alone(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


# ---- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keras_name", "r_name"),
    [
        ("Conv2DTranspose", "conv_2d_transpose"),
        ("LSTM", "lstm"),
        ("ConvLSTM1D", "conv_lstm_1d"),
        ("GlobalMaxPooling3D", "global_max_pooling_3d"),
        ("MeanIoU", "mean_iou"),
        ("AdamW", "adam_w"),
        ("KLDivergence", "kl_divergence"),
        ("STFTSpectrogram", "stft_spectrogram"),
        ("EfficientNetV2B0", "efficientnet_v2b0"),
        ("TerminateOnNaN", "terminate_on_nan"),
        ("log_softmax", "log_softmax"),
    ],
)
def test_r_names_are_made_by_a_rule(keras_name, r_name):
    assert snake_case(keras_name) == r_name


def test_the_names_are_there_before_keras_is_imported():
    out = run_alone(
        "import sys, pyclass_bridge as p\n"
        "print(p.r(\"'layer_dense' %in% ls('package:pyclassbridge')\"), 'keras' in sys.modules)"
    )
    assert out.split() == ["True", "False"]


def test_binding_the_names_takes_less_than_50_ms(r):
    milliseconds = r("""
      local({
        env <- new.env()
        started <- proc.time()[["elapsed"]]
        for (i in 1:5) {
          for (name in pyclassbridge:::surface_names()) pyclassbridge:::bind_surface(name, env)
          rm(list = ls(env), envir = env)
        }
        (proc.time()[["elapsed"]] - started) * 1000 / 5
      })
    """)
    assert milliseconds < 50


def test_the_listed_names_are_those_of_the_installed_keras(r, keras):
    made = set(r("pyclassbridge:::surface_module()$names()"))
    listed = set(r("pyclassbridge:::surface_names()"))
    # Other releases of Keras have more or fewer; what they have more is bound when it is imported.
    bound = set(r("c(ls('package:pyclassbridge'), ls('pyclassbridge:newer_keras'))"))
    assert made <= bound
    assert len(listed - made) <= 0.05 * len(listed)


def test_a_name_of_a_newer_keras_comes_by_itself():
    out = run_alone(
        "import keras, pyclass_bridge as p\n"
        "class BrandNew(keras.layers.Dense): pass\n"
        "keras.layers.BrandNew = BrandNew\n"
        "p.r('config_backend()')\n"
        "print(p.r('class(layer_brand_new(units = 2))[[1]]'))"
    )
    assert out.split()[-1].endswith("BrandNew")


def test_a_name_that_keras_lacks_says_so(r, keras):
    with pytest.raises(Exception, match=r"Keras 3.* has nothing that layer_nowhere\(\) could wrap"):
        r("pyclassbridge:::make_wrapper('layer_nowhere')")


def test_a_wrapper_is_found_by_its_namespace(r, keras):
    assert r("pyclassbridge::layer_dense(units = 3)$units") == 3


# ---- arguments ---------------------------------------------------------------------------------


def test_docstrings_give_the_text_of_arguments(keras):
    texts = arguments.documented(keras.layers.Dense)
    assert texts["units"].startswith("Positive integer")
    assert "activation" in texts


def test_whole_doubles_become_integers_where_keras_says_so(r, keras):
    layer = r("layer_conv_2d(filters = 8, kernel_size = c(3, 5), strides = 2)")
    assert (layer.filters, layer.kernel_size, layer.strides) == (8, (3, 5), (2, 2))
    assert type(layer.filters) is int and type(layer.kernel_size[0]) is int
    assert type(r("layer_category_encoding(num_tokens = 4)").num_tokens) is int


def test_other_numbers_stay(r, keras):
    callback = r("callback_early_stopping(min_delta = 0.01, patience = 3)")
    assert callback.min_delta in (0.01, -0.01) and callback.patience == 3
    assert r("optimizer_sgd(learning_rate = 1)").learning_rate == 1.0
    assert r("layer_dropout(rate = 0.5)").rate == 0.5


def test_null_is_none(r, keras):
    assert r("layer_dense(units = 1, activation = NULL)").activation is keras.activations.linear


def test_an_argument_that_the_caller_lacks_is_not_given(r, keras):
    r("mine <- function(object, units, ...) layer_dense(object, units = units, ...)")
    assert r("mine(units = 3, activation = 'relu')").units == 3
    assert r("mine(layer_input(shape = 2), 3)").shape == (None, 3)
    with pytest.raises(Exception, match=r"layer_dense\(\) needs the argument `units`"):
        r("mine(activation = 'relu')")
    with pytest.raises(Exception, match=r"op_add\(\) needs the argument `x2`"):
        r("(function(x, y) op_add(x, y))(1)")


def test_arguments_are_evaluated_once_in_the_order_of_the_formals(r, keras):
    assert r("""
      local({
        seen <- character()
        see <- function(name, value) {
          seen <<- c(seen, name)
          value
        }
        layer_dense(activation = see("activation", "relu"), units = see("units", 3))
        seen
      })
    """) == ["units", "activation"]


def test_names_in_a_vector_mean_nothing_to_keras(r, keras):
    r("hyper <- c(units = 3, rate = 0.5)")
    assert r("layer_dense(units = hyper['units'])").units == 3
    assert r("layer_dropout(rate = hyper['rate'])").rate == 0.5
    assert r("layer_input(shape = c(rows = 4, columns = 2))").shape == (None, 4, 2)
    relu = r("layer_dense(units = 1, activation = c(first = 'relu'))").activation
    assert relu is keras.activations.relu


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("layer_dense(name = 'a')", "layer_dense() needs the argument `units`."),
        ("layer_dense(units = 0.5)", "layer_dense(): `units` takes whole numbers, not 0.5."),
        (
            "callback_early_stopping(patiance = 3)",
            "callback_early_stopping() has no argument `patiance`; did you mean `patience`?",
        ),
        ("layer_dense(unts = 3)", "layer_dense() has no argument `unts`; did you mean `units`?"),
        ("layer_dense()", "layer_dense() needs the argument `units`."),
        ("op_add(1)", "op_add() needs the argument `x2`."),
        ("op_add(1, y = 3)", "op_add() has no argument `y`; its arguments are `x1`, `x2`."),
        (
            "op_sum(1, axis = 0)",
            "op_sum(): `axis` counts from 1, so 0 is not valid: 1 is the first, -1 the last.",
        ),
        ("op_take(1:3, 0)", "op_take(): `indices` counts from 1, so 0 is no index."),
        (
            "layer_dense(10, activation = 'relu')",
            "layer_dense(): its first argument must be a Sequential model, a tensor or a list of "
            "tensors, not 10.0. Give the other arguments by name.",
        ),
        (
            "loss_mean_squared_error(1)",
            "loss_mean_squared_error() needs both `y_true` and `y_pred` to compute a value.",
        ),
        ("metric_auc(200)", "metric_auc(): further arguments must have names, as in "),
    ],
)
def test_errors_name_the_wrapper_and_the_argument(r, keras, code, message):
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        r(code)
    assert message in str(caught.value)


def test_an_error_of_keras_itself_goes_through(r, keras):
    with pytest.raises(ValueError, match="Could not interpret activation function identifier"):
        r("layer_dense(units = 1, activation = 'no such thing')")


# ---- counting from 1 ---------------------------------------------------------------------------


def test_axes_count_from_1(r, keras):
    assert r("as.numeric(op_sum(matrix(1:6, 2), axis = 1))") == [3, 7, 11]
    assert r("as.numeric(op_sum(matrix(1:6, 2), axis = 2))") == [9, 12]
    assert r("as.numeric(op_sum(matrix(1:6, 2), axis = -1))") == [9, 12]
    assert r("dim(op_transpose(array(0, c(2, 3, 4)), c(3, 1, 2)))") == [4, 2, 3]
    assert r("layer_layer_normalization(axis = 2)").axis in (1, [1])
    assert r("formals(constraint_maxnorm)$axis") == 1


def test_indices_count_from_1(r, keras):
    assert r("as.numeric(op_argmax(c(1, 5, 2)))") == 2
    assert r("as.numeric(op_argmax(c(1, 5, 2), zero_indexed = TRUE))") == 1
    assert r("as.numeric(op_take(c(10, 20, 30), 2))") == 20
    assert r("as.matrix(op_one_hot(c(1, 3), 3))").tolist() == [[1, 0, 0], [0, 0, 1]]
    assert r("lapply(op_top_k(c(1, 9, 5), k = 2), as.numeric)") == {
        "values": [9, 5], "indices": [2, 3]
    }  # fmt: skip


# ---- what a wrapper does -----------------------------------------------------------------------


def test_layers_compose(r, keras):
    model = r("keras_model_sequential(input_shape = 4) |> layer_dense(3) |> layer_dense(units = 2)")
    assert [layer.units for layer in model.layers] == [3, 2]
    assert r("dim(layer_input(shape = 4) %>% layer_dense(3))") is not None
    assert tuple(r("layer_input(shape = 4) %>% layer_dense(3)").shape) == (None, 3)
    assert isinstance(r("layer_dense(units = 3)"), keras.layers.Dense)
    assert isinstance(r("layer_dense(NULL, 3)"), keras.layers.Dense)


def test_merging_layers_take_a_list_or_several(r, keras):
    one = r("local({ a <- layer_input(shape = 4); layer_concatenate(list(a, a)) })")
    two = r("local({ a <- layer_input(shape = 4); layer_concatenate(a, a, axis = 2) })")
    assert tuple(one.shape) == tuple(two.shape) == (None, 8)
    assert isinstance(r("layer_add()"), keras.layers.Add)


def test_the_first_layer_may_have_the_input_shape(r, keras):
    model = r("keras_model_sequential() %>% layer_dense(1, input_shape = 784)")
    assert model.input_shape == (None, 784)
    model = r("keras_model_sequential() |> layer_lstm(2, input_shape = c(NA, 3))")
    assert model.input_shape == (None, None, 3)
    model = r("keras_model_sequential(layers = list(layer_dense(units = 1, input_shape = 5)))")
    assert model.input_shape == (None, 5)


def test_losses_and_metrics_compute_or_construct(r, keras):
    assert isinstance(r("loss_mean_squared_error()"), keras.losses.MeanSquaredError)
    assert r("as.numeric(loss_mean_squared_error(c(1, 2), c(1, 4)))") == 2
    assert r("as.numeric(loss_huber(c(1, 2), c(1, 4), delta = 1))") == 0.75
    assert isinstance(r("metric_auc(num_thresholds = 10)"), keras.metrics.AUC)
    assert r("metric_binary_accuracy(threshold = 0.7)")._fn_kwargs == {"threshold": 0.7}


def test_a_wrapper_stands_for_what_it_wraps(r, keras):
    layer = r("layer_dense(units = 1, activation = activation_relu)")
    assert layer.activation is keras.activations.relu
    cls = r("Callback('Own', inherit = callback_early_stopping)")
    assert issubclass(cls, keras.callbacks.EarlyStopping)


def test_a_wrapper_with_an_argument_called_name(r, keras):
    assert r("layer_dense(units = 1, name = 'shapes')").name == "shapes"
    assert r("metric_mean(name = 'x')").name == "x"


def test_arguments_before_python_s_star(r, keras):
    assert r("dim(op_einsum('ij,jk->ik', matrix(1, 2, 3), matrix(1, 3, 4)))") == [2, 4]
    assert r("length(op_meshgrid(1:2, 1:3))") == 2


def test_seeds_of_r_and_keras_are_set_together(r, keras):
    code = "{ set_random_seed(7); c(runif(1), as.numeric(random_uniform(c(1, 2)))) }"
    assert r(code) == r(code)


def refuse(*args, **keywords):
    raise Exception("URL fetch failure on https://data: None -- no route")


def test_a_dataset_that_can_not_be_downloaded_is_one_sentence(keras):
    from pyclass_bridge.surface import own
    from pyclass_bridge.surface.names import wrapped_by

    for name in ("dataset_mnist", "dataset_imdb_word_index"):
        wrapped = wrapped_by(name)
        with pytest.raises(OSError, match=re.escape(f"{name}() could not download its data")):
            own.way_of(wrapped)(wrapped, {}, refuse)


# ---- shape() -----------------------------------------------------------------------------------


def test_shape(r, keras):
    assert r("shape()") == () and r("shape(NA, 28, 28)") == (None, 28, 28)
    assert r("format(shape(NA, 28))") == "shape(NA, 28)"
    assert r("shape(matrix(0, 2, 3))") == (2, 3)
    assert r("as.integer(shape(op_ones(c(2, 3))))") == [2, 3]
    assert r("op_zeros(shape(2, 3))").shape == (2, 3)
    with pytest.raises(RuntimeError, match="a dim must be a whole number or NA, not"):
        r("shape(1.5)")


ENDS_WITH_A_COMMA = {
    "layer_dense": "layer_dense(units = 4, )$units == 4",
    "in a pipe": "keras_model_sequential(input_shape = 3, ) |> layer_dense(4, ) |> is_py_object()",
    "layer_add": "dim(layer_add(keras_input(3), keras_input(3), ))[[2]] == 3L",
    "op_add": "as.numeric(op_add(1, 2, )) == 3",
    "op_einsum": "as.numeric(op_einsum('i,i->', c(1, 2), c(3, 4), )) == 11",
    "optimizer_adam": "optimizer_adam(0.5, )$name == 'adam'",
    "callback_lambda": "is_py_object(callback_lambda(on_epoch_end = function(epoch, logs) 1, ))",
    "Callback": "is.function(Callback('X', on_epoch_end = function(epoch, logs) 1, ))",
    "training": (
        "{ m <- keras_model_sequential(input_shape = 2) |> layer_dense(1); x <- matrix(1, 4, 2); "
        "m |> compile(loss = 'mse', ); m |> fit(x, x[, 1], epochs = 1, verbose = 0, ); "
        "m |> evaluate(x, x[, 1], verbose = 0, ); nrow(predict(m, x, verbose = 0, )) == 4 }"
    ),
}


@pytest.mark.parametrize("code", ENDS_WITH_A_COMMA.values(), ids=ENDS_WITH_A_COMMA)
def test_a_call_may_end_with_a_comma(define, keras, code):
    assert define(code) is True
