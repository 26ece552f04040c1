import math

import imgpipe
import numpy as np
import pytest
from hypothesis import given, strategies as st
from imgpipe import (
    Blur,
    Brighten,
    FlipHorizontal,
    FlipVertical,
    Grayscale,
    Image,
    Kernel,
    Resize,
    Rotate90,
    Rotate180,
    Rotate270,
    Thumbnail,
    apply_kernel,
    apply_transform,
    apply_transforms,
    kernels,
    parse_transform,
)
from imgpipe.transforms import KINDS
from PIL import Image as pil

TEN = [
    Resize(30, 20),
    Thumbnail(16),
    Grayscale(),
    Blur(1.5),
    Brighten(-20),
    Rotate90(),
    Rotate180(),
    Rotate270(),
    FlipHorizontal(),
    FlipVertical(),
]


def test_resize_is_exact(smooth) -> None:
    result = apply_transform(smooth(100, 100, 4), Resize(50, 70))
    assert (result.width, result.height) == (50, 70)


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        ((200, 100), 50, (50, 25)),
        ((100, 200), 50, (25, 50)),
        ((1000, 1), 10, (10, 1)),
        ((30, 20), 50, (30, 20)),
        ((3, 2), 2, (2, 1)),
        ((1001, 999), 100, (100, 100)),
    ],
)
def test_thumbnail_fits_the_square_and_never_enlarges(size, limit, expected, smooth) -> None:
    result = apply_transform(smooth(*size), Thumbnail(limit))
    assert (result.width, result.height) == expected


def test_grayscale_is_pillows_luma_with_alpha_beside_it(smooth) -> None:
    pixels = smooth(40, 30, 4)
    result = apply_transform(pixels, Grayscale())
    expected = np.asarray(pil.fromarray(pixels[..., :3]).convert("L"))
    assert result.space == "grey"
    assert np.array_equal(result.pixels[..., 0], expected)
    assert np.array_equal(result.pixels[..., 1], pixels[..., 3])


@pytest.mark.parametrize(
    ("transform", "method"),
    [
        (Rotate90(), pil.Transpose.ROTATE_270),  # Pillow turns counterclockwise
        (Rotate180(), pil.Transpose.ROTATE_180),
        (Rotate270(), pil.Transpose.ROTATE_90),
        (FlipHorizontal(), pil.Transpose.FLIP_LEFT_RIGHT),
        (FlipVertical(), pil.Transpose.FLIP_TOP_BOTTOM),
    ],
)
def test_turns_agree_with_pillow(transform, method, smooth) -> None:
    original = pil.fromarray(smooth(13, 7))
    assert np.array_equal(
        np.asarray(apply_transform(original, transform)), np.asarray(original.transpose(method))
    )


def test_chain_applies_in_order(smooth) -> None:
    result = apply_transforms(smooth(200, 100), [Thumbnail(50), Grayscale(), Rotate90()])
    assert (result.width, result.height, result.channels) == (25, 50, 1)


def test_brighten_then_darken_clamps_on_the_way(smooth) -> None:
    result = apply_transforms(np.full((2, 2), 200, np.uint8), [Brighten(100), Brighten(-100)])
    assert np.all(result.pixels == 155)


@pytest.mark.parametrize("transform", TEN, ids=lambda t: t.name)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_input_stays_as_it_was(transform, channels: int, smooth) -> None:
    pixels = smooth(40, 30, channels)
    before = pixels.copy()
    apply_transform(Image.from_array(pixels), transform)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("transform", TEN, ids=lambda t: t.name)
def test_spelling_reads_back(transform) -> None:
    assert parse_transform(transform.spell()) == transform


@given(st.floats(0.01, 500))
def test_every_sigma_reads_back(sigma: float) -> None:
    assert parse_transform(Blur(sigma).spell()) == Blur(sigma)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thumbnail:256", Thumbnail(256)),
        (" Thumbnail:256 ", Thumbnail(256)),
        ("resize:800x600", Resize(800, 600)),
        ("resize:800X600", Resize(800, 600)),
        ("flip_horizontal", FlipHorizontal()),
        ("brighten:-20", Brighten(-20)),
        ("blur:0.8", Blur(0.8)),
    ],
)
def test_spellings(text: str, expected) -> None:
    assert parse_transform(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thumbnail",
        "thumbnail:0",
        "thumbnail:1.5",
        "thumbnail:70000",
        "thumbnail:5x5",
        "thumbnail:nan",
        "thumbnail:inf",
        "resize:800",
        "resize:0x5",
        "resize:axb",
        "blur:nan",
        "blur:inf",
        "blur:0",
        "blur:-1",
        "blur:501",
        "brighten:256",
        "brighten:nan",
        "grayscale:1",
        "rotate90:2",
        "tumbnail:5",
    ],
)
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="^Expected .*got"):
        parse_transform(text)


def test_a_misspelt_name_is_told_the_right_one() -> None:
    with pytest.raises(ValueError, match="thumbnail:256"):
        parse_transform("tumbnail:5")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Thumbnail(0),
        lambda: Thumbnail(2.5),  # type: ignore[arg-type]
        lambda: Resize(10, -1),
        lambda: Blur(math.nan),
        lambda: Brighten(300),
        lambda: Brighten(True),
    ],
)
def test_arguments_are_checked_when_a_transform_is_made(make) -> None:
    with pytest.raises(ValueError, match="^Expected"):
        make()


def test_something_else_in_a_chain_is_refused(smooth) -> None:
    with pytest.raises(TypeError, match="Expected an ImageTransform"):
        apply_transforms(smooth(4, 4), ["blur"])  # type: ignore[list-item]


def test_apply_kernel_is_convolve_for_an_image(smooth) -> None:
    image = Image.from_array(smooth(20, 10))
    expected = kernels.convolve(image.pixels, Kernel.emboss(), border="wrap")
    assert np.array_equal(apply_kernel(image, Kernel.emboss(), border="wrap").pixels, expected)


def test_kinds_are_all_public() -> None:
    for kind in KINDS:
        assert getattr(imgpipe, kind.__name__) is kind
