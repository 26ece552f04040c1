"""Depth: an Image in, the same with no more bits a sample than its output holds out."""

import numpy as np
from numpy.typing import NDArray

from imgpipe.image import Image
from imgpipe.kernels.arrays import FLOAT32, UINT8, UINT16, WHITE
from imgpipe.losses import Loss

# Thresholds of an ordered dither (Bayer, "An optimum method for two-level rendition of
# continuous-tone pictures", 1973), which is the same in every frame.
_BAYER = np.zeros((1, 1))
for _ in range(3):
    _BAYER = np.block([[4 * _BAYER, 4 * _BAYER + 2], [4 * _BAYER + 3, 4 * _BAYER + 1]])
_BAYER = (_BAYER + 0.5) / _BAYER.size


def rounded(image: Image, depth: int, *, real: bool = False, dither: bool = False) -> Image:
    """`image` in samples of at most `depth` bits, or in floats where they are `real`.

    Up to 8 bits are uint8, more are uint16, whose values are then those that the bits allow, spread
    over all. Samples become the nearest, or with `dither` one of the two nearest so that their mean
    stays; what that loses is told.
    """
    dtype = image.pixels.dtype
    if dtype == UINT8 or (real and dtype == FLOAT32) or (dtype == UINT16 and depth >= 16):
        return image
    bits = 32 if dtype == FLOAT32 else 16
    wanted = UINT8 if depth <= 8 else UINT16
    most = 2 ** min(depth, 16) - 1
    levels = np.multiply(image.pixels, most / WHITE[dtype], dtype=np.float64)
    levels += _thresholds(image) if dither else 0.5
    np.floor(np.clip(levels, 0, most, out=levels), out=levels)
    if most not in (255, 65535):
        levels = np.floor(levels * (65535 / most) + 0.5)
    made = image.with_pixels(levels.astype(wanted))
    if wanted == dtype and np.array_equal(made.pixels, image.pixels):
        return image
    return made.losing(Loss("depth", f"{bits} bits to {depth}"))


def _thresholds(image: Image) -> NDArray[np.float64]:
    """For each pixel from 0 to 1, alpha's being in the middle."""
    high, wide = (-(-side // len(_BAYER)) for side in (image.height, image.width))
    tiled = np.tile(_BAYER, (high, wide))[: image.height, : image.width, np.newaxis]
    each = np.repeat(tiled, image.channels, axis=2)
    if image.has_alpha:
        each[..., -1] = 0.5
    return each
