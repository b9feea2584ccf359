#!/bin/sh
# debug.sh: a recorded run, forwards and back, by scripts whose output is known.
. "${0%/*}/lib.sh"

aatgs 0 run --workload "$odd" --device cpu --workers 2 --iterations 300 --seed 7 --snapshots 64 \
  --policy fifo --record trace

# session NAME: the output of `debug trace` for the commands on stdin.
session() {
  checks=$((checks + 1))
  last="session $1"
  cat >commands
  "$AATGS" debug trace --workload "$odd" -x commands >"$1" 2>"$work/.err" ||
    complain "session $1: exit $?"
}

session whole <<'END'
goto 100
print telemetry
print plan
next note
print region count
print ready
reverse-step
step
diff 10 20
list 2
END
cat >expected <<'END'
> goto 100
iteration 100, digest 0f10e8ac98abf604, state b00cda7eae02b421
> print telemetry
  field    value        unit
  seen     100
  step     100 101 102
  half     50
  time_us  0            us
> print plan
graph 1, plan 1
  rank  task    type    parts  priority  after
     1  add     Add         1         1  -
     2  note    Note        4         1  -
     3  report  Report      1         1  add,note
> next note
iteration 101, before task note (2 of 3)
> print region count
count: 1 elements of 8 bytes
       0:        101
> print ready
  rank  chosen  ready then
     2  note    note 1.000
> reverse-step
iteration 100, digest 0f10e8ac98abf604, state b00cda7eae02b421
> step
iteration 101, digest e7ea8585c83b55ae, state 520e3d59d56dc7cc
> diff 10 20
  in         name   elements                  10        20
  telemetry  seen                             10        20
  telemetry  step                       10 11 12  20 21 22
  telemetry  half                              5        10
  region     count  1 of 1, first [0]         10        20
  region     note   4 of 64, first [0]       680        93
> list 2
    iteration  plan  status  seen   step  half  time_us
            1     1       0     1  1 2 3   0.5        0
            2     1       0     2  2 3 4     1        0
            3     1       0     3  3 4 5   1.5        0
            4     1       0     4  4 5 6     2        0
            5     1       0     5  5 6 7   2.5        0
            6     1       0     6  6 7 8     3        0
            7     1       0     7  7 8 9   3.5        0
            8     1       0     8  8 9 10    4        0
            9     1       0     9  9 10 11   4.5        0
END
sed '/^> list 2/,$d' expected >expected_head
sed -e '/^> list 2/,$d' -e 's/ *$//' whole >whole_head
checks=$((checks + 1))
diff expected_head whole_head >"$work/.out" || complain 'the session prints something else'

# Over a breakpoint and back: each place has the same digests both ways.
{
  echo 'break seen == 150'
  echo 'goto 140'
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo step; done
} | session forward
{
  echo 'goto 160'
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo reverse-step; done
} | session back
grep '^iteration' forward >forward_places
grep '^iteration' back | sort -t ' ' -k 2 -n >back_places
checks=$((checks + 1))
[ "$(wc -l <forward_places)" -eq 21 ] || complain 'not every step is there'
checks=$((checks + 1))
diff forward_places back_places >"$work/.out" || complain 'forwards and back differ'
session stops <<'END'
break seen == 150 || seen == 200
continue
continue
reverse-continue
watch step[0] > 170
delete 1
continue
reverse-continue
continue
continue
END
checks=$((checks + 1))
[ "$(sed -n 's/^iteration \([0-9]*\),.*/\1/p' stops | tr '\n' ' ')" = '150 200 150 171 0 171 300 ' ] ||
  [ "$(sed -n 's/^iteration \([0-9]*\),.*/\1/p' stops | tr '\n' ' ')" = '150 200 150 171 171 300 ' ] ||
  complain "stops: $(cat stops)"

# From a pipe; what is wrong ends a script with one sentence.
checks=$((checks + 1))
printf 'goto 7\n' | "$AATGS" debug trace -w "$odd" >out_pipe 2>"$work/.err"
grep -q '^iteration 7,' out_pipe || complain 'a pipe'
for wrong in 'goto 301:no iteration 301' 'gota 5:did you mean .goto' 'next nobody:no task' \
  'print region nowhere:no region' 'break seen ==:column' 'attach:attach is for a task' 'print:print what' \
  'print region:which region'; do
  printf '%s\n' "${wrong%%:*}" >commands
  aatgs 1 debug trace --workload "$odd" -x commands
  err "^aatgs: debug: .*${wrong#*:}"
done
refused 1 'not-there' debug not-there
refused 1 'no-script' debug trace --workload "$odd" -x no-script

# gdb gets a process that is stopped right before the task and lets it go on from there. Under
# sanitizers the threads that wait look different.
if [ -n "${AATGS_SANITIZE:-}" ] || ! command -v gdb >/dev/null; then
  echo 'attach was not tried: there is no gdb here, or a sanitizer'
