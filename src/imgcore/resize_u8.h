/* Resampling of uint8 without alpha, in 16 bits with sums of 32.
 *
 * LANES output rows are made together, a tile of columns at a time. The row pass leaves 6 fractional
 * bits; its results are transposed, so that the pass along the row works on all rows at once, with a
 * sample's rows in one vector; and its results are transposed back. */
#include "blocks.h"

enum {
  LANES = 16,
  MIDDLE_BITS = 6,
  ALONG_BITS = 15,   /* of the weights along a row, when sums are kept over all taps */
  ALONG_PART = 16,   /* taps whose weights may have more */
  RESIZE_TILE = 6144 /* samples of input */
};

/* The tile of output columns from x0 on, and the input pixels it needs. */
typedef struct {
  ptrdiff_t x0, x1, from, to;
} tile_t;

static ptrdiff_t resize_tile_pixels(const plane_t *src, const resize_t *plan) {
  const ptrdiff_t pixels = RESIZE_TILE / src->channels, least = 8 * (ptrdiff_t)plan->columns.taps;
  const ptrdiff_t tile = pixels > least ? pixels : least;
  return tile < src->width ? tile : src->width;
}

static size_t resize_words_scratch(const plane_t *src, const resize_t *plan) {
  const size_t samples = (size_t)(resize_tile_pixels(src, plan) * src->channels);
  const size_t padded = samples + 4 * (size_t)src->channels + LANES + VEC;
  return LANES * scratch_size(padded * sizeof(int16_t)) +
         scratch_size(padded * LANES * sizeof(int16_t)) +
         scratch_size(((size_t)plan->max_columns * (size_t)src->channels + LANES) * LANES *
                      sizeof(int16_t)) +
         scratch_size((size_t)plan->rows.taps * sizeof(void *)) +
         scratch_size((size_t)plan->rows.taps * VEC);
}

static tile_t resize_tile(const plane_t *src, const plane_t *dst, const resize_t *plan,
                          ptrdiff_t x0) {
  const resample_t *columns = &plan->columns;
  const ptrdiff_t pixels = resize_tile_pixels(src, plan);
  tile_t tile = {.x0 = x0, .x1 = x0 + 1, .from = columns->start[x0]};
  while (tile.x1 < dst->width && tile.x1 - x0 < plan->max_columns &&
         columns->start[tile.x1] + columns->taps - tile.from <= pixels)
    tile.x1++;
  tile.to = columns->start[tile.x1 - 1] + columns->taps;
  return tile;
}

/* One output row of the row pass: n samples, two input rows in one multiplication. */
static void resize_rows(int16_t *out, const uint8_t *const *in, const int16_t *weights, int taps,
                        int shift, ptrdiff_t n) {
  const vec_t zero = vec_set16(0), half = vec_set32(1 << (shift - MIDDLE_BITS - 1));
#define STEP(i, vectors)                                                                \
  vec_t sum[8];                                                                         \
  for (int v = 0; v < 4 * (vectors); v++) sum[v] = half;                                \
  for (int k = 0; k < taps; k += 2) {                                                   \
    const uint8_t *p = in[k] + (i), *q = in[k + 1 < taps ? k + 1 : k] + (i);            \
    int32_t pair;                                                                       \
    memcpy(&pair, weights + k, sizeof pair);                                            \
    const vec_t w = vec_set32(pair);                                                    \
    for (int v = 0; v < (vectors); v++) {                                               \
      const vec_t a = vec_load(p + v * VEC), b = vec_load(q + v * VEC);                 \
      const vec_t lo = vec_zip8lo(a, b), hi = vec_zip8hi(a, b);                         \
      sum[4 * v] = vec_add32(sum[4 * v], vec_madd(vec_zip8lo(lo, zero), w));            \
      sum[4 * v + 1] = vec_add32(sum[4 * v + 1], vec_madd(vec_zip8hi(lo, zero), w));    \
      sum[4 * v + 2] = vec_add32(sum[4 * v + 2], vec_madd(vec_zip8lo(hi, zero), w));    \
      sum[4 * v + 3] = vec_add32(sum[4 * v + 3], vec_madd(vec_zip8hi(hi, zero), w));    \
    }                                                                                   \
  }                                                                                     \
  for (int v = 0; v < 4 * (vectors); v++) sum[v] = vec_sra32(sum[v], shift - MIDDLE_BITS); \
  for (int v = 0; v < (vectors); v++)                                                   \
    vec_store_zipped(out + (i) + v * VEC, vec_pack32(sum[4 * v], sum[4 * v + 1]),       \
                     vec_pack32(sum[4 * v + 2], sum[4 * v + 3]))
  OVER_BLOCKS(n, 2, STEP);
#undef STEP
}

