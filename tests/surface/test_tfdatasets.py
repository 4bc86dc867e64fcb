"""tfdatasets over tf.data: each function beside what a Python user writes, and what is an error.

Of: surface/tfdatasets.py, R/surface_tfdatasets.R, R/surface_tfdatasets_columns.R,
R/surface_tfdatasets_iterators.R.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from support.backends import need
from support.r_models import X, Y, dense
from support.r_scope import RScope
from support.subprocesses import output_of

import pyclass_bridge

tf = pytest.importorskip("tensorflow")
Dataset = tf.data.Dataset


@pytest.fixture(scope="module")
def scope():
    """R code that sees tfdatasets, without attaching it for other tests."""
    scope = RScope()
    scope("list2env(pyclassbridge:::tfdatasets_exports(), environment()); NULL")
    yield scope
    scope.close()


def elements(dataset) -> list:
    return [tf.nest.map_structure(lambda x: np.asarray(x).tolist(), e) for e in dataset]


def int64(n: int):
    return tf.constant(n, "int64")


NUMBERS = Dataset.range(1, 6)
FRAME = Dataset.from_tensor_slices(
    {"a": [1.5, 2.0, 3.0], "b": [1, 2, 3], "f": ["u", "v", "u"], "d": [0.5, 0.25, 4.0]}
)
PADDED = Dataset.range(1, 5, output_type=tf.int32).map(lambda n: tf.fill([n], n))
PAIRS = Dataset.from_tensor_slices((tf.constant([[1, 3], [2, 4]]), [1.0, 2.0]))

# R code -> the same in Python. `r` is NUMBERS, `df` a data frame, `frame` FRAME, `padded` PADDED.
TWINS = {
    # Datasets from values.
    "r": NUMBERS,
    "range_dataset(10, 0, -3)": Dataset.range(10, 0, -3),
    "range_dataset(0, 3, dtype = tf$float32)": Dataset.range(3, output_type=tf.float32),
    "tensors_dataset(5)": Dataset.from_tensors(5.0),
    "tensors_dataset(list(1L, c(2, 3)))": Dataset.from_tensors((1, [2.0, 3.0])),
    "tensor_slices_dataset(c(1.5, 2))": Dataset.from_tensor_slices([1.5, 2.0]),
    "tensor_slices_dataset(7L)": Dataset.from_tensor_slices([7]),
    "tensor_slices_dataset(matrix(1:6, 3))": Dataset.from_tensor_slices([[1, 4], [2, 5], [3, 6]]),
    "tensor_slices_dataset(list(matrix(1:4, 2), c(1, 2)))": PAIRS,
    "tensor_slices_dataset(list(x = list(a = 1:2), y = c('u', 'v')))": (
        Dataset.from_tensor_slices({"x": {"a": [1, 2]}, "y": ["u", "v"]})
    ),
    "frame": FRAME,
    "tensor_slices_dataset(df[1, 1:2])": Dataset.from_tensor_slices({"a": [1.5], "b": [1]}),
    "as_tf_dataset(1:2)": Dataset.from_tensor_slices([1, 2]),
    "sparse_tensor_slices_dataset(tf$sparse$from_dense(matrix(1:4, 2))) |> "
    "dataset_map(function(x) tf$sparse$to_dense(x))": (
        Dataset.from_tensor_slices([[1, 3], [2, 4]])
    ),
    "random_integer_dataset(seed = 4) |> dataset_take(3)": Dataset.random(seed=4).take(3),
    # Several datasets.
    "zip_datasets(r, dataset_skip(r, 2))": Dataset.zip((NUMBERS, NUMBERS.skip(2))),
    "zip_datasets(list(r, r))": Dataset.zip((NUMBERS, NUMBERS)),
    "zip_datasets(a = r, b = r)": Dataset.zip({"a": NUMBERS, "b": NUMBERS}),
    "dataset_concatenate(r, r, dataset_take(r, 1))": NUMBERS.concatenate(NUMBERS).concatenate(
        NUMBERS.take(1)
    ),
    "sample_from_datasets(list(r, r), c(0.25, 0.75), seed = 3)": (
        Dataset.sample_from_datasets([NUMBERS] * 2, [0.25, 0.75], 3, stop_on_empty_dataset=True)
    ),
    "choose_from_datasets(list(r, dataset_skip(r, 3)), range_dataset(0, 2))": (
        Dataset.choose_from_datasets([NUMBERS, NUMBERS.skip(3)], Dataset.range(2))
    ),
    # Steps.
    "dataset_batch(r, 2)": NUMBERS.batch(2),
    "dataset_batch(r, 2, TRUE, num_parallel_calls = 2)": NUMBERS.batch(2, True),
    "dataset_cache(r)": NUMBERS,
    "dataset_enumerate(r, 3)": NUMBERS.enumerate(3),
    "dataset_filter(r, function(x) x > 2)": NUMBERS.filter(lambda x: x > 2),
    "dataset_filter(r, function(x) TRUE)": NUMBERS,
    "dataset_window(r, 2, shift = 1, drop_remainder = TRUE) |> "
    "dataset_flat_map(function(w) dataset_batch(w, 2))": (
        NUMBERS.window(2, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(2))
    ),
    "dataset_interleave(r, function(i) tensors_dataset(i) |> dataset_repeat(2), 2, 2)": (
        NUMBERS.interleave(
            lambda i: Dataset.from_tensors(i).repeat(2), cycle_length=2, block_length=2
        )
    ),
    "dataset_map_and_batch(r, ~ .x * 2L, 2)": NUMBERS.map(lambda x: x * 2).batch(2),
    "dataset_prefetch(r)": NUMBERS,
    "dataset_prefetch(r, 1)": NUMBERS,
    "dataset_prefetch_to_device(r, '/cpu:0', 1)": NUMBERS,
    "dataset_rebatch(dataset_batch(r, 2), 3)": NUMBERS.batch(2).rebatch(3),
    "dataset_repeat(r, 2)": NUMBERS.repeat(2),
    "dataset_shard(r, 2, 1)": NUMBERS.shard(2, 1),
    "dataset_shuffle(r, 10, seed = 1)": NUMBERS.shuffle(10, seed=1),
    "dataset_shuffle_and_repeat(r, 10, 2, seed = 1)": NUMBERS.shuffle(10, seed=1).repeat(2),
    "dataset_skip(r, 2)": NUMBERS.skip(2),
    "dataset_take(r, 2)": NUMBERS.take(2),
    "dataset_take_while(r, function(x) x < 3)": NUMBERS.take_while(lambda x: x < 3),
    "dataset_unbatch(dataset_batch(r, 2))": NUMBERS,
    "dataset_unique(dataset_repeat(r, 2))": NUMBERS,
    "dataset_options(r, threading.private_threadpool_size = 2)": NUMBERS,
    "dataset_options(r, list(deterministic = TRUE))": NUMBERS,
    "dataset_options(r, tf$data$Options())": NUMBERS,
    "dataset_scan(r, as_tensor(0, 'int64'), function(s, i) list(s + i, s * i))": (
        NUMBERS.scan(int64(0), lambda s, i: (s + i, s * i))
    ),
    "dataset_group_by_window(r, function(i) i %% 2L, function(k, w) dataset_batch(w, 9), 9)": (
        NUMBERS.group_by_window(lambda i: i % 2, lambda k, w: w.batch(9), 9)
    ),
    "dataset_padded_batch(padded, 2)": PADDED.padded_batch(2),
    "dataset_padded_batch(padded, 2, padded_shapes = 5, padding_values = -1L)": (
        PADDED.padded_batch(2, padded_shapes=(5,), padding_values=-1)
    ),
    "dataset_padded_batch(zip_datasets(padded, padded), 2, list(shape(5), shape(NA)))": (
        Dataset.zip((PADDED, PADDED)).padded_batch(2, ((5,), (None,)))
    ),
    "dataset_bucket_by_sequence_length(padded, function(x) tf$shape(x)[1], 3, c(2, 2))": (
        PADDED.bucket_by_sequence_length(lambda x: tf.shape(x)[0], [3], [2, 2])
    ),
    "dataset_rejection_resample(r, function(i) as_tensor(0, 'int32'), c(0.5, 0.5), c(1, 0), 1) |>"
    " dataset_take(0)": Dataset.zip((Dataset.range(0, output_type=tf.int32), Dataset.range(0))),
    # Functions of R.
    "dataset_map(r, function(x) x * 2L)": NUMBERS.map(lambda x: x * 2),
    "dataset_map(r, ~ .x + 1L, num_parallel_calls = 2)": NUMBERS.map(lambda x: x + 1),
    "dataset_map(r, function(x) list(x, list(a = x, b = 2)))": (
        NUMBERS.map(lambda x: (x, {"a": x, "b": 2.0}))
    ),
    "dataset_map(r, function(x) c(1, 2))": NUMBERS.map(lambda x: [1.0, 2.0]),
    "dataset_map(r, tf$square)": NUMBERS.map(tf.square),
    "dataset_map(PAIRS, function(x, y) list(x[1], y))": PAIRS.map(lambda x, y: (x[0], y)),
    "dataset_map(PAIRS, ~ list(.y, .x))": PAIRS.map(lambda x, y: (y, x)),
    "dataset_map(frame, function(r) r$a * 2)": FRAME.map(lambda r: r["a"] * 2),
    "dataset_map(frame, unname)": FRAME.map(lambda r: tuple(r.values())),
    # Columns.
    "dataset_prepare(frame, x = c(a, d), y = b)": FRAME.map(
        lambda r: {"x": tf.stack([r["a"], r["d"]]), "y": r["b"]}
    ),
    "dataset_prepare(frame, c(a, d), named = FALSE, batch_size = 2)": (
        FRAME.map(lambda r: tf.stack([r["a"], r["d"]])).batch(2)
    ),
    "dataset_prepare(dataset_batch(frame, 2), c('d', 'a'), b)": FRAME.batch(2).map(
        lambda r: {"x": tf.stack([r["d"], r["a"]], -1), "y": r["b"]}
    ),
    "dataset_prepare(frame, x = -b, y = b, named = FALSE, named_features = TRUE)": FRAME.map(
        lambda r: ({k: r[k] for k in "afd"}, r["b"])
    ),
    "dataset_prepare(frame, b ~ a + d)": FRAME.map(
        lambda r: {"x": tf.stack([r["a"], r["d"]]), "y": r["b"]}
    ),
    "dataset_prepare(frame, b ~ ., named = FALSE, named_features = TRUE)": FRAME.map(
        lambda r: ({k: r[k] for k in "afd"}, r["b"])
    ),
    "dataset_prepare(frame, ~ a, named = FALSE, named_features = TRUE)": FRAME.map(
        lambda r: {"a": r["a"]}
    ),
}  # fmt: skip

SETUP = """
  r <- range_dataset(1, 6)
  df <- data.frame(a = c(1.5, 2, 3), b = 1:3, f = factor(c("u", "v", "u")), d = c(0.5, 0.25, 4))
  frame <- tensor_slices_dataset(df)
  padded <- range_dataset(1, 5, dtype = tf$int32) |>
    dataset_map(function(x) tf$fill(list(x), x))
  PAIRS <- tensor_slices_dataset(list(matrix(1:4, 2), c(1, 2)))
