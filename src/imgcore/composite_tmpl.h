/* One picture over another: Porter and Duff's "over" (1984), for colours that are not multiplied by
 * their alpha, neither in nor out. */
#ifndef IMGCORE_COMPOSITE_TMPL_H
#define IMGCORE_COMPOSITE_TMPL_H

#include <string.h>

#include "blocks.h"
#include "sample.h"
#include "scratch.h"
#include "tone_tmpl.h"

VEC_INLINE float share_of(sample_t alpha) {
#if DEPTH == 32
  return alpha > 0 ? alpha < 1 ? alpha : 1 : 0; /* NaN as 0 */
#else
  return (float)alpha / WHITE;
#endif
}

/* Over an opaque picture. `channels` are its own, `over` those of the overlay. */
VEC_INLINE void blend_opaque(const int channels, const int over, sample_t *restrict out,
                             const sample_t *restrict base, const sample_t *restrict overlay,
                             ptrdiff_t width, float opacity) {
  for (ptrdiff_t x = 0; x < width; x++) {
    const sample_t *o = overlay + x * over;
    const float new = over % 2 ? opacity : share_of(o[over - 1]) * opacity, old = 1 - new;
    for (int c = 0; c < channels; c++) {
      const float colour = o[over < 3 ? 0 : c];
      out[x * channels + c] = sample_from(colour * new + (float)base[x * channels + c] * old);
    }
  }
}

/* A row of an overlay with as many colours as the picture, and with alpha. */
VEC_INLINE void spread_row(const int channels, const int over, sample_t *restrict out,
                           const sample_t *restrict in, ptrdiff_t width) {
  for (ptrdiff_t x = 0; x < width; x++) {
    const sample_t *pixel = in + x * over;
    for (int c = 0; c < channels - 1; c++) out[x * channels + c] = pixel[over < 3 ? 0 : c];
    out[x * channels + channels - 1] = over % 2 ? WHITE : in[x * over + over - 1];
  }
}

VEC_INLINE vecf_t shares_of(vecf_t alpha) {
#if DEPTH == 32
  return vecf_min(vecf_max(alpha, vecf_set(0)), vecf_set(1)); /* NaN as 0 */
#else
  return vecf_div(alpha, vecf_set(WHITE));
#endif
}

/* Numbers in the lanes of colours and of alpha that the same sums then serve. */
typedef struct {
  vecf_t low, high, tiny, least;
} lanes_t;

/* Both with alpha. Where neither is seen the base counts a tiny bit, so that its colours stay. */
VEC_INLINE vecf_t blend_lanes(const int channels, vecf_t over, vecf_t base, vecf_t opacity,
                              const lanes_t *lanes) {
  const vecf_t new = vecf_mul(shares_of(vecf_last(over, channels)), opacity);
  const vecf_t seen = vecf_mul(shares_of(vecf_last(base, channels)), vecf_sub(vecf_set(1), new));
  const vecf_t old = vecf_max(seen, vecf_sub(lanes->tiny, new));
  const vecf_t o = vecf_min(lanes->high, vecf_max(lanes->low, over));
  const vecf_t b = vecf_min(lanes->high, vecf_max(lanes->low, base));
  const vecf_t sum = vecf_add(vecf_mul(o, new), vecf_mul(b, old));
  return vecf_div(sum, vecf_max(vecf_add(new, old), lanes->least));
}

/* At least VEC samples. */
VEC_INLINE void blend_with_alpha(const int channels, sample_t *restrict out,
                                 const sample_t *restrict base, const sample_t *restrict over,
                                 ptrdiff_t n, float opacity_) {
  const vecf_t opacity = vecf_set(opacity_), half = vecf_set(HALF_UP);
  const lanes_t lanes = {
      colours_and_alpha(channels, -INFINITY, WHITE), colours_and_alpha(channels, INFINITY, WHITE),
      colours_and_alpha(channels, 0x1p-100f, 0), colours_and_alpha(channels, 0, 1)};
#define OVER(i, vectors)                                                                     \
  vecf_t t[4];                                                                               \
  for (int v = 0; v < 4; v++) {                                                              \
    const vecf_t o = samples_load(over + (i) + v * VECF), b = samples_load(base + (i) + v * VECF); \
    t[v] = vecf_add(blend_lanes(channels, o, b, opacity, &lanes), half);                     \
  }                                                                                          \
  samples_store_raised(out + (i), t[0], t[1], t[2], t[3])
  OVER_BLOCKS(n, 1, OVER);
#undef OVER
}

