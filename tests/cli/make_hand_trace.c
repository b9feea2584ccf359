/* make_hand_trace [hostile] DIR: writes the trace of hand_trace.h, for the scripts. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/hand_trace.h"

int main(int argc, char **argv)
{
  aatgs_error error = {0};
  const bool hostile = argc == 3 && strcmp(argv[1], "hostile") == 0;
  if (argc != 2 && !hostile)
    return 2;
  if (hand_trace_write(argv[argc - 1], hostile ? HAND_HOSTILE : HAND_PLAIN, &error)) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  return 0;
}
