"""Transforms that cut a picture, put a frame round it, or turn it."""

import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from imgpipe import kernels
from imgpipe.colours import parse_colour
from imgpipe.image import Image
from imgpipe.kernels.arrays import WHITE
from imgpipe.kernels.checks import finite
from imgpipe.limits import MAX_SIDE
from imgpipe.transforms.base import ImageTransform, PixelTransform, make_whole, reading

_BOX = re.compile(r"(\d+)x(\d+)\+(\d+)\+(\d+)")


def checked_background(background: str | None) -> str | None:
    """`background` in lower case. Raises ValueError for what is neither a colour nor None."""
    if background is None:
        return None
    parse_colour(background)
    return background.strip().lower()


def ground(image: Image, background: str | None) -> NDArray[Any]:
    """A pixel of `background` in the channels and dtype of `image`, over white without alpha.

    None is white, or clear where the picture has transparency.
    """
    clear = "#ffffff00" if background is None else background
    *colours, opacity = parse_colour(clear)
    if not image.has_alpha:
        colours = [(c * opacity + 255 * (255 - opacity) + 127) // 255 for c in colours]
    levels = np.array([[colours]], np.uint8)
    if image.channels < 3:
        levels = kernels.grayscale(levels)
    values = np.array([*levels.ravel(), opacity][: image.channels])
    dtype = image.pixels.dtype
    return (values * (WHITE[dtype] / 255)).astype(dtype)


def padded(
    image: Image, left: int, top: int, right: int, bottom: int, background: str | None
) -> Image:
    """`image` with a frame of so many pixels. Raises ValueError where it grows too large."""
    width, height = left + image.width + right, top + image.height + bottom
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"Expected sides of at most {MAX_SIDE} pixels, got {width}x{height}")
    pixels = np.empty((height, width, image.channels), image.pixels.dtype)
    pixels[...] = ground(image, background)
    pixels[top : top + image.height, left : left + image.width] = image.pixels
    return image.with_pixels(pixels)


@dataclass(frozen=True)
class Crop(ImageTransform):
    """The part of `width` by `height` pixels whose upper left one is at (`x`, `y`).

    It lies inside the picture, or applying it raises ValueError.
    """

    x: int
    y: int
    width: int
    height: int

    name: ClassVar[str] = "crop"
    usage: ClassVar[str] = "crop:800x600+100+50"

    def __post_init__(self) -> None:
        make_whole(self, 0, MAX_SIDE, "x", "y")
        make_whole(self, 1, MAX_SIDE, "width", "height")

    def apply(self, image: Image) -> Image:
        box = self.x, self.y, self.width, self.height
        return image.with_pixels(kernels.crop(image.pixels, box))

    @classmethod
    def parse(cls, arguments: str) -> Self:
        box = _BOX.fullmatch(arguments.lower())
        if not box:
            got = repr(arguments) if arguments else "nothing after the name"
            raise ValueError(f"Expected {cls.usage}, got {got}")
        width, height, x, y = map(int, box.groups())
        return cls(x, y, width, height)

    def spell(self) -> str:
        return f"crop:{self.width}x{self.height}+{self.x}+{self.y}"


