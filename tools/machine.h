/* What a machine offers, as far as the operating system tells. */
#ifndef AATGS_TOOLS_MACHINE_H
#define AATGS_TOOLS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct aatgs_gpu {
  char name[128];
  int major; /* compute capability */
  int minor;
  int multiprocessors;
  uint64_t bytes;
} aatgs_gpu;

typedef struct aatgs_machine {
  char cpu[128];
  uint32_t cores_online;
  uint32_t cores_allowed; /* to this process */
  bool avx;               /* makes an aligned 16-byte access one access */
  uint64_t memory_bytes;
  char kernel[128];
  char clock_source[64];  /* "" when unknown */
  double clock_ns;        /* what reading CLOCK_MONOTONIC costs, measured */
  uint64_t memlock_bytes; /* UINT64_MAX: no limit */
  char driver[160];       /* NVIDIA kernel driver, "" when there is none */
  char cuda_reason[160];  /* why no GPU can be used; "" when one can */
  int cuda_version;       /* of the driver library, 12080 means 12.8; 0: none */
  uint32_t gpu_count;
  aatgs_gpu gpus[16];
} aatgs_machine;

/* Takes a few milliseconds; loads the CUDA driver library if there is one. */
void aatgs_machine_look(aatgs_machine *machine);

#endif
