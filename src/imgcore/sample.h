/* The samples of the depth this file is compiled for, and their way to floats and back. */
#ifndef IMGCORE_SAMPLE_H
#define IMGCORE_SAMPLE_H

#include "kernels.h"
#include "vec.h"

#if DEPTH == 8
typedef uint8_t sample_t;
#define WHITE 255
#elif DEPTH == 16
typedef uint16_t sample_t;
#define WHITE 65535
#else
typedef float sample_t;
#define WHITE 1.0f
#endif

enum { BLOCK = 4 * VECF }; /* samples stored at a time */
enum { FLOAT_PART = 32 }; /* taps that floats add up, before their sums are */

VEC_INLINE vecf_t samples_load(const sample_t *p) {
#if DEPTH == 8
  return vecf_from8(p);
#elif DEPTH == 16
  return vecf_from16(p);
#else
  return vecf_load(p);
#endif
}

/* sum + a * b. Only floats may round once instead of twice where there is an instruction for it:
 * integers come out alike on every instruction set. */
VEC_INLINE vecf_t samples_multiply_add(vecf_t sum, vecf_t a, vecf_t b) {
#if DEPTH == 32 && defined(__FMA__) && !defined(IMGCORE_PLAIN)
  return _mm256_fmadd_ps(a, b, sum);
#else
  return vecf_add(sum, vecf_mul(a, b));
#endif
}

/* Rounded half up and clamped; floats as they are. */
VEC_INLINE sample_t sample_from(float value) {
#if DEPTH == 32
  return value;
#else
  const float half_up = value + 0.5f;
  return (sample_t)(half_up > WHITE ? WHITE : half_up > 0 ? half_up : 0);
#endif
}

VEC_INLINE sample_t sample_from_double(double value) {
#if DEPTH == 32
  return (float)value;
#else
  const double half_up = value + 0.5;
  return (sample_t)(half_up > WHITE ? WHITE : half_up > 0 ? half_up : 0);
#endif
}

/* Four vectors as samples: integers with the half already added, within 32 bits, which narrowing
 * clamps; floats as they are. */
VEC_INLINE void samples_store_raised(sample_t *p, vecf_t a, vecf_t b, vecf_t c, vecf_t d) {
#if DEPTH == 8
  const vec_t i = vecf_truncate(a), j = vecf_truncate(b), k = vecf_truncate(c);
  vec_store(p, vec_narrow32(i, j, k, vecf_truncate(d)));
#elif DEPTH == 16
  vec_store(p, vec_narrow32u16(vecf_truncate(a), vecf_truncate(b)));
  vec_store(p + 2 * VECF, vec_narrow32u16(vecf_truncate(c), vecf_truncate(d)));
#else
  vecf_store(p, a);
  vecf_store(p + VECF, b);
  vecf_store(p + 2 * VECF, c);
  vecf_store(p + 3 * VECF, d);
#endif
}

VEC_INLINE vecf_t samples_raise(vecf_t a) {
#if DEPTH == 32
  return a;
#else
  return vecf_max(vecf_min(vecf_add(a, vecf_set(0.5f)), vecf_set(WHITE)), vecf_set(0));
#endif
}

/* The same of any numbers, rounded half up and clamped; floats as they are. */
VEC_INLINE void samples_store(sample_t *p, vecf_t a, vecf_t b, vecf_t c, vecf_t d) {
  samples_store_raised(p, samples_raise(a), samples_raise(b), samples_raise(c), samples_raise(d));
}

#endif
