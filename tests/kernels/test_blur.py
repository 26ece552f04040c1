import math
from collections.abc import Iterator

import numpy as np
import pytest
from imgpipe.kernels import Kernel, box_blur, convolve, convolve_separable, gaussian_blur

from .pictures import FILLS, FLAT_BORDERS, LAYOUTS, picture, shapes
from .reference import BORDERS, bell, correlate, correlate_separable, gaussian, rounded

# Fixed point may be off by so much of a level before it rounds.
FIXED_POINT = 0.25

every_border = pytest.mark.parametrize("border", BORDERS)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)

RNG = np.random.default_rng(4)
SHARP = [-0.2, 0.9, 0.45]
VECTORS = {
    "smooth": ([0.3, 0.5, 0.2], [0.1, 0.7, 0.2]),
    "signed": (SHARP, [0.5, -0.3, 1.1]),
    "even": ([0.6, 0.4], [0.1, 0.2, 0.3, 0.4]),
    "row": ([0.25, 0.35, 0.4], [1]),
    "column": ([1], [0.25, 0.35, 0.4]),
    "11 by 12": (bell(11, 2) + 0.01 * np.arange(11), bell(12, 3)),
    "63 by 10": (RNG.dirichlet(np.ones(63)), RNG.dirichlet(np.ones(10))),
    "64 by 65": (RNG.dirichlet(np.ones(64)), RNG.dirichlet(np.ones(65))),
    "255 by 3": (RNG.dirichlet(np.ones(255)), SHARP),
    "brighter 16 times": ([0.5, 1.5, 2], [0.5, 3, 0.5]),
    "zero": ([0, 0, 0], [1, 2]),
}


def assert_near(result: np.ndarray, expected: np.ndarray, error: float = FIXED_POINT) -> None:
    """`result` is `expected` clamped and rounded, where fixed point takes up to `error`."""
    assert np.abs(result - np.clip(expected, 0, 255)).max() <= 0.5 + error


@every_border
@every_layout
@pytest.mark.parametrize("vectors", VECTORS.values(), ids=VECTORS)
def test_two_passes_are_within_a_quarter_level(vectors, layout: str, border: str) -> None:
    for shape in shapes(layout)[::3]:
        array = picture(shape)
        expected = correlate_separable(array, *vectors, border=border)
        assert_near(convolve_separable(array, *vectors, border=border), expected)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("vectors", VECTORS.values(), ids=VECTORS)
def test_two_passes_neither_overflow_nor_wrap(vectors, fill: str) -> None:
    array = picture((9, 67, 3), fill)
    assert_near(convolve_separable(array, *vectors), correlate_separable(array, *vectors))


@pytest.mark.parametrize("gain", [1, 4, 15.9])
def test_rounding_between_the_passes_leans_to_neither_side(gain: float) -> None:
    array = picture((300, 400)) // np.uint8(np.ceil(gain))
    vectors = ([0.21, 0.53, 0.26], np.array([0.17, 0.33, 0.5]) * gain)
    error = convolve_separable(array, *vectors) - correlate_separable(array, *vectors)
    assert abs(error.mean()) <= 0.01


@pytest.mark.parametrize("length", [*range(1, 14), 62, 63, 64, 65, 130])
def test_vectors_of_any_length(length: int) -> None:
    array = picture((12, 66, 2))
    weights = np.random.default_rng(length).dirichlet(np.ones(length))
    for vectors in ((weights, [1]), ([1], weights), (weights, weights)):
        assert_near(convolve_separable(array, *vectors), correlate_separable(array, *vectors))


@pytest.mark.parametrize("length", range(1, 14))
def test_whole_weights_round_the_exact_sum_half_up(length: int) -> None:
    array = picture((12, 66, 2))
    weights = np.random.default_rng(length).integers(0, 3, length) + (length == 1)
    for kx, ky in ((weights, [1]), ([1], weights), (weights, [1, 2, 1])):
        divisor = max(1, int(np.sum(kx) * np.sum(ky)))
        expected = rounded(correlate_separable(array, kx, ky, divisor))
        assert np.array_equal(convolve_separable(array, kx, ky, divisor=divisor), expected)


