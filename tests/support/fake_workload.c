#include "support/fake_workload.h"

#define BIT(r) AATGS_REGION_BIT(FAKE_R_##r)

static const aatgs_region regions[FAKE_REGIONS] = {
    {"config", AATGS_REGION_PRIMARY, 4},  {"best", AATGS_REGION_PRIMARY, 4},
    {"whcr", AATGS_REGION_PRIMARY, 4},    {"anneal", AATGS_REGION_PRIMARY, 4},
    {"quantum", AATGS_REGION_PRIMARY, 4}, {"lbs", AATGS_REGION_PRIMARY, 4},
    {"x", AATGS_REGION_PRIMARY, 4},       {"y", AATGS_REGION_PRIMARY, 4},
};

static const aatgs_task_type types[FAKE_TYPES] = {
    {"ConfigUpload", "", AATGS_ROLE_UPLOAD, 1, 0, BIT(CONFIG), 100000, 0, -1},
    {"WhcrKernel", "", AATGS_ROLE_NONE, 4, BIT(CONFIG), BIT(WHCR), 5000000, 1, 0},
    {"ThermodynamicAnneal", "", AATGS_ROLE_NONE, 8, BIT(CONFIG), BIT(ANNEAL), 10000000, 0, 0},
    {"QuantumOptimize", "", AATGS_ROLE_NONE, 8, BIT(CONFIG), BIT(QUANTUM), 15000000, 0, 0},
    {"LbsPredict", "", AATGS_ROLE_NONE, 2, BIT(CONFIG), BIT(LBS), 8000000, 0, 1},
    {"PhaseTransition", "", AATGS_ROLE_NONE, 1, BIT(WHCR) | BIT(ANNEAL) | BIT(QUANTUM), BIT(BEST),
     1000000, 0, -1},
    {"TelemetryDownload", "", AATGS_ROLE_DOWNLOAD, 1,
     BIT(WHCR) | BIT(ANNEAL) | BIT(QUANTUM) | BIT(LBS) | BIT(BEST), 0, 200000, 0, -1},
    {"Custom", "", AATGS_ROLE_NONE, 1, 0, 0, 5000000, 0, -1},
    {"ReadX", "", AATGS_ROLE_NONE, 1, BIT(X), 0, 1000, 0, -1},
    {"WriteX", "", AATGS_ROLE_NONE, 1, 0, BIT(X), 1000, 0, -1},
    {"ReadY", "", AATGS_ROLE_NONE, 1, BIT(Y), 0, 1000, 0, -1},
    {"WriteY", "", AATGS_ROLE_NONE, 1, BIT(Y), BIT(Y), 1000, 1, -1},
    {"Both", "", AATGS_ROLE_NONE, 3, BIT(X), BIT(Y), 1000, 0, -1},
};

static const aatgs_input_kind inputs[] = {{"graph", ""}, {"protein", ""}};

static const aatgs_named_graph graphs[] = {
    {"linear",
     "upload ConfigUpload\nwork WhcrKernel after=upload\ndownload TelemetryDownload after=work\n",
     ""},
    {"diamond",
     "upload ConfigUpload\nwhcr WhcrKernel after=upload\nanneal ThermodynamicAnneal after=upload\n"
     "download TelemetryDownload after=whcr,anneal\n",
     ""},
    {"full",
     "upload ConfigUpload # takes the config over\n"
     "whcr WhcrKernel after=upload\nanneal ThermodynamicAnneal after=upload\n"
     "quantum QuantumOptimize after=upload\nlbs LbsPredict after=upload\n"
     "phase PhaseTransition after=whcr,anneal,quantum,lbs\n"
     "download TelemetryDownload after=phase\n",
     ""},
    {"solvers", "whcr WhcrKernel\n", ""},
};

const struct aatgs_workload fake_workload = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "fake",
    .config_bytes = 256,
    .telemetry_bytes = 64,
    .regions = regions,
    .region_count = FAKE_REGIONS,
    .type_count = FAKE_TYPES,
    .types = types,
    .input_kinds = inputs,
    .input_kind_count = 2,
    .graph_count = sizeof graphs / sizeof *graphs,
    .graphs = graphs,
};
