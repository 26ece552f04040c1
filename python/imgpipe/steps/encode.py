"""Encode: an Image in, the bytes of a picture file out."""

from pathlib import Path

from imgpipe.codecs import codec, supported
from imgpipe.errors import ConfigError, EncodeError
from imgpipe.formats import ImageFormat
from imgpipe.image import Image


def encode_image(
    image: Image, format: ImageFormat, quality: int | None = None, path: Path | None = None
) -> bytes:
    """`image`, of uint8, as a file of `format`.

    `quality` goes from 1 to 100, None meaning the format's default (80 for JPEG and WebP); formats
    without loss ignore it. Transparency is laid on white where the format has none. The colour
    profile goes along; other metadata does not.

    Raises ConfigError for a format that is not written here or a quality out of range, EncodeError
    for a picture the format does not take. `path` is only for the error.
    """
    check_writable(format)
    check_quality(quality)
    writer = codec(format)
    assert writer is not None  # check_writable saw to it
    try:
        data: bytes = writer.encode(image, format, quality)
    except Exception as error:  # codecs raise anything
        reason = str(error) or type(error).__name__
        raise EncodeError(
            f"Expected a picture that {format.value} takes, got: {reason}", path
        ) from error
    return data


def check_writable(format: ImageFormat) -> None:
    """Raise ConfigError for a format that is not written here."""
    if codec(format) is None:
        writable = ", ".join(known.value for known in supported())
        raise ConfigError(f"Expected a format to write, one of {writable}, got {format.value}")


def check_quality(quality: int | None) -> None:
    """Raise ConfigError for a quality that is not a whole number from 1 to 100, or None."""
    if quality is not None and (quality != int(quality) or not 1 <= quality <= 100):
        raise ConfigError(f"Expected quality from 1 to 100, got {quality}")
