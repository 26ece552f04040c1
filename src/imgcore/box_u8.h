/* Small boxes of uint8, whose sums fit 16 bits. Along the row, sums of 2, 4 and 8 neighbours are made
 * of one another, and a few of them make up the side: no sum waits for the one before it. */

enum { BOX_POWERS = 4 }; /* sums of 1, 2, 4, 8 */

static size_t box_narrow_line(const plane_t *src, const box_t *plan) {
  return (size_t)(src->width + 2 * (ptrdiff_t)plan->radius) * (size_t)src->channels *
         sizeof(uint16_t);
}

static size_t box_narrow_scratch(const plane_t *src, const box_t *plan) {
  return BOX_POWERS * scratch_size(box_narrow_line(src, plan)) +
         2 * scratch_size((size_t)src->width * (size_t)src->channels + VEC);
}

static void box_narrow_slide(uint16_t *restrict columns, const uint8_t *restrict in,
                             const uint8_t *restrict out, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) columns[i] = (uint16_t)(columns[i] + in[i] - out[i]);
}

static void box_double(uint16_t *restrict out, const uint16_t *restrict in, ptrdiff_t away,
                       ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) out[i] = (uint16_t)(in[i] + in[i + away]);
}

VEC_INLINE vec_t box_narrow_sum(const uint16_t *const *parts, int used, const box_t *plan,
                                ptrdiff_t i) {
  vec_t sum = vec_load(parts[0] + i);
  for (int k = 1; k < used; k++) sum = vec_add16(sum, vec_load(parts[k] + i));
  sum = vec_add16(sum, vec_set16((int)(plan->area / 2)));
  return vec_shr16(vec_mulhi16(sum, vec_set16(plan->reciprocal)), plan->shift - 16);
}

static void box_narrow(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                       const box_t *plan, void *scratch) {
  const int radius = plan->radius, side = 2 * radius + 1, channels = src->channels;
  const ptrdiff_t n = src->width * channels, left = (ptrdiff_t)radius * channels;
  const size_t line = box_narrow_line(src, plan);
  uint16_t *powers[BOX_POWERS];
  for (int k = 0; k < BOX_POWERS; k++) powers[k] = scratch_take(&scratch, line);
  uint8_t *narrow = scratch_take(&scratch, (size_t)n + VEC), *zeros = scratch;
  uint16_t *columns = powers[0];
  memset(zeros, 0, (size_t)n);
  memset(columns, 0, line);
  for (ptrdiff_t y = y0 - radius; y < y0 + radius; y++)
    box_narrow_slide(columns + left, border_row(src, y, plan->border, zeros), zeros, n);

  const uint16_t *parts[BOX_POWERS];
  int used = 0;
  for (int k = 0, at = 0; k < BOX_POWERS; k++) {
    if (!(side >> k & 1)) continue;
    parts[used++] = powers[k] + (ptrdiff_t)at * channels;
    at += 1 << k;
  }
  const uint8_t *last = zeros;
  for (ptrdiff_t y = y0; y < y1; y++) {
    box_narrow_slide(columns + left, border_row(src, y + radius, plan->border, zeros), last, n);
    last = border_row(src, y - radius, plan->border, zeros);
    border_words(columns, src->width, channels, radius, radius, plan->border);
    for (int k = 1; k < BOX_POWERS && 1 << k <= side; k++)
      box_double(powers[k], powers[k - 1], (ptrdiff_t)channels << (k - 1),
                 n + (ptrdiff_t)(side - (1 << k)) * channels);
    uint8_t *end = dst->data + y * dst->stride, *out = n < VEC ? narrow : end;
    const ptrdiff_t row = n < VEC ? VEC : n;
#define ROW(i, vectors)                                                            \
  vec_store(out + (i), vec_narrow16(box_narrow_sum(parts, used, plan, i),          \
                                    box_narrow_sum(parts, used, plan, (i) + VEC / 2)))
    OVER_BLOCKS(row, 1, ROW);
#undef ROW
    if (n < VEC) memcpy(end, narrow, (size_t)n);
  }
}
