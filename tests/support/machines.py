"""A machine whose R, rpy2 or Keras is broken, for the tests of start/.

Its states are made in child processes: with another PATH or R_HOME, with a directory that looks
like an R, or with a sitecustomize module that changes what Python finds.
"""

import os
import subprocess
import sys

from .paths import ROOT


class Machine:
    """A child's environment, to be broken; `home` is a fake R_HOME in `tmp`."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.home = tmp / "R-home"
        self.site = tmp / "site"
        self.site.mkdir()
        self.env = {k: v for k, v in os.environ.items() if k not in ("R_HOME", "KERAS_BACKEND")}
        self.env["PYTHONPATH"] = os.pathsep.join([str(self.site), str(ROOT)])
        self.env["KERAS_HOME"] = str(tmp / "keras")

    def run(self, *words):
        return subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            env=self.env,
            cwd=self.tmp,
            timeout=180,
        )

    def fake_r(self, version="4.4.3", libr=True, headers=True):
        """Point R_HOME at a directory with the files by which an R is known."""
        self.env["R_HOME"] = str(self.home)
        self.write("library/base/DESCRIPTION", f"Package: base\nVersion: {version}\n")
        self.write("bin/R", f"#!/bin/sh\nR_INCLUDE_DIR={self.home}/headers\n")
        if libr:
            self.write("lib/libR.so", "")
        if headers:
            self.write("headers/Rinternals.h", "")

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def at_start(self, code):
        """Run `code` when the child's Python starts."""
        (self.site / "sitecustomize.py").write_text(f"import sys, types\n{code}\n")

    def distribution(self, name, version):
        """Let `name` appear to be installed in `version`."""
        info = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    def fake_rpy2(self, text):
        """Put an rpy2 first on the path whose interface to R fails with `text`."""
        package = self.site / "rpy2"
        (package / "rinterface").mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "situation.py").write_text("")
        (package / "rinterface" / "__init__.py").write_text(f"raise ImportError({text!r})\n")
