# Set-up and the commands of the project: `make demo` and `make test` do all that they need.
#
# Stamps in .venv/stamps remember what is done, so that a second run is fast; removing .venv starts
# anew. PYTHON is the Python that .venv is made of, ARGS are passed on to pytest. The tests run in
# WORKERS processes, which share out the files; a choice by ARGS runs in one, so that --pdb works.

PYTHON ?= python3
ARGS ?=
FIGURES ?= figures.json
WORKERS ?= $(if $(ARGS),0,2)

# A worker that dies, such as by the time limit of a test, ends the run.
SHARED := --dist=loadfile --no-loadscope-reorder --max-worker-restart=0

VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# What Keras runs on: TensorFlow, or JAX on a Python that TensorFlow has no wheel for. Keras takes
# TensorFlow when nothing is said. KERAS_BACKEND=torch before `make` says it, after `make torch`.
BACKEND = $(shell cat $(DONE)/backend 2>/dev/null)
ON_BACKEND = $(if $(KERAS_BACKEND),,$(if $(filter jax,$(BACKEND)),KERAS_BACKEND=jax))

PACKAGE = '.[$(BACKEND),test]'
INSTALLING = installing the package with Keras and $(BACKEND) (hundreds of MB: some minutes)
CORE := $(wildcard core/*.c core/*.h)
# What says which packages are required; which of them are depends on R's version, too.
REQUIRED := pyproject.toml setup.py pyclass_bridge/start/r_versions.py
ASKED = $(filter $(REQUIRED) $(DONE)/r $(DONE)/backend,$?)
SAY := @printf '== %s\n'

.DELETE_ON_ERROR:
.PHONY: help demo demo-r test lint bench figures valgrind gctorture ubsan asan stress matrix judge torch ultralytics test-ultralytics synalinks \
  test-synalinks engines test-engines setup clean always
.NOTPARALLEL:

help:
	@echo 'make demo       train examples/quickstart.R: R callback, R metric, Keras model'
	@echo 'make demo-r     the same with R as the host: R CMD INSTALL, and Rscript'
	@echo 'make setup      what the tests need: R, .venv with Keras, the compiled core'
	@echo 'make test       all tests, of Python and of R  (ARGS="-k name" chooses)'
	@echo 'make lint       ruff and clang-format'
	@echo 'make bench      every benchmark in benchmarks/'
	@echo 'make valgrind   the thread test under memcheck'
	@echo 'make gctorture  the fast tests with R collecting all the time'
	@echo 'make ubsan      stress programs and tests with the core built to find undefined behaviour'
	@echo 'make asan       the same with the core built to find wrong uses of memory'
	@echo 'make stress     all stress programs (20 minutes): tests/stress/FIGURES.md  (ARGS=waits.py)'
	@echo 'make matrix     the tests on Debian 13 and sid, in chroots (root; ARGS=all, ARGS=bench)'
	@echo 'make judge      record what reticulate gives for the snippets in tests/reticulate (root)'
	@echo 'make torch      add the PyTorch backend to .venv, and so to what `make test` runs'
	@echo 'make ultralytics the tests with Ultralytics, in .venv-ultralytics (1.7 GB)'
	@echo 'make synalinks  the tests with Synalinks, in .venv-synalinks (Python 3.12, 1.6 GB)'
	@echo 'make engines    the tests with Ray, Dask and PyTorch, in .venv-engines (2.5 GB)'
	@echo 'make clean      remove .venv and what was built'

demo: $(DONE)/core
	$(SAY) 'running examples/quickstart.R'
	$(ON_BACKEND) $(BIN)/pyclass-bridge run examples/quickstart.R

# The R package is installed into a library of the tree, and starts the Python of .venv.
R_LIBRARY := $(VENV)/library

demo-r: $(DONE)/core
	$(SAY) 'installing the R package into $(R_LIBRARY)'
	@mkdir -p $(R_LIBRARY)
	@R CMD INSTALL --library=$(R_LIBRARY) . >$(DONE)/install.log 2>&1 || { cat $(DONE)/install.log; exit 1; }
	$(SAY) 'running examples/quickstart.R in R'
	$(ON_BACKEND) R_LIBS=$(R_LIBRARY) PYCLASS_BRIDGE_PYTHON=$(BIN)/python Rscript examples/quickstart.R

test: $(DONE)/core $(DONE)/test
	$(SAY) 'running the tests'
	$(ON_BACKEND) $(BIN)/python -m pytest --numprocesses=$(WORKERS) $(SHARED) $(ARGS)

lint: $(DONE)/core
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror core/*.c core/*.h src/*.c

bench: $(DONE)/core $(DONE)/test
	@set -e; for file in $(filter-out %/measure.py %/by_hand_rpy2.py %/figures.py,$(wildcard benchmarks/*.py)); do echo "== $$file"; $(ON_BACKEND) $(BIN)/python "$$file"; done

# What depends on R, on this R, as data for the table of FIGURES.md.
figures: $(DONE)/core
	$(ON_BACKEND) $(BIN)/python benchmarks/figures.py collect $(abspath $(FIGURES))

valgrind: $(DONE)/core $(DONE)/test
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/stress/valgrind.sh

gctorture: $(DONE)/core $(DONE)/test
	$(BIN)/python tests/stress/gctorture.py

# The core is built in a directory of its own, and needs gcc for the sanitizer's library.
ubsan: $(DONE)/core $(DONE)/test
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/stress/sanitizer.sh undefined all

asan: $(DONE)/core $(DONE)/test
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/stress/sanitizer.sh address all

# Each program prints its figures, whatever the others have found.
stress: $(DONE)/core $(DONE)/test
	PATH="$(CURDIR)/$(BIN):$$PATH" $(ON_BACKEND) $(BIN)/python tests/stress/suite.py $(ARGS)

# What says something about R and Python, on the R and the Python of Debian 13 and sid: ARGS=all runs
# all tests there, ARGS=bench makes the figures, ARGS=host goes from R alone to a trained model,
# ARGS='fast sid' takes one of the two.
matrix:
	tools/matrix.sh $(ARGS)

# What reticulate gives, as the tests of values compare with it: run on Debian sid, which has the newest.
judge:
	tools/matrix.sh judge

# PyTorch is asked for by name only: on most machines pip brings gigabytes of CUDA with it.
torch: $(DONE)/core
	$(SAY) 'installing PyTorch'
	$(PIP) torch==2.13.0

# Ultralytics has an environment of its own: what it requires is not what runs beside PyTorch for the
# CPU. The continuous integration does without, since the environment takes 1.7 GB.
ULTRALYTICS := VENV=.venv-ultralytics PACKAGE=. INSTALLING='installing the package'

ultralytics:
	@$(MAKE) $(ULTRALYTICS) test-ultralytics

test-ultralytics: $(DONE)/core $(DONE)/ultralytics
	$(SAY) 'running the tests with Ultralytics'
	$(BIN)/python -m pytest $(ARGS) tests/ultralytics

# Synalinks, too: it needs Python 3.12, and the continuous integration has one Python. The first on
# the PATH or among those of pyenv that is new enough is taken.
SYNALINKS_PYTHON ?= $(shell for python in python3.12 python3.13 python3.14 python3 \
  $$HOME/.pyenv/versions/3.1[2-9]*/bin/python3; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && \
  echo $$python && break; done)
