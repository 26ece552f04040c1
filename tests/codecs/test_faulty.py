"""Files that are odd, broken or made to harm, against tifffile and imagecodecs."""

import struct
from io import BytesIO

import numpy as np
import pytest
from imgpipe import DecodeError, ImageFormat, LimitExceeded, decode_image
from imgpipe.codecs import codec
from imgpipe.codecs.avifbox import with_metadata
from imgpipe.codecs.aviffilm import loops_in
from imgpipe.codecs.boxes import box
from imgpipe.limits import Limits
from imgpipe.steps.decode import read_head

imagecodecs = pytest.importorskip("imagecodecs")
tifffile = pytest.importorskip("tifffile")

NOISE = np.random.default_rng(0).integers(0, 256, (90, 100, 3), np.uint8)
ORIENTATION = 274


def tiff(pixels: np.ndarray, *tags: tuple, **options) -> bytes:
    """A TIFF by tifffile, with more tags."""
    file = BytesIO()
    given = {"photometric": "rgb", "metadata": None, "extratags": tags} | options
    tifffile.imwrite(file, pixels, **given)
    return file.getvalue()


@pytest.mark.parametrize(("type", "value"), [("s", "<x:xmp/>"), ("I", 7), ("B", b"<x:xmp/>")])
def test_xmp_of_any_type_costs_no_tiff(type: str, value: object) -> None:
    count = len(value) if isinstance(value, bytes) else 1 if type == "I" else 0
    image = decode_image(tiff(NOISE, (700, type, count, value, True)))
    assert np.array_equal(image.pixels, NOISE)
    assert [str(loss) for loss in image.lost] == ["metadata (XMP)"]


def in_parts(size: int, empty: int = 0) -> bytes:
    """A film in parts of a size and some more that are empty."""
    whole = bytes(imagecodecs.jpegxl_encode(np.stack([NOISE, ~NOISE]), lossless=True))
    assert whole.startswith(b"\xff\x0a")
    pieces = [b""] * empty + [whole[at : at + size] for at in range(0, len(whole), size)]
    parts = [
        box(b"jxlp", (number | (number == len(pieces) - 1) << 31).to_bytes(4), piece)
        for number, piece in enumerate(pieces)
    ]
    head = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return head + b"".join(parts)


def test_a_jpeg_xl_in_many_parts_is_read_and_one_in_too_many_is_refused() -> None:
    for data in (in_parts(9), in_parts(2000, empty=9)):
        shown = [frame.pixels for frame in decode_image(data).frames]
        assert np.array_equal(shown, [NOISE, ~NOISE])
    with pytest.raises(DecodeError, match="parts"):
        read_head(in_parts(1))


FLOATS = (NOISE[:4, :6] / 255).astype(np.float32)


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_floats_of_a_tiff_are_as_large_as_is_told(orientation: int, bigtiff: bool) -> None:
    data = tiff(FLOATS, (ORIENTATION, "H", 1, orientation, True), bigtiff=bigtiff)
    image, head = decode_image(data), read_head(data)
    assert head.upright_size == (image.width, image.height)
    assert head.upright_size == ((4, 6) if orientation > 4 else (6, 4))


@pytest.mark.parametrize("side", [0, -50000])
def test_sides_that_are_none_are_refused(side: int) -> None:
    data = tiff(FLOATS)
    width, changed = struct.pack("<HHLL", 256, 4, 1, 6), struct.pack("<HHLl", 256, 9, 1, side)
    assert width in data
    with pytest.raises(DecodeError, match="pixels"):
        read_head(data.replace(width, changed))
    with pytest.raises(LimitExceeded, match=f"got {side}x4"):
        Limits().check_dimensions(side, 4)


def paged(bigtiff: bool) -> bytes:
    file = BytesIO()
    with tifffile.TiffWriter(file, bigtiff=bigtiff) as opened:
        for page in (FLOATS, FLOATS / 2, FLOATS / 4):
            opened.write(page, photometric="rgb", metadata=None, software=False)
    return file.getvalue()


@pytest.mark.parametrize("bigtiff", [False, True])
def test_pages_of_floats_are_read_or_told(bigtiff: bool) -> None:
    data = paged(bigtiff)
    head, image = read_head(data), decode_image(data)
    assert head.frames == 3
    assert np.array_equal([page.pixels for page in image.frames], [FLOATS, FLOATS / 2, FLOATS / 4])
    still = codec(ImageFormat.TIFF).decode(data, head)
    assert [str(loss) for loss in still.lost] == ["pages (those after the first)"]


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("to", [0, 1, 2, 99999])
def test_pages_that_lead_nowhere_or_to_others_are_read_once(to: int, bigtiff: bool) -> None:
    data = bytearray(paged(bigtiff))
    with tifffile.TiffFile(BytesIO(data)) as opened:
        starts = [page.offset for page in opened.pages]
        entries = len(opened.pages[2].tags)
    size = 8 if bigtiff else 4
    at = starts[2] + (8 + 20 * entries if bigtiff else 2 + 12 * entries)
    data[at : at + size] = (starts[to] if to < 3 else to).to_bytes(size, "little")
    assert read_head(bytes(data)).frames == 3
    assert len(decode_image(bytes(data)).frames) == 3


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("tags", [(), ((315, "s", 0, "Somebody", True),)], ids=["none", "artist"])
def test_what_a_tiff_of_floats_says_is_read_or_told(tags: tuple, bigtiff: bool) -> None:
    image = decode_image(tiff(FLOATS, *tags, bigtiff=bigtiff, software=False))
    assert (image.exif is not None) is (bool(tags) and not bigtiff)
    assert [str(loss) for loss in image.lost] == ["metadata (EXIF)"] * (bool(tags) and bigtiff)


def avif(pixels: np.ndarray) -> bytes:
    return bytes(imagecodecs.avif_encode(pixels.astype(np.uint16) << 2, bitspersample=10))


@pytest.mark.parametrize("kind", [b"meta", b"pitm", b"iloc", b"iinf", b"iprp", b"ipco", b"ipma"])
def test_an_avif_without_a_part_is_of_another_layout(kind: bytes) -> None:
    data = avif(NOISE)
    assert with_metadata(data, b"MM\0*", b"profile") != data
    at = data.index(kind)
    cut = data[: at - 4] + box(kind) + data[at - 4 + int.from_bytes(data[at - 4 : at]) :]
    for broken in (data.replace(kind, b"free"), cut, data[:at], data[: at + 4], data[: at + 9]):
        with pytest.raises(ValueError, match=".") as caught:
            with_metadata(broken, b"MM\0*", b"profile")
        assert caught.type is ValueError


EDITS = box(b"edts", box(b"elst", bytes([0, 0, 0, 1]), bytes(3), b"\1", bytes([0, 0, 0, 9])))


@pytest.mark.parametrize(
    "track",
    [b"", box(b"tkhd"), EDITS, box(b"tkhd") + EDITS, box(b"tkhd") + box(b"edts", box(b"elst"))],
    ids=["nothing", "no edits", "no header", "an empty header", "empty edits"],
)
def test_loops_that_are_told_wrongly_cost_no_film(track: bytes) -> None:
    assert loops_in(box(b"moov", box(b"trak", track))) in (0, 1)
