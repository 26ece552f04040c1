/* The two 16-bit arithmetics of separable_tmpl.h for uint8. */

BORDER_LINE(border_words, uint16_t)

/* Whole sums. Taps come in as vectors, which stay in registers where their number is known. */
VEC_INLINE void exact_column(const int taps, const int vectors, uint16_t *line,
                             const uint8_t *const *rows, const uint16_t *weights, ptrdiff_t i) {
  for (int v = 0; v < 2 * vectors; v++) {
    const ptrdiff_t at = i + v * VEC / 2;
    vec_t sum = vec_mul16(vec_widen(rows[0] + at), vec_set16(weights[0]));
    for (int k = 1; k < taps; k++)
      sum = vec_add16(sum, vec_mul16(vec_widen(rows[k] + at), vec_set16(weights[k])));
    vec_store(line + at, sum);
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

VEC_INLINE void exact_rows(const int nx, const int ny, const plane_t *src, const plane_t *dst,
                           ptrdiff_t y0, ptrdiff_t y1, const separable_t *plan, void *scratch) {
  const int left = nx / 2, channels = src->channels;
  const uint16_t *kx = plan->kx, *ky = plan->ky;
  window_t w = window_take(src, ny, &scratch);
  uint16_t *line = scratch;
  uint16_t *middle = line + (ptrdiff_t)left * channels;
  for (ptrdiff_t y = y0; y < y1; y++) {
    window_move(&w, src, y - ny / 2, ny, plan->border);
#define COLUMN(i, vectors) exact_column(ny, vectors, middle, w.rows, ky, i)
    OVER_BLOCKS(w.n, 2, COLUMN);
    border_words(line, src->width, channels, left, nx - 1 - left, plan->border);
    uint8_t *out = window_result(&w, dst, y);
#define ROW(i, vectors)                                                          \
  for (int v = 0; v < vectors; v++) {                                            \
    const ptrdiff_t at = (i) + v * VEC;                                          \
    const vec_t a = exact_sum(nx, line + at, channels, kx);                      \
    const vec_t b = exact_sum(nx, line + at + VEC / 2, channels, kx);            \
    vec_store(out + at, vec_narrow16(exact_divide(a, plan), exact_divide(b, plan))); \
  }
    OVER_BLOCKS(w.n, 2, ROW);
    window_done(&w, dst, y);
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

/* Symmetric smoothing in 16 bits: samples and sums have 7 fractional bits, so that the sum of a pair
 * of samples still fits, and is multiplied by its weight of 16 fractional bits keeping the high half.
 * Each product loses half a bit on average, which the first summand makes up for. */
enum { SMOOTH_BITS = 7, SMOOTH_TILE = 1 << 17 };

/* out[i] = sum over the taps at rows[-r .. r][i], weights[0] being the middle one's. */
VEC_INLINE void smooth_sum(const int vectors, vec_t *sum, const uint16_t *const *rows, int radius,
                           const uint16_t *weights, ptrdiff_t i) {
  const vec_t w = vec_set16(weights[0]), makeup = vec_set16((radius + 1) / 2);
  for (int v = 0; v < vectors; v++)
    sum[v] = vec_add16(makeup, vec_mulhi16(vec_load(rows[0] + i + v * VEC / 2), w));
  for (int k = 1; k <= radius; k++) {
    const vec_t wk = vec_set16(weights[k]);
    const uint16_t *above = rows[-k] + i, *below = rows[k] + i;
    for (int v = 0; v < vectors; v++) {
      const vec_t pair =
          vec_add16(vec_load(above + v * VEC / 2), vec_load(below + v * VEC / 2));
      sum[v] = vec_add16(sum[v], vec_mulhi16(pair, wk));
    }
  }
}

VEC_INLINE void smooth_line(const int vectors, vec_t *sum, const uint16_t *line, int channels,
                            int radius, const uint16_t *weights) {
  const vec_t w = vec_set16(weights[0]), makeup = vec_set16((radius + 1) / 2);
  for (int v = 0; v < vectors; v++)
    sum[v] = vec_add16(makeup, vec_mulhi16(vec_load(line + v * VEC / 2), w));
  for (int k = 1; k <= radius; k++) {
    const vec_t wk = vec_set16(weights[k]);
    const uint16_t *before = line - (ptrdiff_t)k * channels, *after = line + (ptrdiff_t)k * channels;
    for (int v = 0; v < vectors; v++) {
      const vec_t pair =
          vec_add16(vec_load(before + v * VEC / 2), vec_load(after + v * VEC / 2));
      sum[v] = vec_add16(sum[v], vec_mulhi16(pair, wk));
    }
  }
}

/* Pixels of a tile: as many columns as keep the ring of rows in the cache. */
static ptrdiff_t smooth_tile(const plane_t *src, const separable_t *plan) {
  const ptrdiff_t pixels = SMOOTH_TILE / plan->ny / src->channels, least = 4 * plan->nx;
  const ptrdiff_t tile = pixels > least ? pixels : least;
  return tile < src->width ? tile : src->width;
}

static ptrdiff_t smooth_stride(const plane_t *src, const separable_t *plan) {
  return (smooth_tile(src, plan) + plan->nx) * src->channels + 2 * VEC;
}

static size_t smooth_scratch(const plane_t *src, const separable_t *plan) {
  const size_t stride = (size_t)smooth_stride(src, plan);
  return scratch_size((size_t)plan->ny * stride * sizeof(uint16_t)) +
         scratch_size(stride * sizeof(uint16_t)) +
         scratch_size((size_t)plan->ny * sizeof(void *)) + 2 * scratch_size(stride) +
         scratch_size((size_t)(src->width * src->channels));
}

static void smooth(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                   const separable_t *plan, void *scratch) {
  const int nx = plan->nx, ny = plan->ny, rx = nx / 2, ry = ny / 2, channels = src->channels;
  const uint16_t *kx = (const uint16_t *)plan->kx + rx, *ky = (const uint16_t *)plan->ky + ry;
  const ptrdiff_t tile = smooth_tile(src, plan), stride = smooth_stride(src, plan);
  uint16_t *ring = scratch_take(&scratch, (size_t)(ny * stride) * sizeof(uint16_t));
  uint16_t *line = scratch_take(&scratch, (size_t)stride * sizeof(uint16_t));
  const uint16_t **rows = scratch_take(&scratch, (size_t)ny * sizeof(void *));
  uint8_t *zeros = scratch_take(&scratch, (size_t)(src->width * channels));
  uint8_t *padded = scratch_take(&scratch, (size_t)stride);
  uint8_t *narrow = scratch;
  memset(zeros, 0, (size_t)(src->width * channels));

  for (ptrdiff_t x0 = 0; x0 < src->width; x0 += tile) {
    const ptrdiff_t x1 = x0 + tile < src->width ? x0 + tile : src->width;
    const ptrdiff_t n = (x1 - x0) * channels, wide = n + (ptrdiff_t)(nx - 1) * channels;
    const ptrdiff_t columns = wide < VEC ? VEC : wide, row = n < VEC ? VEC : n;
    for (ptrdiff_t y = y0 - ry; y < y1 + ry; y++) {
      const ptrdiff_t slot = (y - (y0 - ry)) % ny;
      border_span(padded, src, y, x0 - rx, x1 + rx, plan->border, zeros);
      for (ptrdiff_t i = 0; i < columns; i += VEC / 2)
        vec_store(ring + slot * stride + i, vec_shl16(vec_widen(padded + i), SMOOTH_BITS));
      const ptrdiff_t done = y - ry;
      if (done < y0) continue;
      for (int k = 0; k < ny; k++) rows[k] = ring + (slot + 1 + k) % ny * stride;
      vec_t sum[4];
#define COLUMN(i, vectors)                                          \
  smooth_sum(2 * (vectors), sum, rows + ry, ry, ky, i);             \
  for (int v = 0; v < 2 * (vectors); v++) vec_store(line + (i) + v * VEC / 2, sum[v])
      OVER_BLOCKS(columns, 2, COLUMN);
      uint8_t *out = n < VEC ? narrow : dst->data + done * dst->stride + x0 * channels;
      const vec_t half = vec_set16(1 << (SMOOTH_BITS - 1));
#define ROW(i, vectors)                                                                \
  smooth_line(2 * (vectors), sum, line + (ptrdiff_t)rx * channels + (i), channels, rx, kx); \
  for (int v = 0; v < (vectors); v++)                                                  \
    vec_store(out + (i) + v * VEC,                                                     \
              vec_narrow16(vec_shr16(vec_add16(sum[2 * v], half), SMOOTH_BITS),        \
                           vec_shr16(vec_add16(sum[2 * v + 1], half), SMOOTH_BITS)))
      OVER_BLOCKS(row, 2, ROW);
      if (n < VEC) memcpy(dst->data + done * dst->stride + x0 * channels, narrow, (size_t)n);
#undef COLUMN
#undef ROW
    }
  }
}
