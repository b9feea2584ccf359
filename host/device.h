/* The host side of a device: who owns the bus and the device's memory, how the
 * loop is started and ended. One implementation a kind of device. */
#ifndef AATGS_DEVICE_H
#define AATGS_DEVICE_H

#include "device/bus.h"
#include "device/workload.h"
#include "host/aatgs.h"

/* What a device is to be made of. Borrowed during aatgs_device_open(). */
typedef struct aatgs_device_spec {
  const struct aatgs_workload *workload;
  aatgs_bus_layout layout;          /* slot counts, limits, firsts; workers 0: as many as fit */
  const aatgs_region_view *regions; /* initial contents; derived ones: bytes NULL, size set */
  uint64_t seed;
  uint64_t host_timeout_ns;
  aatgs_idle idle;
  bool shuffle;
  aatgs_digest digest;
  uint32_t ordinal; /* cuda: which GPU */
  uint32_t lanes;   /* cuda: threads of a worker, 0: the default */
  aatgs_ring ring;
  struct aatgs_stop *stop; /* cpu: where a debugger stops it; NULL: nowhere */
} aatgs_device_spec;

typedef struct aatgs_device aatgs_device;

typedef struct aatgs_device_ops {
  const char *kind; /* "cpu" */
  /* Copies staging (the primary regions) out or in. Only between a SNAPSHOT's acknowledgement and
   * the next SNAPSHOT or RESTORE. */
  int (*fetch)(aatgs_device *device, uint8_t *to, size_t bytes, aatgs_error *error);
  int (*store)(aatgs_device *device, const uint8_t *from, size_t bytes, aatgs_error *error);
  /* Asks the driver whether the loop still runs: 0, or why it does not. NULL: no driver. */
  int (*check)(aatgs_device *device, aatgs_error *error);
  /* Waits until the loop has ended; AATGS_ETIMEOUT. */
  int (*join)(aatgs_device *device, uint64_t timeout_ns);
  /* Frees everything; when join timed out, what the loop still uses is left to it. */
  void (*close)(aatgs_device *device);
} aatgs_device_ops;

struct aatgs_device {
  const aatgs_device_ops *ops;
  aatgs_bus *bus;
  aatgs_flit *window; /* the command ring, if the host writes it into the device's memory by
                         aatgs_slot_store_lines(); NULL: it lies in the bus */
  char name[128];     /* model of the processor or GPU */
  uint32_t workers;
  size_t bus_bytes;
  size_t device_bytes;
  uint8_t *const *regions; /* where they lie, if the host can see them; else NULL */
  bool own_clock;          /* its times are not CLOCK_MONOTONIC */
  bool crowded;            /* the host shares cores with workers: its waits must yield */
  uint32_t spread_from;    /* with so many iterations in flight, others that any worker may run are
                              better spread than left to the first; UINT32_MAX: never */
};

/* Opens and starts the device of that kind ("auto", "cpu", "cuda", "cuda:1"). */
int aatgs_device_open(const char *kind, const aatgs_device_spec *spec, aatgs_device **out,
                      aatgs_error *error);
int aatgs_device_cpu_open(const aatgs_device_spec *spec, aatgs_device **out, aatgs_error *error);
/* In builds with CUDA (AATGS_WITH_CUDA). */
int aatgs_device_cuda_open(const aatgs_device_spec *spec, aatgs_device **out, aatgs_error *error);

/* How many GPUs there are, 0 in builds without CUDA; and the multiprocessors of one. */
uint32_t aatgs_device_gpus(void);
uint32_t aatgs_device_multiprocessors(uint32_t ordinal);

#endif