/* Transposes 8x8 words in every 16 bytes of eight vectors. */
VEC_INLINE void transpose8(vec_t r[8]) {
  for (int round = 0; round < 3; round++) {
    vec_t t[8];
    for (int k = 0; k < 4; k++) {
      t[2 * k] = vec_zip16lo(r[k], r[k + 4]);
      t[2 * k + 1] = vec_zip16hi(r[k], r[k + 4]);
    }
    for (int k = 0; k < 8; k++) r[k] = t[k];
  }
}

/* LANES lines of n samples into n samples of LANES lanes. */
static void resize_turn(int16_t *out, int16_t *const lines[LANES], ptrdiff_t n) {
  for (int group = 0; group < LANES; group += 8)
    for (ptrdiff_t i = 0; i < n; i += VEC / 2) {
      vec_t r[8];
      for (int k = 0; k < 8; k++) r[k] = vec_load(lines[group + k] + i);
      transpose8(r);
      for (int part = 0; part < VEC / 16; part++)
        for (int k = 0; k < 8; k++)
          vec_store_part(out + (i + 8 * part + k) * LANES + group, r[k], part);
    }
}

/* Along the rows of a tile: out has LANES words for every sample. */
VEC_INLINE void resize_words_along(const int channels, int16_t *out, const int16_t *turned,
                                   const resample_t *columns, const tile_t *tile) {
  enum { PARTS = 2 * LANES / VEC };
  const int taps = columns->taps, even = (taps + 1) / 2 * 2;
  const int carry = columns->shift > ALONG_BITS ? columns->shift - ALONG_BITS : 0;
  const int shift = columns->shift - carry + MIDDLE_BITS;
  const vec_t half = vec_set32(1 << (shift - 1));
  for (ptrdiff_t x = tile->x0; x < tile->x1; x++) {
    const int16_t *weights = (const int16_t *)columns->weights + x * even;
    const int16_t *p = turned + (columns->start[x] - tile->from) * channels * LANES;
    for (int c = 0; c < channels; c++, p += LANES) {
      vec_t total[2 * PARTS];
      for (int v = 0; v < 2 * PARTS; v++) total[v] = half;
      for (int k = 0; k < taps;) {
        const int end = k + ALONG_PART < taps ? k + ALONG_PART : taps;
        vec_t sum[2 * PARTS];
        for (int v = 0; v < 2 * PARTS; v++) sum[v] = vec_set32(0);
        for (; k < end; k += 2) {
          int32_t pair;
          memcpy(&pair, weights + k, sizeof pair);
          const vec_t w = vec_set32(pair);
          const int16_t *q = p + (ptrdiff_t)k * channels * LANES;
          for (int v = 0; v < PARTS; v++) {
            const vec_t a = vec_load(q + v * VEC / 2);
            const vec_t b = vec_load(q + channels * LANES + v * VEC / 2);
            sum[2 * v] = vec_add32(sum[2 * v], vec_madd(vec_zip16lo(a, b), w));
            sum[2 * v + 1] = vec_add32(sum[2 * v + 1], vec_madd(vec_zip16hi(a, b), w));
          }
        }
        for (int v = 0; v < 2 * PARTS; v++)
          total[v] = vec_add32(total[v], vec_sra32(sum[v], carry));
      }
      for (int v = 0; v < PARTS; v++, out += VEC / 2)
        vec_store(out, vec_pack32(vec_sra32(total[2 * v], shift),
                                  vec_sra32(total[2 * v + 1], shift)));
    }
  }
}

