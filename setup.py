"""Build the compiled core against this machine's R, and ship the R sources in the package.

Metadata live in pyproject.toml, all but what the package requires: which rpy2 that is depends on
R. Without R, or without its headers, the build ends with the sentence that `pyclass-bridge doctor`
says, before anything is compiled.
"""

import importlib
import os
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.command.dist_info import dist_info

HERE = Path(__file__).parent.resolve()
CORE = Path("core")
R_FILES = ["NAMESPACE", "DESCRIPTION", "LICENSE"]
# What a later compiler or Python warns of must not keep a user from installing.
STRICT = ["-Werror"] if os.environ.get("PYCLASS_BRIDGE_STRICT") else []


def own_modules(*names: str):
    """Import modules of the package without its __init__, which would start R."""
    package = types.ModuleType("pyclass_bridge")
    package.__path__ = [str(HERE / "pyclass_bridge")]
    sys.modules["pyclass_bridge"] = package
    try:
        return [importlib.import_module(f"pyclass_bridge.{name}") for name in names]
    finally:
        del sys.modules["pyclass_bridge"]


broken_setup, embed, r_versions = own_modules(
    "start.broken_setup", "start.embed", "start.r_versions"
)


def requirements():
    """What the package requires, with the rpy2 for the R that it is built against."""
    # Keras is imported when it is first needed, so it is an extra.
    needed = ["numpy", "prompt_toolkit>=3"]
    try:
        return [*needed, *r_versions.rpy2_for(embed.locate_r().version).requirements]
    except broken_setup.BrokenSetup:
        # An archive of the sources can be made without R; whatever is made for use looks for R.
        return [*needed, "rpy2"]


def r_compiler_flags():
    """The flags with which C code finds R's headers; ends the build if there are none."""
    try:
        r = embed.find_r()
        command = [str(r.home / "bin" / "R"), "CMD", "config", "--cppflags"]
        config = subprocess.run(command, capture_output=True, text=True)
        if config.returncode != 0:
            raise broken_setup.BrokenSetup(
                "no_compiler_flags", version=r.version, home=r.home, reason=config.stderr
            )
    except broken_setup.BrokenSetup as error:
        sys.exit(str(error))
    # R warns on stdout, in a line before the answer, about an R_HOME that differs from its own.
    flags = shlex.split(config.stdout.splitlines()[-1])
    # Headers of the system are exempt from -Werror; R's count as such.
    return ["-isystem" + flag[2:] if flag.startswith("-I") else flag for flag in flags]


class CheckFirst(dist_info):
    """Look for R when pip asks for the metadata: before it downloads and builds the rest."""

    def run(self):
        r_compiler_flags()
        super().run()


class BuildCore(build_ext):
    """Compile with R's own flags. libR is not linked: its symbols come from the R that runs."""

    def build_extension(self, ext):
        # The times of files do not tell that R or Python is another one than at the last build.
        self.force = True
        ext.extra_compile_args.extend(r_compiler_flags())
        # A hook's call goes through most of the files. Other compilers may lack the linker for it.
        if "gcc" in Path(self.compiler.compiler_so[0]).name:
            ext.extra_compile_args.append("-flto")
            ext.extra_link_args.append("-flto")
        super().build_extension(ext)


class ShipR(build_py):
    """Put the R sources into the package as rpkg/; an editable install reads them in place."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "pyclass_bridge", "rpkg")
        shutil.rmtree(target, ignore_errors=True)
        for source in r_sources():
            (target / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HERE / source, target / source)


def r_sources():
    """The files of the R package, relative to this directory."""
    scripts = sorted(path.relative_to(HERE) for path in (HERE / "R").glob("*.R"))
    return [*map(Path, R_FILES), *scripts]


FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", *STRICT, "-Wno-unused-parameter"]

core = Extension(
    "pyclass_bridge._core",
    sources=sorted(str(CORE / path.name) for path in (HERE / CORE).glob("*.c")),
    depends=sorted(str(CORE / path.name) for path in (HERE / CORE).glob("*.h")),
    extra_compile_args=[*FLAGS, "-fvisibility=hidden", "-pthread"],
    extra_link_args=["-pthread"],
)

# What R loads to start Python, for new processes of R (start/children.py); no module of Python.
shim = Extension(
    "pyclass_bridge._shim",
    sources=["src/shim.c"],
    # R keeps routines as void *(*)(void)
    extra_compile_args=[*FLAGS, "-Wno-cast-function-type"],
)

setup(
    install_requires=requirements(),
    ext_modules=[core, shim],
    cmdclass={"build_ext": BuildCore, "build_py": ShipR, "dist_info": CheckFirst},
)
