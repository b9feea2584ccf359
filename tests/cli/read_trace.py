"""A second reader of traces, written from trace/FORMAT.md alone, to see whether that page is enough.

read_trace.py PACK ITERATIONS TASKS INFO VERIFY: reads the pack (section 8) and compares everything in it
with what aatgs says of the same trace: `dump --table iteration` and `--table task` as CSV, `info` and
`verify` as JSON. Of other programs it takes libzstd and libxxhash. Exit status 77: they are not here.
"""

import csv
import ctypes
import json
import struct
import sys


def load(name):
    try:
        return ctypes.CDLL(name)
    except OSError:
        print(f"skipped: {name} is not here")
        sys.exit(77)


zstd = load("libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t] * 2
zstd.ZSTD_findFrameCompressedSize.restype = ctypes.c_size_t
zstd.ZSTD_findFrameCompressedSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_getFrameContentSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
xxhash = load("libxxhash.so.0")
xxhash.XXH3_64bits_withSeed.restype = ctypes.c_uint64
xxhash.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]

M64 = (1 << 64) - 1
INFO, INPUT, GRAPH, PLAN, SNAPSHOT, CLOSED, MARK, CHUNK, TAIL, STATE, TICKS = (
    1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19)
NONE = 0xFFFFFFFF


def hash64(data, seed):
    return xxhash.XXH3_64bits_withSeed(data, len(data), seed)


def number_of(v):
    return int(v, 16) if isinstance(v, str) else v


def check(holds, what):
    if not holds:
        sys.exit(f"read_trace.py: {what}")


# Section 3: values.


def decode_frame(frame, size):
    out = ctypes.create_string_buffer(size)
    check(zstd.ZSTD_decompress(out, size, frame, len(frame)) == size, "zstd frame")
    return out.raw[:size]


def frames_of(body):
    while body:
        size = zstd.ZSTD_getFrameContentSize(body, len(body))
        length = zstd.ZSTD_findFrameCompressedSize(body, len(body))
        check(0 < size <= 1 << 28 and length <= len(body), "one of several frames")
        yield body[:length], size
        body = body[length:]


def decode_value(value, kind, number, piece, identity):
    magic, k, coding, trace, n, p, pieces, raw, stored, extra, checksum = struct.unpack_from(
        "<IHHQQIIQQQQ", value)
    check(magic == 0x56475441 and k == kind and p == piece < pieces and trace == identity, "header")
    check(n == number or kind == TAIL, "number")
    body = value[64:64 + stored]
    check(hash64(body, hash64(value[:56], 0)) == checksum, "checksum of a value")
    check(coding <= 2, "coding")
    if coding == 1:
        body = decode_frame(body, raw)
    elif coding == 2:
        body = b"".join(decode_frame(f, size) for f, size in frames_of(body))
    check(len(body) == raw, "raw size")
    return body, pieces, extra, n, coding


# Section 8: packs.


def read_pack(path):
    data = open(path, "rb").read()
    check(data[:8] == b"AATGSPAK" and struct.unpack_from("<II", data, 8) == (1, 0), "pack header")
    identity = struct.unpack_from("<Q", data, 16)[0]
    chain = hash64(data[:24], 0)
    at, values = 24, []
    while True:
        entry = data[at:at + 32]
        file, kind, number, piece = struct.unpack("<I", entry[:4]) + struct.unpack(
            ">BQI", entry[4:17])
        size, link = struct.unpack_from("<QQ", data, at + 24)
        at += 40
        chain = hash64(entry, chain)
        if file == NONE:
            check(chain == link and size == len(values) and at == len(data), "end of the pack")
            return values
        value = data[at:at + size]
        at += size
        chain = hash64(value, chain)
        check(chain == link, "chain of the pack")
        values.append((file, kind, number, piece) +
                      decode_value(value, kind, number, piece, identity))


# Section 6: columns.


def unfold(v):
    return v >> 1 ^ -(v & 1)


