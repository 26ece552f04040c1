"""Kernels that change a pixel by itself."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.cores import kernel_threads
from imgpipe.kernels.arrays import Array, output, planes


def grayscale(array: ArrayLike, *, out: Any = None, threads: int | None = None) -> Array:
    """ITU-R BT.601 luma: 0.299 R + 0.587 G + 0.114 B, rounded.

    `array` is uint8. (H, W, 3) gives (H, W, 1) and (H, W, 4) gives (H, W, 2), alpha beside the
    luma; (H, W), (H, W, 1) and (H, W, 2) are grey already and are copied. `out` and `threads` as
    for `convolve`.

    >>> import numpy as np
    >>> grayscale(np.array([[[255, 0, 0]]], np.uint8)).tolist()
    [[[76]]]
    """
    source = planes(array)
    height, width, channels = source.shape
    result, target = output(
        out, array, source, (height, width, channels - 2 if channels > 2 else channels)
    )
    if channels < 3:
        np.copyto(target, source)
        return result
    with kernel_threads(threads) as n:
        _imgcore.grayscale(source, target, n)
    return result


def brighten(array: ArrayLike, value: int, *, out: Any = None, threads: int | None = None) -> Array:
    """Add `value`, from -255 to 255, to every sample but alpha, and clamp to 0..255.

    `array` is uint8, (H, W) or (H, W, C) with C from 1 to 4. `out` and `threads` as for
    `convolve`.

    >>> import numpy as np
    >>> brighten(np.array([[0, 100, 250]], np.uint8), 20).tolist()
    [[20, 120, 255]]
    """
    curve = np.clip(np.arange(256) + check_value(value), 0, 255).astype(np.uint8).tobytes()
    source = planes(array)
    result, target = output(out, array, source)
    with kernel_threads(threads) as n:
        _imgcore.lookup(source, target, curve, n)
    return result


def check_value(value: int) -> int:
    """`value` if it is a change of brightness; raises ValueError if it is not."""
    if not isinstance(value, (int, np.integer)) or not -255 <= value <= 255:
        raise ValueError(f"Expected a whole value from -255 to 255, got {value!r}")
    return int(value)
