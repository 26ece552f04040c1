"""Transforms that change pixels where they stand."""

from dataclasses import dataclass
from typing import ClassVar, Self

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.transforms.base import ImageTransform, numbers, whole_number


@dataclass(frozen=True)
class Grayscale(ImageTransform):
    """ITU-R BT.601 luma in one channel, alpha beside it where there is one."""

    name: ClassVar[str] = "grayscale"
    usage: ClassVar[str] = "grayscale"

    def apply(self, image: Image) -> Image:
        return image if image.channels < 3 else image.with_pixels(kernels.grayscale(image.pixels))


@dataclass(frozen=True)
class Brighten(ImageTransform):
    """`value`, from -255 to 255, added to every sample but alpha, and clamped."""

    value: int

    name: ClassVar[str] = "brighten"
    usage: ClassVar[str] = "brighten:20 or brighten:-20"

    def __post_init__(self) -> None:
        value = whole_number(self.value, -255, 255, "value for brighten")
        object.__setattr__(self, "value", value)

    def apply(self, image: Image) -> Image:
        return image.with_pixels(kernels.brighten(image.pixels, self.value))

    @classmethod
    def parse(cls, arguments: str) -> Self:
        (value,) = numbers(arguments, 1, cls.usage)
        return cls(value)  # type: ignore[arg-type]  # made whole on the way in
