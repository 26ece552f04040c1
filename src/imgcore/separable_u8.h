/* The two 16-bit arithmetics of separable_tmpl.h for uint8. Output rows are made two at a time, so
 * that the column pass loads every row of the window once for both. */

BORDER_LINE(border_words, uint16_t)

/* A line of words with its border; gives where the first pixel behind the border lies. */
static uint16_t *words_take(const plane_t *src, int nx, void **scratch) {
  const ptrdiff_t left = nx / 2 * src->channels, aligned = (left + 31) / 32 * 32;
  const size_t words = (size_t)(aligned + (src->width + nx) * src->channels);
  return (uint16_t *)scratch_take(scratch, words * sizeof(uint16_t)) + aligned;
}

static size_t words_scratch(const plane_t *src, int nx) {
  return scratch_size((size_t)((src->width + 2 * nx) * src->channels + 32) * sizeof(uint16_t));
}

static void words_border(uint16_t *line, const plane_t *src, int nx, border_t border) {
  const int left = nx / 2;
  border_words(line - (ptrdiff_t)left * src->channels, src->width, src->channels, left,
               nx - 1 - left, border);
}

/* Whole sums: the first line is of the taps rows from rows[0] on, the second of those from rows[1]
 * on. */
VEC_INLINE void exact_columns(const int taps, const int vectors, uint16_t *const lines[2],
                              const uint8_t *const *rows, const uint16_t *weights, ptrdiff_t i) {
  const vec_t zero = vec_set16(0);
  vec_t first[4], second[4], before = zero;
  for (int v = 0; v < 2 * vectors; v++) first[v] = second[v] = zero;
  for (int k = 0; k <= taps; k++) {
    const vec_t w = k < taps ? vec_set16(weights[k]) : zero;
    for (int v = 0; v < vectors; v++) {
      const vec_t x = vec_load(rows[k] + i + v * VEC);
      const vec_t lo = vec_zip8lo(x, zero), hi = vec_zip8hi(x, zero);
      first[2 * v] = vec_add16(first[2 * v], vec_mul16(lo, w));
      first[2 * v + 1] = vec_add16(first[2 * v + 1], vec_mul16(hi, w));
      second[2 * v] = vec_add16(second[2 * v], vec_mul16(lo, before));
      second[2 * v + 1] = vec_add16(second[2 * v + 1], vec_mul16(hi, before));
    }
    before = w;
  }
  for (int v = 0; v < vectors; v++) {
    vec_store_zipped(lines[0] + i + v * VEC, first[2 * v], first[2 * v + 1]);
    vec_store_zipped(lines[1] + i + v * VEC, second[2 * v], second[2 * v + 1]);
  }
}

VEC_INLINE vec_t exact_sum(const int taps, const uint16_t *line, int channels,
                           const uint16_t *weights) {
  vec_t sum = vec_mul16(vec_load(line), vec_set16(weights[0]));
  for (int k = 1; k < taps; k++)
    sum = vec_add16(sum, vec_mul16(vec_load(line + (ptrdiff_t)k * channels), vec_set16(weights[k])));
  return sum;
}

VEC_INLINE vec_t exact_divide(vec_t sum, const separable_t *plan) {
  sum = vec_add16(sum, vec_set16(plan->bias));
  if (plan->reciprocal) sum = vec_mulhi16(sum, vec_set16(plan->reciprocal));
  return vec_shr16(sum, plan->shift);
}

/* VEC samples from i on, of the sums along a line. */
VEC_INLINE vec_t exact_line(const int taps, const uint16_t *line, int channels,
                            const separable_t *plan, ptrdiff_t i) {
  const uint16_t *from = line + i - (ptrdiff_t)(taps / 2) * channels;
  const vec_t a = exact_sum(taps, from, channels, plan->kx);
  const vec_t b = exact_sum(taps, from + VEC / 2, channels, plan->kx);
  return vec_narrow16(exact_divide(a, plan), exact_divide(b, plan));
}

VEC_INLINE void exact_rows(const int nx, const int ny, const plane_t *src, const plane_t *dst,
                           ptrdiff_t y0, ptrdiff_t y1, const separable_t *plan, void *scratch) {
  window_t w = window_take(src, ny + 1, &scratch);
  uint16_t *const lines[2] = {words_take(src, nx, &scratch), words_take(src, nx, &scratch)};
  for (ptrdiff_t y = y0; y < y1; y += 2) {
    window_move(&w, src, y - ny / 2, ny + 1, plan->border);
#define COLUMN(i, vectors) exact_columns(ny, vectors, lines, w.rows, plan->ky, i)
    OVER_BLOCKS(w.n, 2, COLUMN);
    for (int row = 0; row < 2 && y + row < y1; row++) {
      words_border(lines[row], src, nx, plan->border);
      uint8_t *out = window_result(&w, dst, y + row);
#define ROW(i, vectors)             \
  for (int v = 0; v < vectors; v++) \
    vec_store(out + (i) + v * VEC, exact_line(nx, lines[row], src->channels, plan, (i) + v * VEC))
      OVER_BLOCKS(w.n, 2, ROW);
      window_done(&w, dst, y + row);
    }
#undef COLUMN
#undef ROW
  }
}

