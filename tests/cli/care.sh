#!/bin/sh
# care.sh: verify, recover, trim, pack, unpack, ls and rm, on whole and on damaged traces.
. "${0%/*}/lib.sh"

printf 'odd text' >odd.txt
aatgs 0 run --workload "$odd" --device cpu --iterations 400 --seed 3 --text odd.txt --record a.trace --snapshots first \
  --format json
digest=$(json digest)

# A whole trace, and a piece of it.
aatgs 0 verify a.trace --format json
quiet
same "$(json verdict), $(json digest) $(json iterations) $(json damaged) $(json state)" \
  "whole, $digest 400 0 closed" verify
aatgs 0 trim a.trace --range 100-200 -o piece.trace --format json
quiet
same "$(json first) $(json last)" '1 200' 'the piece begins at the snapshot'
aatgs 0 verify piece.trace
aatgs 0 replay --workload "$odd" piece.trace
refused 2 'no iteration from 500' trim a.trace -r 500-600 -o none.trace
absent none.trace
refused 2 '--range' trim a.trace -o none.trace
refused 2 '-o NEW' trim a.trace -r 1-2
refused 1 'is there already' trim a.trace -r 1-2 -o piece.trace

# There and back, by file and by pipe.
aatgs 0 pack a.trace -o a.aatgz
refused 1 'File exists' pack a.trace -o a.aatgz
aatgs 0 unpack a.aatgz -o b.trace --format json
same "$(json digest)" "$digest" unpack
aatgs 0 replay --workload "$odd" b.trace
last='aatgs pack | aatgs unpack'
checks=$((checks + 1))
"$AATGS" pack a.trace -o - | "$AATGS" unpack - -o c.trace >.out 2>.err || complain 'the pipe fails'
aatgs 0 verify c.trace
head -c 3000 a.aatgz >short.aatgz
refused 1 'ends too early' unpack short.aatgz -o d.trace
refused 1 'not a pack' unpack odd.txt -o d.trace
refused 1 'No such file' unpack none.aatgz -o d.trace
absent d.trace
refused 2 '-o DIR' unpack a.aatgz

# A trace that lost iterations while it was recorded is whole, with an exit status of its own.
aatgs 0 unpack "$AATGS_SOURCE/tests/trace/golden/v1.aatgz" -o lossy.trace
aatgs 3 verify lossy.trace
quiet
out '^ +verdict +whole, iterations were lost$' '^ +lost +12,349$'
rm -rf lossy.trace

# Damage is said, and what is whole is saved.
cp -r a.trace hurt.trace
dd if=/dev/zero of=hurt.trace/data-00000001 bs=4096 count=2 conv=notrunc 2>/dev/null
aatgs 1 verify hurt.trace
err '^aatgs: verify: hurt.trace'
out '^ +verdict +damaged$'
aatgs 0 recover hurt.trace -o healed.trace --format json
same "$(json digest) $(json iterations)" "$digest 400" recover
aatgs 0 replay --workload "$odd" healed.trace
refused 1 'No such file' recover none.trace -o none
refused 1 'not a trace' verify .
refused 2 '-o NEW' recover hurt.trace

# The list, and the end.
aatgs 0 ls
quiet
out '^ +trace +started' 'a\.trace.* closed +odd +cpu +400 +0 +' 'hurt\.trace'
aatgs 0 ls --format csv
out '^trace,started,state,workload,device,iterations,lost,disk_bytes$'
aatgs 0 rm --in . --at-most 1K --dry-run
out 'a\.trace'
[ -d a.trace ] || complain 'a dry run removed something'
refused 1 'hurt' rm hurt.trace
aatgs 0 rm --force hurt.trace
absent hurt.trace
aatgs 0 rm b.trace piece.trace
absent b.trace piece.trace
aatgs 0 rm --in . --older-than 1
same "$(cat .out)" '' 'nothing is older than a day'
aatgs 0 rm --in . --at-most 0
absent a.trace c.trace healed.trace
refused 2 '--in' rm --at-most 1M
refused 2 'name traces' rm
refused 2 'not a size' rm --in . --at-most big
finish
