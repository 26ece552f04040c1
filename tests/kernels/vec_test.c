/* Every primitive of vec.h against its meaning, written here once more, lane by lane.
 *
 * Prints the first lane that is wrong and ends with 1; ends with 0 if there is none. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vec.h"

enum { ROUNDS = 4000 };

typedef union { /* a vector's bytes, read in every way */
  uint8_t u8[VEC];
  uint16_t u16[VEC / 2];
  int16_t i16[VEC / 2];
  int32_t i32[VEC / 4];
  uint32_t u32[VEC / 4];
  float f[VEC / 4];
} lanes_t;

static uint64_t state = 88172645463325252u;

static uint32_t at_random(void) { /* xorshift64, Marsaglia 2003 */
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 16);
}

static const uint16_t extreme16[] = {0, 1, 127, 128, 255, 256, 0x7FFF, 0x8000, 0x8001, 0xFF00, 0xFFFF};
static const int32_t extreme32[] = {0,      1,      -1,     254,     255,       256,       32767,
                                    32768,  -32768, -32769, 65535,   65536,     -65536,    1 << 30,
                                    -(1 << 29), 8421504, INT32_MAX, INT32_MIN, INT32_MIN + 1};
static const float extreme_floats[] = {0,     -0.0f,  0.5f,  1,       -1,       254.5f,    255.5f,
                                       65535, 65536,  1e-40f, 3.4e38f, -3.4e38f, INFINITY, -INFINITY,
                                       NAN,   1.0f / 3};

#define ONE_OF(values) (values)[at_random() % (sizeof(values) / sizeof *(values))]

static lanes_t some_bytes(void) {
  lanes_t r;
  const int extreme = at_random() % 2;
  for (int i = 0; i < VEC / 2; i++) r.u16[i] = extreme ? ONE_OF(extreme16) : (uint16_t)at_random();
  return r;
}

static lanes_t some_words(void) {
  lanes_t r;
  const int shift = (int)(at_random() % 32);
  for (int i = 0; i < VEC / 4; i++)
    r.i32[i] = at_random() % 3 ? (int32_t)at_random() >> shift : ONE_OF(extreme32);
  return r;
}

static lanes_t some_floats(void) {
  lanes_t r;
  for (int i = 0; i < VEC / 4; i++)
    r.f[i] = at_random() % 3 ? (float)(int32_t)at_random() / (float)(1 << (at_random() % 31))
                             : ONE_OF(extreme_floats);
  return r;
}

static int32_t clamped(int32_t x, int32_t low, int32_t high) {
  return x > high ? high : x > low ? x : low;
}

static _Noreturn void wrong(const char *name, int lane, double got, double wanted) {
  printf("%s, lane %d of vectors of %d bytes: expected %.9g, got %.9g\n", name, lane, VEC, wanted,
         got);
  exit(1);
}

/* Compares `COUNT` lanes of the field FIELD; WANTED is about lane i. */
#define EXPECT_LANES(NAME, BYTES, FIELD, COUNT, WANTED)                    \
  do {                                                                     \
    lanes_t want_;                                                         \
    for (int i = 0; i < (COUNT); i++) {                                    \
      want_.FIELD[i] = WANTED;                                             \
      if (memcmp(&want_.FIELD[i], &(BYTES).FIELD[i], sizeof *want_.FIELD)) \
        wrong(NAME, i, (BYTES).FIELD[i], want_.FIELD[i]);                  \
    }                                                                      \
  } while (0)

#define EXPECT(NAME, GOT, FIELD, WANTED)                                       \
  do {                                                                         \
    lanes_t got_;                                                              \
    vec_store(&got_, GOT);                                                     \
    EXPECT_LANES(NAME, got_, FIELD, VEC / (int)sizeof *got_.FIELD, WANTED);    \
  } while (0)

