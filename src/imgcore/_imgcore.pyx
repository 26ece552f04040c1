# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
# cython: freethreading_compatible=True, cdivision=True
"""The door to the kernels: buffers become planes, rows become bands, the GIL is let go.

Arrays are (height, width, channels) of uint8, uint16 or float32 with adjacent pixels, any row
stride; taps and curves are bytes. What a call means, and whether it makes sense, is decided by
imgpipe.kernels; here only what would read or write outside memory is refused.
"""
import os

from cpython.buffer cimport (
    PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, Py_buffer, PyBuffer_Release, PyObject_GetBuffer,
)
from cython.parallel cimport prange
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport INT32_MAX, int16_t, int32_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc

from kernels cimport (
    CONVOLVE_MOST_WORDS, DEPTH_F32, DEPTH_U16, DEPTH_U8, LUMA_601, LUMA_709, MOVE_TRANSPOSE, SUM_DOUBLE, SUM_FLOAT,
    SUM_SMOOTH, WEIGHTS_FLOATS, WEIGHTS_PAIRS, WEIGHTS_WORDS, adapt_t, border_t, box_t, composite_t,
    convolution_t, decimated_t, equalizers_t, histogram_t, kernel_t, kernels_select, kernels_t, linear_t,
    lookup_t, luma_t, median_t, move_t, plane_t, resample_t, resize_t, rotate_t,
    saturate_t, separable_t, sum_t, tiles_t, unsharp_t, weights_t,
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
FARTHEST = 1 << 30

cdef const kernels_t *const *select(level):
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
    return tables[0].level.decode()


def has_openmp():
    """Whether this build can share a call out over threads."""
    return bool(HAVE_OPENMP)


cdef const kernels_t *const *tables = select(_selected())


cdef class Plane:
    """One array's buffer, held for the length of a call."""
    cdef Py_buffer view
    cdef plane_t plane
    cdef const kernels_t *kernels
    cdef int itemsize
    cdef bint held

    def __cinit__(self, array, bint writable):
        PyObject_GetBuffer(array, &self.view, PyBUF_STRIDES | PyBUF_FORMAT
                           | (PyBUF_WRITABLE if writable else 0))
        self.held = True
        self.itemsize = <int>self.view.itemsize
        self.kernels = tables[self.depth()]
        if self.view.ndim != 3:
            raise ValueError("Expected a (height, width, channels) array")
        if ((self.view.shape[2] != 1 and self.view.strides[2] != self.itemsize)
                or (self.view.shape[1] != 1
                    and self.view.strides[1] != self.view.shape[2] * self.itemsize)):
            raise ValueError("Expected adjacent pixels in each row")
        if not 1 <= self.view.shape[2] <= 4 or not self.view.shape[0] or not self.view.shape[1]:
            raise ValueError("Expected 1 to 4 channels and at least one pixel")
        self.plane.data = <uint8_t *>self.view.buf
        self.plane.stride = self.view.strides[0]
        self.plane.height = self.view.shape[0]
        self.plane.width = self.view.shape[1]
        self.plane.channels = <int>self.view.shape[2]

    cdef int depth(self) except -1:
        cdef char format = self.view.format[0]
        if format == b"B":
            return DEPTH_U8
        if format == b"H":
            return DEPTH_U16
        if format == b"f":
            return DEPTH_F32
        raise TypeError("Expected an array of uint8, uint16 or float32")

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)


cdef int same_samples(Plane src, Plane dst) except -1:
    if src.plane.channels != dst.plane.channels or src.kernels != dst.kernels:
        raise ValueError("Expected an output of the input's channels and dtype")
    return 0


cdef int same_size(Plane src, Plane dst) except -1:
    if src.plane.width != dst.plane.width or src.plane.height != dst.plane.height:
        raise ValueError("Expected an output of the input's size")
    return 0


cdef int alike(Plane src, Plane dst) except -1:
    same_samples(src, dst)
    return same_size(src, dst)


