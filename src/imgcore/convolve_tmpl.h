/* 2D correlation over a ring of padded rows. Taps of weight zero cost nothing. See convolution_t
 * for the arithmetics. */
#include "blocks.h"
#include "border.h"
#include "real_sums.h"
#include "scratch.h"

enum { CONVOLVE_TILE = 1 << 18 }; /* bytes of the ring that stay in the cache */

/* What a row of the ring holds: samples, or for WEIGHTS_PAIRS every sample beside the one a pixel
 * further, in 16 bits each. */
static size_t convolve_item(const convolution_t *plan) {
  return plan->kind == WEIGHTS_PAIRS ? 2 * sizeof(int16_t) : sizeof(sample_t);
}

static ptrdiff_t convolve_tile(const plane_t *src, const convolution_t *plan) {
  const ptrdiff_t bytes = (ptrdiff_t)convolve_item(plan) * plan->ny * src->channels;
  const ptrdiff_t pixels = CONVOLVE_TILE / bytes, least = 8 * plan->nx;
  const ptrdiff_t tile = pixels > least ? pixels : least;
  return tile < src->width ? tile : src->width;
}

static ptrdiff_t convolve_stride(const plane_t *src, const convolution_t *plan) {
  return (convolve_tile(src, plan) + plan->nx) * src->channels + 2 * VEC;
}

static size_t convolve_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const convolution_t *plan = plan_;
  const size_t taps = (size_t)(plan->nx * plan->ny), stride = (size_t)convolve_stride(src, plan);
  (void)dst;
  return scratch_size((size_t)plan->ny * stride * convolve_item(plan)) +
         scratch_size(stride * sizeof(sample_t)) + scratch_size(taps * sizeof(void *)) +
         scratch_size(taps * sizeof(double)) + scratch_size(VEC * sizeof(sample_t)) +
         scratch_size((size_t)(src->width * src->channels) * sizeof(sample_t));
}

#if DEPTH == 8
/* Two taps in one multiplication: in[k] has pairs of samples, weights[k] a pair of weights. */
VEC_INLINE void convolve_pairs(const int vectors, uint8_t *out, const int16_t *const *in,
                               const int32_t *weights, int used, int shift, ptrdiff_t i) {
  vec_t sum[8];
  for (int v = 0; v < 4 * vectors; v++) sum[v] = vec_set32(shift ? 1 << (shift - 1) : 0);
  for (int k = 0; k < used; k++) {
    const vec_t w = vec_set32(weights[k]);
    const int16_t *p = in[k] + 2 * i;
    for (int v = 0; v < 4 * vectors; v++)
      sum[v] = vec_add32(sum[v], vec_madd(vec_load(p + v * VEC / 2), w));
  }
  for (int v = 0; v < 4 * vectors; v++) sum[v] = vec_sra32(sum[v], shift);
  for (int v = 0; v < vectors; v++)
    vec_store(out + i + v * VEC,
              vec_narrow32(sum[4 * v], sum[4 * v + 1], sum[4 * v + 2], sum[4 * v + 3]));
}
#endif

/* One output row from the taps that count. */
static void convolve_row(sample_t *out, const void *const *in, const void *weights, int used,
                         const convolution_t *plan, ptrdiff_t n) {
  vecf_t t[4];
  double sum[VEC];
  switch (plan->kind) {
    case WEIGHTS_PAIRS:
#if DEPTH == 8
#define ROW(i, vectors) \
  convolve_pairs(vectors, out, (const int16_t *const *)in, weights, used, plan->shift, i)
      OVER_BLOCKS(n, 2, ROW);
#undef ROW
#endif
      break;
    case WEIGHTS_FLOATS:
#define ROW(i, vectors)                                                           \
  sum_samples(t, (const sample_t *const *)in, weights, used, FLOAT_PART, i);      \
  samples_store(out + (i), t[0], t[1], t[2], t[3])
      OVER_BLOCKS(n, 1, ROW);
#undef ROW
      break;
    case WEIGHTS_DOUBLES:
#define ROW(i, vectors)                                                         \
  doubles_of_samples(sum, (const sample_t *const *)in, weights, used, i);       \
  for (int j = 0; j < VEC; j++) out[(i) + j] = sample_from_double(sum[j])
      OVER_BLOCKS(n, 1, ROW);
#undef ROW
  }
}

