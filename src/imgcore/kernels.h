/* The contract of every kernel, and the table that each instruction set fills.
 *
 * A kernel works on the rows [y0, y1) of its output, a band. It never allocates, never fails,
 * starts no thread, and does not branch on borders: rows are padded before the loops run. Its
 * scratch memory comes from the caller, who asks the matching *_scratch function for the size.
 * Integer kernels give the same bits on every instruction set and for every choice of bands.
 */
#ifndef IMGCORE_KERNELS_H
#define IMGCORE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Interleaved samples: `channels` of them a pixel, pixels of a row adjacent, rows `stride` bytes
 * apart. The stride may be negative. */
typedef struct {
  uint8_t *data;
  ptrdiff_t stride;
  ptrdiff_t width, height;
  int channels;
} plane_t;

typedef enum { BORDER_REFLECT, BORDER_REPLICATE, BORDER_CONSTANT, BORDER_WRAP } border_t;

/* Correlation with the outer product ky * kx, both anchored at length / 2.
 *
 * exact: taps are whole and not negative, 255 * sum(kx) * sum(ky) + bias fits 16 bits, and
 *        result = ((sum + bias) * reciprocal) >> (16 + shift), or >> shift for reciprocal 0.
 * else:  result = sum over both passes, where the first leaves 7 fractional bits and the
 *        second drops them and `shift` more; kx is scaled by 2^22, ky by 2^shift. */
typedef struct {
  const int32_t *kx, *ky;
  int nx, ny;
  int exact;
  uint16_t bias, reciprocal;
  int shift;
  border_t border;
} separable_t;

/* Correlation with an ny-by-nx kernel, row by row in `weights`, anchored at (ny / 2, nx / 2).
 * Weights are scaled by 2^shift. wide: sums need 64 bits. */
typedef struct {
  const int64_t *weights;
  int nx, ny;
  int wide;
  int shift;
  border_t border;
} convolution_t;

/* One axis of a resize: output i is the sum of `taps` inputs from start[i] on, weighted with
 * weights[i * taps ...], which are scaled by 2^22 and add up to 2^22; the sum of their absolute
 * values stays below 2^23. start[i] + taps never leaves the input. */
typedef struct {
  const int32_t *start;
  const int32_t *weights;
  int taps;
} resample_t;

typedef struct {
  size_t (*separable_scratch)(const plane_t *src, const separable_t *plan);
  void (*separable)(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                    const separable_t *plan, void *scratch);
  size_t (*convolve_scratch)(const plane_t *src, const convolution_t *plan);
  void (*convolve)(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const convolution_t *plan, void *scratch);
  /* With 2 or 4 channels the last is alpha, by which the others are weighted. */
  size_t (*resize_scratch)(const plane_t *src, const resample_t *rows);
  void (*resize)(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                 const resample_t *columns, const resample_t *rows, void *scratch);
  /* ITU-R BT.601 luma of 3 or 4 channels into 1 or 2, alpha untouched. */
  void (*grayscale)(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1);
  /* result = curve[sample], but for the alpha of 2 and 4 channels. */
  void (*lookup)(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                 const uint8_t *curve);
} depth_kernels_t;

typedef struct {
  const char *level;
  depth_kernels_t u8;
} kernels_t;

extern const kernels_t kernels_base;
#ifdef IMGCORE_X86_LEVELS
extern const kernels_t kernels_v3;
extern const kernels_t kernels_v4;
#endif

/* The best table this processor runs, or the one named by `level`; NULL if there is none. */
const kernels_t *kernels_select(const char *level);

#endif
