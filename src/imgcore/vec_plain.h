/* vec.h in plain C, which is the meaning of every primitive. */
#include <math.h>

enum { VEC = 16, VECF = 4, VEC_SHUFFLES = 0 };
typedef union {
  uint8_t u8[16];
  uint16_t u16[8];
  int16_t i16[8];
  int32_t i32[4];
} vec_t;
typedef struct {
  float f[4];
} vecf_t;

VEC_INLINE int vec_clamp(int32_t x, int low, int high) {
  return x < low ? low : x > high ? high : (int)x;
}

#define VEC_EACH(TYPE, COUNT, NAME, PARAMETERS, EXPRESSION) \
  VEC_INLINE TYPE NAME PARAMETERS {                         \
    TYPE r;                                                 \
    for (int i = 0; i < COUNT; i++) EXPRESSION;             \
    return r;                                               \
  }

VEC_INLINE vec_t vec_load(const void *p) {
  vec_t r;
  memcpy(&r, p, sizeof r);
  return r;
}
VEC_INLINE void vec_store(void *p, vec_t a) { memcpy(p, &a, sizeof a); }
VEC_EACH(vec_t, 16, vec_set8, (int x), r.u8[i] = (uint8_t)x)
VEC_EACH(vec_t, 8, vec_set16, (int x), r.u16[i] = (uint16_t)x)
VEC_EACH(vec_t, 4, vec_set32, (int32_t x), r.i32[i] = x)
VEC_EACH(vec_t, 8, vec_add16, (vec_t a, vec_t b), r.u16[i] = (uint16_t)(a.u16[i] + b.u16[i]))
VEC_EACH(vec_t, 8, vec_sub16, (vec_t a, vec_t b), r.u16[i] = (uint16_t)(a.u16[i] - b.u16[i]))
VEC_EACH(vec_t, 8, vec_mul16, (vec_t a, vec_t b), r.u16[i] = (uint16_t)((uint32_t)a.u16[i] * b.u16[i]))
VEC_EACH(vec_t, 8, vec_mulhi16, (vec_t a, vec_t b), r.u16[i] = (uint16_t)((uint32_t)a.u16[i] * b.u16[i] >> 16))
VEC_EACH(vec_t, 8, vec_adds16, (vec_t a, vec_t b), r.u16[i] = (uint16_t)vec_clamp(a.u16[i] + b.u16[i], 0, 65535))
VEC_EACH(vec_t, 8, vec_avg16, (vec_t a, vec_t b), r.u16[i] = (uint16_t)((a.u16[i] + b.u16[i] + 1) >> 1))
VEC_EACH(vec_t, 8, vec_shl16, (vec_t a, int n), r.u16[i] = (uint16_t)(a.u16[i] << n))
VEC_EACH(vec_t, 8, vec_shr16, (vec_t a, int n), r.u16[i] = (uint16_t)(a.u16[i] >> n))
VEC_EACH(vec_t, 4, vec_add32, (vec_t a, vec_t b), r.i32[i] = (int32_t)((uint32_t)a.i32[i] + (uint32_t)b.i32[i]))
VEC_EACH(vec_t, 4, vec_sra32, (vec_t a, int n), r.i32[i] = a.i32[i] >> n)
VEC_EACH(vec_t, 4, vec_madd, (vec_t a, vec_t b), r.i32[i] = a.i16[2 * i] * b.i16[2 * i] + a.i16[2 * i + 1] * b.i16[2 * i + 1])
VEC_EACH(vec_t, 16, vec_and, (vec_t a, vec_t b), r.u8[i] = a.u8[i] & b.u8[i])
VEC_EACH(vec_t, 16, vec_or, (vec_t a, vec_t b), r.u8[i] = a.u8[i] | b.u8[i])
VEC_EACH(vec_t, 16, vec_xor, (vec_t a, vec_t b), r.u8[i] = a.u8[i] ^ b.u8[i])
VEC_EACH(vec_t, 16, vec_lower8s, (vec_t a, vec_t b), r.u8[i] = (uint8_t)vec_clamp((int8_t)a.u8[i] - (int8_t)b.u8[i], -128, 127))
VEC_EACH(vec_t, 16, vec_raise8, (vec_t a, vec_t b), r.u8[i] = (uint8_t)vec_clamp(a.u8[i] + b.u8[i], 0, 255))
VEC_EACH(vec_t, 16, vec_lower8, (vec_t a, vec_t b), r.u8[i] = (uint8_t)vec_clamp(a.u8[i] - b.u8[i], 0, 255))
VEC_EACH(vec_t, 16, vec_load16, (const uint8_t *p), r.u8[i] = p[i % 16])
VEC_EACH(vec_t, 16, vec_shuffle8, (vec_t a, vec_t from), r.u8[i] = from.u8[i] & 0x80 ? 0 : a.u8[from.u8[i] & 15])
VEC_EACH(vec_t, 8, vec_greater16, (vec_t a, vec_t b), r.i16[i] = -(a.i16[i] > b.i16[i]))
VEC_EACH(vec_t, 16, vec_min8, (vec_t a, vec_t b), r.u8[i] = a.u8[i] < b.u8[i] ? a.u8[i] : b.u8[i])
VEC_EACH(vec_t, 16, vec_max8, (vec_t a, vec_t b), r.u8[i] = a.u8[i] > b.u8[i] ? a.u8[i] : b.u8[i])
VEC_EACH(vec_t, 8, vec_min16, (vec_t a, vec_t b), r.u16[i] = a.u16[i] < b.u16[i] ? a.u16[i] : b.u16[i])
VEC_EACH(vec_t, 8, vec_max16, (vec_t a, vec_t b), r.u16[i] = a.u16[i] > b.u16[i] ? a.u16[i] : b.u16[i])
VEC_EACH(vec_t, 16, vec_zip8lo, (vec_t a, vec_t b), r.u8[i] = (i % 2 ? b : a).u8[i / 2])
VEC_EACH(vec_t, 16, vec_zip8hi, (vec_t a, vec_t b), r.u8[i] = (i % 2 ? b : a).u8[8 + i / 2])
VEC_EACH(vec_t, 8, vec_zip16lo, (vec_t a, vec_t b), r.u16[i] = (i % 2 ? b : a).u16[i / 2])
VEC_EACH(vec_t, 8, vec_zip16hi, (vec_t a, vec_t b), r.u16[i] = (i % 2 ? b : a).u16[4 + i / 2])
VEC_EACH(vec_t, 16, vec_pack16, (vec_t a, vec_t b), r.u8[i] = (uint8_t)vec_clamp((i < 8 ? a : b).i16[i % 8], 0, 255))
VEC_EACH(vec_t, 4, vec_zip32lo, (vec_t a, vec_t b), r.i32[i] = (i % 2 ? b : a).i32[i / 2])
VEC_EACH(vec_t, 4, vec_zip32hi, (vec_t a, vec_t b), r.i32[i] = (i % 2 ? b : a).i32[2 + i / 2])
VEC_EACH(vec_t, 8, vec_pack32, (vec_t a, vec_t b), r.i16[i] = (int16_t)vec_clamp((i < 4 ? a : b).i32[i % 4], INT16_MIN, INT16_MAX))
VEC_INLINE void vec_store_part(void *p, vec_t a, int part) {
  memcpy(p, (char *)&a + 16 * part, 16);
}
VEC_INLINE void vec_store_zipped(void *p, vec_t lo, vec_t hi) {
  vec_store(p, lo);
  vec_store((char *)p + VEC, hi);
}
/* Pixels of 3 bytes to 4 bytes each with a zero; reads 4 bytes more than it needs. */
VEC_EACH(vec_t, 16, vec_load3, (const uint8_t *p), r.u8[i] = i % 4 < 3 ? p[i / 4 * 3 + i % 4] : 0)
VEC_EACH(vec_t, 8, vec_widen, (const uint8_t *p), r.u16[i] = p[i])
VEC_EACH(vec_t, 16, vec_narrow16, (vec_t a, vec_t b), r.u8[i] = (uint8_t)vec_clamp((i < 8 ? a : b).i16[i % 8], 0, 255))
VEC_INLINE vec_t vec_narrow32(vec_t a, vec_t b, vec_t c, vec_t d) {
  return vec_narrow16(vec_pack32(a, b), vec_pack32(c, d));
}
VEC_EACH(vec_t, 8, vec_narrow32u16, (vec_t a, vec_t b), r.u16[i] = (uint16_t)vec_clamp((i < 4 ? a : b).i32[i % 4], 0, 65535))
VEC_INLINE void vec_pairs(int16_t *out, const uint8_t *p, const uint8_t *q) {
  for (int i = 0; i < VEC; i++) out[i] = i % 2 ? q[i / 2] : p[i / 2];
}
/* Back, with 4 zeros behind the 12 bytes of each group. */
VEC_EACH(vec_t, 16, vec_join3, (vec_t a), r.u8[i] = i < 12 ? a.u8[i / 3 * 4 + i % 3] : 0)
/* Sixteen pixels of 3 bytes, last one first. */
VEC_INLINE void vec_reverse16(uint8_t *out, const uint8_t *p) {
  memcpy(out, p + 45, 3);
  for (int k = 1; k < 15; k++) memcpy(out + 3 * k, p + 3 * (15 - k), 4);
  memcpy(out + 45, p, 3);
}

