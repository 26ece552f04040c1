/* A wide Gaussian of uint8 in five passes, whose variances add up to its own: down to every
 * `factor`-th row, down to every factor-th column, a blur of the small picture, up in columns, up in
 * rows. One row of the small picture is made at a time; rings hold as many as the next pass needs.
 * Everything between has 8 fractional bits in 16. See decimated_t for the plan. */

/* Sums of products cut to 16 bits; the first summand makes up for half a bit lost by each. */
VEC_INLINE void words_sum(const int vectors, vec_t *sum, const uint16_t *const *in,
                          const uint16_t *weights, int taps, ptrdiff_t i) {
  for (int v = 0; v < vectors; v++) sum[v] = vec_set16((taps + 1) / 2);
  for (int k = 0; k < taps; k++) {
    const vec_t w = vec_set16(weights[k]);
    for (int v = 0; v < vectors; v++)
      sum[v] = vec_adds16(sum[v], vec_mulhi16(vec_load(in[k] + i + v * VEC / 2), w));
  }
}

static void words_row(uint16_t *out, const uint16_t *const *in, const uint16_t *weights, int taps,
                      ptrdiff_t n) {
  vec_t sum[4];
  for (ptrdiff_t i = 0; i < n; i += 2 * VEC) { /* over the end, into slack */
    words_sum(4, sum, in, weights, taps, i);
    for (int v = 0; v < 4; v++) vec_store(out + i + v * VEC / 2, sum[v]);
  }
}

/* The same of rows of bytes, n of them; the last block overlaps. */
static void words_of_bytes(uint16_t *out, const uint8_t *const *in, const uint16_t *weights,
                           int taps, ptrdiff_t n) {
  const vec_t zero = vec_set16(0), makeup = vec_set16((taps + 1) / 2);
#define STEP(i, vectors)                                                       \
  vec_t sum[4];                                                                \
  for (int v = 0; v < 2 * (vectors); v++) sum[v] = makeup;                     \
  for (int k = 0; k < taps; k++) {                                             \
    const vec_t w = vec_set16(weights[k]);                                     \
    for (int v = 0; v < (vectors); v++) {                                      \
      const vec_t x = vec_load(in[k] + (i) + v * VEC);                         \
      sum[2 * v] = vec_adds16(sum[2 * v], vec_mulhi16(vec_zip8lo(zero, x), w)); \
      sum[2 * v + 1] =                                                         \
          vec_adds16(sum[2 * v + 1], vec_mulhi16(vec_zip8hi(zero, x), w));      \
    }                                                                          \
  }                                                                            \
  for (int v = 0; v < (vectors); v++)                                          \
    vec_store_zipped(out + (i) + v * VEC, sum[2 * v], sum[2 * v + 1])
  OVER_BLOCKS(n, 2, STEP);
#undef STEP
}

/* Sizes in pixels, and what a band keeps. Small pixel j lies over the pixels from j * factor on. */
typedef struct {
  ptrdiff_t cells;               /* that cover the picture in a row */
  ptrdiff_t blurred, small;      /* cells of a row after and before the blur of the small picture */
  ptrdiff_t left, wide;          /* pixels beside the picture, and with them */
  int blur, up;                  /* cells a blur and an up pass reach to each side */
  uint16_t *line, *shifted, *tall;
  uint16_t **smalls, **ups;
  const uint16_t **in;
} decimated_room_t;

static decimated_room_t decimated_measure(const plane_t *src, const decimated_t *plan) {
  decimated_room_t r = {.blur = plan->blur_taps / 2, .up = plan->reach};
  r.cells = (src->width + plan->factor - 1) / plan->factor;
  r.blurred = r.cells + 2 * r.up;
  r.small = r.blurred + 2 * r.blur;
  r.left = (r.up + r.blur) * plan->factor + (plan->down_taps - plan->factor) / 2;
  r.wide = r.small * plan->factor + plan->down_taps - plan->factor;
  return r;
}

static size_t words_bytes(ptrdiff_t pixels, int channels) {
  return (size_t)(pixels * channels) * sizeof(uint16_t);
}

static size_t decimated_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const decimated_t *plan = plan_;
  const decimated_room_t r = decimated_measure(src, plan);
  const int channels = src->channels;
  const size_t rows = (size_t)(2 * r.blur + 1), ups = (size_t)(2 * r.up + 1);
  const size_t most = rows > (size_t)plan->down_taps ? rows : (size_t)plan->down_taps;
  (void)dst;
  return window_scratch(src, plan->down_taps) +
         3 * scratch_size(words_bytes(r.wide + VEC, channels)) +
         rows * scratch_stride(words_bytes(r.small, channels)) +
         ups * scratch_stride(words_bytes(r.cells * plan->factor, channels)) +
         scratch_size((rows + ups + most) * sizeof(void *)) + 2 * scratch_size(0);
}

static decimated_room_t decimated_take(const plane_t *src, const decimated_t *plan,
                                       void **scratch) {
  decimated_room_t r = decimated_measure(src, plan);
  const int channels = src->channels, rows = 2 * r.blur + 1, ups = 2 * r.up + 1;
  const int most = rows > plan->down_taps ? rows : plan->down_taps;
  r.line = scratch_take(scratch, words_bytes(r.wide + VEC, channels));
  r.shifted = scratch_take(scratch, words_bytes(r.wide + VEC, channels));
  r.tall = scratch_take(scratch, words_bytes(r.wide + VEC, channels));
  r.smalls = scratch_take(scratch, (size_t)rows * sizeof(void *));
  r.ups = scratch_take(scratch, (size_t)ups * sizeof(void *));
  r.in = scratch_take(scratch, (size_t)most * sizeof(void *));
  const size_t small = scratch_stride(words_bytes(r.small, channels));
  const size_t up = scratch_stride(words_bytes(r.cells * plan->factor, channels));
  char *rest = *scratch;
  for (int k = 0; k < rows; k++) r.smalls[k] = (uint16_t *)(rest + (size_t)k * small);
  rest += (size_t)rows * small;
  for (int k = 0; k < ups; k++) r.ups[k] = (uint16_t *)(rest + (size_t)k * up);
  return r;
}

