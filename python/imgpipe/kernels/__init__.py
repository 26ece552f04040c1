"""Arrays in, arrays out: the pixel work of imgpipe, for any Python program.

Arrays are uint8, uint16 or float32, (H, W) or (H, W, C) with C from 1 to 4, of any strides; 2 and 4
channels end in alpha, which is not multiplied into the colours. White is 255, 65535 or 1.0. Each
function checks its arguments, lets the GIL go, and gives the same bits for any number of threads;
for integers also on every instruction set.
"""

from imgpipe._imgcore import simd_level, simd_levels
from imgpipe.kernels.blur import box_blur, gaussian_blur
from imgpipe.kernels.colour import grayscale, saturation
from imgpipe.kernels.composite import composite
from imgpipe.kernels.convolve import convolve, convolve_separable, edge_detect, emboss, sharpen
from imgpipe.kernels.edges import sobel
from imgpipe.kernels.geometry import (
    crop,
    flip_horizontal,
    flip_vertical,
    rotate90,
    rotate180,
    rotate270,
)
from imgpipe.kernels.histogram import auto_contrast, clahe, equalize
from imgpipe.kernels.kernel import Kernel
from imgpipe.kernels.median import median
from imgpipe.kernels.resize import resize
from imgpipe.kernels.rotate import rotate
from imgpipe.kernels.tone import brighten, contrast, gamma, lookup, window
from imgpipe.kernels.unsharp import unsharp_mask

__all__ = [
    "Kernel",
    "auto_contrast",
    "box_blur",
    "brighten",
    "clahe",
    "composite",
    "contrast",
    "convolve",
    "convolve_separable",
    "crop",
    "edge_detect",
    "emboss",
    "equalize",
    "flip_horizontal",
    "flip_vertical",
    "gamma",
    "gaussian_blur",
    "grayscale",
    "lookup",
    "median",
    "resize",
    "rotate",
    "rotate90",
    "rotate180",
    "rotate270",
    "saturation",
    "sharpen",
    "simd_level",
    "simd_levels",
    "sobel",
    "unsharp_mask",
    "window",
]
