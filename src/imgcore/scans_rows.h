/* What lies between reading scans and writing one: a row of MCUs. */
#ifndef IMGCORE_SCANS_ROWS_H
#define IMGCORE_SCANS_ROWS_H

#include "scans.h"

enum { COEFFICIENTS = 64, NO_CODE = -1, ZEROS = 0xF0, BLOCK_ENDS = 0x00 };

/* One component's blocks, in `rows` that lie `stride` apart: coefficients in zigzag order, and which
 * of AC's are not zero, number k being bit 63 - k; those that are may lie there as anything. */
typedef struct {
  int stride, rows;
  int16_t (*blocks)[COEFFICIENTS];
  uint64_t *masks;
} row_t;

/* The highest one of what is not 0. */
static inline uint64_t top(uint64_t mask) { return (uint64_t)1 << 63 >> __builtin_clzll(mask); }

#endif