VEC_EACH(vecf_t, 4, vecf_set, (float x), r.f[i] = x)
VEC_EACH(vecf_t, 4, vecf_add, (vecf_t a, vecf_t b), r.f[i] = a.f[i] + b.f[i])
VEC_EACH(vecf_t, 4, vecf_sub, (vecf_t a, vecf_t b), r.f[i] = a.f[i] - b.f[i])
VEC_EACH(vecf_t, 4, vecf_mul, (vecf_t a, vecf_t b), r.f[i] = a.f[i] * b.f[i])
VEC_EACH(vecf_t, 4, vecf_div, (vecf_t a, vecf_t b), r.f[i] = a.f[i] / b.f[i])
VEC_EACH(vecf_t, 4, vecf_min, (vecf_t a, vecf_t b), r.f[i] = a.f[i] < b.f[i] ? a.f[i] : b.f[i])
VEC_EACH(vecf_t, 4, vecf_max, (vecf_t a, vecf_t b), r.f[i] = a.f[i] > b.f[i] ? a.f[i] : b.f[i])
VEC_EACH(vecf_t, 4, vecf_sqrt, (vecf_t a), r.f[i] = sqrtf(a.f[i]))
VEC_EACH(vecf_t, 4, vecf_beyond, (vecf_t a, vecf_t limit), r.f[i] = fabsf(a.f[i]) >= limit.f[i] ? a.f[i] : 0)
VEC_EACH(vecf_t, 4, vecf_load, (const float *p), r.f[i] = p[i])
VEC_INLINE void vecf_store(float *p, vecf_t a) { memcpy(p, &a, sizeof a); }
VEC_EACH(vecf_t, 4, vecf_from8, (const uint8_t *p), r.f[i] = p[i])
VEC_EACH(vecf_t, 4, vecf_from16, (const uint16_t *p), r.f[i] = p[i])
VEC_EACH(vecf_t, 4, vecf_from32, (vec_t a), r.f[i] = (float)a.i32[i])
VEC_EACH(vec_t, 4, vecf_truncate, (vecf_t a), r.i32[i] = (int32_t)a.f[i])
/* The value itself, loaded once though used often: compilers load anew for every instruction that
 * takes an operand from memory. */
VEC_INLINE vecf_t vecf_once(vecf_t a) { return a; }
VEC_EACH(vecf_t, 4, vecf_alpha, (vecf_t a), r.f[i] = i == 3 ? 1 : a.f[3])
VEC_INLINE void vecf_repeat3(vecf_t r[3], vecf_t a) {
  for (int i = 0; i < 3 * VECF; i++) r[i / VECF].f[i % VECF] = a.f[i / 3];
}
VEC_INLINE void vecf_repeat2(vecf_t r[2], vecf_t a) {
  for (int i = 0; i < 2 * VECF; i++) r[i / VECF].f[i % VECF] = a.f[i / 2];
}
VEC_EACH(vecf_t, 4, vecf_last, (vecf_t a, int of), r.f[i] = a.f[i / of * of + of - 1])
