"""Filters, tone and histograms, against Pillow and plain numpy."""

import numpy as np
import pytest
from imgpipe import (
    AutoContrast,
    BoxBlur,
    Brighten,
    Clahe,
    Contrast,
    Convolve,
    EdgeDetect,
    Emboss,
    Equalize,
    Gamma,
    Image,
    Kernel,
    Median,
    Saturation,
    Sharpen,
    Sobel,
    UnsharpMask,
    Window,
    apply_transform,
    apply_transforms,
)
from PIL import Image as pil, ImageEnhance, ImageFilter, ImageOps

DEPTHS = [np.uint8, np.uint16, np.float32]
WHITE = {np.uint8: 255, np.uint16: 65535, np.float32: 1}
INSIDE = slice(8, -8)  # borders differ


@pytest.fixture
def noise():
    def make(channels: int = 3, dtype: type = np.uint8):
        values = np.random.default_rng(7).random((40, 50, channels)) * WHITE[dtype]
        return values.astype(dtype)

    return make


def colours(pixels):
    return pixels[..., :-1] if pixels.shape[2] % 2 == 0 else pixels


def correlate(pixels, kernel: Kernel):
    """Plainly, with reflected borders, neither rounded nor clamped."""
    down, right = kernel.height // 2, kernel.width // 2
    wide = np.pad(pixels.astype(float), ((down, down), (right, right), (0, 0)), "reflect")
    height, width, _ = pixels.shape
    return (
        sum(
            kernel.data[y][x] * wide[y : y + height, x : x + width]
            for y in range(kernel.height)
            for x in range(kernel.width)
        )
        / kernel.divisor
    )


def rounded(values, dtype):
    if dtype is np.float32:
        return values
    return np.clip(np.floor(values + 0.5), 0, WHITE[dtype])


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("transform", "kernel"),
    [
        (Sharpen(), Kernel.sharpen()),
        (EdgeDetect(), Kernel.edge_detect()),
        (Emboss(), Kernel.emboss()),
        (Convolve(Kernel([[1, 0, 2], [0, 4, 0], [-3, 0, 1]], 5)),) * 2,
    ],
    ids=["sharpen", "edge-detect", "emboss", "convolve"],
)
def test_kernels_change_colours_and_leave_alpha(transform, kernel, channels, dtype, noise) -> None:
    kernel = getattr(kernel, "kernel", kernel)
    pixels = noise(channels, dtype)
    result = apply_transform(pixels, transform).pixels
    expected = rounded(correlate(colours(pixels), kernel), dtype)
    assert np.allclose(colours(result), expected, atol=1e-5)
    if channels % 2 == 0:
        assert np.array_equal(result[..., -1], pixels[..., -1])


@pytest.mark.parametrize("channels", [3, 4])
def test_sobel_is_the_length_of_the_gradient(channels, noise) -> None:
    pixels = noise(channels)
    x, y = (correlate(pixels, kernel) for kernel in (Kernel.sobel_x(), Kernel.sobel_y()))
    expected = rounded(np.hypot(x, y), np.uint8)
    if channels == 4:
        expected[..., 3] = pixels[..., 3]
    assert np.abs(apply_transform(pixels, Sobel()).pixels - expected).max() <= 1


@pytest.mark.parametrize(
    ("transform", "method", "close"),
    [
        (BoxBlur(2), ImageFilter.BoxBlur(2), 1),
        (Median(3), ImageFilter.MedianFilter(3), 0),
        (Median(5), ImageFilter.MedianFilter(5), 0),
        (Sharpen(), ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 5, -1, 0, -1, 0), 1), 0),
    ],
    ids=["box-blur", "median-3", "median-5", "sharpen"],
)
def test_filters_are_pillows(transform, method, close, noise) -> None:
    pixels = noise()
    expected = np.asarray(pil.fromarray(pixels).filter(method)).astype(int)
    result = apply_transform(pixels, transform).pixels
    assert np.abs(result - expected)[INSIDE, INSIDE].max() <= close


def test_unsharp_mask_is_pillows(smooth) -> None:
    pixels = smooth(60, 50)
    pixels[20:30, 20:40] //= 2
    method = ImageFilter.UnsharpMask(radius=2, percent=80, threshold=0)
    expected = np.asarray(pil.fromarray(pixels).filter(method)).astype(int)
    result = apply_transform(pixels, UnsharpMask(2, 0.8)).pixels
    assert np.abs(result - expected).max() <= 4  # Pillow's Gaussian is three boxes


