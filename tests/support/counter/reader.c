/* reader TRACE: looks at a recorded run without the runtime; prints how many iterations it holds
 * and the time they took on the device. */
#include <stdio.h>

#include <aatgs/trace.h>

int main(int argc, char **argv)
{
  aatgs_trace *trace;
  aatgs_error error;
  if (aatgs_trace_open(argc > 1 ? argv[1] : "", &trace, &error) != 0) {
    fprintf(stderr, "reader: %s\n", error.text);
    return 1;
  }
  aatgs_iteration it;
  unsigned long long iterations = 0, busy_ns = 0;
  int rc;
  while ((rc = aatgs_trace_next(trace, &it)) == 1) {
    iterations++;
    busy_ns += it.end_ns - it.start_ns;
  }
  if (rc < 0)
    fprintf(stderr, "reader: %s\n", aatgs_trace_error(trace)->text);
  else
    printf("iterations %llu busy_ns %llu\n", iterations, busy_ns);
  aatgs_trace_close(trace);
  return rc < 0;
}
