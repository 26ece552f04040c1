/* The one loop under every convolution and resize:
 *
 *     out[i] = finish(sum over k of weights[k] * in[k][i])   for i in [0, n)
 *
 * A row pass points in[k] at shifted copies of one row, a column pass at the rows of a ring, a
 * 2D pass at both. WEIGHTED_SUM defines it for one choice of types. Common tap counts are
 * compiled with the count known, so that sums stay in registers; others go over blocks with k
 * outside, which GCC vectorises as it stands. */
#ifndef IMGCORE_WEIGHTED_SUM_H
#define IMGCORE_WEIGHTED_SUM_H

#include <stdint.h>

#include "kernels.h"

enum { SUM_BLOCK = 64 };

static inline uint8_t clamp_u8(int32_t v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

static inline uint8_t clamp_wide_u8(int64_t v) {
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* How a sum becomes a sample; which fields are used depends on the finish. */
typedef struct {
  int64_t bias;
  int shift;
  uint16_t reciprocal;
} finish_t;

#define WEIGHTED_SUM(NAME, IN, ACC, WEIGHT, OUT, FINISH)                                         \
  static inline __attribute__((always_inline)) void NAME##_fixed(                                \
      const int taps, OUT *restrict out, const IN *const *in, const WEIGHT *weights,             \
      ptrdiff_t n, const finish_t f) {                                                           \
    const IN *p[9];                                                                              \
    ACC w[9];                                                                                    \
    for (int k = 0; k < taps; k++) {                                                             \
      p[k] = in[k];                                                                              \
      w[k] = (ACC)weights[k];                                                                    \
    }                                                                                            \
    for (ptrdiff_t i = 0; i < n; i++) {                                                          \
      ACC acc = 0;                                                                               \
      for (int k = 0; k < taps; k++) acc = (ACC)(acc + (ACC)p[k][i] * w[k]);                     \
      out[i] = FINISH(acc, f);                                                                   \
    }                                                                                            \
  }                                                                                              \
  static inline __attribute__((always_inline)) void NAME##_block(                                \
      const ptrdiff_t size, int taps, OUT *restrict out, const IN *const *in,                    \
      const WEIGHT *weights, ptrdiff_t offset, const finish_t f) {                               \
    ACC acc[SUM_BLOCK] = {0};                                                                    \
    for (int k = 0; k < taps; k++) {                                                             \
      const IN *restrict p = in[k] + offset;                                                     \
      const ACC w = (ACC)weights[k];                                                             \
      for (ptrdiff_t j = 0; j < size; j++) acc[j] = (ACC)(acc[j] + (ACC)p[j] * w);               \
    }                                                                                            \
    for (ptrdiff_t j = 0; j < size; j++) out[offset + j] = FINISH(acc[j], f);                    \
  }                                                                                              \
  static void NAME(int taps, OUT *restrict out, const IN *const *in, const WEIGHT *weights,      \
                   ptrdiff_t n, const finish_t f) {                                              \
    switch (taps) {                                                                              \
      case 1: NAME##_fixed(1, out, in, weights, n, f); return;                                   \
      case 2: NAME##_fixed(2, out, in, weights, n, f); return;                                   \
      case 3: NAME##_fixed(3, out, in, weights, n, f); return;                                   \
      case 5: NAME##_fixed(5, out, in, weights, n, f); return;                                   \
      case 7: NAME##_fixed(7, out, in, weights, n, f); return;                                   \
      case 9: NAME##_fixed(9, out, in, weights, n, f); return;                                   \
    }                                                                                            \
    ptrdiff_t i = 0;                                                                             \
    for (; i + SUM_BLOCK <= n; i += SUM_BLOCK)                                                   \
      NAME##_block(SUM_BLOCK, taps, out, in, weights, i, f);                                     \
    if (i < n) NAME##_block(n - i, taps, out, in, weights, i, f);                                \
  }

#endif
