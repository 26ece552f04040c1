"""What makes pictures brighter on some screens: told where it is lost, and never half carried."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import Image, ImageFormat, PipelineConfig, decode_image, encode_image, run_pipeline
from imgpipe.codecs.base import Encoding
from imgpipe.codecs.boxes import has_gain_map
from imgpipe.codecs.markers import without_metadata
from imgpipe.policy import Policy
from imgpipe.steps.encode import encode
from PIL import Image as pil

imagecodecs = pytest.importorskip("imagecodecs")

LOST = "gain-map (of high dynamic range)"
SECRET = b"at home"


def by_libultrahdr() -> bytes:
    """An Ultra HDR JPEG as ISO 21496-1 has it."""
    y, x = np.mgrid[:64, :96]
    light = [np.sin(x / 17 + c) * np.cos(y / 23) * 2 + 2 for c in range(3)]
    return bytes(imagecodecs.ultrahdr_encode(np.dstack([*light, 1 + 0 * x]).astype(np.float16)))


def by_xmp(smooth, **options) -> bytes:
    """One as Android had it first: XMP names the gain map, a JPEG behind the picture with EXIF."""
    xmp, exif = b'<x:xmpmeta><a hdrgm:Version="1.0"/></x:xmpmeta>', pil.Exif()
    exif[0x010E] = SECRET.decode()
    first, second = BytesIO(), BytesIO()
    pil.fromarray(smooth(96, 64)).save(first, "JPEG", xmp=xmp, **options)
    pil.fromarray(smooth(24, 16)[..., 0]).save(second, "JPEG", exif=exif)
    return first.getvalue() + second.getvalue()


def run(data: bytes, folder: Path, **settings) -> list:
    (folder / "in").mkdir()
    (folder / "in" / "x.jpg").write_bytes(data)
    return run_pipeline(PipelineConfig(folder / "in", folder / "out", **settings)).failed


@pytest.mark.parametrize("progressive", [False, True])
def test_a_gain_map_is_told_as_lost_where_a_jpeg_is_drawn_anew(progressive, smooth) -> None:
    for data in (by_libultrahdr(), by_xmp(smooth, progressive=progressive)):
        for format in (ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.AVIF):
            made = encode(decode_image(data), format, Encoding(), Policy())
            assert LOST in map(str, made.lost)
            assert SECRET not in made.data
            assert LOST not in map(str, decode_image(made.data).lost)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_xl_of_a_jpeg_has_no_gain_map_and_says_so(progressive, smooth, tmp_path) -> None:
    for number, data in enumerate((by_libultrahdr(), by_xmp(smooth, progressive=progressive))):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = {"format": ImageFormat.JXL, "lossless_jpeg": True, "keep": "icc"}
        ((_, why),) = run(data, folder, forbid_loss={"gain-map"}, **settings)
        assert f"got a loss of {LOST}" in why
        (folder / "in" / "x.jpg").rename(folder / "y.jpg")
        (folder / "in").rmdir()
        assert not run(data, folder, **settings)
        made = (folder / "out" / "x.jxl").read_bytes()
        back = bytes(imagecodecs.jpegxl_decode_jpeg(made))
        assert back.count(b"\xff\xd8\xff") == 1
        assert back.endswith(b"\xff\xd9")
        assert SECRET not in back
        with pil.open(BytesIO(data)) as first, pil.open(BytesIO(back)) as second:
            assert np.array_equal(np.asarray(first), np.asarray(second))


def test_a_file_that_is_kept_keeps_its_gain_map(tmp_path: Path) -> None:
    data = by_libultrahdr()
    assert not run(data, tmp_path, if_larger="keep", quality=100, keep="icc", subsampling="4:4:4")
    assert (tmp_path / "out" / "x.jpg").read_bytes() == data


@pytest.mark.parametrize("progressive", [False, True])
def test_nothing_that_a_jpeg_says_is_left_in_it_or_behind_it(progressive: bool) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (90, 130, 3), np.uint8)
    buffer = BytesIO()
    pil.fromarray(noise).save(buffer, "JPEG", progressive=progressive, restart_marker_rows=1)
    bare = buffer.getvalue()
    comment = b"\xff\xfe\0\x09" + SECRET
    scans = [at for at in range(len(bare)) if bare[at : at + 2] == b"\xff\xda"]
    told = bare
    for at in reversed(scans):
        told = told[:at] + comment + told[at:]
    assert without_metadata(told + bare + SECRET) == without_metadata(bare)
    with pil.open(BytesIO(without_metadata(told))) as opened, pil.open(BytesIO(bare)) as first:
        assert np.array_equal(np.asarray(opened), np.asarray(first))


def test_a_jpeg_that_pillow_reads_tells_of_its_gain_map_too(smooth) -> None:
    iso = b"urn:iso:std:iso:ts:21496:-1\0"
    buffer = BytesIO()
    pil.fromarray(smooth(40, 30)).convert("CMYK").save(buffer, "JPEG")
    data = buffer.getvalue()
    data = data[:2] + b"\xff\xe2" + (2 + len(iso)).to_bytes(2) + iso + data[2:]
    assert LOST in map(str, decode_image(data).lost)


def test_a_brand_tells_of_a_gain_map() -> None:
    for brands, named in ((b"mif1miaftmap", True), (b"mif1miafMA1A", False)):
        first = (16 + len(brands)).to_bytes(4) + b"ftypavif\0\0\0\0" + brands
        assert has_gain_map(first + b"\0\0\0\x0cmetatmap") is named
    assert not has_gain_map(b"")


def test_a_heic_tells_of_its_gain_map_by_its_brand(smooth) -> None:
    pytest.importorskip("pillow_heif")
    data = encode_image(Image.from_array(smooth(40, 30)), ImageFormat.HEIC)
    assert decode_image(data).lost == ()
    named = data.replace(b"miaf", b"tmap", 1)
    assert [str(loss) for loss in decode_image(named).lost] == [LOST]
