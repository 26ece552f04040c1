"""Rows of the table: resize, and what only moves or recolours pixels."""

from collections.abc import Callable
from functools import partial

import numpy as np
from imgpipe import kernels

from .contest import Array, Contest, Row
from .peers import opencv, pillow, vips, vips_array, vips_image
from .pictures import HD, UHD, UHD_ALPHA, picture

RGB, LARGE = "1080p RGB", "3840×2160 RGB"
Size = tuple[int, int]


def resize_vips(size: Size) -> Contest:
    # It shrinks by a box first, from a factor of four on, which is a little softer.
    a = picture(UHD)
    image, kernel = vips_image(a), vips().enums.Kernel.LANCZOS3
    sides = {"vscale": size[1] / a.shape[0], "kernel": kernel}
    return Contest(
        lambda: kernels.resize(a, size, threads=1),
        lambda: vips_array(image.resize(size[0] / a.shape[1], **sides)),
        largest=8,
        mean=1,
    )


def resize_pillow(size: Size, shape: tuple[int, int, int] = UHD) -> Contest:
    pil, a = pillow(), picture(shape)
    image = pil.fromarray(a)
    return Contest(
        lambda: kernels.resize(a, size, threads=1),
        lambda: image.resize(size, pil.Resampling.LANCZOS),
        largest=1 if shape == UHD else 4,  # it cuts premultiplied colours to 8 bits
        mean=0.6,
    )


def resize_alpha_vips(size: Size) -> Contest:
    a, lanczos = picture(UHD_ALPHA), vips().enums.Kernel.LANCZOS3
    image = vips_image(a).copy(interpretation="srgb")

    def theirs() -> Array:
        small = image.premultiply().resize(size[0] / a.shape[1], kernel=lanczos)
        return vips_array(small.unpremultiply().rint().cast("uchar"))

    return Contest(lambda: kernels.resize(a, size, threads=1), theirs, largest=4, mean=0.6)


def grayscale_opencv() -> Contest:
    cv2, a = opencv(), picture(HD)
    x, y = np.empty(a.shape[:2], np.uint8), np.empty(a.shape[:2], np.uint8)
    return Contest(
        lambda: kernels.grayscale(a, out=x, threads=1),
        lambda: cv2.cvtColor(a, cv2.COLOR_RGB2GRAY, dst=y),
    )


def grayscale_pillow() -> Contest:
    a = picture(HD)
    image = pillow().fromarray(a)
    return Contest(lambda: kernels.grayscale(a, threads=1), lambda: image.convert("L"))


def brighten_opencv() -> Contest:
    cv2, a = opencv(), picture(HD)
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(
        lambda: kernels.brighten(a, 40, out=x, threads=1),
        lambda: cv2.add(a, (40, 40, 40, 0), dst=y),
        largest=0,
    )


def flip_opencv(ours: Callable[..., Array], code: int) -> Contest:
    cv2, a = opencv(), picture(HD)
    x, y = np.empty_like(a), np.empty_like(a)
    return Contest(
        lambda: ours(a, out=x),
        lambda: cv2.flip(a, code, dst=y),
        largest=0,
    )


def rotate_opencv(ours: Callable[..., Array]) -> Contest:
    cv2, a = opencv(), picture(HD)
    codes = {
        kernels.rotate90: cv2.ROTATE_90_CLOCKWISE,
        kernels.rotate180: cv2.ROTATE_180,
        kernels.rotate270: cv2.ROTATE_90_COUNTERCLOCKWISE,
    }
    code, shape = codes[ours], np.rot90(a).shape if ours is not kernels.rotate180 else a.shape
    x, y = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    return Contest(lambda: ours(a, out=x), lambda: cv2.rotate(a, code, dst=y), largest=0)


ROWS = [
    *(
        row
        for size, libvips, pillows in (
            ((1920, 1080), 2.5, 12),
            ((1280, 720), 2.2, None),
            ((256, 144), 1.3, None),
        )
        for row in (
            Row(
                f"Lanczos-3 to {size[0]}×{size[1]}",
                LARGE,
                "libvips",
                partial(resize_vips, size),
                libvips,
            ),
            Row(
                f"Lanczos-3 to {size[0]}×{size[1]}",
                LARGE,
                "Pillow",
                partial(resize_pillow, size),
                pillows,
            ),
        )
    ),
    Row(
        *("Lanczos-3 to 1920×1080", "3840×2160 RGBA", "libvips"),
        partial(resize_alpha_vips, (1920, 1080)),
        12,
    ),
    Row(
        *("Lanczos-3 to 1920×1080", "3840×2160 RGBA", "Pillow"),
        partial(resize_pillow, (1920, 1080), UHD_ALPHA),
    ),
    Row("grayscale", RGB, "OpenCV", grayscale_opencv, 1),
    Row("grayscale", RGB, "Pillow", grayscale_pillow),
    Row("brighten", RGB, "OpenCV", brighten_opencv, 1),
    Row("flip horizontal", RGB, "OpenCV", partial(flip_opencv, kernels.flip_horizontal, 1), 1),
    Row("flip vertical", RGB, "OpenCV", partial(flip_opencv, kernels.flip_vertical, 0), 1),
    Row("rotate 90°", RGB, "OpenCV", partial(rotate_opencv, kernels.rotate90), 1),
    Row("rotate 180°", RGB, "OpenCV", partial(rotate_opencv, kernels.rotate180), 1),
]
