/* QuantumOptimize: simulated quantum annealing of the colouring, after Titiloye
 * and Crispin 2011: `num_quantum_states` Trotter slices on a ring, each a
 * colouring at the hottest temperature of the ladder, coupled to both
 * neighbours by the number of vertex pairs that are classmates in both (which
 * does not depend on the names of the colours). Alone a slice is too hot to find
 * anything; together they cool each other. The coupling follows from the
 * transverse field, which decays and starts again; the cycle stays where slices
 * agree on most classes and still move, since a stiffer coupling freezes them.
 *
 * Even and odd slices take turns, so that the slices of a step share no
 * neighbour and a part a slice gives the same chain as one after the other.
 * A tunnelling move swaps the colours of a Kempe chain: conflicts stay, the
 * coupling decides. */
#ifndef AATGS_PRISM_QUANTUM_H
#define AATGS_PRISM_QUANTUM_H

#include "thermo.h"

typedef struct prism_slice {
  prism_view w;
  const uint16_t *before, *after; /* colours of the neighbours */
  /* Vertices that classes share: here with the slice before and after ([there][here]), and the
   * same as these two have them. */
  uint16_t *with_before, *with_after;
  uint16_t *of_before, *of_after;
  uint16_t *size; /* of the classes here */
  uint16_t *queue;
  uint32_t number, head, ring;
  uint32_t conflicts;
  int32_t inverse, coupling, chemical; /* over the temperature, x 256 */
} prism_slice;

AATGS_FN uint32_t prism_quantum_head(uint32_t slice)
{
  return slice * PRISM_QUANTUM_WORDS;
}

/* Table of the classes a slice shares with the one before (side 0) or after it (side 1). */
AATGS_FN uint16_t *prism_overlap(const aatgs_task *t, uint32_t slice, uint32_t side)
{
  uint64_t stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  return aatgs_region_ptr(t, PRISM_QUANTUM_OVERLAP, uint16_t) +
         (2 * (uint64_t)slice + side) * stride * stride;
}

AATGS_FN prism_slice prism_slice_of(const aatgs_task *t, uint32_t number, uint32_t ring)
{
  prism_slice s;
  uint64_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  const uint16_t *colors = aatgs_region_ptr(t, PRISM_QUANTUM_COLORS, const uint16_t);
  uint16_t *sizes = aatgs_region_ptr(t, PRISM_QUANTUM_SIZES, uint16_t);
  uint32_t before = (number + ring - 1) % ring, after = (number + 1) % ring;
  s.number = number;
  s.ring = ring;
  s.head = prism_quantum_head(number);
  s.w = prism_view_of(t, PRISM_QUANTUM_COLORS, 2 * n * number, PRISM_QUANTUM_GAMMA,
                      number * n * stride, PRISM_GET(t, PRISM_QUANTUM, s.head + PRISM_H_K));
  s.before = colors + 2 * n * before;
  s.after = colors + 2 * n * after;
  s.with_before = prism_overlap(t, number, 0);
  s.with_after = prism_overlap(t, number, 1);
  s.of_before = prism_overlap(t, before, 1);
  s.of_after = prism_overlap(t, after, 0);
  s.size = sizes + number * stride;
  s.queue = sizes + PRISM_SLICES_MAX * stride + number * n;
  s.conflicts = PRISM_GET(t, PRISM_QUANTUM, s.head + PRISM_H_CONFLICTS);
  s.inverse = (int32_t)PRISM_GET(t, PRISM_TABLES, PRISM_T_INVERSE);
  s.coupling = (int32_t)PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_COUPLING);
  s.chemical = (int32_t)PRISM_GET(t, PRISM_TABLES, PRISM_T_CHEMICAL);
  return s;
}

