"""Transforms that change pixels where they stand."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.kernels.checks import number
from imgpipe.kernels.colour import MAX_FACTOR
from imgpipe.kernels.histogram import MAX_CLIP_LIMIT, MAX_CUTOFF, MAX_TILES
from imgpipe.kernels.tone import MAX_GAMMA, MAX_LEVEL, MIN_GAMMA, MIN_WIDTH
from imgpipe.transforms.base import (
    ImageTransform,
    PixelTransform,
    make_whole,
    numbers,
    whole_number,
)


@dataclass(frozen=True)
class Grayscale(ImageTransform):
    """ITU-R BT.601 luma in one channel, alpha beside it where there is one."""

    name: ClassVar[str] = "grayscale"
    usage: ClassVar[str] = "grayscale"

    def apply(self, image: Image) -> Image:
        return image if image.channels < 3 else image.with_pixels(kernels.grayscale(image.pixels))


@dataclass(frozen=True)
class Curve(PixelTransform):
    """Base of transforms that make of each level another one, whatever lies around it.

    Several in a row are one pass over the picture.
    """


@dataclass(frozen=True)
class Brighten(Curve):
    """`value`, from -255 to 255, added to every sample but alpha, and clamped."""

    value: int

    name: ClassVar[str] = "brighten"
    usage: ClassVar[str] = "brighten:20 or brighten:-20"

    def __post_init__(self) -> None:
        make_whole(self, -255, 255, "value")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.brighten(pixels, self.value)


@dataclass(frozen=True)
class Contrast(Curve):
    """Levels moved away from the middle: `factor` times as far, from 0 to 1000."""

    factor: float

    name: ClassVar[str] = "contrast"
    usage: ClassVar[str] = "contrast:1.2"

    def __post_init__(self) -> None:
        number(self.factor, 0, MAX_FACTOR, "factor")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.contrast(pixels, self.factor)


@dataclass(frozen=True)
class Gamma(Curve):
    """Levels from 0 to 1 to the power of `gamma`, from 0.01 to 100: below 1 is brighter."""

    gamma: float

    name: ClassVar[str] = "gamma"
    usage: ClassVar[str] = "gamma:0.8"

    def __post_init__(self) -> None:
        number(self.gamma, MIN_GAMMA, MAX_GAMMA, "gamma")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.gamma(pixels, self.gamma)


@dataclass(frozen=True)
class Window(Curve):
    """The levels around `center` spread over all, `width` of them, in the picture's own values.

    In a run those of a DICOM picture are what it measures, such as Hounsfield units.
    """

    center: float
    width: float

    name: ClassVar[str] = "window"
    usage: ClassVar[str] = "window:1040x400"

    def __post_init__(self) -> None:
        number(self.center, -MAX_LEVEL, MAX_LEVEL, "center")
        number(self.width, MIN_WIDTH, MAX_LEVEL, "width")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.window(pixels, self.center, self.width)

    def apply(self, image: Image) -> Image:
        measure = image.measure
        if measure is None:
            return super().apply(image)
        center = (self.center - measure.intercept) / measure.slope
        pixels = kernels.window(image.pixels, center, self.width / abs(measure.slope))
        if measure.inverted != (measure.slope < 0):
            pixels = np.iinfo(pixels.dtype).max - pixels
        return replace(image, pixels=pixels, measure=None)


@dataclass(frozen=True)
class Saturation(PixelTransform):
    """Colours moved away from their grey: `factor` times as far, from 0, which is grey, to 1000."""

    factor: float

    name: ClassVar[str] = "saturation"
    usage: ClassVar[str] = "saturation:1.3"

    def __post_init__(self) -> None:
        number(self.factor, 0, MAX_FACTOR, "factor")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.saturation(pixels, self.factor)


@dataclass(frozen=True)
class AutoContrast(PixelTransform):
    """The levels in use stretched over all, but `cutoff` percent, 0 to 49.9, at either end."""

    cutoff: float = 0.0

    name: ClassVar[str] = "auto-contrast"
    usage: ClassVar[str] = "auto-contrast or auto-contrast:1"

    def __post_init__(self) -> None:
        number(self.cutoff, 0, MAX_CUTOFF, "cutoff")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.auto_contrast(pixels, self.cutoff)

    def follow(self, image: Image, model: Image) -> Image:
        changed = kernels.auto_contrast(image.pixels, self.cutoff, model=model.pixels)
        return image.with_pixels(changed)


@dataclass(frozen=True)
class Equalize(PixelTransform):
    """Every level about as often as any other, by the histogram of lumas."""

    name: ClassVar[str] = "equalize"
    usage: ClassVar[str] = "equalize"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.equalize(pixels)

    def follow(self, image: Image, model: Image) -> Image:
        return image.with_pixels(kernels.equalize(image.pixels, model=model.pixels))


@dataclass(frozen=True)
class Clahe(PixelTransform):
    """Equalised tile by tile, with no level counting more than `clip_limit` times the mean.

    `clip_limit` is from 0, for no limit, to 1e6; `tiles` are (columns, rows), each from 1 to 64.
    """

    clip_limit: float = 2.0
    tiles: tuple[int, int] = (8, 8)

    name: ClassVar[str] = "clahe"
    usage: ClassVar[str] = "clahe or clahe:2x8x8"

    def __post_init__(self) -> None:
        number(self.clip_limit, 0, MAX_CLIP_LIMIT, "clip_limit")
        tiles = self.tiles if isinstance(self.tiles, tuple) and len(self.tiles) == 2 else ()
        if not tiles:
            raise ValueError(f"Expected tiles (columns, rows) for clahe, got {self.tiles!r}")
        whole = (whole_number(side, 1, MAX_TILES, "number of tiles") for side in tiles)
        object.__setattr__(self, "tiles", tuple(whole))

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.clahe(pixels, self.clip_limit, self.tiles)

    def follow(self, image: Image, model: Image) -> Image:
        changed = kernels.clahe(image.pixels, self.clip_limit, self.tiles, model=model.pixels)
        return image.with_pixels(changed)

    @classmethod
    def parse(cls, arguments: str) -> Self:
        if not arguments:
            return cls()
        limit, *tiles = numbers(arguments, range(1, 4), cls.usage)
        if len(tiles) == 1:
            raise ValueError(f"Expected {cls.usage}, got {arguments!r}")
        return cls(limit, tuple(tiles)) if tiles else cls(limit)  # type: ignore[arg-type]  # checked

    def spell(self) -> str:
        return f"clahe:{float(self.clip_limit)!r}x{self.tiles[0]}x{self.tiles[1]}"
