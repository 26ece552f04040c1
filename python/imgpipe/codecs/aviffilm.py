"""How often an AVIF's frames are played, of which Pillow neither tells nor is told.

ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.6.6: a list of edits that repeats itself, for as long as the
track lasts.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from imgpipe.codecs.boxes import Box, within


class _Field(NamedTuple):
    """Where a number is in a file."""

    at: int
    size: int

    def of(self, data: bytes | bytearray) -> int:
        return int.from_bytes(data[self.at : self.at + self.size])

    def put(self, data: bytearray, value: int) -> None:
        data[self.at : self.at + self.size] = value.to_bytes(self.size)

    @property
    def endless(self) -> int:
        return (1 << 8 * self.size) - 1


def loops_in(data: bytes) -> int:
    """How often the frames of an AVIF are played in all, 0 for ever, as browsers take it too."""
    for lasts, edits, shown in _tracks(data):
        if not edits.of(data) & 1:
            return 1
        length, once = lasts.of(data), shown.of(data)
        return 0 if length == lasts.endless or not once else -(-length // once)
    return 0


def with_loops(data: bytes, loops: int) -> bytes:
    """An AVIF whose frames are played for ever, as Pillow writes it, with another number."""
    if not loops:
        return data
    changed = bytearray(data)
    (movie,) = within(data, b"moov")
    for header in within(data, b"mvhd", movie):
        lasts = _number(data, header, 16, 24)
        for track, edits, shown in _tracks(data):
            length = loops * shown.of(data)
            edits.put(changed, int(loops > 1))
            track.put(changed, length)
            lasts.put(changed, length)
    return bytes(changed)


def _tracks(data: bytes) -> Iterator[tuple[_Field, _Field, _Field]]:
    """Of each track how long it lasts, the flags of its edits, and how long they last once."""
    for movie in within(data, b"moov"):
        for track in within(data, b"trak", movie):
            edits = [
                one for edit in within(data, b"edts", track) for one in within(data, b"elst", edit)
            ]
            for header, edit in product(within(data, b"tkhd", track), edits):
                flags = _Field(edit.body + 1, 3)
                yield _number(data, header, 20, 28), flags, _number(data, edit, 8, 8)


def _number(data: bytes, box: Box, at: int, at_long: int) -> _Field:
    """A duration, whose size and place depend on the version of its box."""
    long = data[box.body : box.end][:1] == b"\1"
    return _Field(box.body + (at_long if long else at), 8 if long else 4)