/* Counts the slice's overlaps and class sizes anew. */
AATGS_FN void prism_slice_count(const aatgs_task *t, const prism_slice *s)
{
  uint32_t stride = s->w.stride;
  aatgs_lane_for(t, i, stride * stride)
  {
    s->with_before[i] = s->with_after[i] = 0;
    s->of_before[i] = s->of_after[i] = 0;
  }
  aatgs_lane_for(t, i, stride) s->size[i] = 0;
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    for (uint32_t v = 0; v < s->w.n; ++v) {
      uint64_t c = s->w.color[v], from = s->before[v], to = s->after[v];
      ++s->with_before[from * stride + c];
      ++s->of_before[c * stride + from];
      ++s->with_after[to * stride + c];
      ++s->of_after[c * stride + to];
      ++s->size[c];
    }
  }
  aatgs_sync(t);
}

AATGS_FN void prism_slice_move(aatgs_task *t, prism_slice *s, uint32_t v, uint32_t b)
{
  uint64_t stride = s->w.stride, a = s->w.color[v];
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    uint64_t from = s->before[v], to = s->after[v];
    --s->with_before[from * stride + a];
    ++s->with_before[from * stride + b];
    --s->of_before[a * stride + from];
    ++s->of_before[b * stride + from];
    --s->with_after[to * stride + a];
    ++s->with_after[to * stride + b];
    --s->of_after[a * stride + to];
    ++s->of_after[b * stride + to];
    --s->size[a];
    ++s->size[b];
  }
  prism_move(t, &s->w, v, b);
}

/* What colour c costs v, x 256: conflicts over T, less the coupling for each classmate that is one
 * in a neighbouring slice too, less the chemical potential for each classmate. `row`, `before`,
 * `after` are v's rows of the tables; `own` is 1 for the colour that v has, which counts v itself
 * as a classmate. */
AATGS_FN int32_t prism_slice_cost(const prism_slice *s, const int16_t *row, const uint16_t *before,
                                  const uint16_t *after, uint32_t c, int32_t own)
{
  return s->inverse * row[c] - s->coupling * ((int32_t)before[c] + after[c] - 2 * own) -
         s->chemical * ((int32_t)s->size[c] - own);
}

/* e^-(x / 256) x 2^26. */
AATGS_FN uint64_t prism_slice_weight(const uint32_t *table, int32_t x)
{
  return x < (int32_t)(20 * PRISM_EXP_STEPS) ? table[x] >> 6 : 0;
}

/* The colour that v takes from the heat bath of the slice's energy. */
AATGS_FN uint32_t prism_slice_bath(const prism_slice *s, const uint32_t *table, uint32_t v,
                                   uint64_t r)
{
  const prism_view *w = &s->w;
  const int16_t *row = w->gamma + (uint64_t)v * w->stride;
  const uint16_t *before = s->with_before + (uint64_t)s->before[v] * w->stride;
  const uint16_t *after = s->with_after + (uint64_t)s->after[v] * w->stride;
  uint32_t own = w->color[v], c;
  int32_t mine = prism_slice_cost(s, row, before, after, own, 1), least = mine;
  uint64_t sum = 0, at;
  for (c = 0; c < w->k; ++c) {
    int32_t x = prism_slice_cost(s, row, before, after, c, 0);
    least = x < least && c != own ? x : least;
  }
  for (c = 0; c < w->k; ++c)
    sum += prism_slice_weight(
        table, (c == own ? mine : prism_slice_cost(s, row, before, after, c, 0)) - least);
  at = (r >> 40) * sum >> 24;
  c = own;
  for (uint32_t next = 0;; c = next++) {
    uint64_t part = prism_slice_weight(
        table, (c == own ? mine : prism_slice_cost(s, row, before, after, c, 0)) - least);
    if (at < part)
      return c;
    at -= part;
    next += next == own;
  }
}

