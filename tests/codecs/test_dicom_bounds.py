"""DICOM files that grow to more than they say, or whose numbers are none."""

import json
import struct
import tracemalloc
from io import BytesIO

import numpy as np
import pytest
from imgpipe import DecodeError, decode_image
from imgpipe.codecs.base import Wish
from imgpipe.policy import Reading
from imgpipe.steps.decode import read_head
from PIL import Image as pil

from .dicoms import groups, made, ramp, rescale, whiteness

pydicom = pytest.importorskip("pydicom")
dicom = pytest.importorskip("imgpipe.codecs.dicom")
sidecar = pytest.importorskip("imgpipe.codecs.sidecar")
encaps = pytest.importorskip("pydicom.encaps")
uid = pytest.importorskip("pydicom.uid")
dicom_json = sidecar.dicom_json

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of pydicom about its values


def peak_of(call) -> int:
    """Bytes that a call takes at most, whether it is refused or not."""
    tracemalloc.start()
    try:
        call()
    except Exception:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def deflated(data: bytes, notes: int = 0) -> bytes:
    """A file whose elements are deflated, with `notes` bytes of nothing before its picture."""
    dataset = pydicom.dcmread(BytesIO(data))
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    if notes:
        dataset.add_new(0x00090010, "LO", "somebody")
        dataset.add_new(0x00091001, "OB", bytes(notes))
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.parametrize("stored", [ramp(), np.zeros((3000, 2000), np.uint16)], ids=["ramp", "0"])
def test_a_deflated_file_is_read_however_well_it_packs(stored: np.ndarray) -> None:
    data = deflated(made(stored))
    plain = made(stored)
    assert np.array_equal(decode_image(data).pixels, decode_image(plain).pixels)
    assert read_head(data) == read_head(plain)
    assert dicom_json(data) == dicom_json(plain)


