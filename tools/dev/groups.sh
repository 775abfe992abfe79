#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For tools/check and tools/dev/check: one line per group, the output of a group only if it failed.
set -uo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root" || exit 1
logs="$root/build/check"
mkdir -p "$logs"
failed=()
tests_passed=0
tests_failed=0
started=$SECONDS
# One cache for all clones of the project: paths below this folder count as relative to it.
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$root}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"

# group NAME COMMAND...: runs it, says ok or FAILED and the seconds, remembers a failure.
group() {
  local name="$1" log="$logs/${1// /-}.log" from=$SECONDS word=ok note=
  shift
  "$@" >"$log" 2>&1 </dev/null || { word=FAILED; failed+=("$name"); }
  local total bad
  # ctest ends with "97% tests passed, 3 tests failed out of 120".
  read -r bad total < <(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests\? failed out of \([0-9]*\)$/\1 \2/p' "$log" | tail -1) || true
  if [ -n "${total:-}" ]; then
    tests_passed=$((tests_passed + total - bad))
    tests_failed=$((tests_failed + bad))
    note="$total tests"
  fi
  printf '%-7s%-24s%5d s  %s\n' "$word" "$name" $((SECONDS - from)) "$note"
  if [ "$word" = FAILED ]; then
    # Of tests only what failed: a flaky one is found by its name, and 700 that passed say nothing.
    grep -vE '^ +Start +[0-9]+: |\.\. +Passed +[0-9.]+ sec$' "$log" | sed -n '1,400s/^/    /p'
    echo "    (all of it: $log)"
    return 1
  fi
}

# tests NAME BUILD LABELS: the tests of a build whose label matches, one of them at least.
tests() {
  group "$1" ctest --test-dir "$2" --output-on-failure --no-tests=error -j "$(nproc)" "${@:3}"
}

# The last line counts tests; a failed group without tests counts as one.
finish() {
  local count=${#failed[@]}
  if [ "$count" -gt 0 ]; then
    [ "$tests_failed" -gt 0 ] || tests_failed=$count
    echo "failed: ${failed[*]} (after $((SECONDS - started)) s)"
  else
    echo "all groups passed in $((SECONDS - started)) s"
  fi
  echo "$tests_passed passed, $tests_failed failed"
  [ "$count" -eq 0 ]
}
