"""Resampling to another size."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgpipe import _imgcore
from imgpipe.kernels.arrays import UINT8, Array, apply, planes
from imgpipe.kernels.checks import finite, number, one_of, wholes
from imgpipe.kernels.kernel import Vector
from imgpipe.kernels.plans import INT16_MAX, INT32_MAX, quantise_lines
from imgpipe.limits import MAX_SIDE

MAX_WEIGHT_BITS = 22  # what sums of rows have room for; more along rows would gain nothing


def _box(x: Vector) -> Vector:
    return np.where((x > -0.5) & (x <= 0.5), 1.0, 0.0)


def _bilinear(x: Vector) -> Vector:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _bicubic(x: Vector) -> Vector:
    """Keys' cubic convolution (1981) with a = -0.5."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lanczos3(x: Vector) -> Vector:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


FILTERS: dict[str, tuple[float, Callable[[Vector], Vector]]] = {
    "box": (0.5, _box),
    "bilinear": (1.0, _bilinear),
    "bicubic": (2.0, _bicubic),
    "lanczos3": (3.0, _lanczos3),
}
NAMES = ("nearest", *FILTERS)


def resize(
    array: ArrayLike,
    size: tuple[int, int],
    *,
    filter: str = "lanczos3",
    box: tuple[float, float, float, float] | None = None,
    out: Any = None,
    threads: int | None = None,
) -> Array:
    """`array` at `size`, which is (width, height) in pixels, each from 1 to 65535.

    `array` is uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4; the result has the
    same dtype and channels. With 2 and 4 channels the last is alpha, and colours are weighted by
    it. `filter` is one of `nearest`, `box`, `bilinear`, `bicubic` and `lanczos3`, with Pillow's
    supports and centres; when making smaller, the filter widens with the scale, so that nothing
    aliases. Integers are rounded half up and clamped, floats neither. `box`, (left, top, width,
    height) in pixels of `array`, whole or not, is the part that becomes the result, None meaning
    all of it. Where the result is smaller, it may reach beyond the array by half a pixel of the
    result. `out` and `threads` as for `convolve`.

    Raises TypeError or ValueError for arguments that are not as said.

    >>> import numpy as np
    >>> resize(np.array([[0, 100]], np.uint8), (1, 1), filter="box").tolist()
    [[50]]
    """
    one_of(filter, NAMES, "filter")
    width, height = wholes(size, 2, 1, MAX_SIDE, "size (width, height)")
    source = planes(array)
    high, wide, channels = source.shape
    shape = height, width, channels
    across, down = (0.0, wide), (0.0, high)
    if box is not None:
        across, down = _parts(box, (wide, high), (width, height))
    if filter == "nearest":
        starts = nearest(wide, width, *across), nearest(high, height, *down)
        return apply(_imgcore.pick, array, source, starts, out, threads, shape)
    whole = source.dtype == UINT8 and channels % 2 == 1
    args = (
        *resampling(wide, width, filter, ALONG if whole else None, *across),
        *resampling(high, height, filter, DOWN if whole else None, *down),
        not whole,
    )
    return apply(_imgcore.resize, array, source, args, out, threads, shape)


def _parts(
    box: tuple[float, float, float, float], inputs: tuple[int, int], outputs: tuple[int, int]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the box begins and how far it goes, across and down."""
    if len(box) != 4:
        raise ValueError(f"Expected a box of (left, top, width, height), got {box!r}")
    across, down = map(_part, box[:2], box[2:], inputs, outputs)
    return across, down


def _part(start: float, extent: float, inputs: int, outputs: int) -> tuple[float, float]:
    finite(start, "start of the box")
    extent = number(extent, 0, 2 * inputs, "side of the box", above=True)
    beyond = extent / (2 * outputs) if extent > outputs else 0
    if start < -beyond or start + extent > inputs + beyond:
        raise ValueError(
            f"Expected a box within {-beyond:g} to {inputs + beyond:g}, "
            f"got one from {start:g} to {start + extent:g}"
        )
    return start, extent


@lru_cache(maxsize=64)
def nearest(inputs: int, outputs: int, start: float, extent: float) -> bytes:
    """Which of `inputs` samples lies nearest to the middle of each of `outputs` ones."""
    middle = (2 * np.arange(outputs, dtype=np.int64) + 1) * extent / (2 * outputs) + start
    picked: NDArray[np.int32] = np.floor(middle).clip(0, inputs - 1).astype(np.int32)
    return picked.tobytes()


@lru_cache(maxsize=64)
def resampling(
    inputs: int, outputs: int, filter: str, sums: "Sums | None", begin: float, extent: float
) -> tuple[bytes, bytes, int]:
    """Which of `inputs` samples make each of `outputs` ones, by what weights and scale.

    Of them, `extent` from `begin` on are spread over the outputs. See resample_t in kernels.h;
    weights are whole where `sums` says how large they may get, else floats.
    """
    scale = extent / outputs
    centre = (np.arange(outputs) + 0.5) * scale + begin
    radius, weigh = FILTERS[filter]
    stretch = max(scale, 1.0)
    first = np.maximum(np.floor(centre - radius * stretch + 0.5), 0).astype(np.int64)
    last = np.minimum(np.floor(centre + radius * stretch + 0.5), inputs).astype(np.int64)
    taps = int((last - first).max())
    start = np.minimum(first, inputs - taps)
    index = start[:, np.newaxis] + np.arange(taps)
    weights = weigh((index - centre[:, np.newaxis] + 0.5) / stretch)
    weights[(index < first[:, np.newaxis]) | (index >= last[:, np.newaxis])] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    starts = start.astype(np.int32).tobytes()
    if sums is None:
        return starts, weights.astype(np.float32).tobytes(), 0
    bits = sums.bits(weights)
    scaled = np.pad(quantise_lines(weights, bits), ((0, 0), (0, taps % 2)))
    return starts, scaled.astype(np.int16).tobytes(), bits


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of samples up to `largest`, `part` of them at a time, that must fit 32 bits."""

    largest: int
    part: int

    def bits(self, weights: NDArray[np.float64]) -> int:
        """How far `weights` can be scaled up, each to 16 bits at most."""
        parts = range(0, weights.shape[1], self.part)
        sums = [np.abs(weights[:, k : k + self.part]).sum(axis=1).max() for k in parts]
        room = min(INT16_MAX / np.abs(weights).max(), INT32_MAX / self.largest / max(sums))
        return min(MAX_WEIGHT_BITS, math.floor(math.log2(room) - 0.001))  # rounding adds a little


# The passes of resize_u8.h: rows of bytes, and along rows in their 6 fractional bits and overshoot.
DOWN = Sums(largest=256, part=MAX_SIDE)
ALONG = Sums(largest=26000, part=16)
