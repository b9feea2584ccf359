#!/bin/sh
# Where the persistent kernel's time goes: Nsight Compute over bench_profile, which ends without a host.
# Usage: profile.sh BUILD FOLDER [GRAPH...]; graphs are those of bench_profile (default: one, chain, stencil).
# FOLDER gets, for each graph, GRAPH.txt (ncu's sections), GRAPH.csv (its figures by instruction) and
# GRAPH.lines (the same by line of the source, by profile_lines.py). Needs ncu, cuobjdump and nvdisasm.
# Clocks and caches are left as they are. A launch is replayed as often as ncu's counters need; where that fails
# the whole program is run again instead.
set -u
build=${1:?usage: profile.sh BUILD FOLDER [GRAPH...]}
folder=${2:?usage: profile.sh BUILD FOLDER [GRAPH...]}
shift 2
[ $# -gt 0 ] || set -- one chain stencil
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$build" && pwd)
for tool in ncu cuobjdump nvdisasm; do
  command -v $tool > /dev/null || { echo "profile.sh: $tool is not here"; exit 77; }
done
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$work" && cuobjdump -xelf all "$build/empty.so" > /dev/null && nvdisasm -gi -c ./*.sm_90*.cubin > kernel.sass)
sections=""
for s in LaunchStats Occupancy SpeedOfLight SchedulerStats WarpStateStats InstructionStats \
  ComputeWorkloadAnalysis MemoryWorkloadAnalysis SourceCounters; do
  sections="$sections --section $s"
done

profile() { # GRAPH ITERATIONS [WORKERS]
  graph=$1
  for mode in kernel application; do
    # shellcheck disable=SC2086
    timeout -s KILL 60 ncu --replay-mode $mode --clock-control none --cache-control none $sections \
      -k regex:aatgs_kernel -f -o "$work/$graph" "$build/bench_profile" cuda "$@" > "$work/said" 2>&1
    rc=$?
    [ $rc -eq 0 ] && [ -s "$work/$graph.ncu-rep" ] && break
    echo "profile.sh: $graph, replay mode $mode: rc $rc"
    tail -5 "$work/said"
  done
  [ -s "$work/$graph.ncu-rep" ] || return 1
  ncu --import "$work/$graph.ncu-rep" --page details > "$folder/$graph.txt"
  ncu --import "$work/$graph.ncu-rep" --page source --csv > "$folder/$graph.csv"
  python3 "$here/profile_lines.py" "$folder/$graph.csv" "$work/kernel.sass" > "$folder/$graph.lines"
}

worst=0
for graph; do
  case $graph in
    one | ordered) set -- "$graph" 4000 1 ;;
    chain) set -- "$graph" 400 1 ;;
    *) set -- "$graph" 40 ;;
  esac
  profile "$@" || worst=1
done
exit $worst
