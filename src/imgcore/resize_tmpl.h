/* Resampling of 8-bit planes: for each output row a column pass over the input rows it needs,
 * then a row pass. Columns first, as that pass sees every input sample and vectorises best.
 *
 * The row between the passes has 6 fractional bits. With alpha, colours are multiplied by it on the
 * way in (up to 255 * 255, alpha likewise) and divided on the way out. */
#include <string.h>

#include "scratch.h"
#include "old_sum.h"

enum { RESAMPLE_BITS = 22, MIDDLE_BITS = 6 };

#define TO_MIDDLE(acc, f) (((acc) + (int32_t)(f).bias) >> (f).shift)
WEIGHTED_SUM(sum_resample_rows, uint8_t, int32_t, int32_t, int32_t, TO_MIDDLE)

static inline __attribute__((always_inline)) void premultiplied_rows(
    const int channels, int32_t *restrict middle, int64_t *restrict sums, const uint8_t *const *in,
    const int32_t *weights, int taps, ptrdiff_t width) {
  const int alpha = channels - 1;
  memset(sums, 0, (size_t)width * (size_t)channels * sizeof(int64_t));
  for (int k = 0; k < taps; k++) {
    const uint8_t *restrict p = in[k];
    for (ptrdiff_t x = 0; x < width; x++) {
      const int64_t w = (int64_t)weights[k] * p[x * channels + alpha];
      for (int c = 0; c < alpha; c++) sums[x * channels + c] += w * p[x * channels + c];
      sums[x * channels + alpha] += w * 255;
    }
  }
  const int shift = RESAMPLE_BITS - MIDDLE_BITS;
  for (ptrdiff_t i = 0; i < width * channels; i++)
    middle[i] = (int32_t)((sums[i] + (1 << (shift - 1))) >> shift);
}

static inline __attribute__((always_inline)) void resample_columns(
    const int channels, uint8_t *restrict out, const int32_t *restrict middle,
    const resample_t *columns, ptrdiff_t width) {
  const int alpha = channels % 2 ? -1 : channels - 1;
  const int shift = RESAMPLE_BITS + MIDDLE_BITS;
  const int64_t one = (int64_t)255 << shift; /* the sum of alphas that means one level */
  for (ptrdiff_t x = 0; x < width; x++) {
    const int32_t *w = columns->weights + x * columns->taps;
    const int32_t *p = middle + (ptrdiff_t)columns->start[x] * channels;
    int64_t acc[4] = {0};
    for (int k = 0; k < columns->taps; k++)
      for (int c = 0; c < channels; c++) acc[c] += (int64_t)w[k] * p[k * channels + c];
    if (alpha < 0) {
      for (int c = 0; c < channels; c++)
        out[x * channels + c] = clamp_wide_u8((acc[c] + ((int64_t)1 << (shift - 1))) >> shift);
      continue;
    }
    const int64_t opacity = acc[alpha];
    for (int c = 0; c < alpha; c++)
      out[x * channels + c] =
          opacity <= 0 ? 0 : clamp_wide_u8((acc[c] * 255 * 2 + opacity) / (opacity * 2));
    out[x * channels + alpha] = opacity <= 0 ? 0 : clamp_wide_u8((opacity + one / 2) / one);
  }
}

static size_t resize_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const resample_t *rows = &((const resize_t *)plan_)->rows; (void)dst;
  const size_t samples = (size_t)src->width * (size_t)src->channels;
  return scratch_size(samples * sizeof(int32_t)) +
         scratch_size(src->channels % 2 ? 0 : samples * sizeof(int64_t)) +
         scratch_size((size_t)rows->taps * sizeof(void *));
}

static void resize(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const void *plan_, void *scratch) {
  const resample_t *columns = &((const resize_t *)plan_)->columns, *rows = &((const resize_t *)plan_)->rows;
  const ptrdiff_t n = src->width * src->channels;
  int32_t *middle = scratch_take(&scratch, (size_t)n * sizeof(int32_t));
  const uint8_t **in = scratch_take(&scratch, (size_t)rows->taps * sizeof(void *));
  int64_t *sums = scratch; /* with alpha alone */
  const finish_t keep_fraction = {.bias = 1 << (RESAMPLE_BITS - MIDDLE_BITS - 1),
                                  .shift = RESAMPLE_BITS - MIDDLE_BITS};
  for (ptrdiff_t y = y0; y < y1; y++) {
    const int32_t *w = rows->weights + y * rows->taps;
    uint8_t *out = dst->data + y * dst->stride;
    for (int k = 0; k < rows->taps; k++) in[k] = src->data + (rows->start[y] + k) * src->stride;
    switch (src->channels) {
      case 1:
        sum_resample_rows(rows->taps, middle, in, w, n, keep_fraction);
        resample_columns(1, out, middle, columns, dst->width);
        break;
      case 2:
        premultiplied_rows(2, middle, sums, in, w, rows->taps, src->width);
        resample_columns(2, out, middle, columns, dst->width);
        break;
      case 3:
        sum_resample_rows(rows->taps, middle, in, w, n, keep_fraction);
        resample_columns(3, out, middle, columns, dst->width);
        break;
      default:
        premultiplied_rows(4, middle, sums, in, w, rows->taps, src->width);
        resample_columns(4, out, middle, columns, dst->width);
    }
  }
}
