from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import (
    AutoContrast,
    AutoOrient,
    Blur,
    BoxBlur,
    Brighten,
    Clahe,
    Contrast,
    Convolve,
    Crop,
    EdgeDetect,
    Emboss,
    Equalize,
    Fit,
    Gamma,
    Grayscale,
    Height,
    Image,
    Kernel,
    Median,
    Pad,
    Resize,
    Rotate,
    Rotate90,
    Saturation,
    Sharpen,
    Sobel,
    Thumbnail,
    UnsharpMask,
    Width,
    Window,
    apply_transform,
    apply_transforms,
    kernels,
    parse_transform,
)
from imgpipe.transforms import KINDS, leading_size, starts_grey
from PIL import Image as pil, ImageOps

MODES = ("contain", "cover", "fill", "inside", "outside")
POSITIONS = ("center", "top", "bottom-right", "left", "attention")
KERNEL = Kernel([[0, -1.5, 0], [-1, 5, -1], [0, -1, 0.25]], 3)
EXAMPLES = [
    *(Resize(30, 20), Thumbnail(16), Width(20), Height(15), Crop(3, 2, 20, 10), Pad(1, 2, 3, 4)),
    *(Fit(30, 20, mode, position) for mode in MODES for position in POSITIONS[:2]),
    *(Fit(30, 20, "cover", "attention"), Fit(64, 9, "contain", "left", "#ff880080")),
    *(Fit(20, None, "outside"), Fit(None, 60, "cover"), Fit(99, 20, "cover", enlarge=False)),
    *(Pad(0, 1, 0, 1, "black"), AutoOrient(), Rotate(30), Rotate(-7.25, "black"), Grayscale()),
    *(BoxBlur(2), Sharpen(), UnsharpMask(1.5, 0.8, 3), EdgeDetect(), Sobel(), Emboss()),
    *(Convolve(KERNEL), Contrast(1.2), Gamma(0.8), Saturation(1.3), AutoContrast(1)),
    *(Equalize(), Clahe(), Clahe(3, (2, 4)), Median(3), Median(5), Window(100, 50)),
]
every_example = pytest.mark.parametrize("transform", EXAMPLES, ids=lambda t: t.spell())


def pixels_of(channels: int, dtype, width: int = 40, height: int = 30) -> np.ndarray:
    noise = np.random.default_rng(channels).random((height, width, channels), np.float32)
    return noise if dtype == np.float32 else (noise * np.iinfo(dtype).max).astype(dtype)


def test_there_is_an_example_of_every_kind() -> None:
    ten = {"rotate90", "rotate180", "rotate270", "flip-horizontal", "flip-vertical"}
    shown = {type(example).name for example in EXAMPLES} | ten | {"blur", "brighten"}
    assert shown == {kind.name for kind in KINDS}


@every_example
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_depth_and_number_of_channels_is_taken(transform, channels: int, dtype) -> None:
    pixels = pixels_of(channels, dtype)
    before = pixels.copy()
    result = apply_transform(pixels, transform)
    assert result.pixels.dtype == dtype
    assert result.channels == (
        channels - 2 if transform == Grayscale() and channels > 2 else channels
    )
    assert np.array_equal(pixels, before)


