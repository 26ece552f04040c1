"""The directories of a TIFF, and an EXIF block put into one: TIFF 6.0, section 2."""

import struct

from PIL.Image import Exif

from imgpipe.codecs.markers import EXIF

_ENTRY = 12
_CLASSIC = {b"II*\0": "<", b"MM\0*": ">"}
_MOST_PAGES = 2**16


def directories(data: bytes) -> list[int]:
    """Where the directory of each page begins, of a BigTIFF too; one that is led to again is left.

    Raises ValueError for more of them than pages are meant.
    """
    big = b"+" in data[2:4]
    counts, entry, places = (8, 20, 8) if big else (2, _ENTRY, 4)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little" if data[:2] == b"II" else "big")

    found: dict[int, None] = {}
    at = number(8 if big else 4, places)
    while 0 < at < len(data) and at not in found:
        found[at] = None
        if len(found) > _MOST_PAGES:
            raise ValueError(f"more than {_MOST_PAGES} pages")
        at = number(at + counts + entry * number(at, counts), places)
    return list(found)


def with_exif(data: bytes, exif: bytes) -> bytes:
    """A TIFF whose first page says too what an EXIF block says; what it says already stays.

    The block goes behind all else, and then a directory that has both. Raises ValueError for a
    BigTIFF, whose directories are others.
    """
    if data[:4] not in _CLASSIC:
        raise ValueError("a BigTIFF, into which no EXIF block is put")
    order = _CLASSIC[data[:4]]
    block = Exif()
    block.load(exif)
    block.endian = order
    start = len(data) + len(data) % 2
    added = block.tobytes(start).removeprefix(EXIF)[8:]  # without a header of its own
    entries, following = _directory(data, struct.unpack_from(order + "L", data, 4)[0], order)
    entries = _directory(added, 0, order)[0] | entries
    directory = struct.pack(order + "H", len(entries))
    directory += b"".join(entries[tag] for tag in sorted(entries)) + following
    at = struct.pack(order + "L", start + len(added))
    return data[:4] + at + data[8:].ljust(start - 8, b"\0") + added + directory


def _directory(data: bytes, at: int, order: str) -> tuple[dict[int, bytes], bytes]:
    """The entries of a directory by their tags, and where it says that the next one is."""
    (count,) = struct.unpack_from(order + "H", data, at)
    end = at + 2 + _ENTRY * count
    entries = [data[i : i + _ENTRY] for i in range(at + 2, end, _ENTRY)]
    tags = {struct.unpack_from(order + "H", entry)[0]: entry for entry in entries}
    return tags, data[end : end + 4]
