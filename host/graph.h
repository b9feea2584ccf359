/* The task graph's inside: its compiled form for the device. */
#ifndef AATGS_GRAPH_H
#define AATGS_GRAPH_H

#include "device/workload.h"
#include "host/aatgs.h"
#include "trace/trace.h"

/* Bytes of the graph's table: header, entries, dependents. */
size_t aatgs_graph_table_bytes(const aatgs_graph *graph);
/* Writes the table of a graph that passed aatgs_graph_check() and has no retired ids; entries
 * are in id order. The release masks follow from the declared reads and writes: the writers
 * of a region are a chain in a checked graph, so its last writer is unique
 * (write_release); the last touchers are that writer (touch_release) or the readers after it
 * (touch_release when there is one, else touch_count and last_readers). */
void aatgs_graph_compile(const aatgs_graph *graph, uint32_t number, aatgs_graph_table *table);
/* Adds a program for at most so many workers to that table, behind which there is room for
 * AATGS_PROGRAM_BYTES; table->workers stays 0 when it does not fit into the limits. AATGS_ENOMEM.
 */
int aatgs_graph_place(const aatgs_graph *graph, uint32_t workers, uint32_t turns_max,
                      uint32_t waits_max, aatgs_graph_table *table);
/* Whether a part takes so little time, on average and as estimated, that a program pays. */
bool aatgs_graph_is_fine(const aatgs_graph *graph);
/* Edges and timing records of the graph. */
uint32_t aatgs_graph_edges(const aatgs_graph *graph);
uint32_t aatgs_graph_records(const aatgs_graph *graph);
/* From now on every task has a closing record, as those with a finish function do: the digest in it
 * covers the regions of the task (AATGS_DIGEST_FULL). Copies have it too. */
void aatgs_graph_seal(aatgs_graph *graph);
/* Changes what a task is assumed to take; the graph must be checked again. AATGS_ENOTFOUND. */
int aatgs_graph_set_estimate(aatgs_graph *graph, uint32_t task, uint64_t estimate_ns);
/* A deep copy of a checked graph, all tasks pending or ready. */
int aatgs_graph_copy(const aatgs_graph *graph, aatgs_graph **out);
/* Moves the connected component of the oldest task (lowest id) out into a new graph of its own,
 * ids renumbered from 0 in id order; the tasks are retired from `graph`. AATGS_ENOTFOUND when
 * it is empty. */
int aatgs_graph_take_component(aatgs_graph *graph, aatgs_graph **out);
/* A copy without the one-shot tasks: what is left of a graph after its first run. Dependents of a
 * task left out inherit its dependencies. It may be empty; it is not checked yet. */
int aatgs_graph_drop_once(const aatgs_graph *graph, aatgs_graph **out);
/* The graph as the trace stores it; what it points to is owned by the graph and valid until the
 * next call on it. */
int aatgs_graph_describe(aatgs_graph *graph, uint32_t number, aatgs_trace_graph *out);
/* The reverse: a graph from a trace, for a workload with the same types. */
int aatgs_graph_from_trace(const struct aatgs_workload *workload, const aatgs_trace_graph *in,
                           aatgs_graph **out);

#endif