/* `count` steps, as prism_anneal() does them. */
AATGS_FN uint32_t prism_slice_anneal(aatgs_task *t, prism_slice *s, uint32_t count, uint64_t first)
{
  const uint32_t *table = aatgs_region_ptr(t, PRISM_EXP, const uint32_t);
  uint32_t done = 0, moves = 0;
  while (done < count && s->conflicts) {
    uint32_t mine = done + t->lane, v, c;
    uint64_t hit = UINT64_MAX, r;
    if (mine < count) {
      v = prism_visit(t, &s->w, first + mine, &r);
      c = prism_slice_bath(s, table, v, r);
      if (c != s->w.color[v])
        hit = (uint64_t)mine << 32 | v << 16 | c;
    }
    hit = aatgs_reduce_min_u64(t, hit);
    if (hit == UINT64_MAX) {
      done += t->lanes;
      continue;
    }
    done = (uint32_t)(hit >> 32) + 1;
    v = (uint32_t)(hit >> 16) & 0xffffu;
    c = (uint32_t)hit & 0xffffu;
    s->conflicts = (uint32_t)((int32_t)s->conflicts + prism_delta(&s->w, v, c));
    prism_slice_move(t, s, v, c);
    ++moves;
  }
  return moves;
}

#define PRISM_CHAIN_MAX 256u
#define PRISM_DOUBLINGS 10u /* of the length of a cycle */

/* The Kempe chain of v and colour c: vertices of the two classes reachable from v within them.
 * One lane fills the queue; returns its length to every lane, 0 for a chain that is longer than
 * PRISM_CHAIN_MAX. */
AATGS_FN uint32_t prism_kempe_chain(const aatgs_task *t, const prism_slice *s, uint32_t v,
                                    uint32_t c)
{
  const prism_view *w = &s->w;
  uint32_t a = w->color[v], length = 0;
  aatgs_one_lane(t)
  {
    s->queue[length++] = (uint16_t)v;
    for (uint32_t i = 0; i < length; ++i) {
      uint32_t x = s->queue[i], other = w->color[x] == a ? c : a;
      if (w->gamma[(uint64_t)x * w->stride + a] + w->gamma[(uint64_t)x * w->stride + c] == 0)
        continue;
      for (uint32_t e = w->rows[x]; e < w->rows[x + 1]; ++e) {
        uint32_t y = w->adj[e], known = 0;
        if (w->color[y] != other && w->color[y] != w->color[x])
          continue;
        for (uint32_t j = 0; j < length && !known; ++j)
          known = s->queue[j] == y;
        if (known)
          continue;
        if (length == PRISM_CHAIN_MAX) {
          length = 0;
          break;
        }
        s->queue[length++] = (uint16_t)y;
      }
    }
  }
  aatgs_sync(t);
  return aatgs_reduce_add_u32(t, length);
}

/* Swaps the colours a and c of the vertices in the queue; returns by how much the exponent rises,
 * x 256. */
AATGS_FN int64_t prism_kempe_swap(aatgs_task *t, prism_slice *s, uint32_t length, uint32_t a,
                                  uint32_t c)
{
  int64_t rise = 0;
  for (uint32_t i = 0; i < length; ++i) {
    uint32_t y = s->queue[i], from = s->w.color[y], to = from == a ? c : a;
    const int16_t *row = s->w.gamma + (uint64_t)y * s->w.stride;
    const uint16_t *before = s->with_before + (uint64_t)s->before[y] * s->w.stride;
    const uint16_t *after = s->with_after + (uint64_t)s->after[y] * s->w.stride;
    rise += prism_slice_cost(s, row, before, after, to, 0);
    rise -= prism_slice_cost(s, row, before, after, from, 1);
    aatgs_sync(t);
    prism_slice_move(t, s, y, to);
  }
  return rise;
}

/* Tries to swap the colours of a random Kempe chain, by the rule of Metropolis et al. 1953; the
 * chain is the same backwards, so the proposal is symmetric. Returns whether it was accepted. */