"""


@pytest.mark.parametrize("code", TWINS)
def test_it_is_what_tf_data_gives(scope, code):
    tf.random.set_seed(None)  # as when the twins were made; other tests may have set one
    ours = scope(f"{SETUP}\n{code}")
    assert elements(ours) == elements(TWINS[code])
    assert tf.nest.map_structure(lambda spec: spec.dtype, ours.element_spec) == (
        tf.nest.map_structure(lambda spec: spec.dtype, TWINS[code].element_spec)
    )


HELPERS = {
    "starts_with('D')": ["disp", "drat"],
    "starts_with('D', ignore.case = FALSE)": [],
    "ends_with('p')": ["disp", "hp"],
    "contains('s')": ["disp", "qsec", "vs"],
    "matches('^[a-w]{2}$')": ["hp", "wt", "vs", "am"],
    "num_range('x', 1:2)": ["x1", "x2"],
    "num_range('x', 3, width = 2)": ["x03"],
    "one_of('am', 'cyl')": ["am", "cyl"],
    "everything()": None,
    "mpg:hp": ["mpg", "cyl", "disp", "hp"],
    "c(wt, -wt, am)": ["am"],
    "-starts_with(c('m', 'x'))": [
        "cyl", "disp", "hp", "drat", "wt", "qsec", "vs", "am", "gear", "carb"
    ],
    "chosen": ["gear", "am"],
}  # fmt: skip


@pytest.mark.parametrize("code", HELPERS)
def test_columns_are_chosen(scope, code):
    features = scope(f"""
      chosen <- c("gear", "am")
      cars <- cbind(mtcars, x1 = 1, x2 = 2, x03 = 3)
      select <- function(code) {{
        pyclassbridge:::select_columns(code, names(cars), environment(), "x")
      }}
      as.list(select(quote({code})))
    """)
    everything = [*scope("as.list(names(mtcars))"), "x1", "x2", "x03"]
    assert features == (everything if HELPERS[code] is None else HELPERS[code])


FILES = """
  file <- tempfile(fileext = ".csv")
  write.csv(data.frame(n = 1:3, x = c(0.5, 1.5, NA), s = c("a", "b,c", "d")), file,
    row.names = FALSE, na = "")
  lines <- tempfile()
  writeLines(c("one", "two"), lines)
