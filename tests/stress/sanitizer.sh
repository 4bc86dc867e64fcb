#!/usr/bin/env bash
# The core built with a sanitizer, under stress programs and tests: fails if there is a report about
# the core, if a program dies, or if a test fails.
#
#     tests/stress/sanitizer.sh address|undefined [programs|all]
#
#   programs  stress programs of a short size (the default)
#   all       these, and the tests of the core, of conditions and of classes that need no tensors
#
# The core is built in a directory of its own, in build/, with a copy of the package. Python and R
# are not built so, and what they do is not ours: of the reports of `address`, only those with a frame
# in the core's library count. `python` on the PATH is the one that is tested.
set -euo pipefail
cd "$(dirname "$0")/../.."

kind=${1:?usage: sanitizer.sh address|undefined [programs|all]}
what=${2:-programs}
root=$PWD
mkdir -p build
tree=$(mktemp -d "$root/build/$kind.XXXXXX")
logs=$(mktemp -d)
trap 'rm -rf "$logs" "$tree"' EXIT

# ---- the core and the package ----

cp -r pyclass_bridge R DESCRIPTION NAMESPACE LICENSE pyproject.toml "$tree"
rm -f "$tree"/pyclass_bridge/_core.*.so
for name in tests core benchmarks; do ln -s "$root/$name" "$tree/$name"; done

read -r -a r_flags <<<"$(R CMD config --cppflags | tail -n 1)"
suffix=$(python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
library=$tree/pyclass_bridge/_core$suffix
gcc -std=gnu11 -O1 -g -fno-omit-frame-pointer -fPIC -shared -pthread -fvisibility=hidden \
  "-fsanitize=$kind" "-fsanitize-recover=$kind" "${r_flags[@]}" \
  "-I$(python -c 'import sysconfig; print(sysconfig.get_path("include"))')" \
  -o "$library" core/*.c

# ---- what runs ----

export PYTHONPATH=$tree KERAS_BACKEND=${KERAS_BACKEND:-numpy}
if [ "$kind" = address ]; then
  # The library has to be the first one, and what Python and R keep to the end is no leak. R and
  # Python have handlers of SIGSEGV. Python's own allocator would hide its objects' borders. The
  # sanitizer looks for XDR's and C++'s functions when it starts, before R and Python load them.
  xdr=$(ldd "$(R RHOME)/lib/libR.so" | awk '/libtirpc/ {print $3}')
  preload="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so.6) $xdr"
  options=detect_leaks=0:halt_on_error=0:allocator_may_return_null=1:handle_segv=0:use_sigaltstack=0:log_path=$logs/report
  run() { LD_PRELOAD=$preload ASAN_OPTIONS=$options PYTHONMALLOC=malloc "$@"; }
else
  run() { UBSAN_OPTIONS=print_stacktrace=1:log_path=$logs/report "$@"; }
fi

cd "$tree"
used=$(run python -c 'from pyclass_bridge import _core; print(_core.__file__)')
[ "$used" = "$library" ] || { echo "Python uses $used instead of $library" >&2; exit 1; }

failed=
# program NAME ARGUMENT...: it has to end by itself, with figures. They count where it runs for them.
program() {
  echo "-- $*"
  local status=0
  run python "tests/stress/$1.py" "${@:2}" >"$logs/output" || status=$?
  [ "$status" -le 1 ] && grep -q '^FIGURE ' "$logs/output" || failed="$failed $1.py"
  sed 's/^FIGURE //' "$logs/output"
}
program threads 1000
program conditions 1
[ "$kind" = address ] || program gctorture 50 # too slow with both
program schedule 20 1
program memory 100000
if [ "$what" = all ]; then
  run python -m pytest -q -p no:cacheprovider \
    tests/core/test_{apart,call,collect,entry,exiting,fault,interrupt,jump}.py \
    tests/core/test_{marks,memory,method,method_parts,names,origin,quit,warnings}.py \
    tests/bridge/test_condition*.py tests/bridge/test_function.py || failed="$failed tests"
fi

# ---- what was found ----

cat "$logs"/report* >"$logs/all" 2>/dev/null || true # there may be none
if [ "$kind" = address ]; then
  # A report begins with a line of equals signs. A frame has its file, or else the library.
  found=$(python - "$logs/all" <<'END'
import re, sys
for report in re.split("(?m)^={20,}$", open(sys.argv[1], errors="replace").read()):
    if re.search(r"\bcore/[a-z_]+\.[ch]:[0-9]|_core\.\S*so", report):
        print(report)
END
  )
else
  found=$(cat "$logs/all")
fi
reports=$(printf '%s\n' "$found" | grep -c 'ERROR: AddressSanitizer\|runtime error:' || true)
holds=holds
if [ -n "$found$failed" ]; then
  printf '%s\n' "$found" | head -n 200
  holds=FAILS
fi
echo "FIGURE core built with -fsanitize=$kind | 0 reports about the core, nothing dies |" \
  "$reports reports,${failed:- nothing} died ($what) | $holds"
[ "$holds" = holds ]