@pytest.mark.parametrize("read", [read_head, decode_image, dicom_json])
def test_a_deflated_file_is_not_inflated_to_more_than_it_may_hold(read) -> None:
    bomb = deflated(made(ramp()), notes=50_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(
        (DecodeError, ValueError), match=r"deflated elements without pixels in their first \d+ b"
    ):
        read(bomb)
    assert peak_of(lambda: read(bomb)) < 8_000_000


def test_nor_are_its_pixels() -> None:
    bomb = deflated(made(ramp(), PixelData=bytes(50_000_000)))
    with pytest.raises(DecodeError, match="deflated elements that are cut short or longer than"):
        decode_image(bomb)
    assert peak_of(lambda: decode_image(bomb)) < 8_000_000


def test_a_deflated_file_that_is_cut_short_is_refused() -> None:
    noise = np.random.default_rng(1).integers(0, 4096, (64, 64), np.uint16)
    with pytest.raises(DecodeError, match="deflated elements that are cut short"):
        decode_image(deflated(made(noise))[:-500])


def in_palette(order: str, segments: list[int], entries: int = 256, depth: int = 16) -> bytes:
    kind = "H" if depth == 16 else "B"
    packed = struct.pack(f"{order}{len(segments)}{kind}", *segments)
    packed += bytes(len(packed) % 2)
    syntax = uid.ExplicitVRLittleEndian if order == "<" else uid.ExplicitVRBigEndian
    elements: dict[str, object] = {}
    for colour in ("Red", "Green", "Blue"):
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [entries, 0, depth]
        elements[f"Segmented{colour}PaletteColorLookupTableData"] = packed
    stored = (ramp() % 256).astype(np.uint8)
    dataset = pydicom.dcmread(BytesIO(made(stored, "PALETTE COLOR", 8, **elements)))
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = syntax
    buffer, little = BytesIO(), order == "<"
    pydicom.dcmwrite(
        buffer, dataset, implicit_vr=False, little_endian=little, force_encoding=not little
    )
    return buffer.getvalue()


LINE = [0, 1, 0, 1, 255, 65280]  # one entry of 0, then a line to 65280


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_palette_in_segments_has_its_colours(order: str) -> None:
    image = decode_image(in_palette(order, LINE))
    assert np.abs(image.pixels[..., 0] - (ramp() % 256) * 256.0).max() <= 1
    half = [0, 1, 0, 1, 127, 127, 2, 2, 0, 0, 0, 0]
    shown = decode_image(in_palette(order, half, depth=8)).pixels[..., 0]
    assert np.array_equal(shown, ramp() % 256 % 128)


@pytest.mark.parametrize(
    ("segments", "depth"),
    [
        (LINE[:3] + [1, 65535, 1] * 50, 16),
        ([*LINE, 1, 1, 5], 16),
        ([*LINE[:3], 1, 200, 9, *[2, 1, 3, 0] * 60], 16),
        ([0, 1, 0, *[1, 255, 1] * 2], 8),
        ([0, 1, 0, 1, 200, 9, *[2, 2, 0, 0, 0, 0] * 60], 8),
    ],
)
def test_a_palette_in_segments_makes_no_more_colours_than_it_has(segments, depth) -> None:
    data = in_palette("<", segments, depth=depth)
    with pytest.raises(DecodeError, match="a palette in segments of more than 256 colours"):
        decode_image(data)
    assert peak_of(lambda: decode_image(data)) < 1_000_000


@pytest.mark.parametrize(
    "segments",
    [[0, 0, 0, 1, 0, 9], [7, 1, 1], [*LINE[:3], 2, 0, 0, 0], [*LINE[:3], 2, 1, 3, 0]],
)
def test_a_palette_whose_segments_have_no_end_makes_no_sense(segments: list[int]) -> None:
    with pytest.raises(DecodeError, match="a palette in segments of which one"):
        decode_image(in_palette("<", segments))


def packed(pictures: list[bytes], syntax: str, **elements: object) -> bytes:
    """A file of 8x8 that holds these as its frames."""
    plain = made(np.zeros((8, 8), np.uint8), bits=8, WindowCenter=128, WindowWidth=256)
    dataset = pydicom.dcmread(BytesIO(plain))
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.NumberOfFrames = len(pictures)
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.PixelData = encaps.encapsulate(pictures)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def encoded(mode: str, side: int, format: str) -> bytes:
    buffer = BytesIO()
    pil.new(mode, (side, side), 77 if mode == "L" else (77, 88, 99)).save(buffer, format)
    return buffer.getvalue()


PACKED = [("JPEG", uid.JPEGBaseline8Bit), ("JPEG2000", uid.JPEG2000Lossless)]


@pytest.mark.parametrize(("format", "syntax"), PACKED)
@pytest.mark.parametrize("frames", [1, 3])
def test_a_packed_frame_is_of_the_size_that_the_file_says(format, syntax, frames) -> None:
    right, large = encoded("L", 8, format), encoded("L", 3000, format)
    assert (decode_image(packed([right] * frames, syntax)).pixels == 77).all()
    data = packed([right] * (frames - 1) + [large], syntax)
    with pytest.raises(DecodeError, match="3000x3000 pixels of 1 samples for one of 8x8 of 1"):
        decode_image(data)
    coloured = packed([right] * (frames - 1) + [encoded("RGB", 8, format)], syntax)
    with pytest.raises(DecodeError, match="8x8 pixels of 3 samples for one of 8x8 of 1"):
        decode_image(coloured)


def test_a_size_that_only_one_reader_sees_does_not_pass() -> None:
    """A second frame header, behind an end that comes too early."""
    right, large = encoded("L", 8, "JPEG"), encoded("L", 3000, "JPEG")
    at = right.index(b"\xff\xc0")
    at += 2 + int.from_bytes(right[at + 2 : at + 4])
    data = packed([right[:at] + b"\xff\xd9" + large[2:]], uid.JPEGBaseline8Bit)
    with pytest.raises(DecodeError, match="3000x3000 pixels"):
        decode_image(data)


def test_frames_beyond_their_number_are_not_decoded() -> None:
    data = packed([encoded("L", 8, "JPEG")] * 4, uid.JPEGBaseline8Bit, NumberOfFrames=2)
    at = data.index(b"\xfe\xff\x00\xe0") + 4  # the table of where frames begin, which is left empty
    length = int.from_bytes(data[at : at + 4], "little")
    data = data[:at] + bytes(4) + data[at + 4 + length :]
    assert len(decode_image(data).frames) == 2


def in_runs(runs: bytes) -> bytes:
    return struct.pack("<16L", 1, 64, *[0] * 14) + runs


def test_runs_are_of_no_more_than_a_frame() -> None:
    syntax = uid.RLELossless
    assert (decode_image(packed([in_runs(b"\xc1\x4d")], syntax)).pixels == 77).all()  # 64 times
    padded = in_runs(b"\xc1\x4d\x80\xff\0")
    assert (decode_image(packed([padded], syntax)).pixels == 77).all()
    mixed = in_runs(b"\x1f" + bytes(range(32)) + b"\xe1\x20")
    expected = [*range(32), *[32] * 32]
    assert decode_image(packed([mixed], syntax)).pixels.ravel().tolist() == expected
    data = packed([in_runs(b"\x81\x4d" * 50_000)], syntax)
    with pytest.raises(DecodeError, match="a frame whose runs are of more than 64 pixels"):
        decode_image(data)
    assert peak_of(lambda: decode_image(data)) < 1_000_000


@pytest.mark.parametrize("value", range(1000, 1100))
def test_a_percentile_of_one_value_beside_padding_is_that_value(value: int) -> None:
    stored = np.full((8, 8), value, np.uint16)
    stored[0] = 7
    elements = {"RescaleSlope": 0.1, "RescaleIntercept": 0.3, "PixelPaddingValue": 7}
    data = made(stored, **elements)
    wish = Wish(measured=True, reading=Reading(dicom_window="percentile"))
    image = dicom.decode(data, read_head(data), wish=wish)
    assert len(np.unique(image.pixels)) == 2


def with_number(name: str, value: str, **elements: object) -> bytes:
    """A file in which a number is what no writer lets through."""
    dataset = pydicom.dcmread(BytesIO(made(ramp(), **elements)))
    with pydicom.config.disable_value_validation():
        element = pydicom.DataElement(pydicom.datadict.tag_for_keyword(name), "LO", value)
    dataset[element.tag] = element
    buffer = BytesIO()
    dataset.save_as(buffer)
    tag = struct.pack("<HH", element.tag.group, element.tag.element)
    return buffer.getvalue().replace(tag + b"LO", tag + b"DS")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e308"])
@pytest.mark.parametrize(
    "name", ["RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"]
)
def test_what_is_no_number_is_refused(name: str, value: str) -> None:
    elements = {"RescaleSlope": 1, "RescaleIntercept": 0, "WindowCenter": 5, "WindowWidth": 9}
    data = with_number(name, value, **elements)
    if value == "1e308" and name.startswith("Window"):
        assert decode_image(data).pixels.size  # as it is wide, or far away
        return
    with pytest.raises(DecodeError, match="got: values that are no numbers$"):
        decode_image(data)


def test_numbers_of_frames_are_looked_at_too() -> None:
    each = groups([rescale(1, 0), rescale(1e308, 0)])
    data = made(np.stack([ramp()] * 2), PerFrameFunctionalGroupsSequence=each)
    with pytest.raises(DecodeError, match="values that are no numbers"):
        decode_image(data)


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_a_window_of_almost_no_width_is_a_step(function: str) -> None:
    elements = {"WindowCenter": 2000.5, "WindowWidth": 1e-308, "VOILUTFunction": function}
    image = decode_image(made(ramp(), **elements))
    assert np.array_equal(whiteness(image), ramp() > 2000)


def test_text_that_cannot_be_written_is_left_out_of_a_sidecar() -> None:
    data = made(ramp(), PatientComments="AAAAAAAA", SpecificCharacterSet="ISO_IR 6")
    data = data.replace(b"ISO_IR 6", b"utf_7   ").replace(b"AAAAAAAA", b"+2AA-   ")
    told, unclear = dicom_json(data)
    assert unclear == 1
    assert "00104000" not in json.loads(told)


def nested(depth: int) -> bytes:
    """Sequences in each other, the deepest with somebody's name."""
    inner = pydicom.Dataset()
    inner.PatientID = "deepest"
    for _ in range(depth):
        outer = pydicom.Dataset()
        outer.ReferencedStudySequence = [inner]
        inner = outer
    return made(ramp(), ReferencedStudySequence=inner.ReferencedStudySequence)


@pytest.mark.parametrize("depth", [1, 16, 17, 100])
def test_a_sidecar_is_at_most_sixteen_sequences_deep(depth: int) -> None:
    data = nested(depth)
    told, unclear = dicom_json(data)
    assert unclear == (depth > 16)
    assert (b"deepest" in told) == (depth <= 16)
    assert len(told) < 2 * len(data)


def test_a_sidecar_of_deep_sequences_is_no_longer_than_what_it_says() -> None:
    assert dicom_json(nested(16))[0].count(b" ") < 200
