/* Text for people: numbers, times and sizes as they are read, and strings made
 * safe to print. */
#ifndef AATGS_TOOLS_TEXT_H
#define AATGS_TOOLS_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Each of these writes at most `size` bytes, NUL included, and returns `out`. */

/* "3,000,000" */
char *aatgs_text_count(char *out, size_t size, uint64_t value);
/* "83.2 us", "1.23 s": three significant digits and a unit. */
char *aatgs_text_ns(char *out, size_t size, uint64_t ns);
/* "312 KiB" */
char *aatgs_text_bytes(char *out, size_t size, uint64_t bytes);

/* A copy in which control characters and what is not UTF-8 stand as \xNN, so that nothing a
 * file says can move the cursor of a terminal or break JSON. With `lines`, newlines stay.
 * free() it; NULL when out of memory. */
char *aatgs_text_clean(const char *text, int lines);
/* A copy that is UTF-8: bytes that are not become U+FFFD, all else stays. free() it; NULL when out
 * of memory. */
char *aatgs_text_utf8(const char *text);
/* A copy that a shell reads as one word. free() it. */
char *aatgs_text_quote(const char *text);
/* Columns that a clean UTF-8 string takes, at one a character. */
size_t aatgs_text_width(const char *text);
/* How many letters must be added, dropped, changed or swapped with their neighbour to make one
 * word of the other; the first 63 of each count. */
size_t aatgs_text_distance(const char *a, const char *b);

#endif
