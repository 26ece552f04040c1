from pathlib import Path

import pytest
from imgpipe import ImageFormat, detect_format, sniff_format


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("photo.jpg", ImageFormat.JPEG),
        ("IMAGE.JPEG", ImageFormat.JPEG),
        ("icon.png", ImageFormat.PNG),
        ("anim.gif", ImageFormat.GIF),
        ("photo.webp", ImageFormat.WEBP),
        ("photo.bmp", ImageFormat.BMP),
        ("scan.TIFF", ImageFormat.TIFF),
        ("unknown.txt", ImageFormat.UNKNOWN),
        ("jpg", ImageFormat.UNKNOWN),
        (".png", ImageFormat.UNKNOWN),
    ],
)
def test_extension_tells_format(name: str, format: ImageFormat) -> None:
    assert detect_format(name) is format
    assert detect_format(Path("some") / "where" / name) is format


@pytest.mark.parametrize("format", [f for f in ImageFormat if f is not ImageFormat.UNKNOWN])
def test_a_format_is_detected_by_its_own_extension(format: ImageFormat) -> None:
    assert detect_format("x" + format.extension) is format
    assert "/" in format.mime


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_content_written_by_pillow_is_recognised(name: str, smooth, encoded) -> None:
    assert sniff_format(encoded(smooth(20, 10), name)) is ImageFormat[name]


@pytest.mark.parametrize("data", [b"", b"\xff", b"RIFF\0\0\0\0WAVE", b"hello world" * 20])
def test_other_content_is_unknown(data: bytes) -> None:
    assert sniff_format(data) is ImageFormat.UNKNOWN
