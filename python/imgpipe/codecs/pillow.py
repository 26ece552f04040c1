"""The everyday formats through Pillow, from bytes, never from a path.

Pillow raises whatever its plug-ins come upon; the decode and encode steps make one error of it.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
import PIL
from PIL import ImageFile, features
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from imgpipe.codecs.aviffilm import loops_in, with_loops
from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Traits, Wish
from imgpipe.codecs.boxes import has_gain_map
from imgpipe.codecs.chunks import (
    depth,
    exif_in,
    has_text,
    may_be_turned,
    plain_head,
    without_pixels,
)
from imgpipe.codecs.frames import as_pil, save_frames, with_frames, with_pages, within
from imgpipe.codecs.tifftags import directories, with_exif
from imgpipe.colour import cmyk_to_srgb, lab_to_srgb
from imgpipe.formats import ImageFormat
from imgpipe.image import Image
from imgpipe.losses import Loss
from imgpipe.metadata import meant_orientation, orientation_of, tiff_exif
from imgpipe.orientation import copies, upright
from imgpipe.turns import giving_way

# The readers themselves, as Image.open would guess at the format, which is known by now, and hold
# a limit of pixels for the whole process, where we have one of our own.
_READERS: dict[ImageFormat, type[ImageFile.ImageFile]] = {
    ImageFormat.JPEG: JpegImageFile,
    ImageFormat.PNG: PngImageFile,
    ImageFormat.GIF: GifImageFile,
    ImageFormat.WEBP: WebPImageFile,
    ImageFormat.BMP: BmpImageFile,
    ImageFormat.TIFF: TiffImageFile,
    ImageFormat.AVIF: AvifImageFile,
    ImageFormat.JPEG2000: Jpeg2KImageFile,
}

TRAITS = {
    ImageFormat.JPEG: Traits(icc=True, exif=True, shrinks=True, lossy=True),
    ImageFormat.PNG: Traits(alpha=True, grey_depth=16, icc=True, exif=True, frames=True),
    ImageFormat.GIF: Traits(alpha=True, palette=True, frames=True),
    ImageFormat.WEBP: Traits(alpha=True, icc=True, exif=True, lossy=True, frames=True),
    ImageFormat.BMP: Traits(),
    ImageFormat.TIFF: Traits(alpha=True, grey_depth=16, icc=True, exif=True, pages=True),
    ImageFormat.AVIF: Traits(alpha=True, icc=True, exif=True, lossy=True, frames=True),
    ImageFormat.JPEG2000: Traits(alpha=True, lossy=True),
}

_LIBRARIES = {
    ImageFormat.JPEG: "libjpeg_turbo",
    ImageFormat.PNG: "zlib",
    ImageFormat.WEBP: "webp",
    ImageFormat.TIFF: "libtiff",
    ImageFormat.AVIF: "avif",
    ImageFormat.JPEG2000: "jpg_2000",
}

_BITS, _ORIENTATION = 258, 274  # tags of a TIFF
_OTHERS = {"xmp": "XMP", "photoshop": "IPTC", "comment": "a comment"}

# For a pixel of 1 to 4 channels: as the library holds it, as Pillow does, as bytes, as an array.
# Measured, and held to by a test.
_BYTES_EACH = {
    ImageFormat.GIF: (14.5, 14.5, 14.5, 14.5),  # a frame besides what is shown
    ImageFormat.WEBP: (22, 22, 20.5, 22),
    ImageFormat.AVIF: (13, 13, 13, 17),
    ImageFormat.JPEG2000: (7, 13, 21, 26),
}
_BYTES_USUAL = (4.5, 8.5, 10.5, 14.5)
_BYTES_CODED, _BYTES_TABLES = 6, 2**18  # of a JPEG at most: for a pixel, and beside them
_BYTES_DEEP_GREY, _BYTES_REAL_GREY, _BYTES_PALETTE = 10.5, 24, 13.5


def version(format: ImageFormat) -> str:
    """The library's name and version, and that of the one behind it."""
    library = _LIBRARIES.get(format)
    behind = f", {library} {features.version(library)}" if library else ""
    return f"Pillow {PIL.__version__}{behind}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells."""
    if format is ImageFormat.PNG and (plain := plain_head(data)):
        return plain
    with _open(data, format) as opened:
        width, height = opened.size
        progressive = bool(opened.info.get("progressive") or opened.info.get("interlace"))
        return Head(
            format,
            width,
            height,
            len(opened.getbands()),
            _depth(opened, data, format),
            _orientation(opened, data),
            progressive,
            opened.mode in ("P", "PA"),
            _frames(opened),
        )


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included."""
    pixels = head.width * head.height
    each = _BYTES_EACH.get(head.format, _BYTES_USUAL)[head.channels - 1]
    if head.palette:
        each = max(each, _BYTES_PALETTE)
    elif head.channels == 1 and head.depth > 8:
        each = _BYTES_DEEP_GREY if head.depth <= 16 else _BYTES_REAL_GREY
    each += head.channels * (copies(head.orientation) > 2)
    whole = head.progressive and head.format is ImageFormat.JPEG
    coefficients = 2 * head.channels * pixels if whole else 0
    frames = 5 * pixels * head.frames if head.frames > 1 else 0
    return coefficients + int(each * pixels) // scale**2 + 2 * ROWS + frames


def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The picture, upright, with what was lost."""
    with _open(data, head.format) as opened:
        if isinstance(opened, JpegImageFile) and (scale > 1 or grey):
            size = opened.size[0] // scale, opened.size[1] // scale
            colourless = grey and opened.mode == "RGB" and "icc_profile" not in opened.info
            opened.draft("L" if colourless else opened.mode, size)
        lost, add = _frames_left(head, wish)
        exif = _exif(opened, data)
        with giving_way():
            opened.load()
        lost += _metadata_left(opened, data)  # some of which comes after the pixels
        picture, loss = _picture(opened)
        if add:
            with giving_way():
                picture = add(picture, opened, lambda opened: _picture(opened)[0])
            if head.format is ImageFormat.AVIF:
                picture = replace(picture, loops=loops_in(data))
    if head.depth > 8 and picture.pixels.dtype == np.uint8:
        lost.append(Loss("depth", f"{head.depth} bits to 8"))
    picture = replace(picture, format=head.format, exif=exif, lost=(*picture.lost, *loss, *lost))
    return picture.each(lambda frame: upright(frame, head.orientation))


