"""What goes along with deep pictures and JPEG XLs, against tifffile, Pillow and imagecodecs."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from imgpipe import Image, ImageFormat, decode_image
from imgpipe.codecs.base import Encoding
from imgpipe.image import Frame
from imgpipe.metadata import check_keep
from imgpipe.policy import Policy
from imgpipe.steps.encode import encode
from PIL import Image as pil, ImageCms

imagecodecs = pytest.importorskip("imagecodecs")
tifffile = pytest.importorskip("tifffile")

ARTIST, COPYRIGHT, EXIF, GPS = 0x013B, 0x8298, 0x8769, 0x8825
EXPOSURE, TAKEN, LATITUDE = 0x829A, 0x9003, 2
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY_PROFILE = bytes(imagecodecs.cms_profile("gray", gamma=1.8))
EVERYTHING = Policy(check_keep("all,gps"))


def pixels_of(dtype: type, channels: int = 3) -> np.ndarray:
    levels = np.random.default_rng(channels).integers(0, 65536, (21, 33, channels))
    if dtype is np.float32:
        return (levels / 65535).astype(np.float32)
    return (levels >> (8 if dtype is np.uint8 else 0)).astype(dtype)


def block(endian: str = "<") -> bytes:
    exif = pil.Exif()
    exif.endian = endian
    exif[ARTIST], exif[COPYRIGHT] = "A", "Somebody, and others"
    exif.get_ifd(EXIF)[EXPOSURE], exif.get_ifd(EXIF)[TAKEN] = 0.25, "2020:02:03 04:05:06"
    exif.get_ifd(GPS)[1], exif.get_ifd(GPS)[LATITUDE] = "N", (52.0, 30.0, 1.5)
    return exif.tobytes()


def told(exif: bytes | None) -> tuple[dict, dict, dict]:
    read = pil.Exif()
    read.load(exif)
    main = {tag: read[tag] for tag in read if tag not in (EXIF, GPS)}
    return main, dict(read.get_ifd(EXIF)), dict(read.get_ifd(GPS))


def chunk_of(exif: bytes) -> bytes:
    body = b"eXIf" + exif.removeprefix(b"Exif\0\0")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("name", ["TIFF", "JXL"])
def test_exif_goes_along_at_every_depth(name: str, dtype: type, endian: str) -> None:
    pixels = pixels_of(dtype)
    image = Image(pixels, exif=block(endian))
    made = encode(image, ImageFormat[name], Encoding(lossless=True), EVERYTHING)
    assert made.lost == ()
    back = decode_image(made.data)
    assert np.array_equal(back.pixels, pixels)
    assert told(back.exif) == told(image.exif)
    assert encode(back, ImageFormat[name], Encoding(lossless=True), EVERYTHING).lost == ()
    few = encode(image, ImageFormat[name], Encoding(lossless=True), Policy())
    assert told(decode_image(few.data).exif) == (told(block())[0], {}, {})
    assert [str(loss) for loss in few.lost] == ["metadata (parts of EXIF)"]


@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_tifffile_reads_what_a_tiff_says(dtype: type, channels: int, pages: int) -> None:
    pixels = pixels_of(dtype, channels)
    frames = tuple(Frame(pixels if not n else pixels // 2, 0) for n in range(pages))
    image = Image(pixels, exif=block(), frames=frames if pages > 1 else ())
    data = encode(image, ImageFormat.TIFF, Encoding(), EVERYTHING).data
    with tifffile.TiffFile(BytesIO(data)) as opened:
        assert len(opened.pages) == pages
        for page, frame in zip(opened.pages, frames, strict=True):
            assert np.array_equal(page.asarray().reshape(pixels.shape), frame.pixels)
            assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        tags = opened.pages[0].tags
        assert tags[COPYRIGHT].value == "Somebody, and others"
        assert tags[EXIF].value["ExposureTime"] == 0.25
        assert tags[GPS].value["GPSLatitude"] == (52, 1, 30, 1, 3, 2)
        numbers = [tag.code for tag in tags]
        assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_jpeg_xl_with_exif_is_read_by_others(dtype: type, lossless: bool) -> None:
    pixels, how = pixels_of(dtype), Encoding(lossless=lossless)
    bare = encode(Image(pixels), ImageFormat.JXL, how, EVERYTHING).data
    data = encode(Image(pixels, exif=block()), ImageFormat.JXL, how, EVERYTHING).data
    assert block().removeprefix(b"Exif\0\0") in data
    shown, expected = map(imagecodecs.jpegxl_decode, (data, bare))
    assert np.array_equal(shown, expected)


@pytest.mark.parametrize("fits", [True, False])
def test_a_packed_exif_block_is_read_up_to_what_one_may_be(fits: bool) -> None:
    pixels = pixels_of(np.uint8)
    data = bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, usecontainer=True))
    said = bytes(4) + block().removeprefix(b"Exif\0\0") + (b"" if fits else bytes(2**24))
    body = b"brobExif" + bytes(imagecodecs.brotli_encode(said))
    image = decode_image(data + (4 + len(body)).to_bytes(4) + body)
    assert np.array_equal(image.pixels, pixels)
    if fits:
        assert told(image.exif) == told(block())
    assert [str(loss) for loss in image.lost] == ([] if fits else ["metadata (EXIF)"])


def test_what_else_a_jpeg_xl_says_is_told() -> None:
    data = bytes(imagecodecs.jpegxl_encode(pixels_of(np.uint8), usecontainer=True))
    for kind in (b"xml ", b"jumb", b"jhgm"):
        data += b"\0\0\0\x0c" + kind + b"abcd"
    assert [str(loss) for loss in decode_image(data).lost] == [
        "metadata (XMP)",
        "metadata (JUMBF)",
        "gain-map (of high dynamic range)",
    ]


def test_exif_of_a_jpeg_comes_back_from_its_jpeg_xl() -> None:
    buffer = BytesIO()
    pil.fromarray(pixels_of(np.uint8)).save(buffer, "JPEG", exif=block(), xmp=b"<x:xmpmeta/>")
    image = decode_image(bytes(imagecodecs.jpegxl_encode_jpeg(buffer.getvalue())))
    assert told(image.exif) == told(block())
    assert [str(loss) for loss in image.lost] == ["metadata (XMP)"]


@pytest.mark.parametrize("icc", [None, PROFILE], ids=["plain", "icc"])
@pytest.mark.parametrize("exif", [None, block()], ids=["bare", "exif"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_deep_avif_says_what_pillow_reads(channels: int, exif, icc) -> None:
    pixels = (pixels_of(np.uint16, channels) >> 4) * np.uint16(16)
    grey = channels < 3
    icc = GREY_PROFILE if icc and grey else icc
    image = Image(pixels, "icc" if icc else "grey" if grey else "srgb", exif=exif, icc_profile=icc)
    made = encode(image, ImageFormat.AVIF, Encoding(lossless=True), EVERYTHING)
    bare = encode(Image.from_array(pixels), ImageFormat.AVIF, Encoding(lossless=True), EVERYTHING)
    assert made.lost == bare.lost
    assert np.array_equal(imagecodecs.avif_decode(made.data), imagecodecs.avif_decode(bare.data))
    with pil.open(BytesIO(made.data)) as opened, pil.open(BytesIO(bare.data)) as plain:
        assert opened.info.get("icc_profile") == icc
        assert np.array_equal(np.asarray(opened), np.asarray(plain))
        assert told(opened.info.get("exif")) == told(exif)
    back = decode_image(made.data)
    assert (back.icc_profile, told(back.exif)) == (icc, told(exif))
    again = encode(back, ImageFormat.AVIF, Encoding(lossless=True), EVERYTHING)
    assert again.lost == ()


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_exif_block_behind_the_pixels_of_a_png_is_read(dtype, channels, orientation) -> None:
    pixels = pixels_of(dtype, channels)
    exif = pil.Exif()
    exif.load(block())
    exif[0x0112] = orientation
    chunk = chunk_of(exif.tobytes())
    data = encode(Image.from_array(pixels), ImageFormat.PNG, Encoding(), Policy()).data
    image = decode_image(data[:-12] + chunk + data[-12:])
    assert told(image.exif) == told(exif.tobytes())
    assert np.array_equal(image.pixels, pixels if orientation == 1 else np.rot90(pixels, -1))
    made = encode(image, ImageFormat.PNG, Encoding(), EVERYTHING)
    assert told(decode_image(made.data).exif) == told(block())


def test_an_exif_block_behind_the_frames_of_a_png_is_read() -> None:
    first, second = pil.fromarray(pixels_of(np.uint8)), pil.fromarray(255 - pixels_of(np.uint8))
    buffer = BytesIO()
    first.save(buffer, "PNG", save_all=True, append_images=[second], duration=50)
    chunk, data = chunk_of(block()), buffer.getvalue()
    image = decode_image(data[:-12] + chunk + data[-12:])
    assert len(image.frames) == 2
    assert told(image.exif) == told(block())


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "JXL"])
def test_exif_that_all_goes_along_is_no_loss(name: str) -> None:
    image = Image(pixels_of(np.uint8), exif=block())
    first = encode(image, ImageFormat[name], Encoding(), EVERYTHING)
    second = encode(decode_image(first.data), ImageFormat.PNG, Encoding(), EVERYTHING)
    assert told(decode_image(second.data).exif) == told(block())
    assert first.lost == second.lost == ()


def test_what_a_tiff_of_floats_says_beside_is_told() -> None:
    pixels = pixels_of(np.float32)
    buffer = BytesIO()
    xmp, photoshop = (700, 1, 4, b"<x/>", True), (34377, 7, 4, b"8BIM", True)
    tifffile.imwrite(buffer, pixels, photometric="rgb", metadata=None, extratags=[xmp, photoshop])
    image = decode_image(buffer.getvalue())
    assert np.array_equal(image.pixels, pixels)
    assert [str(loss) for loss in image.lost] == ["metadata (XMP)", "metadata (IPTC)"]