@every_example
def test_spelling_reads_back(transform) -> None:
    assert parse_transform(transform.spell()) == transform


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fit:800x600", Fit(800, 600)),
        ("fit:800x600:cover:attention", Fit(800, 600, "cover", "attention")),
        ("fit:8x6:contain:top:black", Fit(8, 6, "contain", "top", "black")),
        ("fit:800x:inside", Fit(800, None, "inside")),
        ("fit:x6:cover:no-enlarge", Fit(None, 6, "cover", enlarge=False)),
        ("crop:100x50+10+20", Crop(10, 20, 100, 50)),
        ("pad:10", Pad(10, 10, 10, 10)),
        ("pad:10x20:white", Pad(10, 20, 10, 20, "white")),
        ("unsharp-mask:1", UnsharpMask(1)),
        ("clahe", Clahe()),
        ("clahe:3x2x4", Clahe(3, (2, 4))),
        ("auto-contrast", AutoContrast()),
        ("rotate:-7.5:black", Rotate(-7.5, "black")),
        ("convolve:1,2,1/2,4,2/1,2,1:16", Convolve(Kernel.gaussian_blur())),
        ("window:1040x400", Window(1040, 400)),
    ],
)
def test_spellings(text: str, expected) -> None:
    assert parse_transform(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("fit", "fit:800", "fit:0x5", "fit:5x5:stretch", "fit:5x5:cover:middle"),
        *(
            "fit:x",
            "fit:5x5:cover:top:mauve",
            "fit:5x5:cover:top:white:more",
            "crop:5x5",
            "crop:0x5+1+1",
        ),
        *("crop:5x5+-1+1", "pad", "pad:1x2x3", "pad:-1", "pad:1:mauve", "rotate", "rotate:nan"),
        *("rotate:x", "box-blur:-1", "box-blur:1.5", "median:4", "unsharp-mask", "gamma:0"),
        *("unsharp-mask:1x11", "contrast:-1", "saturation:nan", "auto-contrast:50", "clahe:1x2"),
        *("clahe:2x65x1", "window:5", "window:5x0", "convolve", "convolve:1 2/3", "convolve:a"),
        *("convolve:1:0", "width:0", "height:70000", "sharpen:2"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="^Expected .*got"):
        parse_transform(text)


@pytest.mark.parametrize("size", [(61, 40), (40, 61), (200, 10), (50, 50)])
@pytest.mark.parametrize("box", [(30, 20), (20, 30), (100, 100)])
def test_fits_have_the_sizes_of_pillows(size, box, smooth) -> None:
    original = pil.fromarray(smooth(*size))

    def made(mode: str) -> tuple[int, int]:
        result = apply_transform(original, Fit(*box, mode))
        return result.width, result.height

    assert made("fill") == made("contain") == made("cover") == box
    pillows = {"inside": ImageOps.contain, "outside": ImageOps.cover}
    for mode, fit in pillows.items():  # which rounds a half to the even number, and not up
        assert np.abs(np.subtract(made(mode), fit(original, box).size)).max() <= 1
    assert min(np.subtract(box, made("inside"))) == 0
    assert max(np.subtract(box, made("outside"))) == 0


def test_cover_cuts_off_and_contain_fills_up_where_it_says() -> None:
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 20:] = 200
    assert apply_transform(wide, Fit(10, 10, "cover", "left")).pixels.max() == 0
    assert apply_transform(wide, Fit(10, 10, "cover", "right")).pixels.min() == 200
    framed = apply_transform(wide, Fit(30, 20, "contain", "top", "white")).pixels[..., 0]
    assert np.array_equal(framed[:10], wide)
    assert (framed[10:] == 255).all()


def test_what_fills_up_is_white_or_clear(smooth) -> None:
    for channels, pixel in ((1, [255]), (2, [255, 0]), (3, [255] * 3), (4, [255] * 3 + [0])):
        result = apply_transform(smooth(10, 10, channels), Pad(1, 0, 0, 0))
        assert result.pixels[0, 0].tolist() == pixel
    deep = apply_transform(np.zeros((2, 2, 3), np.uint16), Pad(1, 1, 1, 1, "#ff0000"))
    assert deep.pixels[0, 0].tolist() == [65535, 0, 0]