@pytest.mark.parametrize("total", range(1, 258))
def test_every_small_divisor_divides_rightly(total: int) -> None:
    array = np.arange(256, dtype=np.uint8).reshape(4, 64)
    expected = rounded(correlate(array, [[1]], total))
    assert np.array_equal(convolve_separable(array, [1], [1], divisor=total), expected)


@pytest.mark.parametrize("length", [3, 5, 9, 15, 65])
def test_symmetric_vectors_commute_with_flips_but_for_a_rare_rounding(length: int) -> None:
    rng = np.random.default_rng(length)
    array = picture((200, 301))
    half = rng.uniform(-0.3, 1, (8, length))
    for vector in (half + half[:, ::-1]) * rng.uniform(0.7, 1.3, (8, 1)) / length:
        for vectors in ((vector, [1]), ([1], vector)):
            result = convolve_separable(array, *vectors).astype(int)
            for axis in (0, 1):
                flipped = convolve_separable(np.flip(array, axis), *vectors)
                difference = np.abs(flipped - np.flip(result, axis))
                assert difference.max() <= 1
                assert difference.mean() <= 1e-3  # floats add up in another order


@every_border
@pytest.mark.parametrize("vectors", list(VECTORS.values())[:7], ids=list(VECTORS)[:7])
def test_two_passes_equal_the_outer_product_within_one_level(vectors, border: str) -> None:
    kx, ky = vectors
    array = picture((11, 66, 3))
    apart = convolve_separable(array, kx, ky, divisor=1.25, border=border).astype(int)
    whole = convolve(array, Kernel(np.outer(ky, kx), 1.25), border=border)
    assert np.abs(apart - whole).max() <= 1


@pytest.mark.parametrize("divisor", [0.5, 3, 0.125, -1, -2.5])
def test_both_passes_are_over_one_divisor(divisor: float) -> None:
    array = picture((5, 65))
    kx, ky = np.array(SHARP), np.array([0.3, 0.4]) * divisor
    assert_near(
        convolve_separable(array, kx, ky, divisor=divisor),
        correlate_separable(array, kx, ky, divisor),
    )


@pytest.mark.parametrize("gain", [30, 400, 1e4, 1e6])
def test_short_vectors_may_brighten_any_number_of_times(gain: float) -> None:
    array = picture((7, 66, 3))
    kx, ky = np.array([0.7, -1.2, 0.51]), np.array([0.2, 0.5, 0.3]) * gain
    assert_near(convolve_separable(array, kx, ky), correlate_separable(array, kx, ky))


@pytest.mark.parametrize("length", [64, 65, 4095])
def test_long_vectors_may_brighten_by_much(length: int) -> None:
    weights = np.full(length, 1 / length)
    dark = np.full((3, 5), 10, np.uint8)
    assert (convolve_separable(dark, weights, [15.99]) == 160).all()
    assert (convolve_separable(dark, weights, [25.0]) == 250).all()
    assert (convolve_separable(dark, [-16.1], weights) == 0).all()


SIGMAS = [0.3, 0.5, 0.84, 1, 1.5, 2, 3.3, 5, 8, 12.5, 30]


@every_border
@pytest.mark.parametrize("sigma", SIGMAS)
def test_gaussian_blur_is_the_gaussian_of_its_sigma(sigma: float, border: str) -> None:
    taps = gaussian(sigma)
    for shape in ((1, 1), (3, 67, 3), (40, 33, 4), (70, 2)):
        array = picture(shape)
        expected = correlate_separable(array, taps, taps, border=border)
        assert_near(gaussian_blur(array, sigma, border=border), expected)


@pytest.mark.parametrize("sigma", [1.5, 2, 2.3, 2.9])
def test_taps_that_are_left_out_would_not_be_seen(sigma: float) -> None:
    taps = gaussian(sigma)
    side, middle = len(taps), len(taps) // 2
    for reach in range(middle):
        array = np.full((side, side), 255, np.uint8)
        array[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1] = 0
        assert_near(gaussian_blur(array, sigma), correlate_separable(array, taps, taps))


def test_a_large_sigma_is_reached_too() -> None:
    array = picture((300, 41))
    taps = gaussian(120)
    assert_near(gaussian_blur(array, 120), correlate_separable(array, taps, taps))


@pytest.mark.parametrize("sigma", [1e-300, 1e-9, 0.05])
def test_a_tiny_sigma_changes_nothing(sigma: float) -> None:
    array = picture((5, 66, 3))
    assert np.array_equal(gaussian_blur(array, sigma), array)


