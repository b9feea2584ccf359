/* A terminal that is taken over and given back as it was found: on leaving, on signals, when the
 * program is stopped and goes on. One at a time. */
#ifndef AATGS_TOOLS_TERMINAL_H
#define AATGS_TOOLS_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* What ended a wait. */
typedef enum aatgs_terminal_event {
  AATGS_TERMINAL_TIME, /* the time is over */
  AATGS_TERMINAL_KEY,  /* *key was pressed */
  AATGS_TERMINAL_SIZE, /* the window has another size, or the program goes on after a stop */
  AATGS_TERMINAL_END   /* a signal asks to end, or the terminal is gone */
} aatgs_terminal_event;

/* Whether stdin and stdout are a terminal that can be drawn on. */
bool aatgs_terminal_usable(void);
/* Takes the terminal over: another screen, no cursor, keys as they are pressed. False: it cannot.
 */
bool aatgs_terminal_enter(void);
/* Gives it back. After a signal that asked to end, the caller raises it again:
 * aatgs_terminal_signal(). */
void aatgs_terminal_leave(void);
/* The signal that asked to end, 0: none. */
int aatgs_terminal_signal(void);
void aatgs_terminal_size(unsigned *rows, unsigned *columns);
aatgs_terminal_event aatgs_terminal_wait(uint64_t ns, int *key);

#endif
