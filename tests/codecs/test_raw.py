"""Camera RAW, against LibRaw's own output for negatives made here."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    ConfigError,
    DecodeError,
    ImageFormat,
    PipelineConfig,
    Thumbnail,
    decode_image,
    encode_image,
    open_image,
    run_pipeline,
    sniff_format,
)
from imgpipe.codecs.base import Wish
from imgpipe.policy import Reading
from imgpipe.steps.decode import read_head
from PIL import Image as pil

from .negatives import negative

rawpy = pytest.importorskip("rawpy")
raw = pytest.importorskip("imgpipe.codecs.raw")

DNG = negative(400, 300)


def developed(data: bytes, **options) -> np.ndarray:
    with rawpy.imread(BytesIO(data)) as opened:
        return opened.postprocess(use_camera_wb=True, **options)


@pytest.mark.parametrize("bits", [8, 16])
def test_pictures_are_those_that_libraw_makes(bits: int) -> None:
    image = raw.decode(DNG, read_head(DNG), wish=Wish(deep=bits == 16))
    expected = developed(DNG, output_bps=bits)
    assert image.pixels.dtype == expected.dtype
    assert np.array_equal(image.pixels, expected)
    assert image.lost == ()


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_half_the_size_is_made_where_that_is_enough(scale: int) -> None:
    image = raw.decode(DNG, read_head(DNG), scale)
    assert np.array_equal(image.pixels, developed(DNG, half_size=True))


@pytest.mark.parametrize("stops", [-1.0, 0.0, 2])
def test_exposure_is_in_stops(stops: float) -> None:
    image = raw.decode(DNG, read_head(DNG), wish=Wish(reading=Reading(raw_exposure=stops)))
    expected = developed(DNG, no_auto_bright=True, exp_shift=2.0**stops)
    assert np.array_equal(image.pixels, expected)


@pytest.mark.parametrize(("rule", "mode"), [("clip", 0), ("keep", 1), ("blend", 2), ("rebuild", 5)])
def test_highlights_go_by_the_rule(rule: str, mode: int) -> None:
    image = raw.decode(DNG, read_head(DNG), wish=Wish(reading=Reading(raw_highlights=rule)))
    expected = developed(DNG, highlight_mode=rawpy.HighlightMode(mode))
    assert np.array_equal(image.pixels, expected)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("how", ["develop", "preview"])
def test_pictures_come_upright(orientation: int, how: str) -> None:
    data = negative(400, 300, orientation, preview="bitmap")
    head = read_head(data)
    sides = (400, 300) if orientation in (1, 3) else (300, 400)
    assert head.upright_size == sides
    image = raw.decode(data, head, wish=Wish(reading=Reading(raw=how)))
    share = 4 if how == "preview" else 1
    assert (image.width, image.height) == (sides[0] // share, sides[1] // share)


@pytest.mark.parametrize("kind", ["bitmap", "jpeg"])
def test_the_preview_is_the_cameras(kind: str) -> None:
    data = negative(400, 300, preview=kind)
    image = raw.decode(data, read_head(data), wish=Wish(reading=Reading(raw="preview")))
    assert np.abs(image.pixels.astype(int) - (20, 40, 200)).max() <= 4
    assert [str(loss) for loss in image.lost] == ["preview (100x75 pixels in place of the picture)"]


def run(folder: Path, data: bytes, name: str = "x.dng", **settings):
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_bytes(data)
    return run_pipeline(PipelineConfig(folder / "in", folder / "out", **settings))


def test_runs_export_to_several_formats(tmp_path: Path) -> None:
    assert not run(tmp_path, DNG).failed
    assert np.asarray(pil.open(tmp_path / "out" / "x.jpg")).shape == (300, 400, 3)
    assert not run(tmp_path, DNG, format=ImageFormat.TIFF).failed
    pytest.importorskip("imagecodecs")
    deep = open_image(tmp_path / "out" / "x.tif")
    assert np.array_equal(deep.pixels, developed(DNG, output_bps=16))


def test_a_small_output_comes_of_half_the_size(tmp_path: Path) -> None:
    assert not run(tmp_path, DNG, transforms=[Thumbnail(64)], format=ImageFormat.PNG).failed
    small = open_image(tmp_path / "out" / "x.png").pixels
    assert small.shape[:2] == (48, 64)
    whole = developed(DNG).reshape(-1, 3).mean(axis=0)
    white = np.iinfo(small.dtype).max
    assert np.abs(small.reshape(-1, 3).mean(axis=0) / white - whole / 255).max() < 0.03


def test_a_preview_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    ((_, why),) = run(tmp_path, DNG, raw="preview").failed
    assert why.startswith("Expected a whole RAW picture, got: no preview in it; raw develop makes")


def test_exif_comes_along_as_policy_says() -> None:
    image = decode_image(DNG)
    with pil.open(BytesIO(encode_image(image, ImageFormat.JPEG))) as opened:
        assert dict(opened.getexif()) == {0x8298: "Somebody"}
    with pil.open(BytesIO(encode_image(image, ImageFormat.JPEG, keep="exif"))) as opened:
        assert opened.getexif()[0x010F] == "Maker"


@pytest.mark.parametrize("fraction", [0.001, 0.3, 0.9])
def test_a_file_cut_short_is_an_error_in_one_sentence(fraction: float, capfd) -> None:
    with pytest.raises(DecodeError, match="^Expected a [^\n]+$"):
        decode_image(DNG[: int(len(DNG) * fraction)], Path("x.dng"))
    capfd.readouterr()  # LibRaw says so too


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (DNG, ImageFormat.RAW),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(200), ImageFormat.RAW),
        (b"FUJIFILMCCD-RAW 0201" + bytes(200), ImageFormat.RAW),
        (b"\0\0\0\x18ftypcrx " + bytes(200), ImageFormat.RAW),
        (b"IIRO\x08\0\0\0" + bytes(200), ImageFormat.RAW),
        (b"II*\0\x08\0\0\0" + bytes(200), ImageFormat.TIFF),
        (b"MM\0*\xff\xff\xff\xff" + bytes(200), ImageFormat.TIFF),
    ],
)
def test_content_tells_raw_from_tiff(data: bytes, format: ImageFormat) -> None:
    assert sniff_format(data) is format


def test_a_tiff_with_a_cameras_extension_is_taken_for_raw(tmp_path: Path) -> None:
    buffer = BytesIO()
    pil.new("RGB", (20, 20)).save(buffer, "TIFF")
    ((_, why),) = run(tmp_path, buffer.getvalue(), "x.nef").failed
    assert why.startswith("Expected a whole RAW picture, got: ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("raw", "thumb"), ("raw_highlights", "x"), ("raw_exposure", 4), ("raw_exposure", True)],
)
def test_settings_are_checked(setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^Expected {setting} "):
        PipelineConfig("in", "out", **{setting: value})
