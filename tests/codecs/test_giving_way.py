"""That codecs let others have a thread's turn while their libraries are at work."""

from collections.abc import Callable

import numpy as np
import pytest
from imgpipe import Image, ImageFormat
from imgpipe.codecs import jxl, writable
from imgpipe.steps.decode import decode_image
from imgpipe.steps.encode import encode_image

from .dicoms import made, ramp
from .negatives import negative

Asks = Callable[[Callable[[], object]], bool]

# So small that no kernel gives way in a codec's place.
NOISE = np.random.default_rng(5).integers(0, 256, (64, 64, 3), np.uint8)
TINY = Image(NOISE, "srgb")
DEEP = Image(NOISE.astype(np.uint16) * 257, "srgb")


@pytest.mark.parametrize("picture", [TINY, DEEP], ids=["8", "16"])
@pytest.mark.parametrize("format", writable(), ids=str)
def test_codecs_give_way(format: ImageFormat, picture: Image, gives_way: Asks) -> None:
    file = encode_image(picture, format)
    assert gives_way(lambda: encode_image(picture, format))
    assert gives_way(lambda: decode_image(file))


@pytest.mark.parametrize("file", [made(ramp()), negative(64, 64)], ids=["dicom", "raw"])
def test_codecs_that_only_read_give_way(file: bytes, gives_way: Asks) -> None:
    assert gives_way(lambda: decode_image(file))


def test_what_makes_a_jpeg_smaller_gives_way(gives_way: Asks) -> None:
    file = encode_image(TINY, ImageFormat.JPEG)
    assert gives_way(lambda: jxl.encode_jpeg(file, None, None))
