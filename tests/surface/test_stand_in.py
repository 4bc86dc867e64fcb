"""Stand-ins: scripts written for keras3, keras, reticulate and tensorflow run as they are.

Also of: R/surface_tensorflow.R.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.subprocesses import output_of

MODULE = [sys.executable, "-m", "pyclass_bridge", "run"]


@pytest.fixture
def run(tmp_path):
    """Run an R script by the command line, in a directory of its own."""

    def run(script, *options):
        (tmp_path / "x.R").write_text(script)
        return subprocess.run(
            [*MODULE, *options, "x.R"], capture_output=True, text=True, cwd=tmp_path, timeout=180
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
