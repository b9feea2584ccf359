/* What recording costs the thread that submits, and how much the recorder's thread can take: the
 * runtime's own journal and recorder behind a producer that does nothing else. */
#ifndef AATGS_BENCH_RECORD_PATH_H
#define AATGS_BENCH_RECORD_PATH_H

#include "stream.h"
#include "tsc.h"

/* A million iterations a second, recording that drops what it cannot take and none, in turn, into
 * the row: submit_p50_ns, submit_p99_ns, of the call itself; submit_and_around_ns, how much longer
 * the median iteration takes in all, made and handed on; dropped. */
void path_measure_submit(const bench *b, const char *dir, const stream_shape *shape,
                         const tsc_scale *scale, json_t *row);
/* As fast as the recorder takes them, none lost, to the end of the last sync: lossless_per_second.
 */
void path_measure_rate(const bench *b, const char *dir, const stream_shape *shape, json_t *row);

#endif