def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """`image`, which the format's traits can hold, as a file."""
    options = _options(format, how)
    traits = TRAITS[format]
    # Given to each saver, as some fall back to what the picture carries and some do not.
    if traits.icc:
        options["icc_profile"] = how.icc_profile
    if traits.exif and how.exif and format is not ImageFormat.TIFF:
        options["exif"] = how.exif
    data = _saved(image, format, options)
    if format is ImageFormat.TIFF and how.exif:
        return with_exif(data, how.exif)  # libtiff, which compresses, writes only its main part
    return data


def _saved(image: Image, format: ImageFormat, options: dict[str, Any]) -> bytes:
    if image.frames:
        image = within(image, format)
        with giving_way():
            film = save_frames(image, format, options)
        return with_loops(film, image.loops) if format is ImageFormat.AVIF else film
    picture = as_pil(image, format)
    if format is ImageFormat.JPEG:
        _make_room(picture, options)
    with _memory(format) as opened:
        with giving_way():
            picture.save(opened, format.name, **options)
        opened.seek(0)
        return opened.read()


def _make_room(picture: PIL.Image.Image, options: dict[str, Any]) -> None:
    """Let Pillow's buffer hold a whole file, which one in several passes must fit.

    Pillow makes it as large as most pictures need, and fails where noise needs more.
    """
    if options["progressive"] or options["optimize"]:
        most = _BYTES_CODED * picture.width * picture.height
        ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, most + _BYTES_TABLES)


def _memory(format: ImageFormat) -> BinaryIO:
    """A file in memory, for JPEG of the system's, as Pillow lets the GIL go for those alone."""
    if format is ImageFormat.JPEG and hasattr(os, "memfd_create"):
        return open(os.memfd_create("jpeg"), "w+b")
    return BytesIO()


def describe(data: bytes, head: Head) -> Image:
    """All of a picture but its pixels, of which it has one, for those who read them otherwise."""
    with _open_to_describe(data, head.format) as opened:
        icc: bytes | None = opened.info.get("icc_profile")
        return Image(
            np.zeros((1, 1, 3), np.uint8),
            "icc" if icc else "srgb",
            head.format,
            icc,
            _exif(opened, data),
            tuple(_metadata_left(opened, data)),
        )


def _open_to_describe(data: bytes, format: ImageFormat) -> ImageFile.ImageFile:
    if format is ImageFormat.PNG:
        with suppress(Exception):  # what is broken behind the pixels costs none of them
            return _open(without_pixels(data), format)
    return _open(data, format)


def turn(data: bytes, head: Head) -> int:
    """The orientation by which such a reader's pixels are turned."""
    if head.format is ImageFormat.TIFF:
        return meant_orientation(tiff_tags(data, 0).get(_ORIENTATION, 1))
    return head.orientation


def tiff_tags(data: bytes, page: int) -> Mapping[int, Any]:
    """What one page of a TIFF says of itself."""
    file = BytesIO(data)
    tags = ImageFileDirectory_v2(file.read(16 if data[2:3] == b"+" or data[3:4] == b"+" else 8))
    file.seek(directories(data)[page])
    tags.load(file)
    return dict(tags)


