# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
# cython: freethreading_compatible=True, cdivision=True
"""The door to the kernels: buffers become planes, rows become bands, the GIL is let go.

Arrays are (height, width, channels) of uint8 with adjacent pixels, any row stride; taps and curves
are bytes. What a call means, and whether it makes sense, is decided by imgpipe.kernels; here only
what would read or write outside memory is refused.
"""
import os

from cpython.buffer cimport (
    PyBUF_STRIDES, PyBUF_WRITABLE, Py_buffer, PyBuffer_Release, PyObject_GetBuffer,
)
from cython.parallel cimport prange
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc

from kernels cimport (
    border_t, convolution_t, kernels_select, kernels_t, plane_t, resample_t, separable_t,
)


cdef extern from *:
    """
    #ifdef _OPENMP
    enum { HAVE_OPENMP = 1 };
    #else
    enum { HAVE_OPENMP = 0 };
    #endif
    """
    const int HAVE_OPENMP


LEVELS = ("v4", "v3", "base")

cdef const kernels_t *select(level):
    if level is None:
        return kernels_select(NULL)
    name = level.encode()
    cdef const char *chars = name
    return kernels_select(chars)


def _selected():
    level = os.environ.get("IMGPIPE_SIMD") or None
    if select(level) == NULL:
        names = ", ".join(simd_levels())
        raise ImportError(f"Expected IMGPIPE_SIMD to be one of {names} on this machine, got {level!r}")
    return level


def simd_levels():
    """The instruction sets this machine runs, best first."""
    return tuple(level for level in LEVELS if select(level) != NULL)


def simd_level():
    """The instruction set in use."""
    return table.level.decode()


def has_openmp():
    """Whether this build can share a call out over threads."""
    return bool(HAVE_OPENMP)


cdef const kernels_t *table = select(_selected())


cdef class Plane:
    """One array's buffer, held for the length of a call."""
    cdef Py_buffer view
    cdef plane_t plane
    cdef bint held

    def __cinit__(self, array, bint writable):
        PyObject_GetBuffer(array, &self.view, PyBUF_STRIDES | (PyBUF_WRITABLE if writable else 0))
        self.held = True
        if self.view.ndim != 3 or self.view.itemsize != 1:
            raise ValueError("Expected a (height, width, channels) array of uint8")
        if ((self.view.shape[2] != 1 and self.view.strides[2] != 1)
                or (self.view.shape[1] != 1 and self.view.strides[1] != self.view.shape[2])):
            raise ValueError("Expected adjacent pixels in each row")
        if not 1 <= self.view.shape[2] <= 4 or not self.view.shape[0] or not self.view.shape[1]:
            raise ValueError("Expected 1 to 4 channels and at least one pixel")
        self.plane.data = <uint8_t *>self.view.buf
        self.plane.stride = self.view.strides[0]
        self.plane.height = self.view.shape[0]
        self.plane.width = self.view.shape[1]
        self.plane.channels = <int>self.view.shape[2]

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)


cdef int same_size(Plane src, Plane dst) except -1:
    if (src.plane.width != dst.plane.width or src.plane.height != dst.plane.height
            or src.plane.channels != dst.plane.channels):
        raise ValueError("Expected an output of the input's shape")
    return 0


cdef int holds(bytes values, ptrdiff_t count, size_t itemsize) except -1:
    if count <= 0 or <size_t>len(values) != <size_t>count * itemsize:
        raise ValueError(f"Expected {count} values of {itemsize} bytes, got {len(values)} bytes")
    return 0


cdef int bands_of(ptrdiff_t rows, int threads) noexcept:
    return <int>max(1, min(rows, threads if HAVE_OPENMP else 1))


cdef char *scratch_for(size_t size, int bands) except NULL:
    cdef char *memory = <char *>malloc(size * <size_t>bands + 64)
    if memory == NULL:
        raise MemoryError(f"Expected {size * bands} bytes of scratch memory")
    return memory


cdef inline void *scratch_of(char *memory, size_t size, int band) noexcept nogil:
    cdef size_t start = (<size_t>memory + 63) & ~<size_t>63
    return <void *>(start + <size_t>band * size)


