/* 2D correlation over a ring of padded rows. See convolution_t for the arithmetics. */
#include "blocks.h"
#include "border.h"
#include "real_sums.h"
#include "scratch.h"

enum { CONVOLVE_TILE = 1 << 18 }; /* bytes of the ring that stay in the cache */

/* What a row of the ring holds: samples, in 16 bits for WEIGHTS_WORDS, and for WEIGHTS_PAIRS every
 * sample beside the one a pixel further, in 16 bits each. */
static size_t convolve_item(const convolution_t *plan) {
  switch (plan->kind) {
    case WEIGHTS_WORDS: return sizeof(int16_t);
    case WEIGHTS_PAIRS: return 2 * sizeof(int16_t);
    default: return sizeof(sample_t);
  }
}

static ptrdiff_t convolve_tile(const plane_t *src, const convolution_t *plan) {
  const ptrdiff_t bytes = (ptrdiff_t)convolve_item(plan) * (plan->ny + 1) * src->channels;
  const ptrdiff_t pixels = CONVOLVE_TILE / bytes, least = 8 * plan->nx;
  const ptrdiff_t tile = pixels > least ? pixels : least;
  return tile < src->width ? tile : src->width;
}

static ptrdiff_t convolve_stride(const plane_t *src, const convolution_t *plan) {
  return ((convolve_tile(src, plan) + plan->nx) * src->channels + 2 * VEC + 63) / 64 * 64;
}

static size_t convolve_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const convolution_t *plan = plan_;
  const size_t rows = (size_t)plan->ny + 1, stride = (size_t)convolve_stride(src, plan);
  (void)dst;
  return scratch_size(rows * stride * convolve_item(plan)) + scratch_size(rows * sizeof(void *)) +
         3 * scratch_size(stride * sizeof(sample_t)) +
         scratch_size((size_t)plan->nx * sizeof(void *)) +
         scratch_size((size_t)(src->width * src->channels) * sizeof(sample_t));
}

/* Every step below makes VEC samples of two output rows, whose windows start at rows[0] and rows[1]:
 * so a sample is loaded once for both. */

#if DEPTH == 8
/* One row from samples in 16 bits, those at in[t] having the weight weights[t]. */
VEC_INLINE void convolve_words(uint8_t *out, const int16_t *const *in, const int16_t *weights,
                               int taps, ptrdiff_t i, const int vectors) {
  vec_t sums[4];
  for (int v = 0; v < 2 * vectors; v++) sums[v] = vec_set16(0);
  for (int t = 0; t < taps; t++) {
    const vec_t w = vec_set16(weights[t]);
    for (int v = 0; v < 2 * vectors; v++)
      sums[v] = vec_add16(sums[v], vec_mul16(vec_load(in[t] + i + v * VEC / 2), w));
  }
  for (int v = 0; v < vectors; v++)
    vec_store(out + i + v * VEC, vec_narrow16(sums[2 * v], sums[2 * v + 1]));
}

/* All weights that are none are left out. */
static void convolve_words_row(uint8_t *out, const void *const *rows, const convolution_t *plan,
                               int channels, ptrdiff_t n) {
  const int16_t *in[CONVOLVE_MOST_WORDS], *all = plan->weights;
  int16_t weights[CONVOLVE_MOST_WORDS];
  int taps = 0;
  for (int ky = 0; ky < plan->ny; ky++)
    for (int k = 0; k < plan->nx; k++, all++)
      if (*all) {
        weights[taps] = *all;
        in[taps++] = (const int16_t *)rows[ky] + (ptrdiff_t)k * channels;
      }
#define ROW(i, vectors) convolve_words(out, in, weights, taps, i, vectors)
  OVER_BLOCKS(n, 2, ROW);
#undef ROW
}

