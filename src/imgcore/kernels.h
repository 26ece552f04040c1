/* The contract of every kernel, and the table that each depth and instruction set fills.
 *
 * A kernel works on the rows [y0, y1) of its output, a band; y0 is even. It never allocates, never
 * fails, starts no thread, and does not branch on borders in its loops. Its scratch memory comes
 * from the caller, who asks `scratch` for the size. Integer kernels give the same bits on every
 * instruction set; all give the same bits for every choice of bands.
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

typedef struct {
  /* Bytes of scratch memory a band needs; NULL where that is none. */
  size_t (*scratch)(const plane_t *src, const plane_t *dst, const void *plan);
  void (*run)(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
              const void *plan, void *scratch);
} kernel_t;

typedef enum { BORDER_REFLECT, BORDER_REPLICATE, BORDER_CONSTANT, BORDER_WRAP } border_t;

/* separable: correlation with the outer product ky * kx, both anchored at length / 2, in one of
 * four arithmetics.
 *
 * SUM_EXACT (uint8): taps are whole and not negative, 255 * sum(kx) * sum(ky) + bias fits 16 bits,
 *     and result = ((sum + bias) * reciprocal) >> (16 + shift), or >> shift for reciprocal 0.
 * SUM_SMOOTH (uint8): taps are symmetric, not negative, of odd number, and scaled so that they add
 *     up to 2^16; samples have 7 fractional bits, every product is cut to 16 bits.
 * SUM_FLOAT, SUM_DOUBLE (any depth): taps and sums are floats or doubles. */
typedef enum { SUM_EXACT, SUM_SMOOTH, SUM_FLOAT, SUM_DOUBLE } sum_t;

typedef struct {
  const void *kx, *ky; /* uint16_t, float or double */
  int nx, ny;
  sum_t sum;
  uint16_t bias, reciprocal;
  int shift;
  border_t border;
} separable_t;

/* box (uint8, uint16): the mean of (2 * radius + 1)^2 samples, whose number is `area`. For uint8 whose
 * sums fit 16 bits with area / 2 added, reciprocal / 2^shift is close enough to 1 / area for every
 * sum; otherwise it is 0. */
typedef struct {
  int radius, shift;
  uint16_t reciprocal;
  int64_t area;
  border_t border;
} box_t;

/* decimated (uint8): a wide, smooth blur, alike in both directions. Small pixel j is the sum of
 * down_taps pixels around the middle of those from j * factor on; the small picture is blurred with
 * blur_taps, an odd number; pixel i is the sum of up_taps small pixels, the first of them being
 * i / factor - reach + up_start[i % factor], with the weights up[i % factor]. Weights of each sum are
 * not negative and add up to 2^16; down_taps - factor is even; no sum leaves 2 * reach + 1. */
typedef struct {
  const uint16_t *down, *blur, *up;
  const int32_t *up_start;
  int factor, down_taps, blur_taps, up_taps, reach;
  border_t border;
} decimated_t;

/* convolve: correlation with an ny-by-nx kernel, row by row in `weights`, anchored at
 * (ny / 2, nx / 2).
 *
 * WEIGHTS_WORDS (uint8): weights are int16_t whose absolute sum is at most CONVOLVE_MOST_WORDS, so
 *     that sums fit 16 bits.
 * WEIGHTS_PAIRS (uint8): weights are int16_t scaled by 2^shift, with a zero behind rows of an odd
 *     number; sums fit 32 bits.
 * WEIGHTS_FLOATS, WEIGHTS_DOUBLES (any depth): weights and sums are floats or doubles. */
enum { CONVOLVE_MOST_WORDS = INT16_MAX / UINT8_MAX };

typedef enum { WEIGHTS_WORDS, WEIGHTS_PAIRS, WEIGHTS_FLOATS, WEIGHTS_DOUBLES } weights_t;

typedef struct {
  const void *weights;
  int nx, ny;
  weights_t kind;
  int shift;
  border_t border;
} convolution_t;

/* resize: one axis. Output i is the sum of `taps` inputs from start[i] on, times its weights;
 * start[i] + taps never leaves the input, and start never goes back.
 *
 * floats (any depth): weights are float, `taps` of them for every output. With 2 and 4 channels the
 *     last is alpha, by which the others are weighted.
 * else (uint8 of 1 or 3 channels): weights are int16_t scaled by 2^shift, with a zero behind an odd
 *     number. Sums of rows fit 32 bits, as do those of 16 neighbours in a row times 2^6; shift is at
 *     least 7. max_columns is how many output columns are made together at most. */
