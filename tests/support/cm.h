/* cmocka with what it wants included first. */
#ifndef AATGS_TESTS_CM_H
#define AATGS_TESTS_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
