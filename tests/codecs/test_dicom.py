"""DICOM, on pydicom's own sample files and against its own way to pixels."""

import json
import subprocess
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    AutoContrast,
    Clahe,
    ConfigError,
    DecodeError,
    Equalize,
    ImageFormat,
    OutputVariant,
    PipelineConfig,
    Thumbnail,
    Window,
    apply_transforms,
    decode_image,
    open_image,
    sniff_format,
)
from imgpipe.codecs.base import Wish
from imgpipe.policy import Reading
from imgpipe.steps.decode import read_head

from .dicoms import SECRETS, groups, made, ramp, run, voi, whiteness

pydicom = pytest.importorskip("pydicom")
dicom = pytest.importorskip("imgpipe.codecs.dicom")
processing = pytest.importorskip("pydicom.pixels.processing")

FILES = Path(pydicom.__file__).parent / "data" / "test_files"


def samples() -> list[Path]:
    """All of pydicom's own files that have pixels."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted(path for path in FILES.rglob("*") if path.is_file()):
            with suppress(Exception):  # those that are no DICOM, or are broken on purpose
                dataset = pydicom.dcmread(path, force=True)
                if dataset.keys() & {0x7FE00008, 0x7FE00009, 0x7FE00010}:
                    found.append(path)
    return found


SAMPLES = samples()
# Broken on purpose, without a picture, or in a syntax that Pillow does not decode.
REFUSED = {
    *("GDCMJ2K_TextGBR", "JPEG2000-embedded-sequence-delimiter", "MR_truncated", "badVR"),
    *("meta_missing_tsyntax", "nested_priv_SQ", "JPEG-lossy", "JPGExtended", "SC_rgb_jpeg_gdcm"),
    *("JPEGLSNearLossless_08", "JPEGLSNearLossless_16", "MR_small_jpeg_ls_lossless"),
    *("SC_rgb_jls_lossy_line", "SC_rgb_jls_lossy_sample"),
}

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of pydicom about its samples


def reference(path: Path) -> np.ndarray:
    """What pydicom shows of a file's frames, from 0 to 1. Raises where it cannot decode it."""
    dataset = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        little = dataset.original_encoding[1]
        names = pydicom.uid
        dataset.file_meta.TransferSyntaxUID = (
            names.ExplicitVRLittleEndian if little else names.ExplicitVRBigEndian
        )
    several = dataset.get("NumberOfFrames", 1) > 1
    stored = dataset.pixel_array if several else dataset.pixel_array[np.newaxis]
    if dataset.SamplesPerPixel == 3:
        return stored / (2**dataset.BitsStored - 1)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return processing.apply_color_lut(stored, dataset) / 65535
    return grey_reference(stored, dataset)


