/* Resampling: rows first, as that pass sees every input sample and vectorises as it stands, then
 * along the row. In floats for every depth; opaque uint8 goes through resize_u8.h. */
#include <string.h>

#include "blocks.h"
#include "sample.h"
#include "scratch.h"

/* Output rows made together, so that an input row is read, converted and multiplied by its alpha once
 * for all of them; and pixels of a block, whose sums stay in the cache meanwhile. */
enum { RESIZE_STRIP = 8, RESIZE_BLOCK = 128 };

/* Sums of more taps than FLOAT_PART are made of sums of so many, which doubles add up. */
typedef float pixel_t __attribute__((vector_size(16)));
typedef double total_t __attribute__((vector_size(32)));

/* Samples as floats; with 2 and 4 channels the last is alpha, and the others are multiplied by it. */
VEC_INLINE void resize_convert(const int channels, float *restrict out,
                               const sample_t *restrict in, ptrdiff_t width) {
  if (channels % 2) {
    for (ptrdiff_t i = 0; i < width * channels; i++) out[i] = in[i];
    return;
  }
  ptrdiff_t x = 0;
  for (; channels == 4 && x + VECF / 4 <= width; x += VECF / 4) {
    const vecf_t pixels = samples_load(in + 4 * x);
    vecf_store(out + 4 * x, vecf_mul(pixels, vecf_alpha(pixels)));
  }
  for (; x < width; x++) {
    const float alpha = in[x * channels + channels - 1];
    for (int c = 0; c < channels - 1; c++) out[x * channels + c] = in[x * channels + c] * alpha;
    out[x * channels + channels - 1] = alpha;
  }
}

static void resize_accumulate(float *restrict sums, const float *restrict row, float weight,
                              ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) sums[i] += row[i] * weight;
}

/* Moves a part sum to the total. */
static void resize_total(double *restrict total, float *restrict sums, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) total[i] += (double)sums[i];
  memset(sums, 0, (size_t)n * sizeof *sums);
}

static void resize_from_total(float *restrict sums, double *restrict total, ptrdiff_t n) {
  resize_total(total, sums, n);
  for (ptrdiff_t i = 0; i < n; i++) sums[i] = (float)total[i];
  memset(total, 0, (size_t)n * sizeof *total);
}

/* Colours that are no longer multiplied by their alpha. It may have overshot; only floats are not
 * clamped anyway when they are stored. */
VEC_INLINE pixel_t resize_finish(const int channels, pixel_t sum) {
  if (channels % 2) return sum;
  float alpha = sum[channels - 1];
  sum *= alpha > 0 ? 1 / alpha : 0;
#if DEPTH == 32
  alpha = alpha > WHITE ? WHITE : alpha > 0 ? alpha : 0;
#endif
  sum[channels - 1] = alpha;
  return sum;
}

/* A sum of pixels that follow each other, a whole one in a vector; the last is followed by slack. */
VEC_INLINE pixel_t resize_part(const int channels, const float *p, const float *weights, int taps) {
  pixel_t even = {0}, odd = {0}, pixel;
  int k = 0;
  for (; k + 1 < taps; k += 2) {
    memcpy(&pixel, p + (ptrdiff_t)k * channels, sizeof pixel);
    even += pixel * weights[k];
    memcpy(&pixel, p + (ptrdiff_t)(k + 1) * channels, sizeof pixel);
    odd += pixel * weights[k + 1];
  }
  if (k < taps) {
    memcpy(&pixel, p + (ptrdiff_t)k * channels, sizeof pixel);
    even += pixel * weights[k];
  }
  return even + odd;
}

VEC_INLINE void resize_along(const int channels, float *line, const float *sums,
                             const resample_t *columns, ptrdiff_t width) {
  const float *weights = columns->weights;
  const int taps = columns->taps;
  for (ptrdiff_t x = 0; x < width; x++, weights += taps) {
    const float *p = sums + (ptrdiff_t)columns->start[x] * channels;
    pixel_t pixel = resize_part(channels, p, weights, taps < FLOAT_PART ? taps : FLOAT_PART);
    if (taps > FLOAT_PART) {
      total_t total = __builtin_convertvector(pixel, total_t);
      for (int k = FLOAT_PART; k < taps; k += FLOAT_PART)
        total += __builtin_convertvector(
            resize_part(channels, p + (ptrdiff_t)k * channels, weights + k,
                        taps - k < FLOAT_PART ? taps - k : FLOAT_PART),
            total_t);
      pixel = __builtin_convertvector(total, pixel_t);
    }
    pixel = resize_finish(channels, pixel);
    memcpy(line + x * channels, &pixel, sizeof pixel);
  }
}

