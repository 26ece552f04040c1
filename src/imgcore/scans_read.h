/* A row of MCUs of one scan. ITU-T T.81, annex G.2, whose decoding is annex G.1 read backwards. */
#ifndef IMGCORE_SCANS_READ_H
#define IMGCORE_SCANS_READ_H

#include "huffman.h"
#include "scans_rows.h"

#ifdef __BMI2__
#include <immintrin.h>
#endif

/* After a code word and a sign, that many of 56 bits are there at least. */
enum { PREPARED = 39 };

typedef struct {
  const scan_t *scan;
  reader_t reader;
  uint32_t ended; /* blocks to come in which nothing becomes other than zero */
  int32_t previous[MOST_COMPONENTS];
  decoding_t codes[MOST_COMPONENTS];
} reading_t;

static inline bool dc_block(reading_t *reading, int number, int16_t *block) {
  reader_t *reader = &reading->reader;
  const scan_t *scan = reading->scan;
  reader_fill(reader);
  if (scan->before) {
    if (reader_take(reader, 1)) block[0] |= (int16_t)(1 << scan->after);
    return true;
  }
  const int size = reader_symbol(reader, &reading->codes[number]);
  if (size > 15 || size == NO_CODE) return false;
  int32_t *value = &reading->previous[number];
  if (size) *value += reader_number(reader, size);
  const int32_t whole = *value * (1 << scan->after);
  block[0] = (int16_t)whole;
  return block[0] == whole;
}

static inline bool band_block(reading_t *reading, int16_t *block, uint64_t *mask) {
  const scan_t *scan = reading->scan;
  reader_t reader = reading->reader; /* in registers */
  for (int k = scan->first; k <= scan->last; k++) {
    reader_fill(&reader);
    const int symbol = reader_symbol(&reader, reading->codes);
    const int run = symbol >> 4, size = symbol & 15;
    if (symbol == NO_CODE) return false;
    if (size) {
      k += run;
      if (k > scan->last) return false;
      const int32_t value = reader_number(&reader, size) * (1 << scan->after);
      block[k] = (int16_t)value;
      if (block[k] != value) return false;
      *mask |= (uint64_t)1 << (63 - k);
    } else if (symbol == ZEROS) {
      k += 15;
    } else {
      reading->ended = (run ? (1u << run) + reader_take(&reader, run) : 1) - 1;
      break;
    }
  }
  reading->reader = reader;
  return !reader_lacks(&reader);
}

static inline int ones(uint64_t mask) {
#ifdef __BMI2__
  return __builtin_popcountll(mask);
#else
  mask -= mask >> 1 & 0x5555555555555555;
  mask = (mask & 0x3333333333333333) + (mask >> 2 & 0x3333333333333333);
  mask = (mask + (mask >> 4)) & 0x0F0F0F0F0F0F0F0F;
  return (int)(mask * 0x0101010101010101 >> 56);
#endif
}

/* The coefficients of a band that were zero, of which `left` are to come. */
typedef struct {
  uint64_t mask;
  int left;
} zeros_t;

/* The number of the one behind `run` others, COEFFICIENTS if there is none. */
static inline int pass_zeros(zeros_t *zeros, int run) {
  zeros->left -= run + 1;
  if (zeros->left < 0) return COEFFICIENTS;
#ifdef __BMI2__
  return __builtin_clzll(_pdep_u64((uint64_t)1 << zeros->left, zeros->mask));
#else
  for (; run; run--) zeros->mask &= ~top(zeros->mask);
  const int found = __builtin_clzll(zeros->mask);
  zeros->mask &= ~top(zeros->mask);
  return found;
#endif
}

/* One more bit for each coefficient in `mask`, the last in the lowest: a one takes it away from zero. */
static inline void refine(int16_t *block, uint64_t mask, uint64_t bits, int bit) {
#ifdef __BMI2__
  mask = _pdep_u64(bits, mask);
  bits = ~(uint64_t)0;
#endif
  for (; mask; mask &= mask - 1, bits >>= 1) {
    int16_t *value = block + (63 - __builtin_ctzll(mask));
    *value = (int16_t)(*value + (*value >> 15 | 1) * (bit & -(int)(bits & 1)));
  }
}

