# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
# cython: freethreading_compatible=True, embedsignature=True, embedsignature.format=clinic
"""The door to the atomics: numbers that threads change at once, held by Python objects.

Methods of Python take no lock and let nothing wait; with the cdef methods of `_atomics.pxd`, code
without the GIL counts through the same objects.
"""
import operator

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc

from imgpipe.atomics cimport (
    cell_add, cell_load, cell_store, cell_swap, cell_t, cells_make, memory_order,
    memory_order_acq_rel, memory_order_acquire, memory_order_relaxed, memory_order_release,
    memory_order_seq_cst,
)


cdef extern from "Python.h":
    unsigned long long PyLong_AsUnsignedLongLong(object value)
    long long PyLong_AsLongLong(object value)
    void *PyErr_Occurred() noexcept
    void PyErr_Clear()


RELAXED = <int>memory_order_relaxed
ACQUIRE = <int>memory_order_acquire
RELEASE = <int>memory_order_release
ACQ_REL = <int>memory_order_acq_rel
SEQ_CST = <int>memory_order_seq_cst

cdef uint64_t NOTHING = <uint64_t>-1  # what a conversion that failed gives, and the largest number


cdef inline uint64_t unsigned(value) except? <uint64_t>-1:
    cdef uint64_t number = PyLong_AsUnsignedLongLong(value)
    if number == NOTHING and PyErr_Occurred():
        PyErr_Clear()
        return otherwise_unsigned(value)
    return number


cdef uint64_t otherwise_unsigned(value) except? <uint64_t>-1:
    return PyLong_AsUnsignedLongLong(whole(value, 0, 2**64 - 1))


cdef inline int64_t signed(value) except? -1:
    cdef int64_t number = PyLong_AsLongLong(value)
    if number == -1 and PyErr_Occurred():
        PyErr_Clear()
        return otherwise_signed(value)
    return number


cdef int64_t otherwise_signed(value) except? -1:
    return PyLong_AsLongLong(whole(value, -2**63, 2**63 - 1))


cdef whole(value, low, high):
    """Numbers that are no int, numpy's among them; everything else is refused."""
    refusal = f"Expected a whole number from {low} to {high}, got {value!r}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(refusal) from None
    if not low <= number <= high:
        raise ValueError(refusal)
    return number


cdef memory_order any_order(ordering) except? memory_order_seq_cst:
    cdef int order = ordering if isinstance(ordering, int) else -1
    if order not in (memory_order_relaxed, memory_order_acquire, memory_order_release,
                     memory_order_acq_rel, memory_order_seq_cst):
        raise ValueError(f"Expected a member of Ordering, got {ordering!r}")
    return <memory_order>order


cdef memory_order load_order(ordering) except? memory_order_seq_cst:
    cdef memory_order order = any_order(ordering)
    if order in (memory_order_release, memory_order_acq_rel):
        raise ValueError(
            f"Expected RELAXED, ACQUIRE or SEQ_CST where a number is read, got {ordering!r}"
        )
    return order


cdef cell_t *some_cells(size_t count) except NULL:
    cdef cell_t *cells = cells_make(count)
    if cells == NULL:
        raise MemoryError()
    return cells


cdef class AtomicCounter:
    """A count that any threads add to at once, without a lock; nothing of it gets lost.

    From 0 to 2**64 - 1, and on from 0 again. What is no whole number in that range is refused with
    a ValueError or TypeError. An `Ordering` says what else the other threads get to see.

    >>> counter = AtomicCounter()
    >>> counter.increment()
    >>> counter.add(5)
    >>> counter.get(), counter.reset(), counter.get()
    (6, 6, 0)
    """

    def __cinit__(self):
        self.cell = some_cells(1)

    def __dealloc__(self):
        free(self.cell)

    def increment(self):
        """Add 1, relaxed."""
        self.count(1)

    def add(self, n, ordering=None):
        """Add `n`, relaxed unless another Ordering is given."""
        cdef uint64_t number = unsigned(n)
        if ordering is None:
            self.count(number)
        else:
            cell_add(self.cell, number, any_order(ordering))

    def get(self, ordering=None):
        """The count now, acquired unless RELAXED or SEQ_CST is given."""
        return self.load() if ordering is None else cell_load(self.cell, load_order(ordering))

    def reset(self):
        """Back to 0; gives the count until then. What is added meanwhile goes to either side."""
        return cell_swap(self.cell, 0)

    def __repr__(self):
        return f"AtomicCounter({self.load()})"


