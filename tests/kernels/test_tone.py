"""Colours by themselves: luma, saturation, lines and curves, in three depths."""

import numpy as np
import pytest
from imgpipe import kernels

from .pictures import LAYOUTS, shapes
from .reference_pixels import DTYPES, WHITE, deep, keeping_alpha, luma, rounded

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
colour_layouts = pytest.mark.parametrize("layout", ["HW3", "HW4"])
every_standard = pytest.mark.parametrize("standard", ["601", "709"])


def assert_close(result: np.ndarray, exact: np.ndarray, levels: float = 0.51) -> None:
    """Within half a level of what is exact, and a little for its rounding; floats within 1e-5."""
    assert result.dtype.type in DTYPES
    dtype = result.dtype.type
    if dtype is np.float32:
        assert np.allclose(result, exact, rtol=1e-5, atol=2e-6)
    else:
        assert np.abs(result - np.clip(exact, 0, WHITE[dtype])).max() <= levels


def lines(array: np.ndarray, change) -> np.ndarray:
    """`change` of the colours, in float64."""
    return keeping_alpha(array.astype(np.float64), change)


@every_dtype
@every_standard
@colour_layouts
def test_grayscale_is_the_luma_in_every_shape(layout: str, standard: str, dtype) -> None:
    for shape in shapes(layout):
        array = deep(shape, dtype)
        result = kernels.grayscale(array, standard=standard)
        assert result.shape == (*shape[:2], shape[2] - 2)
        # weights of 16 bits are off by up to 2**-17 each
        assert_close(result[..., 0], luma(array, standard), 1.5 if dtype is np.uint16 else 0.51)
        assert np.array_equal(result[..., 1:], array[..., 3:])


@every_dtype
@every_standard
def test_greys_are_their_own_luma_and_no_factor_colours_them(standard: str, dtype) -> None:
    grey = deep((9, 300, 1), dtype)
    array = np.repeat(grey, 3, axis=2)
    assert np.array_equal(kernels.grayscale(array, standard=standard), grey)
    for factor in (0, 0.3, 2, 1000):
        assert np.array_equal(kernels.saturation(array, factor, standard=standard), array), factor


@every_dtype
@every_standard
@colour_layouts
@pytest.mark.parametrize("factor", [0, 0.25, 1, 1.7, 30])
def test_saturation_moves_colours_from_their_luma(factor, layout, standard, dtype) -> None:
    for shape in shapes(layout):
        array = deep(shape, dtype)
        result = kernels.saturation(array, factor, standard=standard)
        middle = luma(array, standard)[..., np.newaxis]
        exact = lines(array, lambda c: middle + factor * (c - middle))  # noqa: B023
        slack = 0.6 + (factor + 1) * (0.005 if dtype is np.uint8 else 1.3) * (dtype != np.float32)
        assert_close(result, exact, slack)
        if factor == 1:
            assert np.array_equal(result, array)


@every_dtype
@every_layout
@pytest.mark.parametrize("value", [-255, -100, -1, 0, 1, 33, 255])
def test_brighten_adds_8_bit_levels(value: int, layout: str, dtype) -> None:
    for shape in shapes(layout):
        array = deep(shape, dtype)
        step = value * WHITE[dtype] / 255
        exact = lines(array, lambda v: v + step)  # noqa: B023
        result = kernels.brighten(array, value)
        if dtype is np.float32:
            assert_close(result, exact)
        else:
            assert np.array_equal(result, rounded(exact, dtype)), shape


@every_dtype
@every_layout
@pytest.mark.parametrize("factor", [0, 0.5, 1, 1.25, 3, 1000])
def test_contrast_spreads_levels_about_the_middle(factor: float, layout: str, dtype) -> None:
    mid = WHITE[dtype] / 2
    for shape in shapes(layout):
        array = deep(shape, dtype)
        exact = lines(array, lambda v: (v - mid) * factor + mid)
        result = kernels.contrast(array, factor)
        if dtype is np.float32:
            assert np.allclose(result, exact, rtol=1e-5, atol=1e-6 * (1 + factor))
        else:
            assert np.array_equal(result, rounded(exact, dtype)), shape


@every_layout
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lookup_takes_every_level_from_the_curve(layout: str, dtype) -> None:
    curve = np.random.default_rng(4).permutation(WHITE[dtype] + 1)
    for shape in shapes(layout):
        array = deep(shape, dtype)
        expected = keeping_alpha(array, lambda v: curve[v].astype(dtype))
        assert np.array_equal(kernels.lookup(array, curve.astype(dtype)), expected)
        assert np.array_equal(kernels.lookup(array, np.maximum(curve - 0.25, 0)), expected)


