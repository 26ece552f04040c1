"""Bytes to pictures and back: one file a library, chosen by format. See `base.Codec`."""

from importlib.util import find_spec

from imgpipe.codecs import pillow
from imgpipe.codecs.base import Codec, Traits
from imgpipe.formats import ImageFormat


def _codecs() -> dict[ImageFormat, Codec]:
    """The codec of each format, the fastest that is installed."""
    found: dict[ImageFormat, Codec] = dict.fromkeys(pillow.TRAITS, pillow)
    if find_spec("simplejpeg"):  # it has no wheels for some machines
        from imgpipe.codecs import jpeg

        found |= dict.fromkeys(jpeg.TRAITS, jpeg)
    return found


_BY_FORMAT = _codecs()


def supported() -> tuple[ImageFormat, ...]:
    """The formats that can be read and written here."""
    return tuple(_BY_FORMAT)


def codec(format: ImageFormat) -> Codec | None:
    """The codec for `format`, or None where there is none."""
    return _BY_FORMAT.get(format)


def traits(format: ImageFormat) -> Traits:
    """What `format`, one that is supported, can hold when it is written here."""
    return _BY_FORMAT[format].TRAITS[format]


def written_as(format: ImageFormat | None, content: ImageFormat) -> ImageFormat:
    """The format of an output: the one asked for, or else the picture's own, or else PNG."""
    return format or (content if content in _BY_FORMAT else ImageFormat.PNG)


def versions() -> dict[str, str]:
    """The libraries that read and write each format, with their versions."""
    return {format.value: codec.version(format) for format, codec in _BY_FORMAT.items()}
