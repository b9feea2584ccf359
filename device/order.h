/* Every memory order of the project is named here and nowhere else.
 *
 * Across the bus (system scope) there are four edges:
 *   B1 -> B2  a slot's flits. Each flit validates itself by its tag, so the
 *             payload needs no order; B1 is a store that is not moved before
 *             earlier ones, B2 a load that is not moved after later ones. Lines stored
 *             into a device's own memory may be moved: B3 fences before them.
 *   B3 -> B4  what the host wrote into a table slot or staging before it posted
 *             the command that names it; the device reads it after B4.
 *   B5 -> B6  what the device wrote into staging or the fault record before it
 *             moved `ordered_done` or `state`.
 *   B7 -- B8  beats, running words, abandon: one word each, no order.
 * Inside the device (device scope):
 *   D1 -> D2  a frame is filled in, or a part is made ready, before it can be
 *             claimed.
 *   D3 -> D4  what a part or a task wrote before the counter that it takes down;
 *             whoever takes it to zero has seen all of it.
 *   D5 -- D6  a region is released / a task is found blocked: each side writes its
 *             own word and then reads the other's, both sequentially
 *             consistent, so that at least one of them sees the other.
 *   D7 -> D8  the polling token: one worker at a time takes commands.
 *   D9 -> D10 what a turn of a program wrote before its done word, and what it had seen
 *             done. A turn before which nothing was written has nothing to release, and one that
 *             waits for none but such turns has nothing to acquire.
 *   D11 -> D12 what was written before a relayed command, before the bell. The command's slot
 *             validates itself, so the bell is looked at only when something was written.
 *   D13 -> D14 a graph was copied before its number shows; for who is dealt an iteration of it.
 *   D15 -- D16 deals, and how many iterations that any worker may run have ended: they touch no
 *             region and leave nothing behind inside the device, so there is no order.
 * Inside a thread block of a GPU (block scope):
 *   P1 -> P2  a box is filled in by a polling warp before the lanes open it; a box was
 *             emptied before it is filled in again; a slot's command was obeyed before the next
 *             one is; a turn is noted before its timing record is posted; that is posted before
 *             the note is written over; the last turn is noted before the notes are closed; a
 *             polling warp has obeyed its last command before it has left.
 * Between the host's threads:
 *   J1 -> J2  a journal entry is written before the head that admits it.
 *   J3 -> J4  an entry was read before its room is given back.
 *   J5 -> J6  the writer's error is filled in before it is announced.
 *   J7 -> J8  everything was pushed before the recorder is told to close.
 *   S1 -> S2  where to stop, and how to go on, is written before `state` says so.
 *   V1 -> V2  a window is saved before its thread says so.
 *   W1 -> W2  the watch describes what is wrong before it says so.
 *   W3 -- W4  the watch is to look away: one word, no order. */
#ifndef AATGS_ORDER_H
#define AATGS_ORDER_H

#include "bus.h"

#if defined(__CUDACC__)
#include <cuda/atomic>
#define AATGS_ORDER_FN static __host__ __device__ inline
#else
#define AATGS_ORDER_FN static inline __attribute__((unused))
#endif

#if defined(__SANITIZE_THREAD__)
#define AATGS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define AATGS_TSAN 1
#endif
#endif
#if defined(AATGS_TSAN)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define AATGS_TSAN_ACQUIRE(p) __tsan_acquire((void *)(uintptr_t)(p))
#define AATGS_TSAN_RELEASE(p) __tsan_release((void *)(uintptr_t)(p))
#else
#define AATGS_TSAN_ACQUIRE(p) ((void)(p))
#define AATGS_TSAN_RELEASE(p) ((void)(p))
#endif

/* ---- Flits: one 16-byte access each ---------------------------------------- */

#if !defined(__CUDA_ARCH__) && !defined(__x86_64__)
#error "flits need 16-byte loads and stores that are atomic: x86-64 with AVX"
#endif

#if !defined(__CUDA_ARCH__)
typedef union aatgs_flit_register {
  aatgs_flit flit;
  long long whole __attribute__((vector_size(16)));
} aatgs_flit_register;
#endif

