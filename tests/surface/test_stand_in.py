"""Stand-ins: scripts written for keras3, keras, reticulate and tensorflow run as they are.

Also of: R/surface_tensorflow.R.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.subprocesses import output_of

MODULE = [sys.executable, "-m", "pyclass_bridge", "run"]


@pytest.fixture
def run(tmp_path):
    """Run an R script by the command line, in a directory of its own."""

    def run(script, *options, **environment):
        (tmp_path / "x.R").write_text(script)
        return subprocess.run(
            [*MODULE, *options, "x.R"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=180,
            env={**os.environ, **environment},
        )

    return run


def test_the_packages_resolve_to_this_one(run):
    done = run("""
      dense <- keras3::layer_dense
      suppressPackageStartupMessages(library(stats4))
      library(keras3)
      library("keras")
      require(reticulate)
      if (!requireNamespace("tensorflow", quietly = TRUE)) install.packages("tensorflow")
      library(tensorflow)
      cat(search()[2:5], "\\n")
      cat(identical(dense, pyclassbridge::layer_dense), identical(keras::fit, keras3::fit), "\\n")
      cat(packageVersion("keras3") >= "1.2", packageVersion("reticulate") >= "1.40", "\\n")
      cat("keras3" %in% loadedNamespaces(), nzchar(system.file(package = "keras3")), "\\n")
    """)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    attached = ["tensorflow", "reticulate", "keras", "keras3"]
    assert lines[0].split() == [f"package:{name}" for name in attached]
    assert lines[1].split() == ["TRUE", "TRUE"]
    assert lines[2].split() == ["TRUE", "TRUE"]
    assert lines[3].split() == ["TRUE", "TRUE"]
    # One message in all, at the first, and none of names that are there twice.
    assert done.stderr.strip() == (
        "pyclassbridge stands in for keras3 (and for keras, reticulate, tensorflow, "
        "tfdatasets). "
        "The option --no-stand-in turns this off.\nLoading required package: reticulate"
    )


def test_the_message_is_a_startup_message(run):
    done = run("suppressPackageStartupMessages(library(keras3)); cat('on')")
    assert (done.stdout, done.stderr) == ("on", "")


def test_a_stand_in_comes_before_what_was_attached_earlier(run):
    done = run("""
      fit <- function(...) "mine"
      attach(list(fit = function(...) "another package's"), name = "package:other")
      library(keras3)
      rm(fit)
      cat(environmentName(environment(fit)))
    """)
    assert done.stdout == "pyclassbridge"


def test_all_exports_are_there_lazy_ones_too(run):
    done = run("""
      library(keras3)
      ours <- getNamespaceExports("pyclassbridge")
      cat(length(setdiff(ours, getNamespaceExports("keras3"))), "\\n")
      cat(length(setdiff(ours, ls("package:keras3", all.names = TRUE))), "\\n")
      cat(names(formals(keras3::layer_dense))[1:2], "\\n")
    """)
    assert done.stdout.split("\n")[:3] == ["0 ", "0 ", "object units "]


def test_no_stand_in(run):
    done = run("library(keras3)", "--no-stand-in")
    assert done.returncode == 1
    assert "there is no package called" in done.stderr
    assert "pyclassbridge can stand in for keras3: use `pyclass-bridge run`" in done.stderr
    assert "stand in" not in run("library(notthere)", "--no-stand-in").stderr
    said = run("tfdatasets::dataset_batch(1, 2)", "--no-stand-in").stderr
    assert "can stand in for tfdatasets" in said and "also work without" not in said


def test_source_and_run_file_from_python(tmp_path):
    script = tmp_path / "x.R"
    script.write_text("library(keras3)\nkind <- class(keras3::shape(1))\n")
    out = output_of(f"""
        import pyclass_bridge
        from pyclass_bridge import RError, run_file, source
        for use in (source, run_file):
            try:
                use({str(script)!r})
            except RError as error:
                print(error.r_class[0], [n for n in error.__notes__ if "stand_in=True" in n] != [])
        print(source({str(script)!r}, stand_in=True).kind)
        run_file({str(script)!r}, stand_in=True)
        print(pyclass_bridge.r("kind"), pyclass_bridge.r("sum(basename(.libPaths()) == \
'pyclassbridge-stand-ins')"))
    """)
    assert out.split() == ["packageNotFoundError", "True"] * 2 + ["keras_shape"] * 2 + ["1"]


def test_tf_and_the_functions_of_the_package_tensorflow(run):
    done = run("""
      library(tensorflow)
      traced <- 0
      half <- tf_function(function(x, y = 2) { traced <<- traced + 1; x / y }, name = "half")
      cat(as.numeric(half(tf$constant(c(1, 2)))), as.numeric(half(tf$constant(c(3, 4)))), traced)
      cat("", half$`__name__`, identical(tf_config()$version, tf_version()), tf_version() > "2")
      cat("", tf_gpu_configured(verbose = FALSE), keras$backend$backend(), "\\n")
    """)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "0.5",
        "1",
        "1.5",
        "2",
        "1",
        "half",
        "TRUE",
        "TRUE",
        "FALSE",
        "tensorflow",
    ]
    # TensorFlow says nothing of itself as it is imported.
    assert done.stderr.startswith("pyclassbridge stands in") and len(done.stderr.splitlines()) == 1


def test_tensors_are_tensorflow_s_on_any_backend(run):
    pytest.importorskip("jax")
    done = run("""
      library(keras3)
      library(tensorflow)
      use_backend("jax")
      show <- function(x) cat(class(x)[[1]], x$dtype$name, dim(x), as.numeric(as.array(x)), "\\n")
      show(as_tensor(c(1.5, 2)))
      show(as_tensor(0.1, "float64") - 0.1)
      show(as_tensor(1:6, shape = c(NA, 3))[2, ])
      show(as_tensor(7, "int32", shape = c(1, 2)))
      show(as_tensor(as_tensor(2.7), "int32"))
      show(as_tensor(1:4, shape = shape(dims = c(2, NA))))
      cat(class(keras3::as_tensor(1))[[1]], config_backend())
    """)
    assert done.returncode == 0, done.stderr
    eager = "tensorflow.python.framework.ops.EagerTensor"
    lines = done.stdout.split("\n")
    assert [line.split() for line in lines[:6]] == [
        [eager, *words.split()]
        for words in (
            "float32 2 1.5 2",
            "float64 0",
            "int32 3 4 5 6",
            "int32 1 2 7 7",
            "int32 2",
            "int32 2 2 1 3 2 4",
        )
    ]
    assert lines[6].split()[0].startswith("jaxlib") and lines[6].endswith(" jax")


ANSWERS = {
    "train(1)": "train(): it has no methods any more: fit() trains a model, evaluate() evaluates",
    "view_savedmodel('x')": "`saved_model_cli show --all --dir DIRECTORY` in a shell",
    "tensorboard('logs')": "TensorBoard is a program of its own: `tensorboard --logdir logs`",
    "tf_extract_opts('python')": "`[` of a tensor counts from 1 and includes its end here",
    "use_compat('v1')": "Keras 3 needs version 2 of TensorFlow's API",
    "tf_probability()": "No module named 'tensorflow_probability'",
}


def test_functions_of_tensorflow(run, tmp_path):
    (tmp_path / "flags.yml").write_text("default:\n  units: 32\n  act: relu\n")
    codes = ", ".join(ANSWERS)
    done = run(f"""
      library(tensorflow)
      for (code in expression({codes})) cat(tryCatch(eval(code), error = conditionMessage), "\\n")
      use_compat("v2")
      set_random_seed(3)
      a <- c(runif(1), as.numeric(tf$random$uniform(list(1L))))
      use_session_with_seed(3, quiet = TRUE)
      cat(identical(a, c(runif(1), as.numeric(tf$random$uniform(list(1L))))), "\\n")
      str(parse_flags(arguments = c("--units=64", "--rate", "0.5", "--debug")))
      for (f in c(install_tensorflow, py_require_tensorflow)) {{
        cat(tryCatch(f(), message = conditionMessage))
      }}
    """)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    for line, text in zip(lines, ANSWERS.values(), strict=False):
        assert text in line
    assert lines[len(ANSWERS)].strip() == "TRUE"
    assert "$ units: int 64" in done.stdout and "$ act  : chr" in done.stdout
    assert "$ rate : num 0.5" in done.stdout and "$ debug: logi TRUE" in done.stdout
    assert lines[-2].startswith("py_require_tensorflow(): Python hosts R here")


# What a package such as tfdatasets imports, registers and defines.
REAL_NAMESPACE = """
importFrom(reticulate, iterate)
importFrom(reticulate, tuple)
importFrom(tensorflow, as_tensor)
importFrom(tensorflow, install_tensorflow)
importFrom(tensorflow, shape)
importFrom(tensorflow, tf)
S3method(as_tensor, tensorflow.python.data.ops.dataset_ops.DatasetV2)
S3method(length, tf_dataset)
export(dataset_map)
export(install_tensorflow)
export(range_dataset)
"""
REAL_CODE = """
range_dataset <- function(to) tf$data$Dataset$range(as.integer(to))
dataset_map <- function(dataset, map_func) dataset$map(map_func)
as_tensor.tensorflow.python.data.ops.dataset_ops.DatasetV2 <- function(x, ...) "its own method"
length.tf_dataset <- function(x) NA
"""


def test_a_tfdatasets_that_is_installed_works_over_the_stand_ins(run, tmp_path):
    made = run("pyclassbridge:::write_stand_in('tfdatasets', '9.9', 'library/tfdatasets')")
    assert made.returncode == 0, made.stderr
    package = tmp_path / "library" / "tfdatasets"
    (package / "NAMESPACE").write_text(REAL_NAMESPACE)
    (package / "R" / "tfdatasets").write_text(REAL_CODE)
    done = run(
        """
        library(tensorflow)
        library(tfdatasets)
        cat(format(packageVersion("tfdatasets")), exists("dataset_batch"), "\\n")
        doubled <- range_dataset(3) %>% dataset_map(function(x) x * 2L)
        cat(sapply(iterate(doubled), as.numeric), as_tensor(doubled), "\\n")
        """,
        R_LIBS=str(tmp_path / "library"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["9.9 FALSE ", "0 2 4 its own method "]


def test_the_generics_of_the_package_generics(run):
    done = run("""
      if (!requireNamespace("generics", quietly = TRUE)) q(status = 7)
      library(keras3)
      library(generics)
      model <- keras_model_sequential(input_shape = 2) |> layer_dense(1)
      model |> compile(loss = "mse")
      history <- model |> fit(matrix(1, 3, 2), c(1, 2, 3), epochs = 2, verbose = 0)
      scores <- model |> evaluate(matrix(1, 3, 2), c(1, 2, 3), verbose = 0)
      cat(class(history), names(scores), environmentName(environment(fit)))
    """)
    if done.returncode == 7:
        pytest.skip("the R package generics is not installed")
    assert done.stdout == "keras_training_history loss generics", done.stderr
