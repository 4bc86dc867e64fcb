"""stand_ins(): packages over keras3 are installed and run in a library that the user names, in
either host."""

from __future__ import annotations

import os
import subprocess

import pytest
from support.r_host import environment, r_library, run_rscript
from support.r_host import output_of as output_in_r
from support.subprocesses import output_of

NAMES = ["keras3", "keras", "reticulate", "tensorflow", "tfdatasets"]

# A package over keras3, and one that depends on it and imports several as a whole.
NAMESPACES = {
    "overkeras": """
        import(keras3)
        importFrom(keras3, layer_dense)
        importFrom(reticulate, import)
        importFrom(tensorflow, tf)
        export(small, root, Mine, Child, dropper, layer_dropout)
    """,
    "overmany": """
        import(keras3)
        import(reticulate)
        export(small, Mine)
    """,
}
DEPENDENCIES = {
    "overkeras": "Imports: keras3 (>= 1.0.0), reticulate, tensorflow",
    "overmany": "Depends: R (>= 4.1), keras3\nImports: reticulate",
}
CODE = """
small <- function(units) {
  keras_model_sequential(input_shape = 2L) |> layer_dense(units) |> keras3::layer_dense(1L)
}
root <- function(x) import("math")$sqrt(x)
Mine <- keras3::Layer("Mine", call = function(inputs) helper(inputs))
helper <- function(x) x * 2
Child(Mine) %py_class% {
  initialize <- function(n = 3) {
    super$initialize()
    self$n <- n
  }
}
Plain <- PyClass("Plain", list(go = function(self, x) x + 1))
dropper <- keras3::layer_dropout
keras3::layer_dropout
"""


def make_package(directory, name, code=CODE, namespace=None):
    package = directory / name
    (package / "R").mkdir(parents=True)
    about = f"Package: {name}\nVersion: 0.1\nTitle: T\nDescription: D.\nLicense: MIT\n"
    (package / "DESCRIPTION").write_text(about + DEPENDENCIES[name] + "\n")
    (package / "NAMESPACE").write_text(NAMESPACES[name] if namespace is None else namespace)
    (package / "R" / "code.R").write_text(code)
    return package


def install(package, lib):
    """R CMD INSTALL where there is no Python."""
    libraries = os.pathsep.join([str(lib), str(r_library())])
    return subprocess.run(
        ["R", "CMD", "INSTALL", f"--library={lib}", package],
        capture_output=True,
        text=True,
        env=environment(R_LIBS=libraries, PYCLASS_BRIDGE_PYTHON="/nowhere/python"),
        timeout=300,
    )


@pytest.fixture(scope="module")
def lib(tmp_path_factory):
    """A library with the stand-ins and the packages over them, made without Python."""
    directory = tmp_path_factory.mktemp("over")
    lib = directory / "lib"
    said = run_rscript(f"stand_ins('install', '{lib}')", PYCLASS_BRIDGE_PYTHON="/nowhere/python")
    assert said.returncode == 0, said.stderr
    assert f"stand_ins(): made the library {lib}." in said.stderr
    for name in NAMESPACES:
        done = install(make_package(directory, name), lib)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "replacing previous import" not in done.stderr
    return lib


USE = """
library(overkeras)
cat(small(3L)$count_params(), root(16), "\\n")
cat(requireNamespace("keras3", quietly = TRUE), packageVersion("keras3") >= "1.0", "\\n")
cat(as.numeric(Mine()(matrix(4, 1, 1))), Child(n = 4)$n, Child(5)$n, "\\n")
cat(overkeras:::Plain()$go(1), "\\n")
cat(import_builtins()$isinstance(Child(), Mine), "\\n")
model <- keras3::keras_model_sequential(input_shape = 2L) |> dropper(0.5) |> layer_dropout(0.1) |>
  Mine()
cat(length(model$layers), "\\n")
suppressPackageStartupMessages(library(overmany))
cat(overmany::small(2L)$count_params(), "package:keras3" %in% search(), "\\n")
attached <- names(sessionInfo()$otherPkgs)
cat(sort(intersect(attached, c("keras3", "overkeras", "overmany"))), "\\n")
"""
SEEN = """13 4
TRUE TRUE
8 4 5
2
TRUE
3
9 TRUE
keras3 overkeras overmany
"""


def seen(text):
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def test_packages_run_where_r_hosts(lib):
    libraries = os.pathsep.join([str(lib), str(r_library())])
    use = "import_builtins <- pyclassbridge::import_builtins\n" + USE
    assert seen(output_in_r(use, load="", R_LIBS=libraries)) == SEEN


@pytest.mark.parametrize("stand_in", [True, False])
def test_packages_run_where_python_hosts(lib, tmp_path, stand_in):
    (tmp_path / "use.R").write_text(USE)
    code = f"import pyclass_bridge; pyclass_bridge.run_file({str(tmp_path / 'use.R')!r}, \
stand_in={stand_in})"
    assert seen(output_of(code, R_LIBS=str(lib), timeout=120)) == SEEN


