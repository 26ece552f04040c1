"""Decode: a picture file's bytes in, an upright Image out."""

from collections.abc import Sequence
from pathlib import Path

from imgpipe.codecs import codec, supported
from imgpipe.codecs.base import SCALES, Codec, Head
from imgpipe.errors import DecodeError, ImageError
from imgpipe.files import ImageData
from imgpipe.formats import ImageFormat, sniff_format
from imgpipe.image import Image
from imgpipe.limits import check_dimensions
from imgpipe.policy import MARGIN
from imgpipe.steps.source import Source
from imgpipe.transforms import ImageTransform, leading_size, starts_grey

Chain = Sequence[ImageTransform]


def get_image_dimensions(data: bytes, path: Path | None = None) -> tuple[int, int]:
    """(width, height) in pixels, from the header alone, before an EXIF orientation is applied.

    Raises DecodeError for bytes that are no picture we read, LimitExceeded for one too large.
    `path` is only for the error.
    """
    head = read_head(data, path)
    return head.width, head.height


def read_head(data: bytes, path: Path | None = None) -> Head:
    """What a picture's header tells. Raises as `get_image_dimensions` does."""
    reader, format = _reader(data, path)
    try:
        head = reader.head(data, format)
    except Exception as error:  # codecs raise anything
        raise _broken(format, error, path) from error
    check_dimensions(head.width, head.height, path)
    return head


def decode_image(data: bytes, path: Path | None = None) -> Image:
    """The picture in `data`, upright; of an animation the first frame.

    Pixels are (H, W, C) of uint8, but for deep grey. What the file holds beyond that is in `lost`.
    Raises DecodeError for bytes that are no whole picture we read, LimitExceeded for one too large.
    `path` is only for the error.
    """
    return _decode(data, read_head(data, path), path)


def decode(loaded: ImageData) -> Image:
    """`decode_image` for a loaded file."""
    return decode_image(loaded.data, loaded.file.path)


def decode_for(loaded: ImageData, chains: Sequence[Chain], margin: float = MARGIN) -> Source:
    """A picture, at the smallest scale its codec has that is enough for all of `chains`.

    That is at least `margin` times the size that any of them makes of it first. Where all start
    with Grayscale, colours may not be decoded at all.
    """
    path = loaded.file.path
    head = loaded.head or read_head(loaded.data, path)
    grey = bool(chains) and all(map(starts_grey, chains))
    image = _decode(loaded.data, head, path, scale_for(head, chains, margin), grey)
    return Source(image, head.upright_size, head.orientation)


def scale_for(head: Head, chains: Sequence[Chain], margin: float) -> int:
    """By how much smaller, 1, 2, 4 or 8 times, `decode_for` decodes a picture."""
    width, height = head.upright_size
    sizes = [leading_size(chain, width, height) for chain in chains]
    needed = [size for size in sizes if size]
    if not needed or len(needed) < len(sizes):
        return 1
    wide = margin * max(size[0] for size in needed)
    high = margin * max(size[1] for size in needed)
    return next((n for n in SCALES if width >= n * wide and height >= n * high), 1)


def _decode(
    data: bytes, head: Head, path: Path | None, scale: int = 1, grey: bool = False
) -> Image:
    reader, format = _reader(data, path)
    try:
        return reader.decode(data, head, scale, grey=grey)
    except Exception as error:  # codecs raise anything
        raise _broken(format, error, path) from error


def _reader(data: bytes, path: Path | None) -> tuple[Codec, ImageFormat]:
    if not data:
        raise DecodeError("Expected a picture, got an empty file", path)
    format = sniff_format(data)
    reader = codec(format)
    if reader:
        return reader, format
    readable = ", ".join(known.value for known in supported())
    known = format is not ImageFormat.UNKNOWN
    content = format.value if known else "content that is no picture"
    raise DecodeError(f"Expected a picture in one of {readable}, got {content}", path)


def _broken(format: ImageFormat, error: Exception, path: Path | None) -> ImageError:
    unclear = not str(error) or "object at 0x" in str(error)  # Pillow names its buffer, not a fault
    reason = "a header that makes no sense" if unclear else str(error)
    return DecodeError(f"Expected a whole {format.value} picture, got: {reason}", path)
