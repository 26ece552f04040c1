/* Kernels that change each pixel by itself: along a line, along any curve, towards or away from its
 * luma, and by as much as a curve changes that. */
#ifndef IMGCORE_TONE_TMPL_H
#define IMGCORE_TONE_TMPL_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "grayscale_tmpl.h"
#include "sample.h"
#include "scratch.h"

/* `value` for the colours of a picture and `other` for its alpha, in the lanes of a vector. */
VEC_INLINE vecf_t colours_and_alpha(int channels, float value, float other) {
  float lanes[VECF];
  for (int i = 0; i < VECF; i++)
    lanes[i] = channels % 2 || (i + 1) % channels ? value : other;
  return vecf_load(lanes);
}

#if DEPTH == 8
/* 255 for the colours of a picture and 0 for its alpha. */
VEC_INLINE vec_t colours_mask(int channels) {
  return vec_set32(channels % 2 ? -1 : channels == 2 ? 0x00FF00FF : 0x00FFFFFF);
}
#endif

#define HALF_UP (DEPTH == 32 ? 0.0f : 0.5f)

/* A row of n samples where a vector may be read and written: itself, or a copy if it is shorter. */
typedef struct {
  const sample_t *in;
  sample_t *out;
  ptrdiff_t n;
  sample_t copy[VEC], result[VEC];
} row_t;

VEC_INLINE void row_take(row_t *row, const plane_t *src, const plane_t *dst, ptrdiff_t y) {
  row->in = (const sample_t *)(src->data + y * src->stride);
  row->out = (sample_t *)(dst->data + y * dst->stride);
  row->n = src->width * src->channels;
  if (row->n >= VEC) return;
  memset(row->copy, 0, sizeof row->copy);
  memcpy(row->copy, row->in, (size_t)row->n * sizeof(sample_t));
  row->in = row->copy;
  row->out = row->result;
  row->n = VEC;
}

VEC_INLINE void row_done(const row_t *row, const plane_t *dst, ptrdiff_t y) {
  if (row->out == row->result)
    memcpy(dst->data + y * dst->stride, row->result,
           (size_t)(dst->width * dst->channels) * sizeof(sample_t));
}

#if DEPTH == 8
/* (v + offset), clamped, for a whole offset: over twice as fast as through floats. */
static void add_levels(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                       int offset) {
  const vec_t all = vec_set8(offset < 0 ? -offset : offset);
  const vec_t change = src->channels % 2 ? all : vec_and(all, colours_mask(src->channels));
  row_t row;
  for (ptrdiff_t y = y0; y < y1; y++) {
    row_take(&row, src, dst, y);
    if (offset < 0) {
#define LOWER(i, vectors) vec_store(row.out + (i), vec_lower8(vec_load(row.in + (i)), change))
      OVER_BLOCKS(row.n, 1, LOWER);
#undef LOWER
    } else {
#define RAISE(i, vectors) vec_store(row.out + (i), vec_raise8(vec_load(row.in + (i)), change))
      OVER_BLOCKS(row.n, 1, RAISE);
#undef RAISE
    }
    row_done(&row, dst, y);
  }
}
#endif

static void linear(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const void *plan_, void *scratch) {
  const linear_t *plan = plan_;
  const int channels = src->channels;
#if DEPTH == 8
  const int whole = (int)plan->offset;
  if (plan->scale == 1 && plan->pivot == 0 && plan->offset == (float)whole && abs(whole) < 256) {
    add_levels(src, dst, y0, y1, whole);
    return;
  }
#endif
  const vecf_t pivot = colours_and_alpha(channels, plan->pivot, 0);
  const vecf_t scale = colours_and_alpha(channels, plan->scale, 1);
  const vecf_t offset = colours_and_alpha(channels, plan->offset + HALF_UP, HALF_UP);
#if DEPTH == 32
  const vecf_t low = colours_and_alpha(channels, plan->low, -INFINITY);
  const vecf_t high = colours_and_alpha(channels, plan->high, INFINITY);
#define BOUND(v) vecf_min(high, vecf_max(low, v)) /* in this order NaN stays */
#else
#define BOUND(v) (v)
#endif
  (void)scratch;
  row_t row;
  for (ptrdiff_t y = y0; y < y1; y++) {
    row_take(&row, src, dst, y);
    const sample_t *restrict in = row.in;
    sample_t *restrict out = row.out;
#define LINEAR(i, vectors)                                                                   \
  vecf_t t[4];                                                                               \
  for (int v = 0; v < 4; v++) {                                                              \
    const vecf_t moved = vecf_sub(samples_load(in + (i) + v * VECF), pivot);                 \
    t[v] = BOUND(vecf_add(vecf_mul(moved, scale), offset));                                  \
  }                                                                                          \
  samples_store_raised(out + (i), t[0], t[1], t[2], t[3])
    OVER_BLOCKS(row.n, 1, LINEAR);
#undef LINEAR
#undef BOUND
    row_done(&row, dst, y);
  }
}

