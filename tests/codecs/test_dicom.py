"""DICOM, on pydicom's own sample files and against its own way to pixels."""

import json
import subprocess
import sys
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
    run_pipeline,
    sniff_format,
)
from imgpipe.codecs.base import Wish
from imgpipe.policy import Reading
from imgpipe.steps.decode import read_head

pydicom = pytest.importorskip("pydicom")
dicom = pytest.importorskip("imgpipe.codecs.dicom")
processing = pytest.importorskip("pydicom.pixels.processing")

FILES = Path(pydicom.__file__).parent / "data" / "test_files"

GREY = [
    *("CT_small", "MR_small", "MR_small_bigendian", "MR_small_implicit", "MR_small_RLE"),
    *("MR_small_jp2klossless", "JPEG2000", "693_J2KI", "J2K_pixelrep_mismatch", "image_dfl"),
    *("examples_overlay", "liver_1frame", "rtdose", "rtdose_expb", "rtdose_rle_1frame"),
]
COLOUR = [
    *("SC_rgb_rle", "SC_rgb_rle_16bit", "SC_rgb_rle_2frame", "SC_rgb_small_odd_big_endian"),
    *("SC_ybr_full_422_uncompressed", "SC_rgb_jpeg_dcmtk", "SC_rgb_dcmtk_+eb+cy+s4"),
    *("examples_palette", "examples_rgb_color", "examples_ybr_color", "examples_jpeg2k"),
]

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of pydicom about its samples


def made(
    stored: np.ndarray, photometric: str = "MONOCHROME2", bits: int = 12, **elements: object
) -> bytes:
    """A DICOM file of numbers, with whose picture it is."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.PatientName, dataset.PatientID = "Secret^Person", "4711-0815"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.NumberOfFrames = 1 if stored.ndim == 2 else len(stored)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, photometric
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = stored.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def ramp(dtype: type = np.uint16) -> np.ndarray:
    """Every value of 12 bits once; from -1024 on where it has a sign."""
    low = -1024 if np.dtype(dtype).kind == "i" else 0
    return np.arange(low, low + 4096, dtype=dtype).reshape(64, 64)


def whiteness(image) -> np.ndarray:
    return image.pixels[..., 0] / np.iinfo(image.pixels.dtype).max


def reference(path: Path) -> np.ndarray:
    """What pydicom shows of a file, from 0 to 1: modality, window, inversion."""
    dataset = pydicom.dcmread(path)
    values = processing.apply_modality_lut(dataset.pixel_array, dataset)
    low, high = values.min(), values.max()
    if "WindowWidth" in dataset:
        values = processing.apply_voi_lut(values, dataset)
        signed, bits = dataset.PixelRepresentation, dataset.BitsStored
        ends = np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1])
        low, high = ends * float(dataset.get("RescaleSlope", 1)) + float(
            dataset.get("RescaleIntercept", 0)
        )
    elif "PixelPaddingValue" in dataset:
        stored = dataset.pixel_array
        meant = processing.apply_modality_lut(stored[stored != dataset.PixelPaddingValue], dataset)
        low, high = meant.min(), meant.max()
    shown = np.clip((values.astype(float) - low) / (high - low), 0, 1)
    return 1 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown


@pytest.mark.parametrize("name", GREY)
def test_greys_are_those_of_pydicom(name: str) -> None:
    image = open_image(FILES / f"{name}.dcm")
    expected = reference(FILES / f"{name}.dcm")
    frames = expected if expected.ndim == 3 else expected[np.newaxis]
    for still, frame in zip(image.stills(), frames, strict=True):
        assert np.abs(whiteness(still) - frame).max() < 1e-5
    deep = read_head((FILES / f"{name}.dcm").read_bytes()).depth > 8
    assert image.pixels.dtype == (np.uint16 if deep else np.uint8)


@pytest.mark.parametrize("name", COLOUR)
def test_colours_are_those_of_pydicom(name: str) -> None:
    image = open_image(FILES / f"{name}.dcm")
    dataset = pydicom.dcmread(FILES / f"{name}.dcm")
    expected = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        expected = processing.apply_color_lut(expected, dataset)
    frames = expected if expected.ndim == 4 else expected[np.newaxis]
    for still, frame in zip(image.stills(), frames, strict=True):
        assert np.array_equal(still.pixels, frame)


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


def run(folder: Path, data: bytes, **settings):
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / "scan.dcm").write_bytes(data)
    return run_pipeline(PipelineConfig(folder / "in", folder / "out", **settings))


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


def test_nothing_about_the_patient_leaves_the_file(tmp_path: Path, capfd) -> None:
    good, bad = made(ramp()), made(ramp(), WindowCenter=1, WindowWidth=0)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.dcm").write_bytes(bad)
    (tmp_path / "in" / "cut.dcm").write_bytes(good[:5000])
    log = run(tmp_path, good, keep="all")
    assert len(log.failed) == 2
    told = log.to_json() + json.dumps(capfd.readouterr())
    written = b"".join(path.read_bytes() for path in tmp_path.glob("out/**/*") if path.is_file())
    for secret in ("Secret", "4711-0815"):
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
    ],
    ids=["width", "cut", "header", "rows", "frames"],
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
