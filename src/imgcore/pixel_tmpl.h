/* Kernels that look at one pixel at a time. */
#include <string.h>

#include "kernels.h"

/* ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B, rounded, with weights that add up to 2^16. */
static inline uint8_t luma(const uint8_t *rgb) {
  return (uint8_t)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 0x8000u) >> 16);
}

static void grayscale(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                      const void *plan, void *scratch) {
  (void)plan, (void)scratch;
  for (ptrdiff_t y = y0; y < y1; y++) {
    const uint8_t *restrict in = src->data + y * src->stride;
    uint8_t *restrict out = dst->data + y * dst->stride;
    if (src->channels == 3) {
      for (ptrdiff_t x = 0; x < src->width; x++) out[x] = luma(in + 3 * x);
    } else {
      for (ptrdiff_t x = 0; x < src->width; x++) {
        out[2 * x] = luma(in + 4 * x);
        out[2 * x + 1] = in[4 * x + 3];
      }
    }
  }
}

static void lookup(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const void *plan, void *scratch) {
  const uint8_t *curve = plan;
  (void)scratch;
  const int channels = src->channels;
  const ptrdiff_t n = src->width * channels;
  for (ptrdiff_t y = y0; y < y1; y++) {
    const uint8_t *in = src->data + y * src->stride;
    uint8_t *out = dst->data + y * dst->stride;
    if (channels % 2) {
      for (ptrdiff_t i = 0; i < n; i++) out[i] = curve[in[i]];
    } else {
      for (ptrdiff_t i = 0; i < n; i++)
        out[i] = (i + 1) % channels ? curve[in[i]] : in[i];
    }
  }
}
