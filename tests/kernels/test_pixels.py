import numpy as np
import pytest
from imgpipe.kernels import brighten, grayscale
from PIL import Image as pil

from .pictures import LAYOUTS, picture, shapes
from .reference import luma

every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def test_every_colour_has_pillows_luma() -> None:
    colours = np.arange(2**24, dtype="<u4").view(np.uint8).reshape(4096, 4096, 4)[..., :3]
    array = np.ascontiguousarray(colours)
    assert np.array_equal(grayscale(array)[..., 0], pil.fromarray(array).convert("L"))


@pytest.mark.parametrize("layout", ["HW3", "HW4"])
def test_grayscale_is_the_luma_with_alpha_beside_it(layout: str) -> None:
    for shape in shapes(layout):
        array = picture(shape)
        result = grayscale(array)
        assert result.shape == (*shape[:2], shape[2] - 2)
        assert np.array_equal(result[..., 0], luma(array))
        assert np.array_equal(result[..., 1:], array[..., 3:])


@pytest.mark.parametrize("layout", ["HW", "HW1", "HW2"])
def test_grey_is_copied(layout: str) -> None:
    array = picture((5, 66, *LAYOUTS[layout]))
    result = grayscale(array)
    assert np.array_equal(result, array)
    assert not np.shares_memory(result, array)


@pytest.mark.parametrize("layout", ["HW", "HW1", "HW3"])
def test_brighten_adds_and_clamps_for_every_value(layout: str) -> None:
    array = picture((8, 66, *LAYOUTS[layout]))
    array.flat[:256] = range(256)
    for value in range(-255, 256):
        expected = np.clip(array.astype(int) + value, 0, 255)
        assert np.array_equal(brighten(array, value), expected), value


@pytest.mark.parametrize("layout", ["HW2", "HW4"])
def test_brighten_leaves_alpha_alone_for_every_value(layout: str) -> None:
    array = picture((8, 66, *LAYOUTS[layout]))
    array.flat[:256] = range(256)
    for value in range(-255, 256):
        expected = np.clip(array.astype(int) + value, 0, 255)
        expected[..., -1] = array[..., -1]
        assert np.array_equal(brighten(array, value), expected), value


@every_layout
def test_brighten_reaches_every_shape(layout: str) -> None:
    for shape in shapes(layout):
        array = picture(shape)
        expected = np.clip(array.astype(int) + 33, 0, 255)
        if layout in ("HW2", "HW4"):
            expected[..., -1] = array[..., -1]
        assert np.array_equal(brighten(array, 33), expected), shape
