from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import (
    ConfigError,
    Image,
    PipelineConfig,
    WatermarkConfig,
    WatermarkPosition,
    apply_image_watermark,
    apply_text_watermark,
    apply_watermark,
    calculate_watermark_position,
)
from imgpipe.text import draw_text
from PIL import Image as pil

PLACES = [place for place in WatermarkPosition if place is not WatermarkPosition.TILE]
DTYPES = [np.uint8, np.uint16, np.float32]


def white(dtype) -> float:
    return 1.0 if dtype == np.float32 else float(np.iinfo(dtype).max)


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (WatermarkPosition.TOP_LEFT, (0, 0)),
        (WatermarkPosition.TOP_RIGHT, (80, 0)),
        (WatermarkPosition.BOTTOM_LEFT, (0, 90)),
        (WatermarkPosition.BOTTOM_RIGHT, (80, 90)),
        (WatermarkPosition.CENTER, (40, 45)),
    ],
)
def test_positions(position: WatermarkPosition, expected: tuple[int, int]) -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    assert calculate_watermark_position(picture, 20, 10, position) == expected
    assert calculate_watermark_position(picture, 200, 300, position) == (0, 0)


@settings(max_examples=60, deadline=None)
@given(
    *(st.integers(1, 60) for _ in range(4)),
    st.sampled_from(PLACES),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from(DTYPES),
    st.integers(1, 4),
)
def test_a_mark_changes_its_own_rectangle_alone(
    width, height, wide, high, place, opacity, dtype, channels
) -> None:
    picture = np.full((height, width, channels), 0, dtype)
    picture[..., -1 if channels % 2 == 0 else 0] = white(dtype) if channels % 2 == 0 else 0
    mark = np.full((high, wide, 3), 255, np.uint8)
    before = picture.copy()
    result = apply_image_watermark(picture, mark, place, opacity).pixels
    assert np.array_equal(picture, before)
    assert result.shape == picture.shape
    share = min(1, width / wide, height / high)
    size = max(1, int(wide * share)), max(1, int(high * share))
    x, y = calculate_watermark_position(picture, *size, place)
    inside = np.zeros((height, width), bool)
    inside[y : y + size[1], x : x + size[0]] = True
    assert np.array_equal(result[~inside], picture[~inside])
    expected = opacity * white(dtype)
    assert np.abs(result[inside][:, 0] - expected).max() <= max(1, 0.01 * white(dtype))


