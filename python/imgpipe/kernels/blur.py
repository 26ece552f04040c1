"""Blurs."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe.kernels.arrays import Array
from imgpipe.kernels.convolve import convolve_separable
from imgpipe.kernels.plans import quiet
from imgpipe.kernels.kernel import Vector

MAX_SIGMA = 500.0
MAX_KSIZE = 4095
MAX_RADIUS = 2047

# OpenCV's fixed taps for small sizes, over the power of two they sum to.
_SMALL_TAPS = {
    1: (1,),
    3: (1, 2, 1),
    5: (1, 4, 6, 4, 1),
    7: (2, 7, 14, 18, 14, 7, 2),
    9: (4, 13, 30, 51, 60, 51, 30, 13, 4),
}


def gaussian_blur(
    array: ArrayLike,
    sigma: float | None = None,
    *,
    ksize: int | None = None,
    border: str = "reflect",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Blur with a Gaussian, given by its `sigma` in pixels or by its size `ksize`, one of them.

    `sigma` is above 0 and up to 500; the taps reach to four sigma. `ksize` is odd, from 1 to
    4095, and gives the taps of OpenCV's `getGaussianKernel(ksize, 0)`. For all else see
    `convolve`.

    >>> import numpy as np
    >>> gaussian_blur(np.array([[0, 0, 160, 0, 0]], np.uint8), ksize=3).tolist()
    [[0, 40, 80, 40, 0]]
    """
    if (sigma is None) == (ksize is None):
        raise ValueError(f"Expected sigma or ksize, got {sigma=} and {ksize=}")
    taps = sigma_taps(sigma) if sigma is not None else ksize_taps(ksize or 0)
    return convolve_separable(array, taps, taps, border=border, out=out, threads=threads)


def box_blur(
    array: ArrayLike,
    radius: int,
    *,
    border: str = "reflect",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """The mean over a square of 2 * `radius` + 1 pixels a side, radius from 0 to 2047.

    For all else see `convolve`.

    >>> import numpy as np
    >>> box_blur(np.array([[0, 30, 0]], np.uint8), 1).tolist()
    [[20, 10, 20]]
    """
    if not isinstance(radius, (int, np.integer)) or not 0 <= radius <= MAX_RADIUS:
        raise ValueError(f"Expected a whole radius from 0 to {MAX_RADIUS}, got {radius!r}")
    size = 2 * int(radius) + 1
    taps = np.ones(size)
    return convolve_separable(
        array, taps, taps, divisor=size * size, border=border, out=out, threads=threads
    )


def check_sigma(sigma: float) -> float:
    """`sigma` if it is one; raises ValueError for one that is not finite or out of range."""
    if not 0 < sigma <= MAX_SIGMA:  # False for NaN
        raise ValueError(f"Expected sigma above 0 and up to {MAX_SIGMA:g}, got {sigma}")
    return float(sigma)


@lru_cache(maxsize=64)
@quiet
def sigma_taps(sigma: float) -> Vector:
    """The Gaussian's values at whole distances up to four `sigma`, with sum 1."""
    reach = math.ceil(4 * check_sigma(sigma))
    distance = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return np.asarray(weights / weights.sum())


@lru_cache(maxsize=64)
def ksize_taps(ksize: int) -> Vector:
    """The `ksize` taps of OpenCV's `getGaussianKernel(ksize, 0)`, with sum 1."""
    if not isinstance(ksize, (int, np.integer)) or not 1 <= ksize <= MAX_KSIZE or not ksize % 2:
        raise ValueError(f"Expected an odd ksize from 1 to {MAX_KSIZE}, got {ksize!r}")
    if ksize in _SMALL_TAPS:
        small = np.array(_SMALL_TAPS[int(ksize)], np.float64)
        return np.asarray(small / small.sum())
    sigma = 0.3 * ((ksize - 1) * 0.5 - 1) + 0.8
    distance = np.arange(ksize) - (ksize - 1) / 2
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return np.asarray(weights / weights.sum())
