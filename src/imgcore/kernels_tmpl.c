/* Compiled once for each depth and instruction set, with LEVEL and DEPTH their names. All is static
 * but the table. */
#include "composite_tmpl.h"
#include "convolve_tmpl.h"
#include "grayscale_tmpl.h"
#include "histogram_tmpl.h"
#include "kernels.h"
#include "median_tmpl.h"
#include "move_tmpl.h"
#include "resize_tmpl.h"
#include "separable_tmpl.h"
#include "box_tmpl.h" /* takes border_words from there */
#include "sobel_tmpl.h"
#include "tone_tmpl.h"
#include "unsharp_tmpl.h"
#include "warp_tmpl.h"

#define JOIN4(a, b, c, d) a##b##c##d
#define TABLE(level, depth) JOIN4(kernels_, level, _, depth)
#define QUOTE(level) #level
#define NAME(level) QUOTE(level)

extern const kernels_t TABLE(LEVEL, DEPTH);
const kernels_t TABLE(LEVEL, DEPTH) = {
    .level = NAME(LEVEL),
    .separable = {separable_scratch, separable},
    .resize = {resize_scratch, resize},
    .pick = {NULL, pick},
#if DEPTH != 32
    .box = {box_scratch, box},
#endif
    .convolve = {convolve_scratch, convolve},
    .move = {NULL, move},
    .median = {median_scratch, median},
    .sobel = {sobel_scratch, sobel},
    .unsharp = {unsharp_scratch, unsharp},
    .rotate = {NULL, rotate},
#if DEPTH == 8
    .decimated = {decimated_scratch, decimated},
#endif
    .grayscale = {NULL, grayscale},
    .linear = {NULL, linear},
    .lookup = {NULL, lookup},
    .saturate = {line_scratch, saturate},
    .relight = {relight_scratch, relight},
    .histogram = {histogram_scratch, histogram},
    .equalizers = {histogram_scratch, equalizers},
    .adapt = {adapt_scratch, adapt},
    .composite = {composite_scratch, composite},
};
