/* Rotation by any angle: every output pixel is interpolated where it came from. See rotate_t.
 *
 * Along an output row the place moves in a straight line, so a row is up to five spans: beyond the
 * picture, across its edge, inside, across, beyond. */
#include "blocks.h"
#include "sample.h"

typedef struct {
  const plane_t *src;
  const rotate_t *plan;
  double x, y; /* where the row's first pixel came from; whole numbers are pixels' middles */
} warp_row_t;

/* The first i of [0, n] for which start + i * step is at least `bound`, or below for a negative
 * step: n if there is none. Products and sums are rounded monotonically, so that the kernel finds
 * its places where this does. */
static ptrdiff_t warp_reaches(double start, double step, double bound, ptrdiff_t n) {
  ptrdiff_t low = 0, high = n;
  while (low < high) {
    const ptrdiff_t i = low + (high - low) / 2;
    const double at = start + (double)i * step;
    if (step < 0 ? at < bound : at >= bound)
      high = i;
    else
      low = i + 1;
  }
  return low;
}

/* Narrows [first, last) to where low <= start + i * step < high. */
static void warp_clip(ptrdiff_t *first, ptrdiff_t *last, double start, double step, double low,
                      double high) {
  const ptrdiff_t from = warp_reaches(start, step, step < 0 ? high : low, *last);
  const ptrdiff_t to = warp_reaches(start, step, step < 0 ? low : high, *last);
  if (from > *first) *first = from;
  if (to < *last) *last = to;
  if (*first > *last) *first = *last;
}

VEC_INLINE ptrdiff_t warp_floor(double x) {
  const ptrdiff_t whole = (ptrdiff_t)x;
  return whole - (x < (double)whole);
}

/* For taps / 2 pixels up to a place and as many behind it, t further on. Cubic: Keys, a = -0.5. */
VEC_INLINE void warp_weights(const int taps, float *w, float t) {
  if (taps == 2) {
    w[0] = 1 - t;
    w[1] = t;
    return;
  }
  w[0] = ((-0.5f * t + 1) * t - 0.5f) * t;
  w[1] = (1.5f * t - 2.5f) * t * t + 1;
  w[2] = ((-1.5f * t + 2) * t + 0.5f) * t;
  w[3] = (0.5f * t - 0.5f) * t * t;
}

/* Colours are weighted with their alpha, and divided by the result's. */
VEC_INLINE void warp_pixel(const int taps, const int channels, sample_t *out,
                           const sample_t *const *rows, const float *wx, const float *wy) {
  const int has_alpha = channels % 2 == 0, colours = channels - has_alpha;
  float sum[4] = {0};
  for (int j = 0; j < taps; j++) {
    float line[4] = {0};
    for (int i = 0; i < taps; i++) {
      const sample_t *p = rows[j] + i * channels;
      const float w = has_alpha ? wx[i] * (float)p[colours] : wx[i];
      for (int c = 0; c < colours; c++) line[c] += w * (float)p[c];
      if (has_alpha) line[colours] += w;
    }
    for (int c = 0; c < channels; c++) sum[c] += wy[j] * line[c];
  }
  for (int c = 0; c < colours; c++)
    out[c] = sample_from(!has_alpha ? sum[c] : sum[colours] > 0 ? sum[c] / sum[colours] : 0);
  if (has_alpha) out[colours] = sample_from(sum[colours]);
}

/* The pixels [first, last) of a row; with `edge`, taps may lie beyond the picture, on `fill`. */
VEC_INLINE void warp_span(const int taps, const int channels, const int edge, sample_t *out,
                          const warp_row_t *row, ptrdiff_t first, ptrdiff_t last) {
  const plane_t *src = row->src;
  const size_t pixel = (size_t)channels * sizeof(sample_t);
  for (ptrdiff_t i = first; i < last; i++) {
    const double x = row->x + (double)i * row->plan->xx, y = row->y + (double)i * row->plan->yx;
    const ptrdiff_t left = warp_floor(x), top = warp_floor(y);
    const ptrdiff_t x0 = left - taps / 2 + 1, y0 = top - taps / 2 + 1;
    float wx[4], wy[4];
    warp_weights(taps, wx, (float)(x - (double)left));
    warp_weights(taps, wy, (float)(y - (double)top));
    const sample_t *rows[4];
    sample_t patch[4 * 4 * 4];
    for (int j = 0; j < taps; j++) {
      if (!edge) {
        rows[j] = (const sample_t *)(src->data + (y0 + j) * src->stride) + x0 * channels;
        continue;
      }
      sample_t *copy = patch + j * taps * channels;
      rows[j] = copy;
      for (int k = 0; k < taps; k++) {
        const ptrdiff_t at = x0 + k, line = y0 + j;
        const int inside = at >= 0 && at < src->width && line >= 0 && line < src->height;
        const void *from = row->plan->fill;
        if (inside) from = (const sample_t *)(src->data + line * src->stride) + at * channels;
        memcpy(copy + k * channels, from, pixel);
      }
    }
    warp_pixel(taps, channels, out + i * channels, rows, wx, wy);
  }
}

