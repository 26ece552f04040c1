/* The one loop under every convolution and resize in floats or doubles:
 *
 *     total[i] = sum over k of weights[k] * in[k][i]
 *
 * A column pass points in[k] at rows, a row pass at shifted copies of one row, a 2D pass at both.
 * Sums are made of part sums of FLOAT_PART taps, so that rounding errors grow with those and the
 * number of parts, and not with taps. FLOAT_SUM defines it for one type of input, DOUBLE_SUM for
 * those few sums that floats would lose too much of. */
#ifndef IMGCORE_REAL_SUMS_H
#define IMGCORE_REAL_SUMS_H

#include "sample.h"

#define FLOAT_SUM(NAME, IN, LOAD)                                                                \
  VEC_INLINE void NAME(vecf_t total[4], const IN *const *in, const float *weights, int taps,     \
                       ptrdiff_t i) {                                                            \
    for (int v = 0; v < 4; v++) total[v] = vecf_set(0);                                          \
    for (int k = 0; k < taps;) {                                                                 \
      const int end = k + FLOAT_PART < taps ? k + FLOAT_PART : taps;                             \
      vecf_t a = vecf_set(0), b = a, c = a, d = a;                                               \
      for (; k < end; k++) {                                                                     \
        const vecf_t w = vecf_set(weights[k]);                                                   \
        const IN *p = in[k] + i;                                                                 \
        a = samples_multiply_add(a, LOAD(p), w);                                                 \
        b = samples_multiply_add(b, LOAD(p + VECF), w);                                          \
        c = samples_multiply_add(c, LOAD(p + 2 * VECF), w);                                      \
        d = samples_multiply_add(d, LOAD(p + 3 * VECF), w);                                      \
      }                                                                                          \
      total[0] = vecf_add(total[0], a);                                                          \
      total[1] = vecf_add(total[1], b);                                                          \
      total[2] = vecf_add(total[2], c);                                                          \
      total[3] = vecf_add(total[3], d);                                                          \
    }                                                                                            \
  }

FLOAT_SUM(sum_samples, sample_t, samples_load)
FLOAT_SUM(sum_floats, float, vecf_load)

#define DOUBLE_SUM(NAME, IN)                                                                     \
  static void NAME(double sum[VEC], const IN *const *in, const double *weights, int taps,        \
                   ptrdiff_t i) {                                                                \
    double acc[VEC] = {0};                                                                       \
    for (int k = 0; k < taps; k++) {                                                             \
      const IN *restrict p = in[k] + i;                                                          \
      for (int j = 0; j < VEC; j++) acc[j] += p[j] * weights[k];                                 \
    }                                                                                            \
    memcpy(sum, acc, sizeof acc);                                                                \
  }

DOUBLE_SUM(doubles_of_samples, sample_t)
DOUBLE_SUM(doubles_of_doubles, double)

#endif
