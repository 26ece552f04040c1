/* vec.h for AVX2: 32 bytes at a time. */
#include <immintrin.h>

enum { VEC = 32, VECF = 8, VEC_SHUFFLES = 1 }; /* bytes of a vector; floats of one */
typedef __m256i vec_t;
typedef __m256 vecf_t;

VEC_INLINE vec_t vec_load(const void *p) { return _mm256_loadu_si256(p); }
VEC_INLINE void vec_store(void *p, vec_t a) { _mm256_storeu_si256(p, a); }
VEC_INLINE vec_t vec_set8(int x) { return _mm256_set1_epi8((char)x); }
VEC_INLINE vec_t vec_set16(int x) { return _mm256_set1_epi16((short)x); }
VEC_INLINE vec_t vec_set32(int32_t x) { return _mm256_set1_epi32(x); }
VEC_INLINE vec_t vec_add16(vec_t a, vec_t b) { return _mm256_add_epi16(a, b); }
VEC_INLINE vec_t vec_sub16(vec_t a, vec_t b) { return _mm256_sub_epi16(a, b); }
VEC_INLINE vec_t vec_mul16(vec_t a, vec_t b) { return _mm256_mullo_epi16(a, b); }
VEC_INLINE vec_t vec_mulhi16(vec_t a, vec_t b) { return _mm256_mulhi_epu16(a, b); }
VEC_INLINE vec_t vec_adds16(vec_t a, vec_t b) { return _mm256_adds_epu16(a, b); }
VEC_INLINE vec_t vec_avg16(vec_t a, vec_t b) { return _mm256_avg_epu16(a, b); }
VEC_INLINE vec_t vec_shl16(vec_t a, int n) { return _mm256_sll_epi16(a, _mm_cvtsi32_si128(n)); }
VEC_INLINE vec_t vec_shr16(vec_t a, int n) { return _mm256_srl_epi16(a, _mm_cvtsi32_si128(n)); }
VEC_INLINE vec_t vec_add32(vec_t a, vec_t b) { return _mm256_add_epi32(a, b); }
VEC_INLINE vec_t vec_sra32(vec_t a, int n) { return _mm256_sra_epi32(a, _mm_cvtsi32_si128(n)); }
VEC_INLINE vec_t vec_madd(vec_t a, vec_t b) { return _mm256_madd_epi16(a, b); }
VEC_INLINE vec_t vec_and(vec_t a, vec_t b) { return _mm256_and_si256(a, b); }
VEC_INLINE vec_t vec_or(vec_t a, vec_t b) { return _mm256_or_si256(a, b); }
VEC_INLINE vec_t vec_xor(vec_t a, vec_t b) { return _mm256_xor_si256(a, b); }
VEC_INLINE vec_t vec_lower8s(vec_t a, vec_t b) { return _mm256_subs_epi8(a, b); }
VEC_INLINE vec_t vec_raise8(vec_t a, vec_t b) { return _mm256_adds_epu8(a, b); }
VEC_INLINE vec_t vec_lower8(vec_t a, vec_t b) { return _mm256_subs_epu8(a, b); }
VEC_INLINE vec_t vec_load16(const uint8_t *p) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}
VEC_INLINE vec_t vec_shuffle8(vec_t a, vec_t from) { return _mm256_shuffle_epi8(a, from); }
VEC_INLINE vec_t vec_greater16(vec_t a, vec_t b) { return _mm256_cmpgt_epi16(a, b); }
VEC_INLINE vec_t vec_min8(vec_t a, vec_t b) { return _mm256_min_epu8(a, b); }
VEC_INLINE vec_t vec_max8(vec_t a, vec_t b) { return _mm256_max_epu8(a, b); }
VEC_INLINE vec_t vec_min16(vec_t a, vec_t b) { return _mm256_min_epu16(a, b); }
VEC_INLINE vec_t vec_max16(vec_t a, vec_t b) { return _mm256_max_epu16(a, b); }
VEC_INLINE vec_t vec_zip8lo(vec_t a, vec_t b) { return _mm256_unpacklo_epi8(a, b); }
VEC_INLINE vec_t vec_zip8hi(vec_t a, vec_t b) { return _mm256_unpackhi_epi8(a, b); }
VEC_INLINE vec_t vec_zip16lo(vec_t a, vec_t b) { return _mm256_unpacklo_epi16(a, b); }
VEC_INLINE vec_t vec_zip16hi(vec_t a, vec_t b) { return _mm256_unpackhi_epi16(a, b); }
VEC_INLINE vec_t vec_pack16(vec_t a, vec_t b) { return _mm256_packus_epi16(a, b); }
VEC_INLINE vec_t vec_zip32lo(vec_t a, vec_t b) { return _mm256_unpacklo_epi32(a, b); }
VEC_INLINE vec_t vec_zip32hi(vec_t a, vec_t b) { return _mm256_unpackhi_epi32(a, b); }
VEC_INLINE vec_t vec_pack32(vec_t a, vec_t b) { return _mm256_packs_epi32(a, b); }
VEC_INLINE void vec_store_part(void *p, vec_t a, int part) {
  _mm_storeu_si128(p, part ? _mm256_extracti128_si256(a, 1) : _mm256_castsi256_si128(a));
}
VEC_INLINE void vec_store_zipped(void *p, vec_t lo, vec_t hi) {
  vec_store(p, _mm256_permute2x128_si256(lo, hi, 0x20));
  vec_store((char *)p + VEC, _mm256_permute2x128_si256(lo, hi, 0x31));
}
VEC_INLINE vec_t vec_load3(const uint8_t *p) {
  const __m128i low = _mm_loadu_si128((const __m128i *)p);
  const __m128i high = _mm_loadu_si128((const __m128i *)(p + 8));
  const vec_t from = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,
                                      4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
  return _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), from);
}
VEC_INLINE vec_t vec_widen(const uint8_t *p) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p));
}
VEC_INLINE vec_t vec_narrow16(vec_t a, vec_t b) {
  return _mm256_permute4x64_epi64(_mm256_packus_epi16(a, b), 0xD8);
}
VEC_INLINE vec_t vec_narrow32(vec_t a, vec_t b, vec_t c, vec_t d) {
  const vec_t mixed = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  return _mm256_permutevar8x32_epi32(mixed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
VEC_INLINE vec_t vec_narrow32u16(vec_t a, vec_t b) {
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xD8);
}
VEC_INLINE void vec_pairs(int16_t *out, const uint8_t *p, const uint8_t *q) {
  const __m128i a = _mm_loadu_si128((const __m128i *)p), b = _mm_loadu_si128((const __m128i *)q);
  vec_store(out, _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)));
  vec_store(out + 16, _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b)));
}
VEC_INLINE vec_t vec_join3(vec_t a) {
  return _mm256_shuffle_epi8(a, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                    0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)));
}
VEC_INLINE void vec_reverse16(uint8_t *out, const uint8_t *p) {
  const __m128i a = _mm_loadu_si128((const __m128i *)p);
  const __m128i b = _mm_loadu_si128((const __m128i *)(p + 16));
  const __m128i c = _mm_loadu_si128((const __m128i *)(p + 32));
#define VEC_TAKE(from, ...) _mm_shuffle_epi8(from, _mm_setr_epi8(__VA_ARGS__))
  const __m128i first = _mm_or_si128(
      VEC_TAKE(c, 13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, -1),
      VEC_TAKE(b, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 14));
  const __m128i ends = _mm_or_si128(
      VEC_TAKE(c, -1, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
      VEC_TAKE(a, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 15, -1));
  const __m128i middle = _mm_or_si128(
      ends, VEC_TAKE(b, 15, -1, 11, 12, 13, 8, 9, 10, 5, 6, 7, 2, 3, 4, -1, 0));
  const __m128i last = _mm_or_si128(
      VEC_TAKE(b, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
      VEC_TAKE(a, -1, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2));
#undef VEC_TAKE
  _mm_storeu_si128((__m128i *)out, first);
  _mm_storeu_si128((__m128i *)(out + 16), middle);
  _mm_storeu_si128((__m128i *)(out + 32), last);
}

VEC_INLINE vecf_t vecf_set(float x) { return _mm256_set1_ps(x); }
VEC_INLINE vecf_t vecf_once(vecf_t a) {
  __asm__("" : "+x"(a));
  return a;
}
VEC_INLINE vecf_t vecf_add(vecf_t a, vecf_t b) { return _mm256_add_ps(a, b); }
VEC_INLINE vecf_t vecf_sub(vecf_t a, vecf_t b) { return _mm256_sub_ps(a, b); }
VEC_INLINE vecf_t vecf_mul(vecf_t a, vecf_t b) { return _mm256_mul_ps(a, b); }
VEC_INLINE vecf_t vecf_min(vecf_t a, vecf_t b) { return _mm256_min_ps(a, b); }
VEC_INLINE vecf_t vecf_max(vecf_t a, vecf_t b) { return _mm256_max_ps(a, b); }
VEC_INLINE vecf_t vecf_sqrt(vecf_t a) { return _mm256_sqrt_ps(a); }
VEC_INLINE vecf_t vecf_div(vecf_t a, vecf_t b) { return _mm256_div_ps(a, b); }
VEC_INLINE vecf_t vecf_beyond(vecf_t a, vecf_t limit) {
  const vecf_t size = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
  return _mm256_and_ps(a, _mm256_cmp_ps(size, limit, _CMP_GE_OQ));
}
VEC_INLINE vecf_t vecf_load(const float *p) { return _mm256_loadu_ps(p); }
VEC_INLINE void vecf_store(float *p, vecf_t a) { _mm256_storeu_ps(p, a); }
VEC_INLINE vecf_t vecf_from8(const uint8_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
VEC_INLINE vecf_t vecf_from16(const uint16_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)));
}
VEC_INLINE vecf_t vecf_from32(vec_t a) { return _mm256_cvtepi32_ps(a); }
VEC_INLINE vec_t vecf_truncate(vecf_t a) { return _mm256_cvttps_epi32(a); }
VEC_INLINE vecf_t vecf_alpha(vecf_t a) {
  return _mm256_blend_ps(_mm256_permute_ps(a, 0xFF), _mm256_set1_ps(1), 0x88);
}
VEC_INLINE void vecf_repeat3(vecf_t r[3], vecf_t a) {
  r[0] = _mm256_permutevar8x32_ps(a, _mm256_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2));
  r[1] = _mm256_permutevar8x32_ps(a, _mm256_setr_epi32(2, 3, 3, 3, 4, 4, 4, 5));
  r[2] = _mm256_permutevar8x32_ps(a, _mm256_setr_epi32(5, 5, 6, 6, 6, 7, 7, 7));
}
VEC_INLINE void vecf_repeat2(vecf_t r[2], vecf_t a) {
  r[0] = _mm256_permutevar8x32_ps(a, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
  r[1] = _mm256_permutevar8x32_ps(a, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7));
}
VEC_INLINE vecf_t vecf_last(vecf_t a, int of) {
  return of == 2 ? _mm256_movehdup_ps(a) : _mm256_permute_ps(a, 0xFF);
}
