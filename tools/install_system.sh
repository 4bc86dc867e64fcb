#!/bin/sh
# Install what comes from the system: R, what is needed to build against R and Python, and, for
# the argument "test", the R packages and the tools that the tests use.
#
# Only what is missing is installed, through apt, as root or with sudo. Where there is no apt, one
# sentence says what to install. PYTHON names the Python to build for; R is the one on PATH.
set -eu

purpose=${1:?usage: install_system.sh demo|test}
python=${PYTHON:-python3}
r_packages="testthat R6 magrittr glue dplyr tibble knitr ggplot2 callr future IRkernel rmarkdown"

say() { printf '== %s\n' "$*" >&2; }
stop() {
  printf '%s\n' "$*" >&2
  exit 1
}

# apt_install WHAT PACKAGE... : install the packages, or say that WHAT is to be installed.
apt_install() {
  what=$1
  shift
  command -v apt-get >/dev/null || stop "Install $what with this system's package manager, and run make again."
  sudo=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || stop "Install $what (as root: apt-get install $*), and run make again."
    sudo=sudo
  fi
  say "installing $what: apt-get install $*"
  log=$(mktemp)
  # Where one source of packages fails to update, the others may still have what is asked for.
  if ! {
    $sudo apt-get update -q || true
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
  } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    stop "apt-get could not install $what; its last lines are above."
  fi
  rm -f "$log"
}

# Python's own headers and venv come in packages named after its version.
python_is_complete() {
  "$python" -c 'import ensurepip, os, sysconfig, venv
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null
}

# rpy2 is linked with all the libraries that R itself is linked with.
r_is_complete() {
  command -v R >/dev/null || return 1
  # shellcheck disable=SC2046 # the flags are words
  echo 'int main(void) { return 0; }' |
    cc -x c - -o /dev/null $(R CMD config --ldflags) $(R CMD config BLAS_LIBS) 2>/dev/null &&
    echo '#include <Rinternals.h>' | cc -x c -fsyntax-only $(R CMD config --cppflags) - 2>/dev/null
}

missing_r_packages() {
  # shellcheck disable=SC2086 # one argument per package
  R_DEFAULT_PACKAGES=NULL Rscript --vanilla -e 'wanted <- commandArgs(TRUE)
    cat(wanted[!nzchar(vapply(wanted, function(p) system.file(package = p), ""))])' $r_packages
}

command -v "$python" >/dev/null || apt_install "Python 3" python3 python3-venv python3-dev
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  stop "$python is older than Python 3.10: run make PYTHON=/path/to/a/newer/python3."
command -v cc >/dev/null || apt_install "a C compiler" gcc libc6-dev
if ! python_is_complete; then
  name=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
  apt_install "the venv module and the C headers of $name" "$name-venv" "$name-dev"
  python_is_complete ||
    stop "$python lacks the venv module or its C headers: run make PYTHON=/path/to/another/python3."
fi
if ! r_is_complete; then
  apt_install "R with what is needed to build against it" r-base-dev
  r_is_complete ||
    stop "R is installed but nothing can be linked with it: see what R CMD config --ldflags prints."
fi

[ "$purpose" = test ] || exit 0

# The judge of conversions, where the distribution has it as new as the recorded answers are.
judge_is_new() {
  version=$(apt-cache policy r-cran-reticulate 2>/dev/null | sed -n 's/^ *Candidate: //p')
  [ -n "$version" ] && dpkg --compare-versions "$version" ge 1.47
}

if judge_is_new; then r_packages="$r_packages reticulate bit64 fs"; fi
missing=$(missing_r_packages)
if [ -n "$missing" ]; then
  # A package of the distribution serves the R of the distribution only.
  [ "$(command -v R)" = /usr/bin/R ] || stop "Install the R packages that the tests use: $missing."
  names=$(for package in $missing; do echo "r-cran-$package"; done | tr '[:upper:]' '[:lower:]')
  # shellcheck disable=SC2086 # one argument per package
  apt_install "the R packages $missing" $names
fi
if ! command -v valgrind >/dev/null || ! command -v gdb >/dev/null; then
  apt_install "valgrind and gdb" valgrind gdb libc6-dbg
fi