def _open(data: bytes, format: ImageFormat) -> ImageFile.ImageFile:
    return _READERS[format](BytesIO(data))


def _depth(opened: ImageFile.ImageFile, data: bytes, format: ImageFormat) -> int:
    """Bits a sample as stored, which Pillow's modes do not tell."""
    if format is ImageFormat.PNG:
        return depth(data)
    if isinstance(opened, TiffImageFile):
        return int(max(opened.tag_v2.get(_BITS, (1,))))
    if format is ImageFormat.JPEG2000:
        at = data.find(b"\xff\x4f\xff\x51")  # SOC, SIZ: ITU-T T.800, A.5.1
        return (data[at + 42] & 0x7F) + 1 if 0 <= at < len(data) - 42 else 8
    if format is ImageFormat.AVIF:
        at = data.find(b"av1C")  # AV1 codec ISO media file format binding, 2.3.3
        flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
        return (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    return 8


def _orientation(opened: ImageFile.ImageFile, data: bytes) -> int:
    if isinstance(opened, TiffImageFile):  # Pillow turns those
        return 1
    if isinstance(opened, PngImageFile) and not may_be_turned(data):
        return 1
    return orientation_of(opened)


def _exif(opened: ImageFile.ImageFile, data: bytes) -> bytes | None:
    if isinstance(opened, TiffImageFile):
        return tiff_exif(opened)
    if isinstance(opened, PngImageFile):
        return exif_in(data)
    exif: bytes | None = opened.info.get("exif")
    return exif


def _frames(opened: ImageFile.ImageFile) -> int:
    """How many frames or pages there are, a picture for those who know no animation left out."""
    if not getattr(opened, "is_animated", False):
        return 1
    count: int = getattr(opened, "n_frames")  # noqa: B009  # not all of them have it
    return count - bool(opened.info.get("default_image"))


def _frames_left(head: Head, wish: Wish) -> tuple[list[Loss], Callable[..., Image] | None]:
    """What is lost of several frames or pages, or else what adds them."""
    if head.frames == 1:
        return [], None
    if head.format is ImageFormat.TIFF:
        return ([], with_pages) if wish.pages else ([Loss("pages", "those after the first")], None)
    if wish.frames:
        return [], with_frames
    return [Loss("animation", "frames after the first")], None


def _metadata_left(opened: ImageFile.ImageFile, data: bytes) -> list[Loss]:
    """What is not EXIF."""
    lost = [Loss("metadata", what) for key, what in _OTHERS.items() if key in opened.info]
    if isinstance(opened, PngImageFile) and has_text(data):
        lost.append(Loss("metadata", "text"))
    isos = isinstance(opened, AvifImageFile) and has_gain_map(data)
    xmp = opened.info.get("xmp")  # in a TIFF, of whatever type its tag claims
    if isos or (isinstance(xmp, bytes) and b"hdrgm:Version" in xmp):
        lost.append(Loss("gain-map", "of high dynamic range"))
    return lost


def _picture(opened: ImageFile.ImageFile) -> tuple[Image, list[Loss]]:
    """The pixels, CMYK and the like as sRGB; with what that lost."""
    if opened.mode == "CMYK":
        shown, loss = cmyk_to_srgb(opened, opened.info.get("icc_profile"))
        return Image.from_pil(shown), loss
    if opened.mode == "LAB":
        return Image.from_pil(lab_to_srgb(opened)), []
    return Image.from_pil(opened), []


def _options(format: ImageFormat, how: Encoding) -> dict[str, Any]:
    """The arguments of Pillow's saver."""
    quality, effort = how.quality, how.effort
    match format:
        case ImageFormat.JPEG:
            return {
                "quality": 80 if quality is None else quality,
                "subsampling": how.subsampling,
                "progressive": how.progressive,
                "optimize": how.progressive or (effort or 0) > 5,
            }
        case ImageFormat.PNG:
            return {"compress_level": 6 if effort is None else min(9, effort)}
        case ImageFormat.WEBP:
            return {
                "quality": 80 if quality is None else quality,
                "lossless": how.lossless,
                "method": 4 if effort is None else round(effort * 0.6),
            }
        case ImageFormat.TIFF:
            return {"compression": "tiff_adobe_deflate"}
        case ImageFormat.AVIF:
            best = how.lossless
            return {
                "quality": 100 if best else 60 if quality is None else quality,
                "speed": 6 if effort is None else 10 - effort,
                "subsampling": "4:4:4" if best else how.subsampling,
                "max_threads": 1,  # pictures share out the cores
            }
        case ImageFormat.JPEG2000 if quality is not None and not how.lossless:
            return {
                "irreversible": True,
                "quality_mode": "dB",
                "quality_layers": [25 + quality / 4],
            }
        case _:
            return {}
