/* Vector primitives, for loops that compilers do not vectorise well by themselves.
 *
 * Each is written for AVX2, for SSE2, and in plain C, which is its meaning: lanes are numbered in
 * memory's order, and "in order" means that lanes keep it. The zips and vec_pack32 work within
 * groups of 16 bytes, as the processors do; packing what was zipped gives the order back.
 * VEC_SHUFFLES says whether vec_shuffle8, which works within such groups too, is an instruction. */
#ifndef IMGCORE_VEC_H
#define IMGCORE_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VEC_INLINE static inline __attribute__((always_inline, unused))

#if defined(IMGCORE_PLAIN) /* to try the plain meaning where there is something better */
#include "vec_plain.h"
#elif defined(__AVX2__)
#include "vec_avx2.h"
#elif defined(__SSE2__)
#include "vec_sse2.h"
#else
#include "vec_plain.h"
#endif

#endif