SYNALINKS := VENV=.venv-synalinks PACKAGE="'.[synalinks]'" \
  INSTALLING='installing the package with Synalinks (1.6 GB: some minutes)'

synalinks:
	@test -n "$(SYNALINKS_PYTHON)" || \
	  { echo 'Synalinks needs Python 3.12: make synalinks SYNALINKS_PYTHON=/path/to/python3.12'; exit 1; }
	@$(MAKE) $(SYNALINKS) PYTHON=$(SYNALINKS_PYTHON) test-synalinks

test-synalinks: $(DONE)/core $(DONE)/synalinks
	$(SAY) 'running the tests with Synalinks'
	$(BIN)/python -m pytest $(ARGS) tests/synalinks
	$(BIN)/python -m pytest $(ARGS) tests/project/test_vignettes.py -k frameworks
	$(SAY) 'running the tests of crossing on its Python'
	$(BIN)/python -m pytest $(ARGS) tests/for_r/test_coroutines.py tests/for_r/test_event_loop.py tests/classes/test_py_class.py tests/classes/test_builder.py tests/core/test_call.py

# Engines that run R code in processes of their own, too; the continuous integration runs those of
# tests/engines that are small.
ENGINES_RUN := KERAS_BACKEND=torch RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0
ENGINES := VENV=.venv-engines PACKAGE=. INSTALLING='installing the package'

