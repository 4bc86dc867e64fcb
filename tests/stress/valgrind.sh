#!/usr/bin/env bash
# The thread test under memcheck: fails if a report has a frame of the core in it, or the test fails.
#
#     tests/stress/valgrind.sh [calls per thread]
#
# Python and R have reports of their own, which are not ours: only those with a frame in the core's
# library count. `python` on the PATH is the one that is tested.
set -euo pipefail
cd "$(dirname "$0")/../.."

calls=${1:-200}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

PYTHONMALLOC=malloc valgrind --tool=memcheck --error-limit=no --num-callers=40 --leak-check=no \
  --smc-check=all-non-file --main-stacksize=8388608 --fullpath-after= --log-file="$log" \
  python tests/stress/threads.py "$calls" | sed 's/^FIGURE //' 

# A report is a paragraph. R's parser moves text within its own buffer by memcpy(), whoever calls it.
found=$(awk -v RS='\n==[0-9]+== *\n' '/\/core\/[a-z_]+\.[ch]:[0-9]|_core\.[^ ]*so/ && !/Rf_yyparse/' "$log")
if [ -n "$found" ]; then
  printf '%s\n' "$found"
  echo "FIGURE memcheck of the thread test | no report with a frame in the core | reports, $calls calls per thread | FAILS"
  exit 1
fi
echo "FIGURE memcheck of the thread test | no report with a frame in the core | 0 reports, $calls calls per thread | holds"
