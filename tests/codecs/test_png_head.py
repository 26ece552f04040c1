"""What the header of a PNG tells, against Pillow."""

import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from imgpipe import DecodeError, ImageFormat, decode_image
from imgpipe.codecs.base import Head
from imgpipe.codecs.chunks import plain_head
from imgpipe.steps.decode import read_head
from PIL import Image as pil
from PIL.PngImagePlugin import PngImageFile, PngInfo

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]


def png(mode: str, **options: Any) -> bytes:
    buffer = BytesIO()
    pil.new(mode, (7, 5)).save(buffer, "PNG", **options)
    return buffer.getvalue()


def by_pillow(data: bytes) -> Head:
    with PngImageFile(BytesIO(data)) as opened:
        return Head(
            ImageFormat.PNG,
            *opened.size,
            len(opened.getbands()),
            data[24],
            progressive=bool(opened.info.get("interlace")),
            palette=opened.mode == "P",
        )


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(mode: str) -> None:
    data = png(mode)
    assert read_head(data) == plain_head(data) == by_pillow(data)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_of_a_palette(bits: int) -> None:
    data = png("P", bits=bits)
    assert read_head(data) == plain_head(data) == by_pillow(data)


def test_what_may_say_more_is_left_to_pillow() -> None:
    info, exif = PngInfo(), pil.Exif()
    info.add_text("Title", "x")
    exif[274] = 6
    assert plain_head(png("RGB", pnginfo=info)) is None
    assert plain_head(png("RGB", exif=exif)) is None
    assert read_head(png("RGB", exif=exif)).orientation == 6
    frames = [pil.fromarray(np.full((5, 7, 3), level, np.uint8)) for level in (1, 2, 3)]
    film = png("RGB", save_all=True, append_images=frames)
    assert plain_head(film) is None
    assert read_head(film).frames == 4


@given(st.sampled_from(MODES), st.integers(8, 59), st.integers(1, 255), st.integers(30, 80))
def test_a_broken_one_is_never_told_otherwise_than_by_pillow(
    mode: str, at: int, change: int, end: int
) -> None:
    data = bytearray(png(mode))
    data[at % len(data)] ^= change
    for broken in (bytes(data), bytes(data[:end])):
        if told := plain_head(broken):
            try:
                expected = by_pillow(broken)
            except Exception:  # what comes before its pixels is broken, and told of by the decode
                with pytest.raises(DecodeError):
                    decode_image(broken)
            else:
                assert told == expected


def test_one_without_pixels_is_an_error() -> None:
    data = png("RGB")
    with pytest.raises(DecodeError, match="PNG"):
        read_head(data[: data.index(b"IDAT") - 4])


@pytest.mark.parametrize(("at", "value"), [(16, 0), (24, 3), (25, 7), (26, 1), (27, 1)])
def test_a_header_of_no_png_is_left_to_pillow(at: int, value: int) -> None:
    """Nothing wide, 3 bits, colours of type 7, another compression, another filter."""
    data = bytearray(png("L"))
    data[at : at + 4 if at == 16 else at + 1] = bytes(4) if at == 16 else bytes([value])
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    assert plain_head(bytes(data)) is None