def grey_reference(stored: np.ndarray, dataset: "pydicom.Dataset") -> np.ndarray:
    """Modality, window, inversion."""
    values = processing.apply_modality_lut(stored, dataset)
    low, high = values.min(), values.max()
    if "WindowWidth" in dataset:
        values = processing.apply_voi_lut(values, dataset)
        signed, bits = dataset.PixelRepresentation, dataset.BitsStored
        ends = np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1])
        low, high = ends * float(dataset.get("RescaleSlope", 1)) + float(
            dataset.get("RescaleIntercept", 0)
        )
    elif "PixelPaddingValue" in dataset:
        meant = processing.apply_modality_lut(stored[stored != dataset.PixelPaddingValue], dataset)
        low, high = meant.min(), meant.max()
    shown = np.clip((values.astype(float) - low) / (high - low), 0, 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_pictures_are_those_of_pydicom(path: Path) -> None:
    """Or neither library has any, and ours says why in one sentence."""
    try:
        expected = reference(path)
    except Exception:
        assert path.stem in REFUSED  # all others are read by both
        with pytest.raises(DecodeError, match="^Expected a whole DICOM picture, got: [^\n]+$"):
            open_image(path)
        return
    image = open_image(path)
    for still, frame in zip(image.stills(), expected, strict=True):
        shown = still.pixels / np.iinfo(still.pixels.dtype).max
        assert np.abs(shown.reshape(frame.shape) - frame).max() < 1e-5
    head = read_head(path.read_bytes(), path)
    deep = head.depth > 8 or "palette" in path.stem
    assert image.pixels.dtype == (np.uint16 if deep else np.uint8)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_rescale_comes_first_then_the_window_then_inversion(dtype, photometric) -> None:
    elements = {"RescaleSlope": 2, "RescaleIntercept": -500}
    elements |= {"WindowCenter": 700, "WindowWidth": 401}
    image = decode_image(made(ramp(dtype), photometric, 16, **elements))
    expected = np.clip((ramp(dtype) * 2.0 - 500 - 699.5) / 400 + 0.5, 0, 1)
    if photometric == "MONOCHROME1":
        expected = 1 - expected
    assert np.abs(whiteness(image) - expected).max() < 1e-5


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_windows_have_three_functions(function: str) -> None:
    elements = {"WindowCenter": 2000, "WindowWidth": 1000, "VOILUTFunction": function}
    image = decode_image(made(ramp(), **elements))
    away = (ramp() - 2000.0) / 1000
    exact = np.clip(away + 0.5, 0, 1)
    expected = exact if function == "LINEAR_EXACT" else 1 / (1 + np.exp(-4 * away))
    assert np.abs(whiteness(image) - expected).max() < 1e-5


def test_a_file_without_a_window_is_shown_in_full_and_padding_does_not_count() -> None:
    stored = ramp() // 4 + 1000
    assert np.ptp(whiteness(decode_image(made(stored)))) == 1
    stored[0, 0] = 0
    image = decode_image(made(stored, PixelPaddingValue=0))
    assert whiteness(image)[0, 1] == 0
    assert whiteness(image)[-1, -1] == 1


def test_a_percentile_leaves_out_what_is_rare() -> None:
    stored = ramp() // 8 + 1000
    stored[0, :2] = 0, 4095
    data = made(stored, WindowCenter=5, WindowWidth=2)
    head = read_head(data)
    image = dicom.decode(data, head, wish=Wish(reading=Reading(dicom_window="percentile")))
    low, high = np.percentile(stored, [1, 99])
    expected = np.clip((stored - low) / (high - low), 0, 1)
    assert np.abs(whiteness(image) - expected).max() < 0.01
    full = dicom.decode(data, head, wish=Wish(reading=Reading(dicom_window="full")))
    assert np.abs(whiteness(full) - stored / 4095).max() < 1e-4


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_a_window_in_a_run_is_in_what_the_file_measures(photometric, tmp_path: Path) -> None:
    variants = [
        OutputVariant("bone", [Window(400, 1800)], ImageFormat.PNG),
        OutputVariant("lung", [Window(-600, 1500)], ImageFormat.PNG),
        OutputVariant("own", [], ImageFormat.PNG),
    ]
    elements = {"RescaleSlope": 1, "RescaleIntercept": -1000}
    elements |= {"WindowCenter": 100, "WindowWidth": 201}
    data = made(ramp(), photometric, **elements)
    assert not run(tmp_path, data, variants=variants).failed
    values = ramp() - 1000.0
    linear = {"bone": (values - 400) / 1800, "lung": (values + 600) / 1500}
    for name, away in (linear | {"own": (values - 99.5) / 200}).items():
        expected = np.clip(away + 0.5, 0, 1)
        expected = 1 - expected if photometric == "MONOCHROME1" else expected
        image = open_image(tmp_path / "out" / f"scan_{name}.png")
        assert image.pixels.dtype == np.uint16
        assert np.abs(whiteness(image) - expected).max() < 2e-5


def test_depth_goes_to_png_and_tiff_through_what_enhances_it(tmp_path: Path) -> None:
    chain = [Clahe(2, (2, 2)), Equalize(), AutoContrast(1), Thumbnail(32)]
    data = made(ramp() // 3)
    expected = apply_transforms(decode_image(data), chain[:3])
    for format in (ImageFormat.PNG, ImageFormat.TIFF):
        settings = {"transforms": chain[:3], "format": format, "forbid_loss": {"depth"}}
        assert not run(tmp_path, data, **settings).failed
        made_of_it = open_image(tmp_path / "out" / f"scan{format.extension}")
        assert np.array_equal(made_of_it.pixels, expected.pixels)
    (tmp_path / "small").mkdir()
    assert not run(tmp_path / "small", data, transforms=chain).failed
    assert open_image(tmp_path / "small" / "out" / "scan.png").width == 32


def test_frames_in_time_are_frames_and_others_are_pages() -> None:
    stored = np.stack([ramp() // 2, ramp(), ramp() // 3])
    film = decode_image(made(stored, FrameTime=40))
    assert [frame.duration for frame in film.frames] == [40] * 3
    assert not film.is_paged
    slices = decode_image(made(stored))
    assert slices.is_paged
    assert np.abs(slices.frames[2].pixels[..., 0] / 65535 - stored[2] / 4095).max() < 1e-5
    first = dicom.decode(made(stored), read_head(made(stored)))
    assert [loss.kind for loss in first.lost] == ["pages"]


def bare(path: Path, tmp_path: Path) -> Path:
    """A sample without its preamble and its header, under a name of its own."""
    data = path.read_bytes()
    group = b"\0\x08" if "bigendian" in path.stem else b"\x08\0"
    at = data.index(group, 132 + 12 + int.from_bytes(data[140:144], "little"))
    (tmp_path / "bare.dcm").write_bytes(data[at:])
    return tmp_path / "bare.dcm"


@pytest.mark.parametrize("name", ["CT_small", "MR_small_implicit", "MR_small_bigendian", "rtdose"])
def test_a_file_may_lack_its_header(name: str, tmp_path: Path) -> None:
    path = bare(FILES / f"{name}.dcm", tmp_path)
    whole = open_image(FILES / f"{name}.dcm")
    for still, same in zip(open_image(path).stills(), whole.stills(), strict=True):
        assert np.array_equal(still.pixels, same.pixels)
    assert sniff_format(path.read_bytes()) is ImageFormat.UNKNOWN
    other = path.rename(tmp_path / "bare.jpg")
    with pytest.raises(DecodeError, match="content that is no picture"):
        open_image(other)


def test_a_file_without_header_and_with_packed_pixels_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="no transfer syntax"):
        open_image(bare(FILES / "JPEG2000.dcm", tmp_path))


@pytest.mark.parametrize("name", ["rtstruct", "rtplan", "rtplan_truncated", "no_meta_group_length"])
def test_a_file_without_header_or_picture_says_so(name: str) -> None:
    with pytest.raises(DecodeError, match="^Expected a whole DICOM picture, got: no Rows"):
        open_image(FILES / f"{name}.dcm")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_no_other_format_is_taken_for_dicom(format: str, tmp_path: Path, encoded, smooth) -> None:
    path = tmp_path / "liar.dcm"
    path.write_bytes(encoded(smooth(60, 40), format))
    assert open_image(path).format is ImageFormat[format]


@pytest.mark.parametrize(
    "data",
    [
        b"\x08\0",
        b"\x08\0" * 50,
        b"\2\0\0\0\xff\xff\xff\xff" * 9,
        b"\0\x08text is none",
        b"\x08\0\5\0",
    ],
)
def test_what_only_begins_like_dicom_is_refused_in_one_sentence(
    data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "noise.dcm"
    path.write_bytes(data)
    long = len(data) > 8
    told = "got content that is no picture" if long else "no Rows, so that there is no picture"
    with pytest.raises(DecodeError, match=f"^Expected [^\n]+{told}[^\n]*$"):
        open_image(path)


def with_overlay(embedded: bool = False) -> bytes:
    stored, elements = ramp() >> 1, {}
    if embedded:  # in a bit that no sample uses, as it was done of old
        stored = stored | np.uint16(1 << 15)
    dataset = pydicom.dcmread(BytesIO(made(stored, **elements)))
    dataset.add_new(0x60020010, "US", 64)
    dataset.add_new(0x60020011, "US", 64)
    dataset.add_new(0x60020040, "CS", "G")
    dataset.add_new(0x60020050, "SS", [1, 1])
    dataset.add_new(0x60020100, "US", 16 if embedded else 1)
    dataset.add_new(0x60020102, "US", 15 if embedded else 0)
    if not embedded:
        dataset.add_new(0x60023000, "OW", b"\xff" * 512)
    buffer = BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("embedded", [False, True])
def test_an_overlay_is_lost_and_not_burnt_in(embedded: bool, tmp_path: Path) -> None:
    image = decode_image(with_overlay(embedded))
    assert np.array_equal(image.pixels, decode_image(made(ramp() >> 1)).pixels)
    assert [loss.kind for loss in image.lost] == ["overlay"]
    assert [loss.kind for loss in open_image(FILES / "examples_overlay.dcm").lost] == ["overlay"]
    assert not run(tmp_path, with_overlay(embedded)).failed
    ((_, reason),) = run(
        tmp_path, with_overlay(embedded), forbid_loss={"overlay"}, overwrite="all"
    ).failed
    assert "got a loss of overlay" in reason


def test_nothing_about_the_patient_leaves_the_file(tmp_path: Path, capfd) -> None:
    good, bad = made(ramp()), made(ramp(), WindowCenter=1, WindowWidth=0)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.dcm").write_bytes(bad)
    (tmp_path / "in" / "cut.dcm").write_bytes(good[:5000])
    log = run(tmp_path, good, keep="all")
    assert len(log.failed) == 2
    told = log.to_json() + json.dumps(capfd.readouterr())
    written = b"".join(path.read_bytes() for path in tmp_path.glob("out/**/*") if path.is_file())
    for secret in SECRETS:
        assert secret not in told
        assert secret.encode() not in written


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (made(ramp(), WindowCenter=1, WindowWidth=0), "a window 0 wide"),
        (made(ramp())[:-100], "less than expected"),
        (made(ramp())[:300], "no Rows"),
        (made(ramp(), Rows=0), "0 pixels"),
        (made(ramp(), NumberOfFrames=7), "less than expected"),
        (made(ramp(), NumberOfFrames=-1), "'-1' is invalid"),
        (made(ramp(), WindowCenter=1, WindowWidth=-5), "a window -5 wide"),
        (made(ramp(), PerFrameFunctionalGroupsSequence=groups([voi(5, 0)])), "a window 0 wide"),
        (made(ramp(), SharedFunctionalGroupsSequence=groups([voi(5, 0)])), "a window 0 wide"),
        (
            made(np.stack([ramp()] * 3), PerFrameFunctionalGroupsSequence=groups([{}] * 2)),
            "functional groups of 2 frames",
        ),
        (made(ramp(), Rows=65535, Columns=4000), "less than expected"),
        (made(ramp(), BitsStored=17), "17"),
        (made(ramp(), BitsAllocated=12), "12"),
        (made(ramp(), SamplesPerPixel=3), "3 samples a pixel for MONOCHROME2"),
        (made(ramp(), "HSV"), "1 samples a pixel for HSV"),
        (made(ramp())[:-8192], "less than expected"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=f"^Expected a whole DICOM picture, got: .*{reason}"):
        decode_image(data)


@pytest.mark.parametrize("path", sorted(FILES.glob("*.dcm")), ids=lambda path: path.stem)
def test_every_sample_is_a_picture_or_says_why_not(path: Path) -> None:
    try:
        image = open_image(path)
    except DecodeError as error:
        assert str(error).startswith("Expected")  # noqa: PT017  # some are none
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert image.pixels.size


def test_a_syntax_without_a_decoder_is_named() -> None:
    pytest.importorskip("pydicom")
    if pydicom.pixels.get_decoder(pydicom.uid.JPEGLSLossless).is_available:
        pytest.skip("there is a decoder")
    with pytest.raises(DecodeError, match="JPEG-LS Lossless.* no decoder .*: .*jpegls"):
        open_image(FILES / "MR_small_jpeg_ls_lossless.dcm")


def test_a_preamble_that_looks_like_tiff_is_none() -> None:
    data = (FILES / "CT_small.dcm").read_bytes()
    assert data.startswith(b"II*\0")
    assert sniff_format(data) is ImageFormat.DICOM


def test_dicom_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="^Expected a format to write, .* got DICOM"):
        PipelineConfig("in", "out", format=ImageFormat.DICOM)
    with pytest.raises(ConfigError, match="^Expected dicom_window to be one of file"):
        PipelineConfig("in", "out", dicom_window="wide")


def test_without_its_library_a_picture_says_how_to_get_it(tmp_path: Path) -> None:
    """In a process that finds none of the libraries that come with extras."""
    (tmp_path / "scan.dcm").write_bytes(made(ramp()))
    script = (
        "import importlib.util, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'pydicom' else find(name)\n"
        "from imgpipe import *\n"
        "log = run_pipeline(PipelineConfig(sys.argv[1], sys.argv[1] + '/out'))\n"
        "print(*(why for _, why in log.failed))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.strip() == (
        "Expected the package pydicom for DICOM, found none; pip install 'imgpipe[dicom]' brings it"
    )
