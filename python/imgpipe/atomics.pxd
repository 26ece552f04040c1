from libc.stddef cimport size_t
from libc.stdint cimport uint64_t


cdef extern from "atomics.h" nogil:
    ctypedef enum memory_order:
        memory_order_relaxed, memory_order_acquire, memory_order_release, memory_order_acq_rel
        memory_order_seq_cst

    ctypedef struct cell_t:
        pass

    ctypedef struct histogram_t:
        cell_t *cells
        uint64_t *boundaries
        size_t count

    cell_t *cells_make(size_t count)
    void cell_add(cell_t *cell, uint64_t n, memory_order order)
    uint64_t cell_load(cell_t *cell, memory_order order)
    void cell_store(cell_t *cell, uint64_t n)
    uint64_t cell_swap(cell_t *cell, uint64_t n)
    void cell_lower(cell_t *cell, uint64_t n)
    void cell_raise(cell_t *cell, uint64_t n)
    void histogram_record(const histogram_t *h, uint64_t value)
