#!/bin/sh
# golden.sh: a trace that was recorded on a GPU (golden/gpu.aatgz: NVIDIA H100, 2026-11-24, with
# `aatgs run --workload counter.so --tasks twice --device cuda --workers 8 --iterations 200 --seed 5
# --config hits=9 --in-flight 4 --policy fifo --digest full --snapshots 64`) is replayed and debugged
# here, without one. The output of the session is kept beside it.
. "${0%/*}/lib.sh"
golden=$AATGS_SOURCE/tests/cli/golden
counter=$AATGS_BUILD/tests/counter.so

aatgs 0 unpack "$golden/gpu.aatgz" -o gpu
aatgs 0 info gpu
out '^  device +cuda$' '^  model +NVIDIA H100'
aatgs 0 replay gpu --workload "$counter" --device cpu --workers 3 --shuffle
out '^  verdict +identical$' '^  digest +cd52268624164db8$'
aatgs 0 debug gpu --workload "$counter" -x "$golden/gpu.session"
cp .out session
checks=$((checks + 1))
diff "$golden/gpu.expected" session >.out || complain 'the session prints something else'
finish
