#!/bin/sh
# options.sh: values that options refuse, and spellings they take.
. "${0%/*}/lib.sh"

run() {
  status=$1
  shift
  aatgs "$status" run --workload "$odd" --device cpu "$@"
}
bad() {
  regex=$1
  shift
  refused 2 "$regex" run --workload "$odd" --device cpu --record "$work/trace" "$@"
  absent "$work/trace"
}

for value in 0 -1 +1 abc 1x '' ' 1' 1.5 1e3 0x 18446744073709551616 99999999999999999999999; do
  bad "--iterations is a whole number from 1 to 18446744073709551615, not" --iterations "$value"
done
for value in 0 65536 4294967297 x; do
  bad '--workers is a whole number from 1 to 65535' --workers "$value"
done
for value in 0 17 -1; do
  bad '--in-flight is a whole number from 1 to 16' --in-flight "$value"
done
for value in 0 -1 . 1..2 inf nan 1e9 0x10 '' 1s 10000000000; do
  bad '--seconds is a number of seconds above 0' --seconds "$value"
done
for value in -1 18446744073709551616 1x; do
  bad '--seed is a whole number from 0' --seed "$value"
done
for value in gpu cuda: cuda:x cuda:-1 'cuda:1 '; do
  bad '--device is auto, cpu, cuda or cuda:N' --device "$value"
done
bad '--idle is latency, balanced or power' --idle lazy
bad '--on-full is wait or drop' --on-full panic
bad '--format is table, json or csv' --format xml
bad 'policy' --policy no-such-policy

# Config fields.
bad "KEY=VALUE" --config spin
bad "KEY=VALUE" --config =5
bad "KEY=VALUE" --config ''
bad 'spni' --config spni=5
bad 'spin' --config spin=
bad 'spin' --config spin=abc
bad 'spin' --config spin=-1
bad 'spin' --config spin=1000000001
bad 'spin' --config spin=1.5
bad 'spin' --config 'spin[1]=5'
bad 'scale' --config scale=11
bad 'scale' --config scale=nan
bad 'scale must not be 3: take 2 or 4' --config scale=3
bad 'scale must not be 3' --config scale=2 --config scale=3

# Conditions.
bad 'no.such' --until 'no_such > 1'
bad 'column' --until 'seen >'
bad '' --until ''
bad 'one iteration in flight' --until 'seen > 5' --in-flight 2

# Ways to write what is right.
run 0 --iterations=7
out '^  iterations +7$'
run 0 --iterations 0x10
out '^  iterations +16$'
run 0 -n 5
out '^  iterations +5$'
run 0 -n5
out '^  iterations +5$'
run 0 --iterations 3 --iterations 4
out '^  iterations +4$'
run 0
out '^  iterations +1,000$'
run 0 --seed 0xffffffffffffffff --iterations 2 --format json
same "$(json seed)" 18446744073709551615 'the highest seed'
run 0 --config spin=0x10 --config scale=2.5e0 --iterations 2
run 0 --iterations 1 --in-flight 1 --idle balanced --shuffle --workers 3
out '^  workers +3$'
finish
