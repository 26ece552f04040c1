"""Blurs."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import FLOAT32, UINT8, Array, apply, planes
from imgpipe.kernels.checks import number, odd, whole
from imgpipe.kernels.convolve import border_code, run
from imgpipe.kernels.decimation import LEAST_SIGMA, bell, plan_decimated
from imgpipe.kernels.kernel import Vector
from imgpipe.kernels.plans import (
    UINT16_MAX,
    SeparablePlan,
    plan_separable,
    quiet,
    reciprocal_of,
)

MAX_SIGMA = 500.0
MAX_KSIZE = 4095
MAX_RADIUS = 2047
LEFT_OUT = 1 / 16 / 255  # of the sum of all taps
SMALL_RADIUS = 3  # up to here adding up all samples is as fast as running sums

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
    """Blur with a Gaussian, given by its `sigma` in pixels, by its size `ksize`, or by both.

    `sigma` is above 0 and up to 500. Alone, its taps reach to four sigma; those of uint8 that come
    to a sixteenth of a level at most in either pass are left out, and from a sigma of 3 on all are
    approximated to within half a level, in a time that does not grow with sigma.
    `ksize`, odd and from 1 to 4095, says how many taps there are; without a sigma they are those of
    OpenCV's `getGaussianKernel(ksize, 0)`. For all else see `convolve`.

    >>> import numpy as np
    >>> gaussian_blur(np.array([[0, 0, 160, 0, 0]], np.uint8), ksize=3).tolist()
    [[0, 40, 80, 40, 0]]
    """
    if sigma is not None:
        sigma = check_sigma(sigma)
    if ksize is not None:
        ksize = odd(ksize, 1, MAX_KSIZE, "ksize")
    source = planes(array)
    if ksize is None and sigma is not None and sigma >= LEAST_SIGMA and source.dtype == UINT8:
        plan = plan_decimated(sigma)
        passes = plan.down, plan.blur, plan.up, plan.up_start, plan.factor, plan.reach
        args = *passes, border_code(border)
        return apply(_imgcore.decimated, array, source, args, out, threads)
    return run(array, source, _plan(sigma, ksize, source.dtype), border, out, threads)


@lru_cache(maxsize=256)
def _plan(sigma: float | None, ksize: int | None, dtype: np.dtype[Any]) -> SeparablePlan:
    taps = gaussian_taps(sigma, ksize)
    if ksize is None and dtype == UINT8:
        taps = _without_ends(taps)
    return plan_separable(taps, taps, 1.0, dtype)


def _without_ends(taps: Vector) -> Vector:
    """Symmetric taps of sum 1 without those that together add too little to be seen."""
    half = len(taps) // 2
    left_out = int(np.searchsorted(2 * np.cumsum(taps[:half]), LEFT_OUT, side="right"))
    left_out = min(left_out, max(0, half - 1))
    kept = taps[left_out : len(taps) - left_out]
    return kept / float(kept.sum())


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
    radius = whole(radius, 0, MAX_RADIUS, "radius")
    source = planes(array)
    if source.dtype == FLOAT32 or (source.dtype == UINT8 and radius <= SMALL_RADIUS):
        return run(array, source, _box_plan(radius, source.dtype), border, out, threads)
    reciprocal, shift = _box_division(radius) if source.dtype == UINT8 else (0, 0)
    args = radius, reciprocal, shift, border_code(border)
    return apply(_imgcore.box, array, source, args, out, threads)


@lru_cache(maxsize=256)
def _box_plan(radius: int, dtype: np.dtype[Any]) -> SeparablePlan:
    ones = np.ones(2 * radius + 1)
    return plan_separable(ones, ones, float(ones.size**2), dtype)


@lru_cache(maxsize=64)
def _box_division(radius: int) -> tuple[int, int]:
    """The reciprocal and shift of box_t in kernels.h."""
    area = (2 * radius + 1) ** 2
    largest = 255 * area + area // 2
    if largest > UINT16_MAX:
        return 0, 0
    return reciprocal_of(area, largest), 16 + area.bit_length() - 1


def check_sigma(sigma: float) -> float:
    """`sigma` if it is one; raises TypeError or ValueError if not."""
    return number(sigma, 0, MAX_SIGMA, "sigma", above=True)


@lru_cache(maxsize=64)
@quiet
def gaussian_taps(sigma: float | None, ksize: int | None) -> Vector:
    """The taps that `gaussian_blur` tells of, with sum 1."""
    if ksize is None:
        if sigma is None:
            raise ValueError("Expected sigma, ksize or both, got neither")
        ksize = 2 * math.ceil(4 * sigma) + 1
    elif sigma is None:
        if ksize in _SMALL_TAPS:
            small = np.array(_SMALL_TAPS[ksize], np.float64)
            return np.asarray(small / small.sum())
        sigma = 0.3 * ((ksize - 1) * 0.5 - 1) + 0.8
    return bell(np.arange(ksize) - (ksize - 1) / 2, sigma)