def test_what_r_knows_of_them(lib):
    out = output_in_r(
        f"""
        lib <- "{lib}"
        found <- stand_ins("list", lib)
        cat(found$package, unique(found$by), unique(found$lib) == lib, "\\n")
        cat(sort(intersect(rownames(installed.packages(lib)), found$package)), "\\n")
        cat(system.file(package = "keras", lib.loc = lib) == file.path(lib, "keras"), "\\n")
        cat(sort(tools::dependsOnPkgs("keras3", lib.loc = lib)), nrow(stand_ins()), "\\n")
        library(keras3, lib.loc = lib)
        cat(identical(keras3::fit, pyclassbridge::fit), names(formals(layer_dense))[1:2], "\\n")
        """
    )
    version = output_in_r("cat(format(packageVersion('pyclassbridge')))")
    assert seen(out).splitlines() == [
        f"{' '.join(NAMES)} {version} TRUE",
        " ".join(sorted(NAMES)),
        "TRUE",
        "overkeras overmany 0",
        "TRUE object units",
    ]


@pytest.mark.parametrize("code", ["m <- import('math')", "three <- keras3::op_add(1, 2)"])
def test_objects_of_python_are_not_saved_in_a_package(lib, tmp_path, code):
    done = install(make_package(tmp_path, "overkeras", code, "import(keras3)\n"), lib)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "package overkeras: code outside of its functions uses Python" in said
    assert 'delayedAssign("NAME", VALUE, assign.env = topenv())' in said
    assert (lib / "overkeras" / "DESCRIPTION").is_file()  # R puts back the one that was there


def test_a_real_package_is_never_replaced(tmp_path):
    real = tmp_path / "lib" / "tensorflow"
    real.mkdir(parents=True)
    (real / "DESCRIPTION").write_text("Package: tensorflow\nVersion: 2.0\n")
    done = run_rscript(f"stand_ins('install', '{real.parent}')")
    assert done.returncode != 0
    assert f"the library {real.parent} has the package tensorflow itself" in done.stderr
    assert f'remove.packages("tensorflow", "{real.parent}")' in done.stderr
    assert [path.name for path in real.parent.iterdir()] == ["tensorflow"]
    removed = run_rscript(f"stand_ins('remove', '{real.parent}')")
    assert f"none is in {real.parent}" in removed.stderr and real.is_dir()


def test_older_ones_are_replaced_and_removing_is_one_call(tmp_path):
    lib = tmp_path / "lib"
    out = output_in_r(
        f"""
        lib <- "{lib}"
        suppressMessages(stand_ins("install", lib))
        file <- file.path(lib, "keras", "DESCRIPTION")
        writeLines(sub("StandInBy: .*", "StandInBy: 0.0.1", readLines(file)), file)
        writeLines("", file.path(lib, "keras", "left"))
        cat(unique(stand_ins("list", lib)$by)[2:1], "\\n")
        suppressMessages(stand_ins("install", lib))
        cat(length(unique(stand_ins("list", lib)$by)), list.files(file.path(lib, "keras")), "\\n")
        dir.create(file.path(lib, "other"))
        cat(basename(suppressMessages(stand_ins("remove", lib))), "\\n")
        cat(list.files(lib, all.files = TRUE, no.. = TRUE))
        """
    )
    first, second, third, fourth = seen(out).splitlines()
    assert first.startswith("0.0.1 ") and second == "1 DESCRIPTION Meta NAMESPACE R"
    assert third.split() == NAMES and fourth == "other"


MISTAKES = {
    "stand_ins('install')": 'name the library, as in stand_ins("install", .libPaths()[1])',
    "stand_ins('remove')": "`lib` is missing",
    "stand_ins('installs', 'x')": '`action` must be "list" or "install" or "remove"',
    "stand_ins('install', c('a', 'b'))": "`lib` must be the path of one library",
    "stand_ins('install', '/proc/nowhere/lib')": "the directory /proc/nowhere/lib can't be made",
    "stand_ins('install', '/etc/hostname')": "the directory /etc/hostname can't be made",
}


def test_mistakes():
    codes = ", ".join(MISTAKES)
    out = output_in_r(
        f"""
        for (code in expression({codes})) cat(tryCatch(eval(code), error = conditionMessage), "\\n")
        """
    )
    for line, text in zip(out.splitlines(), MISTAKES.values(), strict=True):
        assert line.startswith("stand_ins(): ") and text in line


def test_without_this_package_it_says_what_is_missing(lib):
    done = run_rscript("library(keras3)", load="", R_LIBS=str(lib))
    assert done.returncode != 0
    assert f"keras3 in {lib} is a stand-in that needs pyclassbridge: there is no" in done.stderr
    assert f"remove the directory {lib}/keras3" in done.stderr