/* B2. On x86-64 an aligned 16-byte move is atomic where AVX exists (Intel SDM vol. 3,
 * 9.1.1); the caller has checked that. `volatile` asm because a compiler may hoist or split
 * a plain one. */
AATGS_ORDER_FN aatgs_flit aatgs_flit_load(const aatgs_flit *p)
{
#if defined(__CUDA_ARCH__)
  aatgs_flit f;
  asm volatile("{ .reg .b128 q; .reg .b64 lo, hi;\n\t"
               "ld.relaxed.sys.global.b128 q, [%4];\n\t"
               "mov.b128 {lo, hi}, q;\n\t"
               "mov.b64 {%0, %1}, lo;\n\t"
               "mov.b64 {%2, %3}, hi; }"
               : "=r"(f.word[0]), "=r"(f.word[1]), "=r"(f.word[2]), "=r"(f.tag)
               : "l"(p)
               : "memory");
  return f;
#else
  aatgs_flit_register r;
  __asm__ volatile("movdqa %1, %0" : "=x"(r.whole) : "m"(*p) : "memory");
  return r.flit;
#endif
}

/* B1. */
AATGS_ORDER_FN void aatgs_flit_store(aatgs_flit *p, aatgs_flit f)
{
#if defined(__CUDA_ARCH__)
  asm volatile("{ .reg .b128 q; .reg .b64 lo, hi;\n\t"
               "mov.b64 lo, {%1, %2};\n\t"
               "mov.b64 hi, {%3, %4};\n\t"
               "mov.b128 q, {lo, hi};\n\t"
               "st.relaxed.sys.global.b128 [%0], q; }" ::"l"(p),
               "r"(f.word[0]), "r"(f.word[1]), "r"(f.word[2]), "r"(f.tag)
               : "memory");
#else
  aatgs_flit_register r;
  r.flit = f;
  AATGS_TSAN_RELEASE(p);
  __asm__ volatile("movdqa %1, %0" : "=m"(*p) : "x"(r.whole) : "memory");
#endif
}

#if defined(__CUDACC__)
/* B1 of those lanes for which the condition holds, without a branch. */
static __device__ inline void aatgs_flit_store_if(int condition, aatgs_flit *p, aatgs_flit f)
{
  asm volatile("{ .reg .pred yes; .reg .b128 q; .reg .b64 lo, hi;\n\t"
               "setp.ne.s32 yes, %5, 0;\n\t"
               "mov.b64 lo, {%1, %2};\n\t"
               "mov.b64 hi, {%3, %4};\n\t"
               "mov.b128 q, {lo, hi};\n\t"
               "@yes st.relaxed.sys.global.b128 [%0], q; }" ::"l"(p),
               "r"(f.word[0]), "r"(f.word[1]), "r"(f.word[2]), "r"(f.tag), "r"(condition)
               : "memory");
}
#endif

/* Reads a slot of `flits` flits into 3 * flits words. 1 when every tag is the expected one;
 * otherwise 0, and `words` is to be thrown away. */
AATGS_ORDER_FN int aatgs_slot_load(const aatgs_flit *slot, uint32_t flits, uint32_t tag,
                                   uint32_t *words)
{
  for (uint32_t i = 0; i < flits; i++) {
    aatgs_flit f = aatgs_flit_load(slot + i);
    if (f.tag != tag)
      return 0;
    words[3 * i + 0] = f.word[0];
    words[3 * i + 1] = f.word[1];
    words[3 * i + 2] = f.word[2];
  }
  AATGS_TSAN_ACQUIRE(slot + flits - 1);
  return 1;
}

AATGS_ORDER_FN void aatgs_slot_store(aatgs_flit *slot, uint32_t flits, uint32_t tag,
                                     const uint32_t *words)
{
  for (uint32_t i = 0; i < flits; i++) {
    aatgs_flit f;
    f.word[0] = words[3 * i + 0];
    f.word[1] = words[3 * i + 1];
    f.word[2] = words[3 * i + 2];
    f.tag = tag;
    aatgs_flit_store(slot + i, f);
  }
}