typedef struct {
  const int32_t *start;
  const void *weights;
  int taps, shift;
} resample_t;

typedef struct {
  resample_t columns, rows;
  int floats, max_columns;
} resize_t;

/* grayscale: by these weights; saturate: luma + factor * (colour - luma). */
typedef enum { LUMA_601, LUMA_709 } luma_t;

typedef struct {
  luma_t standard;
  float factor;
} saturate_t;

/* linear: (v - pivot) * scale + offset, of colours alone; floats are clamped to low and high.
 * Results before clamping stay within 2^30. */
typedef struct {
  float pivot, scale, offset, low, high;
} linear_t;

/* lookup: colours through a curve of samples: 256 for uint8, 65536 for uint16, and at least two for
 * float32, evenly over 0..1 with straight lines between them. */
typedef struct {
  const void *curve;
  int32_t entries;
} lookup_t;

/* relight: every colour moved by as much as such a curve moves its pixel's luma. */

/* A picture laid out in tiles of one size, the first at its origin. They may reach over its right
 * and lower edges, where it goes on in reflection. */
typedef struct {
  ptrdiff_t columns, rows, width, height;
} tiles_t;

/* histogram: counts, a uint32_t each, of the levels of each tile's colours, or of its lumas; what lies
 * over the picture's edges is not counted. A row of the output is a row of tiles, with 256 counts a tile for
 * uint8, else 65536. */
typedef struct {
  tiles_t tiles;
  int lumas;
} histogram_t;

/* equalizers: of a picture's lumas, the curve that evens out each tile's histogram after no level of
 * it counts more than `most`. As histogram's, but of uint16_t. */
typedef struct {
  tiles_t tiles;
  uint32_t most;
} equalizers_t;

/* adapt: relight by the curves of the four tiles around each pixel, weighted by how near
 * their centres are. */
typedef struct {
  tiles_t tiles;
  plane_t curves;
} adapt_t;

/* composite: `overlay` over the picture, its upper left pixel at (x, y). It has no more colours. */
typedef struct {
  plane_t overlay;
  ptrdiff_t x, y;
  float opacity;
} composite_t;

/* move: pixels to other places, of the same or of the turned size. */
typedef enum { MOVE_COPY, MOVE_MIRROR, MOVE_TRANSPOSE } move_t;

/* median: of size * size samples, size being 3 or 5. Where floats are NaN, what comes out is one of
 * the window's samples, but another one in even rows than in odd. sobel takes a border_t. */
typedef struct {
  int size;
  border_t border;
} median_t;

/* unsharp: v + amount * (v - blurred v) where the difference is `threshold` at least, in levels of
 * the samples; alpha stays as it is. `taps` weights, an odd number, are those of both passes of a
 * blur: uint16_t for SUM_SMOOTH (uint8), floats for SUM_FLOAT. 0 <= amount < 16. */
typedef struct {
  const void *weights;
  int taps;
  sum_t sum;
  float amount, threshold;
  border_t border;
} unsharp_t;

/* rotate: output pixel (i, j) comes from (x + i * xx + j * xy, y + i * yx + j * yy) of the input,
 * whose pixels have their middles at whole numbers: the nearest one (taps 1), or interpolated
 * between two (bilinear) or four (bicubic) a side. Beyond the input lies `fill`, one pixel. */
typedef struct {
  double x, xx, xy, y, yx, yy;
  int taps;
  const void *fill;
} rotate_t;

typedef struct {
  const char *level;
  kernel_t separable, box, decimated, convolve, resize, pick;
  kernel_t grayscale, linear, lookup, saturate, relight;
  kernel_t histogram, equalizers, adapt, composite;
  kernel_t move, median, sobel, unsharp, rotate;
} kernels_t;

/* How deep samples are; the index of a level's tables. */
enum { DEPTH_U8, DEPTH_U16, DEPTH_F32, DEPTHS };

/* The tables of the best level this processor runs, or of the one named; NULL if there is none. */
const kernels_t *const *kernels_select(const char *level);

#endif
