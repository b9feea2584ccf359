#include "tools/schedule_chart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL 6u /* "  12 |" */

/* A box from column a to b (excluded): [name=], [name or ## as there is room. */
static void draw(char *line, uint32_t a, uint32_t b, const char *name)
{
  uint32_t width = b - a, letters = (uint32_t)strlen(name);

  if (width == 0)
    return;
  memset(line + a, width < 3 ? '#' : '=', width);
  if (width < 3)
    return;
  line[a] = '[';
  line[b - 1] = ']';
  if (letters <= width - 1)
    memcpy(line + a + 1, name, letters);
}

static uint32_t column_of(uint64_t ns, uint64_t makespan_ns, uint32_t columns)
{
  return (uint32_t)((double)ns * columns / (double)makespan_ns + 0.5);
}

char *aatgs_schedule_chart(const aatgs_timing *timings, uint32_t count, const char *const *names,
                           uint32_t workers, uint64_t makespan_ns, uint32_t columns)
{
  size_t pitch = LABEL + columns + 2; /* the closing bar and the newline */
  char *text = malloc(pitch * workers + 1), label[16];

  if (!text)
    return NULL;
  memset(text, ' ', pitch * workers);
  for (uint32_t w = 0; w < workers; w++) {
    char *line = text + pitch * w;
    snprintf(label, sizeof label, "%4u |", w);
    memcpy(line, label, LABEL);
    memset(line + LABEL, '.', columns);
    line[pitch - 2] = '|';
    line[pitch - 1] = '\n';
  }
  for (uint32_t i = 0; i < count; i++) {
    const aatgs_timing *t = &timings[i];
    if (t->worker < workers && makespan_ns)
      draw(text + pitch * t->worker + LABEL, column_of(t->start_ns, makespan_ns, columns),
           column_of(t->start_ns + t->duration_ns, makespan_ns, columns), names[t->task]);
  }
  text[pitch * workers] = 0;
  return text;
}