/* The taps of a window that count: where each begins in the ring, and its weight. */
static int convolve_taps(const void **in, void *weights, const char *ring, ptrdiff_t stride,
                         ptrdiff_t oldest, int channels, const convolution_t *plan) {
  const int step = plan->kind == WEIGHTS_PAIRS ? 2 : 1;
  const int nx = (plan->nx + step - 1) / step * step;
  const size_t item = convolve_item(plan);
  int used = 0;
  for (int ky = 0; ky < plan->ny; ky++) {
    const char *row = ring + (oldest + ky) % plan->ny * stride * (ptrdiff_t)item;
    for (int kx = 0; kx < nx; kx += step) {
      const ptrdiff_t at = (ptrdiff_t)ky * nx + kx;
      if (plan->kind == WEIGHTS_PAIRS) {
        int32_t pair;
        memcpy(&pair, (const int16_t *)plan->weights + at, sizeof pair);
        if (!pair) continue;
        ((int32_t *)weights)[used] = pair;
      } else if (plan->kind == WEIGHTS_FLOATS) {
        if (((const float *)plan->weights)[at] == 0) continue;
        ((float *)weights)[used] = ((const float *)plan->weights)[at];
      } else {
        if (((const double *)plan->weights)[at] == 0) continue;
        ((double *)weights)[used] = ((const double *)plan->weights)[at];
      }
      in[used++] = row + (size_t)(kx * channels) * item;
    }
  }
  return used;
}

static void convolve(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                     const void *plan_, void *scratch) {
  const convolution_t *plan = plan_;
  const int nx = plan->nx, ny = plan->ny, left = nx / 2, above = ny / 2, channels = src->channels;
  const int taps = nx * ny;
  const size_t item = convolve_item(plan), samples = (size_t)(src->width * channels);
  const ptrdiff_t tile = convolve_tile(src, plan), stride = convolve_stride(src, plan);
  char *ring = scratch_take(&scratch, (size_t)(ny * stride) * item);
  sample_t *padded = scratch_take(&scratch, (size_t)stride * sizeof(sample_t));
  const void **in = scratch_take(&scratch, (size_t)taps * sizeof(void *));
  void *weights = scratch_take(&scratch, (size_t)taps * sizeof(double));
  sample_t *narrow = scratch_take(&scratch, VEC * sizeof(sample_t));
  sample_t *zeros = scratch;
  memset(zeros, 0, samples * sizeof(sample_t));

  for (ptrdiff_t x0 = 0; x0 < src->width; x0 += tile) {
    const ptrdiff_t x1 = x0 + tile < src->width ? x0 + tile : src->width;
    const ptrdiff_t n = (x1 - x0) * channels;
    for (ptrdiff_t y = y0 - above; y < y1 - above + ny - 1; y++) {
      const ptrdiff_t slot = (y - (y0 - above)) % ny;
      char *row = ring + slot * stride * (ptrdiff_t)item;
      sample_t *filled = plan->kind == WEIGHTS_PAIRS ? padded : (sample_t *)row;
      /* A pair may reach one pixel further than the kernel; its weight there is zero. */
      border_span(filled, src, y, x0 - left, x1 + nx - left, plan->border, zeros);
#if DEPTH == 8
      if (plan->kind == WEIGHTS_PAIRS)
        for (ptrdiff_t i = 0; i < n + (nx - 1) * channels; i += VEC / 2)
          vec_pairs((int16_t *)row + 2 * i, padded + i, padded + i + channels);
#endif
      const ptrdiff_t done = y - (ny - 1) + above;
      if (done < y0) continue;
      const int used = convolve_taps(in, weights, ring, stride, slot + 1, channels, plan);
      sample_t *out = (sample_t *)(dst->data + done * dst->stride) + x0 * channels;
      convolve_row(n < VEC ? narrow : out, in, weights, used, plan, n < VEC ? VEC : n);
      if (n < VEC) memcpy(out, narrow, (size_t)n * sizeof(sample_t));
    }
  }
}