/* Two taps in one multiplication: rows have pairs of samples, weights come in pairs. */
VEC_INLINE void convolve_pairs(uint8_t *const out[2], const void *const *rows,
                               const convolution_t *plan, int channels, ptrdiff_t i) {
  const int taps = (plan->nx + 1) / 2, ny = plan->ny;
  const vec_t half = vec_set32(plan->shift ? 1 << (plan->shift - 1) : 0);
  vec_t first[4], second[4];
  for (int v = 0; v < 4; v++) first[v] = second[v] = half;
  for (int ky = 0; ky <= ny; ky++) {
    const int16_t *row = (const int16_t *)rows[ky] + 2 * i;
    const char *weights = (const char *)plan->weights + (ptrdiff_t)ky * taps * 4;
    for (int k = 0; k < taps; k++, row += 4 * channels, weights += 4) {
      int32_t w = 0, before = 0;
      if (ky < ny) memcpy(&w, weights, sizeof w);
      if (ky) memcpy(&before, weights - (ptrdiff_t)taps * 4, sizeof before);
      if (!w && !before) continue;
      const vec_t a = vec_set32(w), b = vec_set32(before);
      for (int v = 0; v < 4; v++) {
        const vec_t x = vec_load(row + v * VEC / 2);
        first[v] = vec_add32(first[v], vec_madd(x, a));
        second[v] = vec_add32(second[v], vec_madd(x, b));
      }
    }
  }
  for (int v = 0; v < 4; v++) {
    first[v] = vec_sra32(first[v], plan->shift);
    second[v] = vec_sra32(second[v], plan->shift);
  }
  vec_store(out[0] + i, vec_narrow32(first[0], first[1], first[2], first[3]));
  vec_store(out[1] + i, vec_narrow32(second[0], second[1], second[2], second[3]));
}
#endif

/* Adds the products of one row of weights to four vectors of sums. */
VEC_INLINE void convolve_float_row(vecf_t *sums, const float *weights, const sample_t *row, int nx,
                                   int channels) {
  vecf_t part[4];
  for (int v = 0; v < 4; v++) part[v] = vecf_set(0);
  for (int k = 0; k < nx; k++, row += channels) {
    const vecf_t w = vecf_set(weights[k]);
    for (int v = 0; v < 4; v++)
      part[v] = samples_multiply_add(part[v], samples_load(row + v * VECF), w);
  }
  for (int v = 0; v < 4; v++) sums[v] = vecf_add(sums[v], part[v]);
}

/* The same for two sums, the second with the row of weights before. */
VEC_INLINE void convolve_float_rows(vecf_t *first, vecf_t *second, const float *weights,
                                    const sample_t *row, int nx, int channels) {
  vecf_t a[4], b[4];
  for (int v = 0; v < 4; v++) a[v] = b[v] = vecf_set(0);
  for (int k = 0; k < nx; k++, row += channels) {
    const vecf_t w = vecf_set(weights[k]), before = vecf_set(weights[k - nx]);
    for (int v = 0; v < 4; v++) {
      const vecf_t x = vecf_once(samples_load(row + v * VECF));
      a[v] = samples_multiply_add(a[v], x, w);
      b[v] = samples_multiply_add(b[v], x, before);
    }
  }
  for (int v = 0; v < 4; v++) {
    first[v] = vecf_add(first[v], a[v]);
    second[v] = vecf_add(second[v], b[v]);
  }
}

VEC_INLINE void convolve_floats(sample_t *const out[2], const void *const *rows,
                                const convolution_t *plan, int channels, ptrdiff_t i) {
  const int nx = plan->nx, ny = plan->ny;
  const float *weights = plan->weights;
  vecf_t first[4], second[4];
  for (int v = 0; v < 4; v++) first[v] = second[v] = vecf_set(0);
  convolve_float_row(first, weights, (const sample_t *)rows[0] + i, nx, channels);
  for (int ky = 1; ky < ny; ky++)
    convolve_float_rows(first, second, weights + (ptrdiff_t)ky * nx,
                        (const sample_t *)rows[ky] + i, nx, channels);
  convolve_float_row(second, weights + (ptrdiff_t)(ny - 1) * nx, (const sample_t *)rows[ny] + i,
                     nx, channels);
  samples_store(out[0] + i, first[0], first[1], first[2], first[3]);
  samples_store(out[1] + i, second[0], second[1], second[2], second[3]);
}

static void convolve_doubles(sample_t *const out[2], const void *const *rows, const void **in,
                             const convolution_t *plan, int channels, ptrdiff_t i) {
  for (int second = 0; second < 2; second++) {
    double total[VEC] = {0}, sum[VEC];
    for (int ky = 0; ky < plan->ny; ky++) {
      for (int k = 0; k < plan->nx; k++)
        in[k] = (const sample_t *)rows[second + ky] + (ptrdiff_t)k * channels;
      doubles_of_samples(sum, (const sample_t *const *)in,
                         (const double *)plan->weights + (ptrdiff_t)ky * plan->nx, plan->nx, i);
      for (int j = 0; j < VEC; j++) total[j] += sum[j];
    }
    for (int j = 0; j < VEC; j++) out[second][i + j] = sample_from_double(total[j]);
  }
}

