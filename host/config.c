/* Configs by the workload's schema. */
#include "device/workload.h"
#include "host/aatgs.h"
#include "trace/field.h"

#include <string.h>

void aatgs_default_config(const struct aatgs_workload *w, void *config)
{
  aatgs_fields_defaults(w->config_fields, w->config_field_count, config, w->config_bytes);
}

int aatgs_set_config_field(const struct aatgs_workload *w, void *config, const char *key,
                           const char *value, aatgs_error *error)
{
  const aatgs_field *field;
  uint32_t index;
  int rc = aatgs_field_find(w->config_fields, w->config_field_count, key, &field, &index, error);
  if (!rc)
    rc = aatgs_field_set(field, config, index, value, error);
  return rc;
}
