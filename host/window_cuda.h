/* A window as CUDA sees it. In builds with CUDA. */
#ifndef AATGS_WINDOW_CUDA_H
#define AATGS_WINDOW_CUDA_H

#include "host/window.h"

typedef struct aatgs_cuda_window {
  aatgs_window window;
  void *external; /* cudaExternalMemory_t */
  void *at;       /* device address; NULL: not open */
} aatgs_cuda_window;

/* Opens a window into that GPU, the current one, and maps it for its kernels; not zeroed.
 * AATGS_ENOTSUP or AATGS_EDEVICE, with the reason; nothing is owed then. */
int aatgs_cuda_window_open(int ordinal, size_t bytes, aatgs_cuda_window *w, aatgs_error *error);
/* No kernel may use it any more; cudaFree() waits for all that run. One that is not open is fine.
 */
void aatgs_cuda_window_close(aatgs_cuda_window *w);

#endif
