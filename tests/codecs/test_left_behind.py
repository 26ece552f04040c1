"""What JPEGs say beside their picture, in every way there is, never goes along unseen."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import ImageFormat, PipelineConfig, decode_image, run_pipeline
from imgpipe.codecs.markers import walk, without_metadata
from PIL import Image as pil

imagecodecs = pytest.importorskip("imagecodecs")

SECRET = b"at home"
NOISE = np.random.default_rng(2).integers(0, 256, (64, 80, 3), np.uint8)
SAID = {
    "APP1": (0xE1, b"another"),
    "APP2": (0xE2, b"FPXR\0"),
    "APP3": (0xE3, b"Meta\0\0"),
    "APP12": (0xEC, b"Ducky"),
    "APP14": (0xEE, b"Other"),
    "APP15": (0xEF, b""),
    "EXIF": (0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),  # of two the second
    "IPTC": (0xED, b"Photoshop 3.0\0"),
    "JFXX": (0xE0, b"JFXX\0\x13\1\1"),
    "JUMBF": (0xEB, b"JP\0\1"),
    "MPF": (0xE2, b"MPF\0MM\0*"),
    "XMP": (0xE1, b"http://ns.adobe.com/xmp/extension/\0"),
    "a comment": (0xFE, b""),
}


def jpeg(**options) -> bytes:
    buffer = BytesIO()
    pil.fromarray(NOISE).save(buffer, "JPEG", quality=20, **options)
    return buffer.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (2 + len(body)).to_bytes(2) + body


def saying(data: bytes, kind: str) -> bytes:
    """A JPEG that says something, behind what stands first."""
    marker, body = SAID[kind]
    at = 4 + int.from_bytes(data[4:6])
    said = segment(marker, body + SECRET)
    return data[:at] + (segment(0xE1, body) if kind == "EXIF" else b"") + said + data[at:]


def run(folder: Path, data: bytes, **settings) -> bytes:
    (folder / "in").mkdir()
    (folder / "in" / "x.jpg").write_bytes(data)
    assert not run_pipeline(PipelineConfig(folder / "in", folder / "out", **settings)).failed
    (made,) = (folder / "out").glob("x.*")
    return made.read_bytes()


@pytest.mark.parametrize("kind", SAID)
def test_what_is_not_read_is_told_and_stays_behind(kind: str, tmp_path: Path) -> None:
    data = saying(jpeg(), kind)
    assert walk(data).others == (kind,)
    assert [str(loss) for loss in decode_image(data).lost] == [f"metadata ({kind})"]
    assert without_metadata(data) == jpeg()
    made = run(tmp_path, data, format=ImageFormat.JXL, lossless_jpeg=True, keep="none")
    assert bytes(imagecodecs.jpegxl_decode_jpeg(made)) == jpeg()


@pytest.mark.parametrize("kind", SAID)
def test_a_file_that_says_something_is_not_kept(kind: str, tmp_path: Path) -> None:
    assert SECRET not in run(tmp_path, saying(jpeg(), kind), quality=95, if_larger="keep")


def test_what_says_how_colours_are_meant_stays() -> None:
    buffer = BytesIO()
    pil.fromarray(NOISE).convert("CMYK").save(buffer, "JPEG")  # with an APP14 by libjpeg
    assert without_metadata(buffer.getvalue()) == buffer.getvalue()


def second() -> bytes:
    exif = pil.Exif()
    exif.get_ifd(0x8825)[1] = SECRET.decode()
    return jpeg(exif=exif)


@pytest.mark.parametrize("behind", [second(), SECRET, bytes(64)], ids=["jpeg", "text", "zeros"])
def test_a_file_is_kept_without_what_follows_its_picture(behind: bytes, tmp_path: Path) -> None:
    made = run(tmp_path, jpeg() + behind, quality=95, if_larger="keep", keep="none")
    assert made == jpeg()


def test_a_file_is_kept_without_what_is_said_between_its_scans(tmp_path: Path) -> None:
    bare = jpeg(progressive=True)
    at = bare.rindex(b"\xff\xda")
    told = bare[:at] + segment(0xFE, SECRET) + bare[at:]
    assert run(tmp_path, told, quality=95, if_larger="keep") == bare


@pytest.mark.parametrize("last", [False, True])
def test_a_gain_map_that_says_more_is_left_behind(last: bool, tmp_path: Path) -> None:
    iso = segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0")
    first = jpeg()
    scan = first.index(b"\xff\xda")
    behind = first[:scan] + segment(0xFE, SECRET) + first[scan:] if last else second()
    data = first[:20] + iso + first[20:] + behind
    settings = {"quality": 95, "if_larger": "keep", "keep": "none"}
    made = run(tmp_path, data, **settings)
    assert SECRET not in made
    assert decode_image(made).lost == ()


@pytest.mark.parametrize("format", [ImageFormat.JXL, ImageFormat.JPEG])
@pytest.mark.parametrize(("keep", "lost"), [("none", "EXIF"), ("exif", "parts of EXIF")])
def test_all_of_exif_that_is_lost_is_told_as_all(keep: str, lost: str, format, tmp_path) -> None:
    exif = pil.Exif()
    exif[0x8298], exif.get_ifd(0x8825)[1] = "Somebody", "N"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jpg").write_bytes(jpeg(exif=exif))
    settings = {"format": format, "lossless_jpeg": True, "keep": keep, "forbid_loss": {"metadata"}}
    ((_, why),) = run_pipeline(PipelineConfig(tmp_path / "in", tmp_path / "out", **settings)).failed
    assert f"metadata ({lost})" in why
