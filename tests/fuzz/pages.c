/* An LMDB file, any bytes at all: every key and value that can be reached is read. */
#include "trace/pages.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "trace/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char path[64];
  aatgs_pages *p;
  aatgs_bytes value = {0};
  aatgs_error e;
  aatgs_key key = {0, 0, 0};
  int fd = memfd_create("fuzz", 0);
  if (fd < 0 || write(fd, data, size) != (ssize_t)size)
    return 0;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (aatgs_pages_open(path, &p, &e) == 0) {
    aatgs_key last = key;
    for (int n = 0; n < 1000; n++) {
      if (aatgs_pages_seek(p, &key, &value, 1 << 20, &e) != 1)
        break;
      /* A damaged order of keys must not lead backwards. */
      if (n && key.kind == last.kind && key.number == last.number && key.piece == last.piece)
        break;
      last = key;
      if (!aatgs_key_next(&key))
        break;
    }
    aatgs_pages_close(p);
  }
  aatgs_bytes_free(&value);
  close(fd);
  return 0;
}
