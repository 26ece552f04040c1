/* Counting levels, in the whole picture or tile by tile, and evening them out tile by tile (Pizer
 * and others 1987, Zuiderveld 1994). Floats count as the nearest of 65536 levels over 0..1. */
#ifndef IMGCORE_HISTOGRAM_TMPL_H
#define IMGCORE_HISTOGRAM_TMPL_H

#include <math.h>
#include <string.h>

#include "border.h"
#include "grayscale_tmpl.h"
#include "sample.h"
#include "scratch.h"
#include "tone_tmpl.h"

#if DEPTH == 8
enum { LEVELS = 256, COUNTERS = 4 };
#else
enum { LEVELS = 65536, COUNTERS = 1 };
#endif

VEC_INLINE unsigned level_of(sample_t v) {
#if DEPTH == 32
  return v > 0 ? v < 1 ? (unsigned)(v * 65535.0f + 0.5f) : 65535 : 0; /* NaN as 0 */
#else
  return v;
#endif
}

/* Equal neighbours are counted in different places, as each count waits for the one before it. */
VEC_INLINE void count_pixels(const int channels, uint32_t *counts, const sample_t *in,
                             ptrdiff_t width) {
  const int colours = channels % 2 ? channels : channels - 1;
  ptrdiff_t x = 0;
  for (; x + COUNTERS <= width; x += COUNTERS)
    for (int k = 0; k < COUNTERS; k++)
      for (int c = 0; c < colours; c++)
        counts[((k + c) % COUNTERS) * LEVELS + (int)level_of(in[(x + k) * channels + c])]++;
  for (; x < width; x++)
    for (int c = 0; c < colours; c++) counts[level_of(in[x * channels + c])]++;
}

static void count_any_pixels(int channels, uint32_t *counts, const sample_t *in, ptrdiff_t width) {
#define COUNT(channels) count_pixels(channels, counts, in, width)
  WITH_CHANNELS(channels, COUNT)
#undef COUNT
}

/* The histogram of one tile, at `counts`, of all colours or of lumas, made in `line`. What lies over
 * the edges counts reflected, or not. */
static void count_tile(uint32_t *counts, const plane_t *src, const tiles_t *tiles, ptrdiff_t column,
                       ptrdiff_t row, const int reflect, const int lumas, sample_t *line) {
  const int channels = lumas ? 1 : src->channels;
  const ptrdiff_t left = column * tiles->width, right = left + tiles->width;
  const ptrdiff_t top = row * tiles->height, bottom = top + tiles->height;
  const ptrdiff_t edge = right < src->width ? right : src->width;
  const ptrdiff_t end = reflect || bottom < src->height ? bottom : src->height;
  memset(counts, 0, COUNTERS * LEVELS * sizeof(uint32_t));
  for (ptrdiff_t y = top; y < end; y++) {
    const ptrdiff_t from = right > src->width ? 0 : left; /* reflection may look far back */
    const sample_t *in = border_row(src, y, BORDER_REFLECT, NULL) + from * src->channels;
    if (lumas) in = grey_row(in, src->channels, edge - from, line);
    if (left < edge) count_any_pixels(channels, counts, in + (left - from) * channels, edge - left);
    for (ptrdiff_t x = left < edge ? edge : left; reflect && x < right; x++)
      count_any_pixels(channels, counts,
                       in + (border_index(x, src->width, BORDER_REFLECT) - from) * channels, 1);
  }
  for (int k = 1; k < COUNTERS; k++)
    for (int i = 0; i < LEVELS; i++) counts[i] += counts[k * LEVELS + i];
}

static size_t histogram_scratch(const plane_t *src, const plane_t *dst, const void *plan) {
  (void)dst, (void)plan;
  return scratch_size(COUNTERS * LEVELS * sizeof(uint32_t)) + scratch_size(grey_row_bytes(src));
}

static void histogram(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                      const void *plan_, void *scratch) {
  const histogram_t *plan = plan_;
  uint32_t *counts = scratch_take(&scratch, COUNTERS * LEVELS * sizeof(uint32_t));
  for (ptrdiff_t y = y0; y < y1; y++)
    for (ptrdiff_t x = 0; x < plan->tiles.columns; x++) {
      count_tile(counts, src, &plan->tiles, x, y, 0, plan->lumas, scratch);
      memcpy((uint32_t *)(dst->data + y * dst->stride) + x * LEVELS, counts,
             LEVELS * sizeof(uint32_t));
    }
}

/* Cuts counts off at `most` and spreads what was above it: evenly, and what that leaves over among
 * levels equally far apart. */
static void clip_counts(uint32_t *counts, uint32_t most) {
  uint32_t excess = 0;
  for (int i = 0; i < LEVELS; i++) {
    excess += counts[i] > most ? counts[i] - most : 0;
    counts[i] = counts[i] > most ? most : counts[i];
  }
  const uint32_t each = excess / LEVELS, rest = excess % LEVELS;
  for (int i = 0; i < LEVELS; i++) counts[i] += each;
  if (!rest) return;
  const uint32_t step = LEVELS / rest;
  for (uint32_t i = 0; i < rest; i++) counts[i * step]++;
}

