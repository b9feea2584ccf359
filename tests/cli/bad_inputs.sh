#!/bin/sh
# bad_inputs.sh: files that are missing, empty, binary, cut off or contradict themselves: one sentence
# that names the file, the right exit status, and nothing left on the disk.
. "${0%/*}/lib.sh"

# not_taken OPTION FILE REGEX: run refuses the file and leaves no trace and no solution.
not_taken() {
  refused 1 "$3" run --device cpu --iterations 10 "$1" "$2" --record "$work/trace" \
    --solution "$work/solution"
  absent "$work/trace" "$work/solution"
}
binary() { awk 'BEGIN { srand(1); for (i = 0; i < 4096; i++) printf "%c", int(256 * rand()) }'; }
zeros() { dd if=/dev/zero bs=1024 count=4 2>/dev/null; }

# ---- Graphs ----
not_taken --graph missing.col 'missing\.col'
mkdir folder.col
not_taken --graph folder.col 'folder\.col'
not_taken --graph '' ''
: >empty.col
not_taken --graph empty.col 'empty\.col'
binary >binary.col
not_taken --graph binary.col 'binary\.col'
zeros >zeros.col
not_taken --graph zeros.col 'zeros\.col'
# graph NAME TEXT
graph() {
  printf '%b' "$2" >"$1.col"
  not_taken --graph "$1.col" "$1\\.col(:[0-9]+)?: "
}
graph no-problem 'c only a comment\n'
graph edge-first 'e 1 2\np edge 2 1\n'
graph two-problems 'p edge 2 1\np edge 2 1\ne 1 2\n'
graph cut-off 'p edge 3 2\ne 1 2\ne 1'
graph too-few-edges 'p edge 3 3\ne 1 2\n'
graph out-of-range 'p edge 3 1\ne 1 4\n'
graph vertex-zero 'p edge 3 1\ne 0 1\n'
graph negative 'p edge -3 1\ne 1 2\n'
graph no-number 'p edge three 1\ne 1 2\n'
graph overflow 'p edge 99999999999999999999 1\ne 1 2\n'
graph huge 'p edge 4000000000 1\ne 1 2\n'
graph no-vertex 'p edge 0 0\n'
graph junk-line 'p edge 3 1\nx 1 2\n'
graph junk-behind 'p edge 3 1\ne 1 2 3 4\n'
graph wrong-kind 'p sat 3 1\ne 1 2\n'

# ---- Proteins ----
not_taken --protein missing.pdb 'missing\.pdb'
: >empty.pdb
not_taken --protein empty.pdb 'empty\.pdb'
binary >binary.pdb
not_taken --protein binary.pdb 'binary\.pdb'
zeros >zeros.pdb
not_taken --protein zeros.pdb 'zeros\.pdb'
# protein NAME TEXT
protein() {
  printf '%b' "$2" >"$1.pdb"
  not_taken --protein "$1.pdb" "$1\\.pdb(:[0-9]+)?: "
}
protein no-atom 'HEADER    NOTHING HERE\nEND\n'
protein cut-off 'ATOM      1  N   ALA A   1      11.104   6.134  -6.504  1.00  0.00           N\nATOM      2  CA  ALA A   1      11.6'
protein no-number 'ATOM      1  N   ALA A   1      11.x04   6.134  -6.504  1.00  0.00           N\n'
protein far-away 'ATOM      1  N   ALA A   1      11.104   6.134  -6.504  1.00  0.00           N\nATOM      2  CA  ALA A   1    9999.0009999.0009999.000  1.00  0.00           C\n'

