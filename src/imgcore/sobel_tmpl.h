/* The magnitude of the 3x3 Sobel derivatives, in one pass: smoothed and differentiated columns in
 * two lines, then both derivatives along them. */
#include "ring.h"

#if DEPTH == 8
/* Derivatives of bytes fit 16 bits, and the sum of their squares, below 2^22, is whole as a float
 * too. No square root of a whole number is near enough to a half for rounding to be in doubt. */
VEC_INLINE vec_t sobel_root(vec_t pairs) {
  return vecf_truncate(vecf_add(vecf_sqrt(vecf_from32(vec_madd(pairs, pairs))), vecf_set(0.5f)));
}

VEC_INLINE vec_t sobel_words(const int16_t *sum, const int16_t *difference, int channels) {
  const vec_t gx = vec_sub16(vec_load(sum + 2 * channels), vec_load(sum));
  const vec_t middle = vec_load(difference + channels);
  const vec_t beside = vec_add16(vec_load(difference), vec_load(difference + 2 * channels));
  const vec_t gy = vec_add16(beside, vec_add16(middle, middle));
  return vec_pack32(sobel_root(vec_zip16lo(gx, gy)), sobel_root(vec_zip16hi(gx, gy)));
}

static inline void sobel_step(ring_t r) {
  const sample_t *const *rows = r.rows;
  const ptrdiff_t n = r.n, stride = r.stride;
  const int channels = r.channels;
  int16_t *sum = r.lines, *difference = sum + stride;
  for (ptrdiff_t i = 0; i < n + 2 * channels; i += VEC / 2) {
    const vec_t above = vec_widen(rows[0] + i), at = vec_widen(rows[1] + i);
    const vec_t below = vec_widen(rows[2] + i);
    vec_store(sum + i, vec_add16(vec_add16(above, below), vec_add16(at, at)));
    vec_store(difference + i, vec_sub16(below, above));
  }
#define ROW(i, vectors)                                                                       \
  ring_prefetch(r.next[0], i);                                                                \
  vec_store(r.out[0] + (i), vec_narrow16(sobel_words(sum + (i), difference + (i), channels),  \
                                    sobel_words(sum + (i) + VEC / 2,                          \
                                                difference + (i) + VEC / 2, channels)))
  OVER_BLOCKS(n, 1, ROW);
#undef ROW
}
#else
VEC_INLINE vecf_t sobel_floats(const float *sum, const float *difference, int channels) {
  const vecf_t gx = vecf_sub(vecf_load(sum + 2 * channels), vecf_load(sum));
  const vecf_t middle = vecf_load(difference + channels);
  const vecf_t beside = vecf_add(vecf_load(difference), vecf_load(difference + 2 * channels));
  const vecf_t gy = vecf_add(beside, vecf_add(middle, middle));
  return vecf_sqrt(vecf_add(vecf_mul(gx, gx), vecf_mul(gy, gy)));
}

static inline void sobel_step(ring_t r) {
  const sample_t *const *rows = r.rows;
  const ptrdiff_t n = r.n, stride = r.stride;
  const int channels = r.channels;
  float *sum = r.lines, *difference = sum + stride;
  for (ptrdiff_t i = 0; i < n + 2 * channels; i += VECF) {
    const vecf_t above = samples_load(rows[0] + i), at = samples_load(rows[1] + i);
    const vecf_t below = samples_load(rows[2] + i);
    vecf_store(sum + i, vecf_add(vecf_add(above, below), vecf_add(at, at)));
    vecf_store(difference + i, vecf_sub(below, above));
  }
#define ROW(i, vectors)                                                                   \
  ring_prefetch(r.next[0], i);                                                            \
  vecf_t root[4];                                                                         \
  for (int v = 0; v < 4; v++)                                                             \
    root[v] = sobel_floats(sum + (i) + v * VECF, difference + (i) + v * VECF, channels);  \
  samples_store(r.out[0] + (i), root[0], root[1], root[2], root[3])
  OVER_BLOCKS(n, 1, ROW);
#undef ROW
}
#endif

static size_t sobel_scratch(const plane_t *src, const plane_t *dst, const void *plan) {
  (void)dst, (void)plan;
  return ring_scratch(src);
}

static void sobel(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                  const void *plan, void *scratch) {
  over_ring(src, dst, y0, y1, 1, 1, *(const border_t *)plan, scratch, sobel_step);
}
