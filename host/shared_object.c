#include "host/shared_object.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENTS_MAX 64u

static bool inside(uint64_t offset, uint64_t bytes, uint64_t size)
{
  return bytes <= size && offset <= size - bytes;
}

static const char *check_open(int fd, uint64_t size)
{
  ElfW(Ehdr) header;
  ElfW(Phdr) segments[SEGMENTS_MAX];
  if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
      memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "it is no shared object";
  if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
      header.e_type != ET_DYN || header.e_phentsize != sizeof segments[0] ||
      header.e_phnum > SEGMENTS_MAX)
    return "it is no shared object of this machine";
  const size_t bytes = header.e_phnum * sizeof segments[0];
  if (!inside(header.e_phoff, bytes, size) ||
      pread(fd, segments, bytes, (off_t)header.e_phoff) != (ssize_t)bytes ||
      !inside(header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize, size))
    return "it was cut off";
  for (uint32_t i = 0; i < header.e_phnum; i++)
    if (segments[i].p_type == PT_LOAD && !inside(segments[i].p_offset, segments[i].p_filesz, size))
      return "it was cut off";
  return NULL;
}

int aatgs_shared_object_check(const char *path, aatgs_error *error)
{
  struct stat st;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return aatgs_error_set(error, errno == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, errno, "%s: %s",
                           path, strerror(errno));
  const char *complaint = "it is no file";
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
    complaint = check_open(fd, (uint64_t)st.st_size);
  close(fd);
  if (!complaint)
    return 0;
  return aatgs_error_set(error, AATGS_EFORMAT, 0, "%s: not a valid workload: %s; build it again",
                         path, complaint);
}