#if !defined(__CUDACC__)
/* B1 into a device's own memory, which the host sees as write-combining (host/window.h). Smaller
 * stores may leave such memory torn and in any order, so a slot goes a cache line at a time:
 * MOVDIR64B writes one whole and at once (Intel SDM vol. 2). It may pass earlier stores: see
 * aatgs_lines_fence(). `flits` is a multiple of 4, the slot aligned to 64 bytes, and
 * aatgs_has_line_stores() has said yes. */
static inline __attribute__((unused)) void
aatgs_slot_store_lines(aatgs_flit *slot, uint32_t flits, uint32_t tag, const uint32_t *words)
{
  AATGS_ALIGNAS(64) aatgs_flit line[4];
  for (uint32_t i = 0; i < flits; i += 4) {
    aatgs_slot_store(line, 4, tag, words + (size_t)i * AATGS_FLIT_PAYLOAD_WORDS);
    __asm__ volatile("movdir64b %1, %0" ::"r"(slot + i), "m"(line) : "memory");
  }
}

/* B3 before aatgs_slot_store_lines(). It waits until the lines written before have arrived, which
 * takes as long as the bus does. */
static inline __attribute__((unused)) void aatgs_lines_fence(void)
{
  __asm__ volatile("sfence" ::: "memory");
}

/* CPUID leaf 7: MOVDIR64B. */
static inline __attribute__((unused)) int aatgs_has_line_stores(void)
{
  uint32_t a = 7, b, c = 0, d;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return c >> 28 & 1;
}
#endif

/* ---- Words shared across the bus -------------------------------------------- */

#if defined(__CUDA_ARCH__)
#define AATGS_SYS(p, type) cuda::atomic_ref<type, cuda::thread_scope_system>(*(type *)(p))
#endif

/* B6. */
AATGS_ORDER_FN uint64_t aatgs_bus_load_acquire(const uint64_t *p)
{
#if defined(__CUDA_ARCH__)
  return AATGS_SYS(p, uint64_t).load(cuda::memory_order_acquire);
#else
  return __atomic_load_n(p, __ATOMIC_ACQUIRE);
#endif
}

/* B5. */
AATGS_ORDER_FN void aatgs_bus_store_release(uint64_t *p, uint64_t v)
{
#if defined(__CUDA_ARCH__)
  AATGS_SYS(p, uint64_t).store(v, cuda::memory_order_release);
#else
  __atomic_store_n(p, v, __ATOMIC_RELEASE);
#endif
}

/* B8. */
AATGS_ORDER_FN uint64_t aatgs_bus_load_relaxed(const uint64_t *p)
{
#if defined(__CUDA_ARCH__)
  return AATGS_SYS(p, uint64_t).load(cuda::memory_order_relaxed);
#else
  return __atomic_load_n(p, __ATOMIC_RELAXED);
#endif
}

/* B7. */
AATGS_ORDER_FN void aatgs_bus_store_relaxed(uint64_t *p, uint64_t v)
{
#if defined(__CUDA_ARCH__)
  AATGS_SYS(p, uint64_t).store(v, cuda::memory_order_relaxed);
#else
  __atomic_store_n(p, v, __ATOMIC_RELAXED);
#endif
}

/* B4. After a command was taken whose payload lies outside its slot. On x86-64 the flit's
 * load was already ordered; TSan learnt it from the slot. */
AATGS_ORDER_FN void aatgs_bus_fence_acquire(void)
{
#if defined(__CUDA_ARCH__)
  cuda::atomic_thread_fence(cuda::memory_order_acquire, cuda::thread_scope_system);
#endif
}

/* ---- Words inside the device -------------------------------------------------- */

