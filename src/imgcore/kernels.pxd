from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t


cdef extern from "kernels.h" nogil:
    ctypedef struct plane_t:
        uint8_t *data
        ptrdiff_t stride, width, height
        int channels

    ctypedef struct kernel_t:
        size_t (*scratch)(const plane_t *, const plane_t *, const void *) noexcept nogil
        void (*run)(const plane_t *, const plane_t *, ptrdiff_t, ptrdiff_t, const void *,
                    void *) noexcept nogil

    ctypedef enum border_t:
        pass

    ctypedef enum sum_t:
        SUM_EXACT, SUM_SMOOTH, SUM_FLOAT, SUM_DOUBLE

    ctypedef struct separable_t:
        const void *kx
        const void *ky
        int nx, ny
        sum_t sum
        uint16_t bias, reciprocal
        int shift
        border_t border

    ctypedef struct box_t:
        int radius, shift
        uint16_t reciprocal
        int64_t area
        border_t border

    ctypedef struct decimated_t:
        const uint16_t *down
        const uint16_t *blur
        const uint16_t *up
        const int32_t *up_start
        int factor, down_taps, blur_taps, up_taps, reach
        border_t border

    const int CONVOLVE_MOST_WORDS

    ctypedef enum weights_t:
        WEIGHTS_WORDS, WEIGHTS_PAIRS, WEIGHTS_FLOATS, WEIGHTS_DOUBLES

    ctypedef struct convolution_t:
        const void *weights
        int nx, ny
        weights_t kind
        int shift
        border_t border

    ctypedef struct resample_t:
        const int32_t *start
        const void *weights
        int taps, shift

    ctypedef struct resize_t:
        resample_t columns, rows
        int floats, max_columns

    ctypedef enum luma_t:
        LUMA_601, LUMA_709

    ctypedef struct saturate_t:
        luma_t standard
        float factor

    ctypedef struct linear_t:
        float pivot, scale, offset, low, high

    ctypedef struct lookup_t:
        const void *curve
        int32_t entries

    ctypedef struct tiles_t:
        ptrdiff_t columns, rows, width, height

    ctypedef struct histogram_t:
        tiles_t tiles
        int lumas

    ctypedef struct equalizers_t:
        tiles_t tiles
        uint32_t most

    ctypedef struct adapt_t:
        tiles_t tiles
        plane_t curves

    ctypedef struct composite_t:
        plane_t overlay
        ptrdiff_t x, y
        float opacity

    ctypedef enum move_t:
        MOVE_TRANSPOSE

    ctypedef struct median_t:
        int size
        border_t border

    ctypedef struct unsharp_t:
        const void *weights
        int taps
        sum_t sum
        float amount, threshold
        border_t border

    ctypedef struct rotate_t:
        double x, xx, xy, y, yx, yy
        int taps
        const void *fill

    ctypedef struct kernels_t:
        const char *level
        kernel_t separable, box, decimated, convolve, resize, pick
        kernel_t grayscale, linear, lookup, saturate, relight
        kernel_t histogram, equalizers, adapt, composite
        kernel_t move, median, sobel, unsharp, rotate

    enum:
        DEPTH_U8, DEPTH_U16, DEPTH_F32

    const kernels_t *const *kernels_select(const char *level)
