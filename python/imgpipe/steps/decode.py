"""Decode: a picture file's bytes in, an upright Image out."""

from pathlib import Path
from types import ModuleType

from imgpipe.codecs import codec, supported
from imgpipe.errors import DecodeError, ImageError
from imgpipe.files import ImageData
from imgpipe.formats import ImageFormat, sniff_format
from imgpipe.image import Image
from imgpipe.limits import check_dimensions


def get_image_dimensions(data: bytes, path: Path | None = None) -> tuple[int, int]:
    """(width, height) in pixels, from the header alone, before an EXIF orientation is applied.

    Raises DecodeError for bytes that are no picture we read, LimitExceeded for one too large.
    `path` is only for the error.
    """
    reader, format = _reader(data, path)
    try:
        width, height = reader.size(data, format)
    except Exception as error:  # codecs raise anything
        raise _broken(format, error, path) from error
    check_dimensions(width, height, path)
    return width, height


def decode_image(data: bytes, path: Path | None = None) -> Image:
    """The picture in `data`, upright; of an animation the first frame.

    Pixels are (H, W, C) of uint8. Raises DecodeError for bytes that are no whole picture we read,
    LimitExceeded for one too large. `path` is only for the error.
    """
    get_image_dimensions(data, path)
    return _decode(data, path)


def decode(loaded: ImageData) -> Image:
    """`decode_image` for a loaded file, whose size has been looked at already."""
    return _decode(loaded.data, loaded.file.path)


def _decode(data: bytes, path: Path | None) -> Image:
    reader, format = _reader(data, path)
    try:
        picture: Image = reader.decode(data, format)
    except Exception as error:  # codecs raise anything
        raise _broken(format, error, path) from error
    return picture


def _reader(data: bytes, path: Path | None) -> tuple[ModuleType, ImageFormat]:
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