/* To the nearest whole number, halves to even, of what is below 2^22. */
VEC_INLINE float nearest(float x) { return x + 12582912.0f - 12582912.0f; }

static void equalizers(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                       const void *plan_, void *scratch) {
  const equalizers_t *plan = plan_;
  uint32_t *counts = scratch_take(&scratch, COUNTERS * LEVELS * sizeof(uint32_t));
  const float pixels = (float)(plan->tiles.width * plan->tiles.height);
  const float scale = (float)(LEVELS - 1) / pixels;
  for (ptrdiff_t y = y0; y < y1; y++)
    for (ptrdiff_t x = 0; x < plan->tiles.columns; x++) {
      count_tile(counts, src, &plan->tiles, x, y, 1, 1, scratch);
      clip_counts(counts, plan->most);
      uint16_t *curve = (uint16_t *)(dst->data + y * dst->stride) + x * LEVELS;
      int64_t upto = 0;
      for (int i = 0; i < LEVELS; i++) {
        upto += counts[i];
        const float level = nearest((float)upto * scale);
        curve[i] = (uint16_t)(level < LEVELS ? level : LEVELS - 1);
      }
    }
}

/* The tiles on both sides of a coordinate, and how much the second one counts. */
typedef struct {
  ptrdiff_t first, second;
  float share;
} between_t;

VEC_INLINE between_t between_tiles(ptrdiff_t at, ptrdiff_t size, ptrdiff_t tiles) {
  const float place = (float)at * (1.0f / (float)size) - 0.5f, below = floorf(place);
  const ptrdiff_t first = (ptrdiff_t)below, last = tiles - 1;
  return (between_t){first < 0 ? 0 : first < last ? first : last, first < last ? first + 1 : last,
                     place - below};
}

/* The two curves of a tile column, weighted by how near their rows are. */
VEC_INLINE float between_rows(const uint16_t *above, const uint16_t *below, float share,
                              ptrdiff_t i) {
  return above[i] * (1 - share) + below[i] * share;
}

static size_t adapt_scratch(const plane_t *src, const plane_t *dst, const void *plan) {
  const size_t curves = (size_t)((const adapt_t *)plan)->tiles.columns * LEVELS;
  return scratch_size((size_t)src->width * sizeof(between_t)) +
         scratch_size(DEPTH == 8 ? curves * sizeof(float) : 0) +
         line_scratch(src, dst, plan) + 2 * scratch_size(grey_row_bytes(src));
}

static void adapt(const plane_t *src, const plane_t *dst, ptrdiff_t y0, ptrdiff_t y1,
                  const void *plan_, void *scratch) {
  const adapt_t *plan = plan_;
  const tiles_t tiles = plan->tiles;
  const ptrdiff_t entries = tiles.columns * LEVELS;
  between_t *columns = scratch_take(&scratch, (size_t)src->width * sizeof(between_t));
  float *restrict line = scratch_take(&scratch, (size_t)(src->width + VEC) * sizeof(float));
  sample_t *greys = scratch_take(&scratch, grey_row_bytes(src));
  sample_t *news = scratch_take(&scratch, grey_row_bytes(src));
  float *curves = scratch; /* of a row, where there are few enough to pay */
  const int ready = DEPTH == 8 && entries <= 4 * src->width;
  memset(line, 0, (size_t)(src->width + VEC) * sizeof(float));
  for (ptrdiff_t x = 0; x < src->width; x++) {
    columns[x] = between_tiles(x, tiles.width, tiles.columns);
    columns[x].first *= LEVELS;
    columns[x].second *= LEVELS;
  }
  for (ptrdiff_t y = y0; y < y1; y++) {
    const sample_t *in = (const sample_t *)(src->data + y * src->stride);
    sample_t *out = (sample_t *)(dst->data + y * dst->stride);
    const sample_t *restrict grey = grey_row(in, src->channels, src->width, greys);
    sample_t *restrict adapted = src->channels == 1 ? out : news;
    const between_t rows = between_tiles(y, tiles.height, tiles.rows);
    const uint8_t *data = plan->curves.data;
    const uint16_t *above = (const uint16_t *)(data + rows.first * plan->curves.stride);
    const uint16_t *below = (const uint16_t *)(data + rows.second * plan->curves.stride);
    for (ptrdiff_t i = 0; ready && i < entries; i++)
      curves[i] = between_rows(above, below, rows.share, i);
    for (ptrdiff_t x = 0; x < src->width; x++) {
      const between_t at = columns[x];
      const ptrdiff_t i = at.first + (ptrdiff_t)level_of(grey[x]);
      const ptrdiff_t j = at.second + (ptrdiff_t)level_of(grey[x]);
      const float left = ready ? curves[i] : between_rows(above, below, rows.share, i);
      const float right = ready ? curves[j] : between_rows(above, below, rows.share, j);
      const float level = left * (1 - at.share) + right * at.share;
      adapted[x] = DEPTH == 32 ? (sample_t)(level * (1 / 65535.0f)) : sample_from(level);
    }
    if (src->channels == 1) continue;
    for (ptrdiff_t x = 0; x < src->width; x++) line[x] = (float)adapted[x] - (float)grey[x];
    move_any_row(src->channels, 0, out, in, line, src->width, 1);
  }
}

#endif
