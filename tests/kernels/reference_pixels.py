"""What kernels that look at one pixel at a time should give, in slow Python and float64."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
Floats = NDArray[np.float64]

DTYPES = (np.uint8, np.uint16, np.float32)
WHITE = {np.uint8: 255, np.uint16: 65535, np.float32: 1.0}
WEIGHTS = {"601": (0.299, 0.587, 0.114), "709": (0.2126, 0.7152, 0.0722)}


def deep(shape: tuple[int, ...], dtype: type, seed: int = 0) -> Array:
    """Noise over the whole range; floats go a little beyond theirs."""
    noise = np.random.default_rng([seed, *shape]).random(shape)
    if dtype is np.float32:
        return (noise * 1.5 - 0.25).astype(np.float32)
    return (noise * (WHITE[dtype] + 1)).astype(dtype)


def rounded(values: Floats, dtype: type) -> Array:
    """Half up and clamped; floats as they are."""
    if dtype is np.float32:
        return values.astype(np.float32)
    return np.clip(np.floor(values + 0.5), 0, WHITE[dtype]).astype(dtype)


def keeping_alpha(array: Array, change) -> Array:
    """`change` of the colours alone, where the last of 2 or 4 channels is alpha."""
    if array.ndim == 2 or array.shape[2] % 2:
        return change(array)
    return np.concatenate([change(array[..., :-1]), array[..., -1:]], axis=2)


def luma(rgb: Array, standard: str = "601") -> Floats:
    return rgb[..., :3].astype(np.float64) @ np.array(WEIGHTS[standard])


def levels_of(array: Array) -> NDArray[np.int64]:
    """Integers themselves, floats as 65536 levels, which are told apart in float32."""
    if array.dtype != np.float32:
        return array.astype(np.int64)
    scaled = np.clip(array, 0, 1) * np.float32(65535) + np.float32(0.5)
    return np.floor(scaled).astype(np.int64)


def equalizing(levels: NDArray[np.int64], count: int) -> NDArray[np.int64] | None:
    """Level by level, what OpenCV's equalizeHist makes of it; None for one level alone."""
    occurs = np.bincount(levels.ravel(), minlength=count)
    first = levels.min()
    rest = levels.size - int(occurs[first])
    if not rest:
        return None
    occurs[first] = 0
    return upto(occurs, rest, np.float32 if count == 256 else np.float64)


def upto(occurs: NDArray[np.int64], total: int, precision: type) -> NDArray[np.int64]:
    """How many of `total` lie at each level or below, as levels, rounded to even."""
    scale = precision(len(occurs) - 1) / precision(total)
    return np.rint(np.cumsum(occurs).astype(precision) * scale).astype(np.int64)


def reflected(i: int, n: int) -> int:
    while not 0 <= i < n:
        i = 0 if n == 1 else -i if i < 0 else 2 * (n - 1) - i
    return i


def tile_curve(levels: list[int], count: int, clip_limit: float) -> NDArray[np.int64]:
    """Zuiderveld's clipped histogram, summed up; the excess spread as OpenCV does."""
    occurs = np.bincount(levels, minlength=count)
    if clip_limit:
        most = max(1, math.floor(clip_limit * len(levels) / count))
        excess = int(np.maximum(occurs - most, 0).sum())
        occurs = np.minimum(occurs, most) + excess // count
        left = excess % count
        for i in range(left):
            occurs[i * (count // left)] += 1
    return upto(occurs, len(levels), np.float32)


def clahe(
    levels: NDArray[np.int64], count: int, clip_limit: float, tiles: tuple[int, int]
) -> Floats:
    """Between the curves of the four nearest tiles, by distance from their middles."""
    (height, width), (columns, rows) = levels.shape, tiles
    whole = width % columns == 0 and height % rows == 0
    w, h = width // columns + (not whole), height // rows + (not whole)
    curves = {}
    for row in range(rows):
        for column in range(columns):
            inside = [
                int(levels[reflected(y, height), reflected(x, width)])
                for y in range(row * h, row * h + h)
                for x in range(column * w, column * w + w)
            ]
            curves[row, column] = tile_curve(inside, count, clip_limit)
    result = np.zeros(levels.shape)
    for y in range(height):
        for x in range(width):
            down, right = (y / h - 0.5) % 1, (x / w - 0.5) % 1
            row, column = math.floor(y / h - 0.5), math.floor(x / w - 0.5)
            for i, part in ((row, 1 - down), (row + 1, down)):
                for j, share in ((column, 1 - right), (column + 1, right)):
                    near = min(max(i, 0), rows - 1), min(max(j, 0), columns - 1)
                    result[y, x] += part * share * curves[near][levels[y, x]]
    return result


def over(base: Array, overlay: Array, x: int, y: int, opacity: float, white: float) -> Floats:
    """Porter and Duff's over, pixel by pixel, of (H, W, C) arrays; nothing is rounded."""
    result = base.astype(np.float64)
    for row in range(overlay.shape[0]):
        for column in range(overlay.shape[1]):
            to = y + row, x + column
            if 0 <= to[0] < base.shape[0] and 0 <= to[1] < base.shape[1]:
                result[to] = over_pixel(result[to], overlay[row, column], opacity, white)
    return result


def over_pixel(base: Floats, overlay: Array, opacity: float, white: float) -> Floats:
    colours, alpha = split(base, white)
    above, new = split(overlay.astype(np.float64), white)
    new *= opacity
    total = new + alpha * (1 - new)
    if total:
        colours = (above * new + colours * alpha * (1 - new)) / total
    return np.array(
        [*np.broadcast_to(colours, len(base) - (len(base) % 2 == 0))]
        + [total * white] * (len(base) % 2 == 0)
    )


def split(pixel: Floats, white: float) -> tuple[Floats, float]:
    if len(pixel) % 2:
        return pixel, 1.0
    return pixel[:-1], min(max(float(pixel[-1]) / white, 0.0), 1.0)
