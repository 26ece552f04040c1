"""More than 8 bits a sample, and floats, through imagecodecs, where Pillow would cut them to 8.

PNG, TIFF, JPEG 2000 and AVIF; all that Pillow holds whole goes to it as before, but for PNGs, which
it takes half as long again to read, and small ones twice as long to write.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version as installed
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgpipe.codecs import pillow
from imgpipe.codecs.avifbox import with_metadata
from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Wish
from imgpipe.codecs.chunks import Chunks
from imgpipe.codecs.depths import spread, straight
from imgpipe.codecs.frames import UNLIKE
from imgpipe.codecs.pngwrite import write_png
from imgpipe.codecs.tifftags import directories, with_exif
from imgpipe.formats import ImageFormat
from imgpipe.image import Frame, Image, Space
from imgpipe.losses import Loss
from imgpipe.metadata import DESCRIPTION, block_of_tiff, meant_orientation
from imgpipe.orientation import copies, upright
from imgpipe.turns import giving_way

TRAITS = {
    ImageFormat.PNG: replace(pillow.TRAITS[ImageFormat.PNG], depth=16),
    ImageFormat.TIFF: replace(pillow.TRAITS[ImageFormat.TIFF], depth=16, real=True),
    ImageFormat.JPEG2000: replace(pillow.TRAITS[ImageFormat.JPEG2000], depth=16, grey_depth=16),
    ImageFormat.AVIF: replace(pillow.TRAITS[ImageFormat.AVIF], depth=12, grey_depth=12),
}

_UNREAD = np.zeros((1, 1, 3), np.uint8)
_LIBPNG_SIDE = 1_000_000  # pixels, which is as far as it goes
_AVIF_DEPTH = 12
_DEFLATE = 8  # TIFF's number for it
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 256, 257, 258, 262  # its tags
_ORIENTATION, _SAMPLES, _EXTRA, _ICC = 274, 277, 338, 34675
_LEFT = {700: Loss("metadata", "XMP"), 34377: Loss("metadata", "IPTC")}

# For a pixel, for each of its channels; measured, and held to by a test.
_BYTES_EACH = {
    ImageFormat.PNG: 4,
    ImageFormat.TIFF: 3,
    ImageFormat.JPEG2000: 8.5,
    ImageFormat.AVIF: 7.5,
}


def version(format: ImageFormat) -> str:
    """The library's name and version, and that for 8 bits."""
    return f"imagecodecs {installed('imagecodecs')}, or {pillow.version(format)}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells."""
    try:
        return pillow.head(data, format)
    except Exception:  # it knows no colours in floats, and raises anything
        if format is not ImageFormat.TIFF:
            raise
    return _head_of_tiff(data)


def _head_of_tiff(data: bytes) -> Head:
    """Its size is that of the picture once it is upright, as Pillow has it of others."""
    tags, pages = pillow.tiff_tags(data, 0), len(directories(data))
    if tags.get(_PHOTOMETRIC) not in (1, 2):
        raise ValueError("samples of a kind that is not read")
    width, height = int(tags[_WIDTH]), int(tags[_HEIGHT])
    if min(width, height) < 1:
        raise ValueError(f"a picture of {width}x{height} pixels")
    if meant_orientation(tags.get(_ORIENTATION)) > 4:
        width, height = height, width
    depth, channels = int(max(tags.get(_BITS, (1,)))), int(tags.get(_SAMPLES, 1))
    return Head(ImageFormat.TIFF, width, height, channels, depth, frames=pages)


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included."""
    if not _takes(head):
        return pillow.cost(head, scale)
    sample = 2 if head.depth > 16 else 1
    each = _BYTES_EACH[head.format] * sample * max(head.channels, 2)
    pixels = head.width * head.height
    each += 2 * sample * head.channels * (copies(head.orientation) - 1)
    return int(each * pixels) * head.frames + 4 * ROWS


def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The picture at its depth, upright, with what was lost."""
    if _takes(head):
        return _decode(data, head, wish)
    if head.format is ImageFormat.PNG:
        chunks = Chunks(data)
        if _is_usual_png(chunks, head):
            with suppress(Exception):  # Pillow may still read it
                return _decode_usual_png(chunks, head)
    return pillow.decode(data, head, scale, grey=grey, wish=wish)


