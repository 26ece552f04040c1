"""A PNG through imagecodecs, which has libpng."""

import struct
import zlib
from typing import Any, Literal

from numpy.typing import NDArray

from imgpipe.codecs.base import Encoding
from imgpipe.codecs.markers import EXIF

_TRIED = 1 << 14  # bytes of the picture
_NO_LARGER = 1.02
_NOISE_AS_RUNS, _NOISE_REPEATED = 0.5, 0.9  # of the raw bytes, at least

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
    takes 3 to 7 times as long; in drawings they do. Rows from the middle tell which.
    """
    rows = min(len(pixels), max(1, _TRIED * len(pixels) // pixels.nbytes))
    start = (len(pixels) - rows) // 2
    tried = pixels[start : start + rows]
    runs = _encode(tried, "RLE")
    is_whole = rows == len(pixels)
    if is_whole and _is_noise(tried, runs):
        return runs
    repeats = _encode(tried, "FILTERED")
    if is_whole:
        return min(runs, repeats, key=len)
    return _encode(pixels, "RLE" if len(runs) <= _NO_LARGER * len(repeats) else "FILTERED")


def _is_noise(pixels: NDArray[Any], runs: bytes) -> bool:
    """Whether nothing is found in a small picture that would be worth a slow search."""
    import imagecodecs

    if len(runs) < _NOISE_AS_RUNS * pixels.nbytes:
        return False
    return len(imagecodecs.lz4_encode(pixels.tobytes())) > _NOISE_REPEATED * pixels.nbytes


def _encode(pixels: NDArray[Any], strategy: _Strategy, level: int = 6) -> bytes:
    import imagecodecs  # which is large, so not before there is a picture for it

    png = imagecodecs.PNG
    return bytes(
        imagecodecs.png_encode(
            pixels, level=level, strategy=png.STRATEGY[strategy], filter=png.FILTER.ALL
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG: W3C PNG specification, 5.3."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
