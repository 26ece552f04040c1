"""Formats, colour, metadata and losses, against Pillow and littleCMS."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import (
    ConfigError,
    DecodeError,
    EncodeError,
    Grayscale,
    Image,
    ImageFile,
    ImageFormat,
    ImageTransform,
    Loss,
    Resize,
    Thumbnail,
    apply_transforms,
    decode_image,
    detect_format,
    encode_image,
    parse_transform,
)
from imgpipe.codecs import codec, pillow, writable
from imgpipe.codecs.base import Encoding
from imgpipe.codecs.markers import walk, with_metadata
from imgpipe.colour import from_linear, to_linear, to_srgb
from imgpipe.files import ImageData
from imgpipe.losses import check_kinds
from imgpipe.metadata import check_keep
from imgpipe.policy import MARGIN, Policy
from imgpipe.steps.decode import decode_for, read_head
from imgpipe.steps.encode import encode
from imgpipe.steps.plan import Output
from PIL import Image as pil, ImageCms

from .profiles import wide_gamut

jpeg = pytest.importorskip("imgpipe.codecs.jpeg")


def kinds(image: Image) -> set[str]:
    return {loss.kind for loss in image.lost}


def shown(data: bytes) -> np.ndarray:
    return np.asarray(pil.open(BytesIO(data)).convert("RGB")).astype(int)


def outputs(*chains: list[ImageTransform], margin: float = MARGIN) -> tuple[Output, ...]:
    return tuple(Output(tuple(chain), policy=Policy(margin=margin)) for chain in chains)


def loaded(data: bytes, name: str = "x.jpg") -> ImageData:
    return ImageData(ImageFile(Path(name), len(data), detect_format(name)), data, 0, 0)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:1:1"])
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
def test_both_jpeg_codecs_decode_alike(subsampling, progressive: bool, smooth, encoded) -> None:
    for channels in (1, 3):
        pixels = smooth(123, 77, channels)
        data = encoded(pixels, "JPEG", quality=90, subsampling=subsampling, progressive=progressive)
        head = jpeg.head(data, ImageFormat.JPEG)
        assert (head.width, head.height, head.channels) == (123, 77, channels)
        assert head.progressive == progressive
        ours, pillows = jpeg.decode(data, head), pillow.decode(data, head)
        assert np.abs(ours.pixels.astype(int) - pillows.pixels).max() <= 1


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("size", [(160, 80), (161, 79), (17, 203)])
def test_jpegs_decode_smaller(scale: int, size, smooth, encoded) -> None:
    data = encoded(smooth(*size), "JPEG", quality=95)
    head = jpeg.head(data, ImageFormat.JPEG)
    for reader in (jpeg, pillow):
        image = reader.decode(data, head, scale)
        assert (image.width, image.height) == (-(-size[0] // scale), -(-size[1] // scale))


@pytest.mark.parametrize(
    ("limit", "margin", "width"), [(50, 2, 100), (100, 2, 200), (101, 2, 400), (200, 1, 200)]
)
def test_the_decode_is_as_small_as_the_margin_allows(limit, margin, width, smooth, encoded) -> None:
    data = encoded(smooth(800, 400), "JPEG")
    chains = [[Thumbnail(limit)], [Thumbnail(7)]]
    source = decode_for(loaded(data), outputs(*chains, margin=margin))
    assert source.image.width == {100: 100, 200: 200, 400: 400}[width]
    assert source.size == (800, 400)
    assert decode_for(loaded(data), outputs([Thumbnail(5)], [])).image.width == 800


@pytest.mark.parametrize(("size", "width"), [((10, 150), 800), ((300, 1), 800), ((90, 50), 200)])
def test_neither_side_of_the_decode_is_too_small(size, width: int, smooth, encoded) -> None:
    data = encoded(smooth(800, 400), "JPEG")
    assert decode_for(loaded(data), outputs([Resize(*size)])).image.width == width


def test_the_smaller_decode_knows_which_way_up_it_is(smooth, encoded) -> None:
    exif = pil.Exif()
    exif[0x0112] = 6
    data = encoded(smooth(800, 400), "JPEG", exif=exif)
    source = decode_for(loaded(data), outputs([Thumbnail(50)]))
    assert source.size == (400, 800)
    assert (source.image.width, source.image.height) == (50, 100)


def test_a_chain_that_starts_grey_decodes_luma_alone(smooth, encoded) -> None:
    data = encoded(smooth(200, 100), "JPEG", quality=95)
    grey = decode_for(loaded(data), outputs([Grayscale()])).image
    assert grey.channels == 1
    expected = Grayscale().apply(decode_image(data)).pixels.astype(int)
    assert np.abs(grey.pixels - expected).max() <= 2
    wide = encoded(smooth(200, 100), "JPEG", icc_profile=wide_gamut())
    assert decode_for(loaded(wide), outputs([Grayscale()])).image.channels == 3


def test_a_damaged_jpeg_is_recovered_and_says_so(encoded) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    data = bytearray(encoded(noise, "JPEG", quality=90))
    data[len(data) // 2 : len(data) // 2 + 3] = b"\xff\x00\x13"
    try:
        image = decode_image(bytes(data))
    except DecodeError:
        return
    assert image.width == 64


def test_junk_before_the_end_of_a_jpeg_is_a_recorded_damage(smooth, encoded) -> None:
    data = encoded(smooth(64, 64), "JPEG")
    image = decode_image(data[:-2] + b"\x12\x34\x56\xff\xd9")
    assert kinds(image) <= {"damage"}
    assert image.width == 64


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_shallow_pngs_are_what_pillow_shows(bits: int) -> None:
    levels = np.arange(64, dtype=np.uint8).reshape(8, 8) % 2**bits
    picture = pil.fromarray(levels, "L").convert("P")
    buffer = BytesIO()
    picture.save(buffer, "PNG", bits=bits)
    expected = np.asarray(pil.open(BytesIO(buffer.getvalue())).convert("RGB"))
    assert np.array_equal(decode_image(buffer.getvalue()).pixels[..., :3], expected)


@pytest.mark.parametrize("format", [ImageFormat.PNG, ImageFormat.TIFF])
def test_deep_grey_goes_through_whole(format: ImageFormat) -> None:
    deep = Image.from_array(np.arange(65536, dtype=np.uint16).reshape(256, 256))
    image = decode_image(encode_image(deep, format))
    assert np.array_equal(image.pixels, deep.pixels)
    assert image.lost == ()


def test_depth_that_a_format_lacks_is_rounded_and_recorded() -> None:
    deep = Image.from_array(np.array([[0, 128, 129, 65535]], np.uint16))
    made = encode(deep, ImageFormat.BMP, Encoding(), Policy())
    assert made.lost == (Loss("depth", "16 bits to 8"),)
    assert decode_image(made.data).pixels[0, :, 0].tolist() == [0, 0, 1, 255]
    light = Image.from_array(np.array([[-1, 0.5, 2]], np.float32))
    made = encode(light, ImageFormat.PNG, Encoding(), Policy())
    assert decode_image(made.data).pixels[0, :, 0].tolist() == [0, 32768, 65535]


def test_deep_colour_is_recorded_as_lost_where_pillow_reads_it() -> None:
    header = b"\x89PNG\r\n\x1a\n"
    rgb16 = np.full((4, 4, 3), 0x8000, ">u2")

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    rows = b"".join(b"\0" + row.tobytes() for row in rgb16)
    data = (
        header
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    image = pillow.decode(data, read_head(data))
    assert kinds(image) == {"depth"}
    assert (image.pixels == 128).all()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_profiles_become_srgb_as_littlecms_says(format, smooth, encoded) -> None:
    profile = wide_gamut()
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(smooth(64, 48), format, icc_profile=profile, **options)
    image = decode_image(data)
    assert image.space == "icc"
    picture = pil.fromarray(image.pixels)
    expected = ImageCms.profileToProfile(
        picture,
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    converted = to_srgb(image)
    assert converted.space == "srgb"
    assert np.array_equal(converted.pixels, np.asarray(expected))
    assert not np.array_equal(converted.pixels, image.pixels)
    plain = pil.open(BytesIO(encode_image(image, ImageFormat.PNG)))
    assert "icc_profile" not in plain.info
    assert np.array_equal(np.asarray(plain), converted.pixels)
    kept = pil.open(BytesIO(encode_image(image, ImageFormat.PNG, keep="icc")))
    assert kept.info["icc_profile"] == profile
    assert np.array_equal(np.asarray(kept), image.pixels)


def test_srgb_itself_is_left_as_it_is_and_a_broken_profile_is_recorded(smooth, encoded) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = decode_image(encoded(smooth(20, 10), "PNG", icc_profile=srgb))
    assert np.array_equal(to_srgb(image).pixels, image.pixels)
    broken = to_srgb(decode_image(encoded(smooth(20, 10), "PNG", icc_profile=b"nonsense" * 30)))
    assert kinds(broken) == {"profile"}
    assert broken.icc_profile is None


def grey_profile(gamma: float) -> bytes:
    """A profile of grey with nothing in it but its white and its gamma: ICC.1:2001-04, 6."""
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = ((b"wtpt", white), (b"kTRC", curve))
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4sI4sIIQIiii",
        at + len(body),
        *(b"\0" * 4, 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"\0" * 12, b"acsp"),
        *(0, b"\0" * 4, 0, 0, 0, 0, 63190, 65536, 54061),
    )
    return header + bytes(128 - len(header)) + table + body


@pytest.mark.parametrize("channels", [1, 2])
def test_grey_becomes_the_grey_of_srgb(channels: int) -> None:
    pixels = np.full((4, 4, channels), 128, np.uint8)
    image = to_srgb(Image(pixels, "icc", icc_profile=grey_profile(1.0)))
    assert image.space == "grey"
    assert image.lost == ()
    light = 128 / 255  # IEC 61966-2-1
    expected = 255 * (1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(image.pixels[..., 0] - expected).max() <= 1.5
    assert channels == 1 or (image.pixels[..., 1] == 128).all()


def test_grey_and_alpha_go_through_a_profile(smooth) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image(smooth(20, 10, 4), "icc", icc_profile=wide_gamut())
    assert np.array_equal(to_srgb(image).pixels[..., 3], image.pixels[..., 3])
    grey = Image(smooth(20, 10, 1), "icc", icc_profile=srgb)  # of another kind than the pixels
    assert to_srgb(grey).space == "grey"


def test_cmyk_becomes_rgb_and_says_how(smooth) -> None:
    buffer = BytesIO()
    pil.fromarray(smooth(40, 30, 4), "CMYK").save(buffer, "JPEG")
    image = decode_image(buffer.getvalue())
    assert image.channels == 3
    assert kinds(image) == {"profile"}
    assert np.abs(image.pixels - shown(buffer.getvalue())).max() <= 1


def exif_with() -> pil.Exif:
    exif = pil.Exif()
    exif[0x8298] = "All mine"
    exif[0x010F] = "Camera"
    exif[0x0132] = "2024:01:02 03:04:05"
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    exif.get_ifd(0x8769)[0x9003] = "2023:01:02 03:04:05"
    exif.get_ifd(0x8769)[0x829A] = 0.01
    return exif


TAGS = {"copyright": 0x8298, "maker": 0x010F, "date": 0x0132, "orientation": 0x0112}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("none", set()),
        ("copyright", {"copyright"}),
        ("icc", set()),
        ("dates", {"date", "taken"}),
        ("exif", {"copyright", "maker", "date", "taken", "exposure"}),
        ("all", {"copyright", "maker", "date", "taken", "exposure"}),
        ("copyright,gps", {"copyright", "place"}),
    ],
)
def test_metadata_goes_along_as_keep_says(keep, expected, format, smooth, encoded) -> None:
    image = decode_image(encoded(smooth(40, 30), "JPEG", exif=exif_with()))
    assert (image.width, image.height) == (30, 40)
    written = pil.open(BytesIO(encode_image(image, ImageFormat[format], keep=keep))).getexif()
    found = {name for name, tag in TAGS.items() if tag in written}
    taken = written.get_ifd(0x8769)
    found |= {name for name, tag in {"taken": 0x9003, "exposure": 0x829A}.items() if tag in taken}
    found |= {"place"} if written.get_ifd(0x8825) else set()
    assert found == expected


def test_words_of_keep_and_losses_are_checked() -> None:
    assert check_keep(["all", "gps"]) == {"copyright", "dates", "icc", "exif", "gps"}
    for bad in ("everything", "none,icc", "icc,,"):
        with pytest.raises(ConfigError, match="^Expected keep="):
            check_keep(bad)
    with pytest.raises(ConfigError, match="^Expected losses among"):
        check_kinds({"frames"})


def test_of_several_pictures_the_first_comes_and_the_loss_is_told(smooth, encoded) -> None:
    more = [pil.fromarray(255 - smooth(20, 10))]
    for format, kind in (("GIF", "animation"), ("WEBP", "animation"), ("TIFF", "pages")):
        data = encoded(smooth(20, 10), format, save_all=True, append_images=more)
        image = decode_image(data)
        assert len(image.frames) == 2
        assert image.is_paged == (kind == "pages")
        made = encode(image, ImageFormat.JPEG, Encoding(), Policy())
        assert {loss.kind for loss in made.lost} == {kind}
        assert kinds(codec(image.format).decode(data, read_head(data))) == {kind}


def test_what_is_not_read_of_a_jpeg_is_told(smooth) -> None:
    plain = encode_image(Image.from_array(smooth(40, 30)), ImageFormat.JPEG)

    def with_segment(marker: int, body: bytes) -> set[str]:
        length = (len(body) + 2).to_bytes(2)
        image = decode_image(plain[:2] + bytes([0xFF, marker]) + length + body + plain[2:])
        return {str(loss) for loss in image.lost}

    xmp = b"http://ns.adobe.com/xap/1.0/\0<x/>"
    assert with_segment(0xE1, xmp) == {"metadata (XMP)"}
    assert with_segment(0xED, b"Photoshop 3.0\0") == {"metadata (IPTC)"}
    assert with_segment(0xFE, b"hello") == {"metadata (a comment)"}
    gain_map = {"metadata (XMP)", "gain-map (of high dynamic range)"}
    assert with_segment(0xE1, xmp + b'<a hdrgm:Version="1.0"/>') == gain_map
    iso = {"gain-map (of high dynamic range)"}
    assert with_segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0") == iso


def test_text_in_a_png_is_told(smooth, encoded) -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Location", "at home")
    image = decode_image(encoded(smooth(20, 10), "PNG", pnginfo=text))
    assert {str(loss) for loss in image.lost} == {"metadata (text)"}
    assert b"at home" not in encode_image(image, ImageFormat.PNG, keep="all,gps")


def test_a_small_picture_in_exif_never_goes_along(smooth, encoded) -> None:
    exif = exif_with()
    data = encoded(smooth(40, 30), "JPEG", exif=exif)
    block = walk(data).exif
    assert block is not None
    hidden = encoded(smooth(16, 16), "JPEG")
    image = decode_image(with_metadata(encoded(smooth(40, 30), "JPEG"), block + hidden, None))
    assert hidden[:40] in (image.exif or b"")
    assert hidden[:40] not in encode_image(image, ImageFormat.JPEG, keep="all,gps")


def test_a_forbidden_loss_is_that_pictures_error() -> None:
    clear = Image.from_array(np.zeros((4, 4, 4), np.uint8))
    made = encode(clear, ImageFormat.JPEG, Encoding(), Policy())
    assert {loss.kind for loss in made.lost} == {"alpha"}
    with pytest.raises(EncodeError, match="^Expected nothing lost of alpha"):
        encode(clear, ImageFormat.JPEG, Encoding(), Policy(forbid_loss=frozenset({"alpha"})))
    opaque = Image.from_array(np.full((4, 4, 4), 255, np.uint8))
    assert encode(opaque, ImageFormat.JPEG, Encoding(), Policy()).lost == ()


def test_colours_beyond_a_palette_are_recorded_as_lost(smooth) -> None:
    many = encode(Image.from_array(smooth(64, 64)), ImageFormat.GIF, Encoding(), Policy())
    assert {loss.kind for loss in many.lost} == {"colours"}
    few = encode(Image.from_array(smooth(64, 64, 1)), ImageFormat.GIF, Encoding(), Policy())
    assert few.lost == ()


def test_a_background_is_laid_under() -> None:
    clear = Image.from_array(np.zeros((4, 4, 4), np.uint8))
    policy = Policy(background=(10, 20, 30))
    made = encode(clear, ImageFormat.BMP, Encoding(), policy)
    assert decode_image(made.data).pixels[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("format", [ImageFormat.JPEG, ImageFormat.WEBP, ImageFormat.AVIF])
def test_max_bytes_finds_the_best_quality_that_fits(format, smooth) -> None:
    noise = np.random.default_rng(2).integers(0, 40, (96, 96, 3), np.uint8)
    image = Image.from_array(smooth(96, 96) // 2 + noise)
    whole = encode(image, format, Encoding(95), Policy()).data
    limit = len(whole) * 2 // 3
    made = encode(image, format, Encoding(95), Policy(), max_bytes=limit).data
    assert len(made) <= limit
    better = [q for q in range(1, 96) if len(encode_image(image, format, q)) <= limit]
    assert made == encode_image(image, format, better[-1])
    with pytest.raises(EncodeError, match="^Expected at most 50 bytes"):
        encode(image, format, Encoding(), Policy(), max_bytes=50)


def test_lossless_and_444_and_progressive_are_what_they_say(smooth) -> None:
    image = Image.from_array(smooth(64, 48))
    webp = encode(image, ImageFormat.WEBP, Encoding(lossless=True), Policy()).data
    assert np.array_equal(decode_image(webp).pixels[..., :3], image.pixels)
    full = encode(image, ImageFormat.JPEG, Encoding(subsampling="4:4:4"), Policy()).data
    assert walk(full).sampling == ((1, 1),) * 3
    assert walk(encode_image(image, ImageFormat.JPEG)).sampling[0] == (2, 2)
    coarse = encode(image, ImageFormat.JPEG, Encoding(progressive=True), Policy()).data
    assert walk(coarse).coding == 2


@pytest.mark.parametrize(
    "options",
    [{"quality": 0}, {"quality": 101}, {"effort": 11}, {"effort": 1.5}, {"subsampling": "4:1:1"}],
)
def test_settings_out_of_range_are_refused(options) -> None:
    with pytest.raises(ConfigError, match="^Expected"):
        Encoding(**options)


def test_metadata_is_put_into_a_jpeg_where_readers_find_it(smooth) -> None:
    profile = bytes(range(256)) * 600  # more than one segment holds
    plain = encode_image(Image.from_array(smooth(40, 30)), ImageFormat.JPEG)
    exif = exif_with().tobytes()
    found = walk(with_metadata(plain, exif, profile))
    assert found.icc_profile == profile
    assert found.exif is not None
    assert found.exif.endswith(exif.removeprefix(b"Exif\0\0"))
    opened = pil.open(BytesIO(with_metadata(plain, exif, profile)))
    assert opened.info["icc_profile"] == profile
    assert np.array_equal(shown(with_metadata(plain, exif, None)), shown(plain))
    with pytest.raises(ValueError, match="65533 are the most"):
        with_metadata(plain, b"x" * 70000, None)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_bytes_break_the_walk(data) -> None:
    whole = bytearray(
        encode_image(Image.from_array(np.zeros((9, 9, 3), np.uint8)), ImageFormat.JPEG)
    )
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        decode_image(cut)
    except DecodeError as error:
        assert str(error).startswith("Expected")  # noqa: PT017  # what is raised is the point


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(writable()),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from([np.uint8, np.uint16, np.float32]),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_any_picture_goes_into_any_format(format, channels, dtype, width, height) -> None:
    rng = np.random.default_rng(width * 41 + height)
    noise = rng.random((height, width, channels), np.float32)
    pixels = noise if dtype == np.float32 else (noise * np.iinfo(dtype).max).astype(dtype)
    made = encode(Image.from_array(pixels), format, Encoding(), Policy())
    back = decode_image(made.data)
    assert (back.width, back.height, back.format) == (width, height, format)
    found = codec(format)
    assert found is not None
    head = found.head(made.data, format)
    assert found.cost(head, 1) >= width * height


STEPS = [
    *("thumbnail:20", "fit:16x9:cover:attention", "fit:30x30:contain", "grayscale", "blur:1"),
    *("rotate:20", "pad:2:red", "gamma:0.7", "contrast:1.4", "equalize", "median:3", "rotate90"),
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(STEPS), max_size=4),
    st.sampled_from(writable()),
    st.sampled_from(writable()),
    st.sampled_from([1, 2, 3, 4]),
)
def test_any_picture_goes_from_any_format_through_any_chain_to_any(
    chain, source, target, channels
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (33, 47, channels), np.uint8)
    picture = decode_image(encode_image(Image.from_array(noise), source))
    result = apply_transforms(picture, [parse_transform(step) for step in chain])
    back = decode_image(encode_image(result, target))
    assert (back.width, back.height, back.format) == (result.width, result.height, target)
    if target in (ImageFormat.PNG, ImageFormat.TIFF):
        assert np.array_equal(back.pixels, result.pixels)


def test_light_and_back_changes_nothing(smooth) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.from_array(np.stack([levels, 255 - levels], axis=2))
    light = to_linear(image)
    assert light.pixels.dtype == np.uint16
    assert np.array_equal(from_linear(light, image.pixels.dtype).pixels, image.pixels)
    middle = to_linear(Image.from_array(np.full((1, 1), 188, np.uint8))).pixels[0, 0, 0]
    assert abs(int(middle) / 65535 - 0.503) < 0.001  # IEC 61966-2-1


@pytest.mark.parametrize("options", [{"progressive": True}, {"effort": 9}])
@pytest.mark.parametrize("size", [(300, 300), (8, 8), (1, 700)])
def test_noise_too_becomes_a_jpeg_of_several_passes(options, size) -> None:
    """It needs more bytes than Pillow makes room for."""
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    how = Encoding(quality=100, subsampling="4:4:4", **options)
    data = encode(Image.from_array(noise), ImageFormat.JPEG, how, Policy()).data
    assert np.abs(shown(data) - noise).max() <= 6


def test_the_head_of_a_png_is_told_without_its_pixels(smooth, encoded) -> None:
    data = bytearray(encoded(smooth(64, 48), "PNG"))
    at = data.index(b"IDAT") + 20
    data[at : at + 60] = bytes(60)
    assert pillow.head(bytes(data), ImageFormat.PNG).width == 64
    with pytest.raises(DecodeError):
        decode_image(bytes(data))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


_XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
_TURNS = {
    "eXIf": _chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
    "XMP": _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP),
    "packed XMP": _chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + zlib.compress(_XMP)),
}


@pytest.mark.parametrize("kind", _TURNS)
@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_a_png_says_anywhere_how_it_is_turned(kind: str, before: bytes, smooth, encoded) -> None:
    data = encoded(smooth(64, 48), "PNG")
    at = data.index(before) - 4
    head = pillow.head(data[:at] + _TURNS[kind] + data[at:], ImageFormat.PNG)
    assert (head.orientation, head.upright_size) == (6, (48, 64))
