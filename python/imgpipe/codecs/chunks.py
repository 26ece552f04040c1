"""The chunks of a PNG file.

ISO/IEC 15948, 5.3 and 11.3; PNG extensions 1.5, 3.7 (eXIf).
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

from imgpipe.codecs.base import Head
from imgpipe.codecs.markers import EXIF
from imgpipe.formats import ImageFormat

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_MORE = frozenset((b"acTL", b"eXIf", *_TEXTS))
_SAYING = _MORE | {b"iCCP"}
_PIXELS_ALONE = frozenset((b"IHDR", b"IDAT", b"IEND"))
_PALETTE = 3
_SAMPLES = {0: 1, 2: 3, _PALETTE: 1, 4: 2, 6: 4}  # by type of colour
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), _PALETTE: (1, 2, 4, 8), 4: (8,), 6: (8, 16)}
_KEY_BYTES = {1: 2, 3: 6}  # of one that is transparent, by samples
_OLD_EXIF = b"Raw profile type exif\0"  # as ImageMagick wrote it before there was eXIf
_XMP = b"XML:com.adobe.xmp\0"


class Chunks:
    """What is told of a picture by the chunks that there are, found in one walk."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._spans = list(_spans(data))
        self._kinds = {kind for kind, _, _ in self._spans}

    @property
    def is_bare(self) -> bool:
        """Whether nothing is said of the pixels but how they were recorded."""
        return self._kinds.isdisjoint(_SAYING)

    @property
    def has_key(self) -> bool:
        """Whether one colour, or some of a palette, are transparent."""
        return b"tRNS" in self._kinds

    @property
    def samples(self) -> int:
        """Samples of a pixel as they are stored, 0 where that is not told.

        Pillow has more of them where grey is deep.
        """
        return _SAMPLES.get(_in_header(self.data, 9, self._spans), 0)

    def pixels_alone(self) -> bytes:
        """A file of pixels and key colour, not of those that have a palette.

        What else there is libpng complains of on the terminal, and libspng refuses.
        """
        if self._kinds == _PIXELS_ALONE:
            return self.data
        key, is_before, wanted = _KEY_BYTES.get(self.samples), True, []
        for kind, at, end in self._spans:
            is_before &= kind != b"IDAT"
            is_key = kind == b"tRNS" and is_before and end - at - 12 == key
            if is_key or (kind[:1].isupper() and kind != b"PLTE"):
                wanted.append(self.data[at:end])
        return b"".join((self.data[:8], *wanted))


def plain_head(data: bytes) -> Head | None:
    """The header, where no other chunk can say more of it, as of frames and of orientation.

    None for others, and for one that is not as it should be.
    """
    ihdr, sum = data[12:29], data[29:33]
    if data[8:16] != b"\0\0\0\x0dIHDR" or zlib.crc32(ihdr).to_bytes(4) != sum:
        return None
    kinds = {kind for kind, _, _ in _spans(data)}
    if b"IDAT" not in kinds or not kinds.isdisjoint(_MORE):
        return None
    width, height, depth, colours, deflate, filters, interlace = struct.unpack(">IIBBBBB", ihdr[4:])
    if depth not in _DEPTHS.get(colours, ()) or deflate or filters or not (width and height):
        return None
    return Head(
        ImageFormat.PNG,
        *(width, height, _SAMPLES[colours], depth),
        progressive=bool(interlace),
        palette=colours == _PALETTE,
    )


def depth(data: bytes) -> int:
    """Bits a sample as they are stored, 0 where that is not told."""
    return _in_header(data, 8, _spans(data))


def _in_header(data: bytes, number: int, spans: Iterable[tuple[bytes, int, int]]) -> int:
    """A byte of IHDR, which does not come first in every file that is read."""
    at = next((at for kind, at, _ in spans if kind == b"IHDR"), len(data))
    return int.from_bytes(data[at + 8 + number : at + 9 + number])


def has_text(data: bytes) -> bool:
    """Whether a picture says something in words; Pillow decodes all pixels to find that out."""
    return any(kind in _TEXTS for kind, _ in _chunks(data))


def without_pixels(data: bytes) -> bytes:
    """A file of all else, which is then before the pixels, where Pillow sees it at once."""
    return data[:8] + b"".join(data[at:end] for kind, at, end in _spans(data) if kind != b"IDAT")


def may_be_turned(data: bytes) -> bool:
    """Whether any chunk may hold an orientation, which Pillow decodes all pixels to look for."""
    for kind, body in _chunks(data):
        if kind == b"eXIf" or (kind in _TEXTS and body.startswith(_OLD_EXIF)):
            return True
        if kind == b"iTXt" and body.startswith(_XMP):
            compressed = body[len(_XMP) : len(_XMP) + 1] != b"\0"
            if compressed or b"tiff:Orientation" in body:
                return True
    return False


def exif_in(data: bytes) -> bytes | None:
    """The EXIF block, which may come after the pixels too, where Pillow sees it too late."""
    return next((EXIF + body for kind, body in _chunks(data) if kind == b"eXIf"), None)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind of each chunk but IDAT, with what is in it."""
    return ((kind, data[at + 8 : end - 4]) for kind, at, end in _spans(data) if kind != b"IDAT")


def _spans(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, and where it begins and ends."""
    at = 8
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], at, end
        at = end
