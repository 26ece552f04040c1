/* vec.h for SSE2: 16 bytes at a time. */
#include <emmintrin.h>

enum { VEC = 16, VECF = 4, VEC_SHUFFLES = 0 };
typedef __m128i vec_t;
typedef __m128 vecf_t;

VEC_INLINE vec_t vec_load(const void *p) { return _mm_loadu_si128(p); }
VEC_INLINE void vec_store(void *p, vec_t a) { _mm_storeu_si128(p, a); }
VEC_INLINE vec_t vec_set8(int x) { return _mm_set1_epi8((char)x); }
VEC_INLINE vec_t vec_set16(int x) { return _mm_set1_epi16((short)x); }
VEC_INLINE vec_t vec_set32(int32_t x) { return _mm_set1_epi32(x); }
VEC_INLINE vec_t vec_add16(vec_t a, vec_t b) { return _mm_add_epi16(a, b); }
VEC_INLINE vec_t vec_sub16(vec_t a, vec_t b) { return _mm_sub_epi16(a, b); }
VEC_INLINE vec_t vec_mul16(vec_t a, vec_t b) { return _mm_mullo_epi16(a, b); }
VEC_INLINE vec_t vec_mulhi16(vec_t a, vec_t b) { return _mm_mulhi_epu16(a, b); }
VEC_INLINE vec_t vec_adds16(vec_t a, vec_t b) { return _mm_adds_epu16(a, b); }
VEC_INLINE vec_t vec_avg16(vec_t a, vec_t b) { return _mm_avg_epu16(a, b); }
VEC_INLINE vec_t vec_shl16(vec_t a, int n) { return _mm_sll_epi16(a, _mm_cvtsi32_si128(n)); }
VEC_INLINE vec_t vec_shr16(vec_t a, int n) { return _mm_srl_epi16(a, _mm_cvtsi32_si128(n)); }
VEC_INLINE vec_t vec_add32(vec_t a, vec_t b) { return _mm_add_epi32(a, b); }
VEC_INLINE vec_t vec_sra32(vec_t a, int n) { return _mm_sra_epi32(a, _mm_cvtsi32_si128(n)); }
VEC_INLINE vec_t vec_madd(vec_t a, vec_t b) { return _mm_madd_epi16(a, b); }
VEC_INLINE vec_t vec_and(vec_t a, vec_t b) { return _mm_and_si128(a, b); }
VEC_INLINE vec_t vec_or(vec_t a, vec_t b) { return _mm_or_si128(a, b); }
VEC_INLINE vec_t vec_xor(vec_t a, vec_t b) { return _mm_xor_si128(a, b); }
VEC_INLINE vec_t vec_lower8s(vec_t a, vec_t b) { return _mm_subs_epi8(a, b); }
VEC_INLINE vec_t vec_raise8(vec_t a, vec_t b) { return _mm_adds_epu8(a, b); }
VEC_INLINE vec_t vec_lower8(vec_t a, vec_t b) { return _mm_subs_epu8(a, b); }
VEC_INLINE vec_t vec_load16(const uint8_t *p) { return vec_load(p); }
VEC_INLINE vec_t vec_shuffle8(vec_t a, vec_t from) {
  uint8_t bytes[16], indices[16], r[16];
  vec_store(bytes, a);
  vec_store(indices, from);
  for (int i = 0; i < 16; i++) r[i] = indices[i] & 0x80 ? 0 : bytes[indices[i] & 15];
  return vec_load(r);
}
VEC_INLINE vec_t vec_greater16(vec_t a, vec_t b) { return _mm_cmpgt_epi16(a, b); }
VEC_INLINE vec_t vec_min8(vec_t a, vec_t b) { return _mm_min_epu8(a, b); }
VEC_INLINE vec_t vec_max8(vec_t a, vec_t b) { return _mm_max_epu8(a, b); }
VEC_INLINE vec_t vec_min16(vec_t a, vec_t b) { return _mm_sub_epi16(a, _mm_subs_epu16(a, b)); }
VEC_INLINE vec_t vec_max16(vec_t a, vec_t b) { return _mm_add_epi16(b, _mm_subs_epu16(a, b)); }
VEC_INLINE vec_t vec_zip8lo(vec_t a, vec_t b) { return _mm_unpacklo_epi8(a, b); }
VEC_INLINE vec_t vec_zip8hi(vec_t a, vec_t b) { return _mm_unpackhi_epi8(a, b); }
VEC_INLINE vec_t vec_zip16lo(vec_t a, vec_t b) { return _mm_unpacklo_epi16(a, b); }
VEC_INLINE vec_t vec_zip16hi(vec_t a, vec_t b) { return _mm_unpackhi_epi16(a, b); }
VEC_INLINE vec_t vec_pack16(vec_t a, vec_t b) { return _mm_packus_epi16(a, b); }
VEC_INLINE vec_t vec_zip32lo(vec_t a, vec_t b) { return _mm_unpacklo_epi32(a, b); }
VEC_INLINE vec_t vec_zip32hi(vec_t a, vec_t b) { return _mm_unpackhi_epi32(a, b); }
VEC_INLINE vec_t vec_pack32(vec_t a, vec_t b) { return _mm_packs_epi32(a, b); }
VEC_INLINE void vec_store_part(void *p, vec_t a, int part) {
  (void)part;
  _mm_storeu_si128(p, a);
}
VEC_INLINE void vec_store_zipped(void *p, vec_t lo, vec_t hi) {
  vec_store(p, lo);
  vec_store((char *)p + VEC, hi);
}
VEC_INLINE vec_t vec_load3(const uint8_t *p) {
  int32_t last;
  memcpy(&last, p + 8, 4);
  const vec_t a = _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)p), _mm_cvtsi32_si128(last));
  const vec_t first = _mm_unpacklo_epi32(a, _mm_srli_si128(a, 3));
  const vec_t second = _mm_unpacklo_epi32(_mm_srli_si128(a, 6), _mm_srli_si128(a, 9));
  return _mm_and_si128(_mm_unpacklo_epi64(first, second), _mm_set1_epi32(0xFFFFFF));
}
VEC_INLINE vec_t vec_widen(const uint8_t *p) {
  return _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)p), _mm_setzero_si128());
}
VEC_INLINE vec_t vec_narrow16(vec_t a, vec_t b) { return _mm_packus_epi16(a, b); }
VEC_INLINE vec_t vec_narrow32(vec_t a, vec_t b, vec_t c, vec_t d) {
  return _mm_packus_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d));
}
VEC_INLINE vec_t vec_narrow32u16(vec_t a, vec_t b) {
  const vec_t half = _mm_set1_epi32(0x8000);
  const vec_t packed = _mm_packs_epi32(_mm_sub_epi32(a, half), _mm_sub_epi32(b, half));
  return _mm_xor_si128(packed, _mm_set1_epi16((short)0x8000));
}
VEC_INLINE void vec_pairs(int16_t *out, const uint8_t *p, const uint8_t *q) {
  const vec_t a = _mm_loadl_epi64((const __m128i *)p), b = _mm_loadl_epi64((const __m128i *)q);
  const vec_t both = _mm_unpacklo_epi8(a, b), zero = _mm_setzero_si128();
  vec_store(out, _mm_unpacklo_epi8(both, zero));
  vec_store(out + 8, _mm_unpackhi_epi8(both, zero));
}
VEC_INLINE vec_t vec_join3(vec_t a) {
  const vec_t first = _mm_and_si128(a, _mm_set_epi32(0, 0xFFFFFF, 0, 0xFFFFFF));
  const vec_t second = _mm_and_si128(a, _mm_set_epi32(0xFFFFFF, 0, 0xFFFFFF, 0));
  const vec_t pairs = _mm_or_si128(first, _mm_srli_epi64(second, 8));
  return _mm_or_si128(_mm_move_epi64(pairs), _mm_slli_si128(_mm_srli_si128(pairs, 8), 6));
}
VEC_INLINE void vec_reverse16(uint8_t *out, const uint8_t *p) {
  memcpy(out, p + 45, 3);
  for (int k = 1; k < 15; k++) memcpy(out + 3 * k, p + 3 * (15 - k), 4);
  memcpy(out + 45, p, 3);
}