def separable(src, dst, bytes kx, bytes ky, bint exact, int bias, int reciprocal, int shift,
              int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    same_size(a, b)
    cdef separable_t plan
    plan.nx, plan.ny = len(kx) // 4, len(ky) // 4
    holds(kx, plan.nx, sizeof(int32_t))
    holds(ky, plan.ny, sizeof(int32_t))
    plan.kx, plan.ky = <const int32_t *><char *>kx, <const int32_t *><char *>ky
    plan.exact, plan.bias, plan.reciprocal, plan.shift = exact, bias, reciprocal, shift
    plan.border = <border_t>border
    cdef ptrdiff_t rows = b.plane.height
    cdef int band, bands = bands_of(rows, threads)
    cdef size_t size = table.u8.separable_scratch(&a.plane, &plan)
    cdef char *memory = scratch_for(size, bands)
    for band in prange(bands, nogil=True, num_threads=bands, use_threads_if=bands > 1):
        table.u8.separable(&a.plane, &b.plane, rows * band // bands, rows * (band + 1) // bands,
                           &plan, scratch_of(memory, size, band))
    free(memory)


def convolve(src, dst, bytes weights, int nx, int ny, bint wide, int shift, int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    same_size(a, b)
    holds(weights, <ptrdiff_t>nx * ny, sizeof(int64_t))
    cdef convolution_t plan
    plan.weights = <const int64_t *><char *>weights
    plan.nx, plan.ny, plan.wide, plan.shift = nx, ny, wide, shift
    plan.border = <border_t>border
    cdef ptrdiff_t rows = b.plane.height
    cdef int band, bands = bands_of(rows, threads)
    cdef size_t size = table.u8.convolve_scratch(&a.plane, &plan)
    cdef char *memory = scratch_for(size, bands)
    for band in prange(bands, nogil=True, num_threads=bands, use_threads_if=bands > 1):
        table.u8.convolve(&a.plane, &b.plane, rows * band // bands, rows * (band + 1) // bands,
                          &plan, scratch_of(memory, size, band))
    free(memory)


cdef resample_t axis(bytes start, bytes weights, ptrdiff_t outputs, ptrdiff_t inputs) except *:
    holds(start, outputs, sizeof(int32_t))
    cdef resample_t plan
    plan.start, plan.weights = <const int32_t *><char *>start, <const int32_t *><char *>weights
    plan.taps = <int>(<ptrdiff_t>len(weights) // 4 // outputs)
    holds(weights, outputs * plan.taps, sizeof(int32_t))
    for i in range(outputs):
        if plan.start[i] < 0 or plan.start[i] + plan.taps > inputs:
            raise ValueError(f"Expected taps inside the {inputs} inputs, got a start of {plan.start[i]}")
    return plan


def resize(src, dst, bytes column_start, bytes column_weights, bytes row_start, bytes row_weights,
           int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    if a.plane.channels != b.plane.channels:
        raise ValueError("Expected an output of the input's channels")
    cdef resample_t columns = axis(column_start, column_weights, b.plane.width, a.plane.width)
    cdef resample_t lines = axis(row_start, row_weights, b.plane.height, a.plane.height)
    cdef ptrdiff_t rows = b.plane.height
    cdef int band, bands = bands_of(rows, threads)
    cdef size_t size = table.u8.resize_scratch(&a.plane, &lines)
    cdef char *memory = scratch_for(size, bands)
    for band in prange(bands, nogil=True, num_threads=bands, use_threads_if=bands > 1):
        table.u8.resize(&a.plane, &b.plane, rows * band // bands, rows * (band + 1) // bands,
                        &columns, &lines, scratch_of(memory, size, band))
    free(memory)


def grayscale(src, dst, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    if (a.plane.width != b.plane.width or a.plane.height != b.plane.height
            or a.plane.channels < 3 or b.plane.channels != a.plane.channels - 2):
        raise ValueError("Expected an output of the input's size with two channels less")
    cdef ptrdiff_t rows = b.plane.height
    cdef int band, bands = bands_of(rows, threads)
    for band in prange(bands, nogil=True, num_threads=bands, use_threads_if=bands > 1):
        table.u8.grayscale(&a.plane, &b.plane, rows * band // bands, rows * (band + 1) // bands)


def lookup(src, dst, bytes curve, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    same_size(a, b)
    holds(curve, 256, sizeof(uint8_t))
    cdef const uint8_t *values = <const uint8_t *><char *>curve
    cdef ptrdiff_t rows = b.plane.height
    cdef int band, bands = bands_of(rows, threads)
    for band in prange(bands, nogil=True, num_threads=bands, use_threads_if=bands > 1):
        table.u8.lookup(&a.plane, &b.plane, rows * band // bands, rows * (band + 1) // bands,
                        values)