def planes_of(data, at, count, planes):
    return [
        sum(data[at + p * count + i] << 8 * p for p in range(planes)) for i in range(count)
    ], at + count * planes


def decode_column(entry, data, count, width, ref=None):
    coder, planes, zero, size = struct.unpack("<BBHI", entry)
    mask = (1 << 8 * width) - 1
    check(size == len(data) and zero == 0, "size of a column")
    ref = ref or [0] * count
    if coder == 0:
        return [int.from_bytes(data[:planes], "little")] * count
    if coder == 5:
        changes, distance_planes = struct.unpack_from("<II", data)
        distances, at = planes_of(data, 8, changes, distance_planes)
        values, at = planes_of(data, at, changes, planes)
        out, row, v = [], 0, 0
        for distance, value in zip(distances, values):
            row += distance
            out += [v] * (row - len(out))
            v = value
        return out + [v] * (count - len(out))
    base, at = (struct.unpack_from("<Q", data)[0], 8) if coder in (2, 3, 4, 7) else (0, 0)
    r, at = planes_of(data, at, count, planes)
    if coder == 1:
        return r
    if coder == 6:
        return [(unfold(r[i]) + ref[i]) & mask for i in range(count)]
    out, v, step = [], base, 0
    for i in range(count):
        if i and coder == 2:
            v = (v + unfold(r[i])) & mask
        elif i and coder == 3:
            step += unfold(r[i])
            v = (v + step) & mask
        elif i and coder == 4:
            v ^= r[i]
        elif i and coder == 7:
            v = (v + unfold(r[i])) & mask
        out.append((v + ref[i]) & mask if coder == 7 else v)
    return out


# Section 5: chunks.

ITERATION_COLUMNS = [("iteration", 8, None), ("graph", 4, None), ("plan", 4, None),
                     ("status", 4, None), ("detail", 4, None), ("posted_ns", 8, None),
                     ("start_ns", 8, "posted_ns"), ("end_ns", 8, "start_ns"),
                     ("seen_ns", 8, "end_ns"), ("done_before", 8, "iteration"),
                     ("config_waiting", 4, None), ("telemetry_waiting", 4, None),
                     ("records", 4, None), ("row", 4, None)]
TIMING_COLUMNS = [("task", 4), ("part", 4), ("worker", 4), ("duration_ns", 4), ("start_ns", 8),
                  ("digest", 4)]


def read_links(data, tables):
    links, at = {}, 0
    for _ in range(tables):
        graph, timings = struct.unpack_from("<II", data, at)
        links[graph, timings] = [
            struct.unpack_from("<II", data, at + 8 + 8 * k) for k in range(timings)
        ]
        at += 8 + 8 * timings
    check(at == len(data), "link tables")
    return links


def decode_chunk(raw, first, last):
    n, t, config_words, telemetry_words, rows, number_word, tables, link_bytes, _, _ = \
        struct.unpack_from("<IIIIIIIIQQ", raw)
    columns = len(ITERATION_COLUMNS) + config_words + telemetry_words + len(TIMING_COLUMNS)
    directory = raw[48:48 + 8 * columns]
    at = 48 + 8 * columns
    links = read_links(raw[at:at + link_bytes], tables)
    state = {"at": at + link_bytes, "column": 0}

    def column(count, width, ref=None):
        entry = directory[8 * state["column"]:8 * state["column"] + 8]
        size = struct.unpack_from("<I", entry, 4)[0]
        data = raw[state["at"]:state["at"] + size]
        state["at"] += size
        state["column"] += 1
        return decode_column(entry, data, count, width, ref)

    c = {}
    for name, width, ref in ITERATION_COLUMNS:
        c[name] = column(n, width, c.get(ref))
    check(c["iteration"][0] == first and c["iteration"][-1] == last, "range of a chunk")
    configs = [column(rows, 4) for _ in range(config_words)]
    telemetry = [column(n, 4) for _ in range(telemetry_words)]
    timings = {name: column(t, width) for name, width in TIMING_COLUMNS}
    check(state["at"] == len(raw), "bytes are left over in a chunk")

    out = []
    for i in range(n):
        it = {name: c[name][i] for name, _, _ in ITERATION_COLUMNS}
        words = [configs[w][it["row"]] for w in range(config_words)]
        if number_word != NONE:
            words[number_word] = (words[number_word] + it["iteration"]) & 0xFFFFFFFF
        it["config"] = struct.pack(f"<{config_words}I", *words)
        it["telemetry"] = struct.pack(f"<{telemetry_words}I", *(w[i] for w in telemetry))
        it["timings"] = []
        out.append(it)
    place = 0
    for record in range(max(c["records"])):
        for it in out:
            if it["records"] > record:
                it["timings"].append({name: v[place] for name, v in timings.items()})
                place += 1
    check(place == t, "number of timings")
    for it in out:
        default = [(k, k - 1 if k else NONE) for k in range(it["records"])]
        ts = it["timings"]
        for record, origin in links.get((it["graph"], it["records"]), default):
            base = it["start_ns"] if origin == NONE else (ts[origin]["start_ns"] +
                                                          ts[origin]["duration_ns"])
            ts[record]["start_ns"] = (ts[record]["start_ns"] + base) & M64
    return out


