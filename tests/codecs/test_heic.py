"""HEIC, against pillow-heif itself."""

from io import BytesIO

import numpy as np
import pytest
from imgpipe import (
    DecodeError,
    EncodeError,
    Image,
    ImageFormat,
    decode_image,
    encode_image,
    sniff_format,
)
from imgpipe.codecs.base import Encoding
from imgpipe.policy import Policy
from imgpipe.steps.decode import read_head
from imgpipe.steps.encode import encode
from PIL import Image as pil

pillow_heif = pytest.importorskip("pillow_heif")


def written(pixels: np.ndarray, **options) -> bytes:
    """A file by pillow-heif, of uint8 or uint16."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[1 if pixels.ndim == 2 else pixels.shape[2]]
    mode += ";16" if pixels.dtype == np.uint16 else ""
    buffer = BytesIO()
    options = {"quality": -1, "chroma": "444", "matrix_coefficients": 0} | options
    made = pillow_heif.from_bytes(mode, pixels.shape[1::-1], pixels.tobytes())
    for extra in options.pop("beside", []):
        made.add_frombytes("RGB", extra.shape[1::-1], extra.tobytes())
    made.save(buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_are_those_of_pillow_heif(channels: int, smooth) -> None:
    pixels = smooth(120, 80, channels)
    image = decode_image(written(pixels))
    assert image.format is ImageFormat.HEIC
    assert np.array_equal(image.pixels, pixels)
    assert image.lost == ()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_is_written_is_read_by_pillow_heif(channels: int, smooth) -> None:
    pixels = smooth(120, 80, channels)
    made = encode(Image.from_array(pixels), ImageFormat.HEIC, Encoding(lossless=True), Policy())
    opened = pillow_heif.open_heif(made.data)
    shown = np.asarray(opened.to_pillow().convert("RGBA"))
    expected = np.asarray(Image.from_array(pixels).to_pil().convert("RGBA"))
    assert np.abs(shown.astype(int) - expected).max() <= (0 if channels > 1 else 1)
    rough = encode_image(Image.from_array(pixels), ImageFormat.HEIC, 50)
    assert len(rough) < len(made.data)
    assert np.abs(decode_image(rough).pixels[..., 0].astype(int) - pixels[..., 0]).mean() < 5


def test_ten_bits_come_through_whole() -> None:
    levels = np.arange(1024).repeat(4).reshape(64, 64)
    deep = np.stack([levels, levels[::-1], levels.T], axis=2)
    data = written((deep << 6).astype(np.uint16))
    assert read_head(data).depth == 10
    image = decode_image(data)
    assert image.pixels.dtype == np.uint16
    assert np.abs(image.pixels / 65535 - deep / 1023).max() < 1e-5
    again = encode(image, ImageFormat.HEIC, Encoding(lossless=True), Policy())
    assert np.array_equal(decode_image(again.data).pixels, image.pixels)
    assert again.lost == ()
    finer = Image.from_array((deep * 64 + 7).clip(0, 65535).astype(np.uint16))
    lossy = encode(finer, ImageFormat.HEIC, Encoding(lossless=True), Policy())
    assert [str(loss) for loss in lossy.lost] == ["depth (16 bits to 10)"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turn_is_made_once(orientation: int, smooth) -> None:
    """The container of such a file turns it, and its EXIF block tells of the same turn."""
    pixels = smooth(120, 80)
    exif = pil.Exif()
    exif[0x0112] = orientation
    data = written(pixels, exif=exif.tobytes())
    opened = pillow_heif.open_heif(data)
    image = decode_image(data)
    assert (image.width, image.height) == opened.size == read_head(data).upright_size
    assert np.array_equal(image.pixels, np.asarray(opened))
    with pil.open(BytesIO(encode_image(image, ImageFormat.JPEG, keep="exif"))) as made:
        assert 0x0112 not in made.getexif()
        assert made.size == opened.size


def test_profiles_and_exif_come_along(smooth) -> None:
    exif = pil.Exif()
    exif[0x8298] = "Somebody"
    made = encode_image(Image.from_array(smooth(64, 48)), ImageFormat.HEIC, keep="copyright,icc")
    assert decode_image(made).exif is None
    with_exif = decode_image(written(smooth(64, 48), exif=exif.tobytes()))
    again = decode_image(encode_image(with_exif, ImageFormat.HEIC))
    block = pil.Exif()
    block.load(again.exif)
    assert block[0x8298] == "Somebody"


def test_what_lies_beside_the_primary_picture_is_told(smooth) -> None:
    data = written(smooth(64, 48), beside=[smooth(32, 24), smooth(16, 16)])
    image = decode_image(data)
    assert np.array_equal(image.pixels, smooth(64, 48))
    assert [str(loss) for loss in image.lost] == ["pages (2 beside the primary picture)"]
    second = written(smooth(64, 48), beside=[smooth(32, 24)], primary_index=1)
    assert decode_image(second).width == 32


ALPHA = b"urn:mpeg:hevc:2015:auxid:1"


def with_auxiliary(pixels: np.ndarray, kind: bytes) -> bytes:
    """A file of colours whose alpha is an auxiliary picture of another kind."""
    data = written(pixels)
    assert data.count(ALPHA) == 1
    longer, made = len(kind) - len(ALPHA), bytearray(data)
    for box in (b"meta", b"iprp", b"ipco", b"auxC"):
        at = data.index(box) - 4
        made[at : at + 4] = (int.from_bytes(data[at : at + 4]) + longer).to_bytes(4)
    places = data.index(b"iloc") + 8
    assert data[places : places + 4] == b"\x44\x40\0\2"  # two items, each with where it begins
    for at in (places + 8, places + 26):
        made[at : at + 4] = (int.from_bytes(data[at : at + 4]) + longer).to_bytes(4)
    return bytes(made).replace(ALPHA, kind)


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        (b"urn:mpeg:hevc:2015:auxid:2", "depth-map (of a phone)"),
        (b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth", "depth-map (of a phone)"),
        (b"urn:com:apple:photo:2020:aux:hdrgainmap", "gain-map (of high dynamic range)"),
    ],
)
def test_depth_maps_and_gain_maps_are_told_and_left_out(kind: bytes, loss: str, smooth) -> None:
    pixels = smooth(96, 64, 4)
    data = with_auxiliary(pixels, kind)
    info = pillow_heif.open_heif(data).info
    assert bool(info["depth_images"]) is loss.startswith("depth")
    assert list(info["aux"]) == ([] if info["depth_images"] else [kind.decode()])
    image = decode_image(data)
    assert np.array_equal(image.pixels, pixels[..., :3])
    for format in (ImageFormat.JPEG, ImageFormat.HEIC):
        made = encode(image, format, Encoding(), Policy())
        assert [str(told) for told in made.lost] == [loss]
        assert decode_image(made.data).lost == ()
    strict = Policy(forbid_loss=frozenset({loss.split()[0]}))
    with pytest.raises(EncodeError, match=f"got a loss of {loss.split()[0]}"):
        encode(image, ImageFormat.JPEG, Encoding(), strict)


@pytest.mark.parametrize("channels", [3, 4])
def test_ten_bits_go_into_a_png_as_pillow_heif_reads_them(channels: int) -> None:
    levels = np.random.default_rng(channels).integers(0, 1024, (64, 96, channels), np.uint16)
    data = written(levels << 6, chroma="420", quality=80, matrix_coefficients=6)
    read = np.asarray(pillow_heif.open_heif(data, convert_hdr_to_8bit=False)) >> 6
    made = encode(decode_image(data), ImageFormat.PNG, Encoding(), Policy())
    assert made.lost == ()
    shown = decode_image(made.data).pixels
    assert shown.dtype == np.uint16
    assert np.array_equal(shown, np.rint(read / 1023 * 65535))
    assert len(np.unique(read)) > 900


@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.7, 0.95])
def test_a_file_cut_short_is_an_error_in_one_sentence(fraction: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 60, 3), np.uint8)
    data = written(noise)
    with pytest.raises(DecodeError, match="^Expected a whole HEIC picture, got: [^\n]+$"):
        decode_image(data[: int(len(data) * fraction)])


def test_brands_tell_avif_from_heic(smooth, encoded) -> None:
    for name, brands in ((ImageFormat.AVIF, b"mif1miafavif"), (ImageFormat.HEIC, b"mif1heic")):
        box = (16 + len(brands)).to_bytes(4) + b"ftypmif1\0\0\0\0" + brands
        assert sniff_format(box + bytes(100)) is name
