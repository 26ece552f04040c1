/* What lies beyond the edge of a picture. */
#ifndef IMGCORE_BORDER_H
#define IMGCORE_BORDER_H

#include <string.h>

#include "kernels.h"

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

/* Row y of src with `left` and `right` pixels of border, into `padded`. */
static inline void pad_row(uint8_t *padded, const plane_t *src, ptrdiff_t y, int left, int right,
                           border_t border) {
  const int channels = src->channels;
  const ptrdiff_t width = src->width;
  const ptrdiff_t row = border_index(y, src->height, border);
  if (row < 0) {
    memset(padded, 0, (size_t)(width + left + right) * (size_t)channels);
    return;
  }
  const uint8_t *pixels = src->data + row * src->stride;
  memcpy(padded + (ptrdiff_t)left * channels, pixels, (size_t)width * (size_t)channels);
  for (ptrdiff_t x = -left; x < width + right; x++) {
    if (x == 0) x = width;
    if (x == width + right) break;
    const ptrdiff_t from = border_index(x, width, border);
    for (int c = 0; c < channels; c++)
      padded[(x + left) * channels + c] = from < 0 ? 0 : pixels[from * channels + c];
  }
}

#endif
