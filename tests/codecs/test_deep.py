"""Pictures of more than 8 bits, against imagecodecs and Pillow."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import (
    Blur,
    ConfigError,
    DecodeError,
    FlipHorizontal,
    Image,
    ImageFormat,
    PipelineConfig,
    Rotate90,
    Thumbnail,
    WatermarkConfig,
    apply_transforms,
    apply_watermark,
    decode_image,
    encode_image,
    open_image,
    run_pipeline,
)
from imgpipe.codecs.base import Encoding
from imgpipe.codecs.jxlhead import SRGB, read_head as read_jxl_head
from imgpipe.codecs.markers import walk
from imgpipe.colour import to_srgb
from imgpipe.policy import Policy
from imgpipe.steps.decode import read_head
from imgpipe.steps.depth import rounded
from imgpipe.steps.encode import encode
from PIL import Image as pil, ImageCms

from .profiles import wide_gamut

imagecodecs = pytest.importorskip("imagecodecs")

LOSSLESS = Encoding(lossless=True)


def deep(channels: int, dtype: type = np.uint16, bits: int = 16) -> np.ndarray:
    """Noise of all levels that some bits have."""
    rng = np.random.default_rng(channels)
    levels = rng.integers(0, 2**bits, (50, 70, channels))
    if dtype is np.float32:
        return (levels / (2**bits - 1)).astype(np.float32)
    return np.floor(levels * (65535 / (2**bits - 1)) + 0.5).astype(np.uint16)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("name", "dtype", "bits"),
    [
        *(("PNG", np.uint16, 16), ("TIFF", np.uint16, 16), ("JPEG2000", np.uint16, 16)),
        *(("JXL", np.uint16, 16), ("TIFF", np.float32, 16), ("JXL", np.float32, 16)),
        ("AVIF", np.uint16, 12),
    ],
)
def test_depth_comes_back_bit_by_bit(name: str, dtype, bits: int, channels: int) -> None:
    pixels = deep(channels, dtype, bits)
    made = encode(Image.from_array(pixels), ImageFormat[name], LOSSLESS, Policy())
    assert made.lost == ()
    image = decode_image(made.data)
    assert image.pixels.dtype == dtype
    assert np.array_equal(image.pixels, pixels)
    head = read_head(made.data)
    assert (head.width, head.height) == (70, 50)
    assert head.depth == (32 if dtype is np.float32 else bits)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_is_written_is_what_imagecodecs_reads(channels: int) -> None:
    pixels = deep(channels)
    readers = {
        ImageFormat.PNG: imagecodecs.png_decode,
        ImageFormat.TIFF: imagecodecs.tiff_decode,
        ImageFormat.JPEG2000: imagecodecs.jpeg2k_decode,
        ImageFormat.JXL: imagecodecs.jpegxl_decode,
    }
    for format, read in readers.items():
        data = encode(Image.from_array(pixels), format, LOSSLESS, Policy()).data
        assert np.array_equal(read(data).reshape(pixels.shape), pixels), format


@pytest.mark.parametrize("bits", [10, 12])
def test_avif_of_some_bits_is_spread_over_all(bits: int) -> None:
    levels = np.random.default_rng(0).integers(0, 2**bits, (40, 60, 3)).astype(np.uint16)
    data = imagecodecs.avif_encode(
        levels, level=100, bitspersample=bits, pixelformat="444", matrix=0
    )
    image = decode_image(bytes(data))
    assert read_head(bytes(data)).depth == bits
    assert np.abs(image.pixels / 65535 - levels / (2**bits - 1)).max() < 1e-5
    assert image.lost == ()


def test_lossy_formats_come_close() -> None:
    y, x = np.mgrid[:80, :120]
    wave = np.stack([np.sin(x / 17 + c) * np.cos(y / 23) / 2.2 + 0.5 for c in range(3)], axis=2)
    pixels = (wave * 65535).astype(np.uint16)
    for format in (ImageFormat.AVIF, ImageFormat.JXL, ImageFormat.JPEG2000):
        image = decode_image(encode_image(Image.from_array(pixels), format, 90))
        white = 1 if image.pixels.dtype == np.float32 else 65535
        assert np.abs(image.pixels / white - wave).mean() < 0.01, format


def test_a_jpeg_xl_says_that_its_numbers_are_srgbs() -> None:
    for dtype in (np.uint16, np.float32):
        data = encode(Image.from_array(deep(3, dtype)), ImageFormat.JXL, LOSSLESS, Policy()).data
        assert read_jxl_head(data).curve == SRGB


def test_light_in_a_jpeg_xl_becomes_srgb() -> None:
    light = np.array([[[0.0, 0.0031308, 0.2140], [0.5, 0.7354, 1.0]]], np.float32)
    image = decode_image(bytes(imagecodecs.jpegxl_encode(light, lossless=True)))
    assert np.abs(image.pixels * 255 - [[[0, 10.31, 127.5], [187.5, 222.5, 255]]]).max() < 0.2


@pytest.mark.parametrize("format", [ImageFormat.PNG, ImageFormat.TIFF], ids=lambda f: f.name)
def test_depth_goes_through_transforms_and_a_mark(format: ImageFormat, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pixels = deep(3)
    path = tmp_path / "in" / f"x{format.extension}"
    path.write_bytes(encode_image(Image.from_array(pixels), format))
    chain, mark = [Thumbnail(40), Rotate90(), FlipHorizontal(), Blur(1)], WatermarkConfig("©")
    config = PipelineConfig(
        tmp_path / "in",
        tmp_path / "out",
        transforms=chain,
        watermark=mark,
        forbid_loss={"depth"},
    )
    assert not run_pipeline(config).failed
    expected = apply_watermark(apply_transforms(pixels, chain), mark)
    result = open_image(tmp_path / "out" / path.name)
    assert result.pixels.dtype == np.uint16
    assert np.array_equal(result.pixels, expected.pixels)
    assert len(np.unique(result.pixels % 257)) > 100  # not 8 bits made longer


@pytest.mark.parametrize(("depth", "bits"), [(8, 8), (10, 10), (12, 12), (16, 16), (None, 16)])
def test_depth_may_be_bounded(depth, bits: int) -> None:
    made = encode(Image.from_array(deep(3)), ImageFormat.PNG, LOSSLESS, Policy(depth=depth))
    image = decode_image(made.data)
    assert image.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert [str(loss) for loss in made.lost] == ([f"depth (16 bits to {bits})"] * (bits < 16))
    white = np.iinfo(image.pixels.dtype).max
    error = np.abs(image.pixels / white - deep(3) / 65535).max()
    assert error <= 0.5 / (2**bits - 1) + 1e-5
    if depth:
        with pytest.raises(ConfigError, match="^Expected depth of 8, 10, 12, 16, got 9"):
            PipelineConfig("in", "out", depth=9)


@given(st.floats(0, 1), st.sampled_from([8, 10, 12]), st.sampled_from([np.uint16, np.float32]))
@settings(max_examples=60, deadline=None)
def test_a_dither_keeps_the_mean_and_is_at_most_one_level_off(level, depth, dtype) -> None:
    white = 1 if dtype is np.float32 else 65535
    image = Image.from_array(np.full((16, 16, 4), level * white).astype(dtype))
    made = rounded(image, depth, dither=True).pixels
    out, most = np.iinfo(made.dtype).max, 2**depth - 1
    exact = float(image.pixels[0, 0, 0]) / white * most
    levels = made / out * most
    held = 0.5 * most / out if out > most else 0  # 12 bits are not a whole share of uint16's 16
    assert np.abs(levels - exact).max() <= 1 + held + 1e-3
    assert abs(np.rint(levels[..., :3]).mean() - exact) <= 1 / 64
    assert np.ptp(made[..., 3]) == 0


def test_profiles_of_deep_pictures_become_srgb() -> None:
    flat = np.random.default_rng(1).integers(0, 256, (20, 30, 4), np.uint8)
    pictures = [flat, flat.astype(np.uint16) * 257, (flat / 255).astype(np.float32)]
    profile = wide_gamut()
    shown = [to_srgb(Image(pixels, "icc", icc_profile=profile)).pixels for pixels in pictures]
    assert np.abs(shown[1] / 257 - shown[0]).max() < 1
    assert np.abs(shown[2] * 255 - shown[0]).max() < 1
    assert np.array_equal(shown[1][..., 3], pictures[1][..., 3])


def test_profile_and_exif_go_into_a_deep_png() -> None:
    exif = pil.Exif()
    exif[0x8298] = "Somebody"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image(deep(3), "icc", icc_profile=profile, exif=exif.tobytes())
    data = encode_image(image, ImageFormat.PNG, keep="copyright,icc")
    with pil.open(BytesIO(data)) as opened:
        opened.load()
        assert opened.info["icc_profile"] == profile
        assert opened.getexif()[0x8298] == "Somebody"
    back = decode_image(data)
    assert np.array_equal(back.pixels, image.pixels)
    assert back.icc_profile == profile
    made = encode(image, ImageFormat.TIFF, Encoding(), Policy(frozenset({"copyright", "icc"})))
    assert decode_image(made.data).icc_profile == profile
    assert made.lost == ()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_deep_pictures_come_upright(name: str, orientation: int) -> None:
    pixels = deep(3)
    data = encode_image(Image.from_array(pixels), ImageFormat[name])
    flat = pil.fromarray((pixels >> 8).astype(np.uint8))
    exif = pil.Exif()
    exif[0x0112] = orientation
    buffer = BytesIO()
    flat.save(buffer, name, exif=exif)
    expected = decode_image(buffer.getvalue())
    if name == "PNG":
        chunk = buffer.getvalue().index(b"eXIf") - 4
        size = int.from_bytes(buffer.getvalue()[chunk : chunk + 4]) + 12
        data = data[:33] + buffer.getvalue()[chunk : chunk + size] + data[33:]
    else:
        data = bytes(imagecodecs.tiff_encode(pixels, photometric="rgb"))
        data = _with_tag(data, 0x0112, orientation)
    image = decode_image(data)
    assert np.array_equal((image.pixels >> 8).astype(np.uint8), expected.pixels)
    assert (image.width, image.height) == read_head(data).upright_size


def _with_tag(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with one more tag in its first directory, which moves to the end."""
    at = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[at : at + 2], "little")
    entries = [data[at + 2 + 12 * i : at + 14 + 12 * i] for i in range(count)]
    entries = [entry for entry in entries if int.from_bytes(entry[:2], "little") != tag]
    new = tag.to_bytes(2, "little") + b"\3\0\1\0\0\0" + value.to_bytes(4, "little")
    entries = sorted([*entries, new], key=lambda entry: int.from_bytes(entry[:2], "little"))
    end = len(data) + len(data) % 2
    directory = len(entries).to_bytes(2, "little") + b"".join(entries) + bytes(4)
    return data[:4] + end.to_bytes(4, "little") + data[8:].ljust(end - 8, b"\0") + directory


