#include "trace/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static struct {
  unsigned kinds;
  uint64_t at;
  uint64_t calls;
  inject_action action;
  int error;
  size_t largest;
} plan;

static struct {
  bool on;
  char dir[1024];
  inject_entry *entries;
  size_t count, room;
  uint64_t mark;
} logged;

void inject_start(unsigned kinds, uint64_t at, inject_action action, int error)
{
  plan.at = at;
  plan.calls = 0;
  plan.action = action;
  plan.error = error;
  plan.largest = 0;
  plan.kinds = kinds;
}

uint64_t inject_stop(void)
{
  plan.kinds = 0;
  return plan.calls;
}

size_t inject_largest(void)
{
  return plan.largest;
}

static void die(void)
{
  kill(getpid(), SIGKILL);
  for (;;)
    pause();
}

/* What a call of this kind meets. */
static inject_action meet(inject_kind kind)
{
  if (!(plan.kinds & kind))
    return INJECT_NOTHING;
  const uint64_t call = plan.calls++;
  if (plan.action == INJECT_FAIL_ON ? call < plan.at : call != plan.at)
    return INJECT_NOTHING;
  if (plan.action == INJECT_DIE_BEFORE)
    die();
  return plan.action;
}

/* ---- The log ------------------------------------------------------------------------- */

static void remember(int fd, const struct iovec *v, int n, uint64_t at, bool sync)
{
  char link[64], path[PATH_MAX];
  if (!logged.on)
    return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0)
    return;
  path[length] = '\0';
  size_t dir = strlen(logged.dir);
  if (strncmp(path, logged.dir, dir) != 0 || path[dir] != '/')
    return;
  if (logged.count == logged.room) {
    logged.room = logged.room ? logged.room * 2 : 256;
    logged.entries = realloc(logged.entries, logged.room * sizeof *logged.entries);
    if (!logged.entries)
      abort();
  }
  inject_entry *e = &logged.entries[logged.count++];
  *e = (inject_entry){.sync = sync, .at = at, .mark = logged.mark};
  snprintf(e->name, sizeof e->name, "%.63s", path + dir + 1);
  for (int i = 0; i < n; i++)
    e->size += v[i].iov_len;
  e->bytes = malloc(e->size + 1);
  if (!e->bytes)
    abort();
  for (int i = 0; i < n; i++) {
    memcpy(e->bytes, v[i].iov_base, v[i].iov_len);
    e->bytes += v[i].iov_len;
  }
  e->bytes -= e->size;
}

void inject_log_start(const char *dir)
{
  if (!realpath(dir, logged.dir))
    snprintf(logged.dir, sizeof logged.dir, "%s", dir);
  logged.mark = 0;
  logged.on = true;
}

void inject_mark(uint64_t mark)
{
  logged.mark = mark;
}

const inject_entry *inject_log_stop(size_t *count)
{
  logged.on = false;
  *count = logged.count;
  return logged.entries;
}

void inject_log_free(void)
{
  for (size_t i = 0; i < logged.count; i++)
    free(logged.entries[i].bytes);
  free(logged.entries);
  logged.entries = NULL;
  logged.count = logged.room = 0;
}

/* ---- Writes -------------------------------------------------------------------------- */

/* `at` < 0: at the file's own position. */
static ssize_t write_vector(int fd, const struct iovec *v, int n, off_t at)
{
  inject_action a = meet(at >= 0 && at < INJECT_META_BYTES ? INJECT_COMMIT : INJECT_WRITE);
  off_t where = at < 0 ? lseek(fd, 0, SEEK_CUR) : at;
  if (a == INJECT_FAIL_ON) {
    errno = plan.error;
    return -1;
  }
  if (a == INJECT_FAIL || a == INJECT_DIE_IN) {
    /* half of the first piece, so that what is on the disk is torn */
    struct iovec half = {v[0].iov_base, v[0].iov_len / 2};
    if (half.iov_len && where >= 0)
      syscall(SYS_pwrite64, fd, half.iov_base, half.iov_len, where);
    if (a == INJECT_DIE_IN)
      die();
    errno = plan.error;
    return -1;
  }
  ssize_t done = at < 0 ? syscall(SYS_writev, fd, v, n) : syscall(SYS_pwritev, fd, v, n, at, 0);
  if (done > 0)
    remember(fd, v, n, (uint64_t)where, false);
  if (a == INJECT_DIE_AFTER)
    die();
  return done;
}

