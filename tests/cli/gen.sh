#!/bin/sh
# gen.sh: the graphs are the ones that their names promise, and bad requests write nothing.
. "${0%/*}/lib.sh"

# graph FILE VERTICES EDGES: a well-formed file of that size: no loop, no edge twice.
graph() {
  checks=$((checks + 1))
  last="the graph $1"
  awk -v vertices="$2" -v edges="$3" '
    $1 == "p" { if ($2 != "edge" || $3 != vertices || $4 != edges || seen++) wrong = 1 }
    $1 == "e" { a = $2 < $3 ? $2 : $3; b = $2 < $3 ? $3 : $2; n++
      if (!seen || a < 1 || b > vertices || a == b || (a, b) in e) wrong = 1; e[a, b] }
    END { exit wrong || !seen || n != edges }' "$1" >.out 2>.err || complain 'wrong'
}
# The edges of a graph in one form.
edges() { awk '$1 == "e" { print ($2 < $3 ? $2 " " $3 : $3 " " $2) }' "$1" | sort -u; }

for case in queen:5:25:160 queen:8:64:728 queen:1:1:0 mycielski:3:11:20 mycielski:4:23:71 \
  mycielski:7:191:2360; do
  IFS=: read -r kind n vertices count <<END
$case
END
  aatgs 0 gen "$kind" "$n" -o made.col
  quiet
  graph made.col "$vertices" "$count"
done

aatgs 0 gen random 100 0.5 --seed 1 -o one.col
aatgs 0 gen random 100 0.5 --seed 1 -o same.col
aatgs 0 gen random 100 0.5 --seed 2 -o other.col
checks=$((checks + 2))
cmp -s one.col same.col || complain 'the same seed makes another graph'
if cmp -s one.col other.col; then complain 'another seed makes the same graph'; fi
count=$(edges one.col | wc -l)
graph one.col 100 "$count"
checks=$((checks + 1))
[ "$count" -gt 2300 ] && [ "$count" -lt 2650 ] || complain "$count edges of 4950 at 0.5"
aatgs 0 gen random 50 0 -o none.col
graph none.col 50 0
aatgs 0 gen random 50 1 -o all.col
graph all.col 50 1225
aatgs 0 gen queen 5
cp .out printed.col
graph printed.col 25 160

# What is made can be coloured, and colours as theory says.
aatgs 0 gen mycielski 3 -o myciel3.col
aatgs 0 run --device cpu --graph myciel3.col --iterations 200 --solution myciel3.sol --format json
out '"conflicts": 0,$' '"colors_used": 4,$'

for what in '' queen 'queen 0' 'queen -1' 'queen x' 'queen 100000' 'mycielski' 'mycielski 1000' \
  'random 10' 'random 10 1.5' 'random 10 -1' 'random 10 x' 'random 10 nan' 'random 0 0.5' 'petersen 5' \
  'queen 8 8'; do
  # shellcheck disable=SC2086
  refused 2 '.' gen $what -o bad.col
  absent bad.col
done
refused 2 'seed' gen random 10 0.5 --seed x -o bad.col
refused 1 'nowhere' gen queen 5 -o nowhere/bad.col
absent bad.col

# The same graphs as the collection's, where that is here.
if [ -d "$AATGS_SHARED/data" ]; then
  for size in 5 8 11; do
    aatgs 0 gen queen $size -o made.col
    same "$(edges made.col | cksum)" "$(edges "$AATGS_SHARED/data/dimacs/queen${size}_$size.col" | cksum)" \
      "queen${size}_$size"
  done
fi
finish
