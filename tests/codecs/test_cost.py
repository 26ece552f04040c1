"""No codec takes more memory than it declares, measured in a process of its own."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgpipe import detect_format
from imgpipe.codecs import codec
from PIL import Image as pil

SIDES = (1300, 900)
SCRIPT = r"""
import ctypes, os, sys
from pathlib import Path
from PIL import ImageCms
from imgpipe.codecs import codec, pillow
from imgpipe.steps.decode import EVERYTHING, read_head

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))

def measure(large, small, scale):
    data, small = Path(large).read_bytes(), Path(small).read_bytes()
    head = read_head(data)
    reader = codec(head.format)
    reader.decode(small, read_head(small), wish=EVERYTHING)  # what is loaded once
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    try:
        image = reader.decode(data, head, scale, wish=EVERYTHING)
    except Exception:
        print(0, 0, flush=True)
    else:
        print(status("VmHWM") - before, reader.cost(head, scale), flush=True)

for large, small, scale in zip(*[iter(sys.argv[1:])] * 3):
    if not os.fork():  # a process for each, where nothing is left of the others
        try:
            measure(large, small, int(scale))
        finally:
            os._exit(0)
    os.wait()
"""


def measured(*asked: tuple[Path, Path, int]) -> list[tuple[int, int]]:
    """(bytes taken, bytes declared) of files, 0 and 0 of what cannot be decoded.

    Each goes with a small picture of its kind, and the scale it is decoded at.
    """
    words = [str(word) for one in asked for word in one]
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, *words]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    numbers = map(int, run.stdout.split())
    return list(zip(numbers, numbers, strict=True))


pytestmark = pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="the kernel does not tell of peaks"
)


def everyday_files(pixels: np.ndarray) -> dict[str, bytes]:
    """Pictures of every format and mode that Pillow writes; `-8` are decoded at an eighth."""
    rgba = pil.fromarray(pixels)
    rgb, grey = rgba.convert("RGB"), rgba.convert("L")
    deep = pil.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    noisy = pil.effect_noise(SIDES, 200).convert("RGB")
    turned, transposed = pil.Exif(), pil.Exif()
    turned[0x0112], transposed[0x0112] = 6, 5
    restarts = {"progressive": True, "restart_marker_rows": 1}
    kinds = [
        *(("rgb.jpg", rgb, {}), ("rgb-8.jpg", rgb, {}), ("grey.jpg", grey, {})),
        *(("progressive.jpg", rgb, {"progressive": True}), ("cmyk-8.jpg", rgb.convert("CMYK"), {})),
        ("progressive-8.jpg", rgb, {"progressive": True}),
        ("noisy-progressive.jpg", noisy, {"progressive": True, "quality": 100}),
        ("noisy-progressive-8.jpg", noisy, {"progressive": True, "quality": 100}),
        *(("restarts.jpg", rgb, restarts), ("restarts-8.jpg", rgb, restarts)),
        *(("turned.jpg", rgb, {"exif": turned}), ("transposed.png", rgb, {"exif": transposed})),
        *(("rgb.png", rgb, {}), ("rgba.png", rgba, {}), ("grey.png", grey, {})),
        *(("deep.png", deep, {}), ("palette.png", rgb.quantize(99), {}), ("deep.tif", deep, {})),
        *(("rgba.webp", rgba, {}), ("rgb.webp", rgb, {}), ("rgb.gif", rgb, {})),
        *(("rgb.avif", rgb, {"speed": 10}), ("rgba.jp2", rgba, {}), ("rgb.tif", rgb, {})),
        ("rgb.bmp", rgb, {}),
    ]
    return {name: by_pillow(name, picture, **options) for name, picture, options in kinds}


def film_files(pixels: np.ndarray) -> dict[str, bytes]:
    """Animations and pages."""
    rgba = pil.fromarray(pixels)
    kinds = {f"film.{name}": rgba.convert("RGB") for name in ("gif", "png", "webp", "tif", "avif")}
    kinds |= {"film-alpha.gif": rgba, "film-alpha.webp": rgba}
    files = {}
    for name, first in kinds.items():
        more = [first.transpose(pil.Transpose.FLIP_TOP_BOTTOM), first.rotate(180), first]
        options = {"save_all": True, "append_images": more, "duration": 100}
        options |= {"speed": 10} if name.endswith("avif") else {}
        files[name] = by_pillow(name, first, **options)
    return files


def by_pillow(name: str, picture: pil.Image, **options: Any) -> bytes:
    format = detect_format(name)
    buffer = BytesIO()
    picture.save(buffer, format.name, **options)
    return buffer.getvalue()


def deep_files(pixels: np.ndarray) -> dict[str, bytes]:
    import imagecodecs
    from imgpipe import Image, ImageFormat, encode_image
    from imgpipe.codecs.base import Encoding
    from imgpipe.image import Frame

    kinds = {"grey": pixels[..., :1], "rgb": pixels[..., :3], "rgba": pixels}
    files = {}
    for name, flat in kinds.items():
        deep = flat.astype(np.uint16) * 257
        for format in ("PNG", "TIFF", "JPEG2000", "AVIF", "JXL"):
            how = ImageFormat[format]
            data = codec(how).encode(Image.from_array(deep), how, Encoding(effort=1))
            files[f"deep-{name}{how.extension}"] = data
        real = Image.from_array((flat / np.float32(255)).astype(np.float32))
        files[f"real-{name}.tif"] = encode_image(real, ImageFormat.TIFF)
        files[f"real-{name}.jxl"] = encode_image(real, ImageFormat.JXL)
        files[f"flat-{name}.jxl"] = encode_image(Image.from_array(flat), ImageFormat.JXL)
    for name, frame in (("flat", pixels), ("real", (pixels / np.float32(255)).astype(np.float32))):
        film = np.stack([frame[..., :3], frame[::-1, :, :3]] * 3)
        files[f"{name}-film.jxl"] = bytes(imagecodecs.jpegxl_encode(film, effort=1))
    deep = pixels[..., :3].astype(np.uint16) * 257
    pages = Image(deep, frames=(Frame(deep, 0), Frame(deep, 0), Frame(deep, 0)))
    files["deep-pages.tif"] = encode_image(pages, ImageFormat.TIFF)
    return files


def heic_files(pixels: np.ndarray) -> dict[str, bytes]:
    kinds = {"rgb": pixels[..., :3], "rgba": pixels, "grey": pixels[..., 0]}
    kinds["deep"] = pixels[..., :3].astype(np.uint16) * 257
    return {f"{name}.heic": heic_file(picture) for name, picture in kinds.items()}


def heic_file(picture: np.ndarray) -> bytes:
    from imgpipe import Image, ImageFormat, encode_image

    return encode_image(Image.from_array(picture), ImageFormat.HEIC)


def dicom_files(pixels: np.ndarray) -> dict[str, bytes]:
    grey = pixels[..., 0].astype(np.uint16) * 16
    deflated = "1.2.840.10008.1.2.1.99"
    return {
        "deep.dcm": dicom_file(grey, 12),
        "deep-deflated.dcm": dicom_file(grey, 12, syntax=deflated),
        "rgb-deflated.dcm": dicom_file(pixels[..., :3].copy(), 8, syntax=deflated),
        "rgb-deep-deflated.dcm": dicom_file(pixels[..., :3] * np.uint16(257), 16, syntax=deflated),
        "film.dcm": dicom_file(np.stack([grey] * 3), 12),
        "flat.dcm": dicom_file(pixels[..., 0].copy(), 8),
        "rgb.dcm": dicom_file(pixels[..., :3].copy(), 8),
        "ybr.dcm": dicom_file(pixels[..., :3].copy(), 8, "YBR_FULL"),
    }


def dicom_file(
    stored: np.ndarray, bits: int, colour: str = "RGB", syntax: str = "1.2.840.10008.1.2.1"
) -> bytes:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import SecondaryCaptureImageStorage

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    colours = stored.shape[-1] == 3
    shape = stored.shape[:-1] if colours else stored.shape
    dataset.Rows, dataset.Columns = shape[-2:]
    dataset.NumberOfFrames = shape[0] if len(shape) == 3 else 1
    dataset.SamplesPerPixel = 3 if colours else 1
    dataset.PhotometricInterpretation = colour if colours else "MONOCHROME2"
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits - 1, 0
    dataset.PixelData = stored.tobytes()
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def raw_files(pixels: np.ndarray) -> dict[str, bytes]:
    from .negatives import negative

    height, width = pixels.shape[:2]
    made = negative(width * 2, height * 2)
    return {"raw.dng": made, "raw-8.dng": made}


KINDS = {
    "everyday": (everyday_files, "PIL"),
    "films": (film_files, "PIL"),
    "deep": (deep_files, "imagecodecs"),
    "heic": (heic_files, "pillow_heif"),
    "dicom": (dicom_files, "pydicom"),
    "raw": (raw_files, "rawpy"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_codec_takes_more_than_it_declares(kind: str, smooth, tmp_path: Path) -> None:
    make, library = KINDS[kind]
    pytest.importorskip(library)
    large, small = make(smooth(*SIDES, 4)), make(smooth(16, 16, 4))
    asked, slack = [], []
    for name, data in large.items():
        paths = tmp_path / f"large-{name}", tmp_path / f"small-{name}"
        for path, content in zip(paths, (data, small[name]), strict=True):
            path.write_bytes(content)
        asked.append((*paths, 8 if "-8" in name else 1))
    for name, (taken, declared) in zip(large, measured(*asked), strict=True):
        assert 0 < taken <= declared, name
        if "progressive" not in name:  # of which no header tells that its scans are as most are
            slack.append(declared / taken)
    assert np.mean(slack) < 2


@pytest.mark.skipif("IMGPIPE_CORPUS" not in os.environ, reason="no folder of pictures is named")
def test_nor_on_real_pictures() -> None:
    from imgpipe import get_image_dimensions
    from imgpipe.errors import ImageError

    slack = []
    for path in sorted(Path(os.environ["IMGPIPE_CORPUS"]).rglob("*")):
        try:
            width, height = get_image_dimensions(path.read_bytes())
        except (ImageError, OSError):
            continue
        [(taken, declared)] = measured((path, path, 1)) if width * height > 10**6 else [(0, 0)]
        if declared:
            assert taken <= declared, path.name
            slack.append(declared / taken)
    print(f"{len(slack)} pictures, mean slack {np.mean(slack):.2f}")
    assert np.mean(slack) < 2


def test_coefficients_of_a_progressive_file_are_not_held(smooth, tmp_path: Path) -> None:
    """A decoder holds two bytes of them a sample; read side by side there is a row of each."""
    large, small = (tmp_path / f"{name}.jpg" for name in ("large", "small"))
    picture = pil.fromarray(smooth(*SIDES, 3))
    small.write_bytes(by_pillow("small.jpg", picture, progressive=True))
    options = {"progressive": True, "subsampling": "4:4:4"}
    large.write_bytes(by_pillow("large.jpg", picture, **options))
    [(taken, _)] = measured((large, small, 1))
    assert 0 < taken < 1.5 * 3 * SIDES[0] * SIDES[1]