@giving_way()
def _decode(data: bytes, head: Head, wish: Wish) -> Image:
    about = _described(data, head)
    pixels = _READERS[head.format](data, head, 0)
    space: Space = "icc" if about.icc_profile else "grey" if pixels.shape[2] < 3 else "srgb"
    picture = replace(about, pixels=pixels, space=space)
    if head.frames > 1:
        picture = _with_pages(picture, data, head, wish)
    return picture.each(lambda page: upright(page, pillow.turn(data, head)))


def _described(data: bytes, head: Head) -> Image:
    if head.format is ImageFormat.PNG and Chunks(data).is_bare:
        return Image(_UNREAD, "srgb", head.format)
    try:
        return pillow.describe(data, head)
    except Exception:  # as above
        if head.format is not ImageFormat.TIFF:
            raise
        tags = pillow.tiff_tags(data, 0)
        icc, exif = tags.get(_ICC), block_of_tiff(data)
        lost = [loss for tag, loss in _LEFT.items() if tag in tags]
        if exif is None and DESCRIPTION & tags.keys():
            lost.append(Loss("metadata", "EXIF"))
        space: Space = "icc" if icc else "srgb"
        return Image(_UNREAD, space, head.format, icc, exif, tuple(lost))


def _takes(head: Head) -> bool:
    """Whether Pillow would cut samples: it holds grey of 16 bits, and floats of grey."""
    if head.depth <= 8 or head.palette:
        return False
    film = head.frames > 1 and head.format is not ImageFormat.TIFF
    return not film and (head.channels > 1 or head.format is ImageFormat.AVIF)


def _is_usual_png(chunks: Chunks, head: Head) -> bool:
    """Whether a picture of 8 bits is one that libspng takes, which is faster than Pillow."""
    usual = not (head.palette or head.progressive) and head.frames == 1 and head.depth == 8
    return usual and chunks.samples in (1, 3, 4) and not chunks.has_key


def _decode_usual_png(chunks: Chunks, head: Head) -> Image:
    import imagecodecs  # which is large, so not before there is a picture for it

    with giving_way():
        pixels = _planes(imagecodecs.spng_decode(chunks.pixels_alone()))
    space: Space = "grey" if pixels.shape[2] < 3 else "srgb"
    if chunks.is_bare:
        return Image(pixels, space, head.format)
    about = pillow.describe(chunks.data, head)
    picture = replace(about, pixels=pixels, space="icc" if about.icc_profile else space)
    return upright(picture, head.orientation)


def _with_pages(first: Image, data: bytes, head: Head, wish: Wish) -> Image:
    if not wish.pages:
        return first.losing(Loss("pages", "those after the first"))
    pixels = [first.pixels]
    for number in range(1, head.frames):
        tags = pillow.tiff_tags(data, number)
        if sorted((tags[_WIDTH], tags[_HEIGHT])) != sorted((head.width, head.height)):
            return first.losing(UNLIKE)  # before there is memory for it
        page = _READERS[head.format](data, head, number)
        if page.shape != first.pixels.shape or page.dtype != first.pixels.dtype:
            return first.losing(UNLIKE)
        pixels.append(page)
    return replace(first, frames=tuple(Frame(page, 0) for page in pixels))


def _read_png(data: bytes, head: Head, number: int) -> NDArray[Any]:
    import imagecodecs

    alone = Chunks(Chunks(data).pixels_alone())
    pixels = np.empty((head.height, head.width, alone.samples + alone.has_key), np.uint16)
    try:
        return _planes(imagecodecs.png_decode(alone.data, out=pixels))
    except Exception:
        # Once libpng fails, imagecodecs holds its array for ever; of one of its own it lets go
        # more often than it holds it, until Python dies of that.
        pixels.resize(0, refcheck=False)
        raise


def _read_tiff(data: bytes, head: Head, number: int) -> NDArray[Any]:
    import imagecodecs

    tags = pillow.tiff_tags(data, number)
    pixels = imagecodecs.tiff_decode(data, index=number)
    if pixels.ndim == 3 and pixels.shape[0] == tags.get(_SAMPLES) != pixels.shape[2]:  # one by one
        pixels = np.moveaxis(pixels, 0, 2)
    pixels = _planes(pixels)
    if pixels.dtype == np.float64:
        pixels = pixels.astype(np.float32)
    if pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"samples of {pixels.dtype}, and uint8, uint16 and float32 are read")
    return straight(pixels) if tags.get(_EXTRA) in (1, (1,)) else pixels