# Section 4: the run.


def read_graph(raw):
    number, tasks, _ = struct.unpack_from("<III", raw)
    at, out = 12, []
    for _ in range(tasks):
        length, flags = struct.unpack_from("<HH", raw, at)
        name = raw[at + 4:at + 4 + length].decode()
        at += 4 + length
        kind, *_, dependencies = struct.unpack_from("<IIIIQQQI", raw, at)
        at += 44 + 4 * dependencies
        check(not flags & ~0x7F07, "flags of a task")
        out.append({"name": name, "type": kind})
    check(at == len(raw), "length of a graph")
    return number, out


def read_ticks(raw):
    count = struct.unpack_from("<I", raw)[0]
    at, columns = 4, []
    while at < len(raw):
        size = struct.unpack_from("<I", raw, at + 4)[0]
        columns.append(decode_column(raw[at:at + 8], raw[at + 8:at + 8 + size], count, 8))
        at += 8 + size
    check(len(columns) in (3, 5), "columns of ticks")
    return count


def digest_of(iterations):
    h = 0
    for it in iterations:
        h = hash64(
            struct.pack("<QII", it["iteration"], it["status"], it["records"]) + it["telemetry"], h)
        digests = [t["digest"] for t in it["timings"]]
        for k in range(0, len(digests), 64):
            part = digests[k:k + 64]
            h = hash64(struct.pack(f"<{len(part)}I", *part), h)
    return h


TYPES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i32": "i", "f32": "f"}


def fields_of(schema, payload):
    out = {}
    for f in schema:
        code = TYPES[f["type"]]
        for k in range(f["count"]):
            name = f["name"] if f["count"] == 1 else f"{f['name']}_{k}"
            v = struct.unpack_from("<" + code, payload, f["offset"] + k * struct.calcsize(code))[0]
            out[name] = (f, v)
    return out


# Comparing.


def same_value(f, v, text):
    if f["type"] == "f32":
        return struct.pack("<f", float(text)) == struct.pack("<f", v)
    return int(text) == v


def compare_iterations(iterations, info, path):
    rows = list(csv.DictReader(open(path)))
    check(len(rows) == len(iterations), f"{len(rows)} rows, {len(iterations)} iterations")
    values = 0
    for it, row in zip(iterations, rows):
        for name, _, _ in ITERATION_COLUMNS[:-1]:
            check(int(row[name]) == it[name], f"iteration {it['iteration']}: {name}")
            values += 1
        fields = fields_of(info["telemetry_fields"], it["telemetry"])
        fields.update(fields_of(info["config_fields"], it["config"]))
        for name, (f, v) in fields.items():
            if name in row:
                check(same_value(f, v, row[name]), f"iteration {it['iteration']}: {name}")
                values += 1
    return values


