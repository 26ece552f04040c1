/* Resampling: rows first, as that pass sees every input sample and vectorises as it stands, then
 * along the row. In floats for every depth; opaque uint8 goes through resize_u8.h. */
#include <string.h>

#include "sample.h"
#include "scratch.h"

/* Output rows made together, so that an input row is read, converted and multiplied by its alpha once
 * for all of them. */
enum { RESIZE_STRIP = 8 };

typedef float pixel_t __attribute__((vector_size(16)));

/* Samples as floats; with 2 and 4 channels the last is alpha, and the others are multiplied by it. */
VEC_INLINE void resize_convert(const int channels, float *restrict out,
                               const sample_t *restrict in, ptrdiff_t width) {
  if (channels % 2) {
    for (ptrdiff_t i = 0; i < width * channels; i++) out[i] = in[i];
    return;
  }
  for (ptrdiff_t x = 0; x < width; x++) {
    const float alpha = in[x * channels + channels - 1];
    for (int c = 0; c < channels - 1; c++) out[x * channels + c] = in[x * channels + c] * alpha;
    out[x * channels + channels - 1] = alpha;
  }
}

static void resize_accumulate(float *restrict sums, const float *restrict row, float weight,
                              ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) sums[i] += row[i] * weight;
}

VEC_INLINE void resize_finish(const int channels, sample_t *out, pixel_t sum) {
  if (channels % 2) {
    for (int c = 0; c < channels; c++) out[c] = sample_from(sum[c]);
    return;
  }
  const float alpha = sum[channels - 1];
  const float inverse = alpha > 0 ? 1 / alpha : 0;
  for (int c = 0; c < channels - 1; c++) out[c] = sample_from(sum[c] * inverse);
  out[channels - 1] = sample_from(alpha > WHITE ? WHITE : alpha > 0 ? alpha : 0);
}

/* Along a row, a whole pixel in one vector. */
VEC_INLINE void resize_along(const int channels, sample_t *out, const float *sums,
                             const resample_t *columns, ptrdiff_t width) {
  const float *weights = columns->weights;
  for (ptrdiff_t x = 0; x < width; x++, weights += columns->taps) {
    const float *p = sums + (ptrdiff_t)columns->start[x] * channels;
    pixel_t even = {0}, odd = {0}, pixel;
    for (int k = 0; k < columns->taps; k++) {
      memcpy(&pixel, p + (ptrdiff_t)k * channels, sizeof pixel);
      if (k % 2)
        odd += pixel * weights[k];
      else
        even += pixel * weights[k];
    }
    resize_finish(channels, out + x * channels, even + odd);
  }
}

VEC_INLINE void resize_floats(const int channels, const plane_t *src, const plane_t *dst,
                              ptrdiff_t y0, ptrdiff_t y1, const resize_t *plan, void *scratch) {
  const resample_t *rows = &plan->rows;
  const ptrdiff_t n = src->width * channels;
  float *sums[RESIZE_STRIP], *row = scratch_take(&scratch, (size_t)n * sizeof(float));
  for (int k = 0; k < RESIZE_STRIP; k++) {
    sums[k] = scratch_take(&scratch, (size_t)n * sizeof(float));
    memset(sums[k] + n, 0, 4 * sizeof(float)); /* the last pixel is read as four samples */
  }
  for (ptrdiff_t y = y0; y < y1; y += RESIZE_STRIP) {
    const int count = (int)(y1 - y < RESIZE_STRIP ? y1 - y : RESIZE_STRIP);
    for (int k = 0; k < count; k++) memset(sums[k], 0, (size_t)n * sizeof(float));
    const ptrdiff_t last = rows->start[y + count - 1] + rows->taps;
    for (ptrdiff_t from = rows->start[y]; from < last; from++) {
      resize_convert(channels, row, (const sample_t *)(src->data + from * src->stride),
                     src->width);
      for (int k = 0; k < count; k++) {
        const ptrdiff_t tap = from - rows->start[y + k];
        if (tap >= 0 && tap < rows->taps)
          resize_accumulate(sums[k], row,
                            ((const float *)rows->weights)[(y + k) * rows->taps + tap], n);
      }
    }
    for (int k = 0; k < count; k++)
      resize_along(channels, (sample_t *)(dst->data + (y + k) * dst->stride), sums[k],
                   &plan->columns, dst->width);
  }
}

#if DEPTH == 8
#include "resize_u8.h"
#endif

static size_t resize_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const size_t row = (size_t)(src->width * src->channels) * sizeof(float);
#if DEPTH == 8
  if (!((const resize_t *)plan_)->floats) return resize_words_scratch(src, plan_);
#endif
  (void)dst, (void)plan_;
  return (RESIZE_STRIP + 1) * scratch_size(row);
}

static void resize(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const void *plan_, void *scratch) {
  const resize_t *plan = plan_;
#if DEPTH == 8
  if (!plan->floats) {
    resize_words(src, dst, y0, y1, plan, scratch);
    return;
  }
#endif
  switch (src->channels) {
    case 1: resize_floats(1, src, dst, y0, y1, plan, scratch); return;
    case 2: resize_floats(2, src, dst, y0, y1, plan, scratch); return;
    case 3: resize_floats(3, src, dst, y0, y1, plan, scratch); return;
    default: resize_floats(4, src, dst, y0, y1, plan, scratch);
  }
}

/* The nearest pixel: rows->start and columns->start say which. */
VEC_INLINE void pick_row(const int channels, sample_t *out, const sample_t *in,
                         const int32_t *start, ptrdiff_t width) {
  for (ptrdiff_t x = 0; x < width; x++)
    for (int c = 0; c < channels; c++)
      out[x * channels + c] = in[(ptrdiff_t)start[x] * channels + c];
}

static void pick(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                 const void *plan_, void *scratch) {
  const resize_t *plan = plan_;
  (void)scratch;
  for (ptrdiff_t y = y0; y < y1; y++) {
    const sample_t *in = (const sample_t *)(src->data + plan->rows.start[y] * src->stride);
    sample_t *out = (sample_t *)(dst->data + y * dst->stride);
    switch (src->channels) {
      case 1: pick_row(1, out, in, plan->columns.start, dst->width); break;
      case 2: pick_row(2, out, in, plan->columns.start, dst->width); break;
      case 3: pick_row(3, out, in, plan->columns.start, dst->width); break;
      default: pick_row(4, out, in, plan->columns.start, dst->width);
    }
  }
}
