/* mischief: tasks that do what tasks must not, for tests of what happens then. */
#include <aatgs/port.h>
#include <aatgs/workload.h>

typedef struct mischief_config {
  uint32_t fail;    /* task arg that fails, 0: none */
  uint32_t hang_ms; /* how long Hang does not return */
  uint32_t times;   /* how many of its attempts fail, 0: all */
} mischief_config;

enum { SEEN, REGIONS };

#if !defined(__CUDACC__)
#include <time.h>
static void hang(uint32_t ms)
{
  const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&t, NULL);
}
#else
AATGS_FN void hang(uint32_t ms)
{
  for (uint32_t i = 0; i < ms; i++)
    __nanosleep(1000000);
}
#endif

/* Counts how often each arg ran; fails when told to. */
AATGS_FN void mischief_step(aatgs_task *t)
{
  const mischief_config *config = (const mischief_config *)t->config;
  const uint32_t *seen = aatgs_region_ptr(t, SEEN, uint32_t);
  const uint32_t before = seen[t->arg];
  aatgs_sync(t);
  aatgs_one_lane(t) aatgs_put_u32(t, SEEN, t->arg, before + 1);
  if (config->fail && config->fail == t->arg && (!config->times || t->attempt < config->times))
    aatgs_fail(t, 1);
}

/* The same, but it writes nothing: several may run side by side. */
AATGS_FN void mischief_look(aatgs_task *t)
{
  const mischief_config *config = (const mischief_config *)t->config;
  aatgs_sync(t);
  if (config->fail && config->fail == t->arg && (!config->times || t->attempt < config->times))
    aatgs_fail(t, 1);
}

AATGS_FN void mischief_hang(aatgs_task *t)
{
  const mischief_config *config = (const mischief_config *)t->config;
  hang(config->hang_ms);
}

/* Writes where nothing is, or gives up; on cpu, where that would end the test, they fail. */
AATGS_FN void mischief_wild(aatgs_task *t)
{
#if defined(__CUDACC__)
  ((uint32_t *)(uintptr_t)16)[t->iteration] = 1;
#else
  aatgs_fail(t, 2);
#endif
}

AATGS_FN void mischief_trap(aatgs_task *t)
{
#if defined(__CUDACC__)
  (void)t;
  __trap();
#else
  aatgs_fail(t, 3);
#endif
}

AATGS_FN void mischief_report(aatgs_task *t)
{
  const uint32_t *seen = aatgs_region_ptr(t, SEEN, uint32_t);
  aatgs_one_lane(t)
  {
    for (uint32_t i = 0; i < 4; i++)
      t->telemetry[i] = seen[i];
  }
}

/* Type 3, Missing, is declared but has no line here. */
#define AATGS_TASKS(X)                                                                             \
  X(0, mischief_step, AATGS_NO_FINISH)                                                             \
  X(1, mischief_hang, AATGS_NO_FINISH)                                                             \
  X(2, mischief_report, AATGS_NO_FINISH)                                                           \
  X(4, mischief_wild, AATGS_NO_FINISH)                                                             \
  X(5, mischief_trap, AATGS_NO_FINISH)                                                             \
  X(6, mischief_look, AATGS_NO_FINISH)
#include <aatgs/loop.h>

