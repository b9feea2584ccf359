/* What the texts about results share: printing into a buffer that may be too
 * small, and the regions' words. */
#ifndef AATGS_PRISM_SINK_H
#define AATGS_PRISM_SINK_H

#include "device/workload.h"

typedef struct prism_sink {
  char *out;
  size_t capacity;
  size_t used; /* what the text has, whether it fits or not */
} prism_sink;

void prism_print(prism_sink *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts the sentence into `out` and returns 0, for hooks that have no result. */
size_t prism_no_result(char *out, size_t capacity, const char *why);

static inline const uint32_t *prism_words(const aatgs_region_view *regions, uint32_t region)
{
  return (const uint32_t *)(const void *)regions[region].bytes;
}

/* The binding sites as a PDB file of pseudo-atoms; same conventions as aatgs_workload.solution. */
size_t prism_site_lines(const aatgs_input *in, const aatgs_region_view *regions, char *out,
                        size_t capacity);
/* A line about how many there are and one for each of the first three. */
void prism_summarize_sites(prism_sink *s, const aatgs_input *in, const aatgs_region_view *regions);

#endif
