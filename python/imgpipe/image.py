"""`Image`: pixels, and what must not be lost on their way."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from imgpipe.formats import ImageFormat
from imgpipe.losses import Loss

if TYPE_CHECKING:
    import PIL.Image

Space = Literal["grey", "srgb", "linear", "icc"]

DTYPES = (np.uint8, np.uint16, np.float32)


@dataclass(frozen=True, eq=False)
class Image:
    """A picture in memory.

    `pixels` is (H, W, C), uint8, uint16 or float32, with C of 1 (grey), 2 (grey, alpha), 3 (red,
    green, blue) or 4 (with alpha); alpha is not multiplied into the colours. `space` says what the
    numbers mean: `grey`, `srgb`, `linear`, or `icc` for what `icc_profile` describes. `format` is
    what the picture was read from, UNKNOWN for one from memory. `exif` is the EXIF block as it was
    in the file; its orientation has been applied to the pixels. `lost` is what the file holds and
    this picture does not.

    Raises TypeError or ValueError for pixels that are not as said.
    """

    pixels: NDArray[Any]
    space: Space = "srgb"
    format: ImageFormat = ImageFormat.UNKNOWN
    icc_profile: bytes | None = None
    exif: bytes | None = None
    lost: tuple[Loss, ...] = ()

    def __post_init__(self) -> None:
        pixels = self.pixels
        if not isinstance(pixels, np.ndarray) or pixels.dtype not in DTYPES:
            kind = pixels.dtype if isinstance(pixels, np.ndarray) else type(pixels).__name__
            raise TypeError(f"Expected pixels of uint8, uint16 or float32, got {kind}")
        if pixels.ndim != 3 or not 1 <= pixels.shape[2] <= 4 or not pixels.size:
            raise ValueError(f"Expected pixels of shape (H, W, 1 to 4), got {pixels.shape}")

    def __repr__(self) -> str:
        return (
            f"<Image {self.width}x{self.height}, {self.channels} channels of {self.pixels.dtype}, "
            f"{self.space}, from {self.format.value}>"
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

    def with_pixels(self, pixels: NDArray[Any]) -> "Image":
        """The same picture with other pixels; a colour profile goes when the colours go."""
        if pixels.shape[2] < 3 <= self.channels:
            return replace(self, pixels=pixels, space="grey", icc_profile=None)
        return replace(self, pixels=pixels)

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