static void resize_store(sample_t *out, const float *line, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; i + BLOCK <= n; i += BLOCK)
    samples_store(out + i, vecf_load(line + i), vecf_load(line + i + VECF),
                  vecf_load(line + i + 2 * VECF), vecf_load(line + i + 3 * VECF));
  for (; i < n; i++) out[i] = sample_from(line[i]);
}

/* The row pass of `count` output rows from y on; totals hold zeros before and after. */
VEC_INLINE void resize_down(const int channels, float *const sums[RESIZE_STRIP], float *row,
                            double *const totals[RESIZE_STRIP], const plane_t *src, ptrdiff_t y,
                            int count, const resample_t *rows) {
  const ptrdiff_t last = rows->start[y + count - 1] + rows->taps;
  for (ptrdiff_t x = 0; x < src->width; x += RESIZE_BLOCK) {
    const ptrdiff_t left = src->width - x, pixels = left < RESIZE_BLOCK ? left : RESIZE_BLOCK;
    const ptrdiff_t at = x * channels, n = pixels * channels;
    for (int k = 0; k < count; k++) memset(sums[k] + at, 0, (size_t)n * sizeof(float));
    for (ptrdiff_t from = rows->start[y]; from < last; from++) {
      const sample_t *in = (const sample_t *)(src->data + from * src->stride);
      resize_convert(channels, row, in + at, pixels);
      for (int k = 0; k < count; k++) {
        const ptrdiff_t tap = from - rows->start[y + k];
        if (tap < 0 || tap >= rows->taps) continue;
        const float weight = ((const float *)rows->weights)[(y + k) * rows->taps + tap];
        if (tap && tap % FLOAT_PART == 0) resize_total(totals[k], sums[k] + at, n);
        resize_accumulate(sums[k] + at, row, weight, n);
      }
    }
    if (rows->taps > FLOAT_PART)
      for (int k = 0; k < count; k++) resize_from_total(sums[k] + at, totals[k], n);
  }
}

VEC_INLINE void resize_floats(const int channels, const plane_t *src, const plane_t *dst,
                              ptrdiff_t y0, ptrdiff_t y1, const resize_t *plan, void *scratch) {
  const size_t n = (size_t)(src->width * channels);
  float *sums[RESIZE_STRIP], *row = scratch_take(&scratch, RESIZE_BLOCK * 4 * sizeof(float));
  double *totals[RESIZE_STRIP];
  for (int k = 0; k < RESIZE_STRIP; k++) {
    totals[k] = scratch_take(&scratch, RESIZE_BLOCK * 4 * sizeof(double));
    memset(totals[k], 0, RESIZE_BLOCK * 4 * sizeof(double));
    sums[k] = scratch_take(&scratch, n * sizeof(float));
    memset(sums[k] + n, 0, 4 * sizeof(float)); /* the last pixel is read as four samples */
  }
  float *line = scratch;
  for (ptrdiff_t y = y0; y < y1; y += RESIZE_STRIP) {
    const int count = (int)(y1 - y < RESIZE_STRIP ? y1 - y : RESIZE_STRIP);
    resize_down(channels, sums, row, totals, src, y, count, &plan->rows);
    for (int k = 0; k < count; k++) {
      resize_along(channels, line, sums[k], &plan->columns, dst->width);
      resize_store((sample_t *)(dst->data + (y + k) * dst->stride), line, dst->width * channels);
    }
  }
}

#if DEPTH == 8
#include "resize_u8.h"
#endif

static size_t resize_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const size_t in = (size_t)(src->width * src->channels) * sizeof(float);
  const size_t out = (size_t)(dst->width * dst->channels) * sizeof(float);
#if DEPTH == 8
  if (!((const resize_t *)plan_)->floats) return resize_words_scratch(src, plan_);
#endif
  (void)plan_;
  return RESIZE_STRIP * (scratch_size(in) + scratch_size(RESIZE_BLOCK * 4 * sizeof(double))) +
         scratch_size(out) + scratch_size(RESIZE_BLOCK * 4 * sizeof(float));
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
#define FLOATS(channels) resize_floats(channels, src, dst, y0, y1, plan, scratch)
  WITH_CHANNELS(src->channels, FLOATS)
#undef FLOATS
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
#define PICK(channels) pick_row(channels, out, in, plan->columns.start, dst->width)
    WITH_CHANNELS(src->channels, PICK)
#undef PICK
  }
}