static void convolve_rows(sample_t *const out[2], const void *const *rows, const void **in,
                          const convolution_t *plan, int channels, ptrdiff_t n) {
  (void)in;
  switch (plan->kind) {
    case WEIGHTS_WORDS:
#if DEPTH == 8
      for (int k = 0; k < 2; k++) convolve_words_row(out[k], rows + k, plan, channels, n);
#endif
      break;
    case WEIGHTS_PAIRS:
#if DEPTH == 8
#define ROW(i, vectors) convolve_pairs(out, rows, plan, channels, i)
      OVER_BLOCKS(n, 1, ROW);
#undef ROW
#endif
      break;
    case WEIGHTS_FLOATS:
#define ROW(i, vectors) convolve_floats(out, rows, plan, channels, i)
      OVER_BLOCKS(n, 1, ROW);
#undef ROW
      break;
    case WEIGHTS_DOUBLES:
#define ROW(i, vectors) convolve_doubles(out, rows, in, plan, channels, i)
      OVER_BLOCKS(n, 1, ROW);
#undef ROW
  }
}

/* Row y of src, from x0 to before x1, into a row of the ring. A pair may reach one pixel further than
 * the kernel; its weight there is zero. */
static void convolve_load(void *row, sample_t *padded, const plane_t *src, ptrdiff_t y,
                          ptrdiff_t x0, ptrdiff_t x1, const convolution_t *plan,
                          const sample_t *zeros) {
  const int left = plan->nx / 2, channels = src->channels;
  const int wider = plan->kind == WEIGHTS_WORDS || plan->kind == WEIGHTS_PAIRS;
  border_span(wider ? padded : row, src, y, x0 - left, x1 + plan->nx - left, plan->border, zeros);
#if DEPTH == 8
  const ptrdiff_t samples = (x1 - x0 + plan->nx - 1) * channels;
  if (plan->kind == WEIGHTS_WORDS)
    for (ptrdiff_t i = 0; i < samples; i += VEC / 2)
      vec_store((int16_t *)row + i, vec_widen(padded + i));
  if (plan->kind == WEIGHTS_PAIRS)
    for (ptrdiff_t i = 0; i < samples; i += VEC / 2)
      vec_pairs((int16_t *)row + 2 * i, padded + i, padded + i + channels);
#else
  (void)channels;
#endif
}

static void convolve(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                     const void *plan_, void *scratch) {
  const convolution_t *plan = plan_;
  const int ny = plan->ny, above = ny / 2, channels = src->channels;
  const size_t item = convolve_item(plan), samples = (size_t)(src->width * channels);
  const ptrdiff_t tile = convolve_tile(src, plan), stride = convolve_stride(src, plan);
  char *ring = scratch_take(&scratch, (size_t)((ny + 1) * stride) * item);
  const void **rows = scratch_take(&scratch, (size_t)(ny + 1) * sizeof(void *));
  sample_t *padded = scratch_take(&scratch, (size_t)stride * sizeof(sample_t));
  sample_t *spare[2] = {scratch_take(&scratch, (size_t)stride * sizeof(sample_t)),
                        scratch_take(&scratch, (size_t)stride * sizeof(sample_t))};
  const void **in = scratch_take(&scratch, (size_t)plan->nx * sizeof(void *));
  sample_t *zeros = scratch;
  memset(zeros, 0, samples * sizeof(sample_t));

  for (ptrdiff_t x0 = 0; x0 < src->width; x0 += tile) {
    const ptrdiff_t x1 = x0 + tile < src->width ? x0 + tile : src->width;
    const ptrdiff_t n = (x1 - x0) * channels;
    for (int k = 0; k <= ny; k++) rows[k] = ring + (size_t)(k * stride) * item;
    ptrdiff_t loaded = y0 - above;
    for (ptrdiff_t y = y0; y < y1; y += 2) {
      for (; loaded <= y + ny - above; loaded++) {
        const void *oldest = rows[0];
        memmove(rows, rows + 1, (size_t)ny * sizeof *rows);
        rows[ny] = oldest;
        convolve_load((void *)(uintptr_t)oldest, padded, src, loaded, x0, x1, plan, zeros);
      }
      sample_t *out[2] = {spare[0], spare[1]};
      for (int k = 0; k < 2 && n >= VEC && y + k < y1; k++)
        out[k] = (sample_t *)(dst->data + (y + k) * dst->stride) + x0 * channels;
      convolve_rows(out, rows, in, plan, channels, n < VEC ? VEC : n);
      for (int k = 0; k < 2 && n < VEC && y + k < y1; k++)
        memcpy((sample_t *)(dst->data + (y + k) * dst->stride) + x0 * channels, spare[k],
               (size_t)n * sizeof(sample_t));
    }
  }
}
