#!/usr/bin/env python3
"""coloring_plot.py STATE.json > PICTURE.svg

Draws what bench_coloring kept: a row an instance, solver, and device; a dot a run, at the second in
which it found its best colouring (logarithmic); the numbers of colours on the right."""
import json
import math
import sys
from collections import defaultdict

LEFT, WIDTH, RIGHT, ROW, TOP = 260, 420, 150, 22, 46
DECADES = (-2, 3)  # 0.01 s to 1,000 s


def x_of(seconds):
    low, high = DECADES
    at = min(max(math.log10(max(seconds, 1e-9)), low), high)
    return LEFT + WIDTH * (at - low) / (high - low)


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {extra}>{words}</text>'


def rows_of(state):
    rows = defaultdict(list)
    for key, run in sorted(state.items()):
        instance, solver, _seed, seconds, *device = key.split("/")
        rows[(instance, solver, "".join(device) or "cpu", float(seconds))].append(run)
    return rows


def draw(rows):
    height = TOP + ROW * len(rows) + 30
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        text(LEFT, 16, "seconds to the best colouring of a run; the bar ends at the run's limit"),
        text(LEFT + WIDTH + 8, 16, "colours found, by seed"),
    ]
    for decade in range(DECADES[0], DECADES[1] + 1):
        x = x_of(10.0**decade)
        out.append(f'<line x1="{x:.0f}" y1="{TOP - 6}" x2="{x:.0f}" y2="{height - 24}" stroke="#ddd"/>')
        out.append(text(x, 34, f"{10.0**decade:g}", "middle"))
    for i, ((instance, solver, device, limit), runs) in enumerate(rows.items()):
        y = TOP + ROW * i + ROW / 2
        color = "#c05000" if device == "cuda" else "#2060a0"
        colors = sorted(run["colors"] for run in runs)
        out.append(text(LEFT - 8, y + 4, f"{instance}, {solver}, {device}", "end"))
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{x_of(limit):.0f}" y2="{y}" stroke="#bbb"/>')
        for run in runs:
            out.append(f'<circle cx="{x_of(run["reached_seconds"]):.1f}" cy="{y}" r="4" '
                       f'fill="{color}" fill-opacity="0.6"/>')
        out.append(text(LEFT + WIDTH + 8, y + 4, " ".join(map(str, colors))))
    out.append("</svg>")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(draw(rows_of(json.load(file))))