/* Makes the oldest of `count` rows the newest, and gives it. */
static uint16_t *ring_turn(uint16_t **rows, int count) {
  uint16_t *oldest = rows[0];
  memmove(rows, rows + 1, (size_t)(count - 1) * sizeof *rows);
  return rows[count - 1] = oldest;
}

/* `pixels` pixels, each `to` and `from` pixels apart. */
VEC_INLINE void words_spread(uint16_t *out, ptrdiff_t to, const uint16_t *in, ptrdiff_t from,
                             ptrdiff_t pixels, const int channels) {
  for (ptrdiff_t x = 0; x < pixels; x++)
    memcpy(out + x * to * channels, in + x * from * channels,
           (size_t)channels * sizeof(uint16_t));
}

static void words_move(uint16_t *out, ptrdiff_t to, const uint16_t *in, ptrdiff_t from,
                       ptrdiff_t pixels, int channels) {
#define SPREAD(channels) words_spread(out, to, in, from, pixels, channels)
  WITH_CHANNELS(channels, SPREAD)
#undef SPREAD
}

static const uint16_t *const *shifts(const decimated_room_t *r, const uint16_t *line, int taps,
                                     int channels) {
  for (int k = 0; k < taps; k++) r->in[k] = line + (ptrdiff_t)k * channels;
  return r->in;
}

/* Row j of the small picture: down in rows, a border, down in columns. */
static void decimated_down(uint16_t *out, const decimated_room_t *r, window_t *w,
                           const plane_t *src, ptrdiff_t j, const decimated_t *plan) {
  const int channels = src->channels, taps = plan->down_taps, factor = plan->factor;
  window_move(w, src, j * factor - (taps - factor) / 2, taps, plan->border);
  words_of_bytes(r->line + r->left * channels, w->rows, plan->down, taps, w->n);
  border_words(r->line, src->width, channels, (int)r->left, (int)(r->wide - r->left - src->width),
               plan->border);
  words_row(r->shifted, shifts(r, r->line, taps, channels), plan->down, taps,
            ((r->small - 1) * factor + 1) * channels);
  words_move(out, 1, r->shifted, factor, r->small, channels);
}

/* The middle row of those in r->smalls, blurred and as wide as the picture. */
static void decimated_up(uint16_t *out, const decimated_room_t *r, int channels,
                         const decimated_t *plan) {
  const int taps = plan->blur_taps;
  words_row(r->line, (const uint16_t *const *)r->smalls, plan->blur, taps, r->small * channels);
  words_row(r->tall, shifts(r, r->line, taps, channels), plan->blur, taps, r->blurred * channels);
  for (int phase = 0; phase < plan->factor; phase++) {
    const uint16_t *from = r->tall + plan->up_start[phase] * channels;
    words_row(r->shifted, shifts(r, from, plan->up_taps, channels),
              plan->up + phase * plan->up_taps, plan->up_taps, r->cells * channels);
    words_move(out + phase * channels, plan->factor, r->shifted, 1, r->cells, channels);
  }
}

static void decimated(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                      const void *plan_, void *scratch) {
  const decimated_t *plan = plan_;
  const int channels = src->channels, factor = plan->factor;
  window_t w = window_take(src, plan->down_taps, &scratch);
  const decimated_room_t r = decimated_take(src, plan, &scratch);
  const int rows = 2 * r.blur + 1, ups = 2 * r.up + 1;
  ptrdiff_t made = y0 / factor - r.up - r.blur; /* small rows */
  for (ptrdiff_t j = y0 / factor - r.up; j <= (y1 - 1) / factor + r.up; j++) {
    for (; made <= j + r.blur; made++)
      decimated_down(ring_turn(r.smalls, rows), &r, &w, src, made, plan);
    decimated_up(ring_turn(r.ups, ups), &r, channels, plan);
    const ptrdiff_t cell = j - r.up;
    for (int phase = 0; phase < factor; phase++) {
      const ptrdiff_t y = cell * factor + phase;
      if (y < y0 || y >= y1) continue;
      uint8_t *out = window_result(&w, dst, y);
      const uint16_t *const *in = (const uint16_t *const *)r.ups + plan->up_start[phase];
      const uint16_t *weights = plan->up + phase * plan->up_taps;
      const vec_t half = vec_set16(128);
      vec_t sum[4];
#define ROW(i, vectors)                                                        \
  words_sum(2 * (vectors), sum, in, weights, plan->up_taps, i);                \
  for (int v = 0; v < (vectors); v++)                                          \
    vec_store(out + (i) + v * VEC,                                             \
              vec_narrow16(vec_shr16(vec_adds16(sum[2 * v], half), 8),          \
                           vec_shr16(vec_adds16(sum[2 * v + 1], half), 8)))
      OVER_BLOCKS(w.n, 2, ROW);
#undef ROW
      window_done(&w, dst, y);
    }
  }
}
