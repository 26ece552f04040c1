from io import BytesIO

import numpy as np
import pytest
from imgpipe import Image
from PIL import Image as pil


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_array_to_pil_and_back_changes_nothing(channels: int, smooth) -> None:
    pixels = smooth(31, 17, channels)
    image = Image.from_array(pixels)

    assert (image.width, image.height, image.channels) == (31, 17, channels)
    assert image.space == ("grey" if channels < 3 else "srgb")
    assert np.array_equal(Image.from_pil(image.to_pil()).pixels, pixels)


def test_asarray_of_a_grey_picture_has_two_dimensions(smooth) -> None:
    assert np.asarray(Image.from_array(smooth(5, 4, 1))).shape == (4, 5)
    assert np.asarray(Image.from_array(smooth(5, 4, 3))).shape == (4, 5, 3)
    assert np.asarray(Image.from_array(smooth(5, 4, 1)), dtype=np.float64).dtype == np.float64


def test_from_array_takes_two_dimensions() -> None:
    assert Image.from_array(np.zeros((4, 5), np.uint8)).pixels.shape == (4, 5, 1)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "La", "RGBa"]
)
def test_any_mode_becomes_what_pillow_shows(mode: str, smooth) -> None:
    original = pil.fromarray(smooth(40, 30, 4)).convert(mode)
    shown = np.asarray(original.convert("LA" if mode == "La" else "RGBA").convert("RGBA"))
    ours = np.asarray(Image.from_pil(original).to_pil().convert("RGBA"))
    assert np.array_equal(ours, shown)


def test_palette_with_transparency_keeps_it() -> None:
    picture = pil.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    picture.info["transparency"] = 1
    assert Image.from_pil(picture).pixels[0, :, 3].tolist() == [255, 0]


def test_sixteen_bit_grey_stays_deep() -> None:
    deep = np.array([[0, 128, 129, 257, 32768, 65535]], np.uint16)
    buffer = BytesIO()
    pil.fromarray(deep).save(buffer, "PNG")
    image = Image.from_pil(pil.open(buffer))
    assert image.pixels.dtype == np.uint16
    assert np.array_equal(np.asarray(image), deep)
    assert np.array_equal(np.asarray(image.to_pil()), deep)


@pytest.mark.parametrize(
    ("pixels", "error"),
    [
        (np.zeros((4, 5, 3), np.int64), TypeError),
        (np.zeros((4, 5, 5), np.uint8), ValueError),
        (np.zeros((0, 5, 3), np.uint8), ValueError),
        (np.zeros(7, np.uint8), ValueError),
    ],
)
def test_pixels_that_are_no_picture_are_refused(pixels, error: type[Exception]) -> None:
    with pytest.raises(error, match="^Expected"):
        Image.from_array(pixels)
