/* What lies beyond the edge of a picture. */
#ifndef IMGCORE_BORDER_H
#define IMGCORE_BORDER_H

#include <string.h>

#include "sample.h"

/* The index inside [0, n) that stands in for i, or -1 for a constant (zero) border. Right for any
 * distance from the edge, so kernels may be larger than the picture. */
static inline ptrdiff_t border_index(ptrdiff_t i, ptrdiff_t n, border_t border) {
  if (i >= 0 && i < n) return i;
  switch (border) {
    case BORDER_CONSTANT:
      return -1;
    case BORDER_REPLICATE:
      return i < 0 ? 0 : n - 1;
    case BORDER_WRAP:
      i %= n;
      return i < 0 ? i + n : i;
    case BORDER_REFLECT:
      break;
  }
  if (n == 1) return 0;
  const ptrdiff_t period = 2 * (n - 1);
  i %= period;
  if (i < 0) i += period;
  return i < n ? i : period - i;
}

/* Row y of src, or `zeros` where that lies beyond a constant border. */
static inline const sample_t *border_row(const plane_t *src, ptrdiff_t y, border_t border,
                                         const sample_t *zeros) {
  const ptrdiff_t row = border_index(y, src->height, border);
  return row < 0 ? zeros : (const sample_t *)(src->data + row * src->stride);
}

/* Fills the `left` and `right` pixels beside the `width` ones that start at line + left * channels.
 * BORDER_LINE defines it for samples of one type. */
#define BORDER_LINE(NAME, TYPE)                                                                  \
  static inline void NAME(TYPE *line, ptrdiff_t width, int channels, int left, int right,        \
                          border_t border) {                                                     \
    TYPE *pixels = line + (ptrdiff_t)left * channels;                                            \
    for (ptrdiff_t x = -left; x < width + right; x = x == -1 ? width : x + 1) {                  \
      if (x == 0) x = width;                                                                     \
      if (x == width + right) break;                                                             \
      const ptrdiff_t from = border_index(x, width, border);                                     \
      for (int c = 0; c < channels; c++)                                                         \
        pixels[x * channels + c] = from < 0 ? 0 : pixels[from * channels + c];                   \
    }                                                                                            \
  }

BORDER_LINE(border_samples, sample_t)

/* The pixels [x0, x1) of row y, any of which may lie beyond the edges. */
static inline void border_span(sample_t *out, const plane_t *src, ptrdiff_t y, ptrdiff_t x0,
                               ptrdiff_t x1, border_t border, const sample_t *zeros) {
  const int channels = src->channels;
  const sample_t *row = border_row(src, y, border, zeros);
  const ptrdiff_t first = x0 < 0 ? 0 : x0, last = x1 > src->width ? src->width : x1;
  memcpy(out + (first - x0) * channels, row + first * channels,
         (size_t)((last - first) * channels) * sizeof(sample_t));
  for (ptrdiff_t x = x0; x < x1; x++) {
    if (x == first) x = last;
    if (x == x1) break;
    const ptrdiff_t at = border_index(x, src->width, border);
    for (int c = 0; c < channels; c++)
      out[(x - x0) * channels + c] = at < 0 ? 0 : row[at * channels + c];
  }
}

#endif
