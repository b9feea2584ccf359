/* What the host side of prism (host/prism/) provides: the schema and the hooks
 * of struct aatgs_workload. */
#ifndef AATGS_PRISM_HOOKS_H
#define AATGS_PRISM_HOOKS_H

#include "../workload.h"
#include "prism.h"

#define PRISM_CONFIG_FIELDS    44u
#define PRISM_TELEMETRY_FIELDS 14u
extern const aatgs_field prism_config_fields[PRISM_CONFIG_FIELDS];
extern const aatgs_field prism_telemetry_fields[PRISM_TELEMETRY_FIELDS];

/* Input kinds. */
enum prism_input { PRISM_INPUT_GRAPH = 0, PRISM_INPUT_PROTEIN = 1, PRISM_INPUTS = 2 };

/* Hooks of the workload, see device/workload.h. */
int prism_setup(aatgs_setup *setup);
const char *prism_check_config(const void *config);
size_t prism_solution(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                      size_t capacity);
size_t prism_summary(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                     size_t capacity);

#endif
