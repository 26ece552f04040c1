import numpy as np
import pytest
from imgpipe.kernels import unsharp_mask
from imgpipe.kernels.blur import gaussian_taps

from .pictures import DTYPES, LAYOUTS, deep
from .reference import BORDERS, correlate

WHITE = {np.uint8: 255, np.uint16: 65535, np.float32: 1}
ERROR = {np.uint8: 0.85, np.uint16: 0.6, np.float32: 1e-5}  # half a level is from rounding
SIZES = ((1, 1), (1, 9), (5, 40), (37, 64), (6, 700))

every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


def detail(array, sigma: float, border: str = "reflect"):
    taps = gaussian_taps(sigma, None)
    rows = correlate(array, taps[np.newaxis], border=border)
    return array - correlate(rows, taps[:, np.newaxis], border=border)


def sharpened(array, change):
    result = array + change
    if array.ndim == 3 and array.shape[2] in (2, 4):
        result[..., -1] = array[..., -1]
    white = WHITE[array.dtype.type]
    return result if array.dtype == np.float32 else np.clip(result, 0, white)


@every_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_adds_what_the_blur_takes_away(layout: str, dtype) -> None:
    for size in SIZES:
        noise = deep((*size, *LAYOUTS[layout]), dtype)
        white = WHITE[dtype]
        hard = np.where(noise > white // 2, white, 0).astype(dtype)
        soft = (noise / 8 + 0.4 * white).astype(dtype)
        for array, sigma in ((noise, 0.6), (hard, 1.3), (soft, 4), (soft, 15), (noise, 0.1)):
            for amount in (0.3, 1, 2.7, 4):
                expected = sharpened(array, amount * detail(array, sigma))
                error = np.abs(unsharp_mask(array, sigma, amount) - expected).max()
                assert error <= ERROR[dtype], (size, sigma, amount)


@every_dtype
def test_a_blur_too_wide_for_16_bits(dtype) -> None:
    array = deep((20, 33, 4), dtype)
    expected = sharpened(array, 4 * detail(array, 17))
    assert np.abs(unsharp_mask(array, 17, 4) - expected).max() <= ERROR[dtype]


@every_dtype
@pytest.mark.parametrize("border", BORDERS)
def test_every_border(border: str, dtype) -> None:
    array = deep((9, 40, 3), dtype)
    expected = sharpened(array, detail(array, 2, border))
    assert np.abs(unsharp_mask(array, 2, border=border) - expected).max() <= ERROR[dtype]


@every_dtype
def test_below_the_threshold_all_stays(dtype) -> None:
    array, white = deep((40, 70, 4), dtype), WHITE[dtype]
    for threshold in (0.5, 12, 80.3, 255):
        change = detail(array, 1.5)
        beyond = np.abs(change) * 255 / white - threshold
        expected = sharpened(array, np.where(beyond >= 0, change, 0))
        sure = np.abs(beyond) > 0.3
        error = np.abs(unsharp_mask(array, 1.5, 1, threshold) - expected)[sure]
        assert error.max() <= ERROR[dtype], threshold
        still = sure & (beyond < 0)
        assert np.array_equal(unsharp_mask(array, 1.5, 1, threshold)[still], array[still])


@every_dtype
def test_flat_areas_and_an_amount_of_nothing_change_nothing(dtype) -> None:
    array = deep((12, 50, 4), dtype)
    assert np.array_equal(unsharp_mask(array, 2.5, 0), array)
    for value in (0, 0.5, 1):
        flat = np.full((12, 50, 3), value * WHITE[dtype], dtype)
        assert np.allclose(unsharp_mask(flat, 2.5, 4), flat, rtol=1e-5, atol=0)


def test_no_amount_of_uint8_wraps() -> None:
    array = np.zeros((9, 9), np.uint8)
    array[4, 4] = 60
    for just_below in (2, 4, 8):
        amount = np.nextafter(np.float32(just_below), np.float32(0)).item()
        expected = sharpened(array, amount * detail(array, 1))
        assert np.abs(unsharp_mask(array, 1, amount) - expected).max() <= ERROR[np.uint8]