@pytest.mark.parametrize("corner", [(0, 0), (150, 20), (90, 60), (20, 70)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_attention_keeps_what_stands_out(corner, dtype) -> None:
    x, y = corner
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    picture = np.full((100, 200, 3), white * 0.4, dtype)
    picture[y : y + 30, x : x + 30] = np.array([0.9, 0.2, 0.1]) * white
    red = picture[..., 0] > picture[..., 2] * 2
    for transform in (Fit(50, 100, "cover", "attention"), Fit(100, 50, "cover", "attention")):
        kept = apply_transform(picture, transform).pixels.astype(float)
        share = (kept[..., 0] > kept[..., 2] * 2).mean() * 50 * 100
        assert share > 0.9 * red.sum() / (4 if transform.width == 100 else 1)


def test_a_crop_outside_the_picture_is_refused(smooth) -> None:
    with pytest.raises(ValueError, match="inside 10x10"):
        apply_transform(smooth(10, 10), Crop(5, 5, 6, 6))


CURVES = st.one_of(
    st.integers(-255, 255).map(Brighten),
    st.floats(0, 10).map(Contrast),
    st.floats(0.1, 5).map(Gamma),
    st.builds(Window, st.floats(-100, 300), st.floats(1, 400)),
)
ANY = st.one_of(CURVES, st.sampled_from(EXAMPLES))


@settings(max_examples=50, deadline=None)
@given(st.lists(CURVES, min_size=2, max_size=5), st.sampled_from([np.uint8, np.uint16]))
def test_curves_in_a_row_are_what_they_are_one_by_one(curves, dtype) -> None:
    image = Image.from_array(pixels_of(4, dtype))
    one_by_one = image
    for curve in curves:
        one_by_one = curve.apply(one_by_one)
    assert np.array_equal(apply_transforms(image, curves).pixels, one_by_one.pixels)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(ANY, max_size=4),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_any_chain_gives_a_picture_or_a_sentence(chain, channels: int, dtype) -> None:
    try:
        result = apply_transforms(pixels_of(channels, dtype), chain)
    except ValueError as error:
        assert str(error).startswith("Expected")  # noqa: PT017  # a crop may not fit
        return
    assert result.pixels.dtype == dtype
    assert [parse_transform(step.spell()) for step in chain] == chain


def test_filters_are_the_kernels(smooth) -> None:
    pixels = smooth(40, 30, 3)
    pairs = [
        (BoxBlur(3), kernels.box_blur(pixels, 3)),
        (UnsharpMask(2, 0.5, 1), kernels.unsharp_mask(pixels, 2, 0.5, 1)),
        (Clahe(3, (2, 4)), kernels.clahe(pixels, 3, (2, 4))),
        (Saturation(2), kernels.saturation(pixels, 2)),
        (Equalize(), kernels.equalize(pixels)),
        (Rotate(20, "black"), kernels.rotate(pixels, 20)),
        (Convolve(KERNEL), kernels.convolve(pixels, KERNEL)),
    ]
    for transform, expected in pairs:
        assert np.array_equal(apply_transform(pixels, transform).pixels, expected)


def test_what_a_chain_needs_first_is_known_before_it_runs() -> None:
    assert leading_size([Thumbnail(100), Blur(1)], 1000, 500) == (100, 50)
    assert leading_size([Fit(100, 100, "cover")], 1000, 500) == (200, 100)
    assert leading_size([Fit(100, 100, "contain")], 1000, 500) == (100, 50)
    assert leading_size([Blur(1), Thumbnail(100)], 1000, 500) is None
    assert leading_size([Width(2000)], 1000, 500) is None
    assert leading_size([], 1000, 500) is None
    assert starts_grey([Grayscale(), Blur(1)])
    assert starts_grey([Thumbnail(5), Grayscale()])
    assert not starts_grey([Fit(5, 5, "cover", "attention"), Grayscale()])
    assert not starts_grey([Rotate90(), Grayscale()])
    assert not starts_grey([])


@pytest.mark.parametrize("channels", [3, 4])
def test_a_leading_resize_of_a_smaller_copy_has_the_same_size(channels: int) -> None:
    image = Image.from_array(pixels_of(channels, np.uint8, 1001, 667))
    half = replace(image, pixels=kernels.resize(image.pixels, (501, 334), filter="box"))
    for step in (Thumbnail(256), Width(100), Height(99), Fit(100, 70, "cover"), Fit(99, 99)):
        result = step.apply_to(half, (1001, 667))
        expected = step.apply(image)
        assert result.pixels.shape == expected.pixels.shape
        assert np.abs(result.pixels.astype(int) - expected.pixels).mean() < 8


def test_the_size_is_that_of_the_whole_picture_and_not_of_its_copy() -> None:
    copy = Image.from_array(pixels_of(3, np.uint8, 500, 5))
    assert Thumbnail(250).apply_to(copy, (1000, 9)).pixels.shape == (2, 250, 3)


@pytest.mark.parametrize(
    ("transform", "size", "expected"),
    [
        (Fit(80, 60, "inside"), (20, 10), (80, 40)),
        (Fit(80, 60, "inside", enlarge=False), (20, 10), (20, 10)),
        (Fit(80, 60, "outside"), (200, 100), (120, 60)),
        (Fit(80, 60, "outside", enlarge=False), (100, 50), (100, 50)),
        (Fit(80, 60, "cover", enlarge=False), (100, 50), (80, 50)),
        (Fit(80, 60, "contain", enlarge=False), (20, 10), (80, 60)),
        (Fit(80, 60, "fill", enlarge=False), (20, 100), (20, 60)),
        *((Fit(80, None, mode), (200, 100), (80, 40)) for mode in MODES),
        *((Fit(None, 60, mode), (200, 100), (120, 60)) for mode in MODES),
    ],
)
def test_sizes_worked_out_by_hand(transform, size, expected, smooth) -> None:
    result = apply_transform(smooth(*size), transform)
    assert (result.width, result.height) == expected


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 560), st.booleans(), st.sampled_from([(255, 50, 0), (0, 70, 255)]))
def test_a_patch_that_stands_out_is_never_cut(offset: int, upright: bool, colour) -> None:
    picture = np.full((200, 600, 3), 128, np.uint8)
    picture[80:120, offset : offset + 40] = colour
    if upright:
        picture = np.ascontiguousarray(picture.swapaxes(0, 1))
    kept = apply_transform(picture, Fit(200, 200, "cover", "attention")).pixels
    assert (kept != 128).any(axis=2).sum() >= 36 * 40  # it is looked at in cells


@pytest.mark.parametrize(
    "make",
    [
        lambda: Thumbnail("5"),
        lambda: Width(None),
        lambda: Clahe(2, 8),
        lambda: Clahe(2, (8, 8, 8)),
        lambda: Clahe(2, (8, 8.5)),
        lambda: Contrast("1"),
        lambda: Rotate("30"),
        lambda: Convolve([[1, 2, 1]]),
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(make) -> None:
    with pytest.raises((ValueError, TypeError), match="^Expected .*, got "):
        make()


@pytest.mark.parametrize(
    "transform",
    [Fit(8, 6, background=" White "), Pad(1, 1, 1, 1, "#FF8800"), Rotate(30, "Red")],
)
def test_colours_in_any_case_read_back(transform) -> None:
    assert parse_transform(transform.spell()) == transform
