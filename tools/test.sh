#!/bin/sh
# Builds and tests everything this machine can: release, ASan with UBSan, TSan, the trace library
# alone; compiles with clang and nvcc where they are. Quiet unless something fails. Ends with one
# line, `N passed, N failed, N skipped`, over all runs of the tests; exits 1 if any failed.
#
#   tools/test.sh [--long] [release|asan|tsan|trace|clang|cuda]...
#
# --long adds the tests that take minutes. Output of each step: BUILD_FOLDER/test.log.
set -eu
cd "$(dirname "$0")/.."
long=no
presets=
for argument; do
  case $argument in
  --long) long=yes ;;
  release | asan | tsan | trace | clang | cuda) presets="$presets $argument" ;;
  *)
    echo "usage: tools/test.sh [--long] [release|asan|tsan|trace|clang|cuda]..." >&2
    exit 2
    ;;
  esac
done
[ -n "$presets" ] || presets='release asan tsan trace clang cuda'

tools/setup.sh
jobs=$(nproc)
passed=0 failed=0 skipped=0

folder_of() {
  case $1 in
  release) echo build ;;
  *) echo "build-$1" ;;
  esac
}

say() { printf '%-8s %s\n' "$1" "$2"; }

# Configures and builds a preset; on failure shows why and counts it as one failed test.
build() {
  folder=$(folder_of "$1")
  mkdir -p "$folder"
  begun=$(date +%s)
  if ! { cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"; } >"$folder/test.log" 2>&1; then
    tail -n 60 "$folder/test.log"
    say "$1" "does not build: see $folder/test.log"
    failed=$((failed + 1))
    return 1
  fi
  built=$(($(date +%s) - begun))
}

attribute() { sed -n "s/^.*[[:blank:]]$1=\"\([0-9]*\)\".*\$/\1/p" "$2" | head -n 1; }

# Runs the tests of a built preset, as ctest's further arguments say.
run_tests() {
  preset=$1
  shift
  folder=$(folder_of "$preset")
  results=$PWD/$folder/test.xml
  rm -f "$results"
  # The sanitizers' shadow memory and a kernel that randomizes addresses widely do not agree.
  runner=
  case $preset in
  asan | tsan) ! setarch "$(uname -m)" -R true 2>/dev/null || runner="setarch $(uname -m) -R" ;;
  esac
  begun=$(date +%s)
  if ! $runner ctest "$@" -j "$jobs" --output-on-failure --no-tests=ignore \
    --output-junit "$results" >"$folder/test.log" 2>&1; then
    tail -n 200 "$folder/test.log"
  fi
  took=$(($(date +%s) - begun))
  if [ ! -s "$results" ]; then
    if grep -q 'No tests were found' "$folder/test.log"; then
      say "$preset" "has no such tests"
      return
    fi
    say "$preset" "ctest left no results: see $folder/test.log"
    failed=$((failed + 1))
    return
  fi
  total=$(attribute tests "$results")
  bad=$(attribute failures "$results")
  off=$(($(attribute skipped "$results") + $(attribute disabled "$results")))
  passed=$((passed + total - bad - off)) failed=$((failed + bad)) skipped=$((skipped + off))
  say "$preset" "$((total - bad - off)) passed, $bad failed, $off skipped (built in $built s, ran in $took s)"
  # A test that skips prints why, on a line with `skipped:`.
  awk '/<testcase / { match($0, /name="[^"]*"/); name = substr($0, RSTART + 6, RLENGTH - 7)
                      quiet = !/status="notrun"/ }
       /skipped:/ && !quiet { sub(/^.*skipped: */, ""); sub(/<\/system-out>.*$/, "")
                              print "         skipped " name ": " $0; quiet = 1 }' "$results"
}

for preset in $presets; do
  case $preset in
  clang)
    if ! command -v clang >/dev/null; then
      say clang "not compiled: there is no clang here"
    elif build clang; then
      say clang "compiles without a warning (in $built s)"
    fi
    ;;
  cuda)
    if ! command -v nvcc >/dev/null; then
      say cuda "not compiled: there is no nvcc here"
    elif build cuda; then
      say cuda "compiles without a warning (in $built s)"
    fi
    ;;
  *)
    if build "$preset"; then
      run_tests "$preset" --preset "$preset"
    fi
    ;;
  esac
done
if [ $long = yes ] && build release; then
  run_tests release --test-dir build -L long
fi

[ -e /dev/nvidiactl ] || say gpu "nothing ran on a GPU: there is none here"
[ -d ../shared/data ] || [ -n "${AATGS_SHARED:-}" ] ||
  say data "tests on real data were skipped: there is no ../shared/data (or set AATGS_SHARED)"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
