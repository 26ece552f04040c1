"""DICOM through pydicom: what a hospital's pictures measure, and how that is shown.

Only the elements that say how pixels are meant are read, so that nothing about a patient can come
into a picture, a message or a log. DICOM PS3.3, C.7.6.3 and C.11; PS3.5, 8.
"""

from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Traits, Wish
from imgpipe.codecs.dicombounds import check_frames, check_palette, read
from imgpipe.codecs.windows import check_numbers, levels, middle, own_window, spread
from imgpipe.formats import ImageFormat
from imgpipe.image import Frame, Image, Measure
from imgpipe.losses import Loss
from imgpipe.turns import giving_way

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.uid import UID

TRAITS = {ImageFormat.DICOM: Traits(depth=16, grey_depth=16, frames=True, writes=False)}

_SIZE = ("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "PhotometricInterpretation")
_SAMPLES = ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PlanarConfiguration")
_MEANING = (
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "PixelPaddingValue"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
)
_PALETTE = tuple(
    f"{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for part in ("Descriptor", "Data")
) + tuple(f"Segmented{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue"))
_OVERLAYS = tuple(range(0x6000_0010, 0x6020_0010, 0x2_0000))  # OverlayRows of each there can be
_TIME = ("FrameTime", "CineRate", "RecommendedDisplayFrameRate")
_PIXELS = (
    *("PixelData", "FloatPixelData", "DoubleFloatPixelData"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
)

_WHITE = 65535
# Bytes for each sample of what is stored: as it is inflated and unpacked, and as it is changed.
_BYTES_GREY, _BYTES_RGB, _BYTES_OTHER = 4, 8, 30
_BYTES_CURVE = 2 * (_WHITE + 1)  # of a frame that has its own


def version(format: ImageFormat) -> str:
    """The library's name and version."""
    return f"pydicom {installed('pydicom')}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells."""
    dataset = _read(data, (*_SIZE, *_SAMPLES))
    for needed in ("Rows", "Columns", "BitsAllocated", "PhotometricInterpretation"):
        if dataset.get(needed) in (None, ""):
            raise ValueError(f"no {needed}, so that there is no picture in it")
    colours = str(dataset.PhotometricInterpretation)
    grey = colours.startswith("MONOCHROME")
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if samples != (1 if grey or colours == "PALETTE COLOR" else 3):
        raise ValueError(f"{samples} samples a pixel for {colours}")
    depth = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    frames = max(1, int(dataset.get("NumberOfFrames") or 1))
    width, height = int(dataset.Columns), int(dataset.Rows)
    if not width or not height:
        raise ValueError(f"a picture of {width}x{height} pixels")
    other = not grey and colours != "RGB"
    return Head(format, width, height, 1 if grey else 3, depth, palette=other, frames=frames)


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included."""
    pixels = head.width * head.height * head.frames
    sample = 1 if head.depth <= 8 else 2 if head.depth <= 16 else 8
    each = _BYTES_GREY if head.channels == 1 else _BYTES_OTHER if head.palette else _BYTES_RGB
    return (each * sample + 4) * pixels + _BYTES_CURVE * head.frames + 4 * ROWS


@giving_way()
def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The picture as it is meant to be shown, or as what it measures where that is wished for."""
    names = (*_SIZE, *_SAMPLES, *_MEANING, *_PALETTE, *_TIME)
    room = 2 * -(-head.depth // 8)  # bytes of a sample, as deep ones have more than they need
    room *= head.width * head.height * head.frames * head.channels
    dataset = _read(data, names, _OVERLAYS, room)
    duration = _duration(dataset)
    several = head.frames > 1 and (wish.frames if duration else wish.pages)
    stored = _stored(dataset, None if several else 0)
    if not several:
        stored = stored[np.newaxis]
    lost = [_OVERLAY_LOST] if any(tag in dataset for tag in _OVERLAYS) else []
    if head.frames > 1 and not several:
        lost.append(Loss("animation", "frames after the first") if duration else _PAGES_LOST)
    if head.channels == 3:
        pixels = _colours(stored, dataset, head.depth)
        frames = [Frame(one, duration) for one in pixels]
        image = Image(pixels[0], "srgb", head.format)
    else:
        greys = _greys(stored, dataset, wish)
        lost += [Loss("depth", f"{head.depth} bits to 16")] * greys.is_rounded
        pixels = greys.samples[..., np.newaxis]
        frames = [
            Frame(one, duration, how) for one, how in zip(pixels, greys.measures, strict=True)
        ]
        image = Image(pixels[0], "grey", head.format, measure=greys.measures[0])
    image = image.losing(*lost)
    if several:
        image = replace(image, pixels=frames[0].pixels, frames=tuple(frames))
    return image if wish.measured else image.shown()


_PAGES_LOST = Loss("pages", "those after the first")
_OVERLAY_LOST = Loss("overlay", "what is drawn over the picture")


def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """Not done: a picture without its patient is no use to a hospital."""
    raise ValueError("DICOM is read here, and not written")


def _read(
    data: bytes, names: tuple[str, ...], tags: tuple[int, ...] = (), pixels: int | None = None
) -> "Dataset":
    from pydicom.datadict import tag_for_keyword

    wanted = names if pixels is None else names + _PIXELS
    every = [*tags, *(tag for name in wanted if (tag := tag_for_keyword(name)) is not None)]
    return read(data, every, pixels)


def _stored(dataset: "Dataset", index: int | None) -> NDArray[Any]:
    """The numbers in the file, of one frame or of all, colours as red, green and blue."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = dataset.file_meta.get("TransferSyntaxUID") or _syntax_of(dataset)
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax.is_encapsulated:
        decoder = get_decoder(syntax)
        if not decoder.is_available:
            wanted = "; ".join(decoder.missing_dependencies)
            raise ValueError(
                f"pixels in {syntax.name}, and no decoder for it is installed: {wanted}"
            )
        check_frames(dataset, index)
    pixels: NDArray[Any] = pixel_array(dataset, index=index, allow_excess_frames=False)
    return pixels


def _syntax_of(dataset: "Dataset") -> "UID":
    """How pixels are written in a file that does not tell, by how its elements are."""
    from pydicom import uid

    if "PixelData" in dataset and dataset["PixelData"].is_undefined_length:
        raise ValueError("no transfer syntax, so that its pixels cannot be told")
    _, little = dataset.original_encoding  # whether kinds are named makes no difference to pixels
    return uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian


def _colours(stored: NDArray[Any], dataset: "Dataset", depth: int) -> NDArray[Any]:
    """Red, green and blue of uint8 or uint16."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        check_palette(dataset)
        stored = apply_color_lut(stored, dataset)
        depth = 8 * stored.dtype.itemsize
    if depth <= 8:
        return levels(stored.astype(np.float32) / (2**depth - 1), np.uint8) if depth < 8 else stored
    return levels(stored / (2**depth - 1), np.uint16) if depth != 16 else stored


@dataclass(frozen=True, slots=True)
class _Greys:
    """What grey frames measure, in samples of uint16, and how each is shown."""

    samples: NDArray[np.uint16]
    measures: list[Measure]
    is_rounded: bool = False


def _greys(stored: NDArray[Any], dataset: "Dataset", wish: Wish) -> _Greys:
    """Rescaled, then windowed, then inverted; these two by a curve that is still to be used.

    `stored` is (N, H, W). Frames of an enhanced picture may differ in all of these.
    """
    if "ModalityLUTSequence" in dataset:
        from pydicom.pixels.processing import apply_modality_lut

        stored = apply_modality_lut(stored, dataset)
    rescales = [_rescale(dataset, number) for number in range(len(stored))]
    ends = _ends(stored, dataset.get("PixelPaddingValue"))
    low, high = min(low for _, low, _ in ends), max(high for _, _, high in ends)
    check_numbers(high - low)
    whole = stored.dtype.kind in "iu" and int(stored.max()) - int(stored.min()) <= _WHITE
    if whole:
        base, step = float(stored.min()), 1.0
        samples = stored.astype(np.uint16) - np.uint16(int(base) % (_WHITE + 1))  # as it wraps
    else:
        base, step = low, (high - low) / _WHITE or 1.0
        samples = np.stack([_rounded(frame, base, step) for frame in stored])
    scales = [(slope * step, slope * base + offset) for slope, offset in rescales]
    for slope, offset in scales:
        check_numbers(4 * slope * _WHITE, 4 * offset)  # so that differences are some too
    measured = [
        slope * number + offset  # as for samples, so that the ends are among them
        for place, *both in ends
        for slope, offset in (scales[place],)
        for number in _rounded(np.array(both), base, step).tolist()
    ]
    shown = min(measured), max(measured)
    if wish.reading.dicom_window == "percentile":
        shown = middle(zip(map(_meanings, scales), samples, strict=True), *shown)
    return _Greys(samples, _measures(dataset, scales, shown, wish), not whole)


def _ends(stored: NDArray[Any], padding: Any) -> list[tuple[int, float, float]]:
    """The least and the greatest number of each frame, by its place, that is meant, and no padding.

    Frames of nothing but padding are left out, unless all are.
    """
    frames = list(stored) if padding is None else [one[one != padding] for one in stored]
    if not any(frame.size for frame in frames):
        frames = list(stored)
    return [
        (number, float(frame.min()), float(frame.max()))
        for number, frame in enumerate(frames)
        if frame.size
    ]


def _rounded(frame: NDArray[Any], base: float, step: float) -> NDArray[np.uint16]:
    shares = np.clip((frame.astype(np.float64) - base) / (step * _WHITE), 0, 1)
    return levels(shares, np.uint16)


def _meanings(scale: tuple[float, float]) -> NDArray[np.float64]:
    """What each of the samples there can be stands for."""
    return np.arange(_WHITE + 1, dtype=np.float64) * scale[0] + scale[1]


def _measures(
    dataset: "Dataset", scales: list[tuple[float, float]], shown: tuple[float, float], wish: Wish
) -> list[Measure]:
    """How each frame is shown; frames for which that is the same share it."""
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    deep = int(dataset.get("BitsStored") or dataset.BitsAllocated) > 8
    made: dict[tuple[tuple[float, float], int], Measure] = {}
    measures = []
    for number, scale in enumerate(scales):
        source = dataset
        if wish.reading.dicom_window == "file":
            source = _functional_group(dataset, "FrameVOILUTSequence", number) or dataset
        key = scale, id(source)
        if key not in made:
            values = _meanings(scale)
            own = own_window(source, values) if wish.reading.dicom_window == "file" else None
            white = spread(values, *shown) if own is None else own
            curve = levels(1 - white if inverted else white, np.uint16 if deep else np.uint8)
            made[key] = Measure(*scale, curve, inverted)
        measures.append(made[key])
    return measures


def _rescale(dataset: "Dataset", frame: int) -> tuple[float, float]:
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    group = _functional_group(dataset, "PixelValueTransformationSequence", frame)
    if group is not None and "ModalityLUTSequence" not in dataset:
        slope, intercept = group.get("RescaleSlope"), group.get("RescaleIntercept")
    return float(1 if slope is None else slope), float(intercept or 0)


def _functional_group(dataset: "Dataset", name: str, frame: int) -> "Dataset | None":
    """What an enhanced picture says of a frame, or else for all of them.

    Raises ValueError where it says something of each, but not of so many.
    """
    each = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    if each and frame >= len(each):
        raise ValueError(f"functional groups of {len(each)} frames for more than these")
    shared = dataset.get("SharedFunctionalGroupsSequence") or ()
    for groups in (each[frame : frame + 1], shared):
        if groups and groups[0].get(name):
            found: Dataset = groups[0][name][0]
            return found
    return None


def _duration(dataset: "Dataset") -> int:
    """Milliseconds that each frame lasts, 0 where they do not follow each other in time."""
    if time := dataset.get("FrameTime"):
        return max(1, round(float(time)))
    rate = dataset.get("CineRate") or dataset.get("RecommendedDisplayFrameRate")
    return max(1, round(1000 / float(rate))) if rate else 0
