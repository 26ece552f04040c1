"""One walk over the chunks of a PNG file.

ISO/IEC 15948, 5.3 and 11.3; PNG extensions 1.5, 3.7 (eXIf).
"""

from collections.abc import Iterator

from imgpipe.codecs.markers import EXIF

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_OLD_EXIF = b"Raw profile type exif\0"  # as ImageMagick wrote it before there was eXIf
_XMP = b"XML:com.adobe.xmp\0"


def is_bare(data: bytes) -> bool:
    """Whether a picture says nothing beside its pixels, which Pillow decodes to find that out."""
    return not any(kind == b"eXIf" or kind in _TEXTS for kind, _ in _chunks(data))


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
    at = 8
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        if kind != b"IDAT":
            yield kind, data[at + 8 : end]
        at = end + 4