@dataclass(frozen=True)
class Pad(ImageTransform):
    """A frame of so many pixels on each side, of `color`.

    None is white, or clear where there is transparency. Spelled with one number for all sides, two
    for left and right and for top and bottom, or four.
    """

    left: int
    top: int
    right: int
    bottom: int
    color: str | None = None

    name: ClassVar[str] = "pad"
    usage: ClassVar[str] = "pad:10 or pad:10x20:black or pad:1x2x3x4"

    def __post_init__(self) -> None:
        make_whole(self, 0, MAX_SIDE, "left", "top", "right", "bottom")
        object.__setattr__(self, "color", checked_background(self.color))

    def reach(self, width: int, height: int) -> tuple[int, int]:
        return width + self.left + self.right, height + self.top + self.bottom

    def apply(self, image: Image) -> Image:
        return padded(image, self.left, self.top, self.right, self.bottom, self.color)

    @classmethod
    def parse(cls, arguments: str) -> Self:
        sides, _, color = arguments.lower().partition(":")
        parts = sides.split("x")
        if len(parts) not in (1, 2, 4) or not all(part.isdecimal() for part in parts):
            got = repr(arguments) if arguments else "nothing after the name"
            raise ValueError(f"Expected {cls.usage}, got {got}")
        left, top, right, bottom = (list(map(int, parts)) * (4 // len(parts)))[:4]
        return cls(left, top, right, bottom, color or None)

    def spell(self) -> str:
        sides = f"pad:{self.left}x{self.top}x{self.right}x{self.bottom}"
        return sides if self.color is None else f"{sides}:{self.color}"


@dataclass(frozen=True)
class AutoOrient(ImageTransform):
    """Turned upright as EXIF says, which decoding has done already: so nothing is left to do.

    For those who write it into a chain as other tools need it.
    """

    name: ClassVar[str] = "auto-orient"
    usage: ClassVar[str] = "auto-orient"

    def apply(self, image: Image) -> Image:
        return image


@dataclass(frozen=True)
class Rotate(ImageTransform):
    """Turned clockwise by `angle` degrees, any finite number, and made as large as that takes.

    The corners are of `background`, None meaning white, or clear where there is transparency.
    """

    angle: float
    background: str | None = None

    name: ClassVar[str] = "rotate"
    usage: ClassVar[str] = "rotate:30 or rotate:-7.5:black"

    def __post_init__(self) -> None:
        object.__setattr__(self, "angle", finite(self.angle, "angle for rotate"))
        object.__setattr__(self, "background", checked_background(self.background))

    def reach(self, width: int, height: int) -> tuple[int, int]:
        diagonal = math.ceil(math.hypot(width, height))
        return diagonal, diagonal

    def apply(self, image: Image) -> Image:
        fill = ground(image, self.background)
        return image.with_pixels(kernels.rotate(image.pixels, self.angle, fill=fill))

    @classmethod
    def parse(cls, arguments: str) -> Self:
        angle, _, background = arguments.partition(":")
        with reading(arguments, cls.usage):
            return cls(float(angle), background.lower() or None)

    def spell(self) -> str:
        turned = f"rotate:{self.angle!r}".removesuffix(".0")
        return turned if self.background is None else f"{turned}:{self.background}"


@dataclass(frozen=True)
class Rotate90(PixelTransform):
    """Turned clockwise by 90 degrees."""

    name: ClassVar[str] = "rotate90"
    usage: ClassVar[str] = "rotate90"

    def reach(self, width: int, height: int) -> tuple[int, int]:
        return height, width

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.rotate90(pixels)


@dataclass(frozen=True)
class Rotate180(PixelTransform):
    """Turned by 180 degrees."""

    name: ClassVar[str] = "rotate180"
    usage: ClassVar[str] = "rotate180"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.rotate180(pixels)


@dataclass(frozen=True)
class Rotate270(PixelTransform):
    """Turned clockwise by 270 degrees."""

    name: ClassVar[str] = "rotate270"
    usage: ClassVar[str] = "rotate270"

    def reach(self, width: int, height: int) -> tuple[int, int]:
        return height, width

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.rotate270(pixels)


@dataclass(frozen=True)
class FlipHorizontal(PixelTransform):
    """Left and right exchanged."""

    name: ClassVar[str] = "flip-horizontal"
    usage: ClassVar[str] = "flip-horizontal"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.flip_horizontal(pixels)


@dataclass(frozen=True)
class FlipVertical(PixelTransform):
    """Top and bottom exchanged."""

    name: ClassVar[str] = "flip-vertical"
    usage: ClassVar[str] = "flip-vertical"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.flip_vertical(pixels)
