"""Pictures to try kernels on: how they are filled, and the shapes that hurt."""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.uint8]

FILLS = ("random", "black", "white", "checkerboard")
LAYOUTS = {"HW": (), "HW1": (1,), "HW2": (2,), "HW3": (3,), "HW4": (4,)}
DTYPES = (np.uint8, np.uint16, np.float32)
FLAT_BORDERS = ("reflect", "replicate", "wrap")  # those that continue a flat picture flat

_SMALL = ((1, 1), (1, 2), (1, 9), (9, 1), (2, 2), (3, 2), (2, 3), (5, 4))


def picture(shape: tuple[int, ...], fill: str = "random", seed: int = 0) -> Array:
    """The same picture for the same arguments."""
    if fill == "random":
        rng = np.random.default_rng([seed, zlib.crc32(repr(shape).encode())])
        return rng.integers(0, 256, shape, np.uint8)
    if fill == "checkerboard":
        y, x = np.indices(shape[:2])
        squares = (255 * ((x + y) % 2)).astype(np.uint8)
        return np.broadcast_to(squares.reshape(*shape[:2], *(1 for _ in shape[2:])), shape).copy()
    return np.full(shape, 255 if fill == "white" else 0, np.uint8)


def shapes(layout: str) -> list[tuple[int, ...]]:
    """Shapes smaller than a 3x3 kernel, rows of about 64 and 128 samples, and a long one.

    64 samples are the block of the loops.
    """
    channels = LAYOUTS[layout]
    each = channels[0] if channels else 1
    rows = {n // each + more for n in (62, 64, 66, 128) for more in (0, 1)}
    sizes = [*_SMALL, *((3, width) for width in sorted(rows)), (2, 5000)]
    return [(*size, *channels) for size in sizes]


def deep(shape: tuple[int, ...], dtype: type, seed: int = 0) -> NDArray[Any]:
    """Noise over all of a dtype's range: whole numbers, or floats from 0 to 1."""
    rng = np.random.default_rng([seed, zlib.crc32(repr(shape).encode())])
    if dtype is np.float32:
        return rng.random(shape, dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
