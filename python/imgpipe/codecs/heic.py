"""HEIC through pillow-heif: what phones make of a picture and put beside it.

libheif turns pictures as their container says, which is what counts: the EXIF block of the same
file tells of that turn once more (ISO/IEC 23008-12, 6.5.10 and annex A).
"""

from dataclasses import replace
from importlib.metadata import version as installed
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Traits, Wish
from imgpipe.codecs.boxes import has_gain_map
from imgpipe.codecs.depths import spread, straight
from imgpipe.formats import ImageFormat
from imgpipe.image import Image
from imgpipe.losses import Loss
from imgpipe.turns import giving_way

if TYPE_CHECKING:
    from pillow_heif import HeifFile

_DEPTH = 10

TRAITS = {
    ImageFormat.HEIC: Traits(
        alpha=True, depth=_DEPTH, grey_depth=_DEPTH, icc=True, exif=True, lossy=True
    )
}

# For a pixel of 1 to 4 channels, of 8 bits and of more; measured, and held to by a test.
_BYTES_EACH = (4, 8, 11, 14)
_BYTES_DEEP = (14, 26, 38, 48)
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def version(format: ImageFormat) -> str:
    """The library's name and version."""
    return f"pillow-heif {installed('pillow-heif')}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells; the size is that of the picture once it is upright."""
    opened = _open(data)
    width, height = opened.size
    channels = len(opened.mode.partition(";")[0])
    return Head(format, width, height, channels, int(opened.info["bit_depth"]))


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included."""
    each = (_BYTES_DEEP if head.depth > 8 else _BYTES_EACH)[head.channels - 1]
    return each * head.width * head.height + 8 * ROWS


@giving_way()
def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The primary picture, upright, with what was lost: what lies beside it among that."""
    opened = _open(data)
    pixels = np.array(opened)
    if opened.premultiplied_alpha:
        pixels = straight(pixels)
    if pixels.dtype == np.uint16:
        pixels = spread(pixels >> (16 - head.depth), head.depth)
    exif: bytes | None = opened.info.get("exif")
    icc: bytes | None = opened.info.get("icc_profile")
    picture = replace(Image.from_array(pixels), format=head.format, exif=exif)
    if icc:
        picture = replace(picture, icc_profile=icc, space="icc")
    return picture.losing(*_left_out(opened, data))


@giving_way()
def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """`image`, of uint8 or of uint16 with 10 bits, as a file."""
    from pillow_heif import from_bytes

    pixels = image.contiguous()
    if image.channels == 2:
        pixels = np.concatenate([pixels[..., :1]] * 3 + [pixels[..., 1:]], axis=2)
    mode = _MODES[pixels.shape[2]] + (";16" if pixels.dtype == np.uint16 else "")
    made = from_bytes(mode, (image.width, image.height), pixels.tobytes())
    options: dict[str, Any] = {
        "quality": 60 if how.quality is None else how.quality,
        "chroma": how.subsampling.replace(":", ""),
    }
    if how.lossless:
        options = {"quality": -1, "chroma": "444", "matrix_coefficients": 0}
    if how.exif:
        options["exif"] = how.exif
    if how.icc_profile:
        made.info["icc_profile"], made.info["icc_profile_type"] = how.icc_profile, "prof"
    buffer = BytesIO()
    made.save(buffer, **options)
    return buffer.getvalue()


def _open(data: bytes) -> "HeifFile":
    from pillow_heif import open_heif  # which loads libheif, so not before there is a picture

    return open_heif(data, convert_hdr_to_8bit=False)


def _left_out(opened: "HeifFile", data: bytes) -> list[Loss]:
    info, others = opened.info, len(opened) - 1
    lost = [Loss("metadata", "XMP")] if info.get("xmp") else []
    if others:
        lost.append(Loss("pages", f"{others} beside the primary picture"))
    if info.get("depth_images"):
        lost.append(Loss("depth-map", "of a phone"))
    apples = any("gainmap" in kind.lower() for kind in info.get("aux") or ())
    if apples or has_gain_map(data):
        lost.append(Loss("gain-map", "of high dynamic range"))
    return lost