# Documented for OpenCV's getGaussianKernel: fixed taps for small sizes, else this sigma.
SMALL = {
    1: [1],
    3: [0.25, 0.5, 0.25],
    5: [0.0625, 0.25, 0.375, 0.25, 0.0625],
    7: [0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125],
    9: [n / 256 for n in (4, 13, 30, 51, 60, 51, 30, 13, 4)],
}


@every_border
@pytest.mark.parametrize("ksize", [1, 3, 5, 7, 9, 11, 13, 31, 63, 65, 151])
def test_gaussian_blur_by_size_has_the_taps_of_opencv(ksize: int, border: str) -> None:
    taps = SMALL.get(ksize, bell(ksize, 0.3 * ((ksize - 1) * 0.5 - 1) + 0.8))
    array = picture((21, 67, 3))
    expected = correlate_separable(array, taps, taps, border=border)
    result = gaussian_blur(array, ksize=ksize, border=border)
    assert_near(result, expected)
    if ksize <= 5:
        assert np.array_equal(result, rounded(expected))


def test_the_gaussian_of_size_3_is_the_named_kernel() -> None:
    array = picture((9, 66, 4))
    named = convolve(array, Kernel.gaussian_blur())
    assert np.array_equal(gaussian_blur(array, ksize=3), named)


@every_border
@every_layout
@pytest.mark.parametrize("radius", [0, 1, 2, 7])
def test_small_boxes_round_the_exact_mean(radius: int, layout: str, border: str) -> None:
    taps = np.ones(2 * radius + 1)
    for shape in shapes(layout)[::2]:
        array = picture(shape)
        expected = rounded(correlate_separable(array, taps, taps, taps.size**2, border))
        assert np.array_equal(box_blur(array, radius, border=border), expected), shape


@every_border
@pytest.mark.parametrize("radius", [8, 15, 40])
@pytest.mark.parametrize("fill", FILLS)
def test_large_boxes_are_within_a_quarter_level(fill: str, radius: int, border: str) -> None:
    taps = np.ones(2 * radius + 1)
    for shape in ((1, 1), (5, 66, 3), (90, 35)):
        array = picture(shape, fill)
        expected = correlate_separable(array, taps, taps, taps.size**2, border)
        assert_near(box_blur(array, radius, border=border), expected)


@pytest.mark.parametrize("radius", [100, 255, 500, 1000])
def test_a_box_weighs_a_bright_line_as_it_does_all_others(radius: int) -> None:
    lines = np.full((2 * radius + 1, 2), 255, np.uint8)
    lines[radius] = 0
    mean = 255 * (1 - 1 / len(lines))
    assert abs(int(box_blur(lines, radius, border="wrap")[radius, 0]) - mean) <= 1


def flat_pictures() -> Iterator[np.ndarray]:
    """Every value, four at a time."""
    for first in range(0, 256, 4):
        yield np.full((2, 3, 4), range(first, first + 4), np.uint8)


@pytest.mark.parametrize("border", FLAT_BORDERS)
@pytest.mark.parametrize("sigma", [*SIGMAS, 0.71, 1 / 3, math.pi])
def test_every_flat_picture_stays_flat_under_a_gaussian(sigma: float, border: str) -> None:
    for flat in flat_pictures():
        assert np.array_equal(gaussian_blur(flat, sigma, border=border), flat)


@pytest.mark.parametrize("ksize", [*range(1, 66, 2), 255])
def test_every_flat_picture_stays_flat_under_a_gaussian_by_size(ksize: int) -> None:
    for flat in flat_pictures():
        assert np.array_equal(gaussian_blur(flat, ksize=ksize), flat)


@pytest.mark.parametrize("radius", [*range(33), 40, 100])
def test_every_flat_picture_stays_flat_under_a_box(radius: int) -> None:
    for flat in flat_pictures():
        assert np.array_equal(box_blur(flat, radius), flat)


def test_a_flat_picture_stays_flat_under_the_largest_blurs() -> None:
    flat = np.full((1, 1, 4), (1, 127, 128, 255), np.uint8)
    assert np.array_equal(gaussian_blur(flat, 500), flat)
    assert np.array_equal(gaussian_blur(flat, ksize=4095), flat)
    assert np.array_equal(box_blur(flat, 2047), flat)
