#!/bin/sh
# schedule.sh: schedules of small graphs whose best makespan is known, and of files that are none.
. "${0%/*}/lib.sh"

# Two chains of 3 and one task of 4, on two workers: 7 is the critical path and can be had.
cat >small.stg <<'END'
  5
  0  0  0
  1  3  1  0
  2  4  1  0
  3  4  1  1
  4  2  1  0
  5  1  1  2
  6  0  3  3  4  5
# a comment
END
aatgs 0 schedule small.stg --workers 2
quiet
out '^  makespan +7$' '^  lower bound +7$' '^  proved optimal +yes$' '^  +0 \|.*\|$' '^  +1 \|.*\|$'
for policy in fifo original critical-path adaptive; do
  aatgs 0 schedule small.stg --workers 2 --policy $policy --format json
  quiet
  same "$(json lower_bound)" 7 "lower bound with $policy"
  out '"tasks": \[' '"id": 6' '"worker": ' '"start": ' '"end": '
done
same "$(json makespan)" 7 'makespan of adaptive'
same "$(json optimal)" true 'proved optimal'
aatgs 0 schedule small.stg --workers 1 --format json
same "$(json makespan)" 14 'makespan on one worker'

# Noise: the same seed gives the same run, another one another.
aatgs 0 schedule small.stg --workers 2 --noise 0.3 --iterations 50 --seed 1 --format json
cp .out one
aatgs 0 schedule small.stg --workers 2 --noise 0.3 --iterations 50 --seed 1 --format json
same "$(cat .out)" "$(cat one)" 'the same seed'
aatgs 0 schedule small.stg --workers 2 --noise 0.3 --iterations 50 --seed 2 --format json
differ "$(cat .out)" "$(cat one)" 'another seed'

# Without the suffix the form decides; a task file goes by its workload.
cp small.stg small
aatgs 0 schedule small --workers 2 --format csv
out '^makespan,7$'
printf 'a Nonsense\n' >tasks
refused 1 'tasks:1: .*Nonsense' schedule tasks --workload "$odd"

# Bad input.
refused 1 'not-there.stg' schedule not-there.stg
refused 1 'cut.stg:3: the file ends before' schedule "$(printf '3\n0 0 0\n' >cut.stg; echo cut.stg)"
printf '1\n0 0 0\n1 5 1 2\n2 0 1 1\n' >later.stg
refused 1 'later.stg:3: task 1 waits for task 2' schedule later.stg
printf '1\n0 0 0\n1 x 1 0\n' >letter.stg
refused 1 'letter.stg:3: byte 0x78' schedule letter.stg
: >empty.stg
refused 1 'empty.stg:1: the file ends before the number of tasks' schedule empty.stg
mkdir folder.stg
refused 1 'folder.stg is no regular file' schedule folder.stg
refused 2 '--noise 2: must be a number from 0 to 1' schedule small.stg --noise 2
refused 2 "no policy 'best'; there are fifo, original, critical-path, adaptive" \
  schedule small.stg --policy best
refused 2 'workers' schedule small.stg --workers 0

# A real one, if it is there.
if [ -d "$AATGS_SHARED/data/stg" ]; then
  aatgs 0 schedule "$AATGS_SHARED/data/stg/50/rand0000.stg" --workers 4 --format json
  quiet
  checks=$((checks + 1))
  [ "$(json makespan)" -ge "$(json lower_bound)" ] || complain 'a makespan below the bound'
fi
finish
