#!/usr/bin/env python3
"""Adds up ncu's figures by instruction over the lines of the source.

usage: profile_lines.py GRAPH.csv KERNEL.sass

GRAPH.csv is `ncu --page source --csv`, a row for each instruction of the kernel in its order; KERNEL.sass is what
`nvdisasm -gi -c` says of the same kernel, with the line that each instruction comes from. Prints the lines with
most samples of the warp scheduler and what warps waited for there, and the instructions with most.
"""
import collections
import csv
import re
import sys

LINES = 40
INSTRUCTIONS = 40


def read_places(path, kernel):
    """A place for each instruction of the kernel's section: the line, and the one that it was inlined into."""
    places, chain, inside, complete = [], ["?"], False, True
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            section = re.match(r"\s*\.section\s+(\.text\.\S+?)[,\s]", line)
            where = re.match(r'\s*//## File "([^"]*)", line (\d+)', line)
            if section:
                inside = kernel in section.group(1)
            elif where:
                chain = [] if complete else chain
                chain.append("%s:%s" % (where.group(1).rsplit("/", 1)[-1], where.group(2)))
                complete = False
            elif inside and re.match(r"\s*/\*[0-9a-f]{4,}\*/", line):
                places.append(" < ".join(chain[:2]))
                complete = True
    return places


def number(text):
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return 0.0


def read_rows(path):
    """The header and the rows below it; ncu may print sentences before."""
    with open(path, encoding="utf-8", errors="replace", newline="") as f:
        rows = list(csv.reader(f))
    for i, row in enumerate(rows):
        if "Source" in row:
            width = len(row)
            return row, [r for r in rows[i + 1:] if len(r) == width and r != row]
    sys.exit("profile_lines.py: %s has no header with the column Source" % path)


def find_samples(header):
    for wanted in ("# Samples", "Samples", "Warp Stall Sampling (All Samples)", "Sampling Data (All)",
                   "# Samples (All)"):
        if wanted in header:
            return header.index(wanted)
    for i, name in enumerate(header):
        if "ampl" in name and "ot Issued" not in name:
            return i
    sys.exit("profile_lines.py: no column of samples among %s" % header)


def main():
    header, rows = read_rows(sys.argv[1])
    source, samples = header.index("Source"), find_samples(header)
    stalls = [i for i, name in enumerate(header) if name.startswith("stall_") and "not_issued" not in name]
    executed = next((i for i, name in enumerate(header) if "nstructions Executed" in name), None)
    places = read_places(sys.argv[2], "aatgs_kernel")
    if len(places) != len(rows):
        print("# %d instructions in the profile, %d in the disassembly: lines may be wrong" % (len(rows), len(places)))
    total = sum(number(r[samples]) for r in rows) or 1.0
    lines = collections.defaultdict(lambda: [0.0, collections.Counter(), 0.0])
    for i, row in enumerate(rows):
        entry = lines[places[i] if i < len(places) else "?"]
        entry[0] += number(row[samples])
        for s in stalls:
            entry[1][header[s][len("stall_"):]] += number(row[s])
        if executed is not None:
            entry[2] += number(row[executed])
    print("%8s %6s %12s  %s" % ("samples", "%", "instructions", "line: waits"))
    for place, (count, why, run) in sorted(lines.items(), key=lambda e: -e[1][0])[:LINES]:
        waits = ", ".join("%s %.0f" % w for w in why.most_common(3) if w[1])
        print("%8.0f %6.2f %12.0f  %s: %s" % (count, 100 * count / total, run, place, waits))
    print()
    for i, row in sorted(enumerate(rows), key=lambda e: -number(e[1][samples]))[:INSTRUCTIONS]:
        why = max(stalls, key=lambda s: number(row[s]), default=None)
        print("%8.0f  #%d %s  %s%s" % (number(row[samples]), i, row[source].strip(),
                                       places[i] if i < len(places) else "?",
                                       "  " + header[why] if why is not None else ""))


if __name__ == "__main__":
    main()
