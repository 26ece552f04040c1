"""Convolution, blurs and resize of uint16 and float32, and the widest blurs of uint8."""

import numpy as np
import pytest
from imgpipe.kernels import Kernel, box_blur, convolve, convolve_separable, gaussian_blur, resize
from numpy.typing import NDArray

from .reference import (
    BORDERS,
    FILTERS,
    Floats,
    correlate,
    correlate_separable,
    gaussian,
    resample,
    resample_with_alpha,
)

every_depth = pytest.mark.parametrize("dtype", [np.uint16, np.float32])
every_border = pytest.mark.parametrize("border", BORDERS)
WHITE = {np.uint16: 65535, np.float32: 1.0}


def noise(shape: tuple[int, ...], dtype: type, seed: int = 3) -> NDArray[np.generic]:
    values = np.random.default_rng(seed).random(shape)
    return (values * (WHITE[dtype] + (dtype == np.uint16))).astype(dtype)


def assert_near(result: NDArray[np.generic], expected: Floats, gain: float = 1.0) -> None:
    if result.dtype == np.uint16:
        assert np.abs(result - np.clip(expected, 0, 65535)).max() <= 1
    else:
        assert np.abs(result - expected).max() <= 1e-5 * gain


@every_depth
@every_border
@pytest.mark.parametrize("sides", [(3, 3), (4, 2), (7, 7), (1, 9), (35, 33)], ids=str)
def test_any_kernel(sides: tuple[int, int], border: str, dtype: type) -> None:
    weights = np.random.default_rng(4).normal(size=sides)
    array = noise((23, 41, 3), dtype)
    divisor = float(np.abs(weights).sum() / 2)
    result = convolve(array, Kernel(weights, divisor), border=border)
    assert_near(result, correlate(array, weights, divisor, border), gain=2)


@every_depth
@pytest.mark.parametrize("gain", [1, 16, 4000])
def test_gains_up_to_large_ones(gain: int, dtype: type) -> None:
    weights = np.random.default_rng(5).normal(size=(9, 9))
    weights *= gain / np.abs(weights).sum()
    array = noise((20, 37, 1), dtype)
    assert_near(convolve(array, Kernel(weights)), correlate(array, weights), gain)


@pytest.mark.parametrize("large", [1e3, 1e5, 1e7])
def test_large_weights_that_cancel_leave_the_small_ones_right(large: float) -> None:
    array = np.tile(noise((1, 2, 3), np.uint16), (5, 40, 1)).astype(np.uint16)
    beside = np.roll(array, 1, axis=1)  # and the same on the other side
    separable = [[large, 0.7, 0.3 - large]]
    other = [[large, 0.2, 0.3 - large], [-large, 0.5, large]]
    for weights in (separable, other):
        result = convolve(array, Kernel(weights), border="wrap")
        assert_near(result, 0.7 * array + 0.3 * beside)


@every_depth
@every_border
@pytest.mark.parametrize("lengths", [(3, 5), (64, 1), (2, 101), (301, 7)], ids=str)
def test_any_vectors(lengths: tuple[int, int], border: str, dtype: type) -> None:
    rng = np.random.default_rng(6)
    kx, ky = (rng.normal(size=n) for n in lengths)
    kx, ky = kx / np.abs(kx).sum(), ky / np.abs(ky).sum()
    array = noise((31, 53, 2), dtype)
    result = convolve_separable(array, kx, ky, border=border)
    assert_near(result, correlate_separable(array, kx, ky, border=border))


@every_depth
@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.9, 7.0, 40.0])
def test_gaussians(sigma: float, dtype: type) -> None:
    array = noise((48, 61, 3), dtype)
    taps = gaussian(sigma)
    assert_near(gaussian_blur(array, sigma), correlate_separable(array, taps, taps))


@every_depth
@every_border
@pytest.mark.parametrize("radius", [0, 1, 3, 8, 30])
def test_boxes(radius: int, border: str, dtype: type) -> None:
    array = noise((40, 33, 4), dtype)
    taps = np.ones(2 * radius + 1) / (2 * radius + 1)
    expected = correlate_separable(array, taps, taps, border=border)
    assert_near(box_blur(array, radius, border=border), expected)


@every_depth
@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("size", [(1, 1), (17, 11), (80, 23), (61, 131)], ids=str)
def test_resizing(size: tuple[int, int], filter: str, dtype: type) -> None:
    for channels in (1, 3):
        array = noise((37, 59, channels), dtype)
        assert_near(resize(array, size, filter=filter), resample(array, size, filter), gain=2)


@every_depth
@pytest.mark.parametrize("filter", FILTERS[1:])
@pytest.mark.parametrize("channels", [2, 4])
def test_resizing_with_alpha(channels: int, filter: str, dtype: type) -> None:
    array = noise((37, 59, channels), dtype)
    colours, alpha = resample_with_alpha(array, (80, 23), filter)
    result = resize(array, (80, 23), filter=filter)
    assert_near(result[..., -1:], np.clip(alpha, 0, WHITE[dtype]), gain=2)
    seen = np.broadcast_to(alpha > 0.05 * WHITE[dtype], colours.shape)
    expected = np.where(seen, colours, result[..., :-1])
    assert_near(result[..., :-1], expected, gain=40)


def test_floats_are_not_clamped() -> None:
    array = np.array([[[-3.0], [5.0], [2.5]]], np.float32)
    assert np.array_equal(convolve(array, Kernel.identity()), array)
    assert np.allclose(convolve(array, Kernel([[2.0]])), 2 * array)


@pytest.mark.parametrize("sigma", [3.0, 3.7, 5.0, 8.0, 13.0, 20.0, 50.0, 100.0])
@pytest.mark.parametrize("scene", ["noise", "edge", "squares", "lines"])
def test_wide_gaussians_of_uint8_are_within_a_level(scene: str, sigma: float) -> None:
    y, x = np.indices((150, 211))
    array = {
        "noise": np.random.default_rng(7).integers(0, 256, (150, 211)),
        "edge": 255 * (x > 100),
        "squares": 255 * ((x // 7 + y // 7) % 2),
        "lines": 255 * (x % 2),
    }[scene].astype(np.uint8)
    taps = gaussian(sigma)
    off = np.abs(gaussian_blur(array, sigma) - correlate_separable(array, taps, taps))
    assert off.max() <= 1.05


@every_border
def test_wide_gaussians_know_every_border(border: str) -> None:
    array = np.random.default_rng(8).integers(0, 256, (20, 31, 3), np.uint8)
    taps = gaussian(9.5)
    expected = correlate_separable(array, taps, taps, border=border)
    assert np.abs(gaussian_blur(array, 9.5, border=border) - expected).max() <= 1.05
