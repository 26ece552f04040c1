"""What is filtered: soft at every scale and a little noisy, as photographs are."""

from functools import cache

import numpy as np
from imgpipe import kernels

from .contest import Array

HD = (1080, 1920, 3)
HD_GREY = (1080, 1920, 1)
UHD = (2160, 3840, 3)
UHD_ALPHA = (2160, 3840, 4)
# Not down to black and up to white, where peers clip what overshoots between two passes; and not
# down to transparent, where colours premultiplied in 8 bits are anybody's guess.
DARKEST, BRIGHTEST = 40, 215


@cache
def picture(shape: tuple[int, int, int]) -> Array:
    """The same picture for the same shape."""
    height, width, channels = shape
    rng = np.random.default_rng(shape)
    total = np.zeros(shape, np.float32)
    scales = [k for k in range(1, 12) if 2**k < max(height, width)]
    for k in scales:
        layer = rng.integers(0, 256, (2**k, 2**k, channels), np.uint8)
        total += kernels.resize(layer, (width, height), filter="bicubic")
    total += rng.normal(0, 12, shape)
    total -= total.min()
    pixels = (DARKEST + total * ((BRIGHTEST - DARKEST) / total.max())).astype(np.uint8)
    if channels == 4:
        pixels[:, :, 3] = 128 + pixels[:, :, 3] // 2
    pixels.flags.writeable = False
    return pixels


def large(megapixels: float, channels: int = 3) -> Array:
    """A picture of any size, 3 by 2, tiled from a smaller one."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    return np.resize(picture(HD), (height, height * 3 // 2, channels))


def random_kernel(side: int) -> Array:
    """Weights that are positive, add up to 1, and are no outer product."""
    return np.random.default_rng(side).dirichlet(np.ones(side * side)).reshape(side, side)
