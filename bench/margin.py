"""What thumbnails lose where a JPEG is decoded at 1/8 and not at 1/4, by how small they are.

`PHOTOS=DIR python -m bench.margin`. SSIM is against Lanczos from the whole picture, by Pillow; the
loss is that of the 1/4 road less that of the 1/8 road.
"""

from pathlib import Path

import numpy as np
import simplejpeg
from imgpipe import kernels
from imgpipe.codecs.markers import walk
from PIL import Image

from .e2e_inputs import photos
from .quality import ssim

RATIOS = (8, 9, 10, 11, 12, 13, 14, 16)
SCALES = (4, 8)
ALLOWED = 0.005
LEAST = 60  # pixels of a thumbnail's shorter side


def losses(path: Path) -> dict[float, float]:
    """By how many times the picture is made smaller, what the 1/8 road loses to the 1/4 road."""
    data = path.read_bytes()
    head = walk(data)
    size = head.width, head.height
    whole = Image.fromarray(simplejpeg.decode_jpeg(data, "RGB"))
    found = {}
    for ratio in RATIOS:
        small = tuple(max(1, round(side / ratio)) for side in size)
        if min(small) >= LEAST:
            reference = np.asarray(whole.resize(small, Image.Resampling.LANCZOS))
            quarter, eighth = (ssim(_road(data, size, small, n), reference) for n in SCALES)
            found[ratio] = quarter - eighth
    return found


def _road(data: bytes, size: tuple[int, ...], small: tuple[int, ...], scale: int) -> np.ndarray:
    width, height = size
    least = {"min_width": -(-width // scale), "min_height": -(-height // scale)}
    pixels = simplejpeg.decode_jpeg(data, "RGB", **least)
    return kernels.resize(pixels, small, box=(0, 0, width / scale, height / scale))


def main() -> None:
    """Print the table."""
    folder = photos()
    every = [losses(path) for path in sorted(folder.glob("*.jpg"))]
    print("| times smaller | margin | mean loss | worst loss | pictures within 0.005 |")
    print("|---|---|---|---|---|")
    for ratio in RATIOS:
        lost = np.array([found[ratio] for found in every if ratio in found])
        within = f"{(lost <= ALLOWED).sum()} of {len(lost)}"
        print(f"| {ratio} | {ratio / 8:g} | {lost.mean():.4f} | {lost.max():.4f} | {within} |")


if __name__ == "__main__":
    main()
