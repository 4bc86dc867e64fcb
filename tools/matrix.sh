#!/usr/bin/env bash
# Run the project on the R and the Python of Debian 13 and of sid, in a chroot of each.
#
#     tools/matrix.sh [fast|demo|host|all|bench|judge|shell] [suite...]
#
#   fast    make demo, and the tests that say something about R and Python (the default)
#   demo    make demo alone, in both hosts
#   host    from R alone to a trained model: R CMD INSTALL, install_python_side(), Rscript
#   all     make demo and all tests
#   bench   the figures of this machine's R and of theirs, as the table in benchmarks/FIGURES.md
#   judge   record what reticulate on sid gives for the snippets in tests/reticulate
#   shell   a shell in the chroot of one suite
#
# The chroots are made by debootstrap from this machine's own apt sources, with make and git and
# nothing else that the project needs, and are kept in .matrix/ (MATRIX_DIR names another place).
# What this machine uses to reach its package sources is handed in: name server, certificates,
# proxies of apt, and pip's settings that name no file. It needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-fast}
[ $# -eq 0 ] || shift
suites=${*:-$([ "$what" = judge ] || echo trixie) sid}
root=${MATRIX_DIR:-$PWD/.matrix}

# What of the tests says something about R and Python, and nothing about Keras alone.
fast_tests="tests/start tests/core tests/bridge tests/values tests/classes tests/travel tests/imports
  tests/for_r/test_functions.py tests/for_r/test_coroutines.py tests/for_r/test_event_loop.py
  tests/for_r/test_environ.py tests/surface/test_stand_in.py
  tests/project/test_packaging.py tests/project/test_seeds.py tests/project/test_readme.py
  tests/project/test_rooms.py tests/testthat
  tests/project/test_r_host.py::test_they_pass_where_r_hosts[values]
  tests/project/test_r_host.py::test_they_pass_where_r_hosts[classes]"

say() { printf '== %s\n' "$*"; }
skip() {
  printf 'The matrix of Debian 13 and sid did not run: %s.\n' "$1"
  exit 0
}

[ "$(uname -s)" = Linux ] || skip "it needs Linux"
[ "$(id -u)" -eq 0 ] || skip "it needs root"
command -v apt-get >/dev/null || skip "it needs apt's package sources"
if ! command -v debootstrap >/dev/null; then
  apt-get update -q >/dev/null 2>&1 || true
  apt-get install -q -y --no-install-recommends debootstrap >/dev/null 2>&1 ||
    skip "debootstrap is not installed and apt-get can't install it"
fi
unshare --mount true 2>/dev/null || skip "this machine allows no mounts"

# The address of Debian's main archive, as apt knows it on this machine.
archive() {
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 !~ /security/ {print $2; exit}'
}

[ -n "$(archive)" ] || apt-get update -q >/dev/null 2>&1 || true
[ -n "$(archive)" ] || skip "apt knows no archive of Debian's on this machine"

# hand_in DIR: what this machine needs to reach its package sources.
hand_in() {
  cp -L /etc/resolv.conf /etc/hosts "$1/etc/" 2>/dev/null || true
  apt-config dump | grep -i '^Acquire::.*proxy' >"$1/etc/apt/apt.conf.d/90matrix" || true
  for file in "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" /etc/ssl/certs/ca-certificates.crt; do
    if [ -f "$file" ]; then
      mkdir -p "$1/etc/ssl/certs"
      cp -L "$file" "$1/etc/ssl/certs/ca-certificates.crt"
      break
    fi
  done
  pip_settings >"$1/etc/pip.conf"
}

# pip's settings that hold inside, too: those that name no file of this machine.
pip_settings() {
  echo '[global]'
  echo 'cert = /etc/ssl/certs/ca-certificates.crt'
  python3 -m pip config list 2>/dev/null |
    sed -n "s/^[a-z:]*\.\(index-url\|trusted-host\|proxy\|default-timeout\|timeout\)='\(.*\)'$/\1 = \2/p" |
    sort -u -t= -k1,1
}

# make_chroot SUITE DIR: a small system, once; what was left of a broken attempt goes first.
make_chroot() {
  [ -e "$2/.made" ] && return
  say "making a chroot of Debian $1"
  rm -rf --one-file-system "$2"
  mkdir -p "$2"
  if ! debootstrap --variant=minbase --include=ca-certificates,make,git \
    "$1" "$2" "$(archive)" >"$2.log" 2>&1; then
    tail -n 20 "$2.log" >&2
    skip "debootstrap could not make Debian $1; its last lines are above"
  fi
  touch "$2/.made"
}

# copy_tree DIR: this checkout as it is, but for what git ignores; a .venv of before is kept, and
# the core, which lay in the tree, is made anew.
copy_tree() {
  mkdir -p "$1"
  find "$1" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm -rf {} +
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
  done | tar --create --null --files-from=- | tar --extract --directory="$1"
  touch "$1"/core/*.c
}

# inside DIR COMMAND: run in the chroot, with mounts that end with the command.
inside() {
  env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 CI="${CI:-}" \
    PYCLASS_BRIDGE_STRICT="${PYCLASS_BRIDGE_STRICT:-}" \
    unshare --mount --pid --fork --propagation private sh -c '
      mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" &&
        mount --rbind /sys "$0/sys" && mount -t tmpfs tmpfs "$0/tmp" &&
        exec chroot "$0" sh -c "cd /project && $1"' "$1" "$2"
}

# What a user of R does, with a home and a library of his own; nothing of .venv is used.
host_commands() {
  cat <<'COMMANDS'
set -e
command -v R >/dev/null || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y r-base; } >/dev/null
rm -rf /var/tmp/host
mkdir -p /var/tmp/host/library
export HOME=/var/tmp/host R_LIBS=/var/tmp/host/library PIP_NO_CACHE_DIR=1
R CMD INSTALL .
Rscript -e "pyclassbridge::install_python_side()"
Rscript examples/quickstart.R
du -sh /var/tmp/host
rm -rf /var/tmp/host
COMMANDS
}

commands() {
  case $what in
    fast) echo "make demo demo-r && make test ARGS='$(echo $fast_tests)' WORKERS=2" ;;
    demo) echo "make demo demo-r" ;;
    host) host_commands ;;
    all) echo "make demo demo-r && make test" ;;
    bench) echo "make figures" ;;
    judge) echo "UPDATE_SNAPSHOTS=1 make test ARGS='tests/values/test_reticulate.py -k recorded'" ;;
    shell) echo "exec bash" ;;
    *) echo "usage: tools/matrix.sh [fast|demo|host|all|bench|judge|shell] [suite...]" >&2; exit 2 ;;
  esac
}

# keep_figures NAME FILE: one column of the table.
keep_figures() {
  mkdir -p "$root/figures"
  mv "$2" "$root/figures/$1.json"
}

command=$(commands)
status=0
if [ "$what" = bench ]; then
  make figures FIGURES=figures.json
  keep_figures 0-here figures.json
fi
for suite in $suites; do
  chroot=$root/$suite
  make_chroot "$suite" "$chroot"
  hand_in "$chroot"
  copy_tree "$chroot/project"
  say "Debian $suite: $what"
  if ! inside "$chroot" "$command"; then
    status=1
    say "Debian $suite: failed"
  elif [ "$what" = bench ]; then
    keep_figures "$suite" "$chroot/project/figures.json"
  elif [ "$what" = judge ]; then
    cp "$chroot"/project/tests/snapshots/reticulate_*.txt tests/snapshots/
  fi
done
if [ "$what" = bench ] && [ $status -eq 0 ]; then
  python3 benchmarks/figures.py write "$root"/figures/{0-here,trixie,sid}.json
fi
exit $status
