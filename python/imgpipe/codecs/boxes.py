"""Boxes of the ISO base media file format: ISO/IEC 14496-12, 4.2."""

from collections.abc import Iterator
from typing import NamedTuple


class Box(NamedTuple):
    """A box's kind, and where in the data it, what is in it, and what follows it begin."""

    kind: bytes
    start: int
    body: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes from `start` to `end`, the last of which may be cut short."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind, body = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8], 8
        if size == 1:
            size, body = int.from_bytes(data[start + 8 : start + 16]), 16
        elif size == 0:  # the last one
            size = end - start
        if size < body:
            return
        yield Box(kind, start, start + body, min(start + size, end))
        start += size


def within(data: bytes, kind: bytes, outer: Box | None = None) -> Iterator[Box]:
    """The boxes of `kind` that lie in `outer`, or in no other one."""
    start, end = (outer.body, outer.end) if outer else (0, None)
    return (one for one in boxes(data, start, end) if one.kind == kind)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of `kind` that holds `parts`, less than 4 GiB."""
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4) + kind + body


def has_gain_map(data: bytes) -> bool:
    """Whether an AVIF or HEIC names the brand of those with one: ISO/IEC 23008-12, 10.2.6."""
    first = next(boxes(data), None)
    return first is not None and first.kind == b"ftyp" and b"tmap" in data[first.body : first.end]
