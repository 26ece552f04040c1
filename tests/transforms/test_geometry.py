import numpy as np
import pytest
from imgpipe import (
    AutoOrient,
    Crop,
    Image,
    Pad,
    Rotate,
    Rotate90,
    Rotate180,
    Rotate270,
    apply_transform,
)
from PIL import Image as pil, ImageOps


@pytest.mark.parametrize("box", [(0, 0, 40, 30), (3, 5, 7, 2), (39, 29, 1, 1)])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_crop_is_pillows(box, channels, smooth) -> None:
    x, y, width, height = box
    pixels = smooth(40, 30, channels)
    result = apply_transform(pixels, Crop(*box))
    assert np.array_equal(result.pixels, pixels[y : y + height, x : x + width])


@pytest.mark.parametrize("box", [(0, 0, 41, 30), (10, 0, 31, 1), (0, 29, 1, 2), (40, 30, 1, 1)])
def test_a_crop_beyond_the_picture_is_refused(box, smooth) -> None:
    with pytest.raises(ValueError, match="^Expected .*got"):
        apply_transform(smooth(40, 30), Crop(*box))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_pad_is_pillows_expand(mode, smooth) -> None:
    picture = pil.fromarray(smooth(13, 7, 4)).convert(mode)
    expected = ImageOps.expand(picture, (1, 2, 3, 4), "#ff8800" if mode != "L" else 156)
    result = apply_transform(picture, Pad(1, 2, 3, 4, "#ff8800"))
    assert np.array_equal(np.asarray(result), np.asarray(expected))


def test_a_pad_that_makes_too_much_is_refused(smooth) -> None:
    with pytest.raises(ValueError, match="^Expected sides of at most 65535 pixels, got"):
        apply_transform(smooth(2, 1), Pad(65535, 0, 0, 0))


def test_auto_orient_has_nothing_left_to_do(smooth) -> None:
    image = Image.from_array(smooth(5, 4))
    assert apply_transform(image, AutoOrient()) is image


@pytest.mark.parametrize(
    ("angle", "turn"), [(90, Rotate90()), (-180, Rotate180()), (630, Rotate270())]
)
def test_quarter_turns_by_angle_are_the_turns(angle, turn, smooth) -> None:
    pixels = smooth(13, 7)
    expected = apply_transform(pixels, turn).pixels
    assert np.array_equal(apply_transform(pixels, Rotate(angle)).pixels, expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_rotate_is_pillows_the_other_way_round(channels, smooth) -> None:
    pixels = smooth(63, 63, channels)
    picture = pil.fromarray(pixels[..., 0] if channels == 1 else pixels)
    turned = np.asarray(picture.rotate(-30, pil.Resampling.BICUBIC)).reshape(63, 63, channels)
    result = apply_transform(pixels, Rotate(30, "black")).pixels
    size = result.shape[0]
    assert size == result.shape[1] == 87  # cos 30 + sin 30 times as large, rounded up
    inner, middle = slice(16, 47), slice(16 + 12, 47 + 12)
    assert np.abs(result[middle, middle].astype(int) - turned[inner, inner]).max() <= 3


def test_rotate_fills_what_is_bare(smooth) -> None:
    whole = apply_transform(smooth(40, 20), Rotate(45))
    assert whole.width == whole.height == 43
    assert np.all(whole.pixels[0, 0] == 255)
    clear = apply_transform(smooth(40, 20, 4), Rotate(45))
    assert not clear.pixels[0, 0, 3].any()
    red = apply_transform(smooth(40, 20).astype(np.uint16), Rotate(45, "red"))
    assert red.pixels[0, 0].tolist() == [65535, 0, 0]


@pytest.mark.parametrize(
    ("dtype", "channels", "colour", "expected"),
    [
        (np.uint8, 3, "transparent", [255, 255, 255]),
        (np.uint8, 4, "transparent", [0, 0, 0, 0]),
        (np.uint8, 1, "red", [76]),
        (np.uint8, 1, "transparent", [255]),
        (np.uint8, 2, "red", [76, 255]),
        (np.uint8, 3, "#ff000080", [255, 127, 127]),
        (np.uint8, 4, "#ff000080", [255, 0, 0, 128]),
        (np.uint16, 3, "#ff8000", [65535, 128 * 257, 0]),
        (np.float32, 4, "#ff800033", [1, 128 / 255, 0, 0.2]),
    ],
)
def test_the_ground_has_the_pictures_own_numbers(dtype, channels, colour, expected) -> None:
    image = Image.from_array(np.zeros((1, 4, channels), dtype))
    result = apply_transform(image, Pad(0, 1, 0, 1, colour))
    assert np.allclose(result.pixels[0, 0], np.array(expected), rtol=1e-6)
    assert np.array_equal(result.pixels[1], image.pixels[0])
