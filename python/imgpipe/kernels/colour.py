"""Kernels between a pixel's colours and its luma."""

from typing import Any

from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import Array, call, copy, output, planes
from imgpipe.kernels.checks import number, one_of

STANDARDS = {"601": 0, "709": 1}  # luma_t in kernels.h
MAX_FACTOR = 1000.0


def grayscale(
    array: ArrayLike, *, standard: str = "601", out: Any = None, threads: int | None = None
) -> Array:
    """The luma of colours: 0.299 R + 0.587 G + 0.114 B by ITU-R BT.601.

    `standard` is "601" or "709", for 0.2126 R + 0.7152 G + 0.0722 B by ITU-R BT.709. `array` is
    uint8, uint16 or float32. (H, W, 3) gives (H, W, 1) and (H, W, 4) gives (H, W, 2), alpha beside
    the luma; (H, W), (H, W, 1) and (H, W, 2) are grey already and are copied. Integers are rounded,
    with weights of 16 bits. `out` and `threads` as for `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> grayscale(np.array([[[255, 0, 0]]], np.uint8)).tolist()
    [[[76]]]
    """
    code = standard_code(standard)
    source = planes(array)
    height, width, channels = source.shape
    grey = channels - 2 if channels > 2 else channels
    result, target = output(out, array, source, (height, width, grey))
    if channels < 3:
        call(copy, source, target, (), threads)
    else:
        call(_imgcore.grayscale, source, target, (code,), threads)
    return result


def saturation(
    array: ArrayLike,
    factor: float,
    *,
    standard: str = "601",
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Luma + `factor` * (colour - luma) for every colour: 0 is grey, above 1 more colourful.

    `factor` is from 0 to 1000; the luma, which is not rounded, is that of `standard`, as for
    `grayscale`. `array` is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; so is
    the result. Integers are rounded half up and clamped. Alpha stays, grey pictures are copied.
    `out` and `threads` as for `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> saturation(np.array([[[200, 100, 100]]], np.uint8), 0.5).tolist()
    [[[165, 115, 115]]]
    """
    code, factor = standard_code(standard), number(factor, 0, MAX_FACTOR, "factor")
    source = planes(array)
    result, target = output(out, array, source)
    if source.shape[2] < 3 or factor == 1:
        call(copy, source, target, (), threads)
    else:
        call(_imgcore.saturate, source, target, (code, factor), threads)
    return result


def standard_code(standard: str) -> int:
    """The number of a luma in kernels.h; raises ValueError for one that is none."""
    return STANDARDS[one_of(standard, STANDARDS, "standard")]
