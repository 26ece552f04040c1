"""Transforms that resample a picture to another size, each by its own rule."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.limits import MAX_SIDE
from imgpipe.transforms.base import ImageTransform, make_whole, whole_number

# EXIF orientations after which what was an end, right or below, is a beginning, left or above.
MIRRORED_ACROSS = (2, 3, 6, 7)
MIRRORED_DOWN = (3, 4, 7, 8)


@dataclass(frozen=True)
class Sizing(ImageTransform):
    """Base of transforms whose new size follows from the old one alone; Lanczos-3.

    So one that comes first may be given the picture already made smaller.
    """

    @abstractmethod
    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """The size that a picture of `width` by `height` is resampled to."""

    def reach(self, width: int, height: int) -> tuple[int, int]:
        return self.size_of(width, height)

    def apply(self, image: Image) -> Image:
        return self.apply_to(image, (image.width, image.height))

    def follow(self, image: Image, model: Image) -> Image:
        return self.apply_to(image, (image.width, image.height), model=model)

    def apply_to(
        self,
        image: Image,
        size: tuple[int, int],
        orientation: int = 1,
        model: Image | None = None,
    ) -> Image:
        """`apply`, or with a `model` `follow`, where `image` stands for a picture of `size`.

        That is (width, height). `image` may be a half, a quarter and so on of it, pixels reaching
        beyond its right and lower edges, or those that have become of them since it was turned by
        an EXIF `orientation`; so may `model`.
        """
        wanted = self.size_of(*size)
        wide, high = extent(image.width, size[0]), extent(image.height, size[1])
        if wanted == (image.width, image.height) == (wide, high):
            return image
        left = image.width - wide if orientation in MIRRORED_ACROSS else 0
        top = image.height - high if orientation in MIRRORED_DOWN else 0
        return image.with_pixels(kernels.resize(image.pixels, wanted, box=(left, top, wide, high)))


def extent(pixels: int, side: int) -> float:
    """How many of `pixels` a side fills that was halved until so many, rounded up, were left.

    >>> extent(145, 1155)
    144.375
    """
    part = 1
    while -(-side // part) > pixels:
        part *= 2
    return side / part if -(-side // part) == pixels else pixels


def scaled(side: int, numerator: int, denominator: int) -> int:
    """`side` * `numerator` / `denominator`, rounded half up, at least 1."""
    return max(1, (2 * side * numerator + denominator) // (2 * denominator))


@dataclass(frozen=True)
class Resize(Sizing):
    """Exactly `width` by `height` pixels, whatever the shape was."""

    width: int
    height: int

    name: ClassVar[str] = "resize"
    usage: ClassVar[str] = "resize:800x600"

    def __post_init__(self) -> None:
        make_whole(self, 1, MAX_SIDE, "width", "height")

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        return self.width, self.height


@dataclass(frozen=True)
class Thumbnail(Sizing):
    """Fitted into a square of `max_size` pixels a side, its shape kept, never enlarged."""

    max_size: int

    name: ClassVar[str] = "thumbnail"
    usage: ClassVar[str] = "thumbnail:256"

    def __post_init__(self) -> None:
        size = whole_number(self.max_size, 1, MAX_SIDE, "size for thumbnail")
        object.__setattr__(self, "max_size", size)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        longest = max(width, height)
        if longest <= self.max_size:
            return width, height
        return scaled(width, self.max_size, longest), scaled(height, self.max_size, longest)


@dataclass(frozen=True)
class Width(Sizing):
    """Made `width` pixels wide, its shape kept, never enlarged."""

    width: int

    name: ClassVar[str] = "width"
    usage: ClassVar[str] = "width:800"

    def __post_init__(self) -> None:
        make_whole(self, 1, MAX_SIDE, "width")

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        if width <= self.width:
            return width, height
        return self.width, scaled(height, self.width, width)


@dataclass(frozen=True)
class Height(Sizing):
    """Made `height` pixels high, its shape kept, never enlarged."""

    height: int

    name: ClassVar[str] = "height"
    usage: ClassVar[str] = "height:600"

    def __post_init__(self) -> None:
        make_whole(self, 1, MAX_SIDE, "height")

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        if height <= self.height:
            return width, height
        return scaled(width, self.height, height), self.height
