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

/* Ligands are HETATM but not water, ions, buffer, or links of the chain. */
static bool is_ligand(const char *line)
{
  static const char *const others[] = {"HOH", "GOL", "DIO", "TPO", "SEP",
                                       " MN", " CA", " ZN", " MG"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (!memcmp(line + 17, others[i], 3))
      return false;
  return !memcmp(line, "HETATM", 6);
}

/* The square of the distance from a pocket to the nearest atom of a ligand. */
static double ligand_distance(const char *text, size_t size, const uint32_t *pocket)
{
  double nearest = 1e9;
  for (const char *line = text, *end; line < text + size; line = end + 1) {
    end = memchr(line, '\n', (size_t)(text + size - line));
    if (!end)
      break;
    if (end - line < 54 || !is_ligand(line))
      continue;
    char number[3][9] = {""};
    for (int d = 0; d < 3; d++)
      memcpy(number[d], line + 30 + 8 * d, 8);
    double square = distance(pocket, atof(number[0]), atof(number[1]), atof(number[2]));
    nearest = square < nearest ? square : nearest;
  }
  return nearest;
}

static void finds_the_sites_of_ligands(void **state)
{
  static const char *const names[] = {"1ATP",  "1UYD", "1fbl", "1nlu", "2W83",
                                      "2ck3b", "3LKF", "3ot3", "4hyi", "7TAA"};
  uint32_t first = 0, among_three = 0;
  (void)state;
  for (size_t i = 0; i < 10; i++) {
    char path[64];
    size_t size = 0;
    snprintf(path, sizeof path, "pdb/%s.pdb", names[i]);
    char *text = harness_file(path, &size);
    if (!text)
      skip();
    harness h;
    assert_int_equal(harness_open(&h, NULL, 0, text, size), 0);
    scan(&h);
    uint32_t rank = 0;
    while (rank < h.telemetry.pockets &&
           ligand_distance(text, size, lbs_of(&h) + PRISM_L_POCKET + rank * PRISM_POCKET_WORDS) >=
               16)
      rank++;
    print_message("%s: the ligand is at pocket %u of %u\n", names[i], rank + 1,
                  h.telemetry.pockets);
    first += rank == 0;
    among_three += rank < 3;
    harness_close(&h);
    free(text);
  }
  assert_true(first >= 7);
  assert_true(among_three >= 9);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(finds_a_hole_in_a_ball),
                                     cmocka_unit_test(a_scan_can_be_taken_up_again),
                                     cmocka_unit_test(finds_the_sites_of_ligands)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
