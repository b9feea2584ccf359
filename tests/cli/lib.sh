# What the scripts of this folder share. Each runs with
#   AATGS           the program
#   AATGS_BUILD     the build folder, with the test workloads in tests/cli/
#   AATGS_SOURCE    the source folder
#   AATGS_SHARED    real data, or a folder that is not there
#   AATGS_SANITIZE  how it was built; "" when not given
# and leaves nothing behind.
set -u
LC_ALL=C
TERM=dumb
export LC_ALL TERM
unset AATGS_LOG NO_COLOR 2>/dev/null
# Under TSan all is some 30 times slower: there `slow` is set and the long scripts do less.
slow=
case ${AATGS_SANITIZE:-} in *thread*) slow=yes ;; esac
odd=$AATGS_BUILD/tests/cli/odd.so
odd_wrong=$AATGS_BUILD/tests/cli/odd_wrong.so
work=$(mktemp -d "${TMPDIR:-/tmp}/aatgs-cli-XXXXXX")
cleanup() { rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 1
checks=0
bad=0
last=

complain() {
  bad=$((bad + 1))
  echo "FAILED: $1" >&2
  echo "  after: $last" >&2
  sed 's/^/  stdout: /' "$work/.out" 2>/dev/null | head -n 40 >&2
  sed 's/^/  stderr: /' "$work/.err" 2>/dev/null | head -n 20 >&2
}

# aatgs STATUS ARGUMENT...: runs the program and expects that exit status.
aatgs() {
  wanted=$1
  shift
  last="aatgs $*"
  checks=$((checks + 1))
  status=0
  "$AATGS" "$@" >"$work/.out" 2>"$work/.err" </dev/null || status=$?
  [ "$status" -eq "$wanted" ] || complain "exit $status instead of $wanted"
}

# out/err REGEX...: each must match a line of what the last command printed there.
matches() {
  file=$1
  shift
  for regex; do
    checks=$((checks + 1))
    grep -E -q -e "$regex" "$work/$file" || complain "nothing in $file matches: $regex"
  done
}
out() { matches .out "$@"; }
err() { matches .err "$@"; }

# quiet: nothing on stderr.
quiet() {
  checks=$((checks + 1))
  [ ! -s "$work/.err" ] || complain "stderr is not empty"
}

# refused STATUS REGEX ARGUMENT...: the command fails with one sentence on stderr that matches,
# and nothing on stdout.
refused() {
  wanted=$1
  regex=$2
  shift 2
  aatgs "$wanted" "$@"
  err "$regex" '^aatgs: '
  checks=$((checks + 2))
  [ "$(wc -l <"$work/.err")" -eq 1 ] || complain "not one line on stderr"
  [ ! -s "$work/.out" ] || complain "something on stdout"
}

# absent PATH...: nothing was left there.
absent() {
  for path; do
    checks=$((checks + 1))
    [ ! -e "$path" ] && [ ! -L "$path" ] || complain "$path is there"
  done
}

# same A B WHAT
same() {
  checks=$((checks + 1))
  [ "$1" = "$2" ] || complain "$3: '$1' is not '$2'"
}
differ() {
  checks=$((checks + 1))
  [ "$1" != "$2" ] || complain "$3: both are '$1'"
}

# json KEY: the value of a top-level key in the last command's JSON, one key a line.
json() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$work/.out" | head -n 1; }

# skip WHY: the whole script.
skip() {
  echo "skipped: $1"
  exit 77
}

need_shared() {
  [ -d "$AATGS_SHARED/data" ] || skip "no real data in $AATGS_SHARED (set AATGS_SHARED)"
}

finish() {
  echo "$checks checks, $bad failed"
  [ "$bad" -eq 0 ]
  exit $?
}