def test_lookup_knows_all_levels_of_uint8_at_any_place() -> None:
    curve = np.random.default_rng(5).integers(0, 256, 256, np.uint8)
    array = np.add.outer(np.arange(256), np.arange(256)).astype(np.uint8)
    assert np.array_equal(kernels.lookup(array, curve), curve[array])


@every_layout
@pytest.mark.parametrize("entries", [2, 3, 1000])
def test_lookup_of_floats_draws_straight_lines_and_clamps(entries: int, layout: str) -> None:
    curve = np.random.default_rng(entries).random(entries) * 3 - 1
    at = np.linspace(0, 1, entries)
    for shape in shapes(layout):
        array = deep(shape, np.float32)
        expected = lines(array, lambda v: np.interp(v, at, curve))
        assert np.allclose(kernels.lookup(array, curve), expected, atol=1e-6 * 3 * entries)


def test_lookup_of_floats_ends_where_the_curve_ends() -> None:
    array = np.array([[-np.inf, -1, 0, 1, np.nextafter(np.float32(1), 2), 7, np.inf, np.nan]])
    result = kernels.lookup(array.astype(np.float32), [0.25, 9, 0.75])
    assert result.tolist() == [[0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75, 0.25]]


def test_lookup_of_floats_draws_lines_between_the_farthest_numbers() -> None:
    array = np.linspace(0, 1, 9, dtype=np.float32).reshape(1, 9)
    far = 3e38
    result = kernels.lookup(array, np.array([-far, far], np.float32))
    assert np.allclose(result, (2 * array.astype(float) - 1) * far, rtol=1e-6, atol=0)


@every_dtype
@every_layout
@pytest.mark.parametrize("gamma", [0.45, 1, 2.2])
def test_gamma_is_a_power_of_what_is_not_negative(gamma: float, layout: str, dtype) -> None:
    white = WHITE[dtype]
    for shape in [*shapes(layout), (300, 400, *LAYOUTS[layout])]:
        array = deep(shape, dtype)
        exact = lines(array, lambda v: white * (np.maximum(v, 0) / white) ** gamma)
        assert_close(kernels.gamma(array, gamma), exact, 0.5001)


@every_dtype
@every_layout
@pytest.mark.parametrize(("center", "width"), [(0.5, 0.3), (0.1, 0.7), (-0.2, 0.1), (0.5, 0.001)])
def test_window_spreads_what_is_around_the_center(center, width, layout, dtype) -> None:
    white = WHITE[dtype]
    center, width = center * white, width * white
    for shape in shapes(layout):
        array = deep(shape, dtype)
        exact = lines(array, lambda v: np.clip((v - center + width / 2) / width, 0, 1) * white)
        result = kernels.window(array, center, width)
        if dtype is np.float32:
            assert np.allclose(result, exact, atol=1e-6 + 1e-7 / width)
        else:
            assert_close(result, exact, 0.5001)


def test_floats_stay_beyond_their_range_unless_a_window_clamps_them() -> None:
    array = np.array([[-2.0, 5.0, np.nan]], np.float32)
    assert np.allclose(kernels.brighten(array, 51), [[-1.8, 5.2, np.nan]], equal_nan=True)
    assert np.allclose(kernels.contrast(array, 2), [[-4.5, 9.5, np.nan]], equal_nan=True)
    assert np.array_equal(kernels.window(array, 0.5, 1), [[0, 1, np.nan]], equal_nan=True)


DEEP = """
import hashlib
from operations import CURVES, SHARED
from reference_pixels import deep
import numpy as np

NAMES = ["grayscale", "saturation", "brighten", "contrast", "lookup", "gamma", "window",
         "equalize", "clahe", "auto contrast", "composite"]

def digest(dtype, threads):
    result = hashlib.sha256()
    for shape in ((1, 1), (3, 5), (40, 21), (20, 131)):
        for channels in (1, 2, 3, 4):
            array = deep((*shape, channels), dtype)
            for name in NAMES:
                result.update(SHARED[name](array, threads=threads).tobytes())
    return result.hexdigest()

print(digest(np.uint16, 1), digest(np.uint16, 3))
print(digest(np.float32, 1), digest(np.float32, 3))
"""


def test_depths_give_the_same_bits_for_any_threads_and_uint16_for_any_instructions(
    run_python,
) -> None:
    runs = [run_python(DEEP, simd=level) for level in kernels.simd_levels()]
    shorts = {digest for run in runs for digest in run.stdout.split()[:2]}
    assert len(shorts) == 1, runs[0].stderr
    for run in runs:
        one, three = run.stdout.split()[2:]
        assert one == three
