/* Carving one block of scratch memory into parts that start on cache lines, each with some slack
 * behind it, so that vectors may read over its end. */
#ifndef IMGCORE_SCRATCH_H
#define IMGCORE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

enum { SCRATCH_ALIGN = 64, SCRATCH_SLACK = 256 };

static inline size_t scratch_size(size_t bytes) {
  return (bytes + SCRATCH_SLACK + SCRATCH_ALIGN - 1) / SCRATCH_ALIGN * SCRATCH_ALIGN;
}

static inline void *scratch_take(void **scratch, size_t bytes) {
  void *part = *scratch;
  *scratch = (char *)part + scratch_size(bytes);
  return part;
}

/* Bytes from one row of a ring to the next: a whole number of cache lines, and not close to a
 * multiple of 1 KiB, as many rows would then share the same few places of the cache. */
static inline size_t scratch_stride(size_t bytes) {
  const size_t stride = scratch_size(bytes), clear = 3 * SCRATCH_ALIGN;
  return stride % 1024 < clear ? stride + clear : stride;
}

#endif
