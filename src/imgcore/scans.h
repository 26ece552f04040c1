/* A progressive JPEG's scans as one sequential scan of the same coefficients.
 *
 * All scans are read side by side, a row of MCUs of each at a time, so that no more coefficients than
 * those of such a row are ever held. ITU-T T.81, annexes A.2, F.1 and G.2. */
#ifndef IMGCORE_SCANS_H
#define IMGCORE_SCANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_COMPONENTS = 3, MOST_FACTOR = 4, MOST_MCUS = 8192, TABLE_BYTES = 16 + 256 };

/* `across` and `down` are the blocks in a scan of its own, h and v those in an MCU. A Huffman table
 * is the numbers of its code words of 1 to 16 bits and their symbols; these two are written with. */
typedef struct {
  int across, down, h, v;
  uint8_t dc[TABLE_BYTES], ac[TABLE_BYTES];
} component_t;

/* `alone` is the one component that is written, or -1 for all. */
typedef struct {
  int across, down; /* MCUs */
  int count, alone;
  component_t components[MOST_COMPONENTS];
} frame_t;

/* Coefficients `first` to `last` of one component, or DC of several: their bits from `before` (0 for
 * all above) down to `after`. `tables` are of the DC of each component, or of the one's AC. */
typedef struct {
  const uint8_t *data; /* entropy-coded, with stuffed bytes */
  size_t length;
  int count, components[MOST_COMPONENTS];
  int first, last, before, after;
  uint8_t tables[MOST_COMPONENTS][TABLE_BYTES];
} scan_t;

/* Appends one scan, of all components interleaved or of one, and the end of the image to the `*length`
 * bytes of `data`, which has room for `capacity`. False, with whatever is there then, where a scan is
 * not exactly as it should be, where a number is more than a sequential scan can tell, where the room
 * is too small, and where memory runs out. */
typedef bool scans_t(const frame_t *frame, const scan_t *scans, size_t count, uint8_t *data,
                     size_t *length, size_t capacity);

/* The function for an instruction set by name, where it runs here, or for the fastest one if that
 * is "". */
scans_t *scans_select(const char *level);

#endif