AATGS_FN uint32_t prism_slice_tunnel(aatgs_task *t, prism_slice *s, uint64_t draw)
{
  const uint32_t *table = aatgs_region_ptr(t, PRISM_EXP, const uint32_t);
  uint64_t r;
  uint32_t v = prism_visit(t, &s->w, draw, &r), a = s->w.color[v], length;
  uint32_t c = (uint32_t)((r >> 32) * (s->w.k - 1) >> 32);
  int64_t rise;
  c += c >= a;
  length = prism_kempe_chain(t, s, v, c);
  if (length == 0)
    return 0;
  rise = prism_kempe_swap(t, s, length, a, c);
  if (rise <= 0 || aatgs_random_u32(t, draw + 1) < prism_exp_lookup(table, rise << 8))
    return 1;
  prism_kempe_swap(t, s, length, a, c);
  return 0;
}

/* Probability of a tunnelling attempt in a sweep: base, plus boost in step with stagnation. */
AATGS_FN uint32_t prism_tunnel_chance(const aatgs_task *t)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  uint64_t stagnation = PRISM_GET(t, PRISM_CONTROL, PRISM_STAGNATION) >> 8;
  uint64_t p = tables[PRISM_T_TUNNEL];
  p += (uint64_t)tables[PRISM_T_TUNNEL_BOOST] * (stagnation > 1024 ? 1024 : stagnation) >> 10;
  return p > UINT32_MAX ? UINT32_MAX : (uint32_t)p;
}

/* Brings a slice to the target, and its counts to the ring it is on. */
AATGS_FN void prism_slice_follow(aatgs_task *t, prism_slice *s, uint32_t target)
{
  uint32_t quench = PRISM_GET(t, PRISM_CONTROL, PRISM_QUENCHES);
  uint32_t seen = PRISM_GET(t, PRISM_QUANTUM, s->head + PRISM_H_EPOCH);
  uint32_t ring = PRISM_GET(t, PRISM_QUANTUM, s->head + PRISM_Q_RING);
  uint64_t salt = aatgs_random_u64(t, UINT64_MAX - 1);
  int recount = ring != s->ring;
  aatgs_sync(t);
  if (s->w.k != target) {
    prism_retarget(t, &s->w, target, salt);
    prism_put(t, PRISM_QUANTUM, s->head + PRISM_H_K, target);
    prism_put(t, PRISM_QUANTUM, s->head + PRISM_H_BEST, UINT32_MAX);
    recount = 1;
  }
  if (seen != quench) {
    prism_kick(t, &s->w, salt);
    prism_put(t, PRISM_QUANTUM, s->head + PRISM_H_EPOCH, quench);
    recount = 1;
  }
  if (recount) {
    s->conflicts = prism_table_conflicts(t, &s->w);
    prism_slice_count(t, s);
    prism_put(t, PRISM_QUANTUM, s->head + PRISM_Q_RING, s->ring);
  }
  aatgs_sync(t);
}

AATGS_FN void prism_quantum_slice(aatgs_task *t, uint32_t number, uint32_t ring, uint32_t target)
{
  uint32_t sweeps = PRISM_GET(t, PRISM_TABLES, PRISM_T_SWEEPS);
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), steps = n < 16 ? 1 : n / 16;
  uint32_t chance = prism_tunnel_chance(t), moves = 0, tunnels = 0;
  prism_slice s = prism_slice_of(t, number, ring);
  uint64_t draws = (uint64_t)number << 48;
  prism_slice_follow(t, &s, target);
  for (uint32_t i = 0; i < sweeps && s.conflicts && s.w.k > 1; ++i) {
    uint64_t first = draws + ((uint64_t)i << 32);
    moves += prism_slice_anneal(t, &s, steps, first);
    if (aatgs_random_u32(t, first + steps) < chance && s.conflicts)
      tunnels += prism_slice_tunnel(t, &s, first + steps + 1);
  }
  if ((prism_config_flags(t) & PRISM_CHECK_TABLES) && !prism_tables_hold(t, &s.w, s.conflicts))
    aatgs_fail(t, PRISM_FAIL_TABLES);
  if (s.conflicts < PRISM_GET(t, PRISM_QUANTUM, s.head + PRISM_H_BEST)) {
    aatgs_sync(t);
    prism_copy(t, PRISM_QUANTUM_COLORS, s.w.at + s.w.n, s.w.color);
    prism_put(t, PRISM_QUANTUM, s.head + PRISM_H_BEST, s.conflicts);
  }
  prism_put(t, PRISM_QUANTUM, s.head + PRISM_H_CONFLICTS, s.conflicts);
  prism_put(t, PRISM_QUANTUM, s.head + PRISM_H_MOVES, moves);
  prism_put(t, PRISM_QUANTUM, s.head + PRISM_Q_TUNNELS, tunnels);
  prism_put(t, PRISM_QUANTUM, s.head + PRISM_H_ITERATION, (uint32_t)t->iteration);
  aatgs_sync(t);
}

