"""Sharpening by what a blur takes away."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import WHITE, Array, apply, planes
from imgpipe.kernels.blur import check_sigma, gaussian_taps
from imgpipe.kernels.checks import number
from imgpipe.kernels.convolve import border_code
from imgpipe.kernels.plans import plan_smoothing

MAX_AMOUNT = 10
LEVELS = 255


def unsharp_mask(
    array: ArrayLike,
    sigma: float,
    amount: float = 1.0,
    threshold: float = 0,
    *,
    border: str = "reflect",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """`v + amount * (v - blurred)`, wherever `v` and `blurred` differ by `threshold` or more.

    Blurred is by a Gaussian of `sigma` pixels, above 0 and up to 500, with taps to four sigma, and
    not rounded. `amount` is from 0 to 10; `threshold` is in levels of 0 to 255 for every dtype, and
    0 sharpens everywhere. Whole numbers are rounded and clamped, within a level for an amount up to
    4; floats are not. Alpha stays as it is. `array` is uint8, uint16 or float32, (H, W) or
    (H, W, C) with C from 1 to 4; so is the result. Pixels beyond the edge, `out` and `threads` as
    for `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> unsharp_mask(np.array([[50, 50, 50, 90, 90, 90]], np.uint8), 1.0).tolist()
    [[50, 48, 38, 102, 92, 90]]
    """
    sigma = check_sigma(sigma)
    strength = number(amount, 0, MAX_AMOUNT, "amount")
    level = number(threshold, 0, LEVELS, "threshold")
    beyond = border_code(border)
    source = planes(array)
    taps, kind = _plan(sigma, source.dtype)
    limit = level * WHITE[source.dtype] / LEVELS
    args = taps, kind, strength, limit, beyond
    return apply(_imgcore.unsharp, array, source, args, out, threads)


@lru_cache(maxsize=64)
def _plan(sigma: float, dtype: np.dtype[Any]) -> tuple[bytes, int]:
    return plan_smoothing(gaussian_taps(sigma, None), dtype)
