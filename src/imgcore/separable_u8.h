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

/* What the passes of a blur work with; `how` is what else its row pass needs. */
typedef struct {
  const uint16_t *kx, *ky;
  int nx, ny, channels;
  const void *how;
} words_t;

/* One block of the column pass: the first line is of the ny rows from rows[0] on, the second of
 * those from rows[1] on. */
typedef void words_columns_t(words_t t, const int vectors, uint16_t *const lines[2],
                             const uint8_t *const *rows, ptrdiff_t i);

/* One block of the row pass: samples from sums along a line. `in` is the row in the middle. */
typedef void words_row_t(words_t t, const int vectors, uint8_t *out, const uint16_t *line,
                         const uint8_t *in);

VEC_INLINE void over_words(const words_t t, const plane_t *src, const plane_t *dst, ptrdiff_t y0,
                           ptrdiff_t y1, border_t border, void *scratch, words_columns_t *columns,
                           words_row_t *row) {
  window_t w = window_take(src, t.ny + 1, &scratch);
  uint16_t *const lines[2] = {words_take(src, t.nx, &scratch), words_take(src, t.nx, &scratch)};
  for (ptrdiff_t y = y0; y < y1; y += 2) {
    window_move(&w, src, y - t.ny / 2, t.ny + 1, border);
#define COLUMN(i, vectors) columns(t, vectors, lines, w.rows, i)
    OVER_BLOCKS(w.n, 2, COLUMN);
    for (int k = 0; k < 2 && y + k < y1; k++) {
      words_border(lines[k], src, t.nx, border);
      const uint8_t *in = w.rows[t.ny / 2 + k];
      uint8_t *out = window_result(&w, dst, y + k);
#define ROW(i, vectors) row(t, vectors, out + (i), lines[k] + (i), in + (i))
      OVER_BLOCKS(w.n, 2, ROW);
      window_done(&w, dst, y + k);
    }
#undef COLUMN
#undef ROW
  }
}

/* Whole sums. */
VEC_INLINE void exact_columns(words_t t, const int vectors, uint16_t *const lines[2],
                              const uint8_t *const *rows, ptrdiff_t i) {
  const vec_t zero = vec_set16(0);
  vec_t first[4], second[4], before = zero;
  for (int v = 0; v < 2 * vectors; v++) first[v] = second[v] = zero;
  for (int k = 0; k <= t.ny; k++) {
    const vec_t w = k < t.ny ? vec_set16(t.ky[k]) : zero;
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

VEC_INLINE vec_t exact_sum(words_t t, const uint16_t *line) {
  line -= (ptrdiff_t)(t.nx / 2) * t.channels;
  vec_t sum = vec_mul16(vec_load(line), vec_set16(t.kx[0]));
  for (int k = 1; k < t.nx; k++) {
    const vec_t x = vec_load(line + (ptrdiff_t)k * t.channels);
    sum = vec_add16(sum, vec_mul16(x, vec_set16(t.kx[k])));
  }
  return sum;
}

VEC_INLINE vec_t exact_divide(vec_t sum, const separable_t *plan) {
  sum = vec_add16(sum, vec_set16(plan->bias));
  if (plan->reciprocal) sum = vec_mulhi16(sum, vec_set16(plan->reciprocal));
  return vec_shr16(sum, plan->shift);
}

VEC_INLINE void exact_row(words_t t, const int vectors, uint8_t *out, const uint16_t *line,
                          const uint8_t *in) {
  (void)in;
  for (int v = 0; v < vectors; v++) {
    const vec_t a = exact_sum(t, line + v * VEC), b = exact_sum(t, line + v * VEC + VEC / 2);
    vec_store(out + v * VEC, vec_narrow16(exact_divide(a, t.how), exact_divide(b, t.how)));
  }
}

static void separable_exact(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                            const separable_t *plan, void *scratch) {
#define EXACT(nx, ny)                                                                          \
  over_words((words_t){plan->kx, plan->ky, nx, ny, src->channels, plan}, src, dst, y0, y1,     \
             plan->border, scratch, exact_columns, exact_row)
  if (plan->nx == 3 && plan->ny == 3)
    EXACT(3, 3);
  else if (plan->nx == 5 && plan->ny == 5)
    EXACT(5, 5);
  else
    EXACT(plan->nx, plan->ny);
#undef EXACT
}

/* Smoothing in 16 bits: samples and sums have 8 fractional bits in the column pass and 7 in the row
 * pass, and are multiplied by weights of 16, keeping the high half. Each product loses half a bit on
 * average, which the first summand makes up for. */
enum { SMOOTH_BITS = 7 };

VEC_INLINE void smooth_columns(words_t t, const int vectors, uint16_t *const lines[2],
                               const uint8_t *const *rows, ptrdiff_t i) {
  const vec_t zero = vec_set16(0);
  vec_t first[4], second[4], before = zero;
  for (int v = 0; v < 2 * vectors; v++) first[v] = second[v] = vec_set16((t.ny + 1) / 2);
  for (int k = 0; k <= t.ny; k++) {
    const vec_t w = k < t.ny ? vec_set16(t.ky[k]) : zero;
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

/* Sums around line[0 ..]. Two samples at the same distance are added before they are multiplied. */
VEC_INLINE void smooth_line(words_t t, const int vectors, vec_t *sum, const uint16_t *line) {
  const int radius = t.nx / 2;
  const vec_t w = vec_set16(t.kx[radius]), makeup = vec_set16((radius + 1) / 2);
  for (int v = 0; v < vectors; v++)
    sum[v] = vec_add16(makeup, vec_mulhi16(vec_load(line + v * VEC / 2), w));
  for (int k = 1; k <= radius; k++) {
    const vec_t wk = vec_set16(t.kx[radius + k]);
    const ptrdiff_t away = (ptrdiff_t)k * t.channels;
    for (int v = 0; v < vectors; v++) {
      const uint16_t *at = line + v * VEC / 2;
      const vec_t pair = vec_add16(vec_load(at - away), vec_load(at + away));
      sum[v] = vec_add16(sum[v], vec_mulhi16(pair, wk));
    }
  }
}

VEC_INLINE vec_t smooth_round(vec_t sum) {
  return vec_shr16(vec_add16(sum, vec_set16(1 << (SMOOTH_BITS - 1))), SMOOTH_BITS);
}

VEC_INLINE void smooth_row(words_t t, const int vectors, uint8_t *out, const uint16_t *line,
                           const uint8_t *in) {
  vec_t sum[4];
  (void)in;
  smooth_line(t, 2 * vectors, sum, line);
  for (int v = 0; v < vectors; v++)
    vec_store(out + v * VEC, vec_narrow16(smooth_round(sum[2 * v]), smooth_round(sum[2 * v + 1])));
}

static void separable_smooth(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                             const separable_t *plan, void *scratch) {
  const words_t t = {plan->kx, plan->ky, plan->nx, plan->ny, src->channels, NULL};
  over_words(t, src, dst, y0, y1, plan->border, scratch, smooth_columns, smooth_row);
}
