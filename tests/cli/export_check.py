"""export_check.py perfetto|chrome FILE ITERATIONS TIMINGS EDGES: reads an export with no code of
aatgs in between and checks counts, nesting, order and flows. Prints `ok` or what is wrong."""
import collections
import json
import struct
import sys


def fail(text):
    print(text)
    sys.exit(1)


def fields(data):
    """The fields of a message, by the encoding's own description."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value = struct.unpack_from('<Q', data, at)[0]
            at += 8
        elif kind == 2:
            size = varint()
            if at + size > len(data):
                fail('a length leads past the end')
            value = data[at:at + size]
            at += size
        else:
            fail('wire type %d' % kind)
        yield key >> 3, value


def message(data):
    out = collections.defaultdict(list)
    for number, value in fields(data):
        out[number].append(value)
    return out


def read_perfetto(path):
    """(slices, counters, flows out, flows in, names of tracks): slices are
    (track, start, end, name, iteration)."""
    names, tracks, parents, counter_tracks = {}, {}, {}, set()
    open_slices = collections.defaultdict(list)
    events = []
    for number, packet in fields(open(path, 'rb').read()):
        if number != 1:
            fail('no packet: field %d' % number)
        m = message(packet)
        if m[10] != [1]:
            fail('a packet without its sequence')
        for interned in m[12]:
            for entry in message(interned)[2]:
                e = message(entry)
                names[e[1][0]] = e[2][0].decode('utf-8')
        for descriptor in m[60]:
            d = message(descriptor)
            tracks[d[1][0]] = d[2][0].decode('utf-8') if d[2] else ''
            parents[d[1][0]] = d[5][0] if d[5] else None
            if d[8]:
                counter_tracks.add(d[1][0])
        for event in m[11]:
            e = message(event)
            if e[11][0] not in tracks:
                fail('an event on a track that was not described')
            if e[10] and e[10][0] not in names:
                fail('a name that was not interned')
            events.append((m[8][0], e))
    for track, parent in parents.items():
        if parent is not None and parent not in parents:
            fail('track %d hangs on nothing' % track)
    slices, counters, out, into = [], [], {}, {}
    for time, e in sorted(events, key=lambda pair: pair[0]):  # stable, as trace processor's
        kind, track = e[9][0], e[11][0]
        if kind == 1:
            arguments = {message(a)[1][0]: message(a)[3][0] for a in e[4]}
            name = e[23][0].decode() if e[23] else names[e[10][0]]
            open_slices[track].append((time, name, arguments[1], e))
        elif kind == 2:
            if len(open_slices[track]) != 1:
                fail('%d slices are open where one ends' % len(open_slices[track]))
            start, name, iteration, begin = open_slices[track].pop()
            slices.append((tracks[track], tracks.get(parents[track]), start, time, name, iteration))
            for flow in begin[47]:
                if flow in out:
                    fail('flow %d begins twice' % flow)
                out[flow] = (time, name, iteration)
            for flow in begin[48]:
                if flow in into:
                    fail('flow %d ends twice' % flow)
                into[flow] = (time, name, iteration)
        elif kind == 4:
            if track not in counter_tracks:
                fail('a counter on a track for slices')
            value = struct.unpack('<d', struct.pack('<Q', e[44][0]))[0] if e[44] else e[30][0]
            counters.append((tracks[track], time, value))
    if any(open_slices.values()):
        fail('a slice does not end')
    return slices, counters, out, into


def read_chrome(path):
    groups, threads = {}, {}
    slices, counters, out, into = [], [], {}, {}
    by_place = {}
    with open(path, encoding='utf-8') as file:
        events = json.load(file)['traceEvents']

    def ns(us):
        return round(us * 1000)

    for e in events:
        if e['ph'] == 'M' and e['name'] == 'process_name':
            groups[e['pid']] = e['args']['name']
        elif e['ph'] == 'M' and e['name'] == 'thread_name':
            threads[e['pid'], e['tid']] = e['args']['name']
        elif e['ph'] == 'X':
            start = ns(e['ts'])
            end = start + ns(e['dur'])
            slices.append((threads[e['pid'], e['tid']], groups[e['pid']], start, end, e['name'],
                           e['args']['iteration']))
            by_place.setdefault((e['pid'], e['tid'], start), []).append(slices[-1])
        elif e['ph'] == 'C':
            counters.append((e['name'], ns(e['ts']), list(e['args'].values())[0]))
    for e in events:
        if e['ph'] in 'sf':
            at = by_place.get((e['pid'], e['tid'], ns(e['ts'])))
            if not at:
                fail('flow %d hangs on no slice' % e['id'])
            way = out if e['ph'] == 's' else into
            if e['id'] in way:
                fail('flow %d comes twice' % e['id'])
            way[e['id']] = at[-1][3:6]
    return slices, counters, out, into


def main():
    kind, path = sys.argv[1:3]
    iterations, timings, edges = map(int, sys.argv[3:6])
    read = read_perfetto if kind == 'perfetto' else read_chrome
    slices, counters, out, into = read(path)
    groups = collections.Counter(s[1] for s in slices)
    for group in ('Iterations on the device', 'Command ring', 'Telemetry ring'):
        if groups[group] != iterations:
            fail('%d slices of %s' % (groups[group], group))
    if groups['Workers'] != timings:
        fail('%d parts of %d' % (groups['Workers'], timings))
    # On a track one thing at a time; a stage follows the other.
    ends = {}
    for track, group, start, end, name, iteration in sorted(slices, key=lambda s: (s[2], s[3])):
        if end < start:
            fail('%s of iteration %d ends before it starts' % (name, iteration))
        if start < ends.get((group, track), 0):
            fail('%s %s: slices overlap at %d' % (group, track, start))
        ends[group, track] = end
    stages = {group: {s[5]: s for s in slices if s[1] == group} for group in groups}
    for i in stages['Command ring']:
        ring, device, back = (stages[g][i] for g in
                              ('Command ring', 'Iterations on the device', 'Telemetry ring'))
        if ring[3] != device[2] or device[3] != back[2]:
            fail('the stages of iteration %d do not meet' % i)
    for s in slices:
        if s[1] == 'Workers' and not (stages['Iterations on the device'][s[5]][2] <= s[2] and
                                      s[3] <= stages['Iterations on the device'][s[5]][3]):
            fail('a part of iteration %d runs outside of it' % s[5])
    if len(out) != edges or set(out) != set(into):
        fail('%d flows begin and %d end, of %d' % (len(out), len(into), edges))
    # By their ends: a part's start is when its worker last looked at the clock, and it may have
    # looked before the last dependency was done.
    for flow in out:
        if out[flow][2] != into[flow][2] or out[flow][0] > into[flow][0]:
            fail('flow %d goes from %s to %s' % (flow, out[flow], into[flow]))
    if not counters:
        fail('no counters')
    last = {}
    for name, time, value in counters:
        if time < last.get(name, 0):
            fail('counter %s goes back in time' % name)
        last[name] = time
    print('ok')


main()
