/* Separable correlation of 8-bit planes: a row pass into a ring of rows, a column pass out of it.
 * See separable_t for the arithmetic. */
#include "border.h"
#include "scratch.h"
#include "weighted_sum_tmpl.h"

#define KEEP(acc, f) ((void)(f), (acc))
#define TO_Q7(acc, f) ((int16_t)(((acc) + (int32_t)(f).bias) >> (f).shift))
#define TO_U8(acc, f) clamp_u8((int32_t)(((acc) + (int32_t)(f).bias) >> (f).shift))
#define SHIFT_U8(acc, f) ((uint8_t)((uint16_t)((acc) + (uint16_t)(f).bias) >> (f).shift))
#define DIVIDE_U8(acc, f)                                                                        \
  ((uint8_t)((uint16_t)(((uint32_t)(uint16_t)((acc) + (uint16_t)(f).bias) * (f).reciprocal) >>   \
                        16) >>                                                                   \
             (f).shift))

WEIGHTED_SUM(sum_exact_rows, uint8_t, uint16_t, int32_t, uint16_t, KEEP)
WEIGHTED_SUM(sum_exact_shift, uint16_t, uint16_t, int32_t, uint8_t, SHIFT_U8)
WEIGHTED_SUM(sum_exact_divide, uint16_t, uint16_t, int32_t, uint8_t, DIVIDE_U8)
WEIGHTED_SUM(sum_rows, uint8_t, int32_t, int32_t, int16_t, TO_Q7)
WEIGHTED_SUM(sum_columns, int16_t, int32_t, int32_t, uint8_t, TO_U8)

/* Both kinds of ring sample have 16 bits. */
static size_t separable_scratch(const plane_t *src, const separable_t *plan) {
  const size_t samples = (size_t)src->width * (size_t)src->channels;
  const size_t border = (size_t)(plan->nx - 1) * (size_t)src->channels;
  return scratch_size(samples + border) +
         scratch_size((size_t)plan->ny * samples * sizeof(uint16_t)) +
         scratch_size((size_t)plan->nx * sizeof(void *)) +
         scratch_size((size_t)plan->ny * sizeof(void *));
}

static void separable_row(void *out, const uint8_t *const *shifted, ptrdiff_t n,
                          const separable_t *plan) {
  if (plan->exact)
    sum_exact_rows(plan->nx, (uint16_t *)out, shifted, plan->kx, n, (finish_t){0});
  else
    sum_rows(plan->nx, (int16_t *)out, shifted, plan->kx, n,
             (finish_t){.bias = 1 << 14, .shift = 15});
}

static void separable_column(uint8_t *out, const void *const *ring, ptrdiff_t n,
                             const separable_t *plan) {
  const finish_t exact = {
      .bias = plan->bias, .shift = plan->shift, .reciprocal = plan->reciprocal};
  const finish_t rounded = {.bias = (int64_t)1 << (plan->shift + 6), .shift = plan->shift + 7};
  if (!plan->exact)
    sum_columns(plan->ny, out, (const int16_t *const *)ring, plan->ky, n, rounded);
  else if (plan->reciprocal)
    sum_exact_divide(plan->ny, out, (const uint16_t *const *)ring, plan->ky, n, exact);
  else
    sum_exact_shift(plan->ny, out, (const uint16_t *const *)ring, plan->ky, n, exact);
}

static void separable(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                      const separable_t *plan, void *scratch) {
  const int nx = plan->nx, ny = plan->ny, left = nx / 2, above = ny / 2;
  const ptrdiff_t n = src->width * src->channels;
  uint8_t *padded = scratch_take(&scratch, (size_t)(n + (ptrdiff_t)(nx - 1) * src->channels));
  uint16_t *ring = scratch_take(&scratch, (size_t)ny * (size_t)n * sizeof(uint16_t));
  const uint8_t **shifted = scratch_take(&scratch, (size_t)nx * sizeof(void *));
  const void **window = scratch_take(&scratch, (size_t)ny * sizeof(void *));
  for (int k = 0; k < nx; k++) shifted[k] = padded + (ptrdiff_t)k * src->channels;

  for (ptrdiff_t y = y0 - above; y < y1 - above + ny - 1; y++) {
    const ptrdiff_t slot = (y - (y0 - above)) % ny;
    pad_row(padded, src, y, left, nx - 1 - left, plan->border);
    separable_row(ring + slot * n, shifted, n, plan);
    const ptrdiff_t done = y - (ny - 1) + above;
    if (done < y0) continue;
    for (int k = 0; k < ny; k++) window[k] = ring + (slot + 1 + k) % ny * n;
    separable_column(dst->data + done * dst->stride, window, n, plan);
  }
}