SHOWN ssize_t write(int fd, const void *bytes, size_t size)
{
  struct iovec v = {(void *)bytes, size};
  if (fd <= 2)
    return syscall(SYS_write, fd, bytes, size);
  return write_vector(fd, &v, 1, -1);
}

SHOWN ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
  struct iovec v = {(void *)bytes, size};
  return write_vector(fd, &v, 1, at);
}

SHOWN ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
  return pwrite(fd, bytes, size, at);
}

SHOWN ssize_t writev(int fd, const struct iovec *v, int n)
{
  return write_vector(fd, v, n, -1);
}

SHOWN ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
  return write_vector(fd, v, n, at);
}

/* ---- The rest ------------------------------------------------------------------------ */

/* -1 with errno when the call is to fail. */
static int before(inject_kind kind, inject_action *a)
{
  *a = meet(kind);
  if (*a == INJECT_DIE_IN)
    die();
  if (*a != INJECT_FAIL && *a != INJECT_FAIL_ON)
    return 0;
  errno = plan.error;
  return -1;
}

static int after(inject_action a, long rc)
{
  if (a == INJECT_DIE_AFTER)
    die();
  return (int)rc;
}

SHOWN int fsync(int fd)
{
  inject_action a;
  if (before(INJECT_SYNC, &a))
    return -1;
  remember(fd, NULL, 0, 0, true);
  return after(a, syscall(SYS_fsync, fd));
}

SHOWN int fdatasync(int fd)
{
  inject_action a;
  if (before(INJECT_SYNC, &a))
    return -1;
  remember(fd, NULL, 0, 0, true);
  return after(a, syscall(SYS_fdatasync, fd));
}

SHOWN int posix_fallocate(int fd, off_t at, off_t size)
{
  inject_action a;
  if (before(INJECT_SPACE, &a))
    return plan.error;
  return after(a, syscall(SYS_fallocate, fd, 0, at, size) ? errno : 0);
}

SHOWN int ftruncate(int fd, off_t size)
{
  inject_action a;
  if (before(INJECT_SPACE, &a))
    return -1;
  return after(a, syscall(SYS_ftruncate, fd, size));
}

SHOWN void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
  inject_action a = INJECT_NOTHING;
  if (fd >= 0 && before(INJECT_MAP, &a))
    return MAP_FAILED;
  void *p = (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
  after(a, 0);
  return p;
}

static int open_at(int dir, const char *path, int flags, va_list args)
{
  inject_action a;
  mode_t mode = 0;
  if (flags & (O_CREAT | __O_TMPFILE))
    mode = va_arg(args, mode_t);
  if (before(INJECT_OPEN, &a))
    return -1;
  return after(a, syscall(SYS_openat, dir, path, flags, mode));
}

SHOWN int open(const char *path, int flags, ...)
{
  va_list args;
  va_start(args, flags);
  int fd = open_at(AT_FDCWD, path, flags, args);
  va_end(args);
  return fd;
}

SHOWN int openat(int dir, const char *path, int flags, ...)
{
  va_list args;
  va_start(args, flags);
  int fd = open_at(dir, path, flags, args);
  va_end(args);
  return fd;
}

SHOWN int mkdir(const char *path, mode_t mode)
{
  inject_action a;
  if (before(INJECT_OPEN, &a))
    return -1;
  return after(a, syscall(SYS_mkdir, path, mode));
}

SHOWN int unlink(const char *path)
{
  inject_action a;
  if (before(INJECT_REMOVE, &a))
    return -1;
  return after(a, syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

/* A sanitizer has an allocator of its own, which cannot be stood before. */
#if !defined(AATGS_TEST_SANITIZED)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool refused(size_t size)
{
  if ((plan.kinds & INJECT_MALLOC) && size > plan.largest)
    plan.largest = size;
  if (meet(INJECT_MALLOC) != INJECT_FAIL)
    return false;
  errno = ENOMEM;
  return true;
}

SHOWN void *malloc(size_t size)
{
  return refused(size) ? NULL : __libc_malloc(size);
}

SHOWN void *calloc(size_t count, size_t size)
{
  return refused(count * size) ? NULL : __libc_calloc(count, size);
}

SHOWN void *realloc(void *old, size_t size)
{
  return refused(size) ? NULL : __libc_realloc(old, size);
}
#endif
