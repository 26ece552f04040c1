/* Luma: what a colour picture is without its colours. See luma_t for the weights. */
#ifndef IMGCORE_GRAYSCALE_TMPL_H
#define IMGCORE_GRAYSCALE_TMPL_H

#include <string.h>

#include "blocks.h"
#include "sample.h"

/* Whole over 2^16, which they add up to. */
static const uint32_t LUMA_WEIGHTS[][3] = {[LUMA_601] = {19595, 38470, 7471},
                                           [LUMA_709] = {13933, 46871, 4732}};

/* Red's and blue's; green has the rest. */
#if DEPTH == 32
static const float LUMA_SHARES[][2] = {[LUMA_601] = {0.299f, 0.114f},
                                       [LUMA_709] = {0.2126f, 0.0722f}};
#else
static const float LUMA_SHARES[][2] = {[LUMA_601] = {19595 / 65536.0f, 7471 / 65536.0f},
                                       [LUMA_709] = {13933 / 65536.0f, 4732 / 65536.0f}};
#endif

/* Not rounded, and written so that a grey's luma is the grey itself. Exact for uint8. */
VEC_INLINE float luma_float(const sample_t *rgb, const float *shares) {
  const float red = rgb[0], green = rgb[1], blue = rgb[2];
  return green + (shares[0] * (red - green) + shares[1] * (blue - green));
}

VEC_INLINE sample_t luma_of(const sample_t *rgb, luma_t standard) {
#if DEPTH == 32
  return luma_float(rgb, LUMA_SHARES[standard]);
#else
  const uint32_t *w = LUMA_WEIGHTS[standard];
  return (sample_t)((w[0] * rgb[0] + w[1] * rgb[1] + w[2] * rgb[2] + 0x8000u) >> 16);
#endif
}

VEC_INLINE void luma_plain(const int channels, const int outputs, sample_t *restrict out,
                           const sample_t *restrict in, ptrdiff_t width, luma_t standard) {
  for (ptrdiff_t x = 0; x < width; x++) {
    out[x * outputs] = luma_of(in + x * channels, standard);
    if (outputs == 2) out[x * outputs + 1] = in[x * channels + 3];
  }
}

#if DEPTH == 8
/* Weights in pairs, as vec_madd takes them; the green one is in two halves, to fit 16 bits. */
typedef struct {
  vec_t red_blue, green, rest;
} luma_pairs_t;

VEC_INLINE luma_pairs_t luma_pairs(luma_t standard) {
  const uint32_t *w = LUMA_WEIGHTS[standard], half = w[1] / 2;
  return (luma_pairs_t){vec_set32((int32_t)(w[0] | w[2] << 16)), vec_set32((int32_t)half),
                        vec_set32((int32_t)(w[1] - half))};
}

/* Lumas times 2^16 of VECF pixels of four bytes each; the fourth does not count. */
VEC_INLINE vec_t luma_sums(vec_t pixels, const luma_pairs_t *w) {
  const vec_t red_blue = vec_and(pixels, vec_set16(255)), green = vec_shr16(pixels, 8);
  return vec_add32(vec_madd(red_blue, w->red_blue),
                   vec_add32(vec_madd(green, w->green), vec_madd(green, w->rest)));
}

VEC_INLINE vec_t luma_load(const int channels, const uint8_t *p) {
  return channels == 3 ? vec_load3(p) : vec_load(p);
}

VEC_INLINE void luma_row(const int channels, const int outputs, uint8_t *restrict out,
                         const uint8_t *restrict in, ptrdiff_t width, luma_t standard) {
  const luma_pairs_t w = luma_pairs(standard);
  const vec_t half = vec_set32(0x8000), alpha = vec_set32(0xFF00);
  if (width < VEC) {
    luma_plain(channels, outputs, out, in, width, standard);
    return;
  }
#define LUMA(x, vectors)                                                                     \
  vec_t grey[4];                                                                             \
  for (int v = 0; v < 4; v++) {                                                              \
    const vec_t pixels = luma_load(channels, in + ((x) + v * VECF) * channels);              \
    grey[v] = vec_sra32(vec_add32(luma_sums(pixels, &w), half), 16);                         \
    if (outputs == 2) grey[v] = vec_or(grey[v], vec_and(vec_sra32(pixels, 16), alpha));      \
  }                                                                                          \
  if (outputs == 1) {                                                                        \
    vec_store(out + (x), vec_narrow32(grey[0], grey[1], grey[2], grey[3]));                  \
  } else {                                                                                   \
    vec_store(out + 2 * (x), vec_narrow32u16(grey[0], grey[1]));                             \
    vec_store(out + 2 * (x) + VEC, vec_narrow32u16(grey[2], grey[3]));                       \
  }
  OVER_BLOCKS(width, 1, LUMA);
#undef LUMA
}
#else
#define luma_row luma_plain
#endif

/* One number a pixel: a row of luma by ITU-R BT.601, or of what grey pictures hold beside alpha. Made
 * in `line`, which has room for the row, unless it stands in the picture. */
static const sample_t *grey_row(const sample_t *in, int channels, ptrdiff_t width, sample_t *line) {
  switch (channels) {
    case 1: return in;
    case 2:
      for (ptrdiff_t x = 0; x < width; x++) line[x] = in[2 * x];
      return line;
    case 3: luma_row(3, 1, line, in, width, LUMA_601); return line;
    default: luma_row(4, 1, line, in, width, LUMA_601); return line;
  }
}

static size_t grey_row_bytes(const plane_t *src) { return (size_t)src->width * sizeof(sample_t); }

/* Of 3 or 4 channels to 1, or of 4 to 2. */
static void grayscale(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                      const void *plan, void *scratch) {
  const luma_t standard = *(const luma_t *)plan;
  (void)scratch;
  for (ptrdiff_t y = y0; y < y1; y++) {
    const sample_t *in = (const sample_t *)(src->data + y * src->stride);
    sample_t *out = (sample_t *)(dst->data + y * dst->stride);
    if (src->channels == 3)
      luma_row(3, 1, out, in, src->width, standard);
    else if (dst->channels == 1)
      luma_row(4, 1, out, in, src->width, standard);
    else
      luma_row(4, 2, out, in, src->width, standard);
  }
}

#endif
