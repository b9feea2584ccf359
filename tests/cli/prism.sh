#!/bin/sh
# prism.sh: real graphs and proteins through the whole program: coloured, checked, recorded, replayed.
. "${0%/*}/lib.sh"
need_shared
data=$AATGS_SHARED/data

# check GRAPH SOLUTION COLOURS: every vertex has one colour, no edge two of the same, not too many.
check() {
  checks=$((checks + 1))
  last="the solution $2"
  awk -v most="$3" '
    NR == FNR { if (NF != 2 || $1 in color || $2 < 1) bad("line " FNR); color[$1] = $2; used[$2]; next }
    $1 == "p" { vertices = $3; for (v = 1; v <= vertices; v++) if (!(v in color)) bad("no vertex " v) }
    $1 == "e" && color[$2] == color[$3] { bad("edge " $2 " " $3) }
    function bad(what) { print what; wrong = 1 }
    END { for (c in used) colors++; for (v in color) n++
      if (n != vertices) bad(n " vertices"); if (colors > most) bad(colors " colours")
      exit wrong }' "$2" "$1" >.out 2>.err || complain 'wrong'
}

iterations=3000 short=200 many=5000
[ -z "$slow" ] || iterations=300 short=30 many=300
queen=$data/dimacs/queen8_8.col
cp "$queen" queen.col
aatgs 0 run --device cpu --graph queen.col --iterations $iterations --seed 7 --record trace \
  --solution solution --format json
quiet
out '"conflicts": 0,$'
out '"iteration_time_us": [1-9]'
digest=$(json digest)
check queen.col solution 10

# The trace holds all it needs: the graph may go.
rm queen.col
for way in '' '--workers 1' '--workers 2' '--workers 3' '--workers 7' '--shuffle' \
  '--workers 3 --shuffle'; do
  # shellcheck disable=SC2086
  aatgs 0 replay trace $way --format json
  quiet
  same "$(json verdict) $(json iterations) $(json digest)" "identical $iterations $digest" "replay $way"
done
aatgs 0 info trace --format json
same "$(json digest)" "$digest" 'digest in the trace'

# Runs of one seed agree whatever the workers; another seed does something else.
for workers in 1 2 3 7; do
  aatgs 0 run --device cpu --graph "$queen" --iterations $short --seed 7 --workers $workers --format json
  [ $workers = 1 ] && one=$(json digest)
  same "$(json digest)" "$one" "digest with $workers workers"
done
aatgs 0 run --device cpu --graph "$queen" --iterations $short --seed 8 --format json
differ "$(json digest)" "$one" 'digest of seed 8'

# Every named graph, a task file with every type, the condition that ends a run.
for tasks in linear diamond full; do
  aatgs 0 run --device cpu --graph "$queen" --tasks $tasks --iterations $short --record "$tasks"
  aatgs 0 replay "$tasks" --workers 2 --shuffle
done
printf 'up ConfigUpload\na WhcrKernel parts=3 after=up\nb ThermodynamicAnneal after=up\nc QuantumOptimize after=up\np PhaseTransition after=a,b,c\nd TelemetryDownload after=p\n' >tasks
aatgs 0 run --device cpu --graph "$queen" --tasks tasks --iterations $short --record from-file
aatgs 0 replay from-file --workers 3
aatgs 0 run --device cpu --graph "$data/dimacs/myciel4.col" --until 'conflicts == 0 && colors_used <= 5' \
  --iterations 20000 --record until --solution until.sol --format json
same "$(json ended_by)" until '--until on myciel4'
last_one=$(json iterations)
check "$data/dimacs/myciel4.col" until.sol 5
aatgs 0 info until --format json
same "$(json last)" "$last_one" 'last iteration in the trace'

# Small sweeps, many iterations.
aatgs 0 run --device cpu --graph "$queen" --tasks diamond --config sweeps=1 --iterations $many --record many
aatgs 0 replay many

# --colors is short for a field: the same run; more colours than asked for are no success.
aatgs 0 run --device cpu --graph "$queen" --iterations $short --colors 12 --solution twelve.sol --format json
one=$(json digest)
check "$queen" twelve.sol 12
aatgs 0 run --device cpu --graph "$queen" --iterations $short --config target_colors=12 --format json
same "$(json digest)" "$one" 'digest with --colors 12'
aatgs 0 run --device cpu --graph "$queen" --iterations 20 --colors 5 --format json
out '"colors_used": 5,$'
refused 2 'target_colors' run --graph "$queen" --colors many

# A protein, alone and beside a graph.
aatgs 0 run --device cpu --protein "$data/pdb/3ot3.pdb" --iterations 20 --record pockets --format json
quiet
aatgs 0 replay pockets --workers 2 --shuffle
aatgs 0 run --device cpu --protein "$data/pdb/3ot3.pdb" --until 'pockets > 0' --solution sites.pdb
out '  site 1 at .* by A:[A-Z]+[0-9]+ '
aatgs 0 run --device cpu --protein "$data/pdb/3ot3.pdb" --graph "$queen" --iterations 20 --record both
aatgs 0 replay both --workers 2

# Fields by name, and refusals that name them.
aatgs 0 run --device cpu --graph "$queen" --iterations 10 --config num_replicas=3 \
  --config 'tau_decay[1]=8.5'
refused 2 'num_replicas' run --graph "$queen" --config num_replicas=9
refused 2 'num_replcas.*num_replicas' run --graph "$queen" --config num_replcas=3
refused 2 'tau_decay' run --graph "$queen" --config tau_decay=8
refused 2 'nothing to work on; give --graph FILE or --protein FILE' run

# Real files, cut off.
head -c 5000 "$queen" >cut.col
refused 1 'cut\.col(:[0-9]+)?: ' run --graph cut.col --record cut
head -c 20010 "$data/pdb/3ot3.pdb" >cut.pdb
refused 1 'cut\.pdb(:[0-9]+)?: ' run --protein cut.pdb --record cut
absent cut
finish
