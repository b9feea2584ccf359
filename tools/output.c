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

/* Makes the rename itself durable. A folder that cannot be synced is no reason to fail: the
 * file is whole either way. */
static void sync_folder(const char *path)
{
  char folder[PATH_MAX];
  int fd = folder_of(path, folder, sizeof folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                                  : -1;
  if (fd < 0)
    return;
  (void)fsync(fd);
  close(fd);
}

/* The stream's own write: it keeps the errno, which a stream that flushes by itself would lose. */
static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
  aatgs_output *output = cookie;
  for (size_t left = size; left;) {
    ssize_t n = write(output->fd, bytes, left);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      output->native = output->native ? output->native : errno;
      return 0;
    }
    bytes += n;
    left -= (size_t)n;
  }
  return (ssize_t)size;
}

/* Opens the file that output->stream will write to; an errno when it cannot. */
static int create(aatgs_output *output, const char *path)
{
  char folder[PATH_MAX];
  struct stat st;
  output->through = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
  if (output->through) {
    output->fd = open(path, O_WRONLY | O_CLOEXEC);
  } else {
    if (!folder_of(output->target, folder, sizeof folder) ||
        snprintf(output->temporary, PATH_MAX, "%s/.aatgs-XXXXXX", folder) >= PATH_MAX)
      return ENAMETOOLONG;
    output->fd = mkostemp(output->temporary, O_CLOEXEC);
  }
  if (output->fd < 0)
    return errno;
  output->stream = fopencookie(output, "w", (cookie_io_functions_t){.write = write_all});
  if (output->stream && setvbuf(output->stream, NULL, _IOFBF, 1 << 16) == 0)
    return 0;
  close(output->fd);
  return ENOMEM;
}

int aatgs_output_begin(aatgs_output *output, const char *path, aatgs_error *error)
{
  int native;
  output->stream = NULL;
  output->native = 0;
  output->temporary[0] = '\0';
  if (!realpath(path, output->target) && snprintf(output->target, PATH_MAX, "%s", path) >= PATH_MAX)
    return write_error(path, ENAMETOOLONG, error);
  native = create(output, path);
  return native ? write_error(path, native, error) : 0;
}

/* The permissions that the target has or would have. */
static mode_t mode_of(const char *target)
{
  struct stat st;
  mode_t mask = umask(0);
  umask(mask);
  return stat(target, &st) == 0 ? st.st_mode & 0777 : 0666 & ~mask;
}

/* Everything but the rename; 0 or an errno. */
static int settle(aatgs_output *output)
{
  fclose(output->stream);
  output->stream = NULL;
  if (!output->native && !output->through &&
      (fchmod(output->fd, mode_of(output->target)) || fsync(output->fd)))
    output->native = errno;
  if (close(output->fd) && !output->native)
    output->native = errno;
  return output->native;
}

int aatgs_output_commit(aatgs_output *output, aatgs_error *error)
{
  int native = settle(output);
  if (!native && !output->through && rename(output->temporary, output->target))
    native = errno;
  if (native) {
    aatgs_output_abandon(output);
    return write_error(output->target, native, error);
  }
  if (!output->through)
    sync_folder(output->target);
  return 0;
}

void aatgs_output_abandon(aatgs_output *output)
{
  if (output->stream) {
    fclose(output->stream);
    close(output->fd);
  }
  output->stream = NULL;
  if (output->temporary[0])
    unlink(output->temporary);
  output->temporary[0] = '\0';
}

int aatgs_output_write(const char *path, const char *bytes, size_t size, aatgs_error *error)
{
  aatgs_output output;
  int rc = aatgs_output_begin(&output, path, error);
  if (rc)
    return rc;
  fwrite(bytes, 1, size, output.stream);
  return aatgs_output_commit(&output, error);
}
