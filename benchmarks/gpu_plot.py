#!/usr/bin/env python3
"""gpu_plot.py GRAPH.json > PICTURE.svg

Draws the METG curves that bench_graph measured: efficiency over task granularity (logarithmic)."""
import json
import math
import sys

LEFT, TOP, WIDTH, HEIGHT = 60, 20, 560, 300
COLOURS = ("#1b6ca8", "#c0392b", "#2e7d32")
DECADES = (2, 6)  # 100 ns to 1 ms


def place(granularity, efficiency):
    low, high = DECADES
    x = LEFT + WIDTH * (math.log10(max(granularity, 1)) - low) / (high - low)
    return x, TOP + HEIGHT * (1 - min(efficiency, 1))


def draw(report):
    curves = {}
    for row in report["results"]:
        if "efficiency" in row:
            curves.setdefault(row["name"], []).append((row["granularity_ns"], row["efficiency"]))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" '
           f'height="{TOP + HEIGHT + 120}" font-family="sans-serif" font-size="12">',
           f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    for percent in (0, 25, 50, 75, 100):
        y = place(1, percent / 100)[1]
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{LEFT + WIDTH}" y2="{y}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{percent} %</text>')
    for decade, name in zip(range(2, 7), ("100 ns", "1 us", "10 us", "100 us", "1 ms")):
        x = place(10 ** decade, 0)[0]
        out.append(f'<text x="{x}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{name}</text>')
    out.append(f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 36}" text-anchor="middle">'
               'granularity: wall time x workers / tasks</text>')
    out.append(f'<text x="{LEFT}" y="{TOP - 6}">efficiency</text>')
    for i, (name, points) in enumerate(sorted(curves.items())):
        line = " ".join("%.1f,%.1f" % place(*p) for p in sorted(points))
        colour = COLOURS[i % len(COLOURS)]
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<text x="{LEFT}" y="{TOP + HEIGHT + 58 + 18 * i}" fill="{colour}">{name}</text>')
    out.append("</svg>")
    return "\n".join(out)


print(draw(json.load(open(sys.argv[1], encoding="utf-8"))))