def compare_tasks(iterations, graphs, types, path):
    rows = csv.DictReader(open(path))
    values = 0
    for it in iterations:
        for t in it["timings"]:
            row = next(rows)
            task = graphs[it["graph"]][t["task"]]
            check(row["name"] == task["name"] and row["type"] == types[task["type"]]["name"],
                  "task's name")
            for name, _ in TIMING_COLUMNS:
                check(int(row[name]) == t[name], f"iteration {it['iteration']}: timing's {name}")
                values += 1
    check(next(rows, None) is None, "timings that are not in the pack")
    return values


def main():
    pack, iteration_csv, task_csv, info_json, verify_json = sys.argv[1:]
    values = read_pack(pack)
    said, verified = json.load(open(info_json)), json.load(open(verify_json))
    infos = [json.loads(v[4]) for v in values if v[1] == INFO]
    check(len(infos) == 1, "description of the run")
    info = infos[0]
    check(number_of(info["format_version"]) == 1 and not number_of(info["must_understand"]) & ~1,
          "version")
    may_have_frames = number_of(info["must_understand"]) & 1
    check(may_have_frames or all(v[8] < 2 for v in values), "coding of an older trace")
    graphs = dict(read_graph(v[4]) for v in values if v[1] == GRAPH)
    iterations, state_total, blocks = [], [0] * 9, {}
    for file, kind, number, piece, raw, pieces, extra, header_number, _ in values:
        if kind in (CHUNK, TAIL):
            iterations += decode_chunk(raw, extra, header_number)
        elif kind == STATE:
            state = struct.unpack("<9Q", raw)
            state_total = [a + b for a, b in zip(state_total, state)]
            ticks = state[8]
        elif kind == TICKS:
            blocks[number] = read_ticks(raw)
        elif kind == PLAN:
            plan, graph, tasks = struct.unpack_from("<III", raw)
            check(plan == number and len(raw) == 12 + 8 * tasks == 12 + 8 * len(graphs[graph]),
                  "plan")
    iterations.sort(key=lambda it: it["iteration"])
    check(len(iterations) == state_total[2] == verified["iterations"], "number of iterations")
    check(sum(it["records"] for it in iterations) == state_total[3] == verified["timings"],
          "number of timings")
    check(sum(blocks.values()) == ticks, "number of ticks")
    snapshots = [v for v in values if v[1] == SNAPSHOT and v[3] == 0]
    check(len(snapshots) == said["snapshots"] == verified["snapshots"], "number of snapshots")
    size = sum(number_of(r["size"]) + 63 & ~63 for r in info["regions"] if r["kind"] == 0)
    for s in snapshots:
        whole = b"".join(v[4] for v in values if v[:3] == s[:3])
        check(len(whole) == size == s[6], "size of a snapshot")
    for i, declared in enumerate(info["inputs"]):
        whole = b"".join(v[4] for v in values if v[1] == INPUT and v[2] == i)
        check(len(whole) == number_of(declared["size"]), "size of an input")
    marks = []
    for v in values:
        if v[1] == MARK:
            kind, _, iteration, _, value = struct.unpack_from("<IIQQQ", v[4])
            marks.append((iteration, value, v[4][32:].decode()))
    shown = said.get("marks", [])
    check(marks[:len(shown)] == [(m["iteration"], m["value"], m["text"]) for m in shown], "marks")
    check(bool(marks) == bool(shown), "number of marks")
    digest = digest_of(iterations)
    check(f"{digest:016x}" == verified["digest"], "digest of the run")
    closed = [struct.unpack("<4Q", v[4]) for v in values if v[1] == CLOSED]
    check(all(c[2] == iterations[-1]["iteration"] for c in closed), "last iteration")
    compared = compare_iterations(iterations, info, iteration_csv)
    compared += compare_tasks(iterations, graphs, info["types"], task_csv)
    print(f"{len(values)} values of the pack read; {compared} numbers of {len(iterations)} "
          f"iterations are what aatgs dump says")


main()