def _read_jpeg2000(data: bytes, head: Head, number: int) -> NDArray[Any]:
    import imagecodecs

    return _spread(imagecodecs.jpeg2k_decode(data, numthreads=1), head.depth)


def _read_avif(data: bytes, head: Head, number: int) -> NDArray[Any]:
    import imagecodecs

    return _spread(imagecodecs.avif_decode(data, index=0, numthreads=1), head.depth)


_READERS: dict[ImageFormat, Callable[[bytes, Head, int], NDArray[Any]]] = {
    ImageFormat.PNG: _read_png,
    ImageFormat.TIFF: _read_tiff,
    ImageFormat.JPEG2000: _read_jpeg2000,
    ImageFormat.AVIF: _read_avif,
}


def _planes(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels


def _spread(levels: NDArray[Any], depth: int) -> NDArray[Any]:
    pixels = _planes(levels)
    return spread(pixels, depth) if pixels.dtype == np.uint16 and depth < 16 else pixels


def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """`image`, which the format's traits can hold, as a file."""
    if _writes(image, format):
        return _WRITERS[format](image, how)
    return pillow.encode(image, format, how)


def _writes(image: Image, format: ImageFormat) -> bool:
    """Whether Pillow would cut samples, or take longer."""
    both = format in (ImageFormat.PNG, ImageFormat.TIFF)
    held = (np.uint8, np.uint16) if both and image.channels == 1 else (np.uint8,)
    if image.pixels.dtype not in held:
        return True
    small = max(image.width, image.height) <= _LIBPNG_SIDE
    return format is ImageFormat.PNG and small and not image.frames


def _write_png(image: Image, how: Encoding) -> bytes:
    return write_png(_flat(image), how)


@giving_way()
def _write_tiff(image: Image, how: Encoding) -> bytes:
    import imagecodecs

    options: dict[str, Any] = {
        "compression": _DEFLATE,
        "predictor": image.pixels.dtype == np.uint16,
        "photometric": "rgb" if image.channels > 2 else "minisblack",
        "iccprofile": how.icc_profile,
    }
    if image.has_alpha:
        options["extrasample"] = "unassalpha"
    data = b""
    for page in image.stills():
        if data:
            options["appendto"] = data
        data = bytes(imagecodecs.tiff_encode(_flat(page), **options))
    return with_exif(data, how.exif) if how.exif else data


@giving_way()
def _write_jpeg2000(image: Image, how: Encoding) -> bytes:
    import imagecodecs

    rough = how.quality is not None and not how.lossless
    level = round(25 + (how.quality or 0) / 4) if rough else 0  # decibels, as for 8 bits
    return bytes(
        imagecodecs.jpeg2k_encode(_flat(image), level=level, reversible=not rough, numthreads=1)
    )


@giving_way()
def _write_avif(image: Image, how: Encoding) -> bytes:
    import imagecodecs

    quality = 60 if how.quality is None else how.quality
    options: dict[str, Any] = {
        "level": 100 if how.lossless else quality,
        "speed": 6 if how.effort is None else 10 - how.effort,
        "bitspersample": _AVIF_DEPTH,
        "pixelformat": "444" if how.lossless else how.subsampling.replace(":", ""),
        "numthreads": 1,  # pictures share out the cores
    }
    if how.lossless and image.channels > 2:
        options["matrix"] = imagecodecs.AVIF.MATRIX_COEFFICIENTS.IDENTITY
    levels = _flat(image) >> (16 - _AVIF_DEPTH)
    data = bytes(imagecodecs.avif_encode(levels, **options))
    if how.exif or how.icc_profile:
        data = with_metadata(data, how.exif, how.icc_profile)
    return data


_WRITERS: dict[ImageFormat, Callable[[Image, Encoding], bytes]] = {
    ImageFormat.PNG: _write_png,
    ImageFormat.TIFF: _write_tiff,
    ImageFormat.JPEG2000: _write_jpeg2000,
    ImageFormat.AVIF: _write_avif,
}


def _flat(image: Image) -> NDArray[Any]:
    """Pixels as the library wants them: two dimensions for grey, strides even of sides of 1."""
    pixels = image.contiguous()
    shape = pixels.shape[:2] if image.channels == 1 else pixels.shape
    return pixels.ravel().reshape(shape)
