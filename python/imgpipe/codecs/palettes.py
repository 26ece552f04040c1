"""One palette for all frames of an animation, so that what stands still does not flicker.

Where all of them have few enough colours, those are the palette. Else it is Pillow's, by median cut
(Heckbert, "Color Image Quantization for Frame Buffer Display", 1982) over pixels of all frames.
A colour always becomes the same one, the nearest: errors that are spread out would crawl.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as pil

from imgpipe.image import Image

COLOURS = 256
TABLE_BYTES = 1 << 24  # one for every colour there is

_OPAQUE = 128  # alpha from which on a pixel of a GIF is seen
_SAMPLES = 1 << 18  # pixels that a palette is made of


def shared_palette(image: Image) -> list[pil.Image]:
    """The frames of a picture of uint8 as pictures of mode P.

    Where anything is clear, colour 0 is, and `info["transparency"]` of each says so.
    """
    packed = [_packed(still.pixels) for still in image.stills()]
    clear = [still.pixels[..., -1] < _OPAQUE for still in image.stills()] if image.has_alpha else []
    first = int(any(mask.any() for mask in clear))
    numbers = np.zeros(TABLE_BYTES, np.uint8)
    for frame in packed:
        numbers[frame] = 1
    seen = np.flatnonzero(numbers)
    if len(seen) <= COLOURS - first:
        palette = _unpacked(seen)
        numbers[seen] = np.arange(first, first + len(seen))
    else:
        chosen = _chosen(packed, COLOURS - first)
        palette = np.reshape(chosen.getpalette() or [], (-1, 3))[: COLOURS - first]
        row = pil.fromarray(_unpacked(seen)[np.newaxis])
        nearest = row.quantize(palette=chosen, dither=pil.Dither.NONE)
        numbers[seen] = np.asarray(nearest)[0] + np.uint8(first)
    table = bytes(3 * first) + palette.astype(np.uint8).tobytes()
    frames = []
    for number, frame in enumerate(packed):
        index = numbers[frame]
        if first:
            index[clear[number]] = 0
        picture = pil.fromarray(index)
        picture.putpalette(table)
        if first:
            picture.info["transparency"] = 0
        frames.append(picture)
    return frames


def _chosen(packed: list[NDArray[Any]], colours: int) -> pil.Image:
    """A picture that has the palette for all frames."""
    step = max(1, sum(frame.size for frame in packed) // _SAMPLES)
    sample = np.concatenate([frame.ravel()[::step] for frame in packed])
    row = pil.fromarray(_unpacked(sample)[np.newaxis])
    return row.quantize(colours, pil.Quantize.MEDIANCUT, kmeans=1, dither=pil.Dither.NONE)


def _packed(pixels: NDArray[Any]) -> NDArray[np.uint32]:
    """Each colour as one number of 24 bits, alpha left out."""
    grey = pixels.shape[2] < 3
    red, green, blue = (pixels[..., 0 if grey else i].astype(np.uint32) for i in range(3))
    packed: NDArray[np.uint32] = red << np.uint32(16) | green << np.uint32(8) | blue
    return packed


def _unpacked(colours: NDArray[Any]) -> NDArray[np.uint8]:
    parts = np.stack([colours >> 16, colours >> 8, colours], axis=-1)
    return (parts & 255).astype(np.uint8)
