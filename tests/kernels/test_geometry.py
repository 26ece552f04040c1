import numpy as np
import pytest
from imgpipe import kernels

from .pictures import DTYPES, LAYOUTS, deep, shapes

every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)

MOVES = {
    "rotate90": lambda a: np.rot90(a, -1),
    "rotate180": lambda a: np.rot90(a, 2),
    "rotate270": lambda a: np.rot90(a, 1),
    "flip_horizontal": np.fliplr,
    "flip_vertical": np.flipud,
}
LARGER = ((64, 35), (50, 130), (131, 67))  # whole squares of a transpose, and what is left beside


@every_dtype
@every_layout
@pytest.mark.parametrize("name", MOVES)
def test_moves_are_numpys(name: str, layout: str, dtype) -> None:
    for shape in (*shapes(layout), *((*size, *LAYOUTS[layout]) for size in LARGER)):
        array = deep(shape, dtype)
        result = getattr(kernels, name)(array)
        assert np.array_equal(result, MOVES[name](array)), shape
        assert result.flags.c_contiguous
        assert not np.shares_memory(result, array)


@every_dtype
@pytest.mark.parametrize("name", MOVES)
def test_moves_write_the_result_and_nothing_beside_it(name: str, dtype) -> None:
    for channels in (1, 2, 3, 4):
        array = deep((19, 37, channels), dtype)
        expected = MOVES[name](array)
        height, width, _ = expected.shape
        around = np.full((height + 2, width + 2, channels), 77, dtype)
        getattr(kernels, name)(array, out=around[1:-1, 1:-1])
        assert np.array_equal(around[1:-1, 1:-1], expected)
        around[1:-1, 1:-1] = 77
        assert (around == 77).all()


@every_dtype
@pytest.mark.parametrize("name", MOVES)
def test_moves_keep_every_bit_of_a_sample(name: str, dtype) -> None:
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 256, (20, 33, 3 * dtype().itemsize), np.uint8)
    array = bits.view(dtype)  # NaN among them
    result = getattr(kernels, name)(array)
    assert np.array_equal(result.view(np.uint8), MOVES[name](array).copy().view(np.uint8))


def test_rotate90_is_clockwise() -> None:
    array = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    assert kernels.rotate90(array).tolist() == [[4, 1], [5, 2], [6, 3]]
    assert kernels.rotate270(array).tolist() == [[3, 6], [2, 5], [1, 4]]


@every_dtype
@every_layout
def test_crop_is_a_copy_of_the_box(layout: str, dtype) -> None:
    array = deep((9, 14, *LAYOUTS[layout]), dtype)
    for x, y, width, height in ((0, 0, 14, 9), (13, 8, 1, 1), (3, 2, 7, 5), (0, 8, 14, 1)):
        result = kernels.crop(array, (x, y, width, height))
        assert np.array_equal(result, array[y : y + height, x : x + width])
        assert result.flags.c_contiguous
        assert not np.shares_memory(result, array)
        out = np.empty_like(result)
        assert kernels.crop(array, np.array([x, y, width, height]), out=out) is out
        assert np.array_equal(out, result)
