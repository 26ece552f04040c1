"""JPEG XL through imagecodecs, at any depth; and JPEGs as JPEG XL without loss."""

from dataclasses import replace
from importlib.metadata import version as installed
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Traits, Wish
from imgpipe.codecs.depths import spread, straight
from imgpipe.codecs.frames import shown_for
from imgpipe.codecs.jxlbox import said, with_exif
from imgpipe.codecs.jxlframes import durations
from imgpipe.codecs.jxlhead import LINEAR, SRGB, JxlHead, read_head, with_srgb_curve
from imgpipe.codecs.markers import with_metadata, without_metadata
from imgpipe.colour import from_linear, to_linear
from imgpipe.formats import ImageFormat
from imgpipe.image import Frame, Image
from imgpipe.losses import Loss
from imgpipe.turns import giving_way

TRAITS = {
    ImageFormat.JXL: Traits(alpha=True, depth=16, grey_depth=16, real=True, exif=True, lossy=True),
}

# For a pixel, for each of its channels, of 8 bits and of more; measured, and held to by a test.
_BYTES_EACH, _BYTES_DEEP = 8, 20
_BYTES_FILM = 24  # with four frames in floats, on which later ones are laid
_FRAME, _FRAME_DEEP = 1, 8
_EFFORT = 5


def version(format: ImageFormat) -> str:
    """The library's name and version."""
    return f"imagecodecs {installed('imagecodecs')}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells; the size is that of the picture once it is upright.

    An animation has one frame where it cannot be told how long each is shown.
    """
    found = read_head(data)
    width, height = found.width, found.height
    if found.orientation > 4:
        width, height = height, width
    channels = (1 if found.is_grey else 3) + min(1, found.extra_channels)
    frames = len(durations(data, found) or (0,))
    return Head(format, width, height, channels, found.depth, frames=frames)


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included."""
    each = _BYTES_DEEP if head.depth > 8 else _BYTES_EACH
    if head.frames > 1:
        each = _BYTES_FILM + head.frames * (_FRAME_DEEP if head.depth > 8 else _FRAME)
    return each * head.channels * head.width * head.height + 8 * ROWS


@giving_way()
def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The picture, upright, with what was lost; all frames of an animation where they are wished.

    Where it cannot be told how long each is shown, that is the first one.
    """
    import imagecodecs  # which is large, so not before there is a picture for it

    found = read_head(data)
    exif, lost = said(data)
    told = durations(data, found)
    every = bool(told) and wish.frames and head.frames > 1
    decoded = imagecodecs.jpegxl_decode(data, index=None if every else 0, numthreads=1)
    stills = [_still(pixels, found) for pixels in (decoded if every else [decoded])]
    first = replace(stills[0], format=head.format, exif=exif, lost=(*stills[0].lost, *lost))
    if not found.animation or (told and len(told) == 1):
        return first
    if told is None or len(told) != len(stills):
        return first.losing(Loss("animation", "frames after the first"))
    frames = (Frame(still.pixels, shown_for(ms)) for still, ms in zip(stills, told, strict=True))
    return replace(first, frames=tuple(frames), loops=found.animation.loops)


def _still(pixels: NDArray[Any], found: JxlHead) -> Image:
    """One frame as it is shown."""
    if pixels.dtype == np.float16:
        pixels = pixels.astype(np.float32)
    if pixels.dtype == np.uint16 and not found.is_real and found.depth < 16:
        pixels = spread(pixels, found.depth)
    if found.is_associated and pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        pixels = straight(pixels)
    picture = Image.from_array(pixels)
    if found.curve == LINEAR and pixels.dtype != np.uint8:
        return from_linear(picture, pixels.dtype)
    if found.curve != SRGB:
        picture = picture.losing(Loss("profile", "another than sRGB's, colours taken for sRGB"))
    return picture


@giving_way()
def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """`image`, of any depth, as a file.

    The library takes deep samples for light. Where they are kept without loss it is enough to say
    what they are; else they become light first.
    """
    import imagecodecs

    deep = image.pixels.dtype != np.uint8
    if deep and not how.lossless:
        image = to_linear(_in_floats(image))
    pixels = image.contiguous()
    effort = _EFFORT if how.effort is None else max(1, min(9, how.effort))
    options: dict[str, Any] = {"effort": effort, "numthreads": 1}  # pictures share out the cores
    if how.lossless:
        options["lossless"] = True
    else:
        options["distance"] = _distance(80 if how.quality is None else how.quality)
    flat = pixels[:, :, 0] if image.channels == 1 else pixels
    data = bytes(imagecodecs.jpegxl_encode(flat, **options))
    if deep and how.lossless:
        data = with_srgb_curve(data)
    return with_exif(data, how.exif) if how.exif else data


@giving_way()
def encode_jpeg(data: bytes, exif: bytes | None, icc_profile: bytes | None) -> bytes:
    """A JPEG as a smaller JPEG XL of the very same coefficients, with other metadata."""
    import imagecodecs

    bare = with_metadata(without_metadata(data), exif, icc_profile)
    return bytes(imagecodecs.jpegxl_encode_jpeg(bare, numthreads=1))


def _in_floats(image: Image) -> Image:
    if image.pixels.dtype == np.float32:
        return image
    return image.with_pixels(image.pixels / np.float32(65535))


def _distance(quality: int) -> float:
    """Libjxl's own reading of a quality, its `JxlEncoderDistanceFromQuality`."""
    if quality >= 30:
        return 0.1 + (100 - quality) * 0.09
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25