static void separable_exact(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                            const separable_t *plan, void *scratch) {
  const int nx = plan->nx, ny = plan->ny;
  if (nx == 3 && ny == 3)
    exact_rows(3, 3, src, dst, y0, y1, plan, scratch);
  else if (nx == 5 && ny == 5)
    exact_rows(5, 5, src, dst, y0, y1, plan, scratch);
  else
    exact_rows(nx, ny, src, dst, y0, y1, plan, scratch);
}

/* Smoothing in 16 bits: samples and sums have 8 fractional bits in the column pass and 7 in the row
 * pass, and are multiplied by weights of 16, keeping the high half. Each product loses half a bit on
 * average, which the first summand makes up for. */
enum { SMOOTH_BITS = 7 };

/* The first line is of the taps rows from rows[0] on, the second of those from rows[1] on. */
VEC_INLINE void smooth_columns(const int vectors, uint16_t *const lines[2],
                               const uint8_t *const *rows, int taps, const uint16_t *weights,
                               ptrdiff_t i) {
  const vec_t zero = vec_set16(0);
  vec_t first[4], second[4], before = zero;
  for (int v = 0; v < 2 * vectors; v++) first[v] = second[v] = vec_set16((taps + 1) / 2);
  for (int k = 0; k <= taps; k++) {
    const vec_t w = k < taps ? vec_set16(weights[k]) : zero;
    for (int v = 0; v < vectors; v++) {
      const vec_t x = vec_load(rows[k] + i + v * VEC);
      const vec_t lo = vec_zip8lo(zero, x), hi = vec_zip8hi(zero, x);
      first[2 * v] = vec_add16(first[2 * v], vec_mulhi16(lo, w));
      first[2 * v + 1] = vec_add16(first[2 * v + 1], vec_mulhi16(hi, w));
      second[2 * v] = vec_add16(second[2 * v], vec_mulhi16(lo, before));
      second[2 * v + 1] = vec_add16(second[2 * v + 1], vec_mulhi16(hi, before));
    }
    before = w;
  }
  for (int v = 0; v < vectors; v++) {
    vec_store_zipped(lines[0] + i + v * VEC, vec_avg16(first[2 * v], zero),
                     vec_avg16(first[2 * v + 1], zero));
    vec_store_zipped(lines[1] + i + v * VEC, vec_avg16(second[2 * v], zero),
                     vec_avg16(second[2 * v + 1], zero));
  }
}

/* Sums along a line around line[0 ..], weights[0] being the middle one's. Two samples at the same
 * distance are added before they are multiplied. */
VEC_INLINE void smooth_line(const int vectors, vec_t *sum, const uint16_t *line, int channels,
                            int radius, const uint16_t *weights) {
  const vec_t w = vec_set16(weights[0]), makeup = vec_set16((radius + 1) / 2);
  for (int v = 0; v < vectors; v++)
    sum[v] = vec_add16(makeup, vec_mulhi16(vec_load(line + v * VEC / 2), w));
  for (int k = 1; k <= radius; k++) {
    const vec_t wk = vec_set16(weights[k]);
    const uint16_t *before = line - (ptrdiff_t)k * channels, *after = line + (ptrdiff_t)k * channels;
    for (int v = 0; v < vectors; v++) {
      const vec_t pair = vec_add16(vec_load(before + v * VEC / 2), vec_load(after + v * VEC / 2));
      sum[v] = vec_add16(sum[v], vec_mulhi16(pair, wk));
    }
  }
}

/* Two vectors of sums as one of samples. */
VEC_INLINE vec_t smooth_round(vec_t a, vec_t b) {
  const vec_t half = vec_set16(1 << (SMOOTH_BITS - 1));
  return vec_narrow16(vec_shr16(vec_add16(a, half), SMOOTH_BITS),
                      vec_shr16(vec_add16(b, half), SMOOTH_BITS));
}

static void smooth(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const separable_t *plan, void *scratch) {
  const int nx = plan->nx, ny = plan->ny, rx = nx / 2;
  const uint16_t *kx = (const uint16_t *)plan->kx + rx;
  window_t w = window_take(src, ny + 1, &scratch);
  uint16_t *const lines[2] = {words_take(src, nx, &scratch), words_take(src, nx, &scratch)};
  for (ptrdiff_t y = y0; y < y1; y += 2) {
    window_move(&w, src, y - ny / 2, ny + 1, plan->border);
#define COLUMN(i, vectors) smooth_columns(vectors, lines, w.rows, ny, plan->ky, i)
    OVER_BLOCKS(w.n, 2, COLUMN);
    for (int row = 0; row < 2 && y + row < y1; row++) {
      words_border(lines[row], src, nx, plan->border);
      uint8_t *out = window_result(&w, dst, y + row);
      vec_t sum[4];
#define ROW(i, vectors)                                                           \
  smooth_line(2 * (vectors), sum, lines[row] + (i), src->channels, rx, kx);       \
  for (int v = 0; v < (vectors); v++)                                             \
    vec_store(out + (i) + v * VEC, smooth_round(sum[2 * v], sum[2 * v + 1]))
      OVER_BLOCKS(w.n, 2, ROW);
      window_done(&w, dst, y + row);
    }
#undef COLUMN
#undef ROW
  }
}
