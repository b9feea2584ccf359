#!/bin/sh
# The GPU tests under compute-sanitizer: memcheck, synccheck and racecheck, each program under a time
# limit. Usage: sanitize.sh BUILD [SECONDS [TOOL...]]; SECONDS (default: 120) is for each program.
# Ends with 1 when a tool has found something, 77 without a GPU or without compute-sanitizer. REPORTS in
# the environment names a folder that keeps the tools' reports.
#
# What racecheck may report: accesses of which at least one is that of a warp beside the lanes. A polling
# warp of block 0 shares nothing with others but the desk (device/poller_cuda.h), the scribe of a block
# nothing but the notes (device/loop_cuda.h); both are handed over by acquire and release (P1, P2 in
# device/order.h), and racecheck knows barriers alone. ARCHITECTURE.md goes through them. A hazard between
# two lanes of a worker is an error.
#
# The cases leave, shares and group are left out: while a persistent kernel runs, the tools neither
# start another one in its process nor let the process end.
build=${1:?usage: sanitize.sh BUILD [SECONDS [TOOL...]]}
seconds=${2:-120}
tools="memcheck synccheck racecheck"
[ $# -gt 2 ] && shift 2 && tools=$*
LANES=256 # threads of a worker; the warps after them poll, and post timing records
command -v compute-sanitizer > /dev/null || { echo "skipped: no compute-sanitizer"; exit 77; }
"$build/tests/test_gpu" probe
case $? in
  0) ;;
  77) echo "skipped: no usable GPU"; exit 77 ;;
  *) exit 1 ;;
esac

# Reads a report by hazards; says where the permitted ones are, and shows the others.
judge() {
  awk -v lanes=$LANES '
    / hazard detected at / { head = $0; side = 0; hazards++ }
    /(Read|Write) Thread \(/ && head != "" {
      thread = $0; sub(/.*Thread \(/, "", thread)
      place = $0; if (place !~ / in .*:[0-9]+/) place = "?"; sub(/.* in [^ ]*\//, "", place)
      kind = $0 ~ /Read Thread/ ? "read " : "write "
      if (side++ == 0) { first = thread + 0; from = kind place; line = $0; next }
      if (first < lanes && thread + 0 < lanes) { bad++; print head; print line; print }
      else permitted[from " / " kind place]++
      head = ""
    }
    /RACECHECK SUMMARY/ { summary = $0; sub(/.*SUMMARY: */, "", summary) }
    END {
      for (p in permitted) printf "%7d  %s\n", permitted[p], p | "sort -k2"
      close("sort -k2")
      printf "racecheck: %d hazards, %d not permitted; it says: %s\n", hazards, bad, summary
      exit bad > 0 || summary == "" || (hazards == 0 && summary + 0 > 0)
    }'
}

# A random graph for prism, half of all pairs.
coloring=$(mktemp --suffix .col)
trap 'rm -f "$coloring"' EXIT
awk 'BEGIN { x = 1; n = 70
  for (v = 1; v <= n; v++) for (u = v + 1; u <= n; u++)
    if ((x = (x * 16807) % 2147483647) % 2) edges[++m] = "e " v " " u
  print "p edge " n " " m; for (i = 1; i <= m; i++) print edges[i] }' > "$coloring"

worst=0
check() { # TOOL NAME COMMAND...
  tool=$1 name=$2
  shift 2
  options=--error-exitcode=9
  [ "$tool" = racecheck ] && options="--racecheck-report=hazard --print-limit=1000000"
  report=${REPORTS:+$REPORTS/$tool.$name}
  report=${report:-$(mktemp)}
  begin=$(date +%s)
  # shellcheck disable=SC2086
  timeout -s KILL "$seconds" compute-sanitizer --tool "$tool" $options "$@" > "$report" 2>&1
  rc=$?
  if [ "$tool" = racecheck ]; then
    judge < "$report" || rc=9
  elif [ $rc -ne 0 ]; then
    head -60 "$report"
  fi
  echo "$tool $name: rc $rc, $(($(date +%s) - begin)) s"
  [ -n "$REPORTS" ] || rm -f "$report"
  [ $rc -eq 0 ] || worst=1
}

for tool in $tools; do
  for graph in one ordered chain fork-join stencil; do
    check "$tool" "$graph" "$build/bench_profile" cuda $graph 3
  done
  check "$tool" same_bits "$build/tests/test_gpu" same_bits 5
  check "$tool" failing "$build/tests/test_gpu" failing 20
  check "$tool" missing "$build/tests/test_gpu" missing
  check "$tool" coloring "$build/aatgs" run --device cuda --tasks wide --graph "$coloring" \
    --config flags=1 --iterations 16
done
exit $worst
