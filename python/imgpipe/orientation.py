"""EXIF orientation: which turn makes a picture upright."""

from collections.abc import Callable

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.kernels.arrays import Array

TAG = 0x0112


def _transpose(array: Array) -> Array:
    return kernels.flip_horizontal(kernels.rotate90(array))


def _transverse(array: Array) -> Array:
    return kernels.flip_horizontal(kernels.rotate270(array))


# What undoes each value of the tag: Exif 2.32, section 4.6.4, tag 274.
_UPRIGHT: dict[int, Callable[[Array], Array]] = {
    2: kernels.flip_horizontal,
    3: kernels.rotate180,
    4: kernels.flip_vertical,
    5: _transpose,
    6: kernels.rotate90,
    7: _transverse,
    8: kernels.rotate270,
}


def copies(orientation: int) -> int:
    """How many pictures there are in memory at most while one is turned."""
    if orientation not in _UPRIGHT:
        return 1
    return 3 if _UPRIGHT[orientation] in (_transpose, _transverse) else 2


def upright(image: Image, orientation: int) -> Image:
    """`image` turned as the EXIF `orientation` says, or as it is for 1 and unknown values."""
    turn = _UPRIGHT.get(orientation)
    return image.with_pixels(turn(image.pixels)) if turn else image
