"""Transforms that look at a pixel's neighbours."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from imgpipe import kernels
from imgpipe.image import Image
from imgpipe.kernels.blur import MAX_RADIUS, check_sigma
from imgpipe.kernels.checks import number
from imgpipe.kernels.unsharp import LEVELS, MAX_AMOUNT
from imgpipe.transforms.base import PixelTransform, make_whole


@dataclass(frozen=True)
class Blur(PixelTransform):
    """A Gaussian blur of standard deviation `sigma`, in pixels, above 0 and up to 500."""

    sigma: float

    name: ClassVar[str] = "blur"
    usage: ClassVar[str] = "blur:2 or blur:0.8"

    def __post_init__(self) -> None:
        check_sigma(self.sigma)

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.gaussian_blur(pixels, self.sigma)


@dataclass(frozen=True)
class BoxBlur(PixelTransform):
    """The mean of all pixels up to `radius` away, from 0 to 2047, across and down."""

    radius: int

    name: ClassVar[str] = "box-blur"
    usage: ClassVar[str] = "box-blur:3"

    def __post_init__(self) -> None:
        make_whole(self, 0, MAX_RADIUS, "radius")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.box_blur(pixels, self.radius)


@dataclass(frozen=True)
class Sharpen(PixelTransform):
    """The difference between a pixel and its four neighbours added to it; alpha stays."""

    name: ClassVar[str] = "sharpen"
    usage: ClassVar[str] = "sharpen"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return _alpha_kept(kernels.sharpen(pixels), pixels)


@dataclass(frozen=True)
class UnsharpMask(PixelTransform):
    """What a Gaussian blur takes away, added `amount` times.

    `sigma` is in pixels, above 0 and up to 500, `amount` from 0 to 10. Differences below
    `threshold`, from 0 to 255 levels, stay.
    """

    sigma: float
    amount: float = 1.0
    threshold: float = 0.0

    name: ClassVar[str] = "unsharp-mask"
    usage: ClassVar[str] = "unsharp-mask:1 or unsharp-mask:1x0.8x3"

    def __post_init__(self) -> None:
        check_sigma(self.sigma)
        number(self.amount, 0, MAX_AMOUNT, "amount")
        number(self.threshold, 0, LEVELS, "threshold")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.unsharp_mask(pixels, self.sigma, self.amount, self.threshold)


@dataclass(frozen=True)
class EdgeDetect(PixelTransform):
    """The difference between a pixel and its eight neighbours; alpha stays."""

    name: ClassVar[str] = "edge-detect"
    usage: ClassVar[str] = "edge-detect"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return _alpha_kept(kernels.edge_detect(pixels), pixels)


@dataclass(frozen=True)
class Sobel(PixelTransform):
    """How steep each channel is, by Sobel's two kernels; alpha stays."""

    name: ClassVar[str] = "sobel"
    usage: ClassVar[str] = "sobel"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return _alpha_kept(kernels.sobel(pixels), pixels)


@dataclass(frozen=True)
class Emboss(PixelTransform):
    """Relief, lit from the lower right; alpha stays."""

    name: ClassVar[str] = "emboss"
    usage: ClassVar[str] = "emboss"

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return _alpha_kept(kernels.emboss(pixels), pixels)


@dataclass(frozen=True)
class Median(PixelTransform):
    """The median over a square of `size` pixels a side, 3 or 5: takes specks away."""

    size: int = 3

    name: ClassVar[str] = "median"
    usage: ClassVar[str] = "median:3 or median:5"

    def __post_init__(self) -> None:
        if self.size not in (3, 5):
            raise ValueError(f"Expected a size for median of 3 or 5, got {self.size}")
        object.__setattr__(self, "size", int(self.size))

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return kernels.median(pixels, self.size)


@dataclass(frozen=True)
class Convolve(PixelTransform):
    """Any kernel, as `kernels.convolve` applies it, but that alpha stays.

    Spelled with its rows from the top, `/` between them, and its divisor at the end.
    """

    kernel: kernels.Kernel

    name: ClassVar[str] = "convolve"
    usage: ClassVar[str] = "'convolve:1 2 1/2 4 2/1 2 1:16'"

    def __post_init__(self) -> None:
        if not isinstance(self.kernel, kernels.Kernel):
            raise TypeError(f"Expected a Kernel, got {self.kernel!r}")

    def change(self, pixels: NDArray[Any]) -> NDArray[Any]:
        return _alpha_kept(kernels.convolve(pixels, self.kernel), pixels)

    @classmethod
    def parse(cls, arguments: str) -> Self:
        rows, _, divisor = arguments.partition(":")
        try:
            weights = [list(map(float, row.replace(",", " ").split())) for row in rows.split("/")]
            return cls(kernels.Kernel(weights, float(divisor or 1)))
        except ValueError as error:
            if str(error).startswith("Expected"):
                raise
            raise ValueError(f"Expected {cls.usage}, got {arguments!r}") from None

    def spell(self) -> str:
        rows = "/".join(" ".join(map(_plain, row)) for row in self.kernel.data)
        return f"convolve:{rows}:{_plain(self.kernel.divisor)}"


def _plain(value: float) -> str:
    return repr(value).removesuffix(".0")


def apply_kernel(image: Image, kernel: kernels.Kernel, *, border: str = "reflect") -> Image:
    """`kernels.convolve` for an Image: a new one with every channel convolved, alpha too."""
    return image.with_pixels(kernels.convolve(image.pixels, kernel, border=border))


def _alpha_kept(result: NDArray[Any], pixels: NDArray[Any]) -> NDArray[Any]:
    """`result` with the alpha of `pixels`: weights that sum to 0 would make all of it clear."""
    if pixels.shape[2] % 2 == 0:
        result[..., -1] = pixels[..., -1]
    return result
