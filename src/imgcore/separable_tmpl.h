/* Separable correlation: for each output row a column pass over the rows of the window into one
 * line, then a row pass along it. Columns first, as that pass reads the picture where it lies; the
 * line alone needs a border. See separable_t for the arithmetics. */
#ifndef IMGCORE_SEPARABLE_TMPL_H
#define IMGCORE_SEPARABLE_TMPL_H

#include "blocks.h"
#include "border.h"
#include "real_sums.h"
#include "scratch.h"

/* The rows of a window as pointers. Rows shorter than a vector are copied to where vectors may read
 * over their end. */
typedef struct {
  const sample_t **rows;
  sample_t *zeros, *copies, *result;
  ptrdiff_t n;
} window_t;

static size_t window_scratch(const plane_t *src, int ny) {
  const size_t n = (size_t)src->width * (size_t)src->channels;
  const size_t copies = n < VEC ? (size_t)(ny + 1) * VEC : 0;
  return scratch_size((size_t)ny * sizeof(void *)) + scratch_size(n * sizeof(sample_t)) +
         scratch_size(copies * sizeof(sample_t));
}

static window_t window_take(const plane_t *src, int ny, void **scratch) {
  window_t w = {.n = src->width * src->channels};
  w.rows = scratch_take(scratch, (size_t)ny * sizeof(void *));
  w.zeros = scratch_take(scratch, (size_t)w.n * sizeof(sample_t));
  memset(w.zeros, 0, (size_t)w.n * sizeof(sample_t));
  if (w.n < VEC) {
    w.result = scratch_take(scratch, (size_t)(ny + 1) * VEC * sizeof(sample_t));
    w.copies = w.result + VEC;
    w.n = VEC;
  }
  return w;
}

static void window_move(window_t *w, const plane_t *src, ptrdiff_t y, int ny, border_t border) {
  for (int k = 0; k < ny; k++) {
    w->rows[k] = border_row(src, y + k, border, w->zeros);
    if (!w->copies) continue;
    sample_t *copy = w->copies + (ptrdiff_t)k * VEC;
    memcpy(copy, w->rows[k], (size_t)(src->width * src->channels) * sizeof(sample_t));
    w->rows[k] = copy;
  }
}

/* Where a result row of w.n samples may be written, and taking it from there. */
static sample_t *window_result(const window_t *w, const plane_t *dst, ptrdiff_t y) {
  return w->result ? w->result : (sample_t *)(dst->data + y * dst->stride);
}

static void window_done(const window_t *w, const plane_t *dst, ptrdiff_t y) {
  if (w->result)
    memcpy(dst->data + y * dst->stride, w->result,
           (size_t)(dst->width * dst->channels) * sizeof(sample_t));
}

BORDER_LINE(border_floats, float)

static void separable_float(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                            const separable_t *plan, void *scratch) {
  const int nx = plan->nx, ny = plan->ny, left = nx / 2, channels = src->channels;
  window_t w = window_take(src, ny, &scratch);
  const float **shifted = scratch_take(&scratch, (size_t)nx * sizeof(void *));
  float *line = scratch;
  float *middle = line + (ptrdiff_t)left * channels;
  for (int k = 0; k < nx; k++) shifted[k] = line + (ptrdiff_t)k * channels;
  for (ptrdiff_t y = y0; y < y1; y++) {
    window_move(&w, src, y - ny / 2, ny, plan->border);
    vecf_t t[4];
#define COLUMN(i, vectors)                                                \
  sum_samples(t, w.rows, plan->ky, ny, i);                                \
  for (int v = 0; v < 4; v++) vecf_store(middle + (i) + v * VECF, t[v])
    OVER_BLOCKS(w.n, 1, COLUMN);
    border_floats(line, src->width, channels, left, nx - 1 - left, plan->border);
    sample_t *out = window_result(&w, dst, y);
#define ROW(i, vectors)                                                   \
  sum_floats(t, shifted, plan->kx, nx, i);                                \
  samples_store(out + (i), t[0], t[1], t[2], t[3])
    OVER_BLOCKS(w.n, 1, ROW);
    window_done(&w, dst, y);
#undef COLUMN
#undef ROW
  }
}

BORDER_LINE(border_doubles, double)

static void separable_double(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                             const separable_t *plan, void *scratch) {
  const int nx = plan->nx, ny = plan->ny, left = nx / 2, channels = src->channels;
  window_t w = window_take(src, ny, &scratch);
  const double **shifted = scratch_take(&scratch, (size_t)nx * sizeof(void *));
  double *line = scratch;
  double *middle = line + (ptrdiff_t)left * channels;
  for (int k = 0; k < nx; k++) shifted[k] = line + (ptrdiff_t)k * channels;
  for (ptrdiff_t y = y0; y < y1; y++) {
    window_move(&w, src, y - ny / 2, ny, plan->border);
#define COLUMN(i, vectors) doubles_of_samples(middle + (i), w.rows, plan->ky, ny, i)
    OVER_BLOCKS(w.n, 1, COLUMN);
    border_doubles(line, src->width, channels, left, nx - 1 - left, plan->border);
    sample_t *out = window_result(&w, dst, y);
    double sum[VEC];
#define ROW(i, vectors)                                \
  doubles_of_doubles(sum, shifted, plan->kx, nx, i);   \
  for (int j = 0; j < VEC; j++) out[(i) + j] = sample_from_double(sum[j])
    OVER_BLOCKS(w.n, 1, ROW);
    window_done(&w, dst, y);
#undef COLUMN
#undef ROW
  }
}

#if DEPTH == 8
#include "separable_u8.h"
#include "decimated_u8.h"
#endif

static size_t separable_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const separable_t *plan = plan_;
  (void)dst;
  const size_t line = ((size_t)src->width + (size_t)plan->nx) * (size_t)src->channels + VEC;
#if DEPTH == 8
  if (plan->sum == SUM_EXACT || plan->sum == SUM_SMOOTH)
    return window_scratch(src, plan->ny + 1) + 2 * words_scratch(src, plan->nx);
#endif
  return window_scratch(src, plan->ny) + scratch_size((size_t)plan->nx * sizeof(void *)) +
         scratch_size(line * sizeof(double));
}

static void separable(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                      const void *plan_, void *scratch) {
  const separable_t *plan = plan_;
#if DEPTH == 8
  if (plan->sum == SUM_EXACT) {
    separable_exact(src, dst, y0, y1, plan, scratch);
    return;
  }
  if (plan->sum == SUM_SMOOTH) {
    separable_smooth(src, dst, y0, y1, plan, scratch);
    return;
  }
#endif
  (plan->sum == SUM_FLOAT ? separable_float : separable_double)(src, dst, y0, y1, plan, scratch);
}

#endif
