import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import Fit, Image, apply_transform
from imgpipe.transforms.attention import most_salient

WHITE = {np.uint8: 255, np.uint16: 65535, np.float32: 1}


def find_attention(pixels, size):
    return most_salient(Image.from_array(pixels), *size)


def grey_with_patch(size, place, side, colour, dtype=np.uint8, channels=3):
    width, height = size
    x, y = place
    levels = np.full((height, width, channels), 0.5)
    levels[y : y + side, x : x + side, :3] = colour
    if channels == 4:
        levels[..., 3] = 1
    return (levels * WHITE[dtype]).astype(dtype)


@settings(deadline=None)
@given(
    st.integers(0, 560),
    st.booleans(),
    st.sampled_from([(1, 0.2, 0), (0, 0.3, 1), (1, 1, 0), (0.9, 0.66, 0.51)]),
    st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_a_bright_patch_is_inside_the_crop(offset, upright, colour, dtype) -> None:
    size, place = ((200, 600), (80, offset)) if upright else ((600, 200), (offset, 80))
    pixels = grey_with_patch(size, place, 40, colour, dtype)
    x, y = find_attention(pixels, (200, 200))
    assert x <= place[0] <= x + 160 + 4  # a cell is some six pixels
    assert y <= place[1] <= y + 160 + 4


def test_fit_crops_where_attention_is() -> None:
    pixels = grey_with_patch((1200, 300), (1000, 100), 90, (1, 0.3, 0))
    result = apply_transform(pixels, Fit(100, 100, "cover", "attention")).pixels
    red = (result[..., 0] > 200) & (result[..., 2] < 50)
    assert red.sum() == pytest.approx(30 * 30, rel=0.1)
    assert not np.any((apply_transform(pixels, Fit(100, 100, "cover")).pixels[..., 2]) < 50)


def test_texture_counts_in_grey() -> None:
    pixels = np.full((100, 400, 1), 128, np.uint8)
    pixels[20:80:8, 300:360] = 255
    x, _ = find_attention(pixels, (100, 100))
    assert x <= 300
    assert x + 100 >= 360


def test_skin_counts_more_than_a_colour_as_strong() -> None:
    pixels = np.full((100, 400, 3), 128, np.uint8)
    pixels[30:70, 20:60] = (128, 202, 224)  # a little brighter
    pixels[30:70, 340:380] = (224, 168, 128)
    x, _ = find_attention(pixels, (100, 100))
    assert x > 200


def test_what_is_clear_does_not_count() -> None:
    pixels = grey_with_patch((400, 100), (20, 30), 40, (1, 0, 0), channels=4)
    pixels[..., 3] = 0
    pixels[40:50, 320:330] = (60, 120, 160, 255)
    x, _ = find_attention(pixels, (100, 100))
    assert x > 200


def test_what_is_faint_counts_less() -> None:
    pixels = np.zeros((100, 400, 4), np.uint8)
    pixels[30:70, 20:60] = (255, 0, 0, 50)
    pixels[30:70, 340:380] = (200, 50, 50, 255)
    x, _ = find_attention(pixels, (100, 100))
    assert x > 200


def test_a_colour_counts_without_an_edge() -> None:
    pixels = np.full((100, 400, 3), 128, np.uint8)
    pixels[30:70, 340:380] = (0, 186, 166)  # a luma of 128
    x, _ = find_attention(pixels, (100, 100))
    assert x > 200


@pytest.mark.parametrize("side", range(100, 112))
def test_what_lies_at_the_far_end_is_reached_and_no_more(side) -> None:
    across = grey_with_patch((400, side), (390, 0), 10, (1, 0, 0))
    assert find_attention(across, (side, side))[0] + side in range(390, 401)
    down = grey_with_patch((side, 400), (0, 390), 10, (1, 0, 0))
    assert find_attention(down, (side, side))[1] + side in range(390, 401)


def test_where_nothing_stands_out_it_is_the_middle() -> None:
    assert find_attention(np.full((90, 90, 3), 9, np.uint8), (30, 90)) == (30, 0)
    assert find_attention(np.full((300, 200, 1), 0.3, np.float32), (200, 100)) == (0, 100)


@settings(deadline=None)
@given(st.integers(1, 250), st.integers(1, 250), st.integers(1, 4), st.data())
def test_the_window_lies_inside_and_is_the_same_again(width, height, channels, data) -> None:
    wide = data.draw(st.integers(1, width))
    high = data.draw(st.integers(1, height))
    pixels = np.random.default_rng(3).random((height, width, channels)).astype(np.float32)
    x, y = find_attention(pixels, (wide, high))
    assert 0 <= x <= width - wide
    assert 0 <= y <= height - high
    assert find_attention(pixels, (wide, high)) == (x, y)


def test_floats_that_are_no_numbers_are_borne() -> None:
    pixels = np.full((20, 60, 3), np.nan, np.float32)
    pixels[5:9, 50:54] = np.inf
    x, y = find_attention(pixels, (20, 20))
    assert 0 <= x <= 40
    assert y == 0


@pytest.mark.parametrize("mode", ["contain", "inside", "outside", "fill"])
def test_attention_is_for_what_is_cut_off(mode: str) -> None:
    with pytest.raises(ValueError, match="Expected position for fit"):
        Fit(100, 100, mode, "attention")
