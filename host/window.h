/* A window: memory of a GPU that the host writes into, so that a kernel which polls it does not
 * have to ask over PCIe.
 *
 * Vulkan hands such memory out (device-local and host-visible, which on a GPU whose BAR1 covers
 * its memory is all of it), and CUDA takes it over; nothing is installed in the kernel for it.
 * CUDA alone cannot: the dma-buf that cuMemGetHandleForAddressRange() gives out cannot be mapped
 * (driver 580: ENOTSUPP). The host sees a window as write-combining: a slot is written with
 * aatgs_slot_store_lines() (order.h), and reading is slow. */
#ifndef AATGS_WINDOW_H
#define AATGS_WINDOW_H

#include "trace/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct aatgs_window {
  uint8_t *host; /* aligned to a page; NULL: not open */
  size_t bytes;  /* what was asked for, rounded up as the driver wants it */
  int fd;        /* an opaque handle for cudaImportExternalMemory(), which takes it over; else -1 */
  void *driver;  /* of the implementation */
  void *memory;
} aatgs_window;

/* Opens a window of at least `bytes` into the GPU with that UUID (16 bytes, as CUDA tells it).
 * AATGS_ENOTSUP, with the reason, where there can be none. A first call takes a tenth of a second
 * or more, and what it loads stays. Thread-safe. */
int aatgs_window_open(const void *uuid, size_t bytes, aatgs_window *window, aatgs_error *error);
/* No kernel may use it any more. Closes `fd`, if it is still there. */
void aatgs_window_close(aatgs_window *window);

#endif
