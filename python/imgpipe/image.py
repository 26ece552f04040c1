"""`Image`: pixels, and what must not be lost on their way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from imgpipe.formats import ImageFormat
from imgpipe.losses import Loss

if TYPE_CHECKING:
    import PIL.Image

Space = Literal["grey", "srgb", "linear", "icc"]

DTYPES = (np.uint8, np.uint16, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """What samples of uint16 measure, and how that is shown unless a window is asked for.

    A sample stands for `slope` times itself + `intercept`, in Hounsfield units and the like;
    `curve` has what is shown for each of 65536 samples; low is white where it is `inverted`.
    """

    slope: float
    intercept: float
    curve: NDArray[Any]
    inverted: bool = False


class Frame(NamedTuple):
    """One frame of an animation, whole, as it is shown; or a page, which has no duration.

    `pixels` and `measure` are as an Image's, `duration` in milliseconds, 0 for a page.
    """

    pixels: NDArray[Any]
    duration: int
    measure: Measure | None = None


@dataclass(frozen=True, eq=False)
class Image:
    """A picture in memory.

    `pixels` is (H, W, C), uint8, uint16 or float32, with C of 1 (grey), 2 (grey, alpha), 3 (red,
    green, blue) or 4 (with alpha); alpha is not multiplied into the colours. `space` says what the
    numbers mean: `grey`, `srgb`, `linear`, or `icc` for what `icc_profile` describes. `format` is
    what the picture was read from, UNKNOWN for one from memory. `exif` is the EXIF block as it was
    in the file; its orientation has been applied to the pixels. `lost` is what the file holds and
    this picture does not.

    `frames` are all of an animation or of several pages, each as the pixels are, which are those
    of the first; none for a still. `loops` is how often an animation plays, 0 meaning for ever.
    `measure` is there where the pixels are not yet what is to be seen, as of a DICOM picture whose
    window is to be chosen.

    Raises TypeError or ValueError for pixels that are not as said.
    """

    pixels: NDArray[Any]
    space: Space = "srgb"
    format: ImageFormat = ImageFormat.UNKNOWN
    icc_profile: bytes | None = None
    exif: bytes | None = None
    lost: tuple[Loss, ...] = ()
    frames: tuple[Frame, ...] = ()
    loops: int = 0
    measure: Measure | None = None

    def __post_init__(self) -> None:
        pixels = self.pixels
        if not isinstance(pixels, np.ndarray) or pixels.dtype not in DTYPES:
            kind = pixels.dtype if isinstance(pixels, np.ndarray) else type(pixels).__name__
            raise TypeError(f"Expected pixels of uint8, uint16 or float32, got {kind}")
        if pixels.ndim != 3 or not 1 <= pixels.shape[2] <= 4 or not pixels.size:
            raise ValueError(f"Expected pixels of shape (H, W, 1 to 4), got {pixels.shape}")
        if self.frames:
            _check_frames(self.frames, pixels)

    def __repr__(self) -> str:
        many = f"{len(self.frames)} frames, " if self.frames else ""
        return (
            f"<Image {self.width}x{self.height}, {self.channels} channels of {self.pixels.dtype}, "
            f"{many}{self.space}, from {self.format.value}>"
        )

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def channels(self) -> int:
        """Samples in a pixel, alpha included."""
        return int(self.pixels.shape[2])

    @property
    def has_alpha(self) -> bool:
        """Whether the last sample of each pixel is its opacity."""
        return self.channels % 2 == 0

    @property
    def is_paged(self) -> bool:
        """Whether it has several pages, and not frames that follow each other in time."""
        return bool(self.frames) and not any(frame.duration for frame in self.frames)

    def still(self) -> "Image":
        """The first frame alone, or this picture where there is no other."""
        return replace(self, frames=()) if self.frames else self

    def stills(self) -> "list[Image]":
        """A picture for each frame."""
        if not self.frames:
            return [self]
        return [
            replace(self, pixels=frame.pixels, frames=(), measure=frame.measure)
            for frame in self.frames
        ]

    def each(self, change: "Callable[[Image], Image]") -> "Image":
        """What `change` makes of every frame, in the order of time; all that is lost is told once.

        Raises ValueError where frames come out of different sizes.
        """
        if not self.frames:
            return change(self)
        return self.of_frames(map(change, self.stills()))

    def of_frames(self, stills: "Iterable[Image]") -> "Image":
        """An animation of `stills`, a picture for each frame of this one, with its durations."""
        made = list(stills)
        frames = tuple(
            Frame(still.pixels, frame.duration, still.measure)
            for still, frame in zip(made, self.frames, strict=True)
        )
        lost = dict.fromkeys(loss for still in made for loss in still.lost)
        return replace(made[0], frames=frames, lost=tuple(lost))

    def shown(self) -> "Image":
        """What is to be seen, of a picture of what was measured; else this picture."""
        return self if self.measure is None else self.each(_shown)

    def with_pixels(self, pixels: NDArray[Any]) -> "Image":
        """A still with other pixels; a colour profile goes when the colours go."""
        if pixels.shape[2] < 3 <= self.channels:
            return replace(self, pixels=pixels, frames=(), space="grey", icc_profile=None)
        return replace(self, pixels=pixels, frames=())

    def without_profile(self) -> "Image":
        """The same numbers, taken for sRGB or its grey."""
        space: Space = "srgb" if self.channels > 2 else "grey"
        return replace(self, icc_profile=None, space=space)

    def losing(self, *losses: Loss) -> "Image":
        """The same picture, with more recorded as lost."""
        return replace(self, lost=(*self.lost, *losses))

    def contiguous(self) -> NDArray[Any]:
        """The pixels in rows without gaps, copied only where they are not."""
        return np.ascontiguousarray(self.pixels)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The pixels, (H, W) for a grey picture without alpha."""
        pixels = self.pixels[:, :, 0] if self.channels == 1 else self.pixels
        if copy is False and dtype is not None and pixels.dtype != dtype:
            raise ValueError(f"Expected {pixels.dtype} where no copy may be made, got {dtype}")
        result: NDArray[Any] = np.array(pixels, dtype, copy=True if copy else None)
        return result

    @classmethod
    def from_array(cls, array: ArrayLike) -> "Image":
        """A picture of an array of (H, W) or (H, W, C), taken for grey or sRGB; not copied.

        >>> import numpy as np
        >>> Image.from_array(np.zeros((2, 3), np.uint8))
        <Image 3x2, 1 channels of uint8, grey, from unknown>
        """
        pixels = np.asarray(array)
        if pixels.ndim == 2:
            pixels = pixels[:, :, np.newaxis]
        grey = pixels.ndim == 3 and pixels.shape[2] < 3
        return cls(pixels, "grey" if grey else "srgb")

    @classmethod
    def from_pil(cls, image: "PIL.Image.Image") -> "Image":
        """The pixels of a PIL image of any mode, as grey or RGB with its transparency.

        They are of uint8, but for deep grey, which is uint16, or float32 from 0 to 1. CMYK and the
        like become RGB by Pillow's own formulas, and then no colour profile is kept.
        """
        mode = _plain_mode(image)
        if image.mode.startswith("I") or image.mode == "F":
            pixels = _deep_grey(image)
        else:
            pixels = np.asarray(image if image.mode == mode else image.convert(mode))
        icc = image.info.get("icc_profile") if image.mode not in ("CMYK", "YCbCr", "LAB") else None
        picture = cls.from_array(pixels)
        return replace(picture, icc_profile=icc, space="icc") if icc else picture

    def to_pil(self) -> "PIL.Image.Image":
        """A PIL image of mode L, LA, RGB or RGBA, or I;16 for grey of uint16.

        Raises TypeError for other pixels.
        """
        from PIL import Image as pil

        deep = self.pixels.dtype == np.uint16 and self.channels == 1
        if self.pixels.dtype != np.uint8 and not deep:
            raise TypeError(f"Expected pixels of uint8 or grey of uint16, got {self!r}")
        return pil.fromarray(np.ascontiguousarray(np.asarray(self)))


