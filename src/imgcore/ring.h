/* Walking an odd window of few rows down a picture. Rows are copied into a ring with the border at
 * both sides, in tiles narrow enough for all of a window to stay in the nearest cache. */
#ifndef IMGCORE_RING_H
#define IMGCORE_RING_H

#include "blocks.h"
#include "border.h"
#include "scratch.h"

enum { RING_MOST = 5, RING_TILE = 1 << 12 }; /* rows; bytes */

/* Makes n samples of an output row, n being VEC at least. The sample rows[k][i] lies `radius`
 * pixels before the output's sample i, and k - radius rows below it. `lines` has room for
 * RING_MOST rows as long as those of the ring, `stride` numbers of 4 bytes each. */
typedef void ring_step_t(sample_t *out, const sample_t *const *rows, ptrdiff_t n, int channels,
                           void *lines, ptrdiff_t stride);

static ptrdiff_t ring_tile(const plane_t *src) {
  const ptrdiff_t pixels = RING_TILE / (ptrdiff_t)sizeof(sample_t) / src->channels;
  return pixels < src->width ? pixels : src->width;
}

static ptrdiff_t ring_stride(const plane_t *src) {
  const size_t samples = (size_t)((ring_tile(src) + RING_MOST) * src->channels + 2 * VEC);
  return (ptrdiff_t)(scratch_stride(samples * sizeof(sample_t)) / sizeof(sample_t));
}

static size_t ring_scratch(const plane_t *src) {
  const size_t stride = (size_t)ring_stride(src);
  return scratch_size(RING_MOST * stride * sizeof(sample_t)) +
         scratch_size(RING_MOST * stride * sizeof(float)) + scratch_size(VEC * sizeof(sample_t)) +
         scratch_size((size_t)(src->width * src->channels) * sizeof(sample_t));
}

VEC_INLINE void over_ring(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                             const int radius, border_t border, void *scratch,
                             ring_step_t *step) {
  const int size = 2 * radius + 1, channels = src->channels;
  const ptrdiff_t tile = ring_tile(src), stride = ring_stride(src);
  sample_t *ring = scratch_take(&scratch, RING_MOST * (size_t)stride * sizeof(sample_t));
  void *lines = scratch_take(&scratch, RING_MOST * (size_t)stride * sizeof(float));
  sample_t *narrow = scratch_take(&scratch, VEC * sizeof(sample_t));
  sample_t *zeros = scratch;
  memset(ring, 0, RING_MOST * (size_t)stride * sizeof(sample_t));
  memset(zeros, 0, (size_t)(src->width * channels) * sizeof(sample_t));

  for (ptrdiff_t x0 = 0; x0 < src->width; x0 += tile) {
    const ptrdiff_t x1 = x0 + tile < src->width ? x0 + tile : src->width;
    const ptrdiff_t n = (x1 - x0) * channels;
    for (ptrdiff_t y = y0 - radius; y < y1 + radius; y++) {
      const ptrdiff_t slot = (y - (y0 - radius)) % size;
      border_span(ring + slot * stride, src, y, x0 - radius, x1 + radius, border, zeros);
      const ptrdiff_t done = y - radius;
      if (done < y0) continue;
      const sample_t *rows[RING_MOST];
      for (int k = 0; k < size; k++) rows[k] = ring + (slot + 1 + k) % size * stride;
      sample_t *out = (sample_t *)(dst->data + done * dst->stride) + x0 * channels;
      step(n < VEC ? narrow : out, rows, n < VEC ? VEC : n, channels, lines, stride);
      if (n < VEC) memcpy(out, narrow, (size_t)n * sizeof(sample_t));
    }
  }
}

#endif
