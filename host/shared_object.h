/* Whether a shared object is all there: the dynamic linker maps it before it looks, and a file that
 * was cut off ends the process by SIGBUS. */
#ifndef AATGS_SHARED_OBJECT_H
#define AATGS_SHARED_OBJECT_H

#include "trace/error.h"

/* Checks that `path` is an ELF shared object of this machine whose segments and section table lie
 * inside the file. AATGS_ENOTFOUND, AATGS_EIO, AATGS_EFORMAT. */
int aatgs_shared_object_check(const char *path, aatgs_error *error);

#endif