/* Any NaN is as good as another. */
#define EXPECT_FLOATS(NAME, GOT, WANTED)                                           \
  do {                                                                             \
    lanes_t got_;                                                                  \
    vecf_store(got_.f, GOT);                                                       \
    for (int i = 0; i < VECF; i++) {                                               \
      const float want_ = WANTED;                                                  \
      if (isnan(want_) ? !isnan(got_.f[i]) : memcmp(&want_, &got_.f[i], sizeof want_)) \
        wrong(NAME, i, got_.f[i], want_);                                          \
    }                                                                              \
  } while (0)

static void memory_and_constants(void) {
  uint8_t bytes[3 * VEC];
  for (int i = 0; i < 3 * VEC; i++) bytes[i] = (uint8_t)at_random();
  const int at = (int)(at_random() % VEC);
  const uint32_t x = at_random();
  EXPECT("vec_load", vec_load(bytes + at), u8, bytes[at + i]);
  uint8_t copy[3 * VEC] = {0};
  vec_store(copy + at, vec_load(bytes + at));
  for (int i = 0; i < 3 * VEC; i++) {
    const int wanted = i >= at && i < at + VEC ? bytes[i] : 0;
    if (copy[i] != wanted) wrong("vec_store", i, copy[i], wanted);
  }
  EXPECT("vec_set8", vec_set8((int)(x & 255)), u8, (uint8_t)x);
  EXPECT("vec_set8", vec_set8((int8_t)x), u8, (uint8_t)x);
  EXPECT("vec_set16", vec_set16((int)(x & 65535)), u16, (uint16_t)x);
  EXPECT("vec_set16", vec_set16((int16_t)x), u16, (uint16_t)x);
  EXPECT("vec_set32", vec_set32((int32_t)x), u32, x);
}

static void parts(void) {
  const lanes_t p = some_bytes();
  for (int part = 0; part < VEC / 16; part++) {
    uint8_t out[18] = {0};
    vec_store_part(out + 1, vec_load(&p), part);
    for (int i = 0; i < 18; i++) {
      const int wanted = i >= 1 && i < 17 ? p.u8[16 * part + i - 1] : 0;
      if (out[i] != wanted) wrong("vec_store_part", i, out[i], wanted);
    }
  }
}

static void within_groups(void) {
  const lanes_t p = some_bytes(), q = some_bytes();
  const vec_t a = vec_load(&p), b = vec_load(&q);
  EXPECT("vec_load16", vec_load16(p.u8), u8, p.u8[i % 16]);
  EXPECT("vec_shuffle8", vec_shuffle8(a, b), u8,
         q.u8[i] > 127 ? 0 : p.u8[i / 16 * 16 + q.u8[i] % 16]);
}

static void bits_and_bytes(void) {
  const lanes_t p = some_bytes(), q = some_bytes();
  const vec_t a = vec_load(&p), b = vec_load(&q);
  EXPECT("vec_and", vec_and(a, b), u8, p.u8[i] & q.u8[i]);
  EXPECT("vec_or", vec_or(a, b), u8, p.u8[i] | q.u8[i]);
  EXPECT("vec_xor", vec_xor(a, b), u8, p.u8[i] ^ q.u8[i]);
  EXPECT("vec_raise8", vec_raise8(a, b), u8, (uint8_t)clamped(p.u8[i] + q.u8[i], 0, 255));
  EXPECT("vec_lower8", vec_lower8(a, b), u8, (uint8_t)clamped(p.u8[i] - q.u8[i], 0, 255));
  EXPECT("vec_lower8s", vec_lower8s(a, b), u8,
         (uint8_t)clamped((int8_t)p.u8[i] - (int8_t)q.u8[i], -128, 127));
  EXPECT("vec_min8", vec_min8(a, b), u8, p.u8[i] <= q.u8[i] ? p.u8[i] : q.u8[i]);
  EXPECT("vec_max8", vec_max8(a, b), u8, p.u8[i] >= q.u8[i] ? p.u8[i] : q.u8[i]);
}

