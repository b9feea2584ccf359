/* What is known by a number: pointers to things that begin with theirs, sorted by it. */
#ifndef AATGS_TRACE_NUMBERED_H
#define AATGS_TRACE_NUMBERED_H

#include "trace/bytes.h"

/* NULL: there is none. */
void *aatgs_numbered_find(const aatgs_bytes *list, uint32_t number);
/* `thing` must stay where it is, and its number is in the list once. False when out of memory. */
bool aatgs_numbered_add(aatgs_bytes *list, uint32_t *thing);

#endif
