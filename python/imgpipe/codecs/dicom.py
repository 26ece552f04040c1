"""DICOM through pydicom: what a hospital's pictures measure, and how that is shown.

Only the elements that say how pixels are meant are read, so that nothing about a patient can come
into a picture, a message or a log. DICOM PS3.3, C.7.6.3 and C.11; PS3.5, 8.
"""

from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgpipe.codecs.base import ROWS, STILL, Encoding, Head, Traits, Wish
from imgpipe.codecs.windows import Values, default_window, levels
from imgpipe.formats import ImageFormat
from imgpipe.image import Frame, Image, Measure
from imgpipe.losses import Loss

if TYPE_CHECKING:
    from pydicom import Dataset

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
_TIME = ("FrameTime", "CineRate", "RecommendedDisplayFrameRate")
_PIXELS = (
    *("PixelData", "FloatPixelData", "DoubleFloatPixelData"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
)

_WHITE = 65535
# Bytes for each sample of what is stored: as the library unpacks it, and as it is changed.
_BYTES_GREY, _BYTES_RGB, _BYTES_OTHER = 4, 4, 30


def version(format: ImageFormat) -> str:
    """The library's name and version."""
    return f"pydicom {installed('pydicom')}"


def head(data: bytes, format: ImageFormat) -> Head:
    """What the header tells."""
    dataset = _read(data, (*_SIZE, *_SAMPLES), pixels=False)
    for needed in ("Rows", "Columns", "BitsAllocated", "PhotometricInterpretation"):
        if dataset.get(needed) in (None, ""):
            raise ValueError(f"no {needed}, so that there is no picture in it")
    grey = dataset.PhotometricInterpretation.startswith("MONOCHROME")
    depth = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    frames = max(1, int(dataset.get("NumberOfFrames") or 1))
    width, height = int(dataset.Columns), int(dataset.Rows)
    if not width or not height:
        raise ValueError(f"a picture of {width}x{height} pixels")
    other = not grey and dataset.PhotometricInterpretation != "RGB"
    return Head(format, width, height, 1 if grey else 3, depth, palette=other, frames=frames)


def cost(head: Head, scale: int) -> int:
    """At most how many bytes decoding takes, pixels included."""
    pixels = head.width * head.height * head.frames
    sample = 1 if head.depth <= 8 else 2 if head.depth <= 16 else 8
    each = _BYTES_GREY if head.channels == 1 else _BYTES_OTHER if head.palette else _BYTES_RGB
    return (each * sample + 4) * pixels + 4 * ROWS


def decode(
    data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
) -> Image:
    """The picture as it is meant to be shown, or as what it measures where that is wished for."""
    dataset = _read(data, (*_SIZE, *_SAMPLES, *_MEANING, *_PALETTE, *_TIME), pixels=True)
    duration = _duration(dataset)
    several = head.frames > 1 and (wish.frames if duration else wish.pages)
    stored = _stored(dataset, None if several else 0)
    if not several:
        stored = stored[np.newaxis]
    lost = []
    if head.frames > 1 and not several:
        lost.append(Loss("animation", "frames after the first") if duration else _PAGES_LOST)
    if head.channels == 3:
        pixels = _colours(stored, dataset, head.depth)
        image = Image(pixels[0], "srgb", head.format, lost=tuple(lost))
    else:
        grey_scale = _grey(stored, dataset, wish)
        pixels = grey_scale.samples[..., np.newaxis]
        lost += [Loss("depth", f"{head.depth} bits to 16")] * grey_scale.is_rounded
        image = Image(pixels[0], "grey", head.format, lost=tuple(lost), measure=grey_scale.measure)
    if several:
        image = replace(image, frames=tuple(Frame(one, duration) for one in _each(image, pixels)))
    return image if wish.measured else image.shown()


_PAGES_LOST = Loss("pages", "those after the first")


def _each(first: Image, pixels: NDArray[Any]) -> list[NDArray[Any]]:
    return [first.pixels, *pixels[1:]]


def encode(image: Image, format: ImageFormat, how: Encoding) -> bytes:
    """Not done: a picture without its patient is no use to a hospital."""
    raise ValueError("DICOM is read here, and not written")


def _read(data: bytes, names: tuple[str, ...], *, pixels: bool) -> "Dataset":
    from pydicom import dcmread  # which takes its time, so not before there is a picture for it
    from pydicom.datadict import tag_for_keyword

    wanted = names + (_PIXELS if pixels else ())
    tags = [tag for name in wanted if (tag := tag_for_keyword(name)) is not None]
    return dcmread(BytesIO(data), stop_before_pixels=not pixels, specific_tags=list(tags))


def _stored(dataset: "Dataset", index: int | None) -> NDArray[Any]:
    """The numbers in the file, of one frame or of all, colours as red, green and blue."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        raise ValueError("no transfer syntax, so that its pixels cannot be told")
    if syntax.is_encapsulated:
        decoder = get_decoder(syntax)
        if not decoder.is_available:
            wanted = "; ".join(decoder.missing_dependencies)
            raise ValueError(
                f"pixels in {syntax.name}, and no decoder for it is installed: {wanted}"
            )
    pixels: NDArray[Any] = pixel_array(dataset, index=index)
    return pixels


def _colours(stored: NDArray[Any], dataset: "Dataset", depth: int) -> NDArray[Any]:
    """Red, green and blue of uint8 or uint16."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        stored = apply_color_lut(stored, dataset)
        depth = 8 * stored.dtype.itemsize
    if depth <= 8:
        return levels(stored.astype(np.float32) / (2**depth - 1), np.uint8) if depth < 8 else stored
    return levels(stored / (2**depth - 1), np.uint16) if depth != 16 else stored


@dataclass(frozen=True, slots=True)
class _Grey:
    """What a grey picture measures, in samples of uint16, and how it is shown."""

    samples: NDArray[np.uint16]
    measure: Measure
    is_rounded: bool = False


def _grey(stored: NDArray[Any], dataset: "Dataset", wish: Wish) -> _Grey:
    """Rescaled, then windowed, then inverted; these two by a curve that is still to be used."""
    if "ModalityLUTSequence" in dataset:
        from pydicom.pixels.processing import apply_modality_lut

        stored = apply_modality_lut(stored, dataset)
    slope, intercept = _rescale(dataset)
    padding = dataset.get("PixelPaddingValue")
    meant = stored if padding is None else stored[stored != padding]
    meant = meant if meant.size else stored
    low, high = meant.min(), meant.max()
    if not np.isfinite([float(low), float(high)]).all():
        raise ValueError("values that are no numbers")
    whole = stored.dtype.kind in "iu" and int(stored.max()) - int(stored.min()) <= _WHITE
    if whole:
        base, step = float(stored.min()), 1.0
        samples = stored.astype(np.uint16) - np.uint16(int(base) % (_WHITE + 1))  # as it wraps
    else:
        base, step = float(low), (float(high) - float(low)) / _WHITE or 1.0
        shares = np.clip((stored.astype(np.float64) - base) / (step * _WHITE), 0, 1)
        samples = levels(shares, np.uint16)
    scale, offset = slope * step, slope * base + intercept
    ends = sorted(slope * float(end) + intercept for end in (low, high))
    meanings = np.arange(_WHITE + 1, dtype=np.float64) * scale + offset
    values = Values(meanings, samples, *ends)
    group = functional_group(dataset, "FrameVOILUTSequence")
    white = default_window(dataset, group, values, wish.reading.dicom_window)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    deep = int(dataset.get("BitsStored") or dataset.BitsAllocated) > 8
    curve = levels(1 - white if inverted else white, np.uint16 if deep else np.uint8)
    return _Grey(samples, Measure(scale, offset, curve, inverted), not whole)


def _rescale(dataset: "Dataset") -> tuple[float, float]:
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    group = functional_group(dataset, "PixelValueTransformationSequence")
    if group is not None and "ModalityLUTSequence" not in dataset:
        slope, intercept = group.get("RescaleSlope"), group.get("RescaleIntercept")
    return float(1 if slope is None else slope), float(intercept or 0)


def functional_group(dataset: "Dataset", name: str) -> "Dataset | None":
    """What an enhanced picture says for all its frames, or else for the first."""
    for kind in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = dataset.get(kind)
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