static void arithmetic16(void) {
  const lanes_t p = some_bytes(), q = some_bytes();
  const vec_t a = vec_load(&p), b = vec_load(&q);
  const int n = (int)(at_random() % 16);
  EXPECT("vec_add16", vec_add16(a, b), u16, (uint16_t)(p.u16[i] + q.u16[i]));
  EXPECT("vec_sub16", vec_sub16(a, b), u16, (uint16_t)(p.u16[i] - q.u16[i]));
  EXPECT("vec_mul16", vec_mul16(a, b), u16, (uint16_t)((unsigned)p.u16[i] * q.u16[i] % 65536));
  EXPECT("vec_mulhi16", vec_mulhi16(a, b), u16, (uint16_t)((unsigned)p.u16[i] * q.u16[i] / 65536));
  EXPECT("vec_adds16", vec_adds16(a, b), u16, (uint16_t)clamped(p.u16[i] + q.u16[i], 0, 65535));
  EXPECT("vec_avg16", vec_avg16(a, b), u16, (uint16_t)ceil((p.u16[i] + q.u16[i]) / 2.0));
  EXPECT("vec_shl16", vec_shl16(a, n), u16, (uint16_t)((unsigned)p.u16[i] * (1u << n)));
  EXPECT("vec_shr16", vec_shr16(a, n), u16, (uint16_t)(p.u16[i] / (1u << n)));
  EXPECT("vec_min16", vec_min16(a, b), u16, p.u16[i] <= q.u16[i] ? p.u16[i] : q.u16[i]);
  EXPECT("vec_max16", vec_max16(a, b), u16, p.u16[i] >= q.u16[i] ? p.u16[i] : q.u16[i]);
  EXPECT("vec_greater16", vec_greater16(a, b), u16, p.i16[i] > q.i16[i] ? 65535 : 0);
  EXPECT("vec_pack16", vec_pack16(a, b), u8,
         (uint8_t)clamped((i / 8 % 2 ? &q : &p)->i16[i / 16 * 8 + i % 8], 0, 255));
  EXPECT("vec_narrow16", vec_narrow16(a, b), u8,
         (uint8_t)clamped(i < VEC / 2 ? p.i16[i] : q.i16[i - VEC / 2], 0, 255));
}

static void arithmetic32(void) {
  const lanes_t p = some_words(), q = some_words(), r = some_words(), s = some_words();
  const lanes_t *const all[4] = {&p, &q, &r, &s};
  const vec_t a = vec_load(&p), b = vec_load(&q), c = vec_load(&r), d = vec_load(&s);
  const int n = (int)(at_random() % 32), count = VEC / 4;
  EXPECT("vec_add32", vec_add32(a, b), u32, p.u32[i] + q.u32[i]);
  EXPECT("vec_sra32", vec_sra32(a, n), i32, (int32_t)floor(p.i32[i] / (double)(1u << n)));
  EXPECT("vec_pack32", vec_pack32(a, b), i16,
         (int16_t)clamped(all[i / 4 % 2]->i32[i / 8 * 4 + i % 4], INT16_MIN, INT16_MAX));
  EXPECT("vec_narrow32", vec_narrow32(a, b, c, d), u8,
         (uint8_t)clamped(all[i / count]->i32[i % count], 0, 255));
}

static void pairs(void) {
  lanes_t p = some_bytes(), q = some_bytes();
  for (int i = 0; i < VEC / 2; i += 2) /* the one sum beyond 32 bits, which has no meaning */
    if (p.u16[i] == 0x8000 && q.u16[i] == 0x8000) p.u16[i] = 0x7FFF;
  const vec_t a = vec_load(&p), b = vec_load(&q);
  EXPECT("vec_madd", vec_madd(a, b), i32,
         (int32_t)((int64_t)p.i16[2 * i] * q.i16[2 * i] +
                   (int64_t)p.i16[2 * i + 1] * q.i16[2 * i + 1]));
  lanes_t out[2];
  vec_pairs(out[0].i16, p.u8 + 1, q.u8);
  for (int half = 0; half < 2; half++)
    EXPECT_LANES("vec_pairs", out[half], i16, VEC / 2,
                 (i % 2 ? q.u8 : p.u8 + 1)[half * VEC / 4 + i / 2]);
}