VEC_INLINE vecf_t vecf_set(float x) { return _mm_set1_ps(x); }
VEC_INLINE vecf_t vecf_once(vecf_t a) {
  __asm__("" : "+x"(a));
  return a;
}
VEC_INLINE vecf_t vecf_add(vecf_t a, vecf_t b) { return _mm_add_ps(a, b); }
VEC_INLINE vecf_t vecf_sub(vecf_t a, vecf_t b) { return _mm_sub_ps(a, b); }
VEC_INLINE vecf_t vecf_mul(vecf_t a, vecf_t b) { return _mm_mul_ps(a, b); }
VEC_INLINE vecf_t vecf_min(vecf_t a, vecf_t b) { return _mm_min_ps(a, b); }
VEC_INLINE vecf_t vecf_max(vecf_t a, vecf_t b) { return _mm_max_ps(a, b); }
VEC_INLINE vecf_t vecf_sqrt(vecf_t a) { return _mm_sqrt_ps(a); }
VEC_INLINE vecf_t vecf_div(vecf_t a, vecf_t b) { return _mm_div_ps(a, b); }
VEC_INLINE vecf_t vecf_beyond(vecf_t a, vecf_t limit) {
  const vecf_t size = _mm_andnot_ps(_mm_set1_ps(-0.0f), a);
  return _mm_and_ps(a, _mm_cmpge_ps(size, limit));
}
VEC_INLINE vecf_t vecf_load(const float *p) { return _mm_loadu_ps(p); }
VEC_INLINE void vecf_store(float *p, vecf_t a) { _mm_storeu_ps(p, a); }
VEC_INLINE vecf_t vecf_from8(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, 4);
  const vec_t zero = _mm_setzero_si128();
  return _mm_cvtepi32_ps(
      _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero), zero));
}
VEC_INLINE vecf_t vecf_from16(const uint16_t *p) {
  return _mm_cvtepi32_ps(
      _mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)p), _mm_setzero_si128()));
}
VEC_INLINE vecf_t vecf_from32(vec_t a) { return _mm_cvtepi32_ps(a); }
VEC_INLINE vec_t vecf_truncate(vecf_t a) { return _mm_cvttps_epi32(a); }
VEC_INLINE vecf_t vecf_alpha(vecf_t a) {
  const vecf_t one_last = _mm_set_ps(1, 0, 0, 0);
  const vecf_t colours = _mm_castsi128_ps(_mm_set_epi32(0, -1, -1, -1));
  return _mm_or_ps(_mm_and_ps(_mm_shuffle_ps(a, a, 0xFF), colours), one_last);
}
VEC_INLINE void vecf_repeat3(vecf_t r[3], vecf_t a) {
  r[0] = _mm_shuffle_ps(a, a, _MM_SHUFFLE(1, 0, 0, 0));
  r[1] = _mm_shuffle_ps(a, a, _MM_SHUFFLE(2, 2, 1, 1));
  r[2] = _mm_shuffle_ps(a, a, _MM_SHUFFLE(3, 3, 3, 2));
}
VEC_INLINE void vecf_repeat2(vecf_t r[2], vecf_t a) {
  r[0] = _mm_unpacklo_ps(a, a);
  r[1] = _mm_unpackhi_ps(a, a);
}
VEC_INLINE vecf_t vecf_last(vecf_t a, int of) {
  return of == 2 ? _mm_shuffle_ps(a, a, _MM_SHUFFLE(3, 3, 1, 1)) : _mm_shuffle_ps(a, a, 0xFF);
}
