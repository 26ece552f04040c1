"""A PNG through imagecodecs, which has libpng."""

import struct
import zlib
from typing import Any, Literal

from numpy.typing import NDArray

from imgpipe.codecs.base import Encoding
from imgpipe.codecs.markers import EXIF
from imgpipe.turns import giving_way

_SMALL = 1 << 14  # bytes of a picture
_BANDS, _BAND, _PIECE = 4, 1 << 13, 1 << 18  # how many; bytes of each
_REPEATED, _NOISE, _NO_LARGER = 0.5, 0.5, 1.02

_Strategy = Literal["FILTERED", "RLE"]


def write_png(pixels: NDArray[Any], how: Encoding) -> bytes:
    """Contiguous uint8 or uint16 of shape (height, width) or (height, width, channels)."""
    if how.effort is None:
        data = _as_suits(pixels)
    else:
        data = _encode(pixels, "FILTERED", min(9, how.effort))
    chunks = b""
    if how.icc_profile:
        chunks += _chunk(b"iCCP", b"icc\0\0" + zlib.compress(how.icc_profile))
    if how.exif:
        chunks += _chunk(b"eXIf", how.exif.removeprefix(EXIF))
    return b"".join((data[:33], chunks, data[33:]))  # behind the signature and IHDR


def _as_suits(pixels: NDArray[Any]) -> bytes:
    """With runs alone, or with all repeats that zlib's level 6 finds.

    What filters leave of photographs is noise, where repeats save nothing and searching for them
    takes 3 to 7 times as long. Whatever is drawn has repeats before it is filtered, but for what is
    as smooth as ramps and as greys in three channels, which a trial tells.
    """
    if _has_repeats(pixels):
        return _encode(pixels, "FILTERED")
    if pixels.nbytes > _SMALL:
        return _encode(pixels, "RLE" if _are_runs_enough(pixels) else "FILTERED")
    runs = _encode(pixels, "RLE")
    if len(runs) > _NOISE * pixels.nbytes:
        return runs
    return min(runs, _encode(pixels, "FILTERED"), key=len)


def _has_repeats(pixels: NDArray[Any]) -> bool:
    """Whether LZ4, a hundred times as fast as zlib, finds repeats of four bytes and more."""
    import imagecodecs  # which is large, so not before there is a picture for it

    rows = max(1, _PIECE * len(pixels) // pixels.nbytes)
    pieces = (pixels[y : y + rows].tobytes() for y in range(0, len(pixels), rows))
    size = sum(len(imagecodecs.lz4_encode(piece)) for piece in pieces)
    return size < _REPEATED * pixels.nbytes


@giving_way()  # once, for eight small encodes
def _are_runs_enough(pixels: NDArray[Any]) -> bool:
    """Whether some bands become no larger with runs alone; no where there are too few rows."""
    height = len(pixels)
    rows = min(max(_BAND * height // pixels.nbytes, height // 64), height // 16)
    if not rows:
        return False
    starts = ((2 * n + 1) * height // (2 * _BANDS) - rows // 2 for n in range(_BANDS))
    bands = [pixels[start : start + rows] for start in starts]
    runs, repeats = (
        sum(len(_encode(band, strategy)) for band in bands) for strategy in ("RLE", "FILTERED")
    )
    return runs <= _NO_LARGER * repeats


@giving_way()
def _encode(pixels: NDArray[Any], strategy: _Strategy, level: int = 6) -> bytes:
    import imagecodecs

    png = imagecodecs.PNG
    return bytes(
        imagecodecs.png_encode(
            pixels, level=level, strategy=png.STRATEGY[strategy], filter=png.FILTER.ALL
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG: W3C PNG specification, 5.3."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
