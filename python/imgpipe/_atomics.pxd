# For Cython code that counts without the GIL through the objects that Python holds. What is inline
# here costs there no more than the atomic instruction. The header is in imgpipe.metrics.get_include().
cimport cython
from libc.stdint cimport int64_t, uint64_t

from imgpipe.atomics cimport (
    cell_add, cell_load, cell_lower, cell_raise, cell_store, cell_t, histogram_record, histogram_t,
    memory_order_acquire, memory_order_relaxed, memory_order_release,
)


cdef class AtomicCounter:
    cdef cell_t *cell

    @cython.final
    cdef inline void count(self, uint64_t n) noexcept nogil:
        cell_add(self.cell, n, memory_order_relaxed)

    @cython.final
    cdef inline uint64_t load(self) noexcept nogil:
        return cell_load(self.cell, memory_order_acquire)


cdef class AtomicGauge:
    cdef cell_t *cell

    @cython.final
    cdef inline void change(self, int64_t n) noexcept nogil:
        cell_add(self.cell, <uint64_t>n, memory_order_relaxed)

    @cython.final
    cdef inline void put(self, int64_t value) noexcept nogil:
        cell_store(self.cell, <uint64_t>value)

    @cython.final
    cdef inline int64_t load(self) noexcept nogil:
        return <int64_t>cell_load(self.cell, memory_order_acquire)


cdef class AtomicMinMax:
    cdef cell_t *cells

    @cython.final
    cdef inline void take(self, uint64_t value) noexcept nogil:
        cell_lower(&self.cells[0], value)
        cell_raise(&self.cells[1], value)


cdef class Histogram:
    cdef histogram_t histogram

    @cython.final
    cdef inline void take(self, uint64_t value) noexcept nogil:
        histogram_record(&self.histogram, value)


cdef class Collector:
    cdef cell_t *cells  # requests, errors, bytes sent, active connections

    @cython.final
    cdef inline void count_request(self) noexcept nogil:
        cell_add(&self.cells[0], 1, memory_order_release)

    @cython.final
    cdef inline void count_error(self) noexcept nogil:
        cell_add(&self.cells[1], 1, memory_order_release)

    @cython.final
    cdef inline void count_bytes(self, uint64_t n) noexcept nogil:
        cell_add(&self.cells[2], n, memory_order_release)

    @cython.final
    cdef inline void count_connections(self, int64_t n) noexcept nogil:
        cell_add(&self.cells[3], <uint64_t>n, memory_order_release)