cdef class AtomicGauge:
    """A number that goes up and down, from any threads at once, without a lock.

    From -2**63 to 2**63 - 1, and on from the other end. What is no whole number in that range is
    refused with a ValueError or TypeError.

    >>> gauge = AtomicGauge()
    >>> gauge.set(10)
    >>> gauge.add(-3)
    >>> gauge.get()
    7
    """

    def __cinit__(self):
        self.cell = some_cells(1)

    def __dealloc__(self):
        free(self.cell)

    def increment(self):
        """Add 1."""
        self.change(1)

    def decrement(self):
        """Take 1 away."""
        self.change(-1)

    def add(self, n):
        """Add `n`, which may be below 0."""
        self.change(signed(n))

    def set(self, value):
        """Let the number be `value`, whatever it was."""
        self.put(signed(value))

    def get(self):
        """The number now."""
        return self.load()

    def __repr__(self):
        return f"AtomicGauge({self.load()})"


cdef class AtomicMinMax:
    """The smallest and the largest of the values that any threads put in, by compare and swap.

    Values are from 0 to 2**64 - 1; others are refused with a ValueError or TypeError. With none,
    the smallest reads 2**64 - 1 and the largest 0.

    >>> extremes = AtomicMinMax()
    >>> for value in (100, 50, 150):
    ...     extremes.update(value)
    >>> extremes.get_min(), extremes.get_max()
    (50, 150)
    """

    def __cinit__(self):
        self.cells = some_cells(2)
        cell_store(&self.cells[0], NOTHING)

    def __dealloc__(self):
        free(self.cells)

    def update(self, value):
        """Put a value in."""
        self.take(unsigned(value))

    def get_min(self):
        """The smallest value so far."""
        return cell_load(&self.cells[0], memory_order_acquire)

    def get_max(self):
        """The largest value so far."""
        return cell_load(&self.cells[1], memory_order_acquire)

    def reset(self):
        """As if no value had come; one that comes meanwhile may be kept on one side alone."""
        cell_store(&self.cells[0], NOTHING)
        cell_store(&self.cells[1], 0)

    def __repr__(self):
        return f"AtomicMinMax({self.get_min()}, {self.get_max()})"


cdef class Histogram:
    """Counts of values by the first boundary that is not below them, and the sum of all values.

    Boundaries are taken as they are: whether they ascend is for imgpipe.metrics to see.
    """

    def __cinit__(self, boundaries):
        cdef size_t i, count = len(boundaries)
        self.histogram.count = count
        self.histogram.cells = some_cells(count + 2)
        self.histogram.boundaries = <uint64_t *>malloc((count + 1) * sizeof(uint64_t))
        if self.histogram.boundaries == NULL:
            raise MemoryError()
        for i in range(count):
            self.histogram.boundaries[i] = unsigned(boundaries[i])

    def __dealloc__(self):
        free(self.histogram.cells)
        free(self.histogram.boundaries)

    @property
    def boundaries(self):
        """The upper ends of the buckets, which belong to them."""
        return tuple([self.histogram.boundaries[i] for i in range(self.histogram.count)])

    def record(self, value):
        """Count a value, from 0 to 2**64 - 1. Raises ValueError or TypeError for any other."""
        self.take(unsigned(value))

    def read(self):
        """(the buckets' counts, that of values above the last boundary, the sum modulo 2**64)."""
        cdef size_t count = self.histogram.count
        cdef cell_t *cells = self.histogram.cells
        counts = [cell_load(&cells[i], memory_order_acquire) for i in range(count + 1)]
        return counts[:count], counts[count], cell_load(&cells[count + 1], memory_order_acquire)


cdef class Collector:
    """Counts of requests, errors and bytes sent, and how many connections are open.

    They are released as they are counted, so that who acquires bytes or errors, and reads requests
    after them, finds in there the requests that they belong to.
    """

    def __cinit__(self):
        self.cells = some_cells(4)

    def __dealloc__(self):
        free(self.cells)

    def record_request(self):
        """Count a request; before its bytes and errors."""
        self.count_request()

    def record_error(self):
        """Count an error."""
        self.count_error()

    def record_bytes(self, n):
        """Count bytes sent, from 0 to 2**64 - 1. Raises ValueError or TypeError for others."""
        self.count_bytes(unsigned(n))

    def connection_opened(self):
        """One more is open."""
        self.count_connections(1)

    def connection_closed(self):
        """One fewer is open."""
        self.count_connections(-1)

    def read(self):
        """(requests, errors, bytes sent, active connections)."""
        cdef uint64_t sent = cell_load(&self.cells[2], memory_order_acquire)
        cdef uint64_t errors = cell_load(&self.cells[1], memory_order_acquire)
        cdef int64_t connections = <int64_t>cell_load(&self.cells[3], memory_order_acquire)
        return cell_load(&self.cells[0], memory_order_acquire), errors, sent, connections


def count_up(AtomicCounter counter not None, times, ordering):
    """Add 1 to a counter `times` over, without the GIL: what counting takes from C."""
    cdef uint64_t i, most = unsigned(times)
    cdef memory_order order = any_order(ordering)
    with nogil:
        for i in range(most):
            cell_add(counter.cell, 1, order)
