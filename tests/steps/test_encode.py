import numpy as np
import pytest
from imgpipe import (
    ConfigError,
    Image,
    ImageFormat,
    decode_image,
    encode_image,
    sniff_format,
)
from imgpipe.codecs import writable
from PIL import Image as pil

EVERY = [format for format in ImageFormat if format in writable()]
WITHOUT_ALPHA = (ImageFormat.JPEG, ImageFormat.BMP)
# How far apart a wave and its lossy copy may lie, in levels on average.
LOSS = {
    ImageFormat.JPEG: 2.0,
    ImageFormat.WEBP: 2.5,
    ImageFormat.GIF: 8.0,
    ImageFormat.AVIF: 2.0,
    ImageFormat.HEIC: 2.0,
    ImageFormat.JXL: 1.0,
    ImageFormat.JPEG2000: 1.0,
}


@pytest.mark.parametrize("format", EVERY, ids=lambda f: f.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_written_reads_back(format, channels: int, smooth) -> None:
    image = Image.from_array(smooth(96, 64, channels))
    data = encode_image(image, format, 95)
    assert sniff_format(data) is format

    back = np.asarray(decode_image(data).to_pil().convert("RGB"), int)
    original = np.asarray(image.to_pil().convert("RGB"), int)
    assert np.abs(back - original).mean() <= LOSS.get(format, 0)


@pytest.mark.parametrize("format", EVERY, ids=lambda f: f.name)
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_kept_or_laid_on_white(format, channels: int) -> None:
    pixels = np.zeros((16, 16, channels), np.uint8)
    pixels[:, 8:, -1] = 255
    shown = decode_image(encode_image(Image.from_array(pixels), format)).pixels
    if format in WITHOUT_ALPHA:
        assert shown.shape[2] == channels - 1
        assert shown[:, :4].min() > 250
    else:
        assert shown[0, 0, -1] == 0
    assert shown[:, 12:, 0].max() < 5


def test_flattening_mixes_by_opacity() -> None:
    pixels = np.array([[[100, 0, 200, 51]]], np.uint8)
    flat = decode_image(encode_image(Image.from_array(pixels), ImageFormat.BMP))
    assert flat.pixels[0, 0].tolist() == [224, 204, 244]


@pytest.mark.parametrize("format", [ImageFormat.JPEG, ImageFormat.WEBP], ids=lambda f: f.name)
def test_more_quality_takes_more_bytes_and_eighty_is_the_default(format, smooth) -> None:
    image = Image.from_array(smooth(200, 200))
    sizes = [len(encode_image(image, format, quality)) for quality in (20, 80, 100)]
    assert sizes == sorted(set(sizes))
    assert encode_image(image, format) == encode_image(image, format, 80)


def test_metadata_stays_behind(smooth, encoded) -> None:
    exif = pil.Exif()
    exif[0x010E] = "where I live"
    image = decode_image(encoded(smooth(20, 10), "JPEG", exif=exif))
    assert b"where I live" in (image.exif or b"")
    assert b"where I live" not in encode_image(image, ImageFormat.JPEG)


@pytest.mark.parametrize("quality", [0, 101, -5, 50.5])
def test_quality_out_of_range_is_refused(quality, smooth) -> None:
    with pytest.raises(ConfigError, match=f"Expected quality from 1 to 100, got {quality}"):
        encode_image(Image.from_array(smooth(4, 4)), ImageFormat.JPEG, quality)


@pytest.mark.parametrize("format", [ImageFormat.RAW, ImageFormat.DICOM, ImageFormat.UNKNOWN])
def test_a_format_that_is_not_written_is_refused(format, smooth) -> None:
    with pytest.raises(ConfigError, match="Expected a format to write"):
        encode_image(Image.from_array(smooth(4, 4)), format)
