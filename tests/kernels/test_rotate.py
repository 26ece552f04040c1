import math

import numpy as np
import pytest
from imgpipe.kernels import rotate

from .pictures import DTYPES, LAYOUTS, deep

WHITE = {np.uint8: 255, np.uint16: 65535, np.float32: 1}
FILTERS = ("nearest", "bilinear", "bicubic")
ANGLES = (0.01, 17.3, 45, 89.9, 123.4, 200, -31, 359.5, 1e6 + 0.3)
SIZES = ((1, 1), (1, 7), (2, 2), (6, 5), (21, 40))

every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
every_filter = pytest.mark.parametrize("filter", FILTERS)


def weight(filter: str, distance):
    """Of a pixel at a distance along one axis."""
    d = np.abs(distance)
    if filter == "bilinear":
        return np.maximum(1 - d, 0)
    near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def origins(shape, size, angle):
    """Where the middles of the output's pixels came from, as complex numbers x + i y."""
    height, width = size
    y, x = np.mgrid[:height, :width] + 0.5
    turned = (x - width / 2) + 1j * (y - height / 2)
    back = turned * np.exp(-1j * math.radians(angle % 360))
    return back + (shape[1] - 1) / 2 + 1j * (shape[0] - 1) / 2


def expected(array, size, angle, filter, fill):
    """The turned picture before it is rounded, and which pixels no tie makes doubtful."""
    deepest = array.reshape(*array.shape[:2], -1).astype(np.float64)
    channels = deepest.shape[2]
    beyond = np.broadcast_to(np.asarray(fill, np.float64), channels)
    rows = max(size) + max(array.shape) + 4
    padded = np.empty((deepest.shape[0] + 2 * rows, deepest.shape[1] + 2 * rows, channels))
    padded[:] = beyond
    padded[rows:-rows, rows:-rows] = deepest
    if channels % 2 == 0:
        padded[..., :-1] *= padded[..., -1:]
    at = origins(array.shape, size, angle)
    x, y = at.real, at.imag
    if filter == "nearest":
        sure = np.minimum(abs(x % 1 - 0.5), abs(y % 1 - 0.5)) > 1e-6
        picked = np.floor([y + 0.5, x + 0.5]).astype(int) + rows
        total = padded[picked[0], picked[1]]
    else:
        sure = np.ones(x.shape, bool)
        total = np.zeros((*x.shape, channels))
        left, top = np.floor(x).astype(int), np.floor(y).astype(int)
        for j in range(-1, 3):
            for i in range(-1, 3):
                w = weight(filter, x - left - i) * weight(filter, y - top - j)
                total += w[..., np.newaxis] * padded[top + j + rows, left + i + rows]
    if channels % 2 == 0:
        alpha = total[..., -1:]
        visible = alpha > 1e-3 * WHITE[array.dtype.type]
        sure = sure & visible[..., 0]
        total[..., :-1] /= np.where(visible, alpha, 1)
    if array.dtype != np.float32:
        total = np.clip(total, 0, WHITE[array.dtype.type])
    return total, sure


def tolerance(dtype) -> float:
    return 2e-4 if dtype is np.float32 else 0.6 if dtype is np.uint16 else 0.51


@every_dtype
@every_filter
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_pixel_comes_from_where_it_was(layout: str, filter: str, dtype) -> None:
    white = WHITE[dtype]
    fill = 0.3 if dtype is np.float32 else white // 3
    for size in SIZES:
        array = deep((*size, *LAYOUTS[layout]), dtype)
        if array.ndim == 3 and array.shape[2] % 2 == 0:
            array[..., -1] = array[..., -1] / 2 + 0.4 * white  # nowhere nearly invisible
        for angle in ANGLES:
            for expand in (True, False):
                result = rotate(array, angle, filter=filter, expand=expand, fill=fill)
                value, sure = expected(array, result.shape[:2], angle, filter, fill)
                error = np.abs(result.reshape(value.shape) - value)[sure]
                assert error.max(initial=0) <= tolerance(dtype), (size, angle, expand)


@every_dtype
def test_fill_of_every_channel(dtype) -> None:
    array = deep((30, 30, 3), dtype)
    result = rotate(array, 45, fill=(0, 1, 1))
    assert (result[0, 0] == (0, 1, 1)).all()
    assert (result[-1, -1] == (0, 1, 1)).all()


@every_dtype
@pytest.mark.parametrize("turns", range(-5, 9))
def test_multiples_of_90_move_pixels(turns: int, dtype) -> None:
    array = deep((17, 40, 3), dtype)
    for angle in (turns * 90, turns * 90.0, turns * 90 + 360 * 10**6):
        assert np.array_equal(rotate(array, angle), np.rot90(array, -turns))
    square = array[:, :17]
    assert np.array_equal(rotate(square, turns * 90, expand=False), np.rot90(square, -turns))
    assert not np.shares_memory(rotate(array, 0), array)


def test_a_quarter_in_the_old_size_cuts_off_and_fills() -> None:
    array = deep((4, 8), np.uint8)
    result = rotate(array, 90, expand=False, fill=7)
    assert np.array_equal(result[:, 2:6], np.rot90(array[:, 2:6], -1))
    assert (result[:, :2] == 7).all()
    assert (result[:, 6:] == 7).all()


def test_expanded_sizes_hold_the_corners_and_no_more() -> None:
    for height, width, angle in ((30, 40, 30), (1, 100, 45), (64, 64, 45), (10, 10, 1e-13)):
        cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
        high, wide = rotate(np.zeros((height, width), np.uint8), angle).shape
        assert -1e-6 <= wide - (width * cosine + height * sine) < 1
        assert -1e-6 <= high - (height * cosine + width * sine) < 1


@every_dtype
def test_invisible_colours_do_not_bleed(dtype) -> None:
    white = WHITE[dtype]
    array = np.zeros((20, 20, 4), dtype)
    array[..., 0] = white  # red where it cannot be seen
    array[6:14, 6:14] = (0, white, 0, white)
    result = rotate(array, 20)
    seen = result[result[..., 3] > white / 50].astype(float)
    assert np.abs(seen[:, 0]).max() <= white / 1000
    assert np.abs(seen[:, 1] - white).max() <= white / 1000


@every_filter
def test_flat_areas_stay_flat_and_edges_reach_their_fill(filter: str) -> None:
    array = np.full((50, 60, 3), 200, np.uint8)
    assert (rotate(array, 33, filter=filter, fill=200) == 200).all()
    result = rotate(array, 33, filter=filter)
    assert (result[30:50, 30:50] == 200).all()
    assert (result[0, 0] == 0).all()
    between = ((result > 10) & (result < 190)).any()
    assert between == (filter != "nearest")


def test_there_and_back_is_nearly_the_same() -> None:
    y, x = np.mgrid[:60, :80]
    array = (120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)).astype(np.uint8)
    back = rotate(rotate(array, 25, expand=False), -25, expand=False)
    middle = slice(20, 40), slice(28, 52)
    assert np.abs(back[middle].astype(int) - array[middle]).max() <= 2


@pytest.mark.parametrize("fill", [[[1], [1, 2]], "black", None, 10**400], ids=str)
def test_a_fill_that_is_no_number_is_named_in_a_sentence(fill: object) -> None:
    with pytest.raises(ValueError, match=r"\AExpected (a finite )?fill"):
        rotate(np.zeros((3, 3), np.uint8), 30, fill=fill)
