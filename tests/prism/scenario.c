/* One run of every task on a random graph and a small protein, compiled once
 * with one lane a worker and once with several. */
#include "prism/scenario.h"

#include "support/prism_graphs.h"
#include "support/prism_harness.h"

/* A ball of carbon atoms with a hole in the middle and a way out. */
static char *hollow_ball(size_t *size)
{
  char *text = malloc(100000);
  *size = 0;
  for (int i = 0, serial = 0; i < 11 * 11 * 11; i++) {
    int x = i % 11 - 5, y = i / 11 % 11 - 5, z = i / 121 - 5, square = x * x + y * y + z * z;
    if (square > 25 || square < 5 || (x == 0 && y == 0 && z > 0))
      continue;
    serial++;
    *size += (size_t)sprintf(text + *size,
                             "ATOM  %5d  C   ALA A%4d    %8.3f%8.3f%8.3f  1.00  0.00           C\n",
                             serial, serial, x * 2.0, y * 2.0, z * 2.0);
  }
  return text;
}

uint64_t scenario_run(uint32_t iterations, bool backwards)
{
  static const harness_task tasks[] = {{UPLOAD, 1, 0}, {WHCR, 2 * PRISM_ISLAND_KINDS, 3},
                                       {THERMO, 3, 0}, {QUANTUM, 3, 0},
                                       {LBS, 3, 0},    {CUSTOM, 1, 0},
                                       {PHASE, 1, 0},  {DOWNLOAD, 1, 0}};
  size_t graph_size, ball_size;
  char *graph = graph_text(40, graph_random, 50, &graph_size), *ball = hollow_ball(&ball_size);
  uint64_t digest;
  harness h;
  if (harness_open(&h, graph, graph_size, ball, ball_size) != 0)
    abort();
  h.backwards = backwards;
  h.config.flags = PRISM_CHECK_TABLES;
  h.config.sweeps = 4;
  h.config.persistence_threshold = 10;
  h.config.pre_smooth_iterations = 1;
  h.config.post_smooth_iterations = 1;
  h.config.transition_sensitivity = 0.3f;
  h.config.tunneling_prob_base = 0.5f;
  for (uint32_t i = 0; i < iterations; i++) {
    h.config.target_colors = i < iterations / 2 ? 0 : i % 50 < 25 ? 5 : 6;
    h.config.num_quantum_states = i % 40 < 20 ? 6 : 4;
    harness_iterate(&h, tasks, HARNESS_COUNT(tasks));
    h.digest = aatgs_mix64(h.digest ^ h.telemetry.moves_applied ^
                           (uint64_t)h.telemetry.target_conflicts << 32);
    if (h.failed)
      abort();
  }
  digest = h.digest;
  harness_close(&h);
  free(graph);
  free(ball);
  return digest;
}