#if !defined(__CUDACC__)
static const aatgs_field config_fields[] = {
    {"fail", "", "Arg of the Step that fails", AATGS_U32, 1, offsetof(mischief_config, fail),
     AATGS_FIELD_PLAIN, 0, 15, 0},
    {"hang_ms", "ms", "How long Hang does not return", AATGS_U32, 1,
     offsetof(mischief_config, hang_ms), AATGS_FIELD_PLAIN, 0, 60000, 0},
    {"times", "", "How many attempts of that Step fail; 0: all", AATGS_U32, 1,
     offsetof(mischief_config, times), AATGS_FIELD_PLAIN, 0, 100, 0},
};
static const aatgs_field telemetry_fields[] = {
    {"seen", "", "How often arg 0..3 ran", AATGS_U32, 4, 0, AATGS_FIELD_PLAIN, 0, 0, 0},
};
static const aatgs_region regions[REGIONS] = {{"seen", AATGS_REGION_PRIMARY, 4}};
static const aatgs_task_type types[] = {
    {"Step", "Counts, and fails when told to", AATGS_ROLE_NONE, 1, 0, AATGS_REGION_BIT(SEEN), 1000,
     0, -1},
    {"Hang", "Does not return for a while", AATGS_ROLE_NONE, 1, 0, 0, 1000, 0, -1},
    {"Report", "Fills in the telemetry", AATGS_ROLE_DOWNLOAD, 1, AATGS_REGION_BIT(SEEN), 0, 1000, 0,
     -1},
    {"Missing", "Is not in AATGS_TASKS", AATGS_ROLE_NONE, 1, 0, 0, 1000, 0, -1},
    {"Wild", "Writes where nothing is (cuda)", AATGS_ROLE_NONE, 1, 0, 0, 1000, 0, -1},
    {"Trap", "Gives up, as an assertion does (cuda)", AATGS_ROLE_NONE, 1, 0, 0, 1000, 0, -1},
    {"Look", "Fails when told to", AATGS_ROLE_NONE, 2, AATGS_REGION_BIT(SEEN), 0, 1000, 0, -1},
};
static const aatgs_named_graph graphs[] = {
    {"steps",
     "one Step arg=1\ntwo Step arg=2 after=one\nthree Step arg=3 after=two\n"
     "report Report after=three\n",
     "Three steps"},
    {"hang", "hang Hang\n", "One task that does not return for hang_ms"},
    {"again",
     "one Step arg=1 retries=1\ntwo Step arg=2 after=one\nthree Step arg=3 after=two\n"
     "report Report after=three\n",
     "Three steps, the first of which has a second try"},
    {"wide",
     "one Step arg=1\na Look arg=2 after=one\nb Look arg=3 after=one\nc Look arg=4 after=a,b\n"
     "d Look arg=2 after=b retries=1\ntwo Step arg=3 after=c,d\nreport Report after=two\n",
     "Steps with looks side by side between them"},
    {"missing", "one Step arg=1\nmissing Missing after=one\n", "A type without code"},
    {"missing-first", "missing Missing\n", "Nothing but a type without code"},
    {"missing-third", "one Step arg=1\ntwo Step arg=2 after=one\nmissing Missing after=two\n",
     "Two steps, then a type without code"},
    {"missing-wide",
     "one Look arg=1\nmissing Missing\ntwo Look arg=2\nthree Look arg=3 after=one,missing,two\n",
     "A type without code beside others, and one that waits for all"},
    {"wild", "one Step arg=1\nwild Wild after=one\n", "An illegal address"},
    {"trap", "one Step arg=1\ntrap Trap after=one\n", "A trap"},
};

static int mischief_setup(aatgs_setup *setup)
{
  return setup->region(setup, SEEN, 16 * 4) ? 0 : setup->fail(setup, "out of memory");
}

static const struct aatgs_workload mischief = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "mischief",
    .help = "Tasks that do what tasks must not",
    .source_digest = AATGS_WORKLOAD_SOURCE_DIGEST,
    .layout_digest = AATGS_LAYOUT_DIGEST,
    .config_bytes = sizeof(mischief_config),
    .telemetry_bytes = 16,
    .config_fields = config_fields,
    .config_field_count = 3,
    .telemetry_fields = telemetry_fields,
    .telemetry_field_count = 1,
    .regions = regions,
    .region_count = REGIONS,
    .types = types,
    .type_count = sizeof types / sizeof *types,
    .graphs = graphs,
    .graph_count = sizeof graphs / sizeof *graphs,
    .setup = mischief_setup,
    .cpu_loop = aatgs_cpu_loop,
    .cuda_launch = AATGS_CUDA_LAUNCH,
};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &mischief;
}
#endif
