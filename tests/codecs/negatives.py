"""Digital Negatives made from formulas, with tifffile."""

from io import BytesIO

import numpy as np
import pytest

tifffile = pytest.importorskip("tifffile")

_TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def scene(width: int, height: int) -> np.ndarray:
    """Light from 0 to 1 in slow ramps, (H, W, 3)."""
    y, x = np.mgrid[:height, :width]
    ramps = [x / width, y / height, (x + y) / (width + height)]
    return 0.1 + 0.8 * np.stack(ramps, axis=2)


def negative(width: int, height: int, orientation: int = 1, preview: str = "") -> bytes:
    """A DNG of 12 bits of that scene behind a Bayer pattern; `preview` is a blue bitmap or jpeg."""
    light = scene(width, height)
    mosaic = np.empty((height, width))
    for row, column, colour in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = light[row::2, column::2, colour]
    tags = [
        *((50706, "B", 4, bytes([1, 4, 0, 0])), (50707, "B", 4, bytes([1, 1, 0, 0]))),
        *((33421, "H", 2, (2, 2)), (33422, "B", 4, bytes([0, 1, 1, 2]))),
        *((50714, "H", 1, 0), (50717, "H", 1, 4095), (50778, "H", 1, 21)),
        (50721, "2i", 9, _rationals(np.linalg.inv(_TO_XYZ).ravel())),
        (50728, "2I", 3, _rationals([0.6, 1.0, 0.8])),
        *((50708, "s", 0, "Camera"), (271, "s", 0, "Maker"), (272, "s", 0, "Model")),
        *((274, "H", 1, orientation), (33432, "s", 0, "Somebody")),
    ]
    buffer = BytesIO()
    options = {"metadata": None, "software": None}
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(
            (mosaic * 4095).astype(np.uint16),
            photometric=32803,
            subifds=int(bool(preview)),
            extratags=[(*tag, True) for tag in tags],
            **options,
        )
        if preview:
            shown = np.full((height // 4, width // 4, 3), (20, 40, 200), np.uint8)
            if preview == "jpeg":
                options |= {"compression": "jpeg", "rowsperstrip": height // 4}
            writer.write(shown, photometric="rgb", subfiletype=1, **options)
    return buffer.getvalue()


def _rationals(values) -> list[int]:
    return [part for value in values for part in (round(value * 10000), 10000)]