AATGS_FN void prism_quantum(aatgs_task *t)
{
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET);
  uint32_t ring = PRISM_GET(t, PRISM_TABLES, PRISM_T_SLICES);
  uint32_t turn;
  if (target == 0 || !prism_has_turn(t))
    return;
  turn = PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_CLOCK) & 1;
  for (uint32_t i = t->part; 2 * i < ring; i += t->parts)
    prism_quantum_slice(t, 2 * i + turn, ring, target);
}

/* The coupling that a field, in units of the temperature, means between classical slices:
 * -ln tanh(field) / 2, x 256 (Suzuki 1976), at most 8. */
AATGS_FN uint32_t prism_coupling(double field)
{
  double e = prism_exp_minus(2.0 * field);
  double tanh_of = (1.0 - e) / (1.0 + e), j;
  if (!(tanh_of > 1e-7))
    return 8u << 8;
  j = -0.5 * prism_ln(tanh_of);
  if (!(j > 0.0))
    return 0;
  return j > 8.0 ? 8u << 8 : (uint32_t)(j * 256.0);
}

/* The next field: it decays, and starts again at half of transverse_field, at another target or
 * when a quench was ordered. A cycle takes twice as long as the one before it at this target. */
AATGS_FN void prism_quantum_finish(aatgs_task *t)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_QUANTUM, const uint32_t);
  uint32_t quench = PRISM_GET(t, PRISM_CONTROL, PRISM_QUENCHES);
  uint32_t ring = PRISM_GET(t, PRISM_TABLES, PRISM_T_SLICES);
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET);
  if (target == 0)
    return;
  /* Slices that were counted on another ring count anew when they move: what is between them and
   * others may change before the config brings that ring back. */
  aatgs_one_lane(t)
  {
    for (uint32_t i = 0; i < PRISM_SLICES_MAX; ++i) {
      uint32_t on = words[prism_quantum_head(i) + PRISM_Q_RING];
      if (on && on != ring)
        aatgs_put_u32(t, PRISM_QUANTUM, prism_quantum_head(i) + PRISM_Q_RING, 0);
    }
  }
  if (!prism_has_turn(t))
    return;
  aatgs_one_lane(t)
  {
    struct prism_config c = prism_config_of(t);
    double start = (double)c.transverse_field;
    double field = (double)words[PRISM_Q_FIELD] / 1048576.0;
    uint32_t cycles = words[PRISM_Q_TARGET] == target ? words[PRISM_Q_CYCLES] : 0;
    uint32_t doublings = cycles < PRISM_DOUBLINGS ? cycles : PRISM_DOUBLINGS;
    field = field * (1.0 - (double)c.interference_decay / (double)(1u << doublings));
    if (!(field > start / 2.0)) {
      field = start;
      ++cycles;
    }
    if (field > start || words[PRISM_Q_TARGET] != target || words[PRISM_Q_EPOCH] != quench)
      field = start;
    if (!(field < 1024.0))
      field = 1024.0;
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_FIELD, (uint32_t)(field * 1048576.0));
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_COUPLING, prism_coupling(field));
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_EPOCH, quench);
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_TARGET, target);
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_CYCLES, cycles);
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_CLOCK, words[PRISM_Q_CLOCK] + 1);
  }
}

#endif
