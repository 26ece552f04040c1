"""JPEG, PNG, GIF, WebP and BMP through Pillow.

Pillow raises whatever its plug-ins come upon; the decode and encode steps make one error of it.
"""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import PIL
from PIL import features
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from imgpipe.formats import ImageFormat
from imgpipe.image import Image
from imgpipe.orientation import TAG, upright

# The readers themselves, as Image.open would guess at the format, which is known by now, and hold
# a limit of pixels for the whole process, where we have one of our own.
_READERS: dict[ImageFormat, type[ImageFile]] = {
    ImageFormat.JPEG: JpegImageFile,
    ImageFormat.PNG: PngImageFile,
    ImageFormat.GIF: GifImageFile,
    ImageFormat.WEBP: WebPImageFile,
    ImageFormat.BMP: BmpImageFile,
}
FORMATS = tuple(_READERS)

# Modes each format stores, by channels; what is missing is flattened or spread out first.
_ALPHA = (ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.GIF)
_PROFILE = (ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.WEBP)
_BACKGROUND = 255

_OPTIONS: dict[ImageFormat, Callable[[int | None], dict[str, Any]]] = {
    ImageFormat.JPEG: lambda quality: {"quality": quality or 80, "subsampling": "4:2:0"},
    ImageFormat.PNG: lambda quality: {},
    ImageFormat.GIF: lambda quality: {},
    ImageFormat.WEBP: lambda quality: {"quality": quality or 80},
    ImageFormat.BMP: lambda quality: {},
}


def versions() -> dict[str, str]:
    """The libraries that read and write each format, with their versions."""
    behind = {
        ImageFormat.JPEG: "libjpeg_turbo",
        ImageFormat.PNG: "zlib",
        ImageFormat.WEBP: "webp",
    }
    found = {format.value: f"Pillow {PIL.__version__}" for format in FORMATS}
    for format, library in behind.items():
        found[format.value] += f", {library} {features.version(library)}"
    return found


def size(data: bytes, format: ImageFormat) -> tuple[int, int]:
    """(width, height) in pixels as stored, from the header alone."""
    with _READERS[format](BytesIO(data)) as opened:
        return opened.size


def decode(data: bytes, format: ImageFormat) -> Image:
    """The picture, or the first one of an animation, upright."""
    with _READERS[format](BytesIO(data)) as opened:
        opened.load()
        picture = replace(Image.from_pil(opened), format=format, exif=opened.info.get("exif"))
        return upright(picture, _orientation(opened))


def _orientation(opened: ImageFile) -> int:
    try:
        return int(opened.getexif().get(TAG, 1))
    except Exception:  # a broken EXIF block, on which Pillow raises anything, costs no picture
        return 1


def encode(image: Image, format: ImageFormat, quality: int | None) -> bytes:
    """`image` as a file of `format`; alpha is laid on white where the format has none."""
    if image.has_alpha and format not in _ALPHA:
        image = flatten(image)
    picture = image.to_pil()
    if format is ImageFormat.WEBP and image.channels < 3:
        picture = picture.convert("RGBA" if image.has_alpha else "RGB")
    if format is ImageFormat.GIF and image.channels == 2:
        picture = picture.convert("RGBA")
    options = _OPTIONS[format](quality)
    if image.icc_profile and format in _PROFILE:
        options["icc_profile"] = image.icc_profile
    buffer = BytesIO()
    picture.save(buffer, format.name, **options)
    return buffer.getvalue()


def flatten(image: Image) -> Image:
    """`image` without its alpha, laid on white."""
    colour = image.pixels[..., :-1].astype(np.uint32)
    alpha = image.pixels[..., -1:].astype(np.uint32)
    mixed = (colour * alpha + _BACKGROUND * (255 - alpha) + 127) // 255
    return image.with_pixels(mixed.astype(np.uint8))
