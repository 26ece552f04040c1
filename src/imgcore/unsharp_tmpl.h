/* Unsharp masking in one pass: a Gaussian blur as in separable_tmpl.h, whose window still holds the
 * sample itself when its blurred value comes out. See unsharp_t. */
#include "separable_tmpl.h"

/* What `amount` is for each sample of a vector: nothing for alpha. */
#define UNSHARP_AMOUNTS(TYPE, amounts, count, amount, channels)  \
  for (int i = 0; i < (count); i++)                              \
    amounts[i] = (channels) % 2 == 0 && (i + 1) % (channels) == 0 ? (TYPE)0 : (TYPE)(amount)

static void unsharp_float(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                          const unsharp_t *plan, void *scratch) {
  const int taps = plan->taps, radius = taps / 2, channels = src->channels;
  window_t w = window_take(src, taps, &scratch);
  const float **shifted = scratch_take(&scratch, (size_t)taps * sizeof(void *));
  float *line = scratch;
  float *middle = line + (ptrdiff_t)radius * channels;
  for (int k = 0; k < taps; k++) shifted[k] = line + (ptrdiff_t)k * channels;
  float amounts[VECF];
  UNSHARP_AMOUNTS(float, amounts, VECF, plan->amount, channels);
  const vecf_t amount = vecf_load(amounts), threshold = vecf_set(plan->threshold);
  for (ptrdiff_t y = y0; y < y1; y++) {
    window_move(&w, src, y - radius, taps, plan->border);
    vecf_t t[4];
#define COLUMN(i, vectors)                                     \
  sum_samples(t, w.rows, plan->weights, taps, i);              \
  for (int v = 0; v < 4; v++) vecf_store(middle + (i) + v * VECF, t[v])
    OVER_BLOCKS(w.n, 1, COLUMN);
    border_floats(line, src->width, channels, radius, radius, plan->border);
    const sample_t *in = w.rows[radius];
    sample_t *out = window_result(&w, dst, y);
#define ROW(i, vectors)                                                   \
  sum_floats(t, shifted, plan->weights, taps, i);                         \
  for (int v = 0; v < 4; v++) {                                           \
    const vecf_t value = samples_load(in + (i) + v * VECF);               \
    const vecf_t detail = vecf_beyond(vecf_sub(value, t[v]), threshold);  \
    t[v] = vecf_add(value, vecf_mul(detail, amount));                     \
  }                                                                       \
  samples_store(out + (i), t[0], t[1], t[2], t[3])
    OVER_BLOCKS(w.n, 1, ROW);
    window_done(&w, dst, y);
#undef COLUMN
#undef ROW
  }
}

#if DEPTH == 8
typedef struct {
  vec_t amount_low, amount_high; /* 16-bit numbers, each beside a zero */
  vec_t limit, half;             /* the largest detail that is none; half of what is shifted out */
  int shift;
} sharpen_t;

static sharpen_t sharpen_take(const unsharp_t *plan, int channels) {
  const int bits = plan->amount < 2 ? 14 : plan->amount < 4 ? 13 : plan->amount < 8 ? 12 : 11;
  const int near = (int)(plan->amount * (float)(1 << bits) + 0.5f);
  const int whole = near < INT16_MAX ? near : INT16_MAX;
  const float limit = plan->threshold * (1 << SMOOTH_BITS);
  const int below = (int)limit - ((float)(int)limit == limit);
  int16_t amounts[VEC / 2];
  UNSHARP_AMOUNTS(int16_t, amounts, VEC / 2, whole, channels);
  const vec_t amount = vec_load(amounts), zero = vec_set16(0);
  return (sharpen_t){vec_zip16lo(amount, zero), vec_zip16hi(amount, zero), vec_set16(below),
                     vec_set32(1 << (bits + SMOOTH_BITS - 1)), bits + SMOOTH_BITS};
}

/* 16-bit samples, neither clamped nor with a fraction, from such with one. */
VEC_INLINE vec_t sharpen_words(const sharpen_t *how, vec_t value, vec_t blurred) {
  const vec_t zero = vec_set16(0), detail = vec_sub16(value, blurred);
  const vec_t kept = vec_or(vec_greater16(detail, how->limit),
                            vec_greater16(vec_sub16(zero, how->limit), detail));
  const vec_t used = vec_and(detail, kept);
  const vec_t low = vec_madd(vec_zip16lo(used, zero), how->amount_low);
  const vec_t high = vec_madd(vec_zip16hi(used, zero), how->amount_high);
  const vec_t change = vec_pack32(vec_sra32(vec_add32(low, how->half), how->shift),
                                  vec_sra32(vec_add32(high, how->half), how->shift));
  return vec_add16(vec_shr16(value, SMOOTH_BITS), change);
}

VEC_INLINE void sharpen_row(words_t t, const int vectors, uint8_t *out, const uint16_t *line,
                            const uint8_t *in) {
  vec_t sum[4];
  smooth_line(t, 2 * vectors, sum, line);
  for (int v = 0; v < 2 * vectors; v++) {
    const vec_t value = vec_shl16(vec_widen(in + v * VEC / 2), SMOOTH_BITS);
    sum[v] = sharpen_words(t.how, value, sum[v]);
  }
  for (int v = 0; v < vectors; v++)
    vec_store(out + v * VEC, vec_narrow16(sum[2 * v], sum[2 * v + 1]));
}

static void unsharp_smooth(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                           const unsharp_t *plan, void *scratch) {
  const sharpen_t how = sharpen_take(plan, src->channels);
  const words_t t = {plan->weights, plan->weights, plan->taps, plan->taps, src->channels, &how};
  over_words(t, src, dst, y0, y1, plan->border, scratch, smooth_columns, sharpen_row);
}
#endif

static size_t unsharp_scratch(const plane_t *src, const plane_t *dst, const void *plan_) {
  const unsharp_t *plan = plan_;
  const size_t line = ((size_t)src->width + (size_t)plan->taps) * (size_t)src->channels + VEC;
  (void)dst;
#if DEPTH == 8
  if (plan->sum == SUM_SMOOTH)
    return window_scratch(src, plan->taps + 1) + 2 * words_scratch(src, plan->taps);
#endif
  return window_scratch(src, plan->taps) + scratch_size((size_t)plan->taps * sizeof(void *)) +
         scratch_size(line * sizeof(float));
}

static void unsharp(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                    const void *plan_, void *scratch) {
  const unsharp_t *plan = plan_;
#if DEPTH == 8
  if (plan->sum == SUM_SMOOTH) {
    unsharp_smooth(src, dst, y0, y1, plan, scratch);
    return;
  }
#endif
  unsharp_float(src, dst, y0, y1, plan, scratch);
}
