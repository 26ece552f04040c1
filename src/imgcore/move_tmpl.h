/* Kernels that put pixels elsewhere, whatever they hold. See move_t.
 *
 * Pixels of 3, 6 and 12 bytes travel in words of 4, 8 and 16. What a word brings along is written
 * over by the next one; pixels beside which a word might leave the picture go by themselves. */
#include "sample.h"

enum { MOVE_RUN = 48 }; /* bytes of an output row that a transpose writes at a time */

/* `size` is a constant wherever these are used, which makes each copy one load and one store. */
VEC_INLINE void move_pixel(const int size, uint8_t *out, const uint8_t *in) {
  memcpy(out, in, (size_t)size);
}

VEC_INLINE void move_word(const int size, uint8_t *out, const uint8_t *in) {
  move_pixel(size == 3 ? 4 : size == 6 ? 8 : size == 12 ? 16 : size, out, in);
}

VEC_INLINE void mirror_row(const int size, uint8_t *restrict out, const uint8_t *restrict in,
                           ptrdiff_t width) {
  ptrdiff_t x = 0;
  if (size == 3)
    for (; x + 16 <= width; x += 16) vec_reverse16(out + 3 * x, in + 3 * (width - 16 - x));
  if ((size == 6 || size == 12) && width > 1) {
    move_pixel(size, out, in + (width - 1) * size);
    x = 1;
    for (; x < width - 1; x++) move_word(size, out + x * size, in + (width - 1 - x) * size);
  }
  for (; x < width; x++) move_pixel(size, out + x * size, in + (width - 1 - x) * size);
}

VEC_INLINE vec_t zip_low(const int size, vec_t a, vec_t b) {
  return size == 1 ? vec_zip8lo(a, b) : size == 2 ? vec_zip16lo(a, b) : vec_zip32lo(a, b);
}

VEC_INLINE vec_t zip_high(const int size, vec_t a, vec_t b) {
  return size == 1 ? vec_zip8hi(a, b) : size == 2 ? vec_zip16hi(a, b) : vec_zip32hi(a, b);
}

/* Squares of up to 16 bytes a side, side by side in the input, below each other in the output.
 * Zipping the upper half of the rows with the lower one doubles the run of a column that lies
 * together. Squares of 3-byte pixels read and write 4 bytes too many at the right. */
VEC_INLINE void transpose_squares(const int size, uint8_t *out, ptrdiff_t out_stride,
                                  const uint8_t *in, ptrdiff_t in_stride) {
  const int rows = size == 3 ? 4 : 16 / size;
  vec_t a[16], b[16];
#pragma GCC unroll 16
  for (int k = 0; k < rows; k++)
    a[k] = size == 3 ? vec_load3(in + k * in_stride) : vec_load(in + k * in_stride);
#pragma GCC unroll 4
  for (int run = 1; run < rows; run *= 2) {
#pragma GCC unroll 8
    for (int k = 0; k < rows / 2; k++) {
      b[2 * k] = zip_low(size, a[k], a[k + rows / 2]);
      b[2 * k + 1] = zip_high(size, a[k], a[k + rows / 2]);
    }
#pragma GCC unroll 16
    for (int k = 0; k < rows; k++) a[k] = b[k];
  }
#pragma GCC unroll 16
  for (int k = 0; k < rows; k++) {
    const vec_t joined = size == 3 ? vec_join3(a[k]) : a[k];
    for (int part = 0; part < VEC / 16; part++)
      vec_store_part(out + (k + part * rows) * out_stride, joined, part);
  }
}

/* The pixels [x0, x1) of output row y, which are the column y of the input. */
VEC_INLINE void transpose_row(const int size, const plane_t *src, const plane_t *dst, ptrdiff_t y,
                              ptrdiff_t x0, ptrdiff_t x1) {
  const uint8_t *in = src->data + y * size;
  uint8_t *out = dst->data + y * dst->stride;
  const ptrdiff_t stride = src->stride;
  ptrdiff_t x = x0;
  if (y < dst->height - 1)
    for (; x < x1 - (x1 == dst->width); x++) move_word(size, out + x * size, in + x * stride);
  for (; x < x1; x++) move_pixel(size, out + x * size, in + x * stride);
}

VEC_INLINE void transpose(const int size, const plane_t *src, const plane_t *dst, ptrdiff_t y0,
                          ptrdiff_t y1) {
  const ptrdiff_t rows = size == 3 ? 4 : size > 4 ? 1 : 16 / size, columns = rows * (VEC / 16);
  const ptrdiff_t beyond = size == 3 ? 2 : 0; /* pixels */
  const ptrdiff_t tile = MOVE_RUN / size / rows * rows;
  for (ptrdiff_t x0 = 0; x0 < dst->width; x0 += tile) {
    const ptrdiff_t x1 = x0 + tile < dst->width ? x0 + tile : dst->width;
    ptrdiff_t y = y0;
    if (size <= 4) {
      for (; y + columns <= y1 && y + columns + beyond <= dst->height; y += columns) {
        ptrdiff_t x = x0;
        for (; x + rows <= x1 && x + rows + beyond <= dst->width; x += rows)
          transpose_squares(size, dst->data + y * dst->stride + x * size, dst->stride,
                            src->data + x * src->stride + y * size, src->stride);
        if (x < x1)
          for (ptrdiff_t row = y; row < y + columns; row++)
            transpose_row(size, src, dst, row, x, x1);
      }
    }
    for (; y < y1; y++) transpose_row(size, src, dst, y, x0, x1);
  }
}

VEC_INLINE void move_pixels(const int size, const plane_t *src, const plane_t *dst, ptrdiff_t y0,
                            ptrdiff_t y1, move_t move) {
  if (move == MOVE_TRANSPOSE) {
    transpose(size, src, dst, y0, y1);
    return;
  }
  for (ptrdiff_t y = y0; y < y1; y++) {
    const uint8_t *in = src->data + y * src->stride;
    uint8_t *out = dst->data + y * dst->stride;
    if (move == MOVE_MIRROR)
      mirror_row(size, out, in, dst->width);
    else
      memcpy(out, in, (size_t)(dst->width * size));
  }
}

static void move(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                 const void *plan, void *scratch) {
  const move_t how = *(const move_t *)plan;
  const int sample = (int)sizeof(sample_t);
  (void)scratch;
#define MOVE(channels) move_pixels((channels) * sample, src, dst, y0, y1, how)
  WITH_CHANNELS(src->channels, MOVE)
#undef MOVE
}
