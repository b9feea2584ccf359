/* Windows in a build without Vulkan's headers. */
#include "host/window.h"

int aatgs_window_open(const void *uuid, size_t bytes, aatgs_window *window, aatgs_error *error)
{
  (void)uuid, (void)bytes;
  *window = (aatgs_window){.fd = -1};
  return aatgs_error_set(error, AATGS_ENOTSUP, 0, "aatgs was built without Vulkan (libvulkan-dev)");
}

void aatgs_window_close(aatgs_window *window)
{
  (void)window;
}
