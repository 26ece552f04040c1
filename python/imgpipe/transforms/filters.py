"""Transforms that look at a pixel's neighbours."""

from dataclasses import dataclass
from typing import ClassVar, Self

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.kernels.blur import check_sigma
from imgpipe.transforms.base import ImageTransform, numbers


@dataclass(frozen=True)
class Blur(ImageTransform):
    """A Gaussian blur of standard deviation `sigma`, in pixels, above 0 and up to 500."""

    sigma: float

    name: ClassVar[str] = "blur"
    usage: ClassVar[str] = "blur:2 or blur:0.8"

    def __post_init__(self) -> None:
        check_sigma(self.sigma)

    def apply(self, image: Image) -> Image:
        return image.with_pixels(kernels.gaussian_blur(image.pixels, self.sigma))

    @classmethod
    def parse(cls, arguments: str) -> Self:
        (sigma,) = numbers(arguments, 1, cls.usage)
        return cls(sigma)


def apply_kernel(image: Image, kernel: kernels.Kernel, *, border: str = "reflect") -> Image:
    """`kernels.convolve` for an Image: a new one with every channel convolved, alpha too."""
    return image.with_pixels(kernels.convolve(image.pixels, kernel, border=border))
