"""What parts of a DICOM file grow to, looked at before they do: elements, palettes and frames.

DICOM PS3.5, A.4, A.5 and G; PS3.3, C.7.9.2.
"""

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as pil, UnidentifiedImageError

if TYPE_CHECKING:
    from pydicom import Dataset

_TOLD = 2**20  # bytes that a file may say of itself, however well they are deflated
_DEFLATED, _EXPLICIT = b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1\0\0\0"
_RUN = 128  # of bytes at most; so many may stand behind a frame to pad it


def read(data: bytes, tags: list[int] | None = None, pixels: int | None = None) -> "Dataset":
    """What a file says, or what its `tags` say, up to its pixels or with these.

    `pixels` is how many bytes they may take, None where they are not read. It is read by force, as
    a file that begins with its first element is one as well. Raises ValueError where deflated
    elements hold more than that and the file's own length, or anything for what is no DICOM file.
    """
    from pydicom import dcmread  # which takes its time, so not before there is a picture for it

    most = max(len(data), _TOLD) + (pixels or 0)
    whole, is_cut = _inflated(data, most)
    if is_cut and pixels is not None:
        raise ValueError(f"deflated elements that are cut short or longer than {most} bytes")
    file = BytesIO(whole)
    dataset = dcmread(file, stop_before_pixels=pixels is None, force=True, specific_tags=tags)
    if is_cut and file.tell() >= len(whole):
        raise ValueError(f"deflated elements without pixels in their first {most} bytes")
    return dataset


def _inflated(data: bytes, most: int) -> tuple[bytes, bool]:
    """A file whose elements are not deflated, and whether they are cut, as at `most` bytes."""
    from pydicom.filereader import _read_file_meta_info, read_preamble  # so that both see the same

    file = BytesIO(data)
    read_preamble(file, True)
    if _read_file_meta_info(file).get("TransferSyntaxUID") != _DEFLATED.decode():
        return data, False
    at = file.tell()
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    elements = inflating.decompress(memoryview(data)[at:], most)
    return data[:at].replace(_DEFLATED, _EXPLICIT) + elements, not inflating.eof


def check_palette(dataset: "Dataset") -> None:
    """Raise ValueError where segments of a palette make more colours than it is to have."""
    for colour in ("Red", "Green", "Blue"):
        segments = dataset.get(f"Segmented{colour}PaletteColorLookupTableData")
        if segments:
            entries, _, depth = dataset.RedPaletteColorLookupTableDescriptor
            order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
            kind = f"{order}u{2 if depth == 16 else 1}"
            words = np.frombuffer(segments, kind, len(segments) // np.dtype(kind).itemsize)
            _count(words, order, int(entries) % 65536 or 65536)


def _count(words: NDArray[Any], order: str, most: int) -> None:
    total = at = 0
    while at + 1 < len(words):
        repeats = words[at] == 2
        made, at, start = _segment(words, at, order)
        total += _repeated(words, order, start, made, most) if repeats else made
        if total > most:
            raise ValueError(f"a palette in segments of more than {most} colours")


def _repeated(words: NDArray[Any], order: str, at: int, segments: int, most: int) -> int:
    """How many colours segments make that are repeated; what is above `most` is not all counted."""
    total = 0
    for _ in range(segments):
        if at + 1 >= len(words) or words[at] == 2:
            raise ValueError("a palette in segments of which one repeats what it may not")
        made, at, _ = _segment(words, at, order)
        total += made
        if total > most:
            break
    return total


def _segment(words: NDArray[Any], at: int, order: str) -> tuple[int, int, int]:
    """How many colours, or segments, one stands for, where it ends, and from where it repeats."""
    kind, length = int(words[at]), int(words[at + 1])
    if not length or kind > 2:
        raise ValueError("a palette in segments of which one makes no sense")
    if kind < 2:
        return length, at + 2 + (1 if kind else length), 0
    end = at + (4 if words.itemsize == 2 else 6)
    place = words[at + 2 : end].tobytes().ljust(4, b"\0")
    low, high = struct.unpack(f"{order}HH", place)
    return length, end, high << 16 | low


def check_frames(dataset: "Dataset", index: int | None) -> None:
    """Raise ValueError where a packed frame is not of the size that the file says.

    Of frame `index` or, with None, of all. Frames that neither Pillow nor RLE is for are passed.
    """
    from pydicom.encaps import generate_frames, get_frame
    from pydicom.uid import RLELossless

    number = max(1, int(dataset.get("NumberOfFrames") or 1))
    table = dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths")
    offsets = table if all(table) else None
    packed = dataset.PixelData
    if index is None:
        frames = generate_frames(packed, number_of_frames=number, extended_offsets=offsets)
    else:
        frames = iter([get_frame(packed, index, number_of_frames=number, extended_offsets=offsets)])
    runs = dataset.file_meta.TransferSyntaxUID == RLELossless
    for _, frame in zip(range(number), frames, strict=False):
        if runs:
            _check_runs(frame, dataset.Rows * dataset.Columns)
        else:
            _check_size(frame, dataset)


def _check_size(frame: bytes, dataset: "Dataset") -> None:
    """By Pillow, which is what decodes it, so that no second reader of headers is fooled apart."""
    try:
        with pil.open(BytesIO(frame), formats=("JPEG", "JPEG2000")) as picture:
            found = *picture.size, len(picture.getbands())
    except UnidentifiedImageError:
        return
    told = dataset.Columns, dataset.Rows, int(dataset.get("SamplesPerPixel") or 1)
    if found != told:
        raise ValueError(
            f"a frame of {found[0]}x{found[1]} pixels of {found[2]} samples for one of "
            f"{told[0]}x{told[1]} of {told[2]}"
        )


def _check_runs(frame: bytes, pixels: int) -> None:
    count, *starts = struct.unpack("<16L", frame[:64].ljust(64, b"\0"))
    for start, end in zip(starts[:count], [*starts[1:count], len(frame)], strict=False):
        segment = frame[start:end]
        if len(segment) * _RUN // 2 > pixels + _RUN and _length(segment) > pixels + _RUN:
            raise ValueError(f"a frame whose runs are of more than {pixels} pixels")


def _length(segment: bytes) -> int:
    """How many bytes a segment's runs make."""
    at = total = 0
    end = len(segment)
    while at < end:
        run = segment[at]
        if run < 128:
            total += run + 1
            at += run + 2
        elif run > 128:
            total += 257 - run
            at += 2
        else:
            at += 1
    return total