"""


def test_files(scope):
    run = lambda code: elements(scope(f"{FILES}\n{code}"))  # noqa: E731
    rows = [
        {"n": 1, "x": 0.5, "s": b"a"},
        {"n": 2, "x": 1.5, "s": b"b,c"},
        {"n": 3, "x": 0.0, "s": b"d"},
    ]
    assert run("text_line_dataset(lines)") == [b"one", b"two"]
    assert run("text_line_dataset(file, record_spec = csv_record_spec(file))") == rows
    spec = "csv_record_spec(names = c('n', 'x', 's'), types = 'idc', skip = 1)"
    assert run(f"text_line_dataset(file, record_spec = {spec})") == rows
    spec = "csv_record_spec(file, defaults = list(0L, -1, ''))"
    assert run(f"text_line_dataset(file, record_spec = {spec})")[2]["x"] == -1.0
    read = "read_files(file, text_line_dataset, record_spec = csv_record_spec(file))"
    assert run(read) == rows
    assert run("read_files(c(lines, lines), text_line_dataset, parallel_files = 2)") == [
        b"one", b"one", b"two", b"two"
    ]  # fmt: skip
    shard = "read_files(c(file, lines), text_line_dataset, num_shards = 2, shard_index = 1)"
    assert run(shard) == [b"one", b"two"]
    assert len(run("file_list_dataset(lines)")) == 1
    assert run("fixed_length_record_dataset(lines, 4)") == [b"one\n", b"two\n"]
    [batch] = run("make_csv_dataset(file, 3, label_name = 'n', num_epochs = 1, shuffle = FALSE)")
    assert batch[1] == [1, 2, 3] and batch[0]["s"] == [b"a", b"b,c", b"d"]


def test_records_and_queries(scope, tmp_path):
    import sqlite3

    with tf.io.TFRecordWriter(str(tmp_path / "x.tfrecord")) as writer:
        writer.write(b"one")
    assert elements(scope(f"tfrecord_dataset('{tmp_path}/x.tfrecord')")) == [b"one"]
    with sqlite3.connect(tmp_path / "x.db") as data:
        data.execute("create table t (n integer, s text)")
        data.execute("insert into t values (1, 'a'), (2, 'b')")
    spec = "sql_record_spec(c('n', 's'), list(tf$int32, tf$string))"
    rows = scope(f"sqlite_dataset('{tmp_path}/x.db', 'select n, s from t', {spec})")
    assert elements(rows) == [{"n": 1, "s": b"a"}, {"n": 2, "s": b"b"}]
    saved = scope(f"{SETUP}\ndataset_snapshot(r, '{tmp_path}/snap')")
    assert elements(saved) == elements(NUMBERS)


def test_iterators(scope):
    assert scope(f"""
      {SETUP}
      it <- make_iterator_one_shot(r)
      total <- 0
      until_out_of_range(total <- total + as.numeric(iterator_get_next(it)))
      with_dataset({{
        it <- as_iterator(r)
        while (TRUE) total <- total + as.numeric(it$get_next())
      }})
      total
    """) == 30  # fmt: skip
    assert scope(f"{SETUP}\nas.numeric(next_batch(r))") == 1
    assert scope(f"{SETUP}\nsapply(dataset_collect(r), as.numeric)") == [1, 2, 3, 4, 5]
    assert scope(f"{SETUP}\nlength(dataset_collect(r, 2))") == 2
    assert scope(f"{SETUP}\niterate(as_array_iterator(frame))")[1] == {
        "a": 2.0, "b": 2, "f": "v", "d": 0.25
    }  # fmt: skip
    with pytest.raises(Exception, match="oh"):
        scope("until_out_of_range(stop('oh'))")


def test_what_a_dataset_is(scope):
    assert scope(f"""{SETUP}
      c(length(r), length(dataset_repeat(r)), length(dataset_filter(r, function(x) TRUE)))
    """)[:2] == [5, float("inf")]
    assert scope(f"{SETUP}\nis.na(length(dataset_filter(r, function(x) TRUE)))") is True
    assert scope(f"{SETUP}\nas.array(dataset_batch(r, 9))").tolist() == [1, 2, 3, 4, 5]
    assert scope(f"{SETUP}\nas_tensor(dataset_batch(r, 9), 'float32')").dtype == tf.float32
    assert scope(f"{SETUP}\noutput_types(PAIRS)") == [tf.int32, tf.float32]
    assert scope(f"{SETUP}\nnames(output_shapes(frame))") == ["a", "b", "f", "d"]
    assert int(scope(f"{SETUP}\ndataset_reduce(r, as_tensor(0, 'int64'), ~ .x + .y)")) == 15
    inputs = scope(f"{SETUP}\nlayer_input_from_dataset(dataset_batch(frame, 2))")
    assert {k: (x.shape, x.dtype) for k, x in inputs.items()}["f"] == ((None, 1), "string")


def test_na_in_doubles_is_a_warning(scope):
    given = "df$d[2:3] <- c(NaN, NA); tensor_slices_dataset(df)"
    said = scope(f"{SETUP}\ntryCatch({{ {given} }}, warning = conditionMessage)")
    assert said == (
        "tensor_slices_dataset(): `tensors$d` holds NA 1 time, first in row 3, which becomes NaN."
    )
    assert scope(f"{SETUP}\ntensor_slices_dataset(c(1, NaN))") is not None


ERRORS = {
    "tensor_slices_dataset(list(df, c('a', NA, 'b')))": "`tensors\\[\\[2\\]\\]` holds NA 1 time",
    "tensors_dataset(matrix(c(1:3, NA), 2))": "holds NA 1 time, first in row 2, and TensorFlow",
    "tensor_slices_dataset(factor(c('a', NA)))": "`tensors` holds NA 1 time, first in row 2",
    "dataset_batch(df, 2)": "`dataset` must be a dataset, as tensor_slices_dataset",
    "dataset_batch(r)": 'argument "batch_size" is missing',
    "dataset_batch(r, 1.5)": "`batch_size` takes whole numbers, not 1.5",
    "dataset_map(r, function(x) stop('mine'))": "mine$",
    "range_dataset(0, 1, 0.25)": "`by` takes whole numbers, not 0.25",
    "dataset_concatenate(r, 1)": "dataset_concatenate\\(\\): `...` must be a dataset",
    "dataset_prepare(r, a)": "have no columns by name",
    "dataset_prepare(frame, b ~ log(a))": "may only list columns with `\\+`",
    "dataset_prepare(frame, b ~ a, y = b)": "give `y` or a formula as `x`, not both",
    "dataset_prepare(frame, b ~ z)": 'no column "z"',
    "dataset_prepare(frame, 'z')": 'no column "z"; the columns are "a", "b"',
    "dataset_prepare(frame, c(a, b))": "columns of different types \\(float32, int32\\)",
    "csv_record_spec(names = 'a', types = 'ii')": "there are 1 name, but 2 types",
    "csv_record_spec(names = 'a', types = 'date')": 'not "date"',
    "feature_spec(r, a)": "feature columns are not in Keras 3: layer_feature_space",
    "step_numeric_column(r)": "step_numeric_column\\(\\): feature columns",
    "make_iterator_initializable(r)": "graphs of TensorFlow 1",
}


@pytest.mark.parametrize("code", ERRORS)
def test_errors(scope, code):
    with pytest.raises(Exception, match=ERRORS[code]):
        scope(f"{SETUP}\n{code}")


# ---- training ----------------------------------------------------------------------------------

SCRIPT = """
  library(keras3)
  library(tfdatasets)
  if (nzchar(Sys.getenv("BACKEND"))) use_backend(Sys.getenv("BACKEND"))
  set_random_seed(3)
  x <- matrix(seq(-1, 1, length.out = 24), 12)
  y <- as.matrix(x[, 1] * 2)
  data <- tensor_slices_dataset(list(x, y)) %>%
    dataset_shuffle(12, seed = 1) %>%
    dataset_map(function(x, y) list(list(a = x[1], b = x[2] / 2), y), num_parallel_calls = 2) %>%
    dataset_batch(4) %>%
    dataset_prefetch()
  a <- keras_input(shape = 1, name = "a")
  b <- keras_input(shape = 1, name = "b")
  model <- keras_model(list(a = a, b = b), layer_dense(layer_concatenate(a, b), 1))
  model %>% compile("sgd", "mse")
  history <- model %>% fit(data, epochs = 2, validation_data = data, verbose = 0)
  cat(config_backend(), length(history$metrics$val_loss), dim(predict(model, data, verbose = 0)))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_dataset_is_trained_with(tmp_path, backend):
    need(backend)
    (tmp_path / "x.R").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "pyclass_bridge", "run", "x.R"],
        capture_output=True, text=True, cwd=tmp_path, timeout=300,
        env={**os.environ, "BACKEND": backend},
    )  # fmt: skip
    assert done.stdout == f"{backend} 2 12 1", done.stderr


def test_the_same_numbers_as_in_python(scope, keras):
    model = dense(keras)
    data = Dataset.from_tensor_slices((X, Y)).map(lambda x, y: (x * 2, y)).batch(16)
    losses = model.fit(data, epochs=2, verbose=0).history["loss"]
    ours = scope("""function(model, x, y) {
      data <- tensor_slices_dataset(list(x, y)) |>
        dataset_map(function(x, y) list(x * 2, y)) |>
        dataset_batch(16)
      fit(model, data, epochs = 2, verbose = 0)$metrics$loss
    }""")(dense(keras), tf.constant(X), tf.constant(Y))
    assert ours == losses


def test_each_function_has_the_page_of_all():
    page = pyclass_bridge.r("pyclassbridge:::our_text('dataset_map')")
    assert page.startswith("tfdatasets ") and "‘dataset_map()’" in page


def test_nothing_is_imported_before_it_is_used():
    out = output_of("""
        import pyclass_bridge, sys
        pyclass_bridge.r("pyclassbridge:::use_stand_ins()")
        pyclass_bridge.r("library(tfdatasets); library(tensorflow); library(keras3)")
        print({"tensorflow", "keras"} & set(sys.modules))
    """)
    assert out.split() == ["set()"]
