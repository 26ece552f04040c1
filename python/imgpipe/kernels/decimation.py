"""A wide Gaussian as five narrow passes: down to a small picture, a blur of it, and up again.

Burt's pyramid (Fast filter transforms for image processing, 1981) with Gaussians chosen so that
their variances add up to that of the one wanted. Compared with it, the composite is off by less
than half of 255 levels, whatever the picture.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgpipe.kernels.kernel import Vector
from imgpipe.kernels.plans import SMOOTH_BITS, quantise_lines

LEAST_SIGMA = 3.0
SIGMA_OF_FACTOR = 1.5  # so much wider than a cell at least, or steps of cells would show
CELL_SIGMA = 0.7  # of the way down and of the way up, in cells; less would alias
REACH = 3.5  # sigmas
MAX_FACTOR = 32


@dataclass(frozen=True, slots=True)
class DecimatedPlan:
    """The arguments of `_imgcore.decimated`; see decimated_t in kernels.h."""

    down: bytes
    blur: bytes
    up: bytes
    up_start: bytes
    factor: int
    reach: int


@lru_cache(maxsize=64)
def plan_decimated(sigma: float) -> DecimatedPlan:
    """The passes of a Gaussian of `sigma`, which is LEAST_SIGMA or more, for uint8."""
    factor = min(int(sigma / SIGMA_OF_FACTOR), MAX_FACTOR)
    cell = CELL_SIGMA * factor
    taps = factor + 2 * math.ceil(REACH * cell - factor / 2)
    down_at = np.arange(taps) - (taps - 1) / 2
    down = bell(down_at, cell)

    reach = math.ceil(REACH * CELL_SIGMA + 0.5)
    small = np.arange(-reach, reach + 1) * factor
    up_at = small + (factor - 1) / 2 - np.arange(factor)[:, np.newaxis]
    up = np.where(np.abs(up_at) <= REACH * cell + 0.5, np.exp(-0.5 * (up_at / cell) ** 2), 0.0)
    up /= up.sum(axis=1, keepdims=True)

    spread = (down * down_at**2).sum() + (up * up_at**2).sum() / factor
    blur = bell_of_variance((sigma**2 - spread) / factor**2)

    used = up > 0
    start = used.argmax(axis=1)
    length = int(used.sum(axis=1).max())
    start = np.minimum(start, 2 * reach + 1 - length)
    packed = np.take_along_axis(up, start[:, np.newaxis] + np.arange(length), axis=1)
    return DecimatedPlan(
        _words(down), _words(blur), _words(packed), start.astype(np.int32).tobytes(), factor, reach
    )


def bell(distance: NDArray[Any], sigma: float) -> Vector:
    """exp(-distance**2 / 2 sigma**2), with sum 1."""
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return np.asarray(weights / weights.sum())


def bell_of_variance(variance: float) -> Vector:
    """The Gaussian whose values at whole distances have this variance.

    Those of a narrow one do not have it by themselves.
    """
    reach = math.ceil(4 * math.sqrt(variance))
    distance = np.arange(-reach, reach + 1)
    low, high = 0.1 * math.sqrt(variance), 4 * math.sqrt(variance) + 1
    for _ in range(60):
        middle = (low + high) / 2
        narrow = (bell(distance, middle) * distance**2).sum() < variance
        low, high = (middle, high) if narrow else (low, middle)
    return bell(distance, low)


def _words(weights: Vector) -> bytes:
    return quantise_lines(weights, SMOOTH_BITS).astype(np.uint16).tobytes()
