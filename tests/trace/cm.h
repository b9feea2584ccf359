/* What cmocka.h wants before it. */
#ifndef AATGS_TEST_CM_H
#define AATGS_TEST_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
