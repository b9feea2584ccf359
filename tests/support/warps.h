/* A thread block of a GPU in C: lanes are fibers, a warp 32 of them, with the
 * barriers of the block and of warps, and what prism uses of CUDA. Lanes change
 * only at barriers, and the schedule says which one runs next: a barrier that is
 * missing shows when one warp runs ahead of another. Included by lanes.h. */
#ifndef AATGS_TESTS_WARPS_H
#define AATGS_TESTS_WARPS_H

#include <ucontext.h>

/* Which of the lanes that can go on does: always the first, always the last, or any. */
enum warps_schedule { WARPS_FIRST, WARPS_LAST, WARPS_ANY, WARPS_SCHEDULES };

#define WARPS_STACK (128u << 10)

typedef struct warps_barrier {
  uint32_t met;                 /* lanes that wait at it */
  uint32_t turns;               /* how often all have met */
  uint64_t shown[2][LANES_MAX]; /* lanes_show(): now, and the last ones, which may still be read */
} warps_barrier;

typedef struct warps_lane {
  ucontext_t context;
  const warps_barrier *at; /* the barrier that it came to last, and its turn then */
  uint32_t turn;
  bool over;
} warps_lane;

static struct warps {
  enum warps_schedule schedule;
  uint64_t random;
  uint32_t self; /* the lane that runs */
  uint32_t left; /* lanes that are not over */
  warps_barrier block, warp[PRISM_HARNESS_WARPS];
  warps_lane lane[LANES_MAX];
  ucontext_t caller;
} warps;
static char warps_stack[LANES_MAX][WARPS_STACK];

AATGS_FN bool warps_can_run(const warps_lane *lane)
{
  return !lane->over && !(lane->at && lane->at->turns == lane->turn);
}

AATGS_FN uint32_t warps_next(void)
{
  uint32_t first = 0;
  if (warps.schedule == WARPS_ANY)
    first = (uint32_t)(aatgs_mix64(warps.random++) % lanes_count);
  for (uint32_t i = 0; i < lanes_count; i++) {
    const uint32_t lane =
        warps.schedule == WARPS_LAST ? lanes_count - 1 - i : (first + i) % lanes_count;
    if (warps_can_run(&warps.lane[lane]))
      return lane;
  }
  fprintf(stderr, "lanes wait for one another at different barriers\n");
  abort();
}

/* Goes on with the next lane; returns when it is the caller's turn again. */
AATGS_FN void warps_switch(void)
{
  const uint32_t from = warps.self;
  warps.self = warps_next();
  if (warps.self != from)
    swapcontext(&warps.lane[from].context, &warps.lane[warps.self].context);
}

AATGS_FN void warps_main(void)
{
  lanes_what(&lanes_task[warps.self]);
  warps.lane[warps.self].over = true;
  if (--warps.left)
    warps_switch();
}

AATGS_FN void warps_begin(uint32_t number)
{
  warps_lane *lane = &warps.lane[number];
  memset(lane, 0, sizeof *lane);
  getcontext(&lane->context);
  lane->context.uc_stack.ss_sp = warps_stack[number];
  lane->context.uc_stack.ss_size = WARPS_STACK;
  lane->context.uc_link = &warps.caller;
  makecontext(&lane->context, warps_main, 0);
}

AATGS_FN void lanes_all(void)
{
  memset(&warps.block, 0, sizeof warps.block);
  memset(warps.warp, 0, sizeof warps.warp);
  for (uint32_t i = 0; i < lanes_count; i++)
    warps_begin(i);
  warps.left = lanes_count;
  warps.self = warps_next();
  swapcontext(&warps.caller, &warps.lane[warps.self].context);
}

/* ---- port_cuda.h ---------------------------------------------------------- */

AATGS_FN warps_barrier *warps_barrier_of(const aatgs_task *t)
{
  return t->lanes == AATGS_TEAM_LANES ? &warps.warp[warps.self / AATGS_TEAM_LANES] : &warps.block;
}

AATGS_FN void aatgs_sync(const aatgs_task *t)
{
  warps_lane *lane = &warps.lane[warps.self];
  warps_barrier *barrier = warps_barrier_of(t);
  lane->at = barrier;
  lane->turn = barrier->turns;
  if (++barrier->met == t->lanes) {
    barrier->met = 0;
    barrier->turns++;
  }
  warps_switch();
}

AATGS_FN const uint64_t *lanes_show(const aatgs_task *t, uint64_t v)
{
  warps_barrier *barrier = warps_barrier_of(t);
  uint64_t *shown = barrier->shown[barrier->turns % 2];
  shown[t->lane] = v;
  aatgs_sync(t);
  return shown;
}

AATGS_FN void warps_expect(bool holds, const char *what)
{
  if (holds)
    return;
  fprintf(stderr, "lane %u: %s\n", warps.self, what);
  abort();
}

/* The calling warp; `mask` names all of its lanes. */
AATGS_FN aatgs_task warps_warp(uint32_t mask)
{
  warps_expect(mask == UINT32_MAX, "names some lanes of its warp");
  return aatgs_team(&lanes_task[warps.self]);
}

AATGS_FN uint64_t aatgs_warp_min_u64(uint64_t v)
{
  const aatgs_task warp = warps_warp(UINT32_MAX);
  return lanes_reduce(&warp, v, LANES_LEAST);
}

/* ---- CUDA ----------------------------------------------------------------- */

#define __shared__     static /* one block runs at a time */
#define __ffs(bits)    __builtin_ffs(bits)
#define __ffsll(bits)  __builtin_ffsll(bits)
#define __popcll(bits) __builtin_popcountll(bits)
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* unroll */
#endif

typedef struct uint4 {
  uint32_t x, y, z, w;
} uint4;

AATGS_FN uint32_t __reduce_min_sync(uint32_t mask, uint32_t v)
{
  const aatgs_task warp = warps_warp(mask);
  return (uint32_t)lanes_reduce(&warp, v, LANES_LEAST);
}

AATGS_FN uint32_t __ballot_sync(uint32_t mask, int holds)
{
  const aatgs_task warp = warps_warp(mask);
  return (uint32_t)lanes_reduce(&warp, (uint64_t)(holds != 0) << warp.lane, LANES_ADD);
}

AATGS_FN uint64_t __shfl_sync(uint32_t mask, uint64_t v, int lane)
{
  const aatgs_task warp = warps_warp(mask);
  warps_expect(lane >= 0 && lane < 32, "wants the value of a lane that its warp does not have");
  return lanes_show(&warp, v)[lane];
}

/* Each half by itself. */
AATGS_FN uint32_t warps_halves(uint32_t low, uint32_t high)
{
  return (low & 0xffffu) | high << 16;
}

AATGS_FN uint32_t __vadd2(uint32_t a, uint32_t b)
{
  return warps_halves(a + b, (a >> 16) + (b >> 16));
}

AATGS_FN uint32_t __vsub2(uint32_t a, uint32_t b)
{
  return warps_halves(a - b, (a >> 16) - (b >> 16));
}

AATGS_FN uint32_t __vmins2(uint32_t a, uint32_t b)
{
  return warps_halves((int16_t)a < (int16_t)b ? a : b,
                      (int16_t)(a >> 16) < (int16_t)(b >> 16) ? a >> 16 : b >> 16);
}

#endif
