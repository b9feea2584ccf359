/* Error codes of the whole project, and the sentence that goes with one. */
#ifndef AATGS_ERROR_H
#define AATGS_ERROR_H

#if defined(__cplusplus)
extern "C" {
#endif

/* Functions return 0 or one of these. */
typedef enum aatgs_result {
  AATGS_OK = 0,
  AATGS_EINVAL = -1,    /* an argument is wrong */
  AATGS_ENOMEM = -2,    /* out of memory */
  AATGS_EAGAIN = -3,    /* no room now, nothing was taken; try again after polling */
  AATGS_ETIMEOUT = -4,  /* a bounded wait expired */
  AATGS_ENOTFOUND = -5, /* no such file, workload, task, field or iteration */
  AATGS_EIO = -6,       /* the operating system refused to read or write */
  AATGS_ENOSPC = -7,    /* the disk, a quota or a map is full */
  AATGS_EFORMAT = -8,   /* an input file does not say what its format demands */
  AATGS_ECORRUPT = -9,  /* a trace is damaged */
  AATGS_EVERSION = -10, /* made by a version or build this one does not understand */
  AATGS_ECYCLE = -11,   /* the task graph has a cycle */
  AATGS_ERACE = -12,    /* two tasks conflict on a region and are not ordered */
  AATGS_ELIMIT = -13,   /* a limit given when the handle was opened is exceeded */
  AATGS_EDEVICE = -14,  /* the device is lost or refused to start */
  AATGS_ETASK = -15,    /* a task reported failure */
  AATGS_ENOTSUP = -16,  /* this machine or build cannot do that */
  AATGS_EEXIST = -17,   /* the target is there already */
  AATGS_EBUSY = -18,    /* in use by another process */
  AATGS_EDIVERGED = -19 /* a replay did not repeat what was recorded */
} aatgs_result;

/* A sentence for a code, without the place: "out of memory". Never NULL. */
const char *aatgs_strerror(int code);

/* An error with its place. Fill with aatgs_error_set(); code 0 means none. */
typedef struct aatgs_error {
  int code;       /* aatgs_result */
  int native;     /* the failing library's own code (errno, LMDB, zstd, CUDA), or 0 */
  char text[512]; /* one sentence naming the file, the place and the way out */
} aatgs_error;

/* Stores code, native code and a printf-style sentence in `e` (may be NULL) and returns
 * `code`, so that a function can end with `return aatgs_error_set(...)`. */
int aatgs_error_set(aatgs_error *e, int code, int native, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

#if defined(__cplusplus)
}
#endif
#endif