static void orders(void) {
  const lanes_t p = some_bytes(), q = some_bytes();
  const vec_t a = vec_load(&p), b = vec_load(&q);
  EXPECT("vec_zip8lo", vec_zip8lo(a, b), u8, (i % 2 ? &q : &p)->u8[i / 16 * 16 + i % 16 / 2]);
  EXPECT("vec_zip8hi", vec_zip8hi(a, b), u8, (i % 2 ? &q : &p)->u8[i / 16 * 16 + 8 + i % 16 / 2]);
  EXPECT("vec_zip16lo", vec_zip16lo(a, b), u16, (i % 2 ? &q : &p)->u16[i / 8 * 8 + i % 8 / 2]);
  EXPECT("vec_zip16hi", vec_zip16hi(a, b), u16, (i % 2 ? &q : &p)->u16[i / 8 * 8 + 4 + i % 8 / 2]);
  EXPECT("vec_zip32lo", vec_zip32lo(a, b), u32, (i % 2 ? &q : &p)->u32[i / 4 * 4 + i % 4 / 2]);
  EXPECT("vec_zip32hi", vec_zip32hi(a, b), u32, (i % 2 ? &q : &p)->u32[i / 4 * 4 + 2 + i % 4 / 2]);
  lanes_t out[2];
  vec_store_zipped(out, vec_zip8lo(a, b), vec_zip8hi(a, b));
  for (int half = 0; half < 2; half++)
    EXPECT_LANES("vec_store_zipped", out[half], u8, VEC,
                 (i % 2 ? &q : &p)->u8[half * VEC / 2 + i / 2]);
  EXPECT("vec_widen", vec_widen(p.u8 + 3), u16, p.u8[3 + i]);
}

static void pixels_of_3_bytes(void) {
  enum { PIXELS = 16, SIZE = 3 * PIXELS };
  uint8_t in[SIZE + 2], out[SIZE + 2] = {0};
  for (int i = 0; i < SIZE + 2; i++) in[i] = (uint8_t)at_random();
  EXPECT("vec_load3", vec_load3(in + 1), u8, i % 4 < 3 ? in[1 + i / 4 * 3 + i % 4] : 0);
  lanes_t p = some_bytes();
  for (int i = 3; i < VEC; i += 4) p.u8[i] = 0; /* as vec_load3 leaves it: SSE2 needs that zero */
  EXPECT("vec_join3", vec_join3(vec_load(&p)), u8,
         i % 16 < 12 ? p.u8[i / 16 * 16 + i % 16 / 3 * 4 + i % 16 % 3] : 0);
  vec_reverse16(out + 1, in + 1);
  for (int i = -1; i <= SIZE; i++) {
    const int wanted = i >= 0 && i < SIZE ? in[1 + (PIXELS - 1 - i / 3) * 3 + i % 3] : 0;
    if (out[1 + i] != wanted) wrong("vec_reverse16", i, out[1 + i], wanted);
  }
}

/* Within 2^30 of zero, as the callers are: SSE2 has no such packing, and wraps far below. */
static void narrow_to_16_bits(void) {
  lanes_t p = some_words(), q = some_words();
  for (int i = 0; i < VEC / 4; i++) p.i32[i] /= 2, q.i32[i] /= 2;
  EXPECT("vec_narrow32u16", vec_narrow32u16(vec_load(&p), vec_load(&q)), u16,
         (uint16_t)clamped(i < VEC / 4 ? p.i32[i] : q.i32[i - VEC / 4], 0, 65535));
}

