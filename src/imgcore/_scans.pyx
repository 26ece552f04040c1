# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
# cython: freethreading_compatible=True
"""The door to the scans of progressive JPEGs; what they mean is decided by imgpipe.codecs."""
import os

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy


cdef extern from "scans.h" nogil:
    enum:
        MOST_COMPONENTS, MOST_FACTOR, MOST_MCUS, TABLE_BYTES

    ctypedef struct component_t:
        int across, down, h, v
        uint8_t dc[272]
        uint8_t ac[272]

    ctypedef struct scan_t:
        const uint8_t *data
        size_t length
        int count
        int components[3]
        int first, last, before, after
        uint8_t tables[3][272]

    ctypedef struct frame_t:
        int across, down, count, alone
        component_t components[3]

    ctypedef bint scans_t(const frame_t *, const scan_t *, size_t, uint8_t *, size_t *, size_t)
    scans_t *scans_select(const char *level)


cdef bytes level = os.environ.get("IMGPIPE_SIMD", "").encode()
cdef scans_t *convert = scans_select(level)


cdef int put_table(uint8_t *table, bytes given) except -1:
    """A table whose symbols are as many as it says."""
    if not 16 <= len(given) <= TABLE_BYTES or sum(given[:16]) != len(given) - 16:
        raise ValueError("Expected a Huffman table: 16 numbers, and as many symbols")
    memcpy(table, <const uint8_t *>given, len(given))
    return 0


cdef int put_component(frame_t *frame, size_t number, given) except -1:
    cdef component_t *component = &frame.components[number]
    component.h, component.v, component.across, component.down, dc, ac = given
    if not (1 <= component.h <= MOST_FACTOR and 1 <= component.v <= MOST_FACTOR):
        raise ValueError("Expected 1 to 4 blocks of a component each way in an MCU")
    if not (0 < component.across <= frame.across * component.h
            and 0 < component.down <= frame.down * component.v):
        raise ValueError("Expected as many blocks as there are in the MCUs")
    put_table(component.dc, dc)
    put_table(component.ac, ac)
    return 0


cdef int put_scan(scan_t *scan, const frame_t *frame, bytes data, given) except -1:
    start, end, components, scan.first, scan.last, scan.before, scan.after, tables = given
    if not 0 <= start <= end <= len(data):
        raise ValueError("Expected a scan within the data")
    scan.data = <const uint8_t *>data + <size_t>start
    scan.length = end - start
    scan.count = len(components)
    if not 1 <= scan.count <= frame.count or (scan.first > 0 and scan.count > 1):
        raise ValueError("Expected one component, or several for DC")
    if not (0 <= scan.first <= scan.last < 64 and 0 <= scan.after < 14 and scan.before >= 0):
        raise ValueError("Expected coefficients of 0 to 63, and bits of 0 to 13")
    if len(tables) != scan.count:
        raise ValueError("Expected a table for each component")
    for number, component in enumerate(components):
        if not 0 <= component < frame.count:
            raise ValueError("Expected a component of the frame")
        scan.components[number] = component
        put_table(scan.tables[number], tables[number])
    return 0


def sequential(
    bytes data not None, tuple mcus, list components, int alone, list scans, bytes head not None,
    size_t most,
):
    """`head`, one sequential scan of what `scans` of `data` tell, and the end; None if that cannot
    be, or not in `most` bytes.

    It is of all components, or of the one that is to be `alone` (-1 for none). A component is (h, v,
    blocks across, blocks down, table for DC, for AC); a scan (start, end, components, first, last,
    before, after, tables).
    """
    cdef frame_t frame
    cdef size_t number, length = len(head), count = len(scans)
    cdef scan_t *given = NULL
    cdef uint8_t *made = NULL
    cdef bint done
    frame.across, frame.down = mcus
    frame.count, frame.alone = len(components), alone
    if not 1 <= frame.count <= MOST_COMPONENTS:
        raise ValueError("Expected one to three components")
    if not -1 <= alone < frame.count:
        raise ValueError("Expected -1, or a component of the frame to be alone")
    if not (1 <= frame.across <= MOST_MCUS and 1 <= frame.down <= MOST_MCUS):
        raise ValueError("Expected 1 to 8192 MCUs each way")
    if not count or most < length:
        raise ValueError("Expected a scan, and room for the head at least")
    try:
        given = <scan_t *>calloc(count, sizeof(scan_t))
        made = <uint8_t *>malloc(most)
        if given == NULL or made == NULL:
            raise MemoryError
        for number in range(<size_t>frame.count):
            put_component(&frame, number, components[number])
        for number in range(count):
            put_scan(&given[number], &frame, data, scans[number])
        memcpy(made, <const uint8_t *>head, length)
        with nogil:
            done = convert(&frame, given, count, made, &length, most)
        return made[:length] if done else None
    finally:
        free(given)
        free(made)
