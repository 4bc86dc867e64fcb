"""R functions that run for each element of a dataset, beside the same steps in NumPy.

Of: plain_r/datasets.py, R/plain_r_datasets.R.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from support.backends import ALL, need
from support.r_scope import RScope

tf = pytest.importorskip("tensorflow")
Dataset = tf.data.Dataset


@pytest.fixture(scope="module")
def scope():
    """R code that sees tfdatasets, without attaching it for other tests."""
    scope = RScope()
    scope("list2env(pyclassbridge:::tfdatasets_exports(), environment()); NULL")
    scope(SETUP)
    yield scope
    scope.close()


SETUP = """
  r <- range_dataset(1, 6)
  pairs <- tensor_slices_dataset(list(matrix(1:6 / 2, 3), c("u", "vv", "ü")))
  frame <- tensor_slices_dataset(data.frame(a = c(1.5, 2, 3), b = 1:3, f = c("u", "v", "u")))
  cube <- tensors_dataset(array(1:24 / 1, 2:4))
  eager_map <- function(...) dataset_map(..., eager = TRUE)
  seen <- NULL
"""


def plain(x):
    """A tensor as Python values, text as text."""
    x = x.numpy()
    x = x.tolist() if hasattr(x, "tolist") else x
    return tf.nest.map_structure(lambda v: v.decode() if isinstance(v, bytes) else v, x)


def elements(dataset) -> list:
    return [tf.nest.map_structure(plain, e) for e in dataset]


# R code -> its elements, their dims and dtypes.
MAPS = {
    "eager_map(r, function(x) x / 2)": ([0.5, 1, 1.5, 2, 2.5], (), "float64"),
    "eager_map(r, ~ .x)": ([1, 2, 3, 4, 5], (), "float64"),
    "eager_map(r, function(x) as.integer(x) * 2L)": ([2, 4, 6, 8, 10], (), "int32"),
    "eager_map(r, function(x) x > 3)": ([False, False, False, True, True], (), "bool"),
    "eager_map(r, function(x) strrep('é', x)) |> dataset_take(2)": (["é", "éé"], (), "string"),
    "eager_map(r, function(x) letters[c(x, 1)]) |> dataset_take(1)": ([["a", "a"]], (2,), "string"),
    "eager_map(r, function(x) factor(c('k', 'l'))) |> dataset_take(1)": (
        [["k", "l"]], (2,), "string"
    ),
    "eager_map(r, function(x) as.raw(x)) |> dataset_take(2)": ([1, 2], (), "uint8"),
    "eager_map(r, function(x) complex(1, 1, x)) |> dataset_take(1)": ([1 + 1j], (), "complex128"),
    "eager_map(r, function(x) table(c(1, 2, x))) |> dataset_take(1)": ([[2, 1]], (2,), "int32"),
    "eager_map(r, function(x) NaN) |> dataset_take(0)": ([], (), "float64"),
    "eager_map(r, function(x) if (x > 2) 1L else 0.5)": ([0.5, 0.5, 1, 1, 1], (), "float64"),
    "eager_map(r, function(x) array(x, 1)) |> dataset_take(1)": ([[1]], (1,), "float64"),
    "eager_map(r, function(x) matrix(x + 0:5, 2)) |> dataset_take(1)": (
        [[[1, 3, 5], [2, 4, 6]]], (2, 3), "float64"
    ),
    "eager_map(cube, function(a) c(dim(a), a[1, 2, 3], a[2, 3, 1]))": (
        [[2, 3, 4, 15, 6]], (5,), "float64"
    ),
    "eager_map(cube, function(a) aperm(a)[1:2, , ])": (
        [np.arange(1.0, 25).reshape(4, 3, 2)[:2].tolist()], (2, 3, 2), "float64"
    ),
    "eager_map(pairs, function(x, s) sum(x) + nchar(s))": ([3.5, 5.5, 5.5], (), "float64"),
    "eager_map(frame, function(row) row$a * row$b)": ([1.5, 4, 9], (), "float64"),
    "eager_map(r, function(x) op_square(c(x, 2))) |> dataset_take(1)": ([[1, 4]], (2,), None),
    "eager_map(dataset_map(r, ~ tf$cast(.x, tf$bfloat16)), ~ .x / 4) |> dataset_take(2)": (
        [0.25, 0.5], (), "float64"
    ),
    # Batches.
    "eager_map(dataset_batch(r, 2), ~ .x * 2)": ([[2, 4], [6, 8], [10]], (None,), "float64"),
    "eager_map(dataset_batch(r, 1), function(x) x * 2)": (
        [[2], [4], [6], [8], [10]], (None,), "float64"
    ),
    "eager_map(dataset_batch(r, 2), mean)": ([1.5, 3.5, 5], (), "float64"),
    "eager_map(dataset_batch(r, 2, TRUE), rev)": ([[2, 1], [4, 3]], (2,), "float64"),
    "eager_map(dataset_batch(r, 2), function(x) cbind(x, x, 0))": (
        [[[1, 1, 0], [2, 2, 0]], [[3, 3, 0], [4, 4, 0]], [[5, 5, 0]]], (None, 3), "float64"
    ),
    "dataset_batch(eager_map(r, function(x) c(x, 0)), 3)": (
        [[[1, 0], [2, 0], [3, 0]], [[4, 0], [5, 0]]], (None, 2), "float64"
    ),
    # Other steps.
    "eager_map(r, ~ .x, 2) |> dataset_repeat(2)": ([1, 2, 3, 4, 5] * 2, (), "float64"),
    "eager_map(dataset_repeat(r, 2), ~ .x, num_parallel_calls = tf$data$AUTOTUNE)": (
        [1, 2, 3, 4, 5] * 2, (), "float64"
    ),
    "eager_map(r, ~ .x) |> dataset_prefetch(2) |> dataset_shard(2, 1)": ([2, 4], (), "float64"),
    "eager_map(r, ~ .x) |> eager_map(~ .x * 2) |> dataset_map(~ .x + 1)": (
        [3, 5, 7, 9, 11], (), "float64"
    ),
    "dataset_map_and_batch(r, ~ .x * 2, 2, eager = TRUE)": (
        [[2, 4], [6, 8], [10]], (None,), "float64"
    ),
    "dataset_filter(r, function(x) x %% 2 == 1, eager = TRUE)": ([1, 3, 5], (), "int64"),
    "dataset_take_while(r, ~ .x < 3, eager = TRUE)": ([1, 2], (), "int64"),
}  # fmt: skip


@pytest.mark.parametrize("code", MAPS)
def test_r_code_runs_for_each_element(scope, code):
    values, dims, dtype = MAPS[code]
    ours = scope(code)
    assert elements(ours) == values
    assert elements(ours) == values, "a second pass"
    assert tuple(ours.element_spec.shape) == dims
    assert dtype is None or ours.element_spec.dtype.name == dtype


FORMS = {
    "eager_map(r, ~ list(.x))": (1.0,),
    "eager_map(r, ~ list(.x, c(1L, 2L)))": (1.0, [1, 2]),
    "eager_map(r, ~ list(a = .x, b = list('k', TRUE)))": {"a": 1.0, "b": ("k", True)},
    "eager_map(r, ~ data.frame(z = .x, a = 'k'))": {"z": 1.0, "a": "k"},
    "eager_map(r, ~ data.frame(x = 1:2))": {"x": [1, 2]},
    "eager_map(pairs, function(x, s) list(s, x))": ("u", [0.5, 2.0]),
    "eager_map(frame, function(row) { row$g <- row$f; row })": {
        "a": 1.5, "b": 1, "f": "u", "g": "u"
    },
    "eager_map(zip_datasets(r, pairs), function(i, p) list(p[[2]], i))": ("u", 1.0),
    "dataset_filter(pairs, function(x, s) nchar(s) < 2, eager = TRUE)": ([0.5, 2.0], "u"),
    "dataset_filter(frame, function(row) row$f == 'u', eager = TRUE)": {
        "a": 1.5, "b": 1, "f": "u"
    },
    "dataset_filter(eager_map(r, ~ list(.x)), function(x) x < 9, eager = TRUE)": (1.0,),
}  # fmt: skip


@pytest.mark.parametrize("code", FORMS)
def test_lists_are_tuples_and_names_are_kept(scope, code):
    first = elements(scope(code))[0]
    assert first == FORMS[code] and type(first) is type(FORMS[code])
    assert not isinstance(first, dict) or list(first) == list(FORMS[code])


PADDED = "range_dataset(1, 5) |> dataset_map(~ tf$fill(list(.x), .x)) |> dataset_padded_batch(2)"


def test_dims_that_padding_changes_are_unknown(scope):
    ours = scope(f"eager_map({PADDED}, function(x) list(x * 2, dim(x), cbind(1, x)[, 1:2]))")
    assert [tuple(spec.shape) for spec in ours.element_spec] == [
        (None, None),
        (None,),
        (None, None),
    ]
    assert [x[1] for x in elements(ours)] == [[2, 2], [2, 4]]


def test_results_keep_their_order_and_r_sees_elements_in_theirs(scope):
    scope(
        "seen <- NULL; slow <- function(x) { Sys.sleep(0.002 * (x %% 3)); seen <<- c(seen, x); x }"
    )
    ours = scope("eager_map(range_dataset(0, 60), slow, num_parallel_calls = 8)")
    assert elements(ours) == list(range(60))
    assert scope("seen") == [0, *range(60)]


def test_the_same_seed_gives_the_same_numbers(scope):
    code = """
      data <- eager_map(r, function(x) rnorm(1), num_parallel_calls = 4)
      set.seed(4)
      iterate(data, as.numeric)
    """
    assert scope(code) == scope(code) == scope("set.seed(4); rnorm(5)")


def test_a_cache_calls_r_once_for_each_element(scope):
    scope("seen <- NULL; count <- function(x) { seen <<- c(seen, x); x }")
    ours = scope("eager_map(r, count) |> dataset_cache() |> dataset_shuffle(9, seed = 1)")
    assert sorted(elements(ours)) == sorted(elements(ours)) == [1, 2, 3, 4, 5]
    assert scope("seen") == [1, 1, 2, 3, 4, 5]


def test_a_result_is_not_r_s_memory(scope):
    ours = scope("buffer <- c(0, 0); eager_map(r, function(x) { buffer[1] <<- x; buffer })")
    assert [x[0] for x in elements(ours.batch(5))[0]] == [1, 2, 3, 4, 5]


# ---- errors ------------------------------------------------------------------------------------

# A function of x -> the error of its third element.
FAILURES = {
    "stop('no three')": "no three",
    "sqrt('a')": "non-numeric argument to mathematical function",
    "rlang::abort('classed', class = 'mine')": "classed",
    "import_builtins()$int('k')": "invalid literal for int",
    "import_builtins()[['next']](import_builtins()$iter(list()))": "StopIteration",
    "NA": "the result has 1 NA, the first in row 1, and a dataset has no NA; replace it, or leave",
    "NA_real_": "replace it, as by NaN, or leave such elements out by dataset_filter",
    "'a'": "the result is character, and that of the first element double",
    "TRUE": "the result is logical, and that of the first",
    "c(1, 2)": "the result is of length 2, and that of the first element of length 1",
    "numeric()": "the result is of length 0",
    "matrix(1, 2, 3)": "the result is of dims 2 x 3, and that of the first element of length 1",
    "list(1)": "the result has the values \\[\\[1\\]\\], and that of the first element one value",
    "NULL": "the result is NULL, but a dataset holds numbers",
    "Sys.Date()": "an object of class `Date`, but a dataset holds numbers, TRUE and FALSE, and",
    "mean": "the result is an R function",
    "op_square(2)": "the result is a tensor of type float32, and that of the first element double",
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("ahead", ["NULL", "4"])
def test_an_error_is_one_sentence_and_the_dataset_goes_on(scope, failure, ahead):
    code = f"""
      fails <- TRUE
      third <- function(x) if (x == 3 && fails) {failure} else x
      data <- eager_map(r, third, {ahead})
    """
    sentence = f"dataset_map\\(\\): `third`, element 3: .*{FAILURES[failure]}"
    scope(code)
    for _ in range(2):
        with pytest.raises(Exception) as info:
            scope("iterate(data)")
        assert "tensorflow" not in type(info.value).__module__
        said = scope("tryCatch(iterate(data), error = conditionMessage)")
        assert re.search(sentence, said) and "Traceback" not in said
    assert scope("fails <- FALSE; iterate(data, as.numeric)") == [1, 2, 3, 4, 5]


REMEDIES = {
    "if (x == 1) 1L else 1.5": r"return one type for each element, as by as.numeric\(\)\.$",
    "if (x == 1) 1 else 'a'": r"return one type for each element, as by as.character\(\)\.$",
    "if (x == 1) 1 else c(1, 2)": r"return equal dims for each element, as by padding\.$",
    "rep(0, x)": r"return equal dims for each element, as by padding\.$",
    "matrix(0, 2, x)": r"return equal dims for each element, as by padding\.$",
    "if (x == 1) list(1, 2) else list(1)": r"return the same values for each element\.$",
}


@pytest.mark.parametrize("code, remedy", REMEDIES.items(), ids=REMEDIES)
def test_results_that_are_not_like_the_first(scope, code, remedy):
    scope(f"uneven <- function(x) {code}")
    sentence = rf"dataset_map\(\): `uneven`, element 2: the result.* first element.*; {remedy}"
    with pytest.raises(Exception, match=sentence):
        scope("iterate(eager_map(r, uneven))")


def test_a_first_result_of_one_number_among_batches(scope):
    """It is taken for a number; with dims it is a vector, whose length may change."""
    scope("batches <- dataset_batch(r, 2)\nlarge <- function(x) x[x > 1]")
    with pytest.raises(Exception, match=r"`large`, element 2: .* return `array\(x\)`"):
        scope("iterate(eager_map(batches, large))")
    assert scope("iterate(eager_map(batches, function(x) array(large(x))), length)") == [1, 2, 1]


def test_r_catches_its_own_condition(scope):
    said = scope("""
      bad <- function(x) rlang::abort("classed", class = "mine", number = x)
      data <- range_dataset(1, 6) |> dataset_map(function(x) x + 1L)
      later <- eager_map(data, function(x) if (x > 2) bad(x) else x, 2)
      tryCatch(iterate(later), mine = function(e) list(e$number, conditionMessage(e)))
    """)
    assert said == [3, "dataset_map(): the function, element 2: classed"]


def test_an_exception_of_python_is_the_same_object(scope):
    error = KeyError("mine")

    def fail():
        raise error

    scope("later <- eager_map(r, function(x) if (x > 1) fail() else x)", fail=fail)
    with pytest.raises(KeyError) as info:
        scope("iterate(later)")
    assert info.value is error
    said = scope("tryCatch(iterate(later), python.builtin.KeyError = conditionMessage)")
    assert "dataset_map(): the function, element 2: 'mine'" in said


AT_ONCE = {
    "eager_map(r, function(x) stop('oh'))": "the function, element 1: oh",
    "eager_map(r, function(x) NA)": "element 1: the result has 1 NA",
    "eager_map(r, function(x) NULL)": "element 1: the result is NULL",
    "eager_map(r, ~ list(1, k = Sys.time()))": "the result\\$k is an object of class `POSIXct`",
    "eager_map(r, ~ list(a = list(1, NA)))": "the result\\$a\\[\\[2\\]\\] has 1 NA",
    "eager_map(r, ~ list())": "element 1: the result has no values",
    "eager_map(r, ~ import_builtins()$object())": "the result is no numbers, but a object",
    "eager_map(r, function() 1)": "unused argument",
    "eager_map(pairs, function(x) 1)": "unused argument",
    "eager_map(r, 3)": "dataset_map\\(\\): `map_func` is a function, not the value 3",
    "eager_map(df, mean)": "`dataset` must be a dataset",
    "eager_map(r, mean, 1.5)": "`num_parallel_calls` takes whole numbers, not 1.5",
    "dataset_map(r, mean, eager = NA)": "dataset_map\\(\\): `eager` is TRUE or FALSE",
    "eager_map(dataset_take(r, 0), mean)": "`dataset` has no elements",
    "eager_map(dataset_window(r, 2), mean)": "hold a Dataset, for which R has no value",
    "eager_map(tensors_dataset(tf$constant(import_builtins()$bytes(list(255L)))), ~ 1)": (
        "bytes that are no text"
    ),
    "eager_map(dataset_map(r, ~ .x + as_tensor(2^53, 'int64')), ~ .x)": "beyond 2\\^53",
    "dataset_flat_map(r, tensors_dataset, eager = TRUE)": "that makes datasets is traced",
    "dataset_interleave(r, tensors_dataset, eager = TRUE)": "put the R code into a dataset_map",
    "dataset_filter(r, 3, eager = TRUE)": "`predicate` is a function",
    "iterate(dataset_filter(r, ~ NA, eager = TRUE))": (
        "dataset_filter\\(\\): the function, element 1: a predicate gives TRUE or FALSE, not the"
    ),
    "iterate(dataset_take_while(r, ~ 1, eager = TRUE))": "gives TRUE or FALSE, not the value 1",
    "dataset_map(r, function(x) as.numeric(x))": (
        r"or give the step of the pipeline, such as dataset_map\(\), `eager = TRUE` to run"
    ),
}


@pytest.mark.parametrize("code", AT_ONCE)
def test_errors(scope, code):
    with pytest.raises(Exception, match=AT_ONCE[code]):
        scope(code)


# ---- training ----------------------------------------------------------------------------------

SCRIPT = """
  library(keras3)
  library(tfdatasets)
  if (nzchar(Sys.getenv("BACKEND"))) use_backend(Sys.getenv("BACKEND"))
  x <- matrix(seq(-1, 1, length.out = 48), 12)
  y <- x[, 1] * 2
  halves <- function(x, y) {
    stopifnot(is.double(x), is.null(dim(y)))
    list(x / sd(c(1, 3)), y)
  }
  model <- function() {
    set_random_seed(3)
    model <- keras_model_sequential() |> layer_dense(3, activation = "tanh") |> layer_dense(1)
    model |> compile("sgd", "mse")
    model
  }
  losses <- function(data) {
    fit(model(), data, epochs = 3, validation_data = data, verbose = 0)$metrics$val_loss
  }
  slices <- tensor_slices_dataset(list(x, y))
  right <- losses(dataset_batch(tensor_slices_dataset(list(x / sqrt(2), y)), 4))
  by_one <- slices |> dataset_map(halves, num_parallel_calls = 4, eager = TRUE) |> dataset_batch(4)
  by_batch <- slices |> dataset_batch(4) |> dataset_map(halves, eager = TRUE) |> dataset_cache() |>
    dataset_prefetch()
  for (data in list(by_one, by_batch)) stopifnot(all.equal(losses(data), right, tolerance = 1e-6))

  # In the function, op_*() computes at once, whatever the backend.
  by_ops <- slices |> dataset_map(function(x, y) list(op_multiply(x, 1 / sqrt(2)), y), eager = TRUE)
  stopifnot(all.equal(losses(dataset_batch(by_ops, 4)), right, tolerance = 1e-6))

  # An error in a training is R's own, and model and data are as before.
  fails <- FALSE
  data <- slices |> dataset_repeat(2) |> dataset_map(eager = TRUE, function(x, y) {
    if (fails && y > -1.5) stop(structure(
      class = c("mine", "error", "condition"), list(message = "too large", call = NULL)
    ))
    list(x, y)
  }) |> dataset_batch(4)
  trained <- model()
  before <- fit(trained, data, epochs = 1, verbose = 0)
  for (i in 1:2) {
    fails <- TRUE
    said <- tryCatch(fit(trained, data, verbose = 0), mine = conditionMessage)
    stopifnot(grepl("^dataset_map\\\\(\\\\): the function, element [0-9]+: too large$", said))
    said <- tryCatch(evaluate(trained, data, verbose = 0), mine = conditionMessage)
    stopifnot(grepl("too large$", said))
    fails <- FALSE
    stopifnot(is.finite(fit(trained, data, epochs = 1, verbose = 0)$metrics$loss))
  }
  stopifnot(identical(dim(predict(trained, data, verbose = 0)), c(24L, 1L)))
  cat(config_backend(), "is right")
"""


@pytest.mark.parametrize("backend", ALL)
def test_a_model_is_trained_with_it(tmp_path, backend):
    need(backend)
    (tmp_path / "x.R").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", "x.R"],
        capture_output=True, text=True, cwd=tmp_path, timeout=300,
        env={**os.environ, "BACKEND": backend, "KERAS_BACKEND": backend},
    )  # fmt: skip
    assert done.stdout == f"{backend} is right", done.stderr