VEC_INLINE void warp_nearest(const int channels, sample_t *out, const warp_row_t *row,
                             ptrdiff_t first, ptrdiff_t last) {
  const plane_t *src = row->src;
  for (ptrdiff_t i = first; i < last; i++) {
    const double x = row->x + (double)i * row->plan->xx, y = row->y + (double)i * row->plan->yx;
    const uint8_t *line = src->data + (ptrdiff_t)y * src->stride;
    memcpy(out + i * channels, (const sample_t *)line + (ptrdiff_t)x * channels,
           (size_t)channels * sizeof(sample_t));
  }
}

static void warp_fill(int channels, sample_t *out, const void *fill, ptrdiff_t first,
                      ptrdiff_t last) {
  const size_t pixel = (size_t)channels * sizeof(sample_t);
  for (ptrdiff_t i = first; i < last; i++) memcpy(out + i * channels, fill, pixel);
}

VEC_INLINE void warp_row(const int taps, const int channels, sample_t *out, const warp_row_t *row,
                         ptrdiff_t n) {
  const rotate_t *plan = row->plan;
  const double width = (double)row->src->width, height = (double)row->src->height;
  const double before = taps / 2 - 1, after = taps / 2;
  ptrdiff_t first = 0, last = n;
  warp_clip(&first, &last, row->x, plan->xx, -after, width + before);
  warp_clip(&first, &last, row->y, plan->yx, -after, height + before);
  ptrdiff_t from = first, to = last;
  warp_clip(&from, &to, row->x, plan->xx, before, width - after);
  warp_clip(&from, &to, row->y, plan->yx, before, height - after);
  warp_fill(channels, out, plan->fill, 0, first);
  warp_span(taps, channels, 1, out, row, first, from);
  warp_span(taps, channels, 0, out, row, from, to);
  warp_span(taps, channels, 1, out, row, to, last);
  warp_fill(channels, out, plan->fill, last, n);
}

VEC_INLINE void warp_row_nearest(const int channels, sample_t *out, const warp_row_t *row,
                                 ptrdiff_t n) {
  const rotate_t *plan = row->plan;
  ptrdiff_t first = 0, last = n;
  const warp_row_t shifted = {row->src, plan, row->x + 0.5, row->y + 0.5};
  warp_clip(&first, &last, shifted.x, plan->xx, 0, (double)row->src->width);
  warp_clip(&first, &last, shifted.y, plan->yx, 0, (double)row->src->height);
  warp_fill(channels, out, plan->fill, 0, first);
  warp_nearest(channels, out, &shifted, first, last);
  warp_fill(channels, out, plan->fill, last, n);
}

VEC_INLINE void warp_rows(const int channels, const plane_t *src, const plane_t *dst, ptrdiff_t y0,
                          ptrdiff_t y1, const rotate_t *plan) {
  for (ptrdiff_t y = y0; y < y1; y++) {
    const warp_row_t row = {src, plan, plan->x + (double)y * plan->xy,
                            plan->y + (double)y * plan->yy};
    sample_t *out = (sample_t *)(dst->data + y * dst->stride);
    if (plan->taps == 4)
      warp_row(4, channels, out, &row, dst->width);
    else if (plan->taps == 2)
      warp_row(2, channels, out, &row, dst->width);
    else
      warp_row_nearest(channels, out, &row, dst->width);
  }
}

static void rotate(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const void *plan, void *scratch) {
  (void)scratch;
#define ROWS(channels) warp_rows(channels, src, dst, y0, y1, plan)
  WITH_CHANNELS(src->channels, ROWS)
#undef ROWS
}
