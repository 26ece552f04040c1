/* Numbers that any threads change at once, without locks: C11 atomics, 64 bits wide. Sums wrap at
 * 2^64, as C has it for unsigned numbers. Nothing here allocates but cells_make, nothing fails but
 * that, nothing knows of Python: count wherever you are. */
#ifndef IMGCORE_ATOMICS_H
#define IMGCORE_ATOMICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics take locks on this machine");

/* A number with a cache line of its own: who changes one does not slow down who changes the next. */
typedef struct {
  _Alignas(CACHE_LINE) _Atomic uint64_t value;
} cell_t;

/* `count` cells, all 0, for free(); or NULL. */
static inline cell_t *cells_make(size_t count) {
  if (count > SIZE_MAX / sizeof(cell_t)) return NULL;
  cell_t *cells = aligned_alloc(CACHE_LINE, count * sizeof(cell_t));
  if (cells)
    for (size_t i = 0; i < count; i++) atomic_init(&cells[i].value, 0);
  return cells;
}

/* An order that is no constant would be taken for the strongest, hence a branch for each; one that
 * is leaves no branch behind. */
static inline void cell_add(cell_t *cell, uint64_t n, memory_order order) {
  switch (order) {
    case memory_order_relaxed: atomic_fetch_add_explicit(&cell->value, n, memory_order_relaxed); break;
    case memory_order_acquire: atomic_fetch_add_explicit(&cell->value, n, memory_order_acquire); break;
    case memory_order_release: atomic_fetch_add_explicit(&cell->value, n, memory_order_release); break;
    case memory_order_acq_rel: atomic_fetch_add_explicit(&cell->value, n, memory_order_acq_rel); break;
    default: atomic_fetch_add_explicit(&cell->value, n, memory_order_seq_cst);
  }
}

/* Relaxed, acquire, or else sequentially consistent: a load cannot release. */
static inline uint64_t cell_load(cell_t *cell, memory_order order) {
  switch (order) {
    case memory_order_relaxed: return atomic_load_explicit(&cell->value, memory_order_relaxed);
    case memory_order_acquire: return atomic_load_explicit(&cell->value, memory_order_acquire);
    default: return atomic_load_explicit(&cell->value, memory_order_seq_cst);
  }
}

static inline void cell_store(cell_t *cell, uint64_t n) {
  atomic_store_explicit(&cell->value, n, memory_order_release);
}

/* Puts n in, and gives what was there: of several that swap, each gets a value of its own. */
static inline uint64_t cell_swap(cell_t *cell, uint64_t n) {
  return atomic_exchange_explicit(&cell->value, n, memory_order_acq_rel);
}

/* Compare and swap, until n is in or somebody has put in what is better. */
static inline void cell_lower(cell_t *cell, uint64_t n) {
  uint64_t seen = atomic_load_explicit(&cell->value, memory_order_relaxed);
  while (n < seen && !atomic_compare_exchange_weak_explicit(&cell->value, &seen, n, memory_order_release,
                                                            memory_order_relaxed)) {
  }
}

static inline void cell_raise(cell_t *cell, uint64_t n) {
  uint64_t seen = atomic_load_explicit(&cell->value, memory_order_relaxed);
  while (n > seen && !atomic_compare_exchange_weak_explicit(&cell->value, &seen, n, memory_order_release,
                                                            memory_order_relaxed)) {
  }
}

/* `cells` are one for each boundary, one for what is above the last, and the sum of all values;
 * `boundaries` ascend. */
typedef struct {
  cell_t *cells;
  uint64_t *boundaries;
  size_t count;
} histogram_t;

/* The first boundary that is not below the value. */
static inline size_t histogram_bucket(const histogram_t *h, uint64_t value) {
  size_t low = 0, high = h->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (h->boundaries[middle] < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The sum first: who acquires the buckets finds in the sum all that they have counted. */
static inline void histogram_record(const histogram_t *h, uint64_t value) {
  cell_add(&h->cells[h->count + 1], value, memory_order_relaxed);
  cell_add(&h->cells[histogram_bucket(h, value)], 1, memory_order_release);
}

#endif