/* Opaque over opaque, sample by sample; at least VEC of them. */
static void blend_samples(sample_t *restrict out, const sample_t *restrict base,
                          const sample_t *restrict over, ptrdiff_t n, float opacity) {
  const vecf_t new = vecf_set(opacity), old = vecf_set(1 - opacity), half = vecf_set(HALF_UP);
#define MIX(i, vectors)                                                                      \
  vecf_t t[4];                                                                               \
  for (int v = 0; v < 4; v++) {                                                              \
    const vecf_t o = vecf_mul(samples_load(over + (i) + v * VECF), new);                     \
    t[v] = vecf_add(vecf_add(o, vecf_mul(samples_load(base + (i) + v * VECF), old)), half);  \
  }                                                                                          \
  samples_store_raised(out + (i), t[0], t[1], t[2], t[3])
  OVER_BLOCKS(n, 1, MIX);
#undef MIX
}

static void blend_any_opaque(int channels, int over, sample_t *out, const sample_t *base,
                             const sample_t *overlay, ptrdiff_t width, float opacity) {
  if (channels == over && width * channels >= VEC) {
    blend_samples(out, base, overlay, width * channels, opacity);
    return;
  }
  switch (4 * channels + over) {
#define BLEND(channels, over)                                        \
  case 4 * channels + over:                                          \
    blend_opaque(channels, over, out, base, overlay, width, opacity); \
    return
    BLEND(1, 1);
    BLEND(1, 2);
    BLEND(3, 1);
    BLEND(3, 2);
    BLEND(3, 3);
    BLEND(3, 4);
#undef BLEND
  }
}

static void blend_any_with_alpha(int channels, int over, sample_t *out, const sample_t *base,
                                 const sample_t *overlay, sample_t *spread, ptrdiff_t width,
                                 float opacity) {
  const ptrdiff_t n = width * channels;
  const size_t bytes = (size_t)n * sizeof(sample_t);
  sample_t copy[VEC] = {0}, result[VEC];
  switch (4 * channels + over) {
    case 4 * 2 + 1: spread_row(2, 1, spread, overlay, width); break;
    case 4 * 4 + 1: spread_row(4, 1, spread, overlay, width); break;
    case 4 * 4 + 2: spread_row(4, 2, spread, overlay, width); break;
    case 4 * 4 + 3: spread_row(4, 3, spread, overlay, width); break;
    default: if (n < VEC) memcpy(spread, overlay, bytes);
  }
  if (channels != over || n < VEC) overlay = spread;
  if (n < VEC) base = memcpy(copy, base, bytes);
  sample_t *to = n < VEC ? result : out;
  if (channels == 2)
    blend_with_alpha(2, to, base, overlay, n < VEC ? VEC : n, opacity);
  else
    blend_with_alpha(4, to, base, overlay, n < VEC ? VEC : n, opacity);
  if (n < VEC) memcpy(out, result, bytes);
}

static size_t composite_scratch(const plane_t *src, const plane_t *dst, const void *plan) {
  (void)dst, (void)plan;
  return scratch_size((size_t)(src->width * src->channels + VEC) * sizeof(sample_t));
}

static void composite(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                      const void *plan_, void *scratch) {
  const composite_t *plan = plan_;
  const plane_t *overlay = &plan->overlay;
  const int channels = src->channels;
  const float opacity = plan->opacity;
  const ptrdiff_t left = plan->x > 0 ? plan->x : 0, end = plan->x + overlay->width;
  const ptrdiff_t right = end < src->width ? end : src->width;
  sample_t *spread = scratch;
  memset(spread, 0, VEC * sizeof(sample_t));
  for (ptrdiff_t y = y0; y < y1; y++) {
    const sample_t *in = (const sample_t *)(src->data + y * src->stride);
    sample_t *out = (sample_t *)(dst->data + y * dst->stride);
    const ptrdiff_t row = y - plan->y;
    if (row < 0 || row >= overlay->height || left >= right) {
      memcpy(out, in, (size_t)(src->width * channels) * sizeof(sample_t));
      continue;
    }
    const sample_t *over = (const sample_t *)(overlay->data + row * overlay->stride) +
                           (left - plan->x) * overlay->channels;
    memcpy(out, in, (size_t)(left * channels) * sizeof(sample_t));
    const ptrdiff_t at = left * channels, width = right - left;
    if (channels % 2)
      blend_any_opaque(channels, overlay->channels, out + at, in + at, over, width, opacity);
    else
      blend_any_with_alpha(channels, overlay->channels, out + at, in + at, over, spread, width,
                           opacity);
    memcpy(out + right * channels, in + right * channels,
           (size_t)((src->width - right) * channels) * sizeof(sample_t));
  }
}

#endif
