/* Stands between the code under test and the system: counts calls, and on the one that was named
 * fails, dies before, in or after it, or just remembers what was written. Linking inject.c is
 * enough: its functions take the place of the C library's. */
#ifndef AATGS_TEST_INJECT_H
#define AATGS_TEST_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define AATGS_TEST_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AATGS_TEST_SANITIZED 1
#endif

typedef enum inject_kind {
  INJECT_WRITE = 1,   /* write, pwrite, writev, pwritev, but for */
  INJECT_COMMIT = 2,  /* a write to LMDB's meta pages */
  INJECT_SYNC = 4,    /* fsync, fdatasync */
  INJECT_SPACE = 8,   /* posix_fallocate, ftruncate */
  INJECT_MAP = 16,    /* mmap of a file */
  INJECT_OPEN = 32,   /* open, openat, mkdir */
  INJECT_REMOVE = 64, /* unlink */
  INJECT_MALLOC = 128
} inject_kind;

/* The first two pages of an LMDB file; writing one of them is what commits. */
#define INJECT_META_BYTES 8192

typedef enum inject_action {
  INJECT_NOTHING = 0,
  INJECT_FAIL,       /* with `error`; a write of more than a byte writes half first */
  INJECT_FAIL_ON,    /* the same, and so does every later one; nothing is written */
  INJECT_DIE_BEFORE, /* by SIGKILL */
  INJECT_DIE_IN,     /* after half of a write */
  INJECT_DIE_AFTER
} inject_action;

/* Calls of `kinds` are counted from 0; call number `at` meets `action`. */
void inject_start(unsigned kinds, uint64_t at, inject_action action, int error);
/* Stops; returns how many calls there were. */
uint64_t inject_stop(void);
/* The most bytes asked for at a time since inject_start(INJECT_MALLOC, ...); 0 under a sanitizer.
 */
size_t inject_largest(void);

/* A write or sync that happened to a file below the folder being logged. */
typedef struct inject_entry {
  char name[64]; /* of the file */
  bool sync;
  uint64_t at;
  size_t size;
  uint8_t *bytes;
  uint64_t mark; /* what inject_mark() said before */
} inject_entry;

void inject_log_start(const char *dir);
void inject_mark(uint64_t mark);
/* Stops; the entries stay until inject_log_free(). */
const inject_entry *inject_log_stop(size_t *count);
void inject_log_free(void);

#endif
