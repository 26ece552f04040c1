/* Medians of 3x3 and 5x5 pixels through minima and maxima alone. Columns are sorted once and serve
 * all windows they lie in; a window then sorts across its columns only what may be the median. */
#include "ring.h"

#if DEPTH == 8
#define MEDIAN_MIN vec_min8
#define MEDIAN_MAX vec_max8
#elif DEPTH == 16
#define MEDIAN_MIN vec_min16
#define MEDIAN_MAX vec_max16
#endif

enum { MEDIAN_LANES = VEC / sizeof(sample_t) };

#if DEPTH == 32
typedef vecf_t values_t;
VEC_INLINE values_t values_load(const sample_t *p) { return vecf_load(p); }
VEC_INLINE void values_store(sample_t *p, values_t a) { vecf_store(p, a); }
VEC_INLINE values_t low(values_t a, values_t b) { return vecf_min(a, b); }
VEC_INLINE values_t high(values_t a, values_t b) { return vecf_max(a, b); }
#else
typedef vec_t values_t;
VEC_INLINE values_t values_load(const sample_t *p) { return vec_load(p); }
VEC_INLINE void values_store(sample_t *p, values_t a) { vec_store(p, a); }
VEC_INLINE values_t low(values_t a, values_t b) { return MEDIAN_MIN(a, b); }
VEC_INLINE values_t high(values_t a, values_t b) { return MEDIAN_MAX(a, b); }
#endif

VEC_INLINE void sort2(values_t *a, values_t *b) {
  const values_t least = low(*a, *b);
  *b = high(*a, *b);
  *a = least;
}

/* Puts v[2] in its place behind v[0] and v[1], which are sorted. */
VEC_INLINE void insert3(values_t v[3]) {
  sort2(v, v + 2);
  sort2(v + 1, v + 2);
}

/* Where a rank is not used, what sorts it out is dropped by the compiler. */
VEC_INLINE void sort5(values_t v[5]) {
  sort2(v, v + 1);
  sort2(v + 3, v + 4);
  sort2(v + 2, v + 4);
  sort2(v + 2, v + 3);
  sort2(v + 1, v + 4);
  sort2(v, v + 3);
  sort2(v, v + 2);
  sort2(v + 1, v + 3);
  sort2(v + 1, v + 2);
}

VEC_INLINE values_t median3(values_t a, values_t b, values_t c) {
  return high(low(a, b), low(high(a, b), c));
}

/* Columns sorted upwards: line k has the sample of rank k of each. */
VEC_INLINE void sort_columns(sample_t *lines, ring_t r) {
  for (ptrdiff_t i = 0; i < r.n + 4 * r.channels; i += MEDIAN_LANES) {
    values_t v[5];
    for (int k = 0; k < 5; k++) v[k] = values_load(r.rows[k] + i);
    sort5(v);
    for (int k = 0; k < 5; k++) values_store(lines + k * r.stride + i, v[k]);
  }
}

/* Of sorted columns the greatest least, the median of the middle ones, the least greatest. */
VEC_INLINE values_t median_of_9(values_t v[3][3]) {
  return median3(high(high(v[0][0], v[1][0]), v[2][0]), median3(v[0][1], v[1][1], v[2][1]),
                 low(low(v[0][2], v[1][2]), v[2][2]));
}

/* Two windows, one above the other: the two rows both have are sorted once. This takes fewer loads
 * than sorted columns kept for their neighbours, which count for more than minima and maxima. With
 * floats a NaN makes the order of the steps matter, so there each window takes the same ones. */
VEC_INLINE void sort_windows(values_t above[3], values_t below[3], const sample_t *const *rows,
                             ptrdiff_t i) {
  above[0] = values_load(rows[1] + i);
  above[1] = values_load(rows[2] + i);
  above[2] = values_load(rows[0] + i);
  below[2] = values_load(rows[3] + i);
  if (DEPTH == 32) {
    below[0] = above[1];
    below[1] = below[2];
    below[2] = above[0];
    sort2(below, below + 1);
    sort2(above, above + 1);
  } else {
    sort2(above, above + 1);
    below[0] = above[0];
    below[1] = above[1];
  }
  insert3(above);
  insert3(below);
}

static inline void median3_step(ring_t r) {
#define ROW(i, vectors)                                                          \
  for (ptrdiff_t at = (i); at < (i) + VEC; at += MEDIAN_LANES) {                 \
    values_t above[3][3], below[3][3];                                           \
    for (int j = 0; j < 3; j++)                                                  \
      sort_windows(above[j], below[j], r.rows, at + (ptrdiff_t)j * r.channels);  \
    values_store(r.out[0] + at, median_of_9(above));                             \
    values_store(r.out[1] + at, median_of_9(below));                             \
  }                                                                              \
  ring_prefetch(r.next[0], i);                                                   \
  ring_prefetch(r.next[1], i)
  OVER_BLOCKS(r.n, 1, ROW);
#undef ROW
}

/* Sorted along its columns and its rows, a 5x5 window has only thirteen samples that may be its
 * median, those around the diagonal, and as many above as below them. What is known to be the least
 * or the greatest of those left is dropped, one of each in turn; the steps come from a search over
 * all windows of zeros and ones, which decide for all others (Knuth, TAOCP 3, 5.3.4, theorem Z). */
VEC_INLINE values_t median_of_25(const sample_t *line, ptrdiff_t stride, int channels) {
  values_t v[5][5];
  for (int k = 0; k < 5; k++) {
    for (int j = 0; j < 5; j++) v[k][j] = values_load(line + k * stride + j * channels);
    sort5(v[k]);
  }
  values_t *a = v[0], *b = v[1], *c = v[2], *d = v[3], *e = v[4];
  sort2(c + 1, d);
  sort2(b + 2, a + 3);
  sort2(c + 1, b + 2);
  sort2(d + 2, e + 1);
  sort2(c + 3, b + 4);
  sort2(a + 4, d);
  sort2(b + 2, e);
  sort2(a + 3, a + 4);
  sort2(a + 3, b + 2);
  sort2(d, e);
  sort2(c + 3, e);
  sort2(e, d + 2);
  sort2(b + 2, c + 2);
  sort2(a + 4, d);
  sort2(d + 1, b + 2);
  sort2(c + 3, b + 3);
  sort2(a + 4, c + 3);
  sort2(d + 1, a + 4);
  sort2(d, c + 2);
  sort2(c + 3, b + 2);
  sort2(e, b + 3);
  sort2(b + 2, c + 2);
  sort2(d, e);
  sort2(d, c + 3);
  sort2(a + 4, d);
  sort2(c + 3, d);
  sort2(e, b + 2);
  return high(*d, *e);
}

static inline void median5_step(ring_t r) {
  sample_t *lines = r.lines;
  sort_columns(lines, r);
#define ROW(i, vectors)                                                           \
  for (ptrdiff_t at = (i); at < (i) + VEC; at += MEDIAN_LANES)                    \
    values_store(r.out[0] + at, median_of_25(lines + at, r.stride, r.channels));  \
  ring_prefetch(r.next[0], i)
  OVER_BLOCKS(r.n, 1, ROW);
#undef ROW
}

static size_t median_scratch(const plane_t *src, const plane_t *dst, const void *plan) {
  (void)dst, (void)plan;
  return ring_scratch(src);
}

static void median(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const void *plan_, void *scratch) {
  const median_t *plan = plan_;
  if (plan->size == 3)
    over_ring(src, dst, y0, y1, 1, 2, plan->border, scratch, median3_step);
  else
    over_ring(src, dst, y0, y1, 2, 1, plan->border, scratch, median5_step);
}
