/* Loops that know what they go over. */
#ifndef IMGCORE_BLOCKS_H
#define IMGCORE_BLOCKS_H

#include "vec.h"

/* Over a row in blocks of vectors. STEP(i, vectors) handles the VEC * vectors samples from i on, with
 * `vectors` a constant. The last block overlaps the one before it, so n must be at least VEC. */
#define OVER_BLOCKS(n, vectors, STEP)                                 \
  do {                                                                \
    ptrdiff_t i_ = 0;                                                 \
    for (; i_ + (vectors) * VEC <= (n); i_ += (vectors) * VEC) {      \
      STEP(i_, vectors);                                              \
    }                                                                 \
    for (; i_ + VEC <= (n); i_ += VEC) {                              \
      STEP(i_, 1);                                                    \
    }                                                                 \
    if (i_ < (n)) {                                                   \
      STEP((n) - VEC, 1);                                             \
    }                                                                 \
  } while (0)

/* CALL(1) to CALL(4), so that each is compiled for its number of channels. */
#define WITH_CHANNELS(channels, CALL) \
  switch (channels) {                 \
    case 1: CALL(1); break;           \
    case 2: CALL(2); break;           \
    case 3: CALL(3); break;           \
    default: CALL(4);                 \
  }

#endif
