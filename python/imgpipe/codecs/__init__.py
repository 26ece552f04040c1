"""Bytes to pictures and back: one file a library, chosen by format. See `base.Codec`.

Some libraries come only where an extra of this package asks for them.
"""

from functools import cache
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
    if find_spec("imagecodecs"):
        from imgpipe.codecs import deep, jxl

        found |= dict.fromkeys(deep.TRAITS, deep) | dict.fromkeys(jxl.TRAITS, jxl)
    if find_spec("pillow_heif"):
        from imgpipe.codecs import heic

        found |= dict.fromkeys(heic.TRAITS, heic)
    if find_spec("pydicom"):
        from imgpipe.codecs import dicom

        found |= dict.fromkeys(dicom.TRAITS, dicom)
    if find_spec("rawpy"):
        from imgpipe.codecs import raw

        found |= dict.fromkeys(raw.TRAITS, raw)
    return found


# The library and the extra that formats need which are not there without.
_EXTRAS = {
    ImageFormat.HEIC: ("pillow-heif", "heif"),
    ImageFormat.JXL: ("imagecodecs", "deep"),
    ImageFormat.RAW: ("rawpy", "raw"),
    ImageFormat.DICOM: ("pydicom", "dicom"),
}


_BY_FORMAT = _codecs()


def supported() -> tuple[ImageFormat, ...]:
    """The formats that can be read here."""
    return tuple(_BY_FORMAT)


def writable() -> tuple[ImageFormat, ...]:
    """The formats that can be written here."""
    return tuple(format for format, codec in _BY_FORMAT.items() if codec.TRAITS[format].writes)


def extra(format: ImageFormat) -> str:
    """The extra of this package that a format needs, empty where it needs none."""
    return _EXTRAS[format][1] if format in _EXTRAS else ""


def absent(format: ImageFormat) -> str:
    """A sentence about the library that is missing for `format`, or nothing where none is."""
    if format in _BY_FORMAT or format not in _EXTRAS:
        return ""
    library, extra = _EXTRAS[format]
    return (
        f"Expected the package {library} for {format.value}, found none; "
        f"pip install 'imgpipe[{extra}]' brings it"
    )


def codec(format: ImageFormat) -> Codec | None:
    """The codec for `format`, or None where there is none."""
    return _BY_FORMAT.get(format)


def traits(format: ImageFormat) -> Traits:
    """What `format`, one that is supported, can hold when it is written here."""
    return _BY_FORMAT[format].TRAITS[format]


def written_as(format: ImageFormat | None, content: ImageFormat) -> ImageFormat:
    """The format of an output: the one asked for, or else the picture's own.

    What is not written here becomes JPEG where it comes from a camera, else PNG.
    """
    if format:
        return format
    if content in _BY_FORMAT and traits(content).writes:
        return content
    return ImageFormat.JPEG if content is ImageFormat.RAW else ImageFormat.PNG


@cache  # as it is asked for by every run, and takes longer than a picture
def versions() -> dict[str, str]:
    """The libraries that read and write each format, with their versions."""
    return {format.value: codec.version(format) for format, codec in _BY_FORMAT.items()}
