"""Animations and pages, frame by frame against what Pillow shows."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    AutoContrast,
    Blur,
    Clahe,
    ConfigError,
    DecodeError,
    Equalize,
    Fit,
    Grayscale,
    Image,
    ImageFormat,
    ImageTransform,
    LimitExceeded,
    PipelineConfig,
    Resize,
    Thumbnail,
    WatermarkConfig,
    apply_transforms,
    apply_watermark,
    decode_image,
    encode_image,
    run_pipeline,
)
from imgpipe.codecs import codec
from imgpipe.codecs.base import Encoding
from imgpipe.image import Frame
from imgpipe.policy import Policy
from imgpipe.steps.decode import read_head
from imgpipe.steps.encode import encode
from imgpipe.steps.source import Source
from imgpipe.steps.transform import render
from PIL import Image as pil

DURATIONS = [50, 120, 70, 90]
FORMATS = ["GIF", "WEBP", "PNG", "AVIF"]


def drawn(number: int, colours: int = 4, alpha: bool = False) -> np.ndarray:
    """A red square that moves over stripes, and a hole that moves the other way."""
    frame = np.zeros((40, 60, 4 if alpha else 3), np.uint8)
    if alpha:
        frame[..., 3] = 255
    frame[..., 0] = np.arange(60) // (60 // colours) * (250 // colours)
    frame[..., 1] = np.arange(40)[:, np.newaxis] // (40 // colours) * (250 // colours)
    frame[5:15, 5 + 5 * number : 15 + 5 * number, :3] = 255, 0, 0
    if alpha:
        frame[20:30, 40 - 5 * number : 50 - 5 * number, 3] = 0
    return frame


def film(format: str, *, colours: int = 4, alpha: bool = False, **options) -> bytes:
    frames = [pil.fromarray(drawn(number, colours, alpha)) for number in range(len(DURATIONS))]
    options = {"duration": DURATIONS, "loop": 3} | options
    if format == "WEBP":
        options["lossless"] = True
    return written(frames, format, **options)


def written(frames: Sequence[pil.Image], format: str, **options) -> bytes:
    buffer = BytesIO()
    frames[0].save(buffer, format, save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


def shown(data: bytes) -> list[np.ndarray]:
    """What Pillow shows, clear pixels without their colours."""
    with pil.open(BytesIO(data)) as opened:
        frames = []
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            frames.append(plain(np.asarray(opened.convert("RGBA"))))
    return frames


def plain(rgba: np.ndarray) -> np.ndarray:
    return np.where(rgba[..., 3:] > 0, rgba, 0)


def seen(image: Image) -> list[np.ndarray]:
    return [plain(np.asarray(still.to_pil().convert("RGBA"))) for still in image.stills()]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "clear"])
def test_frames_are_those_that_pillow_shows(format: str, alpha: bool) -> None:
    data = film(format, alpha=alpha)
    image = decode_image(data)
    assert [frame.duration for frame in image.frames] == DURATIONS
    assert image.loops == {"GIF": 4, "AVIF": 0}.get(format, 3)  # repeats, and none with Pillow
    assert not image.is_paged
    for ours, pillows in zip(seen(image), shown(data), strict=True):
        assert np.array_equal(ours, pillows)


@pytest.mark.parametrize("disposal", [1, 2, 3])
def test_what_is_disposed_of_between_frames_is_gone(disposal: int) -> None:
    data = film("GIF", alpha=True, disposal=disposal)
    for ours, pillows in zip(seen(decode_image(data)), shown(data), strict=True):
        assert np.array_equal(ours, pillows)


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "clear"])
@pytest.mark.parametrize("loops", [0, 1, 2, 300])
def test_an_avif_tells_how_often_it_plays(loops: int, alpha: bool) -> None:
    frames = tuple(Frame(drawn(number, alpha=alpha), 30 + number) for number in range(4))
    image = Image(frames[0].pixels, frames=frames, loops=loops)
    made = encode(image, ImageFormat.AVIF, Encoding(lossless=True), Policy())
    assert made.lost == ()
    back = decode_image(made.data)
    assert (back.loops, [frame.duration for frame in back.frames]) == (loops, [30, 31, 32, 33])
    assert len(shown(made.data)) == 4
    # Tracks that last for all plays, or for ever: ISO/IEC 14496-12, 8.3.2
    once, at = sum((30, 31, 32, 33)), made.data.index(b"tkhd")
    assert made.data[at + 32 : at + 40] == (loops * once or 2**64 - 1).to_bytes(8)
    edits = made.data.index(b"elst")
    assert made.data[edits + 7] == (loops != 1)
    assert made.data[edits + 12 : edits + 20] == once.to_bytes(8)


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "clear"])
@pytest.mark.parametrize("loops", [0, 1, 5])
def test_a_gif_comes_back_from_webp_and_png_as_it_was(alpha: bool, loops: int) -> None:
    options = {} if loops == 1 else {"loop": max(0, loops - 1)}
    frames = [pil.fromarray(drawn(number, alpha=alpha)) for number in range(4)]
    image = decode_image(written(frames, "GIF", duration=DURATIONS, **options))
    assert image.loops == loops
    for format in (ImageFormat.WEBP, ImageFormat.PNG):
        there = encode(image, format, Encoding(lossless=True), Policy())
        assert not there.lost
        back = encode(decode_image(there.data), ImageFormat.GIF, Encoding(), Policy())
        assert not back.lost
        result = decode_image(back.data)
        assert (result.loops, [frame.duration for frame in result.frames]) == (loops, DURATIONS)
        for ours, pillows, first in zip(seen(result), shown(back.data), seen(image), strict=True):
            assert np.array_equal(ours, first)
            assert np.array_equal(pillows, first)


def test_what_stands_still_does_not_flicker_in_a_palette() -> None:
    rng = np.random.default_rng(3)
    ground = rng.integers(0, 256, (40, 60, 3), np.uint8)  # more colours than a palette has
    frames = []
    for number in range(5):
        frame = ground.copy()
        frame[10:20, 10 * number : 10 * number + 10] = (255, 50 * number, 0)
        frames.append(Frame(frame, 100))
    image = Image(frames[0].pixels, frames=tuple(frames))
    made = encode(image, ImageFormat.GIF, Encoding(), Policy())
    assert {loss.kind for loss in made.lost} == {"colours"}
    first, *rest = (frame[20:] for frame in shown(made.data))
    assert all(np.array_equal(frame, first) for frame in rest)
    assert np.abs(first[..., :3].astype(int) - ground[20:]).mean() < 25


def test_durations_of_a_gif_do_not_drift() -> None:
    frames = tuple(Frame(drawn(number), 33) for number in range(6))
    image = decode_image(encode_image(Image(frames[0].pixels, frames=frames), ImageFormat.GIF))
    assert sum(frame.duration for frame in image.frames) in (190, 200)
    assert {frame.duration for frame in image.frames} == {30, 40}


@pytest.mark.parametrize(
    "step",
    [AutoContrast(1), Equalize(), Clahe(2, (2, 2)), Fit(20, 20, "cover", "attention"), Blur(1)],
    ids=lambda step: step.name,
)
def test_a_transform_is_planned_on_the_first_frame(step: ImageTransform) -> None:
    """What stands still comes out the same in every frame, whatever flashes beside it."""
    ground = drawn(0, 10)
    flash = ground.copy()
    flash[:12, 48:] = 255
    frames = (Frame(ground, 40), Frame(flash, 40), Frame(ground, 40))
    image = apply_transforms(Image(ground, frames=frames), [step])
    alone = apply_transforms(Image(ground), [step])
    assert np.array_equal(image.pixels, alone.pixels)
    assert np.array_equal(image.frames[2].pixels, image.pixels)
    same = image.frames[1].pixels == image.pixels
    still = same[20:, :40] if step.name != "fit" else same[15:, :10]
    assert still.all()


def test_geometry_filters_and_a_mark_come_over_every_frame() -> None:
    image = decode_image(film("GIF"))
    chain = [Thumbnail(30), Grayscale(), Blur(0.8)]
    mark = WatermarkConfig("x", opacity=1, scale=0.5)
    made = apply_watermark(apply_transforms(image, chain), mark)
    assert len(made.frames) == 4
    for frame, still in zip(made.frames, image.stills(), strict=True):
        expected = apply_watermark(apply_transforms(still, chain), mark)
        assert np.array_equal(frame.pixels, expected.pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_frames_are_made_smaller_from_where_stills_are(orientation: int, smooth) -> None:
    """Halves are counted from the edges that the picture had before it was turned."""
    pixels = smooth(205, 301)
    film = replace(
        Image.from_array(pixels), frames=(Frame(pixels, 50), Frame(pixels[::-1].copy(), 50))
    )
    for chain in ((Thumbnail(40),), (Fit(40, 30, "cover"),)):
        small = render(Source(film, (205, 301), orientation), chain, Policy())
        for frame, still in zip(small.frames, film.stills(), strict=True):
            alone = render(Source(still, (205, 301), orientation), chain, Policy())
            assert np.array_equal(frame.pixels, alone.pixels)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("told", [[0, 0, 0, 0], [0, 40, 0, 70]], ids=["none", "some"])
def test_frames_that_say_no_duration_last_as_in_browsers(format: str, told: list[int]) -> None:
    image = decode_image(film(format, duration=told))
    assert [frame.duration for frame in image.frames] == [time or 100 for time in told]
    assert not image.is_paged


@pytest.mark.parametrize("corner", [(10, 10), (65000, 0)], ids=str)
def test_a_gif_whose_frames_reach_beyond_it_is_an_error_in_one_sentence(corner) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (2, 40, 60, 3), np.uint8)
    data = written([pil.fromarray(frame) for frame in noise], "GIF", duration=50)
    second = data.rindex(b"\x2c\0\0\0\0" + struct.pack("<HH", 60, 40))  # a frame's place and size
    lying = data[: second + 1] + struct.pack("<HH", *corner) + data[second + 5 :]
    with pytest.raises(DecodeError, match="^Expected a whole GIF picture, got: frames of differ"):
        decode_image(lying)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fraction", [0.3, 0.6, 0.9])
def test_a_film_cut_short_is_an_error_in_one_sentence(format: str, fraction: float) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (4, 50, 50, 3), np.uint8)
    data = written([pil.fromarray(frame) for frame in noise], format, duration=100)
    try:
        image = decode_image(data[: int(len(data) * fraction)])
    except DecodeError as error:
        assert str(error).startswith("Expected a whole")  # noqa: PT017  # or else it is recovered
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert format == "GIF"  # which tells nowhere how many frames it has
        assert len(image.frames) < 4


def test_a_still_picture_for_those_who_know_no_animation_is_no_frame() -> None:
    cover = pil.new("RGB", (60, 40), "blue")
    frames = [cover, *(pil.fromarray(drawn(number)) for number in range(3))]
    data = written(frames, "PNG", default_image=True, duration=80)
    image = decode_image(data)
    assert [frame.duration for frame in image.frames] == [80, 80, 80]
    assert np.array_equal(image.pixels, drawn(0))
    still = codec(ImageFormat.PNG).decode(data, read_head(data))
    assert np.array_equal(still.pixels, np.asarray(cover))


def run(data: bytes, folder: Path, name: str = "film.gif", **settings):
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_bytes(data)
    return run_pipeline(PipelineConfig(folder / "in", folder / "out", **settings))


def test_runs_keep_animations_where_the_output_can(tmp_path: Path) -> None:
    log = run(film("GIF"), tmp_path, transforms=[Thumbnail(30)], format=ImageFormat.WEBP)
    assert len(log.successful) == 1
    data = (tmp_path / "out" / "film.webp").read_bytes()
    assert [frame.shape for frame in shown(data)] == [(20, 30, 4)] * 4


@pytest.mark.parametrize(
    ("settings", "frames"),
    [({"animation": "first"}, 1), ({"format": ImageFormat.JPEG}, 1), ({}, 4)],
)
def test_the_first_frame_is_enough_where_that_is_said(settings, frames, tmp_path: Path) -> None:
    assert not run(film("GIF"), tmp_path, **settings).failed
    (made,) = (path for path in (tmp_path / "out").glob("film.*"))
    assert len(shown(made.read_bytes())) == frames


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"animation": "error"}, "got 4 frames"),
        ({"max_frames": 3}, "a larger max_frames allows"),
        ({"max_pixels": 3 * 40 * 60}, "a larger max_pixels allows"),
        ({"max_file_bytes": 100}, "a larger max_file_bytes allows"),
        ({"max_side": 59}, "at most 59 pixels, got 60x40; a larger max_side allows"),
        ({"forbid_loss": {"animation"}, "format": ImageFormat.JPEG}, "a loss of animation"),
    ],
    ids=str,
)
def test_what_is_not_to_be_taken_is_refused_with_a_sentence(settings, reason, tmp_path) -> None:
    ((_, why),) = run(film("GIF"), tmp_path, **settings).failed
    assert why.startswith("Expected")
    assert reason in why


def test_limits_of_frames_hold_only_for_frames_that_are_read(tmp_path: Path) -> None:
    settings = {"max_frames": 3, "max_pixels": 3 * 40 * 60}
    assert not run(film("GIF"), tmp_path, format=ImageFormat.JPEG, **settings).failed


def test_the_limit_holds_for_single_pictures_too() -> None:
    frames = [pil.new("L", (2, 2), 200 * (number % 2)) for number in range(257)]
    with pytest.raises(LimitExceeded, match="at most 256 frames, got 257"):
        decode_image(written(frames, "GIF", duration=20))


@pytest.mark.parametrize("longest", [70_000, 200_000])
def test_longer_sides_are_taken_where_that_is_said(longest: int, tmp_path: Path) -> None:
    strip = np.tile(np.arange(longest) * 255 // longest, (8, 1)).astype(np.uint8)
    buffer = BytesIO()
    pil.fromarray(strip).save(buffer, "PNG", compress_level=1)
    with pytest.raises(LimitExceeded, match="^Expected sides of at most 65535 pixels, got"):
        decode_image(buffer.getvalue())
    settings = {"max_side": longest, "transforms": [Resize(100, 2)]}
    assert not run(buffer.getvalue(), tmp_path, "strip.png", **settings).failed
    (made,) = shown((tmp_path / "out" / "strip.png").read_bytes())
    expected = strip[:2].reshape(2, 100, -1).mean(axis=2)
    assert np.abs(made[..., 0] - expected).max() < 2


@pytest.mark.parametrize("setting", ["max_pixels", "max_frames", "max_side", "max_file_bytes"])
def test_limits_are_whole_numbers(setting: str) -> None:
    for bad in (0, -1, 2.5, True):
        with pytest.raises(ConfigError, match=f"Expected {setting} to be a whole number"):
            PipelineConfig("in", "out", **{setting: bad})
    with pytest.raises(ConfigError, match="Expected animation to be one of keep, first, error"):
        PipelineConfig("in", "out", animation="all")


def test_pages_stay_pages(tmp_path: Path) -> None:
    pages = [pil.fromarray(drawn(number)) for number in range(3)]
    data = written(pages, "TIFF")
    image = decode_image(data)
    assert image.is_paged
    again = decode_image(encode_image(image, ImageFormat.TIFF))
    assert again.is_paged
    for ours, page in zip(again.stills(), pages, strict=True):
        assert np.array_equal(ours.pixels, np.asarray(page))
    made = encode(image, ImageFormat.WEBP, Encoding(), Policy())
    assert [str(loss) for loss in made.lost] == ["pages (those after the first)"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("other", [(40, 20), (20, 30), (30, 20, 4)], ids=str)
def test_pages_that_differ_leave_the_first(other, dtype: type, smooth) -> None:
    tifffile = pytest.importorskip("tifffile")
    first, second = (smooth(*size).astype(dtype) for size in ((30, 20), other))
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as opened:
        for page in (first, second):
            opened.write(page, photometric="rgb")
    image = decode_image(buffer.getvalue())
    assert not image.frames
    assert np.array_equal(image.pixels >> 8 if image.pixels.dtype != dtype else image.pixels, first)
    told = "pages (those after the first, which are not all like it)"
    assert [str(loss) for loss in image.lost] == [told]


def test_frames_are_checked(smooth) -> None:
    first, second = smooth(8, 4), smooth(8, 5)
    with pytest.raises(ValueError, match="^Expected pixels to be those of the first frame"):
        Image(first, frames=(Frame(first.copy(), 10),))
    with pytest.raises(ValueError, match="^Expected frames like the first"):
        Image(first, frames=(Frame(first, 10), Frame(second, 10)))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("loops", [0, 2, 70_000, 2**32 - 1])
@pytest.mark.parametrize("longest", [104, 70_001, 655_355, 2**24, 2**42])
def test_times_that_a_format_does_not_tell_become_its_longest(longest, loops, name) -> None:
    format = ImageFormat[name]
    pixels = np.random.default_rng(3).integers(0, 256, (2, 8, 9, 3), np.uint8)
    frames = (Frame(pixels[0], longest), Frame(pixels[1], longest), Frame(pixels[0], 100))
    film = Image(frames[0].pixels, frames=frames, loops=loops)
    back = decode_image(encode_image(film, format))
    assert back.loops == min(loops, 65_535)
    most = {ImageFormat.GIF: 655_340, ImageFormat.WEBP: 2**24 - 1, ImageFormat.PNG: 65_535_000}
    expected = min(longest, most.get(format, 2**32 - 1))
    for frame in back.frames[:2]:
        assert abs(frame.duration - expected) <= max(10, expected // 100)
    assert abs(back.frames[2].duration - 100) <= 10
