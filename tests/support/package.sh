#!/bin/sh
# package.sh SOURCE_DIR BUILD_DIR HOST SANITIZE CUDA_ARCHITECTURES: installs the build into a folder
# of its own, moves that, builds the project in counter/ against it, and with HOST=ON runs, records
# and replays that project's workload with the installed `aatgs`. HOST=OFF: the trace library alone.
# CUDA_ARCHITECTURES: empty in a build without CUDA.
set -eu
source=$1 build=$2 host=$3 sanitize=$4 architectures=$5
CC=${CC:-cc} CXX=${CXX:-c++}
work=$(mktemp -d "${TMPDIR:-/tmp}/aatgs-package-XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$work/log

fail() {
  echo "package: $1" >&2
  [ ! -s "$log" ] || tail -n 40 "$log" >&2
  exit 1
}
# quietly COMMAND...: its output only matters when it fails.
quietly() {
  "$@" >"$log" 2>&1 || fail "failed ($?): $*"
}
# expect STATUS COMMAND...: runs it, output into $work/out.
expect() {
  wanted=$1
  shift
  status=0
  "$@" >"$work/out" 2>"$log" || status=$?
  [ "$status" -eq "$wanted" ] || {
    cat "$work/out" >&2
    fail "exit $status instead of $wanted: $*"
  }
}
says() {
  grep -q -e "$1" "$work/out" "$log" || {
    cat "$work/out" >&2
    fail "nothing about '$1' from the command before"
  }
}

# A package that was moved must still work.
quietly cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/usr"
pc=$(dirname "$(find "$work/usr" -name aatgs-trace.pc)")
export PKG_CONFIG_PATH="$pc${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
flags='-Wall -Wextra -Werror'
[ -z "$sanitize" ] || flags="$flags -fsanitize=$sanitize -fno-omit-frame-pointer"

# with_pkg_config COMPILER PACKAGE SOURCE PROGRAM
with_pkg_config() {
  # shellcheck disable=SC2046,SC2086 # flags are lists
  quietly $1 $flags $(pkg-config --cflags "$2") "$3" -o "$work/$4" $(pkg-config --libs "$2")
}
counter=$source/tests/support/counter
with_pkg_config "$CC -std=c11" aatgs-trace "$counter/reader.c" reader_pc
expect 1 "$work/reader_pc" "$work/no-such-trace"
says no-such-trace

# The trace library is found alone, and what a package lacks is said.
mkdir "$work/trace-only"
cat >"$work/trace-only/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.22)
project(reader LANGUAGES C)
find_package(aatgs REQUIRED COMPONENTS \${COMPONENTS})
add_executable(reader $counter/reader.c)
target_link_libraries(reader PRIVATE aatgs::trace)
END
components() {
  cmake -S "$work/trace-only" -B "$work/trace-only/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/usr" \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$flags" -DCOMPONENTS="$1"
}
quietly components trace
quietly cmake --build "$work/trace-only/build"
expect 1 components sails
says sails
[ "$host" = ON ] || {
  expect 1 components runtime
  says runtime
  exit 0
}

# counter_project FOLDER [OPTION...]
counter_project() {
  folder=$work/$1
  shift
  quietly cmake -S "$counter" -B "$folder" -G Ninja \
    -DCMAKE_PREFIX_PATH="$work/usr" -DCMAKE_INSTALL_PREFIX="$work/usr" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" "$@"
  quietly cmake --build "$folder"
}
if [ -n "$architectures" ]; then
  counter_project right -DCOUNTER_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES="$architectures"
else
  counter_project right
fi
counter_project wrong -DCOUNTER_WRONG=ON
with_pkg_config "$CC -std=c11" aatgs "$counter/embed.c" embed_pc
with_pkg_config "$CXX -std=c++11" aatgs "$counter/embed.cpp" embed_cxx_pc

# The headers for people stand alone, in C and in C++.
for name in aatgs bus error port prism trace workload; do
  echo "#include <aatgs/$name.h>" | tee "$work/one.c" >"$work/one.cpp"
  # shellcheck disable=SC2086
  quietly $CC -std=c11 $flags -D_GNU_SOURCE -I"$work/usr/include" -fsyntax-only "$work/one.c"
  # shellcheck disable=SC2086
  quietly $CXX -std=c++11 $flags -I"$work/usr/include" -fsyntax-only "$work/one.cpp"
done

# Embedded: four ways to the same total.
so=$work/right/counter.so
expect 0 "$work/right/embed" "$so" "$work/embedded"
cp "$work/out" "$work/expected"
for program in right/embed right/embed_cxx embed_pc embed_cxx_pc; do
  expect 0 "$work/$program" "$so"
  cmp -s "$work/out" "$work/expected" || fail "$program: $(cat "$work/out") instead of $(cat "$work/expected")"
done
expect 0 "$work/right/reader" "$work/embedded"
says '^iterations 200 '
expect 0 "$work/reader_pc" "$work/embedded"
says '^iterations 200 '

# The installed aatgs: by path, by AATGS_WORKLOAD_PATH, by name once it is installed.
aatgs=$work/usr/bin/aatgs
expect 0 "$aatgs" run --workload "$so" --device cpu --tasks twice --config hits=20 \
  --iterations 300 --seed 5 --record "$work/trace"
for workers in 1 2 3 7; do
  expect 0 "$aatgs" replay "$work/trace" --workload "$so" --workers $workers
done
if [ -n "$architectures" ] && [ -e /dev/nvidiactl ]; then
  expect 0 "$aatgs" replay "$work/trace" --workload "$so" --device cuda
fi
expect 0 env AATGS_WORKLOAD_PATH="$work/right" "$aatgs" replay "$work/trace"
quietly cmake --install "$work/right"
expect 0 "$aatgs" replay "$work/trace"
expect 0 "$aatgs" run --workload counter --iterations 10

# A build that computes something else is caught, and the place is named.
expect 4 "$aatgs" replay "$work/trace" --workload "$work/wrong/counter.so" --format json
says '"iteration": 100'
says '"task": "count"'
says '"part": 2'
expect 0 "$aatgs" replay "$work/trace" --workload "$work/wrong/counter.so" --range 1-99

# What the README tells people to type.
awk '/^```c$/ { inside = 1; next } /^```$/ && inside { exit } inside' "$source/README.md" \
  >"$work/readme.c"
with_pkg_config "$CC -std=c11" aatgs "$work/readme.c" readme
expect 0 "$aatgs" gen queen 5 -o "$work/queen5.col"
export AATGS_WORKLOAD_PATH
AATGS_WORKLOAD_PATH=$(pkg-config --variable=workloaddir aatgs) # needed since the package was moved
expect 0 "$work/readme" "$work/queen5.col" "$work/readme-trace"
says ' 0 conflicts'
expect 0 "$aatgs" replay "$work/readme-trace"
