/* 2D correlation of 8-bit planes over a ring of padded rows. Taps of weight zero cost nothing. */
#include "border.h"
#include "scratch.h"
#include "weighted_sum_tmpl.h"

#define ROUND_U8(acc, f) clamp_u8(((acc) + (int32_t)(f).bias) >> (f).shift)
#define ROUND_WIDE_U8(acc, f) clamp_wide_u8(((acc) + (f).bias) >> (f).shift)

WEIGHTED_SUM(sum_window, uint8_t, int32_t, int64_t, uint8_t, ROUND_U8)
WEIGHTED_SUM(sum_window_wide, uint8_t, int64_t, int64_t, uint8_t, ROUND_WIDE_U8)

static size_t convolve_scratch(const plane_t *src, const convolution_t *plan) {
  const size_t row = (size_t)(src->width + plan->nx - 1) * (size_t)src->channels;
  const size_t taps = (size_t)plan->nx * (size_t)plan->ny;
  return (size_t)plan->ny * scratch_size(row) + scratch_size(taps * sizeof(void *)) +
         scratch_size(taps * sizeof(int64_t));
}

static void convolve(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                     const convolution_t *plan, void *scratch) {
  const int nx = plan->nx, ny = plan->ny, left = nx / 2, above = ny / 2;
  const ptrdiff_t n = src->width * src->channels;
  const size_t row =
      scratch_size((size_t)(src->width + nx - 1) * (size_t)src->channels);
  const size_t taps = (size_t)nx * (size_t)ny;
  uint8_t *ring = scratch_take(&scratch, (size_t)ny * row);
  const uint8_t **window = scratch_take(&scratch, taps * sizeof(void *));
  int64_t *weights = scratch_take(&scratch, taps * sizeof(int64_t));
  const finish_t round = {.bias = plan->shift ? (int64_t)1 << (plan->shift - 1) : 0,
                          .shift = plan->shift};

  for (ptrdiff_t y = y0 - above; y < y1 - above + ny - 1; y++) {
    const ptrdiff_t slot = (y - (y0 - above)) % ny;
    pad_row(ring + (size_t)slot * row, src, y, left, nx - 1 - left, plan->border);
    const ptrdiff_t done = y - (ny - 1) + above;
    if (done < y0) continue;
    int used = 0;
    for (int ky = 0; ky < ny; ky++) {
      const uint8_t *line = ring + (size_t)((slot + 1 + ky) % ny) * row;
      for (int kx = 0; kx < nx; kx++) {
        if (!plan->weights[ky * nx + kx]) continue;
        window[used] = line + (ptrdiff_t)kx * src->channels;
        weights[used++] = plan->weights[ky * nx + kx];
      }
    }
    uint8_t *out = dst->data + done * dst->stride;
    (plan->wide ? sum_window_wide : sum_window)(used, out, window, weights, n, round);
  }
}
