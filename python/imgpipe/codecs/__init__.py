"""Bytes to pictures and back: one file a library, chosen by format.

Every codec has `FORMATS`, `versions()`, `size(data, format)`, `decode(data, format)` and
`encode(image, format, quality)`.
"""

from types import ModuleType

from imgpipe.codecs import pillow
from imgpipe.formats import ImageFormat

_BY_FORMAT: dict[ImageFormat, ModuleType] = dict.fromkeys(pillow.FORMATS, pillow)


def supported() -> tuple[ImageFormat, ...]:
    """The formats that can be read and written here."""
    return tuple(_BY_FORMAT)


def codec(format: ImageFormat) -> ModuleType | None:
    """The codec for `format`, or None where there is none."""
    return _BY_FORMAT.get(format)


def versions() -> dict[str, str]:
    """The libraries that read and write each format, with their versions."""
    return pillow.versions()