#if defined(__CUDA_ARCH__)
#define AATGS_DEV(p, type) cuda::atomic_ref<type, cuda::thread_scope_device>(*(type *)(p))
#define AATGS_DEFINE_DEV(bits)                                                                     \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_load_relaxed_u##bits(const uint##bits##_t *p)            \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).load(cuda::memory_order_relaxed);                          \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_load_acquire_u##bits(const uint##bits##_t *p)            \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).load(cuda::memory_order_acquire);                          \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_load_seq_u##bits(const uint##bits##_t *p)                \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).load(cuda::memory_order_seq_cst);                          \
  }                                                                                                \
  AATGS_ORDER_FN void aatgs_dev_store_relaxed_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    AATGS_DEV(p, uint##bits##_t).store(v, cuda::memory_order_relaxed);                             \
  }                                                                                                \
  AATGS_ORDER_FN void aatgs_dev_store_release_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    AATGS_DEV(p, uint##bits##_t).store(v, cuda::memory_order_release);                             \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_sub_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).fetch_sub(v, cuda::memory_order_acq_rel);                  \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_add_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).fetch_add(v, cuda::memory_order_acq_rel);                  \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_add_seq_u##bits(uint##bits##_t *p, uint##bits##_t v)     \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).fetch_add(v, cuda::memory_order_seq_cst);                  \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_or_seq_u##bits(uint##bits##_t *p, uint##bits##_t v)      \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).fetch_or(v, cuda::memory_order_seq_cst);                   \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_and_seq_u##bits(uint##bits##_t *p, uint##bits##_t v)     \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t).fetch_and(v, cuda::memory_order_seq_cst);                  \
  }                                                                                                \
  AATGS_ORDER_FN int aatgs_dev_cas_u##bits(uint##bits##_t *p, uint##bits##_t *expected,            \
                                           uint##bits##_t v)                                       \
  {                                                                                                \
    return AATGS_DEV(p, uint##bits##_t)                                                            \
        .compare_exchange_strong(*expected, v, cuda::memory_order_acq_rel,                         \
                                 cuda::memory_order_relaxed);                                      \
  }
#else
#define AATGS_DEFINE_DEV(bits)                                                                     \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_load_relaxed_u##bits(const uint##bits##_t *p)            \
  {                                                                                                \
    return __atomic_load_n(p, __ATOMIC_RELAXED);                                                   \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_load_acquire_u##bits(const uint##bits##_t *p)            \
  {                                                                                                \
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);                                                   \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_load_seq_u##bits(const uint##bits##_t *p)                \
  {                                                                                                \
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                   \
  }                                                                                                \
  AATGS_ORDER_FN void aatgs_dev_store_relaxed_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    __atomic_store_n(p, v, __ATOMIC_RELAXED);                                                      \
  }                                                                                                \
  AATGS_ORDER_FN void aatgs_dev_store_release_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    __atomic_store_n(p, v, __ATOMIC_RELEASE);                                                      \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_sub_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    return __atomic_fetch_sub(p, v, __ATOMIC_ACQ_REL);                                             \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_add_u##bits(uint##bits##_t *p, uint##bits##_t v)         \
  {                                                                                                \
    return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL);                                             \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_add_seq_u##bits(uint##bits##_t *p, uint##bits##_t v)     \
  {                                                                                                \
    return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);                                             \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_or_seq_u##bits(uint##bits##_t *p, uint##bits##_t v)      \
  {                                                                                                \
    return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);                                              \
  }                                                                                                \
  AATGS_ORDER_FN uint##bits##_t aatgs_dev_and_seq_u##bits(uint##bits##_t *p, uint##bits##_t v)     \
  {                                                                                                \
    return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);                                             \
  }                                                                                                \
  AATGS_ORDER_FN int aatgs_dev_cas_u##bits(uint##bits##_t *p, uint##bits##_t *expected,            \
                                           uint##bits##_t v)                                       \
  {                                                                                                \
    return __atomic_compare_exchange_n(p, expected, v, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);     \
  }
#endif

AATGS_DEFINE_DEV(32)
AATGS_DEFINE_DEV(64)

/* D15, for a count. */
AATGS_ORDER_FN void aatgs_dev_count_u32(uint32_t *p)
{
#if defined(__CUDA_ARCH__)
  (void)AATGS_DEV(p, uint32_t).fetch_add(1, cuda::memory_order_relaxed);
#else
  __atomic_fetch_add(p, 1, __ATOMIC_RELAXED);
#endif
}

