"""PNGs of 8 bits, which imagecodecs reads and writes, against Pillow."""

import subprocess
import sys
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgpipe import DecodeError, Image, ImageFormat, decode_image, encode_image
from imgpipe.codecs.base import Encoding
from imgpipe.losses import Loss
from imgpipe.policy import Policy
from imgpipe.steps.encode import encode
from PIL import Image as pil, ImageCms
from PIL.PngImagePlugin import PngImageFile, PngInfo

imagecodecs = pytest.importorskip("imagecodecs")

SIZE = 124, 140
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def soft(channels: int) -> np.ndarray:
    """Ramps with a little noise, which deflate neither fails nor excels at."""
    down, across = np.indices(SIZE[::-1], np.uint16)
    ramps = [(down * (k + 1) + across * 3) // 7 for k in range(channels)]
    noise = np.random.default_rng(channels).integers(0, 4, (*SIZE[::-1], channels), np.uint16)
    return ((np.stack(ramps, axis=2) + noise) % 256).astype(np.uint8)


def png(pixels: np.ndarray, **options: Any) -> bytes:
    buffer = BytesIO()
    options = {"compress_level": 1, **options}
    pil.fromarray(pixels.squeeze()).save(buffer, "PNG", **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def behind_pixels(data: bytes, kind: bytes, body: bytes) -> bytes:
    return data[:-12] + chunk(kind, body) + data[-12:]


@pytest.mark.parametrize("channels", MODES)
def test_pixels_and_profile_are_those_of_the_file(channels: int) -> None:
    pixels = soft(channels)
    profile = None if channels < 3 else SRGB
    image = decode_image(png(pixels, icc_profile=profile))
    assert np.array_equal(image.pixels, pixels)
    assert image.icc_profile == profile
    assert image.lost == ()


def test_words_before_and_behind_the_pixels_are_told_of() -> None:
    pixels, info = soft(3), PngInfo()
    plain = png(pixels)
    info.add_text("comment", "at home")
    before = decode_image(png(pixels, pnginfo=info))
    assert before.lost == (Loss("metadata", "a comment"), Loss("metadata", "text"))
    said = behind_pixels(plain, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>")
    behind = decode_image(said)
    assert behind.lost == (Loss("metadata", "XMP"), Loss("metadata", "text"))
    assert np.array_equal(behind.pixels, pixels)


def test_orientation_behind_the_pixels_turns_them() -> None:
    pixels, exif = soft(3), pil.Exif()
    exif[274] = 6
    turned = behind_pixels(png(pixels), b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    image = decode_image(turned)
    assert np.array_equal(image.pixels, np.rot90(pixels, -1))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_key_colour_is_transparent(channels: int) -> None:
    pixels = soft(channels)
    key = tuple(pixels[0, 0].tolist())
    image = decode_image(png(pixels, transparency=key[0] if channels == 1 else key))
    assert np.array_equal(image.pixels[..., :-1], pixels)
    assert np.array_equal(image.pixels[..., -1] == 0, (pixels == pixels[0, 0]).all(axis=2))


def test_a_sum_that_does_not_fit_costs_nothing_that_can_be_read() -> None:
    """Pillow looks at the sums of pixels' chunks no more than browsers do."""
    pixels = soft(3)
    data = bytearray(png(pixels))
    at = data.index(b"IDAT") - 4
    data[at + 8 + int.from_bytes(data[at : at + 4])] ^= 1
    assert np.array_equal(decode_image(bytes(data)).pixels, pixels)


@pytest.mark.parametrize(
    "broken",
    [lambda data: data[:-12], lambda data: data[:-12] + b"junk" * 5, lambda data: data[:-1]],
    ids=["no end", "junk", "an end without its sum"],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_broken_behind_the_pixels_costs_none_of_them(dtype, broken) -> None:
    pixels = soft(3).astype(dtype) * (257 if dtype is np.uint16 else 1)
    data = png(pixels) if dtype is np.uint8 else bytes(imagecodecs.png_encode(pixels, level=1))
    assert np.array_equal(decode_image(broken(data)).pixels, pixels)


def test_one_cut_short_is_an_error() -> None:
    data = png(soft(3))
    with pytest.raises(DecodeError):
        decode_image(data[: len(data) // 2])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_any_number_of_broken_ones_leaves_nothing_behind(dtype, channels: int) -> None:
    """Where libpng fails, imagecodecs leaks pixels, and lets go of None once too often."""
    data = bytes(imagecodecs.png_encode(soft(channels).astype(dtype), level=1))
    cut = data[: len(data) // 2]
    tracemalloc.start()
    for number in range(210):
        if number == 10:  # whatever is loaded once is there
            nothing, (before, _) = sys.getrefcount(None), tracemalloc.get_traced_memory()
        with pytest.raises(DecodeError):
            decode_image(cut)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert nothing - sys.getrefcount(None) < 100
    assert after - before < 1_000_000  # 200 pictures are ten times as much


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_comes_before_the_header_is_passed_over(dtype) -> None:
    pixels = soft(3).astype(dtype)
    data = bytes(imagecodecs.png_encode(pixels))
    said = data[:8] + chunk(b"tEXt", b"Comment\0first") + data[8:]
    assert np.array_equal(decode_image(said).pixels, pixels)


@pytest.mark.parametrize("key", [bytes(6), bytes(5), b""], ids=["late", "short", "empty"])
def test_a_key_colour_that_means_nothing_costs_no_deep_picture(key: bytes) -> None:
    pixels = soft(3).astype(np.uint16) * 257
    data = bytes(imagecodecs.png_encode(pixels))
    at = len(data) - 12 if len(key) == 6 else 33
    keyed = data[:at] + chunk(b"tRNS", key) + data[at:]
    assert np.array_equal(decode_image(keyed).pixels, pixels)


def test_a_key_colour_of_a_deep_picture_is_transparent() -> None:
    pixels = soft(3).astype(np.uint16) * 257
    data = bytes(imagecodecs.png_encode(pixels))
    keyed = data[:33] + chunk(b"tRNS", pixels[0, 0].astype(">u2").tobytes()) + data[33:]
    image = decode_image(keyed)
    assert np.array_equal(image.pixels[..., :3], pixels)
    assert np.array_equal(image.pixels[..., 3] == 0, (pixels == pixels[0, 0]).all(axis=2))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "odd",
    [
        lambda column: column[:, None],
        lambda column: np.stack([column] * 3, axis=1)[None].transpose(1, 0, 2),
        lambda column: np.stack([column] * 3, axis=1)[:, None][:, ::-1],
    ],
    ids=["grey", "turned", "mirrored"],
)
def test_one_pixel_wide_is_wide_enough(dtype, odd) -> None:
    pixels = odd(np.arange(9, dtype=dtype))
    data = encode_image(Image.from_array(pixels), ImageFormat.PNG)
    assert np.array_equal(decode_image(data), pixels)


def test_a_side_longer_than_libpng_takes_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    pixels = np.zeros((1, 1_000_001), np.uint8)
    data = encode_image(Image.from_array(pixels), ImageFormat.PNG)
    with PngImageFile(BytesIO(data)) as opened:
        assert opened.size == (1_000_001, 1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("effort", [None, 0, 3, 10])
@pytest.mark.parametrize("channels", MODES)
def test_files_are_whole_and_as_small_as_pillows(channels: int, effort: int | None) -> None:
    pixels = soft(channels)
    made = encode(Image.from_array(pixels), ImageFormat.PNG, Encoding(effort=effort), Policy())
    with pil.open(BytesIO(made.data)) as opened:
        assert opened.mode == MODES[channels]
        assert np.array_equal(np.asarray(opened), pixels.squeeze())
    level = 6 if effort is None else min(9, effort)
    assert len(made.data) <= 1.005 * len(png(pixels, compress_level=level))


def ratio(pixels: np.ndarray) -> float:
    """The size of our file to that of Pillow's."""
    made = encode_image(Image.from_array(pixels), ImageFormat.PNG)
    with pil.open(BytesIO(made)) as opened:
        assert np.array_equal(np.asarray(opened), pixels.squeeze())
    return len(made) / len(png(pixels, compress_level=6))


def noise(side: int, channels: int) -> np.ndarray:
    """A photograph's grain on a slope."""
    rng = np.random.default_rng(channels)
    slope = np.indices((side, side)).sum(axis=0)[:, :, None] / 3
    return (slope + rng.normal(60, 1.5, (side, side, channels))).astype(np.uint8)


def pattern(side: int, channels: int) -> np.ndarray:
    tile = np.random.default_rng(side).integers(0, 256, (8, 8, channels), np.uint8)
    return np.tile(tile, (side // 8, side // 8, 1))


def pattern_with_a_gap(side: int, channels: int) -> np.ndarray:
    drawn = pattern(side, channels).copy()
    drawn[side // 3 : side * 2 // 3] = 255
    return drawn


def few_rows(side: int, channels: int) -> np.ndarray:
    tile = np.random.default_rng(side).integers(0, 256, (4, 10 * side, channels), np.uint8)
    return np.tile(tile, (10, 1, 1))


def slope(side: int, channels: int) -> np.ndarray:
    down, across = np.indices((side, side))[:, :, :, None]
    return (across * 7 + down * (3 + np.arange(channels))).astype(np.uint8)


def shapes(side: int, channels: int) -> np.ndarray:
    drawn, rng = np.zeros((side, side, channels), np.uint8), np.random.default_rng(side)
    for y, x in rng.integers(0, side - 5, (20, 2)):
        drawn[y : y + 5, x : x + 5] = rng.integers(0, 256, channels)
    return drawn


def photograph_in_a_drawing(side: int, channels: int) -> np.ndarray:
    drawn, part = pattern(side, channels).copy(), side // 4
    drawn[part:-part, part:-part] = noise(side, channels)[part:-part, part:-part]
    return drawn


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("side", [32, 200])
@pytest.mark.parametrize(
    "draw", [pattern, pattern_with_a_gap, few_rows, slope, shapes, photograph_in_a_drawing]
)
def test_a_drawing_is_as_small_as_what_pillow_writes(draw, side: int, channels: int) -> None:
    assert ratio(draw(side, channels)) < 1.25  # where it filters otherwise, by a tenth or two


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_photograph_is_smaller_than_what_pillow_writes(channels: int) -> None:
    grainy = noise(200, channels)
    assert ratio(grainy) < 0.98
    assert ratio(grainy[:32, :32]) < 0.998
    assert ratio(np.repeat(grainy[:, :, :1], 3, axis=2)) < 1.03  # grey in three


def test_nothing_is_printed_of_a_broken_profile(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png(soft(3), icc_profile=b"broken"))
    code = f"import imgpipe; print(imgpipe.open_image({str(path)!r}).width)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == (f"{SIZE[0]}\n", "")
