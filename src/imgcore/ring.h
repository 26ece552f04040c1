/* Walking an odd window of few rows down a picture. Rows are copied into a ring with the border at
 * both sides, in tiles narrow enough for all of a window to stay in the nearest cache. */
#ifndef IMGCORE_RING_H
#define IMGCORE_RING_H

#include "blocks.h"
#include "border.h"
#include "scratch.h"

enum { RING_MOST = 5, RING_TILE = 1 << 13 }; /* rows; bytes */

/* What a step makes an output row from, or two of them, out[0] above out[1]. The sample rows[k][i]
 * lies `radius` pixels before the first one's sample i, and k - radius rows below it; rows have n
 * samples and their borders, n being VEC at least. `lines` has room for RING_MOST rows as long as
 * the ring's, `stride` numbers of 4 bytes each. */
typedef struct {
  sample_t *out[2];
  const sample_t *rows[RING_MOST];
  ptrdiff_t n, stride;
  int channels;
  void *lines;
  const sample_t *next[2]; /* the rows that come into the ring then */
} ring_t;

/* By value: what its pointers point at may not be where they are, so loops keep them. */
typedef void ring_step_t(ring_t r);

/* Steps call this while they calculate, so that copying the next rows need not wait for memory. */
VEC_INLINE void ring_prefetch(const sample_t *next, ptrdiff_t i) {
  for (size_t at = 0; at < VEC * sizeof(sample_t); at += SCRATCH_ALIGN)
    __builtin_prefetch((const char *)(next + i) + at);
}

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
         scratch_size(RING_MOST * stride * sizeof(float)) +
         scratch_size(2 * VEC * sizeof(sample_t)) +
         scratch_size((size_t)(src->width * src->channels) * sizeof(sample_t));
}

/* Steps over `together` output rows each, 1 or 2; the very last of 2 may be for nothing. */
VEC_INLINE void over_ring(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                          const int radius, const int together, border_t border, void *scratch,
                          ring_step_t *step) {
  const int height = 2 * radius + together, channels = src->channels;
  const ptrdiff_t tile = ring_tile(src), stride = ring_stride(src);
  sample_t *ring = scratch_take(&scratch, RING_MOST * (size_t)stride * sizeof(sample_t));
  void *lines = scratch_take(&scratch, RING_MOST * (size_t)stride * sizeof(float));
  sample_t *narrow = scratch_take(&scratch, 2 * VEC * sizeof(sample_t));
  sample_t *zeros = scratch;
  memset(ring, 0, RING_MOST * (size_t)stride * sizeof(sample_t));
  memset(zeros, 0, (size_t)(src->width * channels) * sizeof(sample_t));

  for (ptrdiff_t x0 = 0; x0 < src->width; x0 += tile) {
    const ptrdiff_t x1 = x0 + tile < src->width ? x0 + tile : src->width;
    const ptrdiff_t n = (x1 - x0) * channels;
    ring_t r = {.n = n < VEC ? VEC : n, .stride = stride, .channels = channels, .lines = lines};
    ptrdiff_t filled = y0 - radius;
    for (ptrdiff_t y = y0; y < y1; y += together) {
      const ptrdiff_t last = (y + together < y1 ? y + together : y1) - 1;
      for (; filled <= last + radius; filled++)
        border_span(ring + (filled - y0 + radius) % height * stride, src, filled, x0 - radius,
                    x1 + radius, border, zeros);
      for (int k = 0; k < height; k++) r.rows[k] = ring + (y - y0 + k) % height * stride;
      for (int k = 0; k < 2; k++)
        r.next[k] = border_row(src, filled + k % together, border, zeros) + x0 * channels;
      uint8_t *out = dst->data + y * dst->stride + x0 * channels * (ptrdiff_t)sizeof(sample_t);
      for (int k = 0; k < together; k++)
        r.out[k] = y + k > last ? lines
                   : n < VEC    ? narrow + k * VEC
                                : (sample_t *)(out + k * dst->stride);
      step(r);
      if (n < VEC)
        for (ptrdiff_t k = 0; k <= last - y; k++)
          memcpy(out + k * dst->stride, narrow + k * VEC, (size_t)n * sizeof(sample_t));
    }
  }
}

#endif