/* `count` bits more, 63 at most, behind those before. */
static inline uint64_t take_many(reader_t *reader, uint64_t before, int count) {
  if (count > PREPARED) {
    reader_fill(reader);
    before = before << (count - PREPARED) | reader_take(reader, count - PREPARED);
    count = PREPARED;
    reader_fill(reader);
  }
  const uint64_t bits = reader->bits >> 1 >> (63 - count);
  reader->bits <<= count;
  reader->count -= count;
  return before << count | bits;
}

/* Code words tell of what was zero. What was not has a bit each, behind the word that passes it; these
 * are gathered, as the words do not depend on them. */
static inline bool finer_block(reading_t *reading, int16_t *block, uint64_t *mask) {
  const scan_t *scan = reading->scan;
  reader_t reader = reading->reader; /* in registers */
  const int bit = 1 << scan->after;
  const uint64_t band = ~(uint64_t)0 >> scan->first & ~(uint64_t)0 << (63 - scan->last);
  const uint64_t old = *mask & band;
  zeros_t zeros = {.mask = band & ~old, .left = ones(band & ~old)};
  uint64_t bits = 0;
  int lacking = ones(old); /* of these bits */
  for (int k = scan->first; k <= scan->last && !reading->ended;) {
    reader_fill(&reader);
    const int symbol = reader_symbol(&reader, reading->codes);
    const int run = symbol >> 4;
    if (symbol == NO_CODE || (symbol & 15) > 1) return false;
    if (!(symbol & 15) && symbol != ZEROS) {
      reading->ended = run ? (1u << run) + reader_take(&reader, run) : 1;
      break;
    }
    const int value = !(symbol & 1) ? 0 : reader_take(&reader, 1) ? bit : -bit;
    const int at = pass_zeros(&zeros, run);
    const int passed = at < COEFFICIENTS ? at - k - run : lacking;
    bits = take_many(&reader, bits, passed);
    lacking -= passed;
    k = at + 1;
    if (!value) continue;
    if (at == COEFFICIENTS) return false;
    block[at] = (int16_t)value;
    *mask |= (uint64_t)1 << (63 - at);
  }
  if (reading->ended) {
    reader_fill(&reader);
    bits = take_many(&reader, bits, lacking);
    reading->ended--;
  }
  refine(block, old, bits, bit);
  reading->reader = reader;
  return !reader_lacks(&reader);
}

static bool read_band(reading_t *reading, const component_t *component, const row_t *row) {
  for (int y = 0; y < row->rows; y++)
    for (int x = 0; x < component->across; x++) {
      const int at = y * row->stride + x;
      if (reading->ended)
        reading->ended--;
      else if (!band_block(reading, row->blocks[at], &row->masks[at]))
        return false;
    }
  return true;
}

static bool read_finer(reading_t *reading, const component_t *component, const row_t *row) {
  for (int y = 0; y < row->rows; y++)
    for (int x = 0; x < component->across; x++) {
      const int at = y * row->stride + x;
      if (!finer_block(reading, row->blocks[at], &row->masks[at])) return false;
    }
  return true;
}

static bool read_dc(reading_t *reading, const component_t *component, const row_t *row) {
  for (int y = 0; y < row->rows; y++)
    for (int x = 0; x < component->across; x++)
      if (!dc_block(reading, 0, row->blocks[y * row->stride + x]) || reader_lacks(&reading->reader))
        return false;
  return true;
}

static bool read_interleaved_dc(reading_t *reading, const frame_t *frame, const row_t *rows) {
  const scan_t *scan = reading->scan;
  for (int mcu = 0; mcu < frame->across; mcu++) {
    for (int i = 0; i < scan->count; i++) {
      const component_t *component = &frame->components[scan->components[i]];
      const row_t *row = &rows[scan->components[i]];
      for (int y = 0; y < component->v; y++)
        for (int x = 0; x < component->h; x++)
          if (!dc_block(reading, i, row->blocks[y * row->stride + mcu * component->h + x])) return false;
    }
    if (reader_lacks(&reading->reader)) return false;
  }
  return true;
}

static bool read_row(reading_t *reading, const frame_t *frame, const row_t *rows) {
  const scan_t *scan = reading->scan;
  const component_t *component = &frame->components[scan->components[0]];
  const row_t *row = &rows[scan->components[0]];
  if (scan->count > 1) return read_interleaved_dc(reading, frame, rows);
  if (!scan->first) return read_dc(reading, component, row);
  return (scan->before ? read_finer : read_band)(reading, component, row);
}

#endif
