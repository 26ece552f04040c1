from itertools import product

import numpy as np
import pytest
from imgpipe.kernels import median

from .pictures import DTYPES, LAYOUTS, deep, shapes
from .reference import BORDERS, windows

every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


@every_dtype
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_numpys_median_of_every_window(layout: str, size: int, dtype) -> None:
    for shape in shapes(layout):
        array = deep(shape, dtype)
        assert np.array_equal(median(array, size), np.median(windows(array, size, "reflect"), 0))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("size", [3, 5])
def test_every_border(size: int, border: str) -> None:
    for shape in ((1, 1), (2, 3), (4, 90, 2), (7, 6, 3)):
        array = deep(shape, np.uint8)
        expected = np.median(windows(array, size, border), 0)
        assert np.array_equal(median(array, size, border=border), expected)


def test_every_3x3_window_of_zeros_and_ones_which_decide_for_all_others() -> None:
    cells = np.array(list(product((0, 1), repeat=9)), np.uint8)
    rows = cells.reshape(-1, 3, 3).swapaxes(0, 1).reshape(3, -1)
    assert np.array_equal(median(rows, 3)[1, 1::3], np.median(cells, 1))


@every_dtype
def test_every_5x5_window_of_sorted_columns_of_zeros_and_ones(dtype) -> None:
    ones = np.array(list(product(range(6), repeat=5)))  # in each column; their order is lost first
    rows = (np.arange(5)[:, np.newaxis] < ones.ravel()).astype(dtype)
    assert np.array_equal(median(rows, 5)[2, 2::5], ones.sum(1) >= 13)


def test_columns_of_any_order_are_sorted() -> None:
    columns = np.array(list(product((0, 1), repeat=5)), np.uint8).T
    same = np.repeat(columns, 5, axis=1)
    assert np.array_equal(median(same, 5)[2, 2::5], columns.sum(0) >= 3)


@pytest.mark.parametrize("size", [3, 5])
def test_the_largest_tiles_and_both_sides_of_their_seam(size: int) -> None:
    for channels in (1, 3, 4):
        array = deep((6, 9000 // channels, channels), np.uint8)
        expected = np.median(windows(array, size, "wrap"), 0)
        assert np.array_equal(median(array, size, border="wrap"), expected)


@pytest.mark.parametrize("size", [3, 5])
def test_with_nan_it_is_one_of_the_window(size: int) -> None:
    array = deep((9, 40), np.float32)
    array[::3, ::4] = np.nan
    result = median(array, size)
    around = windows(array, size, "reflect")
    found = (around == result) | (np.isnan(around) & np.isnan(result))
    assert found.any(0).all()
