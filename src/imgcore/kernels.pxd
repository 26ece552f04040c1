from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t


cdef extern from "kernels.h" nogil:
    ctypedef struct plane_t:
        uint8_t *data
        ptrdiff_t stride, width, height
        int channels

    ctypedef enum border_t:
        pass

    ctypedef struct separable_t:
        const int32_t *kx
        const int32_t *ky
        int nx, ny, exact
        uint16_t bias, reciprocal
        int shift
        border_t border

    ctypedef struct convolution_t:
        const int64_t *weights
        int nx, ny, wide, shift
        border_t border

    ctypedef struct resample_t:
        const int32_t *start
        const int32_t *weights
        int taps

    ctypedef struct depth_kernels_t:
        size_t (*separable_scratch)(const plane_t *, const separable_t *) noexcept nogil
        void (*separable)(const plane_t *, const plane_t *, ptrdiff_t, ptrdiff_t,
                          const separable_t *, void *) noexcept nogil
        size_t (*convolve_scratch)(const plane_t *, const convolution_t *) noexcept nogil
        void (*convolve)(const plane_t *, const plane_t *, ptrdiff_t, ptrdiff_t,
                         const convolution_t *, void *) noexcept nogil
        size_t (*resize_scratch)(const plane_t *, const resample_t *) noexcept nogil
        void (*resize)(const plane_t *, const plane_t *, ptrdiff_t, ptrdiff_t,
                       const resample_t *, const resample_t *, void *) noexcept nogil
        void (*grayscale)(const plane_t *, const plane_t *, ptrdiff_t, ptrdiff_t) noexcept nogil
        void (*lookup)(const plane_t *, const plane_t *, ptrdiff_t, ptrdiff_t,
                       const uint8_t *) noexcept nogil

    ctypedef struct kernels_t:
        const char *level
        depth_kernels_t u8

    const kernels_t *kernels_select(const char *level)
