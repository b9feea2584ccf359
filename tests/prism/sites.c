/* Binding sites: a hole in a ball is found where it is; on real structures the
 * ligand's site is among the first pockets. */
#include "support/cm.h"
#include "support/prism_harness.h"

static const harness_task sites_tasks[] = {{UPLOAD, 1, 0}, {LBS, 4, 0}, {DOWNLOAD, 1, 0}};

static const uint32_t *lbs_of(const harness *h)
{
  return (const uint32_t *)(const void *)h->regions[PRISM_LBS];
}

static void scan(harness *h)
{
  h->config.sweeps = 200;
  for (int i = 0; i < 10000 && lbs_of(h)[PRISM_L_STAGE] != PRISM_LBS_DONE; i++)
    harness_iterate(h, sites_tasks, HARNESS_COUNT(sites_tasks));
  harness_iterate(h, sites_tasks, HARNESS_COUNT(sites_tasks));
  assert_int_equal(lbs_of(h)[PRISM_L_STAGE], PRISM_LBS_DONE);
}

/* A ball of carbon, 12 angstrom in radius, centre at (30, -20, 10), with a tunnel from a chamber 6
 * angstrom off the centre to the outside. */
static char *hollow_ball(size_t *size)
{
  char *text = malloc(400000);
  int serial = 0;
  *size = 0;
  for (int i = 0; i < 13 * 13 * 13; i++) {
    int x = i % 13 - 6, y = i / 13 % 13 - 6, z = i / 169 - 6;
    int off = (x - 3) * (x - 3) + y * y + z * z;
    if (x * x + y * y + z * z > 36 || off < 5 || (x >= 3 && y == 0 && z == 0))
      continue;
    serial++;
    *size += (size_t)sprintf(text + *size,
                             "ATOM  %5d  C   ALA A%4d    %8.3f%8.3f%8.3f  1.00  0.00           C\n",
                             serial, serial, 30 + x * 2.0, -20 + y * 2.0, 10 + z * 2.0);
  }
  return text;
}

static double distance(const uint32_t *pocket, double x, double y, double z)
{
  double d[3] = {(int32_t)pocket[PRISM_P_X] / 1000.0 - x, (int32_t)pocket[PRISM_P_Y] / 1000.0 - y,
                 (int32_t)pocket[PRISM_P_Z] / 1000.0 - z};
  return d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
}

static void finds_a_hole_in_a_ball(void **state)
{
  size_t size;
  char *text = hollow_ball(&size), out[4096];
  aatgs_region_view views[PRISM_REGIONS];
  harness h;
  (void)state;
  assert_int_equal(harness_open(&h, NULL, 0, text, size), 0);
  scan(&h);
  assert_true(h.telemetry.pockets >= 1);
  assert_true(h.telemetry.pocket_score > 0);
  assert_true(distance(lbs_of(&h) + PRISM_L_POCKET, 36, -20, 10) < 4);
  for (uint32_t i = 0; i < PRISM_REGIONS; i++)
    views[i] = (aatgs_region_view){h.regions[i], h.bytes[i]};
  assert_true(prism_solution(h.inputs, views, out, sizeof out) > 0);
  assert_non_null(strstr(out, "HETATM    1  O   PKT A   1    "));
  assert_true(prism_summary(h.inputs, views, out, sizeof out) > 0);
  assert_non_null(strstr(out, "binding site"));
  harness_close(&h);
  free(text);
}

/* The same whatever the sweeps, and after a rebuild in the middle. */
static void a_scan_can_be_taken_up_again(void **state)
{
  size_t size;
  char *text = hollow_ball(&size);
  harness a, b;
  (void)state;
  assert_int_equal(harness_open(&a, NULL, 0, text, size), 0);
  assert_int_equal(harness_open(&b, NULL, 0, text, size), 0);
  a.config.sweeps = b.config.sweeps = 3;
  for (int i = 0; i < 400; i++) {
    harness_iterate(&a, sites_tasks, HARNESS_COUNT(sites_tasks));
    harness_iterate(&b, sites_tasks, HARNESS_COUNT(sites_tasks));
    assert_true(a.digest == b.digest);
    if (i % 37)
      continue;
    memset(b.regions[PRISM_LBS_GRID], 0x77, b.bytes[PRISM_LBS_GRID]);
    memset(b.regions[PRISM_LBS_LABELS], 0x77, b.bytes[PRISM_LBS_LABELS]);
    harness_rebuild(&b);
  }
  assert_int_equal(lbs_of(&a)[PRISM_L_STAGE], PRISM_LBS_DONE);
  assert_memory_equal(a.regions[PRISM_LBS], b.regions[PRISM_LBS], a.bytes[PRISM_LBS]);
  harness_close(&a);
  assert_int_equal(harness_open(&a, NULL, 0, text, size), 0);
  scan(&a);
  assert_memory_equal(a.regions[PRISM_LBS], b.regions[PRISM_LBS], a.bytes[PRISM_LBS]);
  harness_close(&a);
  harness_close(&b);
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(finds_a_hole_in_a_ball),
                                     cmocka_unit_test(a_scan_can_be_taken_up_again)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