VEC_INLINE sample_t look_up(sample_t value, const lookup_t *plan) {
  const sample_t *curve = plan->curve;
#if DEPTH == 32
  const float inside = value > 0 ? value < 1 ? value : 1 : 0; /* NaN as 0 */
  const float at = inside * (float)(plan->entries - 1);
  const int32_t whole = (int32_t)at, last = plan->entries - 1, i = whole < last ? whole : last - 1;
  const float from = curve[i] / 2, to = curve[i + 1] / 2; /* halves are never infinitely far apart */
  return 2 * (from + (at - (float)i) * (to - from));
#else
  return curve[value];
#endif
}

VEC_INLINE void look_up_row(const int channels, sample_t *restrict out,
                            const sample_t *restrict in, ptrdiff_t n, const lookup_t *plan_) {
  const lookup_t plan = *plan_; /* what is written cannot alias it */
  for (ptrdiff_t i = 0; i < n; i += channels)
    for (int c = 0; c < channels; c++)
      out[i + c] = channels % 2 || c < channels - 1 ? look_up(in[i + c], &plan) : in[i + c];
}

#if DEPTH == 8
enum { SHUFFLED = 4 }; /* vectors that go through a part of the curve together */

/* The curve in 16 parts of 16 values, each but those at 0 and 128 as its difference, by exclusive
 * or, from the part before. A shuffle takes from a part by the low bits of a level and gives 0
 * where the highest bit is set. After each part 16 is taken off, so a level takes from all parts up
 * to its own and then no more; those differences make up its value. */
VEC_INLINE void shuffle_curve(uint8_t *restrict out, const uint8_t *restrict in,
                              const uint8_t parts[256], vec_t mask, ptrdiff_t i,
                              const int vectors) {
  vec_t level[SHUFFLED], left[SHUFFLED], r[SHUFFLED];
  for (int v = 0; v < vectors; v++) {
    left[v] = level[v] = vec_load(in + i + v * VEC);
    r[v] = vec_set8(0);
  }
  for (int half = 0; half < 2; half++) {
    for (int part = 0; part < 8; part++) {
      const vec_t values = vec_load16(parts + (half * 8 + part) * 16);
      for (int v = 0; v < vectors; v++) {
        r[v] = vec_xor(r[v], vec_shuffle8(values, left[v]));
        left[v] = vec_lower8s(left[v], vec_set8(16));
      }
    }
    for (int v = 0; v < vectors; v++) left[v] = vec_xor(level[v], vec_set8(0x80));
  }
  for (int v = 0; v < vectors; v++) {
    const vec_t changed = vec_and(vec_xor(r[v], level[v]), mask);
    vec_store(out + i + v * VEC, vec_xor(level[v], changed));
  }
}

static void lookup_shuffled(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                            const uint8_t *curve) {
  const vec_t mask = colours_mask(src->channels);
  uint8_t parts[256];
  for (int i = 0; i < 256; i++) parts[i] = curve[i] ^ (i % 128 < 16 ? 0 : curve[i - 16]);
  row_t row;
  for (ptrdiff_t y = y0; y < y1; y++) {
    row_take(&row, src, dst, y);
#define SHUFFLE(i, vectors) shuffle_curve(row.out, row.in, parts, mask, i, vectors)
    OVER_BLOCKS(row.n, SHUFFLED, SHUFFLE);
#undef SHUFFLE
    row_done(&row, dst, y);
  }
}
#endif

static void lookup(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const void *plan, void *scratch) {
  const ptrdiff_t n = src->width * src->channels;
  (void)scratch;
#if DEPTH == 8
  if (VEC_SHUFFLES) {
    lookup_shuffled(src, dst, y0, y1, ((const lookup_t *)plan)->curve);
    return;
  }
#endif
  for (ptrdiff_t y = y0; y < y1; y++) {
    const sample_t *in = (const sample_t *)(src->data + y * src->stride);
    sample_t *out = (sample_t *)(dst->data + y * dst->stride);
    switch (src->channels) {
      case 2: look_up_row(2, out, in, n, plan); break;
      case 4: look_up_row(4, out, in, n, plan); break;
      default: look_up_row(1, out, in, n, plan);
    }
  }
}

/* Each lane `channels` times. */
VEC_INLINE void repeat(const int channels, vecf_t *r, vecf_t a) {
  vecf_t twice[2];
  switch (channels) {
    case 1: r[0] = a; return;
    case 2: vecf_repeat2(r, a); return;
    case 3: vecf_repeat3(r, a); return;
  }
  vecf_repeat2(twice, a);
  vecf_repeat2(r, twice[0]);
  vecf_repeat2(r + 2, twice[1]);
}

/* One number a pixel, for all its colours: they are moved by `strength` times that number, or with
 * `toward` by that share of their way to it. Alpha stays. There are at least VEC pixels. */