else
  printf 'goto 69\nnext note\nattach\nprint digests\n' >commands
  last='attach'
  "$AATGS" debug trace --workload "$odd" -x commands >.out 2>.err </dev/null &
  pid=$!
  for _ in $(seq 100); do
    grep -q 'gdb -p' .err && break
    sleep 0.1
  done
  timeout 60 gdb -nx -p $pid -batch -ex continue -ex bt -ex detach >gdb.txt 2>&1 </dev/null
  if grep -q 'ptrace: ' gdb.txt; then
    echo 'attach was not tried: this machine does not let gdb attach'
    kill $pid
    wait $pid 2>/dev/null
  else
    wait $pid
    same "$?" 0 'exit status after gdb'
    out '^iteration 70, ' '^  note +3  [0-9a-f]{8}  the same$'
    err 'gdb -p [0-9]+ -ex continue' 'right before task note'
    cp gdb.txt .out
    out 'aatgs-w0.*SIGTRAP' ' in (aatgs_task_start|raise|__GI_raise)'
  fi
fi

# A build that computes something else.
printf 'goto 69\ngoto 70\nprint digests\n' >commands
aatgs 0 debug trace --workload "$odd_wrong" -x commands
out '^differs from the record since iteration 70, task add: digest is' '^  add +0 +[0-9a-f]{8}  [0-9a-f]{8}$'

# The verdicts alone and together, and going on.
aatgs 0 replay trace --workload "$odd" --check scheduler --format json
out '^    "scheduler": "identical",$' '^    "device": "not checked",$'
aatgs 0 replay trace --workload "$odd_wrong" --check scheduler
aatgs 4 replay trace --workload "$odd_wrong" --check state,device --continue --format json
out '"differing": [0-9]+,' '"again": "the same difference"' '"region": "count"' '"iteration": 70'
refused 2 '--check takes' replay trace --workload "$odd" --check state,nothing

# Bisecting, by the record and by a replay.
aatgs 0 bisect trace --good 1 --bad 300 --test 'seen >= 77' --format json
out '"first_bad": 77,' '"last_good": 76,'
aatgs 0 bisect trace --good 1 --bad 80 --test 'seen > iteration' --replay --workload "$odd_wrong" --format json
out '"first_bad": 70,'
refused 1 'holds already at iteration 90' bisect trace --good 90 --bad 300 --test 'seen >= 77'
refused 1 'does not hold at iteration 60' bisect trace --good 1 --bad 60 --test 'seen >= 77'
# Nothing found is one thing, a wrong command line another: the same everywhere.
for wrong in "no field 'nope':nope > 0" 'ends too early:seen >' 'ends too early:'; do
  refused 2 "${wrong%%:*}" bisect trace --good 1 --bad 300 --test "${wrong#*:}"
  refused 2 "${wrong%%:*}" run --workload "$odd" --until "${wrong#*:}"
done
refused 2 '--bad 301 lies outside the trace: trace holds iterations 1 to 300' \
  bisect trace --good 1 --bad 301 --test 'seen >= 77'
refused 2 '--at 301 lies outside the trace' repro trace --at 301 -o none.aatgz --workload "$odd"

# The smallest pack that shows it.
aatgs 0 repro trace --at 70 -o small.aatgz --workload "$odd_wrong" --format json
out '"first": 70,' '"last": 70,' '"verdict": "diverged"'
aatgs 0 repro trace --at 70 -o again.aatgz --workload "$odd_wrong"
out "show it +aatgs unpack again.aatgz -o repro.trace && aatgs replay repro.trace --workload $odd_wrong\$"
aatgs 0 unpack small.aatgz -o small
aatgs 0 replay small --workload "$odd"
aatgs 4 replay small --workload "$odd_wrong"
aatgs 0 repro trace --at 69 -o late.aatgz --workload "$odd_wrong" --format json
out '"first": 69,' '"verdict": "identical"'
aatgs 0 repro trace --at 73 -o range.aatgz --workload "$odd_wrong" --format json
out '"last": 73,' '"verdict": "diverged"'

# A run that checks itself.
aatgs 0 run --workload "$odd" --device cpu --workers 1 --iterations 500 --seed 7 --self-check --format json
out '^    "verdict": "identical",$' '^    "iterations": 500,$'
# One whose task depends on what ran before: found where it does, said to be chance, and the trace
# is kept for a closer look.
racy=$AATGS_BUILD/tests/cli/odd_racy.so
TMPDIR=$work
export TMPDIR
for workers in 1 2; do
  aatgs 4 run --workload "$racy" --device cpu --workers $workers --iterations 1000000 --seed 7 \
    --self-check --format json
  err '^aatgs: run: self-check: the replay beside the run diverged in digest at iteration 70$'
  same "$(json ended_by)" difference 'what ended the run'
  out '^    "verdict": "diverged",$' '^    "iterations": 69,$' '^    "iteration": 70,$' \
    '^    "task": "note",$' '^    "again": "another difference: what is computed depends on chance",$'
  out '^    "source": "no snapshot right after, '
  kept=$(sed -n 's/^    "trace": "\(.*\)"$/\1/p' .out)
  aatgs 0 info "$kept"
  aatgs 4 replay "$kept" --workload "$odd"
  rm -r "$kept"
done
aatgs 0 run --workload "$odd" --device cpu --workers 1 --iterations 100 --self-check
same "$(ls -d aatgs-self-check-* 2>/dev/null)" '' 'traces of a self-check that found nothing'
refused 2 '--self-check compares every' run --workload "$odd" --self-check --on-full drop
finish
