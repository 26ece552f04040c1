"""Arrays in, arrays out: the pixel work of imgpipe, for any Python program.

Arrays are uint8, (H, W) or (H, W, C) with C from 1 to 4, of any strides; 2 and 4 channels end in
alpha. Each function checks its arguments, lets the GIL go, and gives the same bits for every
instruction set and number of threads.
"""

from imgpipe._imgcore import simd_level, simd_levels
from imgpipe.kernels.blur import box_blur, gaussian_blur
from imgpipe.kernels.colour import brighten, grayscale
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
from imgpipe.kernels.kernel import Kernel
from imgpipe.kernels.median import median
from imgpipe.kernels.resize import resize
from imgpipe.kernels.rotate import rotate
from imgpipe.kernels.unsharp import unsharp_mask

__all__ = [
    "Kernel",
    "box_blur",
    "brighten",
    "convolve",
    "convolve_separable",
    "crop",
    "edge_detect",
    "emboss",
    "flip_horizontal",
    "flip_vertical",
    "gaussian_blur",
    "grayscale",
    "median",
    "resize",
    "rotate",
    "rotate90",
    "rotate180",
    "rotate270",
    "sharpen",
    "simd_level",
    "simd_levels",
    "sobel",
    "unsharp_mask",
]
