/* The mean over a square, by sums that do not depend on its size: running sums down the columns and
 * along the row. All sums are whole, so any order gives the same. Floats have none of this: running
 * sums of them would drift. */
#include "blocks.h"
#include "border.h"
#include "scratch.h"

#if DEPTH != 32

#if DEPTH == 8
typedef uint32_t box_sum_t;
#else
typedef uint64_t box_sum_t;
#endif

BORDER_LINE(border_columns, uint32_t)

static void box_slide(uint32_t *restrict columns, const sample_t *restrict in,
                      const sample_t *restrict out, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) columns[i] += (uint32_t)in[i] - out[i];
}

/* sums[x] = the columns from x to before x + side. */
VEC_INLINE void box_along(const int channels, box_sum_t *sums, const uint32_t *columns, int side,
                          ptrdiff_t width) {
  const uint32_t *ahead = columns + (ptrdiff_t)(side - 1) * channels;
  box_sum_t sum[4] = {0};
  for (const uint32_t *p = columns; p < ahead; p += channels)
    for (int c = 0; c < channels; c++) sum[c] += p[c];
  for (ptrdiff_t i = 0; i < width * channels; i += channels)
    for (int c = 0; c < channels; c++) {
      sums[i + c] = sum[c] += ahead[i + c];
      sum[c] -= columns[i + c];
    }
}

static void box_row(box_sum_t *sums, const uint32_t *columns, int side, const plane_t *src) {
#define ALONG(channels) box_along(channels, sums, columns, side, src->width)
  WITH_CHANNELS(src->channels, ALONG)
#undef ALONG
}

/* The area is odd, so no mean lies halfway between two levels, and doubles round it rightly; floats
 * but for means within 2e-5 of halfway. */
static void box_divide(sample_t *restrict out, const box_sum_t *restrict sums, int64_t area,
                       ptrdiff_t n) {
#if DEPTH == 8
  if (255 * area <= INT32_MAX) {
    const float inverse = 1.0f / (float)area;
    for (ptrdiff_t i = 0; i < n; i++)
      out[i] = (sample_t)(int32_t)((float)(int32_t)sums[i] * inverse + 0.5f);
    return;
  }
#endif
  const double inverse = 1.0 / (double)area;
  for (ptrdiff_t i = 0; i < n; i++) out[i] = (sample_t)((double)sums[i] * inverse + 0.5);
}

static void box_wide(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                     const box_t *plan, void *scratch) {
  const int radius = plan->radius, channels = src->channels;
  const ptrdiff_t n = src->width * channels, left = (ptrdiff_t)radius * channels;
  sample_t *zeros = scratch_take(&scratch, (size_t)n * sizeof(sample_t));
  uint32_t *columns = scratch_take(&scratch, (size_t)(n + 2 * left) * sizeof(uint32_t));
  box_sum_t *sums = scratch;
  memset(zeros, 0, (size_t)n * sizeof(sample_t));
  memset(columns, 0, (size_t)(n + 2 * left) * sizeof(uint32_t));
  for (ptrdiff_t y = y0 - radius; y < y0 + radius; y++)
    box_slide(columns + left, border_row(src, y, plan->border, zeros), zeros, n);
  const sample_t *last = zeros;
  for (ptrdiff_t y = y0; y < y1; y++) {
    box_slide(columns + left, border_row(src, y + radius, plan->border, zeros), last, n);
    last = border_row(src, y - radius, plan->border, zeros);
    border_columns(columns, src->width, channels, radius, radius, plan->border);
    box_row(sums, columns, 2 * radius + 1, src);
    box_divide((sample_t *)(dst->data + y * dst->stride), sums, plan->area, n);
  }
}

#if DEPTH == 8
#include "box_u8.h"
#endif

static size_t box_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const box_t *plan = plan_;
  const size_t line = (size_t)(src->width + 2 * (ptrdiff_t)plan->radius) * (size_t)src->channels;
  (void)dst;
#if DEPTH == 8
  if (plan->reciprocal) return box_narrow_scratch(src, plan);
#endif
  return scratch_size(line * sizeof(sample_t)) + scratch_size(line * sizeof(uint32_t)) +
         scratch_size(line * sizeof(box_sum_t));
}

static void box(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                const void *plan_, void *scratch) {
  const box_t *plan = plan_;
#if DEPTH == 8
  if (plan->reciprocal) {
    box_narrow(src, dst, y0, y1, plan, scratch);
    return;
  }
#endif
  box_wide(src, dst, y0, y1, plan, scratch);
}

#endif
