/* QuantumOptimize: simulated quantum annealing of the colouring, after Titiloye
 * and Crispin 2011: `num_quantum_states` Trotter slices on a ring, each a
 * colouring at the coldest temperature of the ladder, coupled to both
 * neighbours by the number of vertex pairs that are classmates in both (which
 * does not depend on the names of the colours). The coupling follows from the
 * transverse field, which decays and starts again.
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
  uint16_t *overlap_before;       /* [class there][class here] */
  uint16_t *overlap_after;        /* [class here][class there] */
  uint16_t *size;                 /* of the classes here */
  uint16_t *queue;
  uint32_t number, head, ring;
  uint32_t conflicts;
} prism_slice;

AATGS_FN uint32_t prism_quantum_head(uint32_t slice) { return slice * PRISM_QUANTUM_WORDS; }

AATGS_FN prism_slice prism_slice_of(const aatgs_task *t, uint32_t number, uint32_t ring)
{
  prism_slice s;
  uint64_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  const uint16_t *colors = aatgs_region_ptr(t, PRISM_QUANTUM_COLORS, const uint16_t);
  uint16_t *overlap = aatgs_region_ptr(t, PRISM_QUANTUM_OVERLAP, uint16_t);
  uint16_t *sizes = aatgs_region_ptr(t, PRISM_QUANTUM_SIZES, uint16_t);
  uint32_t before = (number + ring - 1) % ring, after = (number + 1) % ring;
  s.number = number;
  s.ring = ring;
  s.head = prism_quantum_head(number);
  s.w = prism_view_of(t, PRISM_QUANTUM_COLORS, 2 * n * number, PRISM_QUANTUM_GAMMA,
                      number * n * stride, PRISM_GET(t, PRISM_QUANTUM, s.head + PRISM_H_K));
  s.before = colors + 2 * n * before;
  s.after = colors + 2 * n * after;
  s.overlap_before = overlap + before * stride * stride;
  s.overlap_after = overlap + number * stride * stride;
  s.size = sizes + number * stride;
  s.queue = sizes + PRISM_SLICES_MAX * stride + number * n;
  s.conflicts = PRISM_GET(t, PRISM_QUANTUM, s.head + PRISM_H_CONFLICTS);
  return s;
}

/* Counts the slice's overlaps and class sizes anew. */
AATGS_FN void prism_slice_count(const aatgs_task *t, const prism_slice *s)
{
  uint32_t stride = s->w.stride;
  aatgs_lane_for(t, i, stride * stride)
  {
    s->overlap_before[i] = 0;
    s->overlap_after[i] = 0;
  }
  aatgs_lane_for(t, i, stride) s->size[i] = 0;
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    for (uint32_t v = 0; v < s->w.n; ++v) {
      uint32_t c = s->w.color[v];
      ++s->overlap_before[(uint64_t)s->before[v] * stride + c];
      ++s->overlap_after[(uint64_t)c * stride + s->after[v]];
      ++s->size[c];
    }
  }
  aatgs_sync(t);
}

/* Classmate pairs shared with both neighbours: the change when v goes from its colour to c. */
AATGS_FN int32_t prism_slice_gain(const prism_slice *s, uint32_t v, uint32_t c)
{
  uint32_t stride = s->w.stride, a = s->w.color[v];
  const uint16_t *before = s->overlap_before + (uint64_t)s->before[v] * stride;
  uint32_t to = s->after[v];
  return (int32_t)before[c] - (int32_t)before[a] +
         (int32_t)s->overlap_after[(uint64_t)c * stride + to] -
         (int32_t)s->overlap_after[(uint64_t)a * stride + to] + 2;
}

AATGS_FN void prism_slice_move(aatgs_task *t, prism_slice *s, uint32_t v, uint32_t c)
{
  uint32_t stride = s->w.stride, a = s->w.color[v];
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    uint16_t *before = s->overlap_before + (uint64_t)s->before[v] * stride;
    uint32_t to = s->after[v];
    --before[a];
    ++before[c];
    --s->overlap_after[(uint64_t)a * stride + to];
    ++s->overlap_after[(uint64_t)c * stride + to];
    --s->size[a];
    ++s->size[c];
  }
  prism_move(t, &s->w, v, c);
}

/* The exponent of a proposal, x 65536: delta / T - coupling gain - mu / T (growth of the sum of
 * squared class sizes, halved). */
AATGS_FN int64_t prism_slice_cost(const aatgs_task *t, const prism_slice *s, uint32_t v,
                                  uint32_t c, uint32_t coupling)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  int32_t crowd = (int32_t)s->size[c] - (int32_t)s->size[s->w.color[v]] + 1;
  return (int64_t)prism_delta(&s->w, v, c) * (int64_t)tables[PRISM_T_INVERSE] -
         (int64_t)prism_slice_gain(s, v, c) * (int64_t)coupling -
         (int64_t)crowd * (int64_t)(int32_t)tables[PRISM_T_CHEMICAL];
}