def test_pictures_are_laid_over_as_pillow_does(smooth) -> None:
    ground, mark = smooth(60, 40, 3), smooth(30, 20, 4)
    result = apply_image_watermark(ground, mark, WatermarkPosition.CENTER, 1.0)
    expected = pil.fromarray(ground).convert("RGBA")
    expected.alpha_composite(pil.fromarray(mark), (15, 10))
    difference = result.pixels.astype(int) - np.asarray(expected.convert("RGB"))
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("ground", [0, 90, 160, 255, "noise"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_text_can_be_read_on_any_ground(ground, channels: int, dtype) -> None:
    picture = np.full((300, 500, channels), 0 if ground == "noise" else ground, np.uint8)
    if ground == "noise":
        picture = np.random.default_rng(0).integers(0, 256, picture.shape, np.uint8)
    if channels == 4:
        picture[..., 3] = 255
    scaled = (picture * (white(dtype) / 255)).astype(dtype)
    result = apply_text_watermark(scaled, "© imgpipe", WatermarkPosition.CENTER)
    changed = np.abs(result.pixels.astype(float) - scaled)[..., 0] / white(dtype) * 255
    assert (changed > 30).sum() > 200
    if ground != "noise":  # letters stand out from their outline, or from the ground
        levels = result.pixels[..., 0] / white(dtype) * 255
        assert levels.max() - levels.min() > 70
    rows, columns = np.nonzero(changed)
    assert abs(rows.mean() - 150) < 15
    assert abs(columns.mean() - 250) < 15


def test_marks_grow_with_the_picture_and_keep_their_distance() -> None:
    sizes = []
    for side in (200, 400, 800):
        result = apply_watermark(np.zeros((side, side), np.uint8), WatermarkConfig(text="Mark"))
        rows, columns = np.nonzero(result.pixels[..., 0])
        sizes.append(int(rows.max() - rows.min()))
        assert abs((side - 1 - rows.max()) - 0.02 * side) <= 4
        assert abs((side - 1 - columns.max()) - 0.02 * side) <= 4
    assert 1.7 < sizes[1] / sizes[0] < 2.3
    assert 1.7 < sizes[2] / sizes[1] < 2.3


def test_a_mark_that_is_too_large_is_scaled_down(smooth) -> None:
    text = "a very long line of text that does not fit into such a small picture at all"
    result = apply_watermark(np.zeros((60, 80), np.uint8), WatermarkConfig(text=text))
    assert result.pixels[:, 2:-2].any()
    tiny = apply_text_watermark(np.zeros((1, 1), np.uint8), text, WatermarkPosition.CENTER)
    assert tiny.pixels.shape == (1, 1, 1)


def test_tiles_are_everywhere() -> None:
    config = WatermarkConfig(text="tile", position=WatermarkPosition.TILE, opacity=1)
    changed = apply_watermark(np.zeros((400, 600), np.uint8), config).pixels[..., 0] > 0
    for y in range(0, 400, 100):
        for x in range(0, 600, 150):
            assert changed[y : y + 100, x : x + 150].any()
    assert changed.mean() < 0.5


def test_tiles_are_alike_where_the_edge_cuts_them() -> None:
    ramp = np.linspace(10, 250, 40).astype(np.uint8)
    mark = np.broadcast_to(ramp[np.newaxis, :, np.newaxis], (20, 40, 3))
    tiled = apply_image_watermark(
        np.zeros((100, 400, 3), np.uint8), mark, WatermarkPosition.TILE, 1.0
    ).pixels
    period = 40 + 24
    assert tiled[:, :period].any()
    assert np.array_equal(tiled[:, :-period], tiled[:, period:])


@pytest.mark.parametrize("dtype", DTYPES)
def test_white_stays_white_in_every_depth(dtype) -> None:
    mark = np.full((4, 4, 3), 255, np.uint8)
    result = apply_image_watermark(np.zeros((4, 4), dtype), mark, WatermarkPosition.CENTER, 1.0)
    assert (result.pixels == white(dtype)).all()


def test_a_turned_mark_is_another(smooth) -> None:
    flat, turned = (draw_text("Turned", 40, angle=angle) for angle in (0, 90))
    assert turned.shape[0] > turned.shape[1]
    assert flat.shape[0] < flat.shape[1]


def test_a_drawing_is_shared_and_nobody_may_change_it() -> None:
    first = draw_text("shared", 20)
    assert draw_text("shared", 20) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0


def test_characters_that_no_font_has_are_named() -> None:
    with pytest.raises(ConfigError, match="^Expected a font .* without .*\U000fffff"):
        WatermarkConfig(text="\U000fffff").fingerprint()
    assert draw_text("©®é ß\n2026", 20).any()


def test_marks_from_files(tmp_path: Path, smooth) -> None:
    path = tmp_path / "mark.png"
    pil.fromarray(smooth(40, 20, 4)).save(path)
    config = WatermarkConfig(image_path=path, position=WatermarkPosition.TOP_LEFT, opacity=1)
    result = apply_watermark(np.zeros((100, 100, 3), np.uint8), config)
    rows, columns = np.nonzero(result.pixels.any(axis=2))
    assert (rows.min(), columns.min()) >= (2, 2)
    assert columns.max() < 2 + 20
    assert rows.max() < 2 + 10
    before = config.fingerprint()
    pil.fromarray(255 - smooth(40, 20, 4)).save(path)
    assert config.fingerprint() != before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "got neither"),
        ({"text": "a", "image_path": "b"}, "got both"),
        ({"text": "  "}, "Expected a watermark's text"),
        ({"text": "a", "opacity": 2}, "Expected opacity from 0 to 1, got 2"),
        ({"text": "a", "opacity": float("nan")}, "Expected opacity"),
        ({"text": "a", "margin": 1}, "Expected margin"),
        ({"text": "a", "scale": 0}, "Expected scale"),
        ({"text": "a", "color": "mauve"}, "Expected a colour"),
        ({"text": "a", "position": "center"}, "Expected a WatermarkPosition"),
    ],
)
def test_what_makes_no_sense_is_refused(options, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        WatermarkConfig(**options)


def test_files_that_are_none_are_told_before_a_run(tmp_path: Path) -> None:
    text = tmp_path / "mark.png"
    text.write_text("no picture")
    for config in (
        WatermarkConfig(image_path=text),
        WatermarkConfig(image_path=tmp_path / "gone.png"),
        WatermarkConfig(text="a", font=text),
    ):
        with pytest.raises(ConfigError, match="^Expected a"):
            PipelineConfig(tmp_path, tmp_path / "out", watermark=config)
    assert not (tmp_path / "out").exists()


def test_an_image_keeps_what_it_is() -> None:
    image = Image(np.zeros((50, 50, 3), np.uint8), "icc", icc_profile=b"x")
    result = apply_text_watermark(image, "x", WatermarkPosition.CENTER)
    assert result.icc_profile == b"x"
    assert isinstance(result, Image)