def test_unsharp_mask_leaves_small_differences_alone(noise) -> None:
    pixels = noise() // 64
    assert np.array_equal(apply_transform(pixels, UnsharpMask(2, 5, 9)).pixels, pixels)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("transform", "formula"),
    [
        (Contrast(1.7), lambda v: (v - 0.5) * 1.7 + 0.5),
        (Contrast(0.3), lambda v: (v - 0.5) * 0.3 + 0.5),
        (Gamma(2.2), lambda v: v**2.2),
        (Gamma(0.5), lambda v: v**0.5),
    ],
    ids=["contrast-1.7", "contrast-0.3", "gamma-2.2", "gamma-0.5"],
)
def test_tones_are_their_formulas(transform, formula, channels, dtype, noise) -> None:
    pixels = noise(channels, dtype)
    white = WHITE[dtype]
    result = apply_transform(pixels, transform).pixels
    expected = rounded(white * formula(colours(pixels) / white), dtype)
    off = np.abs(colours(result) - expected).max()
    assert off <= (1e-5 if dtype is np.float32 else 1)
    if channels % 2 == 0:
        assert np.array_equal(result[..., -1], pixels[..., -1])


def test_window_spreads_the_levels_around_its_centre() -> None:
    levels = np.array([[800, 900, 1000, 1040, 1100, 2000]], np.uint16)
    result = apply_transform(levels, Window(1000, 200))
    assert np.asarray(result).tolist() == [[0, 0, 32768, 45875, 65535, 65535]]


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 2.5])
def test_saturation_is_pillows_color(factor, noise) -> None:
    pixels = noise()
    expected = np.asarray(ImageEnhance.Color(pil.fromarray(pixels)).enhance(factor)).astype(int)
    off = np.abs(apply_transform(pixels, Saturation(factor)).pixels - expected)
    assert off.max() <= 2  # Pillow rounds the luma first


def test_saturation_leaves_grey_and_alpha_alone(noise) -> None:
    grey, clear = noise(1), noise(4)
    assert np.array_equal(apply_transform(grey, Saturation(3)).pixels, grey)
    result = apply_transform(clear, Saturation(3)).pixels
    assert np.array_equal(result[..., 3], clear[..., 3])


@pytest.mark.parametrize("cutoff", [0, 2, 10])
def test_auto_contrast_of_grey_is_pillows(cutoff, smooth) -> None:
    pixels = smooth(60, 50, 1) // 2 + 40
    picture = pil.fromarray(pixels[..., 0])
    expected = np.asarray(ImageOps.autocontrast(picture, cutoff)).astype(int)
    result = np.asarray(apply_transform(picture, AutoContrast(cutoff)))
    assert np.abs(result - expected).max() <= 4  # the end of a cutoff may fall on the next level


def test_equalize_makes_levels_even(smooth) -> None:
    pixels = smooth(60, 50, 1) // 4
    result = apply_transform(pixels, Equalize()).pixels
    values, counts = np.unique(pixels, return_counts=True)
    first = counts[0]
    curve = np.rint((np.cumsum(counts) - first) * 255 / (pixels.size - first))
    assert np.array_equal(result, curve[np.searchsorted(values, pixels)])


def test_clahe_of_one_tile_without_a_limit_is_the_share_of_levels_up_to_each(smooth) -> None:
    pixels = smooth(64, 48, 1) // 4
    result = apply_transform(pixels, Clahe(0, (1, 1))).pixels
    upto = np.cumsum(np.bincount(pixels.ravel(), minlength=256)) * 255 / pixels.size
    assert np.abs(result - upto[pixels]).max() <= 1


def test_clahe_raises_contrast_by_no_more_than_its_limit(smooth) -> None:
    pixels = smooth(128, 96, 1) // 16 + 100
    spreads = [np.ptp(apply_transform(pixels, Clahe(c)).pixels) for c in (1, 4, 40)]
    assert np.ptp(pixels) <= spreads[0] < spreads[1] < spreads[2]


def test_more_tiles_than_deep_pictures_can_have_are_refused(noise) -> None:
    deep = Image.from_array(noise(1, np.uint16))
    with pytest.raises(ValueError, match="^Expected up to 256 tiles"):
        apply_transform(deep, Clahe(2, (17, 16)))


@pytest.mark.parametrize(("dtype", "side"), [(np.uint8, 8), (np.uint8, 64), (np.uint16, 300)])
def test_curves_in_a_row_are_what_each_alone_makes(dtype, side: int, noise) -> None:
    pixels = np.resize(noise(4, dtype), (side, side, 4))
    chain = [Brighten(20), Contrast(1.3), Gamma(0.7)]
    one_by_one = pixels
    for step in chain:
        one_by_one = apply_transform(one_by_one, step).pixels
    for _ in range(2):
        assert np.array_equal(apply_transforms(pixels, chain).pixels, one_by_one)
