"""Decode: a picture file's bytes in, an upright Image out."""

from pathlib import Path

from imgpipe.codecs import absent, codec, supported
from imgpipe.codecs.base import Codec, Head, Wish
from imgpipe.errors import DecodeError, ImageError
from imgpipe.files import ImageData
from imgpipe.formats import ImageFormat, begins_as_dicom, detect_format, sniff_format
from imgpipe.image import Image
from imgpipe.limits import LIMITS, Limits
from imgpipe.steps.demand import demand_of, frames_read
from imgpipe.steps.plan import Output
from imgpipe.steps.source import Source

EVERYTHING = Wish(frames=True, pages=True, deep=True)


def get_image_dimensions(data: bytes, path: Path | None = None) -> tuple[int, int]:
    """(width, height) in pixels, from the header alone, before an EXIF orientation is applied.

    Raises DecodeError for bytes that are no picture we read, LimitExceeded for one too large.
    `path` is only for the error.
    """
    head = read_head(data, path)
    return head.width, head.height


def read_head(data: bytes, path: Path | None = None, limits: Limits = LIMITS) -> Head:
    """What a picture's header tells. Raises as `get_image_dimensions` does."""
    reader, format = _reader(data, path)
    try:
        head = reader.head(data, format)
    except Exception as error:  # codecs raise anything
        raise _broken(format, error, path) from error
    limits.check_dimensions(head.width, head.height, path)
    return head


def decode_image(data: bytes, path: Path | None = None) -> Image:
    """The picture in `data`, upright, with all frames of an animation and all pages of a TIFF.

    Pixels are (H, W, C) of uint8, but for deep grey. What the file holds beyond that is in `lost`.
    Raises DecodeError for bytes that are no whole picture we read, LimitExceeded for one too large.
    `path` is only for the error.
    """
    return _decode(data, read_head(data, path), path, wish=EVERYTHING)


def decode(loaded: ImageData) -> Image:
    """`decode_image` for a loaded file."""
    return decode_image(loaded.data, loaded.file.path)


def decode_for(loaded: ImageData, outputs: tuple[Output, ...], uses: int | None = None) -> Source:
    """A picture as its outputs need it: as small, as grey, as deep as its codec can and they may.

    `uses` is how many of them are made of it, see Source. Raises as `decode_image` does.
    """
    path, limits = loaded.file.path, outputs[0].policy.limits
    head = loaded.head or read_head(loaded.data, path, limits)
    need = demand_of(head, outputs)
    image = _decode(loaded.data, head, path, need.scale, need.grey, need.wish, limits)
    return Source(image, head.upright_size, head.orientation, uses)


def _decode(
    data: bytes,
    head: Head,
    path: Path | None,
    scale: int = 1,
    grey: bool = False,
    wish: Wish = EVERYTHING,
    limits: Limits = LIMITS,
) -> Image:
    reader = codec(head.format)
    assert reader, "a head comes from a codec"
    if head.frames > 1 and wish.reading.animation == "error":
        raise DecodeError(
            f"Expected a still picture, got {head.frames} frames; animation keep or first takes "
            "them",
            path,
        )
    limits.check_dimensions(head.width, head.height, path, frames_read(head, wish))
    try:
        return reader.decode(data, head, scale, grey=grey, wish=wish)
    except Exception as error:  # codecs raise anything
        raise _broken(head.format, error, path) from error


def _reader(data: bytes, path: Path | None) -> tuple[Codec, ImageFormat]:
    if not data:
        raise DecodeError("Expected a picture, got an empty file", path)
    format = sniff_format(data)
    if format is ImageFormat.TIFF and path and detect_format(path) is ImageFormat.RAW:
        format = ImageFormat.RAW  # most are TIFFs that only their maker's tags tell from others
    called = detect_format(path) if path and format is ImageFormat.UNKNOWN else None
    if called is ImageFormat.DICOM and begins_as_dicom(data):
        format = called
    reader = codec(format)
    if reader:
        return reader, format
    if need := absent(format):
        raise DecodeError(need, path)
    readable = ", ".join(known.value for known in supported())
    known = format is not ImageFormat.UNKNOWN
    content = format.value if known else "content that is no picture"
    raise DecodeError(f"Expected a picture in one of {readable}, got {content}", path)


def _broken(format: ImageFormat, error: Exception, path: Path | None) -> ImageError:
    unclear = not str(error) or "object at 0x" in str(error)  # Pillow names its buffer, not a fault
    reason = "a header that makes no sense" if unclear else " ".join(str(error).split())
    return DecodeError(f"Expected a whole {format.value} picture, got: {reason}", path)
