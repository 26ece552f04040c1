"""Laws of convolving and resizing, on pictures and kernels that hypothesis looks for."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from imgpipe import kernels
from imgpipe.kernels import Kernel, box_blur, convolve, convolve_separable, gaussian_blur, resize

from .operations import ALL
from .pictures import FLAT_BORDERS, picture
from .reference import BORDERS, FILTERS

law = settings(deadline=None, max_examples=60, derandomize=True)

borders = st.sampled_from(BORDERS)
flat_borders = st.sampled_from(FLAT_BORDERS)
filters = st.sampled_from(FILTERS)
levels = st.integers(0, 255)
channels = st.sampled_from([(), (1,), (2,), (3,), (4,)])
opaque = st.sampled_from([(), (1,), (3,)])
sizes = st.tuples(st.integers(1, 50), st.integers(1, 50))
short = st.integers(1, 6)


def pictures(least: int = 1, most: int = 20, layouts=channels) -> st.SearchStrategy[np.ndarray]:
    sides = st.integers(least, most)
    shapes = st.builds(lambda h, w, c: (h, w, *c), sides, sides, layouts)
    return shapes.flatmap(lambda shape: arrays(np.uint8, shape) | noise(shape))


def noise(shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    return st.integers(0, 99).map(lambda seed: picture(shape, seed=seed))


def matrices(elements, sides=short) -> st.SearchStrategy[np.ndarray]:
    return st.tuples(sides, sides).flatmap(lambda shape: arrays(np.int64, shape, elements=elements))


def vectors(elements, lengths=short) -> st.SearchStrategy[np.ndarray]:
    return lengths.flatmap(lambda length: arrays(np.float64, length, elements=elements))


weights = st.integers(-9, 9)
odd = st.sampled_from([1, 3, 5, 7])
divisors = st.sampled_from([1, 2, 9, 16, 0.3, -1, 7.7])
unit = st.floats(0.01, 1)
sigmas = st.floats(0.2, 6)


def mean_of(matrix: np.ndarray) -> Kernel:
    return Kernel(matrix, float(matrix.sum()))


@law
@given(pictures(), borders, odd, odd)
def test_identity_changes_nothing(array, border, height, width) -> None:
    one = np.zeros((height, width))
    one[height // 2, width // 2] = 1
    for kernel in (Kernel.identity(), Kernel(one), Kernel(one * 7, 7), Kernel(one * -0.3, -0.3)):
        assert np.array_equal(convolve(array, kernel, border=border), array)


@law
@given(levels, matrices(weights), flat_borders, st.integers(1, 9), st.integers(1, 9))
def test_weights_of_sum_one_keep_a_flat_picture_flat(value, matrix, border, height, width) -> None:
    assume(matrix.sum())
    flat = np.full((height, width), value, np.uint8)
    assert (convolve(flat, mean_of(matrix), border=border) == value).all()


@law
@given(levels, vectors(unit, st.integers(1, 70)), vectors(unit, st.integers(1, 70)), flat_borders)
def test_vectors_of_sum_one_keep_a_flat_picture_flat(value, kx, ky, border) -> None:
    flat = np.full((3, 4), value, np.uint8)
    blurred = convolve_separable(flat, kx, ky, divisor=kx.sum() * ky.sum(), border=border)
    assert (blurred == value).all()


@law
@given(pictures(), matrices(weights, odd), divisors, borders)
def test_symmetric_kernels_commute_with_flips(array, matrix, divisor, border) -> None:
    beside = Kernel(matrix + matrix[:, ::-1], divisor)
    above = Kernel(matrix + matrix[::-1], divisor)
    for kernel, axis in ((beside, 1), (above, 0)):
        flipped = convolve(np.flip(array, axis), kernel, border=border)
        assert np.array_equal(flipped, np.flip(convolve(array, kernel, border=border), axis))


@law
@given(pictures(), sigmas, st.integers(0, 12), borders)
def test_blurs_commute_with_flips(array, sigma, radius, border) -> None:
    for axis in (0, 1):
        flipped = np.flip(array, axis)
        soft = np.flip(gaussian_blur(array, sigma, border=border), axis).astype(int)
        difference = np.abs(gaussian_blur(flipped, sigma, border=border) - soft)
        assert difference.max() <= (sigma >= 3)  # wide ones count in cells, from one side
        box = box_blur(array, radius, border=border)
        assert np.array_equal(box_blur(flipped, radius, border=border), np.flip(box, axis))


@law
@given(pictures(), matrices(weights, odd), divisors, borders)
def test_convolving_a_turned_picture_with_the_turned_kernel_turns_the_result(
    array, matrix, divisor, border
) -> None:
    result = convolve(array, Kernel(matrix, divisor), border=border)
    turned = convolve(kernels.rotate180(array), Kernel(matrix[::-1, ::-1], divisor), border=border)
    assert np.abs(kernels.rotate180(result).astype(int) - turned).max() <= 1


@law
@given(pictures(), matrices(weights), divisors, borders)
def test_convolving_the_transpose_transposes(array, matrix, divisor, border) -> None:
    result = convolve(array, Kernel(matrix, divisor), border=border)
    across = convolve(array.swapaxes(0, 1), Kernel(matrix.T, divisor), border=border)
    assert np.abs(result.swapaxes(0, 1).astype(int) - across).max() <= 1


@law
@given(
    *(pictures(12, 24), matrices(weights), divisors, borders),
    *(st.integers(0, 5), st.integers(0, 5)),
)
def test_away_from_the_border_it_matters_not_where_a_picture_begins(
    array, matrix, divisor, border, down, right
) -> None:
    kernel = Kernel(matrix, divisor)
    whole = convolve(array, kernel, border=border)[down:, right:]
    part = convolve(array[down:, right:], kernel, border=border)
    assert np.array_equal(whole[3:-3, 3:-3], part[3:-3, 3:-3])


@law
@given(pictures(), sigmas, matrices(st.integers(0, 9)), flat_borders)
def test_means_stay_between_the_darkest_and_the_brightest(array, sigma, matrix, border) -> None:
    assume(matrix.sum())
    for result in (
        gaussian_blur(array, sigma, border=border),
        convolve(array, mean_of(matrix), border=border),
    ):
        assert array.min() <= result.min()
        assert result.max() <= array.max()


@law
@given(pictures(), vectors(st.floats(-1, 1)), vectors(st.floats(-1, 1)), divisors, borders)
def test_two_passes_equal_the_outer_product(array, kx, ky, divisor, border) -> None:
    apart = convolve_separable(array, kx, ky, divisor=divisor, border=border)
    whole = convolve(array, Kernel(np.outer(ky, kx), divisor), border=border)
    assert np.abs(apart.astype(int) - whole).max() <= 1


@law
@given(pictures(), vectors(unit), vectors(unit), borders)
def test_two_passes_equal_one_pass_after_another(array, kx, ky, border) -> None:
    kx, ky = kx / kx.sum(), ky / ky.sum()
    rows = convolve_separable(array, kx, [1], border=border)
    both = convolve_separable(rows, [1], ky, border=border)
    result = convolve_separable(array, kx, ky, border=border)
    assert np.abs(both.astype(int) - result).max() <= 1  # the rows are rounded in between


@law
@given(pictures(8, 40, opaque), st.integers(2, 4))
def test_a_box_that_shrinks_by_a_whole_factor_keeps_the_mean(array, factor) -> None:
    height, width = (side // factor * factor for side in array.shape[:2])
    array = array[:height, :width]
    small = resize(array, (width // factor, height // factor), filter="box")
    assert abs(small.mean() - array.mean()) <= 0.51


@pytest.mark.parametrize("filter", FILTERS[1:])
@pytest.mark.parametrize("size", [(50, 40), (33, 70), (81, 7)], ids=str)
def test_shrinking_noise_keeps_the_mean_roughly(size, filter: str) -> None:
    array = np.random.default_rng(5).integers(0, 256, (160, 200, 3), np.uint8)
    assert abs(resize(array, size, filter=filter).mean() - array.mean()) <= 1.5


@law
@given(pictures(layouts=opaque), st.sampled_from(["box", "bilinear", "nearest"]), sizes)
def test_resizing_without_overshoot_stays_within_the_picture(array, filter, size) -> None:
    result = resize(array, size, filter=filter)
    assert array.min() <= result.min()
    assert result.max() <= array.max()


@law
@given(pictures(layouts=opaque), filters, sizes)
def test_resizing_commutes_with_transposing(array, filter, size) -> None:
    result = resize(array, size, filter=filter).swapaxes(0, 1)
    across = resize(array.swapaxes(0, 1), size[::-1], filter=filter)
    assert np.abs(result.astype(int) - across).max() <= 1


@law
@given(pictures())
def test_turns_and_mirrors_form_their_group(array) -> None:
    turn, half, back = kernels.rotate90, kernels.rotate180, kernels.rotate270
    beside, above = kernels.flip_horizontal, kernels.flip_vertical
    assert np.array_equal(turn(turn(turn(turn(array)))), array)
    assert np.array_equal(turn(turn(array)), half(array))
    assert np.array_equal(back(turn(array)), array)
    assert np.array_equal(beside(beside(array)), array)
    assert np.array_equal(above(above(array)), array)
    assert np.array_equal(beside(above(array)), half(array))


@law
@given(pictures(), st.integers(-255, 255))
def test_brightening_commutes_with_turning(array, value) -> None:
    turned = kernels.brighten(kernels.rotate90(array), value)
    assert np.array_equal(turned, kernels.rotate90(kernels.brighten(array, value)))


@law
@given(pictures(layouts=st.sampled_from([(3,), (4,)])), st.permutations(range(3)))
def test_grey_colours_have_themselves_as_luma(array, order) -> None:
    array[..., :3] = array[..., :1]
    assert np.array_equal(kernels.grayscale(array)[..., 0], array[..., order[0]])


# Those that treat every pixel alike, wherever it lies, and both sides of it.
EVEN = [
    *("box kernel", "gaussian kernel", "gaussian sigma", "gaussian ksize", "box small"),
    *("box large", "sharpen", "edge detect", "sobel", "median 3", "median 5", "unsharp mask"),
    *("brighten", "darken", "contrast", "lookup", "gamma", "window", "equalize"),
    *("auto contrast", "grayscale", "grayscale 709", "saturation", "resize bicubic"),
    "resize lanczos3",
]


@law
@given(pictures(3), st.sampled_from(EVEN), st.sampled_from([0, 1]))
def test_what_is_done_alike_everywhere_commutes_with_flips(array, name, axis) -> None:
    run = ALL[name]
    flipped = run(np.flip(array, axis)).astype(int)
    assert np.abs(flipped - np.flip(run(array), axis)).max() <= 1
