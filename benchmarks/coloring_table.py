#!/usr/bin/env python3
"""coloring_table.py STATE.json

What bench_coloring kept, as a table in Markdown: a row an instance, a column a solver, the fewest
and the median colours over the seeds; then full against TabuCol, seed by seed: in how many pairs
full found fewer colours, or the same sooner, and in how many TabuCol did."""
import json
import statistics
import sys
from collections import defaultdict

SOLVERS = ["full", "WhcrKernel", "ThermodynamicAnneal", "QuantumOptimize", "Custom", "TabuCol", "DSATUR"]


def read(path):
    cells = defaultdict(dict)
    with open(path, encoding="utf-8") as file:
        for key, run in json.load(file).items():
            instance, solver, seed, *_ = key.split("/")
            cells[instance, solver][int(seed)] = (run["colors"], run["reached_seconds"])
    return cells


def cell(runs):
    colors = [colors for colors, _ in runs.values()]
    if not colors:
        return ""
    least, middle = min(colors), statistics.median_low(sorted(colors))
    return str(least) if least == middle else f"{least} ({middle})"


def pairs(ours, theirs):
    both = ours.keys() & theirs.keys()
    won = sum(ours[seed] < theirs[seed] for seed in both)
    return f"{won} : {len(both) - won}" if both else ""


def main(path):
    cells = read(path)
    print("| instance | " + " | ".join(SOLVERS) + " | full : TabuCol |")
    print("|---" * (len(SOLVERS) + 2) + "|")
    for instance in sorted({instance for instance, _ in cells}):
        row = [cell(cells.get((instance, solver), {})) for solver in SOLVERS]
        row.append(pairs(cells.get((instance, "full"), {}), cells.get((instance, "TabuCol"), {})))
        print(f"| {instance} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