/* D9 where there is nothing to release. A release costs a GPU a third of a microsecond. */
AATGS_ORDER_FN void aatgs_done_store(uint32_t *p, uint32_t v)
{
#if defined(__CUDA_ARCH__)
  aatgs_dev_store_relaxed_u32(p, v);
#else
  aatgs_dev_store_release_u32(p, v);
#endif
}

/* D10 where there is nothing to acquire: a GPU has several such loads under way at a time. */
AATGS_ORDER_FN uint32_t aatgs_done_load(const uint32_t *p)
{
#if defined(__CUDA_ARCH__)
  return aatgs_dev_load_relaxed_u32(p);
#else
  return aatgs_dev_load_acquire_u32(p);
#endif
}

/* ---- Words in a thread block's shared memory -------------------------------------- */

#if defined(__CUDACC__)
#define AATGS_SHARED_AT(p) ((uint32_t)__cvta_generic_to_shared(p))

/* P2. */
static __device__ inline uint32_t aatgs_block_load_acquire(const uint32_t *p)
{
  uint32_t v;
  asm volatile("ld.acquire.cta.shared.u32 %0, [%1];"
               : "=r"(v)
               : "r"(AATGS_SHARED_AT(p))
               : "memory");
  return v;
}

/* P1. */
static __device__ inline void aatgs_block_store_release(uint32_t *p, uint32_t v)
{
  asm volatile("st.release.cta.shared.u32 [%0], %1;" ::"r"(AATGS_SHARED_AT(p)), "r"(v) : "memory");
}

static __device__ inline int aatgs_block_cas(uint32_t *p, uint32_t expected, uint32_t v)
{
  uint32_t was;
  asm volatile("atom.relaxed.cta.shared.cas.b32 %0, [%1], %2, %3;"
               : "=r"(was)
               : "r"(AATGS_SHARED_AT(p)), "r"(expected), "r"(v)
               : "memory");
  return was == expected;
}

/* P1, P2. */
static __device__ inline uint32_t aatgs_block_add(uint32_t *p, uint32_t v)
{
  return cuda::atomic_ref<uint32_t, cuda::thread_scope_block>(*p).fetch_add(
      v, cuda::memory_order_acq_rel);
}

/* A gate (PTX: mbarrier) opens when as many have arrived as it was made for, and is then closed
 * again for as many: its phases are counted, of which `phase` is the lowest bit. */
static __device__ inline void aatgs_gate_make(uint64_t *gate, uint32_t arrivals)
{
  asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(AATGS_SHARED_AT(gate)), "r"(arrivals)
               : "memory");
}

/* P1. */
static __device__ inline void aatgs_gate_arrive(uint64_t *gate)
{
  asm volatile(
      "{ .reg .b64 state; mbarrier.arrive.shared.b64 state, [%0]; }" ::"r"(AATGS_SHARED_AT(gate))
      : "memory");
}

/* P2, when it says 1. */
static __device__ inline int aatgs_gate_open(uint64_t *gate, uint32_t phase)
{
  int open;
  asm volatile("{ .reg .pred open; mbarrier.test_wait.parity.shared.b64 open, [%1], %2;\n\t"
               "selp.s32 %0, 1, 0, open; }"
               : "=r"(open)
               : "r"(AATGS_SHARED_AT(gate)), "r"(phase)
               : "memory");
  return open;
}

/* The same; it may take up to a microsecond to say 0. */
static __device__ inline int aatgs_gate_wait(uint64_t *gate, uint32_t phase)
{
  int open;
#if __CUDA_ARCH__ >= 900
  asm volatile("{ .reg .pred open; mbarrier.try_wait.parity.shared.b64 open, [%1], %2, 1000;\n\t"
               "selp.s32 %0, 1, 0, open; }"
               : "=r"(open)
               : "r"(AATGS_SHARED_AT(gate)), "r"(phase)
               : "memory");
#else
  open = aatgs_gate_open(gate, phase);
  if (!open)
    __nanosleep(20);
#endif
  return open;
}
#endif

#endif
