/* What a trace says about its run, to and from bytes. */
#ifndef AATGS_TRACE_INFO_H
#define AATGS_TRACE_INFO_H

#include "trace/arena.h"
#include "trace/bytes.h"
#include "trace/trace.h"

/* Checks what a writer hands in or a reader found: sizes, counts, fields. AATGS_EFORMAT. */
int aatgs_info_check(const aatgs_trace_info *info, aatgs_error *error);
/* Appends the info as JSON. Text that is not UTF-8 keeps its readable bytes. AATGS_ENOMEM. */
int aatgs_info_write(const aatgs_trace_info *info, uint64_t trace, aatgs_bytes *out);
/* Parses and checks; everything in *info belongs to the arena. AATGS_EVERSION, AATGS_ECORRUPT,
 * AATGS_ENOMEM; the sentence starts with `path`. */
int aatgs_info_read(const uint8_t *bytes, size_t size, const char *path, aatgs_arena *arena,
                    aatgs_trace_info *info, uint64_t *trace, aatgs_error *error);
/* Bytes of all primary regions, each padded to a multiple of 64: the size of a snapshot. */
uint64_t aatgs_info_snapshot_bytes(const aatgs_trace_info *info);
/* The word of the config that the runtime fills with the iteration's number, or AATGS_NO_WORD. */
uint32_t aatgs_info_iteration_word(const aatgs_trace_info *info);

/* Graphs and plans. Writing appends; AATGS_EINVAL for ids out of range, AATGS_ENOMEM. Reading
 * checks every id; AATGS_ECORRUPT with *why, AATGS_ENOMEM. */
int aatgs_graph_write(const aatgs_trace_graph *graph, aatgs_bytes *out, const char **why);
int aatgs_graph_read(const uint8_t *bytes, size_t size, aatgs_arena *arena,
                     aatgs_trace_graph *graph, const char **why);
int aatgs_plan_write(const aatgs_trace_plan *plan, aatgs_bytes *out, const char **why);
int aatgs_plan_read(const uint8_t *bytes, size_t size, aatgs_arena *arena, aatgs_trace_plan *plan,
                    const char **why);

/* "writes", "full", "off", or "?". */
const char *aatgs_digest_name(uint32_t digest);

#endif
