/* What prism tells the runtime about itself: regions, task types, graphs, the
 * workload. Included last by prism.c. */
#ifndef AATGS_PRISM_TABLES_H
#define AATGS_PRISM_TABLES_H

#include "hooks.h"
#include "regions.h"

#define PRISM_BIT(name) AATGS_REGION_BIT(PRISM_##name)
#define PRISM_READS_GRAPH                                                                          \
  (PRISM_BIT(INFO) | PRISM_BIT(ROWS) | PRISM_BIT(ADJ) | PRISM_BIT(MATRIX) | PRISM_BIT(NEAR))
#define PRISM_READS_AIM                                                                            \
  (PRISM_READS_GRAPH | PRISM_BIT(CONTROL) | PRISM_BIT(TABLES) | PRISM_BIT(BEST))
#define PRISM_READS_RESULTS                                                                        \
  (PRISM_READS_GRAPH | PRISM_BIT(TABLES) | PRISM_BIT(WHCR) | PRISM_BIT(WHCR_COLORS) |              \
   PRISM_BIT(THERMO) | PRISM_BIT(THERMO_COLORS) | PRISM_BIT(QUANTUM) | PRISM_BIT(QUANTUM_COLORS) | \
   PRISM_BIT(CUSTOM) | PRISM_BIT(CUSTOM_COLORS))
#define PRISM_WRITES_RESULT                                                                        \
  (PRISM_BIT(CONTROL) | PRISM_BIT(BEST) | PRISM_BIT(FOCUS) | PRISM_BIT(SCRATCH))
#define PRISM_WRITES_WHCR                                                                          \
  (PRISM_BIT(WHCR) | PRISM_BIT(WHCR_COLORS) | PRISM_BIT(WHCR_RING) | PRISM_BIT(WHCR_GAMMA) |       \
   PRISM_BIT(WHCR_OWN) | PRISM_BIT(WHCR_LOW) | PRISM_BIT(WHCR_MEMBERS) | PRISM_BIT(WHCR_DUE) |     \
   PRISM_BIT(WHCR_SCRATCH))
#define PRISM_WRITES_THERMO (PRISM_BIT(THERMO) | PRISM_BIT(THERMO_COLORS) | PRISM_BIT(THERMO_GAMMA))
#define PRISM_WRITES_QUANTUM                                                                       \
  (PRISM_BIT(QUANTUM) | PRISM_BIT(QUANTUM_COLORS) | PRISM_BIT(QUANTUM_GAMMA) |                     \
   PRISM_BIT(QUANTUM_OVERLAP) | PRISM_BIT(QUANTUM_SIZES))
#define PRISM_WRITES_LBS                                                                           \
  (PRISM_BIT(LBS) | PRISM_BIT(LBS_ROWS) | PRISM_BIT(LBS_GRID) | PRISM_BIT(LBS_LABELS))
#define PRISM_WRITES_CUSTOM                                                                        \
  (PRISM_BIT(CUSTOM) | PRISM_BIT(CUSTOM_COLORS) | PRISM_BIT(CUSTOM_SCRATCH))

#define PRISM_US UINT64_C(1000)
#define PRISM_MS UINT64_C(1000000)

/* name, help, role, parts, reads, writes, prior, finish, input needed; in the order of
 * AATGS_TASKS. */
