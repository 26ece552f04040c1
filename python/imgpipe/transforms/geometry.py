"""Transforms that change the size of a picture or which way it faces."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.limits import MAX_SIDE
from imgpipe.transforms.base import ImageTransform, numbers, whole_number


@dataclass(frozen=True)
class Sizing(ImageTransform):
    """A transform that makes a picture of another size, whatever it shows; base of several.

    As the new size follows from the old one alone, such a transform that comes first may be given
    the picture already made smaller.
    """

    @abstractmethod
    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """The size that a picture of `width` by `height` is resampled to."""

    def apply(self, image: Image) -> Image:
        return self.apply_to(image, (image.width, image.height))

    def apply_to(self, image: Image, size: tuple[int, int]) -> Image:
        """`apply`, where `image` stands for a picture of `size`, (width, height)."""
        wanted = self.size_of(*size)
        if wanted == (image.width, image.height):
            return image
        return image.with_pixels(kernels.resize(image.pixels, wanted))


@dataclass(frozen=True)
class Resize(Sizing):
    """Exactly `width` by `height` pixels, whatever the shape was; Lanczos-3."""

    width: int
    height: int

    name: ClassVar[str] = "resize"
    usage: ClassVar[str] = "resize:800x600"

    def __post_init__(self) -> None:
        for side in ("width", "height"):
            value = whole_number(getattr(self, side), 1, MAX_SIDE, f"{side} for resize")
            object.__setattr__(self, side, value)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        return self.width, self.height

    @classmethod
    def parse(cls, arguments: str) -> Self:
        width, height = numbers(arguments, 2, cls.usage)
        return cls(width, height)  # type: ignore[arg-type]  # made whole on the way in


@dataclass(frozen=True)
class Thumbnail(Sizing):
    """Fitted into a square of `max_size` pixels a side, its shape kept, never enlarged."""

    max_size: int

    name: ClassVar[str] = "thumbnail"
    usage: ClassVar[str] = "thumbnail:256"

    def __post_init__(self) -> None:
        value = whole_number(self.max_size, 1, MAX_SIDE, "size for thumbnail")
        object.__setattr__(self, "max_size", value)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        longest = max(width, height)
        if longest <= self.max_size:
            return width, height
        shrunk = (2 * side * self.max_size + longest for side in (width, height))
        width, height = (max(1, side // (2 * longest)) for side in shrunk)
        return width, height

    @classmethod
    def parse(cls, arguments: str) -> Self:
        (max_size,) = numbers(arguments, 1, cls.usage)
        return cls(max_size)  # type: ignore[arg-type]  # made whole on the way in


@dataclass(frozen=True)
class Width(Sizing):
    """Made `width` pixels wide, its shape kept, never enlarged."""

    width: int

    name: ClassVar[str] = "width"
    usage: ClassVar[str] = "width:800"

    def __post_init__(self) -> None:
        value = whole_number(self.width, 1, MAX_SIDE, "width for width")
        object.__setattr__(self, "width", value)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        if width <= self.width:
            return width, height
        return self.width, max(1, (2 * height * self.width + width) // (2 * width))

    @classmethod
    def parse(cls, arguments: str) -> Self:
        (width,) = numbers(arguments, 1, cls.usage)
        return cls(width)  # type: ignore[arg-type]  # made whole on the way in


@dataclass(frozen=True)
class Height(Sizing):
    """Made `height` pixels high, its shape kept, never enlarged."""

    height: int

    name: ClassVar[str] = "height"
    usage: ClassVar[str] = "height:600"

    def __post_init__(self) -> None:
        value = whole_number(self.height, 1, MAX_SIDE, "height for height")
        object.__setattr__(self, "height", value)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        if height <= self.height:
            return width, height
        return max(1, (2 * width * self.height + height) // (2 * height)), self.height

    @classmethod
    def parse(cls, arguments: str) -> Self:
        (height,) = numbers(arguments, 1, cls.usage)
        return cls(height)  # type: ignore[arg-type]  # made whole on the way in


@dataclass(frozen=True)
class Rotate90(ImageTransform):
    """Turned clockwise by 90 degrees."""

    name: ClassVar[str] = "rotate90"
    usage: ClassVar[str] = "rotate90"

    def apply(self, image: Image) -> Image:
        return image.with_pixels(kernels.rotate90(image.pixels))


@dataclass(frozen=True)
class Rotate180(ImageTransform):
    """Turned by 180 degrees."""

    name: ClassVar[str] = "rotate180"
    usage: ClassVar[str] = "rotate180"

    def apply(self, image: Image) -> Image:
        return image.with_pixels(kernels.rotate180(image.pixels))


@dataclass(frozen=True)
class Rotate270(ImageTransform):
    """Turned clockwise by 270 degrees."""

    name: ClassVar[str] = "rotate270"
    usage: ClassVar[str] = "rotate270"

    def apply(self, image: Image) -> Image:
        return image.with_pixels(kernels.rotate270(image.pixels))


@dataclass(frozen=True)
class FlipHorizontal(ImageTransform):
    """Left and right exchanged."""

    name: ClassVar[str] = "flip-horizontal"
    usage: ClassVar[str] = "flip-horizontal"

    def apply(self, image: Image) -> Image:
        return image.with_pixels(kernels.flip_horizontal(image.pixels))


@dataclass(frozen=True)
class FlipVertical(ImageTransform):
    """Top and bottom exchanged."""

    name: ClassVar[str] = "flip-vertical"
    usage: ClassVar[str] = "flip-vertical"

    def apply(self, image: Image) -> Image:
        return image.with_pixels(kernels.flip_vertical(image.pixels))