/* Samples of LANES lanes back into rows of bytes, `count` of them. */
static void resize_turn_back(const plane_t *dst, ptrdiff_t y, int count, ptrdiff_t at,
                             const int16_t *in, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i += 16)
    for (int group = 0; group < LANES; group += VEC / 2) {
      vec_t r[8], s[8];
      for (int k = 0; k < 8; k++) {
        r[k] = vec_load(in + (i + k) * LANES + group);
        s[k] = vec_load(in + (i + 8 + k) * LANES + group);
      }
      transpose8(r);
      transpose8(s);
      for (int part = 0; part < VEC / 16; part++)
        for (int k = 0; k < 8; k++) {
          const int row = group + 8 * part + k;
          if (row >= count) continue;
          uint8_t *out = dst->data + (y + row) * dst->stride + at + i;
          const vec_t packed = vec_pack16(r[k], s[k]);
          if (i + 16 <= n) {
            vec_store_part(out, packed, part);
          } else {
            uint8_t rest[16];
            vec_store_part(rest, packed, part);
            memcpy(out, rest, (size_t)(n - i));
          }
        }
    }
}

static void resize_words(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                         const resize_t *plan, void *scratch) {
  const int channels = src->channels, taps = plan->rows.taps, even = (taps + 1) / 2 * 2;
  const size_t samples = (size_t)(resize_tile_pixels(src, plan) * channels);
  const size_t padded = samples + 4 * (size_t)channels + LANES + VEC;
  int16_t *lines[LANES];
  for (int k = 0; k < LANES; k++) {
    lines[k] = scratch_take(&scratch, padded * sizeof(int16_t));
    memset(lines[k], 0, padded * sizeof(int16_t));
  }
  int16_t *turned = scratch_take(&scratch, padded * LANES * sizeof(int16_t));
  int16_t *along = scratch_take(&scratch, ((size_t)plan->max_columns * (size_t)channels + LANES) *
                                              LANES * sizeof(int16_t));
  const uint8_t **in = scratch_take(&scratch, (size_t)taps * sizeof(void *));
  uint8_t *copies = scratch;
  memset(turned, 0, padded * LANES * sizeof(int16_t));

  for (ptrdiff_t y = y0; y < y1; y += LANES) {
    const int count = (int)(y1 - y < LANES ? y1 - y : LANES);
    for (ptrdiff_t x0 = 0; x0 < dst->width;) {
      const tile_t tile = resize_tile(src, dst, plan, x0);
      const ptrdiff_t n = (tile.to - tile.from) * channels;
      for (int row = 0; row < count; row++) {
        const uint8_t *first =
            src->data + plan->rows.start[y + row] * src->stride + tile.from * channels;
        for (int k = 0; k < taps; k++) {
          in[k] = first + k * src->stride;
          if (n < VEC) in[k] = memcpy(copies + k * VEC, in[k], (size_t)n);
        }
        resize_rows(lines[row], in, (const int16_t *)plan->rows.weights + (y + row) * even, taps,
                    plan->rows.shift, n < VEC ? VEC : n);
      }
      resize_turn(turned, lines, n);
      if (channels == 1)
        resize_words_along(1, along, turned, &plan->columns, &tile);
      else
        resize_words_along(3, along, turned, &plan->columns, &tile);
      resize_turn_back(dst, y, count, tile.x0 * channels, along, (tile.x1 - tile.x0) * channels);
      x0 = tile.x1;
    }
  }
}
