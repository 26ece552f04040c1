import asyncio
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    DecodeError,
    Grayscale,
    ImageFile,
    ImageFormat,
    LimitExceeded,
    LoadError,
    Thumbnail,
    decode_image,
    detect_format,
    get_image_dimensions,
    load_image,
    load_with_retry,
    open_image,
    retry_with_backoff,
)
from imgpipe.files import ImageData
from imgpipe.policy import Policy
from imgpipe.steps.decode import decode_for
from imgpipe.steps.plan import Output
from imgpipe.steps.transform import render
from PIL import Image as pil, ImageOps

EVERY = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000"]


def file_of(path: Path) -> ImageFile:
    return ImageFile(path, path.stat().st_size, detect_format(path))


@pytest.mark.parametrize("format", EVERY)
def test_pixels_and_size_are_pillows(format: str, smooth, encoded, tmp_path: Path) -> None:
    data = encoded(smooth(61, 43), format)
    path = tmp_path / "picture"
    path.write_bytes(data)

    image = open_image(path)

    assert image.format is ImageFormat[format]
    assert get_image_dimensions(data) == (61, 43)
    assert np.array_equal(image.pixels, np.asarray(pil.open(BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_comes_out_upright(format, orientation, smooth, encoded) -> None:
    exif = pil.Exif()
    exif[0x0112] = orientation
    data = encoded(smooth(48, 32), format, exif=exif)

    upright = np.asarray(ImageOps.exif_transpose(pil.open(BytesIO(data))).convert("RGB"))
    assert np.array_equal(decode_image(data).pixels, upright)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_without_meaning_changes_nothing(orientation, smooth, encoded) -> None:
    exif = pil.Exif()
    exif[0x0112] = orientation
    with_tag = decode_image(encoded(smooth(48, 32), "PNG", exif=exif))
    assert np.array_equal(with_tag.pixels, smooth(48, 32))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_costs_no_picture(smooth, encoded) -> None:
    data = encoded(smooth(48, 32), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0\0")
    assert decode_image(data).width == 48


def test_of_an_animation_all_frames_come(smooth, encoded) -> None:
    first, second = smooth(20, 10), 255 - smooth(20, 10)
    data = encoded(
        first, "WEBP", save_all=True, append_images=[pil.fromarray(second)], lossless=True
    )
    image = decode_image(data)
    assert np.array_equal(image.pixels[..., :3], first)
    assert image.frames[0].pixels is image.pixels
    assert np.array_equal(image.frames[1].pixels[..., :3], second)


@pytest.mark.parametrize("format", EVERY)
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.7, 0.95])
def test_a_picture_cut_short_is_an_error(format, fraction, smooth, encoded) -> None:
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (200, 200, 3), np.uint8)
    data = encoded(noise, format)
    with pytest.raises(DecodeError, match="Expected"):
        decode_image(data[: int(len(data) * fraction)], Path("cut"))


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff" + b"x" * 50, b"BM" + b"\0" * 60])
def test_what_is_no_picture_is_an_error_that_names_no_address(data: bytes) -> None:
    with pytest.raises(DecodeError, match="^Expected") as raised:
        get_image_dimensions(data, Path("some.jpg"))
    assert raised.value.path == Path("some.jpg")
    assert raised.value.step == "decode"
    assert "0x" not in str(raised.value)


def test_a_format_that_is_not_read_is_named() -> None:
    with pytest.raises(DecodeError, match="got content that is no picture"):
        decode_image(b"\0\0\0\x18ftypmp42" + bytes(20))


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    header = b"GIF89a" + (65535).to_bytes(2, "little") * 2 + b"\0\0\0"
    with pytest.raises(LimitExceeded, match="got 65535x65535"):
        decode_image(header + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;")


def test_load_reads_bytes_and_believes_the_content(tmp_path: Path, smooth, encoded) -> None:
    path = tmp_path / "lying.jpg"
    path.write_bytes(encoded(smooth(7, 5), "PNG"))
    loaded = asyncio.run(load_image(file_of(path)))
    assert (loaded.width, loaded.height) == (7, 5)
    assert loaded.data == path.read_bytes()
    assert loaded.file.format is ImageFormat.PNG


def test_a_missing_file_is_a_load_error(tmp_path: Path) -> None:
    file = ImageFile(tmp_path / "gone.jpg", 5, ImageFormat.JPEG)
    with pytest.raises(LoadError, match="No such file") as raised:
        asyncio.run(load_image(file))
    assert raised.value.path == tmp_path / "gone.jpg"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(LoadError, match="regular file"):
        open_image(tmp_path / "pipe.jpg")


def test_a_file_larger_than_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as opened:
        opened.truncate(513 * 2**20)
    with pytest.raises(LimitExceeded, match="at most 512 MiB, got 513 MiB"):
        open_image(path)


def test_retry_loads_what_is_there(tmp_path: Path, smooth, encoded) -> None:
    path = tmp_path / "test.png"
    path.write_bytes(encoded(smooth(7, 5), "PNG"))
    assert asyncio.run(load_with_retry(file_of(path), 3)).width == 7


@pytest.mark.parametrize(("failures", "attempts", "calls"), [(0, 3, 1), (2, 3, 3), (5, 3, 3)])
def test_retry_counts_tries_in_all(failures: int, attempts: int, calls: int) -> None:
    made = 0

    async def flaky() -> str:
        nonlocal made
        made += 1
        if made <= failures:
            raise OSError("storage hiccup")
        return "fine"

    if failures < attempts:
        assert asyncio.run(retry_with_backoff(flaky, attempts)) == "fine"
    else:
        with pytest.raises(OSError, match="hiccup"):
            asyncio.run(retry_with_backoff(flaky, attempts))
    assert made == calls


def test_retry_leaves_other_errors_alone(tmp_path: Path) -> None:
    calls = []

    async def bad() -> None:
        calls.append(1)
        raise DecodeError("Expected a picture")

    with pytest.raises(DecodeError):
        asyncio.run(retry_with_backoff(bad, 5))
    assert len(calls) == 1
    with pytest.raises(ValueError, match="attempts of at least 1"):
        asyncio.run(retry_with_backoff(bad, 0))


def test_grey_before_a_resize_does_not_decode_every_pixel(smooth, encoded, tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(encoded(smooth(1600, 1200), "JPEG"))
    loaded = asyncio.run(load_image(file_of(path)))
    for chain in ([Grayscale(), Thumbnail(80)], [Thumbnail(80), Grayscale()]):
        assert decode_for(loaded, (Output(tuple(chain)),)).image.pixels.shape == (150, 200, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_smaller_decode_lies_where_the_whole_picture_does(orientation, smooth, encoded) -> None:
    """Its last pixels, to the right and below, stand for less than the others do."""
    exif = pil.Exif()
    exif[0x0112] = orientation
    data = encoded(smooth(801, 605), "JPEG", quality=95, exif=exif)
    whole = ImageOps.exif_transpose(pil.open(BytesIO(data))).convert("RGB")
    loaded = ImageData(ImageFile(Path("x.jpg"), len(data), ImageFormat.JPEG), data, 0, 0)
    for limit, scale in ((47, 8), (22, 8), (97, 4)):
        source = decode_for(loaded, (Output((Thumbnail(limit),)),))
        assert max(source.image.width, source.image.height) == -(-801 // scale)
        small = render(source, (Thumbnail(limit),), Policy()).pixels.astype(int)
        expected = whole.resize(small.shape[1::-1], pil.Resampling.LANCZOS)
        assert np.abs(small - np.asarray(expected))[2:-2, 2:-2].mean() < 3