/* `count` proposals, as prism_metropolis() does them. */
AATGS_FN uint32_t prism_slice_anneal(aatgs_task *t, prism_slice *s, uint32_t count, uint64_t first)
{
  const uint32_t *table = aatgs_region_ptr(t, PRISM_EXP, const uint32_t);
  uint32_t coupling = PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_COUPLING);
  uint32_t done = 0, moves = 0;
  while (done < count && s->conflicts) {
    uint32_t mine = done + t->lane, v, c, u;
    uint64_t hit = UINT64_MAX;
    if (mine < count) {
      int64_t x;
      u = prism_propose(&s->w, aatgs_random_u64(t, first + mine), &v, &c);
      x = prism_slice_cost(t, s, v, c, coupling);
      if (x <= 0 || u < prism_exp_lookup(table, x))
        hit = mine;
    }
    hit = aatgs_reduce_min_u64(t, hit);
    if (hit == UINT64_MAX) {
      done += t->lanes;
      continue;
    }
    done = (uint32_t)hit + 1;
    prism_propose(&s->w, aatgs_random_u64(t, first + hit), &v, &c);
    s->conflicts = (uint32_t)((int32_t)s->conflicts + prism_delta(&s->w, v, c));
    prism_slice_move(t, s, v, c);
    ++moves;
  }
  return moves;
}

#define PRISM_CHAIN_MAX 256u

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

/* Tries to swap the colours of a random Kempe chain; the chain is the same backwards, so the
 * proposal is symmetric. Returns whether it was accepted. */
AATGS_FN uint32_t prism_slice_tunnel(aatgs_task *t, prism_slice *s, uint64_t draw)
{
  const uint32_t *table = aatgs_region_ptr(t, PRISM_EXP, const uint32_t);
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  uint32_t coupling = PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_COUPLING);
  uint32_t v, c, a, length;
  uint32_t u = prism_propose(&s->w, aatgs_random_u64(t, draw), &v, &c);
  int64_t x = 0;
  a = s->w.color[v];
  length = prism_kempe_chain(t, s, v, c);
  if (length == 0)
    return 0;
  for (uint32_t i = 0; i < length; ++i) {
    uint32_t y = s->queue[i], to = s->w.color[y] == a ? c : a;
    x -= (int64_t)prism_slice_gain(s, y, to) * (int64_t)coupling +
         ((int64_t)s->size[to] - (int64_t)s->size[a + c - to] + 1) *
             (int64_t)(int32_t)tables[PRISM_T_CHEMICAL];
    aatgs_sync(t);
    prism_slice_move(t, s, y, to);
  }
  if (x <= 0 || u < prism_exp_lookup(table, x))
    return 1;
  for (uint32_t i = 0; i < length; ++i) {
    uint32_t y = s->queue[i], to = s->w.color[y] == a ? c : a;
    aatgs_sync(t);
    prism_slice_move(t, s, y, to);
  }
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
    s->w = prism_shrink(t, s->w, target, salt);
    s->w.k = target;
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
  uint32_t chance = prism_tunnel_chance(t), moves = 0, tunnels = 0;
  prism_slice s = prism_slice_of(t, number, ring);
  uint64_t draws = (uint64_t)number << 48;
  prism_slice_follow(t, &s, target);
  for (uint32_t i = 0; i < sweeps && s.conflicts && s.w.k > 1; ++i) {
    uint64_t first = draws + ((uint64_t)i << 32);
    moves += prism_slice_anneal(t, &s, s.w.n, first);
    if (aatgs_random_u32(t, first + s.w.n) < chance && s.conflicts)
      tunnels += prism_slice_tunnel(t, &s, first + s.w.n + 1);
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
  uint32_t turn = PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_CLOCK) & 1;
  if (target == 0)
    return;
  for (uint32_t i = t->part; 2 * i < ring; i += t->parts)
    prism_quantum_slice(t, 2 * i + turn, ring, target);
}

/* The coupling that a field G means between classical slices: -ln tanh(G / T) / 2, x 65536
 * (Suzuki 1976), at most 8. */
AATGS_FN uint32_t prism_coupling(double field, double temperature)
{
  double e = prism_exp_minus(2.0 * field / temperature);
  double tanh_of = (1.0 - e) / (1.0 + e), j;
  if (!(tanh_of > 1e-7))
    return 8u << 16;
  j = -0.5 * prism_ln(tanh_of);
  if (!(j > 0.0))
    return 0;
  return j > 8.0 ? 8u << 16 : (uint32_t)(j * 65536.0);
}

/* The next field: it decays, and starts again at a fiftieth of transverse_field or when a quench
 * was ordered. */
AATGS_FN void prism_quantum_finish(aatgs_task *t)
{
  uint32_t clock = PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_CLOCK);
  uint32_t seen = PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_EPOCH);
  uint32_t quench = PRISM_GET(t, PRISM_CONTROL, PRISM_QUENCHES);
  double field = (double)PRISM_GET(t, PRISM_QUANTUM, PRISM_Q_FIELD) / 1048576.0;
  if (PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET) == 0)
    return;
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    struct prism_config c = prism_config_of(t);
    double start = (double)c.transverse_field;
    field = field * (1.0 - (double)c.interference_decay);
    if (!(field > start / 50.0) || field > start || seen != quench)
      field = start;
    if (!(field < 1024.0))
      field = 1024.0;
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_FIELD, (uint32_t)(field * 1048576.0));
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_COUPLING,
                  prism_coupling(field, prism_temperature(&c, 0)));
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_EPOCH, quench);
    aatgs_put_u32(t, PRISM_QUANTUM, PRISM_Q_CLOCK, clock + 1);
  }
}

#endif
