"""Rotation by any angle."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgpipe import _imgcore
from imgpipe.kernels.arrays import FLOAT32, WHITE, Array, apply, planes
from imgpipe.kernels.checks import finite, one_of
from imgpipe.kernels.geometry import crop, rotate90, rotate180, rotate270

TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4}  # a side
ROUNDING = 1e-9  # pixels that a side may be too long by, through rounding alone


def rotate(
    array: ArrayLike,
    angle: float,
    *,
    filter: str = "bicubic",
    expand: bool = True,
    fill: Any = 0,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """`array` turned clockwise by `angle` degrees, any finite number, about its middle.

    It is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4. The result holds all of
    the turned picture, or with `expand=False` as much of it as fits the old size. Multiples of 90
    move pixels and change none of them wherever the sizes allow that; otherwise `filter` is
    `bicubic`, `bilinear` or `nearest`. 2 and 4 channels are interpolated with alpha premultiplied.

    Beyond the edge lie pixels of `fill`, a number or one for each channel, in the units of the
    dtype. The filter blends them with the picture's, so edges come out smooth, but for `nearest`.
    `out` and `threads` as for `convolve`.

    Raises TypeError or ValueError for arguments that are not as said. Cubic after Keys, "Cubic
    convolution interpolation for digital image processing", IEEE TASSP 29 (1981), a = -0.5.

    >>> import numpy as np
    >>> rotate(np.array([[0, 90], [0, 90]], np.uint8), 45, filter="bilinear").tolist()
    [[0, 0, 4], [0, 45, 57], [4, 57, 8]]
    """
    angle = finite(angle, "angle") % 360.0 % 360.0  # the first is 360 for a little less than 0
    taps = TAPS[one_of(filter, TAPS, "filter")]
    source = planes(array)
    pixel = _check_fill(fill, source)
    height, width, channels = source.shape
    move = _MOVES.get(angle)
    if move and (expand or angle % 180 == 0 or width == height):
        return move(array, out=out, threads=threads)
    cosine, sine = _cosine(angle), _cosine((angle - 90) % 360)
    wide, high = _expanded(width, height, cosine, sine) if expand else (width, height)
    right, down = 0.5 - wide / 2, 0.5 - high / 2
    origin = (
        width / 2 - 0.5 + cosine * right + sine * down,
        height / 2 - 0.5 - sine * right + cosine * down,
    )
    plan = origin, cosine, sine, taps, pixel
    shape = high, wide, channels
    return apply(_imgcore.rotate, array, source, plan, out, threads, shape)


def _copy(array: ArrayLike, *, out: Any, threads: int | None) -> Array:
    height, width = np.shape(array)[:2]
    return crop(array, (0, 0, width, height), out=out, threads=threads)


_MOVES: dict[float, Callable[..., Array]] = {0: _copy, 90: rotate90, 180: rotate180, 270: rotate270}


def _cosine(angle: float) -> float:
    """Of degrees from 0 to 360; exact for multiples of 90."""
    if angle % 90 == 0:
        return (1.0, 0.0, -1.0, 0.0)[int(angle // 90) % 4]
    return math.cos(math.radians(angle))


def _expanded(width: int, height: int, cosine: float, sine: float) -> tuple[int, int]:
    """The size that holds all of a turned picture."""
    across, along = abs(cosine), abs(sine)
    wide = math.ceil(width * across + height * along - ROUNDING)
    high = math.ceil(width * along + height * across - ROUNDING)
    return max(wide, 1), max(high, 1)


def _check_fill(fill: Any, source: Array) -> bytes:
    dtype, channels = source.dtype, source.shape[2]
    if type(fill) is int and fill == 0:
        return bytes(dtype.itemsize * channels)
    try:
        values = np.asarray(fill)
    except ValueError:  # rows of several lengths
        values = np.asarray(None)
    if values.dtype.kind not in "iuf" or values.shape not in ((), (channels,)):
        raise ValueError(f"Expected fill to be a number or one for each channel, got {fill!r}")
    if not np.all(np.abs(values) <= np.finfo(np.float32).max):
        raise ValueError(f"Expected a finite fill, got {fill!r}")
    most = WHITE[dtype]
    if dtype != FLOAT32 and not np.all((values >= 0) & (values <= most) & (values % 1 == 0)):
        raise ValueError(f"Expected a whole fill from 0 to {most:g}, got {fill!r}")
    return np.broadcast_to(values, channels).astype(dtype).tobytes()
