#!/bin/sh
# disk.sh: full and read-only disks, by small file systems in memory: a clear end, what was recorded
# stays readable, nothing half-written.
if [ -z "${IN_NAMESPACE:-}" ]; then
  # In a mount namespace of its own, so that nothing can be left mounted.
  for how in 'unshare -m' 'unshare -rm'; do
    if $how sh -c 'd=$(mktemp -d) && mount -t tmpfs -o size=64k none "$d" && umount "$d"; s=$?
        rmdir "$d"; exit $s' 2>/dev/null; then
      IN_NAMESPACE=1 exec $how sh "$0"
    fi
  done
  echo 'skipped: no small file system can be mounted here'
  exit 77
fi
. "${0%/*}/lib.sh"
cleanup() {
  cd /
  umount "$work/disk" 2>/dev/null
  rm -rf "$work"
}
mkdir disk

# disk SIZE: a fresh one.
disk() {
  umount disk 2>/dev/null
  mount -t tmpfs -o "size=$1" none disk || skip "a disk of $1 cannot be mounted"
}
run() {
  wanted=$1
  shift
  aatgs "$wanted" run --workload "$odd" --device cpu "$@"
}

# Whatever the size, a run that fills the disk ends with a sentence; what it says is left is left, and
# replays.
sizes='4k 8k 16k 32k 48k 64k 96k 128k 192k 256k 512k 1m'
[ -z "$slow" ] || sizes='16k 64k 128k 1m'
for size in $sizes; do
  disk $size
  refused 1 'disk/trace.*([Nn]o space|full)' run --workload "$odd" --device cpu --iterations 2000000 \
    --record disk/trace
  left=$(sed -n 's/^.*; the trace holds \([0-9]*\) iterations$/\1/p' .err)
  if [ -d disk/trace ]; then
    aatgs 0 info disk/trace --format json
    same "$(json iterations)" "$left" "iterations left on a disk of $size"
    if [ "$left" -gt 0 ]; then
      aatgs 0 replay disk/trace --workload "$odd" --format json
      same "$(json iterations)" "$left" "iterations replayed from a disk of $size"
    fi
  else
    same "$left" '' "iterations left without a trace on a disk of $size"
    same "$(ls -A disk)" '' "left on a disk of $size"
  fi
done
# What was committed before the disk was full is there.
if [ -z "$slow" ]; then
  disk 16m
  refused 1 '[Nn]o space' run --workload "$odd" --device cpu --iterations 10000000 --record disk/trace
  aatgs 0 info disk/trace --format json
  checks=$((checks + 1))
  [ "$(json iterations)" -gt 10000 ] || complain "only $(json iterations) iterations fit on 16 MiB"
fi

# With --on-full drop the run goes on to its end, and says what is missing. It has to go on for longer
# than until the first commit, where it notices.
many=2000000
[ -z "$slow" ] || many=200000
disk 512k
run 3 --iterations $many --record disk/trace --on-full drop --format json
err "^aatgs: run: [0-9]+ of $many iterations are not in the trace disk/trace"
same "$(wc -l <.err)" 1 'lines on stderr'
same "$(json iterations)" $many 'iterations run'

# A solution that does not fit leaves the old one.
disk 64k
run 0 --iterations 40 --solution disk/solution
dd if=/dev/zero of=disk/ballast bs=1k 2>/dev/null
run 1 --iterations 42 --solution disk/solution
err 'disk/solution.*[Nn]o space'
same "$(cat disk/solution)" 40 'the old solution'
same "$(ls -A disk | tr '\n' ' ')" 'ballast solution ' 'what is on the full disk'
aatgs 1 gen queen 30 -o disk/queen.col
err 'disk/queen\.col.*[Nn]o space'
absent disk/queen.col

# A read-only disk: readers do not mind, writers say so.
disk 4m
run 0 --iterations 2000 --record disk/trace
mount -o remount,ro disk
aatgs 0 info disk/trace
aatgs 0 replay disk/trace --workload "$odd"
refused 1 'disk/other.*[Rr]ead-only' run --workload "$odd" --device cpu --record disk/other
refused 1 'disk/solution.*[Rr]ead-only' run --workload "$odd" --device cpu --solution disk/solution
finish
