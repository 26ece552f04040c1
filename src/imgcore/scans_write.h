/* A row of MCUs into a sequential scan. ITU-T T.81, annex F.1. */
#ifndef IMGCORE_SCANS_WRITE_H
#define IMGCORE_SCANS_WRITE_H

#include "huffman.h"
#include "scans_rows.h"

enum { MOST_DC_BITS = 11, MOST_AC_BITS = 10, BLOCK_BYTES = 512 };

typedef struct {
  int32_t previous;
  coding_t dc, ac;
} writing_t;

/* A code word, and `size` bits of `value`. */
static inline void put_word(writer_t *writer, uint32_t word, uint32_t value, int size) {
  const uint32_t bits = value & ((1u << size) - 1);
  writer_put(writer, word >> 8 << size | bits, (int)(word & 255) + size);
}

static inline bool put_number(writer_t *writer, const coding_t *codes, int run, int value, int most) {
  const int size = 31 - __builtin_clz((uint32_t)abs(value) << 1 | 1);
  const uint32_t word = codes->words[(run << 4 | size) & 255];
  if (size > most || !word) return false;
  put_word(writer, word, (uint32_t)(value - (value < 0)), size);
  return true;
}

/* Leaves no AC behind, for the block below. */
static bool put_block(writer_t *writer, writing_t *writing, const row_t *row, int at) {
  const int16_t *block = row->blocks[at];
  uint64_t mask = row->masks[at];
  row->masks[at] = 0;
  if (!writer_room(writer, BLOCK_BYTES)) return false;
  writer_t out = *writer;
  if (!put_number(&out, &writing->dc, 0, block[0] - writing->previous, MOST_DC_BITS)) return false;
  writing->previous = block[0];
  int before = 0;
  while (mask) {
    const int k = __builtin_clzll(mask);
    int run = k - before - 1;
    for (; run > 15; run -= 16) put_word(&out, writing->ac.words[ZEROS], 0, 0);
    if (!block[k] || !put_number(&out, &writing->ac, run, block[k], MOST_AC_BITS)) return false;
    mask &= ~top(mask);
    before = k;
  }
  if (before < COEFFICIENTS - 1) put_word(&out, writing->ac.words[BLOCK_ENDS], 0, 0);
  *writer = out;
  return true;
}

static bool write_alone(writer_t *writer, writing_t *writing, int across, const row_t *row) {
  for (int y = 0; y < row->rows; y++)
    for (int x = 0; x < across; x++)
      if (!put_block(writer, writing, row, y * row->stride + x)) return false;
  return true;
}

static bool write_interleaved(writer_t *writer, writing_t *writings, const frame_t *frame,
                              const row_t *rows) {
  for (int mcu = 0; mcu < frame->across; mcu++)
    for (int i = 0; i < frame->count; i++) {
      const int h = frame->components[i].h, v = frame->components[i].v;
      const row_t *row = &rows[i];
      for (int y = 0; y < v; y++)
        for (int x = 0; x < h; x++)
          if (!put_block(writer, &writings[i], row, y * row->stride + mcu * h + x)) return false;
    }
  return true;
}

static bool write_row(writer_t *writer, writing_t *writings, const frame_t *frame, const row_t *rows) {
  const int alone = frame->alone;
  if (alone < 0) return write_interleaved(writer, writings, frame, rows);
  return write_alone(writer, &writings[alone], frame->components[alone].across, &rows[alone]);
}

#endif