cdef int holds(bytes values, ptrdiff_t count, size_t itemsize) except -1:
    if count <= 0 or <size_t>len(values) != <size_t>count * itemsize:
        raise ValueError(f"Expected {count} values of {itemsize} bytes, got {len(values)} bytes")
    return 0


cdef int run(const kernel_t *kernel, Plane src, Plane dst, const void *plan, int threads) except -1:
    """Share the rows of `dst` out over bands, one for each thread, by pairs of rows."""
    if kernel.run == NULL:
        raise TypeError("Expected an array of uint8")
    cdef ptrdiff_t rows = dst.plane.height, pairs = (rows + 1) // 2
    cdef int band, bands = <int>max(1, min(pairs, threads if HAVE_OPENMP else 1))
    cdef size_t size = 0
    if kernel.scratch != NULL:
        size = (kernel.scratch(&src.plane, &dst.plane, plan) + 63) & ~<size_t>63
    cdef char *memory = <char *>malloc(size * <size_t>bands + 64)
    if memory == NULL:
        raise MemoryError(f"Expected {size * bands} bytes of scratch memory")
    cdef size_t start = (<size_t>memory + 63) & ~<size_t>63
    for band in prange(bands, nogil=True, num_threads=bands, use_threads_if=bands > 1):
        kernel.run(&src.plane, &dst.plane, 2 * (pairs * band // bands),
                   min(rows, 2 * (pairs * (band + 1) // bands)), plan,
                   <void *>(start + <size_t>band * size))
    free(memory)
    return 0


def separable(src, dst, bytes kx, bytes ky, int sum, int bias, int reciprocal, int shift,
              int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef separable_t plan
    cdef size_t item = 8 if sum == SUM_DOUBLE else 4 if sum == SUM_FLOAT else 2
    if item == 2 and a.itemsize != 1:
        raise ValueError("Expected real taps for another dtype than uint8")
    plan.nx, plan.ny = <int>(len(kx) // item), <int>(len(ky) // item)
    holds(kx, plan.nx, item)
    holds(ky, plan.ny, item)
    if sum == SUM_SMOOTH and (plan.nx % 2 == 0 or plan.ny % 2 == 0):
        raise ValueError("Expected an odd number of taps")
    plan.kx, plan.ky = <const void *><char *>kx, <const void *><char *>ky
    plan.sum, plan.bias, plan.reciprocal, plan.shift = <sum_t>sum, bias, reciprocal, shift
    plan.border = <border_t>border
    run(&a.kernels.separable, a, b, &plan, threads)


def box(src, dst, int radius, int reciprocal, int shift, int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef box_t plan
    if not 0 <= radius <= 2047 or (reciprocal and not 16 <= shift < 32):
        raise ValueError("Expected a radius from 0 to 2047, and a shift from 16 to 31")
    plan.radius, plan.reciprocal, plan.shift = radius, reciprocal, shift
    plan.area = (2 * radius + 1) ** 2
    plan.border = <border_t>border
    run(&a.kernels.box, a, b, &plan, threads)


def decimated(src, dst, bytes down, bytes blur, bytes up, bytes up_start, int factor, int reach,
              int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef decimated_t plan
    plan.factor, plan.reach, plan.border = factor, reach, <border_t>border
    plan.down_taps, plan.blur_taps = <int>(len(down) // 2), <int>(len(blur) // 2)
    holds(down, plan.down_taps, 2)
    holds(blur, plan.blur_taps, 2)
    holds(up_start, factor, 4)
    plan.up_taps = <int>(len(up) // 2 // factor)
    holds(up, factor * plan.up_taps, 2)
    plan.down, plan.blur = <const uint16_t *><char *>down, <const uint16_t *><char *>blur
    plan.up, plan.up_start = <const uint16_t *><char *>up, <const int32_t *><char *>up_start
    if reach < 0 or plan.down_taps < factor or (plan.down_taps - factor) % 2 or plan.blur_taps % 2 == 0:
        raise ValueError("Expected taps around the middle of a cell")
    for i in range(factor):
        if plan.up_start[i] < 0 or plan.up_start[i] + plan.up_taps > 2 * reach + 1:
            raise ValueError("Expected taps within reach")
    run(&a.kernels.decimated, a, b, &plan, threads)


cdef int words(bytes weights, ptrdiff_t count) except -1:
    holds(weights, count, sizeof(int16_t))
    cdef const int16_t *each = <const int16_t *><char *>weights
    cdef int total = sum([abs(each[i]) for i in range(count)])
    if total > CONVOLVE_MOST_WORDS:
        raise ValueError(f"Expected weights of at most {CONVOLVE_MOST_WORDS} in all, got {total}")
    return 0


def convolve(src, dst, bytes weights, int nx, int ny, int kind, int shift, int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    if kind in (WEIGHTS_WORDS, WEIGHTS_PAIRS) and a.itemsize != 1:
        raise ValueError("Expected real weights for another dtype than uint8")
    if kind == WEIGHTS_WORDS:
        words(weights, <ptrdiff_t>nx * ny)
    elif kind == WEIGHTS_PAIRS:
        holds(weights, <ptrdiff_t>((nx + 1) // 2 * 2) * ny, 2)
    else:
        holds(weights, <ptrdiff_t>nx * ny, 4 if kind == WEIGHTS_FLOATS else 8)
    cdef convolution_t plan
    plan.weights = <const void *><char *>weights
    plan.nx, plan.ny, plan.kind, plan.shift = nx, ny, <weights_t>kind, shift
    plan.border = <border_t>border
    run(&a.kernels.convolve, a, b, &plan, threads)


cdef const int32_t *starts(bytes values, ptrdiff_t outputs, ptrdiff_t inputs) except NULL:
    holds(values, outputs, sizeof(int32_t))
    cdef const int32_t *start = <const int32_t *><char *>values
    cdef int32_t last = 0
    for i in range(outputs):
        if start[i] < last or start[i] >= inputs:
            raise ValueError(f"Expected starts that go on inside the {inputs} inputs")
        last = start[i]
    return start


cdef resample_t axis(bytes start, bytes weights, int shift, bint floats, ptrdiff_t outputs,
                     ptrdiff_t inputs) except *:
    cdef resample_t plan
    cdef ptrdiff_t item = 4 if floats else 2, each = len(weights) // item // outputs
    plan.start = starts(start, outputs, inputs)
    holds(weights, outputs * each, item)
    plan.weights = <const void *><char *>weights
    plan.shift = shift
    plan.taps = <int>each
    cdef int32_t last = plan.start[outputs - 1]
    if not floats:
        if each % 2 or not 7 <= shift <= 30:
            raise ValueError("Expected an even number of weights, scaled by 2**7 to 2**30")
        plan.taps -= last + plan.taps > inputs  # the zero behind an odd number
    if last + plan.taps > inputs:
        raise ValueError(f"Expected taps inside the {inputs} inputs")
    return plan


def resize(src, dst, bytes column_start, bytes column_weights, int column_shift, bytes row_start,
           bytes row_weights, int row_shift, bint floats, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    same_samples(a, b)
    if not floats and (a.itemsize != 1 or a.plane.channels % 2 == 0):
        raise ValueError("Expected float weights but for uint8 without alpha")
    cdef resize_t plan
    plan.floats = floats
    plan.max_columns = <int>min(b.plane.width, 2048)
    plan.columns = axis(column_start, column_weights, column_shift, floats, b.plane.width,
                        a.plane.width)
    plan.rows = axis(row_start, row_weights, row_shift, floats, b.plane.height, a.plane.height)
    run(&a.kernels.resize, a, b, &plan, threads)


def pick(src, dst, bytes column_start, bytes row_start, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    same_samples(a, b)
    cdef resize_t plan
    plan.columns.start = starts(column_start, b.plane.width, a.plane.width)
    plan.rows.start = starts(row_start, b.plane.height, a.plane.height)
    run(&a.kernels.pick, a, b, &plan, threads)


cdef luma_t luma(int standard) except *:
    if standard != LUMA_601 and standard != LUMA_709:
        raise ValueError(f"Expected a standard for luma, got {standard}")
    return <luma_t>standard


def grayscale(src, dst, int standard, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    same_size(a, b)
    if a.kernels != b.kernels or not 1 <= b.plane.channels <= a.plane.channels - 2:
        raise ValueError("Expected an output of the input's dtype, with two channels less")
    cdef luma_t plan = luma(standard)
    run(&a.kernels.grayscale, a, b, &plan, threads)


def saturate(src, dst, int standard, float factor, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    if a.plane.channels < 3:
        raise ValueError("Expected 3 or 4 channels")
    cdef saturate_t plan
    plan.standard, plan.factor = luma(standard), factor
    run(&a.kernels.saturate, a, b, &plan, threads)


def linear(src, dst, float pivot, float scale, float offset, float low, float high, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef linear_t plan
    plan.pivot, plan.scale, plan.offset, plan.low, plan.high = pivot, scale, offset, low, high
    run(&a.kernels.linear, a, b, &plan, threads)


cdef lookup_t as_curve(bytes curve, Plane of) except *:
    cdef lookup_t plan
    cdef ptrdiff_t entries = <ptrdiff_t>len(curve) // of.itemsize
    if of.itemsize == 4 and not 2 <= entries <= INT32_MAX:
        raise ValueError("Expected a curve of two values or more")
    holds(curve, entries if of.itemsize == 4 else levels(of), of.itemsize)
    plan.curve, plan.entries = <const void *><char *>curve, <int32_t>entries
    return plan


def lookup(src, dst, bytes curve, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef lookup_t plan = as_curve(curve, a)
    run(&a.kernels.lookup, a, b, &plan, threads)


def relight(src, dst, bytes curve, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef lookup_t plan = as_curve(curve, a)
    run(&a.kernels.relight, a, b, &plan, threads)


cdef ptrdiff_t levels(Plane plane) noexcept:
    """How many levels samples have; floats count as if they were uint16."""
    return 256 if plane.itemsize == 1 else 65536


cdef tiles_t layout(ptrdiff_t columns, ptrdiff_t rows, ptrdiff_t width, ptrdiff_t height) except *:
    if min(columns, rows, width, height) < 1:
        raise ValueError("Expected at least one tile of at least one pixel")
    cdef tiles_t tiles
    tiles.columns, tiles.rows, tiles.width, tiles.height = columns, rows, width, height
    return tiles


def histogram(src, counts, int columns, int rows, int width, int height, bint lumas, int threads):
    """Into `counts`, the bytes of (rows, columns * levels) counts of uint32, as four channels."""
    cdef Plane a = Plane(src, False), b = Plane(counts, True)
    cdef histogram_t plan
    plan.tiles, plan.lumas = layout(columns, rows, width, height), lumas
    if (b.itemsize != 1 or b.plane.channels != 4 or b.plane.height != rows
            or b.plane.width != columns * levels(a)):
        raise ValueError(f"Expected room for {rows} x {columns} histograms")
    run(&a.kernels.histogram, a, b, &plan, threads)


cdef int are_curves(Plane curves, Plane of, tiles_t tiles) except -1:
    if (curves.itemsize != 2 or curves.plane.channels != 1 or curves.plane.height != tiles.rows
            or curves.plane.width != tiles.columns * levels(of)):
        raise ValueError(f"Expected {tiles.rows} x {tiles.columns} curves of uint16")
    return 0


def equalizers(src, curves, int columns, int rows, int width, int height, uint32_t most,
               int threads):
    """Into `curves`, (rows, columns * levels, 1) of uint16."""
    cdef Plane a = Plane(src, False), b = Plane(curves, True)
    cdef equalizers_t plan
    plan.tiles, plan.most = layout(columns, rows, width, height), most
    are_curves(b, a, plan.tiles)
    run(&a.kernels.equalizers, a, b, &plan, threads)


def adapt(src, dst, curves, int columns, int rows, int width, int height, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True), by = Plane(curves, False)
    alike(a, b)
    cdef adapt_t plan
    plan.tiles, plan.curves = layout(columns, rows, width, height), by.plane
    are_curves(by, a, plan.tiles)
    run(&a.kernels.adapt, a, b, &plan, threads)


def composite(src, dst, overlay, ptrdiff_t x, ptrdiff_t y, float opacity, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True), over = Plane(overlay, False)
    alike(a, b)
    if over.kernels != a.kernels or (a.plane.channels < 3 and over.plane.channels > 2):
        raise ValueError("Expected an overlay of the input's dtype, grey over a grey one")
    if max(abs(x), abs(y)) > FARTHEST:
        raise ValueError(f"Expected a position within {FARTHEST} pixels, got {(x, y)}")
    cdef composite_t plan
    plan.overlay, plan.x, plan.y, plan.opacity = over.plane, x, y, opacity
    run(&a.kernels.composite, a, b, &plan, threads)


def move(src, dst, int how, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    cdef move_t plan = <move_t>how
    same_samples(a, b)
    if plan != MOVE_TRANSPOSE:
        same_size(a, b)
    elif a.plane.width != b.plane.height or a.plane.height != b.plane.width:
        raise ValueError("Expected an output of the input's turned size")
    run(&a.kernels.move, a, b, &plan, threads)


def median(src, dst, int size, int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef median_t plan
    plan.size, plan.border = size, <border_t>border
    if size != 3 and size != 5:
        raise ValueError(f"Expected a size of 3 or 5, got {size}")
    run(&a.kernels.median, a, b, &plan, threads)


def sobel(src, dst, int border, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef border_t plan = <border_t>border
    run(&a.kernels.sobel, a, b, &plan, threads)


def unsharp(src, dst, bytes weights, int sum, double amount, double threshold, int border,
            int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    alike(a, b)
    cdef unsharp_t plan
    cdef size_t item = 2 if sum == SUM_SMOOTH else 4
    plan.taps = <int>(len(weights) // item)
    holds(weights, plan.taps, item)
    if plan.taps % 2 == 0 or (sum == SUM_SMOOTH and a.itemsize != 1) or sum == SUM_DOUBLE:
        raise ValueError("Expected an odd number of taps, real for another dtype than uint8")
    if not 0 <= amount < 16 or not 0 <= threshold <= 65535:
        raise ValueError("Expected an amount below 16 and a threshold of the dtype")
    plan.weights, plan.sum = <const void *><char *>weights, <sum_t>sum
    plan.amount, plan.threshold, plan.border = amount, threshold, <border_t>border
    run(&a.kernels.unsharp, a, b, &plan, threads)


def rotate(src, dst, tuple origin, double cosine, double sine, int taps, bytes fill, int threads):
    cdef Plane a = Plane(src, False), b = Plane(dst, True)
    same_samples(a, b)
    holds(fill, a.plane.channels, a.itemsize)
    cdef rotate_t plan
    plan.x, plan.y = origin
    plan.xx, plan.xy, plan.yx, plan.yy = cosine, sine, -sine, cosine
    plan.taps, plan.fill = taps, <const void *><char *>fill
    if not abs(plan.x) + abs(plan.y) < 1e12 or not abs(cosine) + abs(sine) <= 2:
        raise ValueError("Expected an origin, a cosine and a sine")
    run(&a.kernels.rotate, a, b, &plan, threads)