static void floats(void) {
  const lanes_t p = some_floats(), q = some_floats(), bytes = some_bytes(), words = some_words();
  const vecf_t a = vecf_load(p.f), b = vecf_load(q.f);
  EXPECT_FLOATS("vecf_load", a, p.f[i]);
  float shifted[VECF + 1];
  vecf_store(shifted + 1, b);
  EXPECT_FLOATS("vecf_store", vecf_load(shifted + 1), q.f[i]);
  EXPECT_FLOATS("vecf_set", vecf_set(p.f[0]), p.f[0]);
  EXPECT_FLOATS("vecf_add", vecf_add(a, b), p.f[i] + q.f[i]);
  EXPECT_FLOATS("vecf_sub", vecf_sub(a, b), p.f[i] - q.f[i]);
  EXPECT_FLOATS("vecf_mul", vecf_mul(a, b), p.f[i] * q.f[i]);
  EXPECT_FLOATS("vecf_div", vecf_div(a, b), p.f[i] / q.f[i]);
  /* Of equals, and where one is no number, the second. */
  EXPECT_FLOATS("vecf_min", vecf_min(a, b), p.f[i] < q.f[i] ? p.f[i] : q.f[i]);
  EXPECT_FLOATS("vecf_max", vecf_max(a, b), p.f[i] > q.f[i] ? p.f[i] : q.f[i]);
  EXPECT_FLOATS("vecf_sqrt", vecf_sqrt(a), (float)sqrt((double)p.f[i]));
  /* What is no number is not beyond any limit, nor is anything beyond such a limit. */
  EXPECT_FLOATS("vecf_beyond", vecf_beyond(a, b), fabsf(p.f[i]) >= q.f[i] ? p.f[i] : 0);
  EXPECT_FLOATS("vecf_from8", vecf_from8(bytes.u8 + 1), (float)bytes.u8[1 + i]);
  EXPECT_FLOATS("vecf_from16", vecf_from16(bytes.u16 + 1), (float)bytes.u16[1 + i]);
  EXPECT_FLOATS("vecf_from32", vecf_from32(vec_load(&words)), (float)words.i32[i]);
  lanes_t small = p;
  for (int i = 0; i < VEC / 4; i++)
    if (!(fabsf(small.f[i]) < 2e9f)) small.f[i] = 254.999f;
  EXPECT("vecf_truncate", vecf_truncate(vecf_load(small.f)), i32, (int32_t)trunc(small.f[i]));
}

static void pixels_of_floats(void) {
  const lanes_t p = some_floats();
  const vecf_t a = vecf_load(p.f);
  EXPECT_FLOATS("vecf_once", vecf_once(a), p.f[i]);
  EXPECT_FLOATS("vecf_alpha", vecf_alpha(a), i % 4 < 3 ? p.f[i / 4 * 4 + 3] : 1);
  EXPECT_FLOATS("vecf_last", vecf_last(a, 2), p.f[i / 2 * 2 + 1]);
  EXPECT_FLOATS("vecf_last", vecf_last(a, 4), p.f[i / 4 * 4 + 3]);
  vecf_t r[3];
  vecf_repeat2(r, a);
  for (int k = 0; k < 2; k++) EXPECT_FLOATS("vecf_repeat2", r[k], p.f[(k * VECF + i) / 2]);
  vecf_repeat3(r, a);
  for (int k = 0; k < 3; k++) EXPECT_FLOATS("vecf_repeat3", r[k], p.f[(k * VECF + i) / 3]);
}

int main(void) {
  for (int round = 0; round < ROUNDS; round++) {
    memory_and_constants();
    parts();
    within_groups();
    bits_and_bytes();
    arithmetic16();
    arithmetic32();
    pairs();
    orders();
    pixels_of_3_bytes();
    narrow_to_16_bits();
    floats();
    pixels_of_floats();
  }
  printf("%d\n", VEC);
  return 0;
}
