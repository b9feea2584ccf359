/* Shared objects that are no workload of this build, for the test that says so. */
#include <workload.h>

#if defined(__CUDACC__) /* the host alone */
#elif defined(OLD_ABI)
static const struct aatgs_workload old = {.abi = AATGS_WORKLOAD_ABI + 1, .size = 8, .name = "old"};
AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &old;
}
#else
AATGS_EXPORT int aatgs_no_workload(void)
{
  return 0;
}
#endif
