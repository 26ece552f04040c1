"""Nothing but its own output is ever written: every byte round it is looked at afterwards."""

import numpy as np
import pytest

from .operations import ALL, SHARED
from .pictures import LAYOUTS, picture, shapes

DEPTHS = {"uint8": 1, "uint16": 257, "float32": 1 / 255}
GAP = 48  # bytes on each side of a row, not a whole number of vectors
RNG = np.random.default_rng(8)


def guarded(shape: tuple[int, ...], dtype: np.dtype, upwards: bool) -> tuple[np.ndarray, ...]:
    """Bytes at random, an array inside them, and both once more.

    Rows have gaps between them, and follow each other from the last to the first if `upwards`.
    """
    height, width, *channels = shape
    pixel = int(np.prod(channels, dtype=int)) * dtype.itemsize
    row = width * pixel + 2 * GAP
    first, step = (height, -row) if upwards else (1, row)
    strides = (step, pixel, dtype.itemsize)[: len(shape)]
    block = RNG.integers(0, 256, (height + 2) * row, np.uint8)

    def inside(block: np.ndarray) -> np.ndarray:
        return np.ndarray(shape, dtype, block, first * row + GAP, strides)

    copy = block.copy()
    return block, inside(block), copy, inside(copy)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ALL)
def test_nothing_round_an_output_is_written(name: str, layout: str, depth: str) -> None:
    operation = ALL[name]
    options = {"threads": 2} if name in SHARED else {}
    every = 1 if depth == "uint8" else 3
    for number, shape in enumerate(shapes(layout)[::every]):
        array = (picture(shape) * np.float64(DEPTHS[depth])).astype(depth)
        try:
            result = operation(array)
        except TypeError as error:
            pytest.skip(str(error))
        for upwards in (False, True):
            block, out, copy, wanted = guarded(result.shape, result.dtype, upwards)
            wanted[:] = result
            operation(array, out=out, **(options if number % 2 else {}))
            assert np.array_equal(block, copy), (shape, upwards)


@pytest.mark.parametrize("upwards", [False, True])
def test_a_byte_beside_an_output_would_be_seen(upwards: bool) -> None:
    block, out, copy, wanted = guarded((3, 5, 2), np.dtype(np.uint16), upwards)
    wanted[:] = out
    assert np.array_equal(block, copy)
    for row in out:
        last = row.__array_interface__["data"][0] - block.ctypes.data + row.nbytes
        block[last] ^= 1
        assert not np.array_equal(block, copy)
        block[last] ^= 1