# ---- Task files ----
# tasks NAME REGEX TEXT: by the odd workload.
tasks() {
  printf '%b' "$3" >"$1.tasks"
  refused 1 "$2" run --workload "$odd" --device cpu --tasks ./"$1.tasks" --record "$work/trace"
  absent "$work/trace"
}
refused 1 'missing\.tasks' run --workload "$odd" --tasks missing.tasks
refused 1 'no-such-graph' run --workload "$odd" --tasks no-such-graph
refused 1 'folder\.col' run --workload "$odd" --tasks ./folder.col
tasks empty 'empty\.tasks' ''
tasks comments 'comments\.tasks' '# nothing\n\n'
binary >binary.tasks
refused 1 'binary\.tasks:[0-9]+: ' run --workload "$odd" --tasks ./binary.tasks
zeros >zeros.tasks
refused 1 'zeros\.tasks' run --workload "$odd" --tasks ./zeros.tasks
tasks cut-off 'cut-off\.tasks:2: .*after' 'a Add\nb Report afte'
tasks no-type 'no-type\.tasks:1: .*a' 'a\n'
tasks unknown-type 'unknown-type\.tasks:1: .*Addd' 'a Addd\n'
tasks unknown-task 'unknown-task\.tasks:2: .*x' 'a Add\nb Report after=x\n'
tasks twice 'twice\.tasks:2: .*a' 'a Add\na Report after=a\n'
tasks no-parts 'no-parts\.tasks:1: .*parts' 'a Note parts=0\n'
tasks many-parts 'many-parts\.tasks:1: .*parts' 'a Note parts=65536\n'
tasks odd-parts 'odd-parts\.tasks:1: .*parts' 'a Note parts=3x\n'
tasks two-reports 'two-reports\.tasks:3: ' 'a Add\nb Report after=a\nc Report after=a\n'
tasks cycle 'cycle.*(b.*c.*d|c.*d.*b|d.*b.*c)' 'a Add\nb Note after=a,d\nc Note after=b\nd Note after=c\n'
tasks itself 'cycle|itself' 'a Add after=a\n'
tasks race 'one.*two.*count|two.*one.*count|count.*(one|two)' 'one Add\ntwo Add\n'
tasks read-race 'add.*report.*count|report.*add.*count|count.*(add|report)' 'add Add\nreport Report\n'

# ---- Workloads ----
refused 1 'missing\.so' run --workload ./missing.so
refused 1 '"no-such-workload"' run --workload no-such-workload
: >empty.so
refused 1 'empty\.so' run --workload ./empty.so
binary >binary.so
refused 1 'binary\.so' run --workload ./binary.so
refused 1 'folder\.col' run --workload ./folder.col
size=$(wc -c <"$odd")
for part in 10 60 1000 $((size / 2)) $((size - 1000)); do
  head -c "$part" "$odd" >cut.so
  refused 1 'cut\.so' run --workload ./cut.so
done
refused 1 'no_workload\.so.*aatgs_workload' run --workload "$AATGS_BUILD/tests/cli/no_workload.so"
refused 1 'old_workload\.so.*ABI' run --workload "$AATGS_BUILD/tests/cli/old_workload.so"
refused 1 '/dev/null:1: does not begin with "odd"' run --workload "$odd" --text /dev/null
printf 'even' >wrong.text
refused 1 'wrong\.text:1: does not begin with "odd"' run --workload "$odd" --text wrong.text

# ---- Traces ----
aatgs 0 run --workload "$odd" --device cpu --iterations 3000 --record good
# no_trace DIR REGEX: neither info nor replay takes it, and neither changes it.
no_trace() {
  find "$1" -type f -exec cksum {} + 2>/dev/null | sort >before
  refused 1 "$2" info "$1"
  refused 1 "$2" replay "$1" --workload "$odd"
  find "$1" -type f -exec cksum {} + 2>/dev/null | sort >after
  same "$(cat after)" "$(cat before)" "$1 after info and replay"
}
no_trace no-such-trace 'no-such-trace'
no_trace '' ''
mkdir hollow
no_trace hollow hollow
no_trace empty.col 'empty\.col'
cp -r good empty-files
find empty-files -type f -exec sh -c ': >"$1"' _ {} \;
no_trace empty-files empty-files
cp -r good binary-files
find binary-files -type f -exec cp binary.col {} \;
no_trace binary-files binary-files
for file in $(cd good && find . -name data.mdb); do
  rm -rf lacking
  cp -r good lacking
  rm "lacking/$file"
  no_trace lacking lacking
  size=$(wc -c <"good/$file")
  for part in 100 4096 8192 $((size / 2)); do
    rm -rf cut-off
    cp -r good cut-off
    head -c "$part" "good/$file" >"cut-off/$file"
    no_trace cut-off cut-off
  done
done
refused 1 'good: it is there already' run --workload "$odd" --device cpu --record good
refused 1 'empty\.col' run --workload "$odd" --device cpu --record empty.col
refused 1 'nowhere' run --workload "$odd" --device cpu --record nowhere/trace
aatgs 0 replay good --workload "$odd"
finish
