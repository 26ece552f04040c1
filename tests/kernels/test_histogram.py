"""Equalising, whole and by tiles, and stretching, in three depths."""

import numpy as np
import pytest
from imgpipe import kernels

from .pictures import LAYOUTS
from .reference_pixels import (
    DTYPES,
    WHITE,
    clahe,
    deep,
    equalizing,
    keeping_alpha,
    levels_of,
    luma,
    rounded,
)

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
SIDES = [(1, 2), (3, 5), (40, 21), (7, 64), (2, 5000)]


def soft(shape: tuple[int, ...], dtype) -> np.ndarray:
    """Noise in the middle of the range, most of it dark."""
    noise = np.random.default_rng([8, *shape]).random(shape) ** 3 * 0.5 + 0.2
    return rounded(noise * WHITE[dtype], dtype)


def count_of(dtype) -> int:
    return 256 if dtype is np.uint8 else 65536


def grey_of(array: np.ndarray) -> np.ndarray:
    """The luma that kernels give, which is tested elsewhere, as (H, W)."""
    if array.ndim == 3 and array.shape[2] > 2:
        return kernels.grayscale(array)[..., 0]
    return array if array.ndim == 2 else array[..., 0]


def relit(array: np.ndarray, grey: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Colours moved as their luma was."""
    move = new.astype(np.float64) - grey
    move = move if array.ndim == 2 else move[..., np.newaxis]
    return keeping_alpha(array, lambda c: rounded(c + move, array.dtype.type))


@every_dtype
@every_layout
def test_equalize_evens_out_the_luma_and_keeps_the_chroma(layout: str, dtype) -> None:
    for sides in SIDES:
        array = soft((*sides, *LAYOUTS[layout]), dtype)
        grey = grey_of(array)
        levels, count = levels_of(grey), count_of(dtype)
        curve = equalizing(levels, count)
        if dtype is np.float32:
            at = np.clip(grey.astype(np.float64), 0, 1)
            new = np.interp(at, np.arange(count) / 65535, curve / 65535)
            expected = relit(array, grey, new)
            assert np.allclose(kernels.equalize(array), expected, atol=1e-2 / grey.size + 2e-6)
        else:
            expected = relit(array, grey, curve[levels])
            assert np.array_equal(kernels.equalize(array), expected), sides


@every_dtype
@every_layout
def test_a_picture_of_one_level_is_left_alone(layout: str, dtype) -> None:
    flat = np.full((5, 40, *LAYOUTS[layout]), WHITE[dtype] / 3, dtype)
    assert np.array_equal(kernels.equalize(flat), flat)
    assert np.array_equal(kernels.auto_contrast(flat), flat)
    assert np.array_equal(kernels.auto_contrast(flat, 20), flat)


def test_large_pictures_are_counted_whole() -> None:
    array = deep((403, 501), np.uint8)
    array[-1, -1], array[0, 0] = 255, 0
    curve = equalizing(array.astype(np.int64), 256)
    assert np.array_equal(kernels.equalize(array, threads=2), curve[array])


@every_dtype
@pytest.mark.parametrize("tiles", [(1, 1), (3, 2), (8, 8), (5, 1)], ids=str)
@pytest.mark.parametrize("clip_limit", [0, 0.5, 2, 40])
def test_clahe_is_zuidervelds(clip_limit: float, tiles, dtype) -> None:
    for sides in [(1, 1), (2, 3), (16, 24), (30, 41), (15, 40)]:
        array = soft(sides, dtype)
        count = count_of(dtype)
        exact = clahe(levels_of(array), count, clip_limit, tiles)
        result = kernels.clahe(array, clip_limit, tiles)
        scale = 65535 if dtype is np.float32 else 1
        slack = 0.1 if dtype is np.float32 else 0.51
        assert np.abs(result.astype(np.float64) * scale - exact).max() <= slack, sides


@every_dtype
@pytest.mark.parametrize("layout", ["HW1", "HW2", "HW3", "HW4"])
def test_clahe_of_colours_moves_them_with_their_luma(layout: str, dtype) -> None:
    array = soft((33, 50, *LAYOUTS[layout]), dtype)
    grey = grey_of(array)
    expected = relit(array, grey, kernels.clahe(np.ascontiguousarray(grey), 3, (4, 3)))
    assert np.allclose(kernels.clahe(array, 3, (4, 3)), expected, atol=1e-6, rtol=1e-6)


@every_dtype
@every_layout
@pytest.mark.parametrize("cutoff", [0, 1, 20, 49.9])
def test_auto_contrast_stretches_the_levels_in_use(cutoff: float, layout: str, dtype) -> None:
    white, scale = WHITE[dtype], 65535 if dtype is np.float32 else 1
    for sides in SIDES:
        array = soft((*sides, *LAYOUTS[layout]), dtype)
        colours = array[..., :-1] if layout in ("HW2", "HW4") else array
        counted = np.sort(levels_of(colours), axis=None)
        drop = int(counted.size * cutoff / 100)
        low, high = counted[drop] / scale, counted[counted.size - 1 - drop] / scale
        result = kernels.auto_contrast(array, cutoff)
        if high == low:
            assert np.array_equal(result, array)
            continue

        def stretched(v, low=low, width=high - low):
            return np.clip((v.astype(np.float64) - low) / width, 0, 1) * white

        expected = keeping_alpha(array, lambda v: rounded(stretched(v), dtype))
        slack = 1e-6 + 1e-7 / (high - low) if dtype is np.float32 else 0
        assert np.allclose(result, expected, rtol=0, atol=slack)


def test_auto_contrast_keeps_greys_grey_and_does_not_count_alpha() -> None:
    array = np.full((4, 40, 4), (90, 90, 90, 3), np.uint8)
    array[0, 0] = 120, 120, 120, 250
    result = kernels.auto_contrast(array)
    assert result[0, 0].tolist() == [255, 255, 255, 250]
    assert result[3, 3].tolist() == [0, 0, 0, 3]


def test_luma_is_what_the_reference_says() -> None:
    array = deep((9, 30, 3), np.float32)
    assert np.allclose(grey_of(array), luma(array), atol=1e-6)
