/* What the fuzz targets share. */
#ifndef AATGS_TEST_FUZZ_H
#define AATGS_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