VEC_INLINE void move_row(const int channels, const int toward, sample_t *restrict out,
                         const sample_t *restrict in, const float *restrict line,
                         ptrdiff_t width, float strength_) {
  const vecf_t strength = colours_and_alpha(channels, strength_, 0), half = vecf_set(HALF_UP);
#define MOVE(x, vectors)                                                                     \
  vecf_t number[16], t[16];                                                                  \
  for (int v = 0; v < 4; v++)                                                                \
    repeat(channels, number + v * channels, vecf_load(line + (x) + v * VECF));               \
  for (int v = 0; v < 4 * channels; v++) {                                                   \
    const vecf_t c = samples_load(in + (x) * channels + v * VECF);                           \
    const vecf_t step = toward ? vecf_sub(number[v], c) : number[v];                         \
    t[v] = vecf_add(vecf_add(c, vecf_mul(step, strength)), half);                            \
  }                                                                                          \
  for (int v = 0; v < channels; v++)                                                         \
    samples_store_raised(out + (x) * channels + v * VEC, t[4 * v], t[4 * v + 1],             \
                         t[4 * v + 2], t[4 * v + 3])
  OVER_BLOCKS(width, 1, MOVE);
#undef MOVE
}

static void move_any_row(int channels, const int toward, sample_t *out, const sample_t *in,
                         const float *line, ptrdiff_t width, float strength) {
  sample_t copy[4 * VEC], result[4 * VEC], *to = out;
  const size_t bytes = (size_t)(width * channels) * sizeof(sample_t);
  if (width < VEC) { /* too short for a vector */
    memset(copy, 0, sizeof copy);
    memcpy(copy, in, bytes);
    in = copy;
    to = result;
  }
  const ptrdiff_t n = width < VEC ? VEC : width;
#define MOVE_ROW(channels) move_row(channels, toward, to, in, line, n, strength)
  WITH_CHANNELS(channels, MOVE_ROW)
#undef MOVE_ROW
  if (to == result) memcpy(out, result, bytes);
}

static size_t line_scratch(const plane_t *src, const plane_t *dst, const void *plan) {
  (void)dst, (void)plan;
  return scratch_size((size_t)(src->width + VEC) * sizeof(float));
}

VEC_INLINE void luma_line(const int channels, float *restrict line, const sample_t *restrict in,
                          ptrdiff_t width, luma_t standard) {
#if DEPTH == 8
  const luma_pairs_t w = luma_pairs(standard);
  const vecf_t whole = vecf_set(1 / 65536.0f);
#define LUMA_LINE(x, vectors)                                                                \
  for (int v = 0; v < 4; v++) {                                                              \
    const vec_t sums = luma_sums(luma_load(channels, in + ((x) + v * VECF) * channels), &w); \
    vecf_store(line + (x) + v * VECF, vecf_mul(vecf_from32(sums), whole));                   \
  }
  if (width >= VEC) {
    OVER_BLOCKS(width, 1, LUMA_LINE);
    return;
  }
#undef LUMA_LINE
#endif
  for (ptrdiff_t x = 0; x < width; x++)
    line[x] = luma_float(in + x * channels, LUMA_SHARES[standard]);
}

/* luma + factor * (colour - luma), of 3 or 4 channels. */
static void saturate(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                     const void *plan_, void *scratch) {
  const saturate_t *plan = plan_;
  float *line = scratch;
  memset(line, 0, (size_t)(src->width + VEC) * sizeof(float));
  for (ptrdiff_t y = y0; y < y1; y++) {
    const sample_t *in = (const sample_t *)(src->data + y * src->stride);
    if (src->channels == 3)
      luma_line(3, line, in, src->width, plan->standard);
    else
      luma_line(4, line, in, src->width, plan->standard);
    move_any_row(src->channels, 1, (sample_t *)(dst->data + y * dst->stride), in, line, src->width,
                 1 - plan->factor);
  }
}

static size_t relight_scratch(const plane_t *src, const plane_t *dst, const void *plan) {
  return line_scratch(src, dst, plan) + scratch_size(grey_row_bytes(src));
}

/* Every colour moved by as much as the curve moves its pixel's luma. */
static void relight(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                    const void *plan, void *scratch) {
  const lookup_t curve = *(const lookup_t *)plan;
  float *restrict line = scratch_take(&scratch, (size_t)(src->width + VEC) * sizeof(float));
  memset(line, 0, (size_t)(src->width + VEC) * sizeof(float));
  for (ptrdiff_t y = y0; y < y1; y++) {
    const sample_t *in = (const sample_t *)(src->data + y * src->stride);
    const sample_t *restrict grey = grey_row(in, src->channels, src->width, scratch);
    for (ptrdiff_t x = 0; x < src->width; x++)
      line[x] = (float)look_up(grey[x], &curve) - (float)grey[x];
    move_any_row(src->channels, 0, (sample_t *)(dst->data + y * dst->stride), in, line, src->width,
                 1);
  }
}

#endif
