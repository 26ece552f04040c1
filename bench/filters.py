"""Rows of the table: blurs, convolutions, Sobel and median."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from imgpipe import kernels

from .contest import Array, Contest, Row
from .peers import kernel, opencv, pillow, pillow_filters, scipy, vips_array, vips_image
from .pictures import HD, HD_GREY, picture, random_kernel

RGB, GREY, RGB_FLOAT = "1080p RGB", "1080p grey", "1080p RGB float32"
SMALL = 3  # sigmas of the taps' reach: what OpenCV takes for uint8


def taps_of(sigma: float) -> int:
    """As many as OpenCV and SciPy take for three sigma."""
    return 2 * round(SMALL * sigma) + 1


def gaussian(sigma: float, same_taps: bool, **options: object) -> Callable[..., Array]:
    """Our Gaussian: as one calls it, reaching to four sigma, or with the taps of the peers."""
    ksize = taps_of(sigma) if same_taps else None
    return partial(kernels.gaussian_blur, sigma=sigma, ksize=ksize, **options)


def gaussian_size(side: int) -> Contest:
    cv2, a = opencv(), picture(HD)
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(
        lambda: kernels.gaussian_blur(a, ksize=side, out=x, threads=1),
        lambda: cv2.GaussianBlur(a, (side, side), 0, dst=y),
    )


def gaussian_sep_filter(side: int) -> Contest:
    cv2, a = opencv(), picture(HD)
    taps = cv2.getGaussianKernel(side, 0)
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(
        lambda: kernels.gaussian_blur(a, ksize=side, out=x, threads=1),
        lambda: cv2.sepFilter2D(a, -1, taps, taps, dst=y),
    )


def gaussian_opencv(sigma: float, same_taps: bool) -> Contest:
    cv2, a, ours = opencv(), picture(HD), gaussian(sigma, same_taps)
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(
        lambda: ours(a, out=x, threads=1),
        lambda: cv2.GaussianBlur(a, (0, 0), sigma, dst=y),
        largest=2,
    )


def gaussian_vips(sigma: float, same_taps: bool) -> Contest:
    # Its taps are whole and add up to a few hundred; it gives memory of its own, so we do as well.
    a, ours = picture(HD), gaussian(sigma, same_taps, border="replicate")
    image, least = vips_image(a), math.exp(-0.5 * SMALL**2)
    return Contest(
        lambda: ours(a, threads=1),
        lambda: vips_array(image.gaussblur(sigma, min_ampl=least)),
        largest=8,
        mean=2.5,
    )


def gaussian_scipy(sigma: float) -> Contest:
    # It cuts the result of the first pass to whole levels.
    ndimage, a, ours = scipy(), picture(HD), gaussian(sigma, same_taps=True)
    x, y = np.empty_like(a), np.empty_like(a)
    sides = (sigma, sigma, 0)
    return Contest(
        lambda: ours(a, out=x, threads=1),
        lambda: ndimage.gaussian_filter(a, sides, mode="mirror", truncate=SMALL, output=y),
        largest=3,
        mean=1.5,
    )


def box_opencv(radius: int) -> Contest:
    cv2, a, side = opencv(), picture(HD), 2 * radius + 1
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(
        lambda: kernels.box_blur(a, radius, out=x, threads=1),
        lambda: cv2.blur(a, (side, side), dst=y),
    )


def box_pillow(radius: int) -> Contest:
    image, a = pillow().fromarray(picture(HD)), picture(HD)
    blur = pillow_filters().BoxBlur(radius)
    return Contest(
        lambda: kernels.box_blur(a, radius, border="replicate", threads=1),
        lambda: image.filter(blur),
        largest=2,
        mean=0.6,
    )


def convolve_opencv(side: int, dtype: type = np.uint8) -> Contest:
    cv2, weights = opencv(), random_kernel(side)
    a = picture(HD) if dtype is np.uint8 else (picture(HD) / np.float32(255)).astype(np.float32)
    ours, theirs = kernels.Kernel(weights), weights.astype(np.float32)
    x, y = np.empty_like(a), np.empty_like(a)
    exact = {} if dtype is np.uint8 else {"largest": 1e-5, "mean": 1e-6}
    return Contest(
        lambda: kernels.convolve(a, ours, out=x, threads=1),
        lambda: cv2.filter2D(a, -1, theirs, dst=y),
        **exact,
    )


def convolve_scipy(side: int) -> Contest:
    ndimage, a, weights = scipy(), picture(HD), random_kernel(side)
    ours, theirs = kernels.Kernel(weights), weights[:, :, np.newaxis]
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(  # it cuts off what we round
        lambda: kernels.convolve(a, ours, out=x, threads=1),
        lambda: ndimage.correlate(a, theirs, mode="mirror", output=y),
        mean=0.6,
    )


def sobel_opencv() -> Contest:
    cv2, ours, a = opencv(), kernel("sobel"), picture(HD_GREY)[:, :, 0]
    across, down, length = (np.empty(a.shape, np.float32) for _ in range(3))
    x, y = np.empty_like(a), np.empty_like(a)

    def theirs() -> Array:
        cv2.Sobel(a, cv2.CV_32F, 1, 0, dst=across)
        cv2.Sobel(a, cv2.CV_32F, 0, 1, dst=down)
        cv2.magnitude(across, down, length)
        return np.asarray(cv2.convertScaleAbs(length, dst=y))

    return Contest(lambda: ours(a, out=x, threads=1), theirs)


def median_opencv(side: int) -> Contest:
    cv2, ours, a = opencv(), kernel("median"), picture(HD)
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(
        lambda: ours(a, side, out=x, threads=1),
        lambda: cv2.medianBlur(a, side, dst=y),
        largest=0,
        margin=side // 2,  # its border is replicate
    )


def median_pillow(side: int) -> Contest:
    ours, a = kernel("median"), picture(HD)
    image, median = pillow().fromarray(a), pillow_filters().MedianFilter(side)
    return Contest(
        lambda: ours(a, side, threads=1),
        lambda: image.filter(median),
        largest=0,
        margin=side // 2,
    )


def median_vips(side: int) -> Contest:
    ours, a = kernel("median"), picture(HD)
    image = vips_image(a)
    return Contest(
        lambda: ours(a, side, threads=1),
        lambda: vips_array(image.median(side)),
        largest=0,
        margin=side // 2,
    )


def gaussians(
    sigma: int, same_taps: bool, than_opencv: float | None = None, than_vips: float | None = None
) -> list[Row]:
    """Rows of a Gaussian by sigma; from 3 on, same taps are another thing than what one calls."""
    name = f"Gaussian σ = {sigma}" + (f", {taps_of(sigma)} taps" if same_taps and sigma > 2 else "")
    return [
        Row(name, RGB, "OpenCV", partial(gaussian_opencv, sigma, same_taps), than_opencv),
        Row(name, RGB, "libvips", partial(gaussian_vips, sigma, same_taps), than_vips),
    ]


ROWS = [
    Row("Gaussian 3×3", RGB, "OpenCV", partial(gaussian_size, 3), 1.5),
    Row("Gaussian 5×5", RGB, "OpenCV", partial(gaussian_size, 5), 4.5),
    Row("Gaussian 5×5", RGB, "OpenCV sepFilter2D", partial(gaussian_sep_filter, 5), 2),
    *gaussians(2, True, 3, 2.5),
    *gaussians(5, False, 4, 2),
    *gaussians(10, False, 8, 2),
    *gaussians(20, False, 15, 2),
    *gaussians(5, True),
    *gaussians(10, True),
    *gaussians(20, True),
    Row("Gaussian σ = 2", RGB, "SciPy", partial(gaussian_scipy, 2)),
    Row("Gaussian σ = 5, 31 taps", RGB, "SciPy", partial(gaussian_scipy, 5)),
    *(
        row
        for radius in (1, 7)
        for row in (
            Row(f"box radius {radius}", RGB, "OpenCV", partial(box_opencv, radius), 1.3),
            Row(f"box radius {radius}", RGB, "Pillow", partial(box_pillow, radius)),
        )
    ),
    *(
        Row(f"2D {side}×{side}", RGB, "OpenCV", partial(convolve_opencv, side), wanted)
        for side, wanted in ((3, 1.5), (5, 2.3), (7, 2.6), (15, 3))
    ),
    Row("2D 5×5", RGB, "SciPy", partial(convolve_scipy, 5)),
    Row("2D 7×7", RGB_FLOAT, "OpenCV", partial(convolve_opencv, 7, np.float32), 1.3),
    Row("Sobel magnitude", GREY, "OpenCV", sobel_opencv, 4),
    *(
        row
        for side in (3, 5)
        for row in (
            Row(f"median {side}×{side}", RGB, "OpenCV", partial(median_opencv, side), 1),
            Row(f"median {side}×{side}", RGB, "libvips", partial(median_vips, side)),
            Row(f"median {side}×{side}", RGB, "Pillow", partial(median_pillow, side)),
        )
    ),
]