engines:
	@$(MAKE) $(ENGINES) test-engines

test-engines: $(DONE)/core $(DONE)/engines
	$(SAY) 'running the tests with Ray, Dask, KerasTuner, Optuna, joblib, JAX and PyTorch'
	$(ENGINES_RUN) $(BIN)/python -m pytest $(ARGS) tests/engines tests/callbacks/test_ray.py
	$(ENGINES_RUN) $(BIN)/python -m pytest $(ARGS) tests/project/test_vignettes.py -k scaling

setup: $(DONE)/core $(DONE)/test

clean:
	rm -rf $(VENV) .venv-ultralytics .venv-synalinks .venv-engines build *.egg-info pyclass_bridge/_core.*.so

$(DONE)/system: tools/install_system.sh
	$(SAY) 'looking for R and what is needed to build against it'
	@PYTHON="$(PYTHON)" tools/install_system.sh demo
	@mkdir -p $(DONE)
	@touch $@

$(DONE)/venv: | $(DONE)/system
	$(SAY) 'making $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	$(SAY) 'installing setuptools'
	@$(PIP) --upgrade pip 'setuptools>=77' wheel
	@touch $@

# The version of R, like 4.2: the file changes only when it does.
$(DONE)/r: always | $(DONE)/system
	@version=$$(sed -n 's/^Version: *\([0-9]*\.[0-9]*\).*/\1/p' \
	  "$${R_HOME:-$$(R RHOME)}/library/base/DESCRIPTION"); \
	  echo "$$version" | cmp -s - $@ || echo "$$version" >$@

$(DONE)/backend: | $(DONE)/venv
	@for package in tensorflow jax; do \
	  if $(BIN)/python -m pip index versions --pre $$package >/dev/null 2>&1; then \
	    echo $$package >$@; exit 0; \
	  fi; \
	done; \
	echo 'pip finds neither TensorFlow nor JAX for this Python: see what `pip index versions jax` says.' >&2; \
	exit 1

# A change in the sources of the core only needs the compiler; the rest of pip's work is done again
# when what the package needs has changed. rpy2 is built then too, with build tools of its own:
# without build isolation it would silently lack its interface to R.
$(DONE)/core: $(REQUIRED) $(DONE)/r $(DONE)/backend $(CORE) | $(DONE)/venv
	$(SAY) '$(if $(ASKED),$(INSTALLING),building the core)'
	@$(PIP) $(if $(ASKED),--editable $(PACKAGE),--no-build-isolation --no-deps --editable .)
	@touch $@

$(DONE)/test: tools/install_system.sh pyproject.toml | $(DONE)/core
	$(SAY) 'looking for the R packages and tools that the tests use'
	@PYTHON="$(PYTHON)" tools/install_system.sh test
	$(SAY) 'installing JAX, the second backend of the tests'
	@$(PIP) 'pyclass-bridge[$(BACKEND),jax,test]'
	@touch $@

$(DONE)/ultralytics: Makefile | $(DONE)/core
	$(SAY) 'installing PyTorch and Ultralytics (some minutes)'
	@$(PIP) torch==2.13.0
	@$(PIP) pytest numpy opencv-python-headless pillow pyyaml requests psutil polars matplotlib scipy
	@$(PIP) --no-deps torchvision==0.28.0 ultralytics==8.4.190 ultralytics-thop
	@touch $@

$(DONE)/synalinks: tools/install_system.sh | $(DONE)/core
	$(SAY) 'looking for the R packages that the tests use'
	@PYTHON="$(PYTHON)" tools/install_system.sh test
	@$(PIP) pytest
	@touch $@

# PyTorch first: what comes later takes the one that is there.
$(DONE)/engines: tools/install_system.sh Makefile | $(DONE)/core
	$(SAY) 'looking for the R packages that the tests use'
	@PYTHON="$(PYTHON)" tools/install_system.sh test
	$(SAY) 'installing PyTorch, JAX, Ray, Dask, KerasTuner and Optuna (some minutes)'
	@$(PIP) torch==2.13.0
	@$(PIP) --editable '.[jax,ray]' 'dask[distributed]' keras-tuner six optuna scikit-learn cloudpickle dill pytest
	@touch $@
