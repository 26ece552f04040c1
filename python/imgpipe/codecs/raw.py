"""Camera RAW through rawpy, which is LibRaw: developed, or the preview that the camera put in."""

from dataclasses import replace
from importlib.metadata import version as installed
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from imgpipe.codecs import pillow
from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Traits, Wish
from imgpipe.formats import ImageFormat, sniff_format
from imgpipe.image import Image
from imgpipe.losses import Loss
from imgpipe.metadata import block_of_tiff
from imgpipe.orientation import upright
from imgpipe.turns import giving_way

if TYPE_CHECKING:
    from rawpy import RawPy

TRAITS = {ImageFormat.RAW: Traits(depth=16, grey_depth=16, exif=True, shrinks=True, writes=False)}

_DEPTH = 16
_TURNS = {3: 3, 5: 8, 6: 6}  # LibRaw's numbers for a turn as EXIF's
_HIGHLIGHTS = {"clip": "Clip", "keep": "Ignore", "blend": "Blend", "rebuild": "ReconstructDefault"}

# For a pixel: what LibRaw reads, and what it makes of it; measured, and held to by a test.
_BYTES_READ, _BYTES_MADE = 4, 17


def version(format: ImageFormat) -> str:
    """The library's name and version."""
    return f"rawpy {installed('rawpy')}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells; the size is that of the picture once it is upright."""
    with _open(data) as opened:
        sizes = opened.sizes
        width, height = sizes.width, sizes.height
        if sizes.flip in (5, 6):
            width, height = height, width
        return Head(format, width, height, 3, _DEPTH)


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included."""
    pixels = head.width * head.height
    made = pixels // 4 if scale > 1 else pixels
    return _BYTES_READ * pixels + _BYTES_MADE * made + 16 * ROWS


@giving_way()
def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The picture, upright, with the camera's white balance; of half its size for any `scale`."""
    with _open(data) as opened:
        if wish.reading.raw == "preview":
            picture = _preview(opened, scale, grey)
        else:
            picture = _developed(opened, scale, wish)
    return replace(picture, format=head.format, exif=block_of_tiff(data) or picture.exif)


def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """Not done: RAW is what a sensor saw."""
    raise ValueError("RAW is read here, and not written")


def _open(data: bytes) -> "RawPy":
    from rawpy import imread  # which loads LibRaw, so not before there is a picture for it

    return imread(BytesIO(data))


def _developed(opened: "RawPy", scale: int, wish: Wish) -> Image:
    from rawpy import HighlightMode

    reading = wish.reading
    options: dict[str, Any] = {
        "use_camera_wb": True,
        "half_size": scale > 1,
        "output_bps": 16 if wish.deep else 8,
        "highlight_mode": getattr(HighlightMode, _HIGHLIGHTS[reading.raw_highlights]),
    }
    if reading.raw_exposure is not None:
        options |= {"no_auto_bright": True, "exp_shift": 2.0**reading.raw_exposure}
    return Image.from_array(opened.postprocess(**options))


def _preview(opened: "RawPy", scale: int, grey: bool) -> Image:
    """Raises ValueError where there is none."""
    from rawpy import LibRawNoThumbnailError, LibRawUnsupportedThumbnailError, ThumbFormat

    try:
        found = opened.extract_thumb()
    except (LibRawNoThumbnailError, LibRawUnsupportedThumbnailError):
        raise ValueError("no preview in it; raw develop makes the picture itself") from None
    turn = _TURNS.get(opened.sizes.flip, 1)
    if found.format is ThumbFormat.JPEG:
        data = bytes(found.data)
        if sniff_format(data) is not ImageFormat.JPEG:
            raise ValueError("a preview that is no picture; raw develop makes the picture itself")
        about = pillow.head(data, ImageFormat.JPEG)
        picture = pillow.decode(data, about, scale, grey=grey)
        turn = turn if about.orientation == 1 else 1  # it has been turned
    else:
        picture = Image.from_array(np.array(found.data))
    told = Loss("preview", f"{picture.width}x{picture.height} pixels in place of the picture")
    return upright(picture, turn).losing(told)
