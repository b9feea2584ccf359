#!/bin/sh
# coloring_bars.sh DEVICE STATE [options of bench_coloring]: whether prism finds the colours of its
# bars in time, five seeds an instance. DEVICE is cpu (bars for two cores) or cuda (for an H100).
# BUILD is the folder of bench_coloring (build), ONLY a list of instances (all), LIMIT the most
# seconds for a run (the bar's). Ended runs stand in the file STATE and are not repeated.
set -eu
device=$1 state=$2
shift 2

while read -r instance cpu_colors cpu_seconds cuda_colors cuda_seconds; do
  case " ${ONLY:-$instance} " in *" $instance "*) ;; *) continue ;; esac
  colors=$cpu_colors seconds=$cpu_seconds
  [ "$device" = cpu ] || colors=$cuda_colors seconds=$cuda_seconds
  [ "${LIMIT:-$seconds}" -ge "$seconds" ] || seconds=$LIMIT
  echo "$instance: $colors colours within $seconds s"
  "${BUILD:-build}/bench_coloring" --device "$device" --instances "$instance" --solvers full \
    --target "$colors" --seconds "$seconds" --state "$state" "$@" 2>/dev/null </dev/null |
    sed -n 's/  *$//; /^name/p; /, full/p'
done <<END
DSJC125.1 5 1 5 1
DSJC125.5 17 1 17 1
DSJC125.9 44 1 44 1
DSJC250.5 28 4 28 2
DSJC500.5 49 120 48 60
le450_15c 15 120 15 120
le450_25c 26 120 25 120
flat300_28_0 30 120 28 120
queen8_8 9 10 9 2
queen10_10 11 10 11 2
queen11_11 12 10 12 2
school1 14 60 14 60
r125.5 36 60 36 60
r250.5 66 60 65 60
myciel7 8 60 8 60
END
