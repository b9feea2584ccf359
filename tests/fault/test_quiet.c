/* The hot path, submit and poll, allocates nothing and makes no system call, recorded or not; and
 * an opened runtime tells how much memory it took. */
#include "support/cm.h"

#include "device/workload.h"
#include "host/aatgs.h"

#include <errno.h>
#include <ftw.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define ITERATIONS 10000u

/* ---- The allocator, counted ------------------------------------------------------------ */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static _Thread_local bool watched;
static _Thread_local uint32_t allocations; /* and frees, of this thread while watched */
static int64_t live_bytes;                 /* of all threads, always */

static void *taken(void *p)
{
  allocations += watched;
  __atomic_fetch_add(&live_bytes, (int64_t)malloc_usable_size(p), __ATOMIC_RELAXED);
  return p;
}

static void given(void *p)
{
  allocations += watched;
  __atomic_fetch_sub(&live_bytes, (int64_t)malloc_usable_size(p), __ATOMIC_RELAXED);
}

void *malloc(size_t size)
{
  return taken(__libc_malloc(size));
}
void *calloc(size_t count, size_t size)
{
  return taken(__libc_calloc(count, size));
}
void *realloc(void *p, size_t size)
{
  given(p);
  return taken(__libc_realloc(p, size));
}
void *aligned_alloc(size_t alignment, size_t size)
{
  return taken(__libc_memalign(alignment, size));
}
int posix_memalign(void **out, size_t alignment, size_t size)
{
  *out = aligned_alloc(alignment, size);
  return *out ? 0 : ENOMEM;
}
void free(void *p)
{
  given(p);
  __libc_free(p);
}

/* ---- System calls, caught (syscall user dispatch, Linux 5.11) ------------------------------ */

#if !defined(PR_SET_SYSCALL_USER_DISPATCH)
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
enum { CALLS_PASS = 0, CALLS_TRAP = 1 };

static volatile char calls = CALLS_PASS;
static volatile int trapped; /* number of the first call that was trapped, + 1 */
static volatile uint32_t clock_calls;

/* Notes the call, then lets it and all later ones pass. */
static void on_call(int signal, siginfo_t *info, void *context)
{
  ucontext_t *u = context;
  (void)signal;
  calls = CALLS_PASS;
  if (info->si_syscall == SYS_clock_gettime)
    clock_calls++; /* where the clock is no vDSO's, reading it is a call */
  else if (!trapped)
    trapped = info->si_syscall + 1;
  u->uc_mcontext.gregs[REG_RIP] -= 2; /* the syscall instruction once more */
}

static bool trap_calls(void)
{
  struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, NULL);
  return prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0UL, 0UL, &calls) == 0;
}

static void release_calls(void)
{
  calls = CALLS_PASS;
  prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0UL, 0UL, NULL);
}

/* Both counters must notice what they are there for. */
static void test_the_watch_notices(void **state)
{
  (void)state;
  watched = true;
  free(malloc(10));
  watched = false;
  assert_int_equal(allocations, 2);
  if (!trap_calls()) {
    print_message("skipped: no syscall user dispatch in this kernel\n");
    skip();
  }
  trapped = 0;
  calls = CALLS_TRAP;
  const long pid = syscall(SYS_getppid);
  release_calls();
  assert_int_equal(trapped, SYS_getppid + 1);
  assert_true(pid >= 0);
}

/* ---- The hot path -----------------------------------------------------------------------------
 */

static aatgs_runtime *open_runtime(const char *record)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = AATGS_BUILD_DIR "/empty.so";
  o.device = "cpu";
  o.tasks = "three";
  o.workers = 1;
  o.snapshot_interval_ns = 1000000; /* performance snapshots are part of it */
  o.record = record;
  if (aatgs_open(&o, &rt, &error))
    fail_msg("%s", error.text);
  return rt;
}

/* One at a time, or as many as the rings take. Returns how many came back. */
static uint32_t iterate(aatgs_runtime *rt, uint32_t iterations, bool pipelined)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4] = {0}, telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  uint32_t sent = 0, got = 0;
  int rc = 0;
  while (got < iterations && rc >= 0) {
    calls = watched ? CALLS_TRAP : CALLS_PASS;
    if (sent < iterations && (pipelined || sent == got)) {
      rc = aatgs_submit(rt, config, NULL);
      sent += rc == 0;
      rc = rc == AATGS_EAGAIN ? 0 : rc;
    }
    if (rc == 0)
      rc = aatgs_poll(rt, telemetry, NULL);
    if (rc > 0) {
      got++;
      rc = 0;
    }
  }
  calls = CALLS_PASS;
  return got;
}

static void watch_iterations(const char *record)
{
  aatgs_runtime *rt = open_runtime(record);
  assert_int_equal(iterate(rt, 100, true), 100); /* the first use of a page, of a symbol */
  const bool trapping = trap_calls();
  trapped = 0;
  allocations = 0;
  watched = true;
  const uint32_t one = iterate(rt, ITERATIONS, false), many = iterate(rt, ITERATIONS, true);
  watched = false;
  release_calls();
  assert_int_equal(one, ITERATIONS);
  assert_int_equal(many, ITERATIONS);
  assert_int_equal(allocations, 0);
  if (trapping && trapped)
    fail_msg("the calling thread made system call %d", trapped - 1);
  if (clock_calls)
    print_message("reading the clock is a system call on this machine\n");
  assert_int_equal(aatgs_close(rt), 0);
  if (!trapping) {
    print_message("skipped: no syscall user dispatch in this kernel; allocations were checked\n");
    skip();
  }
}

static void test_unrecorded(void **state)
{
  (void)state;
  watch_iterations(NULL);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

static void test_recorded(void **state)
{
  (void)state;
  char folder[] = "/tmp/aatgs-quiet-XXXXXX";
  assert_non_null(mkdtemp(folder));
  watch_iterations(folder);
  nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- The account --------------------------------------------------------------------------------
 */

/* What it says beside rings and device state is what the allocator gave, give or take a tenth. */
static void check_account(const char *record)
{
  aatgs_runtime_info info;
  aatgs_close(open_runtime(NULL)); /* libraries allocate at their first use */
  const int64_t before = __atomic_load_n(&live_bytes, __ATOMIC_RELAXED);
  aatgs_runtime *rt = open_runtime(record);
  const int64_t taken_bytes = __atomic_load_n(&live_bytes, __ATOMIC_RELAXED) - before;
  aatgs_get_runtime_info(rt, &info);
  const int64_t said = (int64_t)(info.host_bytes - info.bus_bytes - info.device_bytes);
  print_message("%s: %lld bytes allocated, %lld accounted for; bus %zu, device %zu\n",
                record ? "recorded" : "not recorded", (long long)taken_bytes, (long long)said,
                info.bus_bytes, info.device_bytes);
  assert_int_equal(aatgs_close(rt), 0);
  assert_true(said >= taken_bytes - taken_bytes / 10);
  assert_true(said <= taken_bytes + taken_bytes / 10);
}

static void test_account(void **state)
{
  (void)state;
  check_account(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_watch_notices),
      cmocka_unit_test(test_unrecorded),
      cmocka_unit_test(test_recorded),
      cmocka_unit_test(test_account),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
