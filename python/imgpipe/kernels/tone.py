"""Kernels that send every sample but alpha along a line or a curve."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgpipe import _imgcore
from imgpipe.kernels.arrays import FLOAT32, UINT8, WHITE, Array, apply, call, output, planes
from imgpipe.kernels.checks import number, whole
from imgpipe.kernels.colour import MAX_FACTOR

MAX_GAMMA = 100.0
MIN_GAMMA = 0.01
MAX_LEVEL = 1e6
MIN_WIDTH = 1e-6
BLOCK = 1 << 16  # samples that numpy works on at a time
UNBOUNDED = (-math.inf, math.inf)


def brighten(array: ArrayLike, value: int, *, out: Any = None, threads: int | None = None) -> Array:
    """Add `value`, a whole number of levels from -255 to 255, to every sample but alpha.

    `array` is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; so is the result.
    For uint16 a level is 257, for float32 1 / 255. Integers are clamped to their range. `out` and
    `threads` as for `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> brighten(np.array([[0, 100, 250]], np.uint8), 20).tolist()
    [[20, 120, 255]]
    """
    levels = whole(value, -255, 255, "value")
    source = planes(array)
    line = 0.0, 1.0, levels * WHITE[source.dtype] / 255, *UNBOUNDED
    return apply(_imgcore.linear, array, source, line, out, threads)


def contrast(
    array: ArrayLike, factor: float, *, out: Any = None, threads: int | None = None
) -> Array:
    """(v - mid) * `factor` + mid for every sample v but alpha, where mid is half of white.

    `factor` is from 0 to 1000; mid is 127.5 for uint8, 32767.5 for uint16 and 0.5 for float32.
    Integers are rounded half up and clamped. For all else see `brighten`.

    >>> import numpy as np
    >>> contrast(np.array([[0, 100, 250]], np.uint8), 0.5).tolist()
    [[64, 114, 189]]
    """
    scale = number(factor, 0, MAX_FACTOR, "factor")
    source = planes(array)
    mid = WHITE[source.dtype] / 2
    line = mid, scale, mid, *UNBOUNDED
    return apply(_imgcore.linear, array, source, line, out, threads)


def lookup(
    array: ArrayLike, curve: ArrayLike, *, out: Any = None, threads: int | None = None
) -> Array:
    """Replace every sample but alpha by what `curve` holds for it.

    `curve` is a vector of finite values: 256 of them from 0 to 255 for uint8, 65536 from 0 to 65535
    for uint16, rounded half up; for float32 two or more, evenly over 0..1, with straight lines in
    between and the first and last one for all that lies beyond. For all else see `brighten`.

    >>> import numpy as np
    >>> lookup(np.array([[0, 100, 250]], np.uint8), np.arange(255, -1, -1)).tolist()
    [[255, 155, 5]]
    """
    source = planes(array)
    packed = _curve(curve, source.dtype)
    return apply(_imgcore.lookup, array, source, (packed,), out, threads)


def gamma(array: ArrayLike, gamma: float, *, out: Any = None, threads: int | None = None) -> Array:
    """White * (v / white) ** `gamma` for every sample v but alpha; above 1 darkens.

    `gamma` is from 0.01 to 100. Integers are rounded half up. Floats below 0 count as 0, those
    above 1 go on along the curve. For all else see `brighten`.

    >>> import numpy as np
    >>> gamma(np.array([[0, 51, 255]], np.uint8), 2.0).tolist()
    [[0, 10, 255]]
    """
    power = number(gamma, MIN_GAMMA, MAX_GAMMA, "gamma")
    source = planes(array)
    if source.dtype == FLOAT32:
        return apply(_power, array, source, (power,), out, threads)
    curve = _gamma_curve(power, source.dtype)
    return apply(_imgcore.lookup, array, source, (curve,), out, threads)


def window(
    array: ArrayLike,
    center: float,
    width: float,
    *,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """Spread the levels around `center` over all: center - `width` / 2 is black, + width / 2 white.

    Both are in the array's own values, such as 0..65535 for uint16: `center` from -1e6 to 1e6,
    `width` from 1e-6 to 1e6. What lies outside becomes black or white, of floats too. This is
    DICOM's LINEAR_EXACT (PS3.3, C.11.2.1.3.2). Integers are rounded half up. For all else see
    `brighten`.

    >>> import numpy as np
    >>> window(np.array([[900, 1000, 1040, 1200]], np.uint16), 1000, 200).tolist()
    [[0, 32768, 45875, 65535]]
    """
    middle = number(center, -MAX_LEVEL, MAX_LEVEL, "center")
    spread = number(width, MIN_WIDTH, MAX_LEVEL, "width")
    source = planes(array)
    result, target = output(out, array, source)
    stretch(source, target, middle - spread / 2, spread, threads)
    return result


def stretch(source: Array, target: Array, low: float, width: float, threads: int | None) -> None:
    """Make `low` black, low + `width` white, and what lies between them even, but for alpha."""
    if source.dtype == FLOAT32:
        call(_imgcore.linear, source, target, (low, 1 / width, 0.0, 0.0, 1.0), threads)
    else:
        curve = _stretched_curve(low, width, source.dtype)
        call(_imgcore.lookup, source, target, (curve,), threads)


def _levels(dtype: np.dtype[Any]) -> NDArray[np.float64]:
    """Every value of an integer dtype."""
    return np.arange(256.0 if dtype == UINT8 else 65536.0)


def _pack(curve: NDArray[np.float64], dtype: np.dtype[Any]) -> bytes:
    """The bytes of a curve from 0 to white, rounded half up."""
    return np.floor(curve + 0.5).astype(dtype).tobytes()


@lru_cache(maxsize=64)
def _gamma_curve(power: float, dtype: np.dtype[Any]) -> bytes:
    white = WHITE[dtype]
    return _pack(white * (_levels(dtype) / white) ** power, dtype)


@lru_cache(maxsize=64)
def _stretched_curve(low: float, width: float, dtype: np.dtype[Any]) -> bytes:
    white = WHITE[dtype]
    return _pack(np.clip((_levels(dtype) - low) * white / width, 0, white), dtype)


def _curve(curve: ArrayLike, dtype: np.dtype[Any]) -> bytes:
    """The bytes of a curve for samples of `dtype`; raises ValueError for one that does not fit."""
    try:
        values = np.asarray(curve)
        same = values.dtype == dtype
        values = values if same else values.astype(np.float64, casting="safe")
    except (TypeError, ValueError):
        raise TypeError(f"Expected curve to hold real numbers, got {curve!r}") from None
    if dtype == FLOAT32:
        if values.ndim != 1 or values.size < 2 or not _fit_floats(values):
            raise ValueError(
                f"Expected curve to be a vector of at least 2 finite values, {_range(values)}"
            )
        return values.astype(np.float32).tobytes()
    levels, white = 256 if dtype == UINT8 else 65536, WHITE[dtype]
    if values.shape != (levels,) or not (same or ((values >= 0) & (values <= white)).all()):
        raise ValueError(
            f"Expected curve to be {levels} values from 0 to {white:g}, {_range(values)}"
        )
    return values.tobytes() if same else _pack(values, dtype)


def _fit_floats(values: NDArray[Any]) -> bool:
    return bool((np.abs(values) <= np.finfo(np.float32).max).all())  # False for NaN


def _range(values: NDArray[Any]) -> str:
    within = f" from {values.min():g} to {values.max():g}" if values.size else ""
    return f"got shape {values.shape}{within}"


def _power(source: Array, target: Array, power: float, _threads: int) -> None:
    """Colours to a power, block by block, so that little memory is needed; numpy has one thread."""
    height, width, channels = source.shape
    colours = channels - (channels % 2 == 0)
    rows = max(1, BLOCK // (width * channels))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for y in range(0, height, rows):
            block, result = source[y : y + rows], target[y : y + rows]
            np.maximum(block[..., :colours], 0, out=result[..., :colours])
            np.power(result[..., :colours], power, out=result[..., :colours])
            result[..., colours:] = block[..., colours:]
