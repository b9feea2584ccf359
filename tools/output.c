#include "tools/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int code_of(int native)
{
  switch (native) {
  case ENOSPC:
  case EDQUOT: return AATGS_ENOSPC;
  case ENOENT:
  case ENOTDIR: return AATGS_ENOTFOUND;
  case ENOMEM: return AATGS_ENOMEM;
  default: return AATGS_EIO;
  }
}

static int write_error(const char *path, int native, aatgs_error *error)
{
  return aatgs_error_set(error, code_of(native), native, "cannot write %s: %s%s", path,
                         strerror(native),
                         native == ENOSPC ? "; free some space or choose another place" : "");
}

/* The folder part of `path` into `out`. */
static bool folder_of(const char *path, char *out, size_t size)
{
  char copy[PATH_MAX];
  if (strlen(path) >= sizeof copy)
    return false;
  strcpy(copy, path);
  return (size_t)snprintf(out, size, "%s", dirname(copy)) < size;
}

int aatgs_output_check(const char *path, aatgs_error *error)
{
  char folder[PATH_MAX];
  struct stat st;
  if (!*path)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "the name of a file to write is empty");
  if (!folder_of(path, folder, sizeof folder))
    return write_error(path, ENAMETOOLONG, error);
  if (stat(path, &st) == 0) {
    if (S_ISDIR(st.st_mode))
      return aatgs_error_set(error, AATGS_EINVAL, EISDIR,
                             "cannot write %s: it is a folder; name a file in it", path);
    if (!S_ISREG(st.st_mode))
      return access(path, W_OK) ? write_error(path, errno, error) : 0;
  }
  if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
    return write_error(path, ENOTDIR, error);
  if (access(folder, F_OK))
    return aatgs_error_set(error, code_of(errno), errno, "cannot write %s: folder %s: %s", path,
                           folder, strerror(errno));
  if (access(folder, W_OK | X_OK))
    return write_error(path, errno, error);
  return 0;
}

/* All bytes or an errno. */
static int write_all(int fd, const char *bytes, size_t size)
{
  while (size) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    bytes += n;
    size -= (size_t)n;
  }
  return 0;
}

/* Writes to a device or pipe, which has no half to hide. */
static int write_through(const char *path, const char *bytes, size_t size, aatgs_error *error)
{
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  int native;
  if (fd < 0)
    return write_error(path, errno, error);
  native = write_all(fd, bytes, size);
  if (close(fd) && !native)
    native = errno;
  return native ? write_error(path, native, error) : 0;
}

/* Makes the rename itself durable. A folder that cannot be synced is no reason to fail: the
 * file is whole either way. */
static void sync_folder(const char *folder)
{
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  (void)fsync(fd);
  close(fd);
}

/* Fills the new file `fd` and gives it the permissions that `path` has or would have. */
static int fill(int fd, const char *path, const char *bytes, size_t size)
{
  struct stat st;
  mode_t mask = umask(0);
  mode_t mode = 0666 & ~mask;
  int native;
  umask(mask);
  if (stat(path, &st) == 0)
    mode = st.st_mode & 0777;
  native = write_all(fd, bytes, size);
  if (!native && (fchmod(fd, mode) || fsync(fd)))
    native = errno;
  return native;
}

int aatgs_output_write(const char *path, const char *bytes, size_t size, aatgs_error *error)
{
  char target[PATH_MAX], folder[PATH_MAX], temporary[PATH_MAX];
  struct stat st;
  int fd, native;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
    return write_through(path, bytes, size, error);
  if (!realpath(path, target) && snprintf(target, sizeof target, "%s", path) >= PATH_MAX)
    return write_error(path, ENAMETOOLONG, error);
  if (!folder_of(target, folder, sizeof folder) ||
      snprintf(temporary, sizeof temporary, "%s/.aatgs-XXXXXX", folder) >= PATH_MAX)
    return write_error(path, ENAMETOOLONG, error);
  fd = mkostemp(temporary, O_CLOEXEC);
  if (fd < 0)
    return write_error(path, errno, error);
  native = fill(fd, target, bytes, size);
  if (close(fd) && !native)
    native = errno;
  if (!native && rename(temporary, target))
    native = errno;
  if (native) {
    unlink(temporary);
    return write_error(path, native, error);
  }
  sync_folder(folder);
  return 0;
}
