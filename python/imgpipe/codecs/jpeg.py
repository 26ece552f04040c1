"""JPEG through simplejpeg: libjpeg-turbo straight to and from arrays.

What it does not take goes to Pillow: CMYK, odd sampling, progressive output. It is never asked to
be lenient, as it then gives half empty pictures in silence; what it refuses Pillow may recover.
"""

import simplejpeg  # type: ignore[import-untyped]

from imgpipe.codecs import pillow
from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Wish
from imgpipe.codecs.markers import JpegHead, walk, with_metadata
from imgpipe.codecs.progressive import BESIDES, sequential
from imgpipe.colour import is_srgb
from imgpipe.formats import ImageFormat
from imgpipe.image import Image, Space
from imgpipe.losses import Loss
from imgpipe.metadata import exif_orientation
from imgpipe.orientation import copies, upright
from imgpipe.turns import giving_way

TRAITS = {ImageFormat.JPEG: pillow.TRAITS[ImageFormat.JPEG]}

_BASELINE, _EXTENDED, _PROGRESSIVE = range(3)
_LUMA_SAMPLING = ((1, 1), (2, 1), (1, 2), (2, 2), (4, 1))
# Pixels from which a progressive file is sooner decoded as a sequential one, whole and in part.
_LARGE, _LARGE_IN_PART = 1 << 20, 1 << 16
_SUBSAMPLING = {"4:4:4": "444", "4:2:2": "422", "4:2:0": "420"}


def version(format: ImageFormat) -> str:
    """The library's name and version."""
    return f"simplejpeg {simplejpeg.__version__}, or {pillow.version(format)}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells."""
    found = walk(data)
    return Head(
        format,
        found.width,
        found.height,
        len(found.sampling),
        found.depth,
        exif_orientation(found.exif),
        found.coding == _PROGRESSIVE,
    )


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included.

    Coefficients are counted as if no colours were subsampled, and as if a decoder held all of a
    progressive file's, which it does where scans are unusual: no header tells that. Others take a
    few copies of the file, and never more than that.
    """
    if head.channels == 4:
        return pillow.cost(head, scale)
    pixels = head.width * head.height
    coefficients = 2 * head.channels * pixels + BESIDES if head.progressive else 0
    return coefficients + copies(head.orientation) * head.channels * pixels // scale**2 + ROWS


def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The picture, upright, smaller by `scale`."""
    found = walk(data)
    if not _takes(found):
        return _by_pillow(data, head, scale, grey, found)
    in_luma = found.adobe_transform in (None, 1)
    luma_alone = grey and in_luma and _is_plain(found.icc_profile)
    colours = "GRAY" if len(found.sampling) == 1 or luma_alone else "RGB"
    wanted = -(-found.height // scale), -(-found.width // scale)
    smaller = {"min_height": wanted[0], "min_width": wanted[1]} if scale > 1 else {}
    in_part = scale == 8 or (luma_alone and len(found.sampling) > 1)
    large = found.width * found.height >= (_LARGE_IN_PART if in_part else _LARGE)
    if found.coding == _PROGRESSIVE and large:
        read = sequential(data, grey=colours == "GRAY", eighth=scale == 8)
    else:
        read = data
    try:
        with giving_way():
            pixels = simplejpeg.decode_jpeg(read, colours, **smaller)
    except ValueError as error:
        return _by_pillow(data, head, scale, grey, found).losing(Loss("damage", str(error)))
    if pixels.shape[:2] != wanted:
        return _by_pillow(data, head, scale, grey, found)
    icc = None if colours == "GRAY" and len(found.sampling) > 1 else found.icc_profile
    space: Space = "icc" if icc else "grey" if colours == "GRAY" else "srgb"
    picture = Image(pixels, space, head.format, icc, found.exif, lost=_left_behind(found))
    return upright(picture, head.orientation)


def _is_plain(profile: bytes | None) -> bool:
    try:
        return profile is None or is_srgb(profile, "RGB")
    except Exception:  # littleCMS raises several kinds for a broken one, which the caller records
        return False


def _takes(found: JpegHead) -> bool:
    usual = found.coding <= _PROGRESSIVE and found.depth == 8
    match found.sampling:
        case [_]:
            return usual
        case [luma, (1, 1), (1, 1)]:
            return usual and luma in _LUMA_SAMPLING
    return False


def _by_pillow(data: bytes, head: Head, scale: int, grey: bool, found: JpegHead) -> Image:
    """What Pillow makes of a file, even a damaged one; it raises where the file is cut short."""
    picture = pillow.decode(data, head, scale, grey=grey)
    return picture.losing(*(loss for loss in _left_behind(found) if loss not in picture.lost))


def _left_behind(found: JpegHead) -> tuple[Loss, ...]:
    lost = [Loss("metadata", kind) for kind in found.others]
    if found.has_gain_map:
        lost.append(Loss("gain-map", "of high dynamic range"))
    return tuple(lost)


def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """`image`, of uint8 without alpha, as a file."""
    if how.progressive or (how.effort or 0) > 5 or how.subsampling not in _SUBSAMPLING:
        return pillow.encode(image, format, how)
    grey = image.channels == 1
    with giving_way():
        data: bytes = simplejpeg.encode_jpeg(
            image.contiguous(),
            80 if how.quality is None else how.quality,
            "GRAY" if grey else "RGB",
            "Gray" if grey else _SUBSAMPLING[how.subsampling],
        )
    return with_metadata(data, how.exif, how.icc_profile)