def _shown(still: Image) -> Image:
    assert still.measure is not None  # all frames have one, or none has
    return replace(still.with_pixels(still.measure.curve[still.pixels]), measure=None)


def _check_frames(frames: tuple[Frame, ...], pixels: NDArray[Any]) -> None:
    if frames[0].pixels is not pixels:
        raise ValueError("Expected pixels to be those of the first frame")
    for frame in frames:
        same = frame.pixels.shape == pixels.shape and frame.pixels.dtype == pixels.dtype
        if not same:
            raise ValueError(
                f"Expected frames like the first, {pixels.dtype} of shape {pixels.shape}, "
                f"got {frame.pixels.dtype} of {frame.pixels.shape}"
            )


def _plain_mode(image: "PIL.Image.Image") -> str:
    """The one of L, LA, RGB and RGBA that holds what a PIL image shows."""
    grey = image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")
    return ("L" if grey else "RGB") + ("A" if image.has_transparency_data else "")


def _deep_grey(image: "PIL.Image.Image") -> NDArray[Any]:
    """Integers as uint16, floats as float32; those that go beyond 1 are taken for 0 to 255."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        scale = 1 if np.nanmax(values, initial=0) <= 1 else 255
        levels: NDArray[Any] = np.nan_to_num(values / np.float32(scale)).astype(np.float32)
        return levels
    grey: NDArray[Any] = np.clip(values, 0, 65535).astype(np.uint16)
    clear = image.info.get("transparency")
    if clear is None:
        return grey
    opacity = np.where(values == clear, 0, 65535).astype(np.uint16)
    return np.stack([grey, opacity], axis=2)
