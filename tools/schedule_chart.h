/* Gantt charts of schedules, in text. */
#ifndef AATGS_TOOLS_SCHEDULE_CHART_H
#define AATGS_TOOLS_SCHEDULE_CHART_H

#include "host/schedule.h"

/* A line for each worker, `columns` wide, times from 0 to makespan_ns; a box carries the task's
 * name where it has room. names[task]. free() it; NULL when out of memory. */
char *aatgs_schedule_chart(const aatgs_timing *timings, uint32_t count, const char *const *names,
                           uint32_t workers, uint64_t makespan_ns, uint32_t columns);

#endif
