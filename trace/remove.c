#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/care.h"
#include "trace/names.h"

int aatgs_trace_remove(const char *dir, aatgs_error *error)
{
  DIR *d = opendir(dir);
  unsigned removed = 0;
  int rc = d ? 0 : errno;
  for (struct dirent *e; d && !rc && (e = readdir(d));) {
    if (!aatgs_name_is_trace_file(e->d_name))
      continue;
    rc = unlinkat(dirfd(d), e->d_name, 0) ? errno : 0;
    removed++;
  }
  if (d)
    closedir(d);
  if (!rc && removed == 0)
    return aatgs_error_set(error, AATGS_EFORMAT, 0, "%s: not a trace: nothing was removed", dir);
  if (!rc && rmdir(dir) && errno != ENOTEMPTY && errno != EEXIST)
    rc = errno;
  if (rc)
    return aatgs_error_set(error, rc == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, rc,
                           "%s: cannot remove it: %s", dir, strerror(rc));
  return 0;
}
