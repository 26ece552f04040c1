"""What the kernels should give, in slow float64 numpy: nothing is clamped or in fixed point."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.uint8]
Floats = NDArray[np.float64]

BORDERS = ("reflect", "replicate", "constant", "wrap")
FILTERS = ("nearest", "box", "bilinear", "bicubic", "lanczos3")


def stands_in(i: int, n: int, border: str) -> int | None:
    """Which of n pixels stands at i, walking there step by step; None for a zero."""
    if border == "constant":
        return i if 0 <= i < n else None
    if border == "replicate":
        return min(max(i, 0), n - 1)
    if border == "reflect" and n == 1:
        return 0
    while not 0 <= i < n:
        if border == "wrap":
            i += n if i < 0 else -n
        else:
            i = -i if i < 0 else 2 * (n - 1) - i
    return i


def extended(array: Floats, first: int, last: int, border: str) -> Floats:
    """The rows of `array` from `first` to before `last`, those beyond its edges being border."""
    rows = [stands_in(i, len(array), border) for i in range(first, last)]
    zero = np.zeros_like(array[0])
    return np.stack([zero if row is None else array[row] for row in rows])


def correlate(
    array: NDArray[np.generic], weights: ArrayLike, divisor: float = 1, border: str = "reflect"
) -> Floats:
    """Every pixel is the sum of the weights times the pixels below them, over the divisor.

    The weight at [height // 2, width // 2] lies on the pixel itself.
    """
    weights = np.asarray(weights, np.float64)
    (ny, nx), (height, width) = weights.shape, array.shape[:2]
    tall = extended(array.astype(np.float64), -(ny // 2), height + ny - 1 - ny // 2, border)
    wide = extended(tall.swapaxes(0, 1), -(nx // 2), width + nx - 1 - nx // 2, border)
    around = wide.swapaxes(0, 1)
    total = np.zeros(array.shape)
    for y, x in np.argwhere(weights):
        total += weights[y, x] * around[y : y + height, x : x + width]
    return total / divisor


def correlate_separable(
    array: Array, kx: ArrayLike, ky: ArrayLike, divisor: float = 1, border: str = "reflect"
) -> Floats:
    """`correlate` with outer(ky, kx), in two passes, as long vectors would take too long in one."""
    rows = correlate(array, np.atleast_2d(kx), 1, border)
    return correlate(rows, np.atleast_2d(ky).T, divisor, border)


def rounded(values: Floats) -> Array:
    """Half up, clamped: what the kernels give where they are exact."""
    return np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)


def gaussian(sigma: float) -> Floats:
    """exp(-x**2 / 2 sigma**2) to four sigma, with sum 1."""
    reach = math.ceil(4 * sigma)
    return bell(2 * reach + 1, sigma)


def bell(length: int, sigma: float) -> Floats:
    """`length` values of exp(-x**2 / 2 sigma**2) around 0, with sum 1."""
    distances = [i - (length - 1) / 2 for i in range(length)]
    taps = np.array([math.exp(-(x**2) / (2 * sigma**2)) for x in distances])
    return taps / taps.sum()


def _weight(x: float, filter: str) -> float:
    """Pillow's filters (Resample.c)."""
    distance = abs(x)
    match filter:
        case "box":
            return float(-0.5 < x <= 0.5)
        case "bilinear":
            return max(0.0, 1 - distance)
        case "bicubic" if distance < 1:
            return 1.5 * distance**3 - 2.5 * distance**2 + 1
        case "bicubic" if distance < 2:
            return -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
        case "lanczos3" if distance < 3:
            return float(np.sinc(x) * np.sinc(x / 3))
    return 0.0


SUPPORT = {"box": 0.5, "bilinear": 1.0, "bicubic": 2.0, "lanczos3": 3.0}


@cache
def resampling(
    inputs: int, outputs: int, filter: str, start: float = 0, extent: float | None = None
) -> Floats:
    """The (outputs, inputs) matrix that resizes one axis, or `extent` samples from `start` on."""
    matrix = np.zeros((outputs, inputs))
    extent = inputs if extent is None else extent
    scale = extent / outputs
    for i in range(outputs):
        centre = (i + 0.5) * scale + start
        if filter == "nearest":
            matrix[
                i, math.floor(Fraction(2 * i + 1, 2) * Fraction(extent) / outputs + Fraction(start))
            ] = 1
            continue
        stretch = max(scale, 1.0)
        reach = SUPPORT[filter] * stretch
        first, last = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), inputs)
        for k in range(first, last):
            matrix[i, k] = _weight((k - centre + 0.5) / stretch, filter)
    return matrix / matrix.sum(axis=1, keepdims=True)


def resample(
    array: ArrayLike,
    size: tuple[int, int],
    filter: str,
    box: tuple[float, float, float | None, float | None] = (0, 0, None, None),
) -> Floats:
    """Every channel by itself."""
    array = np.asarray(array, np.float64)
    columns = resampling(array.shape[1], size[0], filter, *box[::2])
    rows = resampling(array.shape[0], size[1], filter, *box[1::2])
    return np.asarray(np.einsum("yh,hw...,xw->yx...", rows, array, columns, optimize=True))


def resample_with_alpha(array: Array, size: tuple[int, int], filter: str) -> tuple[Floats, Floats]:
    """Colours, each weighted by its pixel's alpha, and the alpha; not clamped.

    Where alpha comes out as nothing, colours are zero.
    """
    colours, alpha = array[..., :-1].astype(np.float64), array[..., -1:].astype(np.float64)
    opacity = resample(alpha, size, filter)
    premultiplied = resample(colours * alpha, size, filter)
    visible = opacity > 0
    return np.where(visible, premultiplied / np.where(visible, opacity, 1), 0), opacity


def luma(rgb: Array) -> Array:
    """ITU-R BT.601, with weights that are whole over 2**16 as Pillow's are."""
    red, green, blue = (rgb[..., c].astype(np.int64) for c in range(3))
    return ((19595 * red + 38470 * green + 7471 * blue + 2**15) // 2**16).astype(np.uint8)


def windows(array: NDArray[np.generic], size: int, border: str) -> Floats:
    """For every pixel the size * size around it, row by row, in front."""
    radius, (height, width) = size // 2, array.shape[:2]
    tall = extended(array.astype(np.float64), -radius, height + radius, border)
    around = extended(tall.swapaxes(0, 1), -radius, width + radius, border).swapaxes(0, 1)
    places = [(y, x) for y in range(size) for x in range(size)]
    return np.stack([around[y : y + height, x : x + width] for y, x in places])