def test_pages_of_deep_colour_stay_pages() -> None:
    from imgpipe.image import Frame

    pages = [deep(3), deep(3)[::-1].copy(), deep(3) // 2]
    image = Image(pages[0], frames=tuple(Frame(page, 0) for page in pages))
    again = decode_image(encode_image(image, ImageFormat.TIFF))
    assert again.is_paged
    for still, page in zip(again.stills(), pages, strict=True):
        assert np.array_equal(still.pixels, page)


@pytest.mark.parametrize("name", ["PNG", "TIFF", "JPEG2000", "AVIF", "JXL"])
@pytest.mark.parametrize("fraction", [0.05, 0.5, 0.9])
def test_a_deep_picture_cut_short_is_an_error_in_one_sentence(name: str, fraction: float) -> None:
    data = encode_image(Image.from_array(deep(3)), ImageFormat[name])
    with pytest.raises(DecodeError, match="^Expected a whole [^\n]+$"):
        decode_image(data[: int(len(data) * fraction)])


def jpeg(smooth, **options) -> bytes:
    buffer = BytesIO()
    pil.fromarray(smooth(120, 80)).save(buffer, "JPEG", quality=90, **options)
    return buffer.getvalue()


def run(folder: Path, data: bytes, **settings):
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / "x.jpg").write_bytes(data)
    settings = {"format": ImageFormat.JXL, "lossless_jpeg": True} | settings
    assert not run_pipeline(PipelineConfig(folder / "in", folder / "out", **settings)).failed
    return (folder / "out" / "x.jxl").read_bytes()