static const aatgs_task_type prism_types[] = {
    {"ConfigUpload", "takes the config over: checks it, derives the tables the other tasks use",
     AATGS_ROLE_UPLOAD, 1, PRISM_BIT(INFO), PRISM_BIT(CONTROL) | PRISM_BIT(TABLES), 100 * PRISM_US,
     0, -1},
    {"WhcrKernel",
     "repairs conflicts of a colouring over a coarsening hierarchy; an individual a part; arg N: "
     "chains that one which anneals has",
     AATGS_ROLE_NONE, 4, PRISM_READS_AIM | PRISM_BIT(EXP), PRISM_WRITES_WHCR, 5 * PRISM_MS, 1,
     PRISM_INPUT_GRAPH},
    {"ThermodynamicAnneal",
     "parallel tempering over replicas of the colouring; arg N: in every Nth iteration",
     AATGS_ROLE_NONE, 4, PRISM_READS_AIM | PRISM_BIT(EXP), PRISM_WRITES_THERMO, 10 * PRISM_MS, 1,
     PRISM_INPUT_GRAPH},
    {"QuantumOptimize",
     "simulated quantum annealing of the colouring over Trotter slices; arg N: in every Nth "
     "iteration",
     AATGS_ROLE_NONE, 4, PRISM_READS_AIM | PRISM_BIT(EXP), PRISM_WRITES_QUANTUM, 15 * PRISM_MS, 1,
     PRISM_INPUT_GRAPH},
    {"LbsPredict", "ligand binding sites of a protein by a grid scan, pockets ranked",
     AATGS_ROLE_NONE, 4, PRISM_BIT(INFO) | PRISM_BIT(ATOMS) | PRISM_BIT(CELLS) | PRISM_BIT(TABLES),
     PRISM_WRITES_LBS, 8 * PRISM_MS, 1, PRISM_INPUT_PROTEIN},
    {"PhaseTransition",
     "takes results over, notices stagnation and changed phases; perturbs, takes a colour away",
     AATGS_ROLE_NONE, 1, PRISM_READS_RESULTS, PRISM_WRITES_RESULT, 1 * PRISM_MS, 0,
     PRISM_INPUT_GRAPH},
    {"TelemetryDownload", "recounts the exact result into the telemetry", AATGS_ROLE_DOWNLOAD, 1,
     PRISM_READS_RESULTS | PRISM_BIT(LBS), PRISM_WRITES_RESULT, 200 * PRISM_US, 0, -1},
    {"Custom",
     "a user's own task: iterated greedy; arg 1 reverses, 2 shuffles, 3 sorts the classes",
     AATGS_ROLE_NONE, 1, PRISM_READS_AIM, PRISM_WRITES_CUSTOM, 5 * PRISM_MS, 0, PRISM_INPUT_GRAPH}};

static const aatgs_input_kind prism_input_kinds[] = {
    {"graph", "DIMACS .col file to colour"}, {"protein", "PDB file to find binding sites in"}};

static const aatgs_named_graph prism_graphs[] = {
    {"full",
     "upload ConfigUpload\n"
     "whcr WhcrKernel after=upload\n"
     "thermo ThermodynamicAnneal arg=8 after=upload\n"
     "quantum QuantumOptimize arg=8 after=upload\n"
     "lbs LbsPredict after=upload\n"
     "phase PhaseTransition after=whcr,thermo,quantum,lbs\n"
     "download TelemetryDownload after=phase\n",
     "all solvers side by side, the annealers in every eighth iteration, then PhaseTransition"},
    {"wide",
     "upload ConfigUpload\n"
     "whcr WhcrKernel parts=120 arg=8 after=upload\n"
     "thermo ThermodynamicAnneal arg=8 after=upload\n"
     "quantum QuantumOptimize arg=8 after=upload\n"
     "phase PhaseTransition after=whcr,thermo,quantum\n"
     "download TelemetryDownload after=phase\n",
     "for a GPU: colouring as in full, by 120 individuals of WhcrKernel"},
    {"linear",
     "upload ConfigUpload\n"
     "whcr WhcrKernel after=upload\n"
     "download TelemetryDownload after=whcr\n",
     "ConfigUpload > WhcrKernel > TelemetryDownload"},
    {"diamond",
     "upload ConfigUpload\n"
     "whcr WhcrKernel after=upload\n"
     "thermo ThermodynamicAnneal after=upload\n"
     "download TelemetryDownload after=whcr,thermo\n",
     "WhcrKernel and ThermodynamicAnneal side by side"}};

static const aatgs_shorthand prism_shorthands[] = {
    {"colors", "target_colors", "K",
     "look for K colours and end the search there (default: fewer and fewer)"}};

#define PRISM_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static const struct aatgs_workload prism_workload = {
    AATGS_WORKLOAD_ABI,
    sizeof(struct aatgs_workload),
    "prism",
    "graph colouring by tabu repair, tempering and quantum annealing; binding sites of proteins",
    AATGS_WORKLOAD_SOURCE_DIGEST,
    AATGS_LAYOUT_DIGEST,
    sizeof(struct prism_config),
    sizeof(struct prism_telemetry),
    prism_config_fields,
    PRISM_CONFIG_FIELDS,
    PRISM_TELEMETRY_FIELDS,
    prism_telemetry_fields,
    prism_regions,
    PRISM_COUNT(prism_regions),
    PRISM_COUNT(prism_types),
    prism_types,
    prism_input_kinds,
    PRISM_COUNT(prism_input_kinds),
    PRISM_COUNT(prism_graphs),
    prism_graphs,
    prism_setup,
    prism_check_config,
    prism_solution,
    prism_summary,
    aatgs_cpu_loop,
    AATGS_CUDA_LAUNCH,
    prism_shorthands,
    PRISM_COUNT(prism_shorthands)};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &prism_workload;
}

#endif
