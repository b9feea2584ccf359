/* The parts of `aatgs debug` among themselves:
 *   debug.c           the verb: where lines come from
 *   debug_commands.c  the commands, and moving about
 *   debug_stops.c     breakpoints and watched fields
 *   debug_print.c     what print, diff and list show
 *   debug_attach.c    waiting for a debugger of the process */
#ifndef AATGS_TOOLS_DEBUG_H
#define AATGS_TOOLS_DEBUG_H

#include "host/walk.h"
#include "trace/expr.h"

/* A condition on the recorded values of an iteration, or a field that is watched. */
typedef struct aatgs_debug_stop {
  uint32_t number;
  char *text;
  aatgs_expr *expr; /* of a watch: the field itself */
  bool watch;
} aatgs_debug_stop;

typedef struct aatgs_debugger {
  const char *dir;
  aatgs_walk *walk;
  aatgs_trace *trace; /* its own, to look up what was recorded */
  const aatgs_trace_info *info;
  aatgs_debug_stop stops[32];
  uint32_t stop_count;
  uint32_t stop_next;
  bool interactive;
  bool failed; /* a command of a script went wrong */
  bool quit;
} aatgs_debugger;

/* Obeys one line. What goes wrong is said on stderr and remembered in `failed`. */
void aatgs_debug_obey(aatgs_debugger *d, char *line);
/* The commands that begin so, for completion: the index-th, or NULL. */
const char *aatgs_debug_command_named(const char *prefix, size_t length, size_t index);
/* One sentence on stderr; the command has failed. */
void aatgs_debug_complain(aatgs_debugger *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Says where it is. */
void aatgs_debug_where(aatgs_debugger *d);
/* The iteration that is looked at: the one under way, else the one that has run last; 0: none. */
uint64_t aatgs_debug_iteration(const aatgs_debugger *d);
/* What was recorded of an iteration, valid until the next call; false with a complaint. */
bool aatgs_debug_recorded(aatgs_debugger *d, uint64_t iteration, aatgs_iteration *it);

/* ---- debug_stops.c ---- */

void aatgs_debug_break(aatgs_debugger *d, const char *expression);
void aatgs_debug_watch(aatgs_debugger *d, const char *field);
void aatgs_debug_delete(aatgs_debugger *d, const char *number);
void aatgs_debug_continue(aatgs_debugger *d);
void aatgs_debug_reverse_continue(aatgs_debugger *d);
void aatgs_debug_stops_close(aatgs_debugger *d);

/* ---- debug_print.c ---- */

void aatgs_debug_print(aatgs_debugger *d, char *what);
void aatgs_debug_diff(aatgs_debugger *d, uint64_t a, uint64_t b);
void aatgs_debug_list(aatgs_debugger *d, uint64_t iteration);

/* ---- debug_attach.c ---- */

void aatgs_debug_attach(aatgs_debugger *d);

#endif