def test_a_jpeg_goes_into_jpeg_xl_and_back_without_loss(smooth, tmp_path: Path) -> None:
    exif = pil.Exif()
    exif[0x8298], exif[0x0112] = "Somebody", 6
    exif.get_ifd(0x8825)[1] = "N"
    data = jpeg(smooth, exif=exif, comment=b"hello")
    made = run(tmp_path, data)
    back = bytes(imagecodecs.jpegxl_decode_jpeg(made))
    with pil.open(BytesIO(data)) as first, pil.open(BytesIO(back)) as second:
        assert np.array_equal(np.asarray(first), np.asarray(second))
        assert second.getexif()[0x8298] == "Somebody"
        assert 0x8825 not in second.getexif()  # places stay behind
    assert walk(back).others == ()
    start = data.index(b"\xff\xda")
    assert back[back.index(b"\xff\xda") :] == data[start:]
    image = decode_image(made)
    expected = decode_image(data)
    assert (image.width, image.height) == (expected.width, expected.height) == (80, 120)
    assert np.abs(image.pixels.astype(int) - expected.pixels).mean() < 1
    assert len(made) < len(data)


def test_a_jpeg_that_is_changed_is_drawn_anew(smooth, tmp_path: Path) -> None:
    made = run(tmp_path, jpeg(smooth), transforms=[Thumbnail(60)])
    assert decode_image(made).width == 60
    with pytest.raises((imagecodecs.JpegxlError, ValueError)):
        imagecodecs.jpegxl_decode_jpeg(made)
