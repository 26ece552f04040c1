/* Compiled once for each instruction set, with LEVEL its name. All is static but the table. */
#include "convolve_tmpl.h"
#include "kernels.h"
#include "pixel_tmpl.h"
#include "resize_tmpl.h"
#include "separable_tmpl.h"

#define JOIN(a, b) a##b
#define TABLE(level) JOIN(kernels_, level)
#define QUOTE(level) #level
#define NAME(level) QUOTE(level)

const kernels_t TABLE(LEVEL) = {
    .level = NAME(LEVEL),
    .u8 =
        {
            .separable_scratch = separable_scratch,
            .separable = separable,
            .convolve_scratch = convolve_scratch,
            .convolve = convolve,
            .resize_scratch = resize_scratch,
            .resize = resize,
            .grayscale = grayscale,
            .lookup = lookup,
        },
};
