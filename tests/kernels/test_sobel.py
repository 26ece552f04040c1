import numpy as np
import pytest
from imgpipe.kernels import Kernel, rotate90, sobel

from .pictures import DTYPES, LAYOUTS, deep, picture, shapes
from .reference import BORDERS, correlate


def magnitude(array, border: str = "reflect"):
    x = correlate(array, Kernel.sobel_x().data, border=border)
    y = correlate(array, Kernel.sobel_y().data, border=border)
    return np.sqrt(x**2 + y**2)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_bytes_are_the_rounded_magnitude(layout: str) -> None:
    for shape in shapes(layout):
        for array in (picture(shape), picture(shape) // 8, picture(shape, "checkerboard")):
            expected = np.minimum(np.floor(magnitude(array) + 0.5), 255)
            assert np.array_equal(sobel(array), expected), shape


@pytest.mark.parametrize("layout", LAYOUTS)
def test_words_are_the_magnitude_to_a_level(layout: str) -> None:
    for shape in shapes(layout):
        for array in (deep(shape, np.uint16), deep(shape, np.uint16) // 8):
            expected = np.minimum(magnitude(array), 65535)
            assert np.abs(sobel(array) - expected).max() <= 0.52, shape


@pytest.mark.parametrize("layout", LAYOUTS)
def test_floats_are_the_magnitude_and_not_clipped(layout: str) -> None:
    for shape in shapes(layout):
        array = deep(shape, np.float32) * 8 - 4
        assert np.allclose(sobel(array), magnitude(array), rtol=1e-5, atol=1e-5), shape


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
def test_every_border(dtype, border: str) -> None:
    array = (deep((6, 50, 3), dtype) / 8).astype(dtype)
    assert np.abs(sobel(array, border=border) - magnitude(array, border)).max() <= 0.52


def test_a_step_is_as_bright_whichever_way_it_faces() -> None:
    array = np.zeros((12, 40), np.uint8)
    array[:, 17:] = 30
    assert np.array_equal(rotate90(sobel(array)), sobel(rotate90(array)))
    assert sobel(array)[5, 15:19].tolist() == [0, 120, 120, 0]
