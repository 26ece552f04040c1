"""No codec takes more memory than it declares, measured in a process of its own."""

import os
import subprocess
import sys
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pil

SIDES = (1300, 900)
SCRIPT = r"""
import ctypes, sys
from pathlib import Path
from PIL import ImageCms
from imgpipe.codecs import codec, pillow
from imgpipe.steps.decode import EVERYTHING, read_head

def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))

data, scale = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
head = read_head(data)
reader, small = codec(head.format), Path(sys.argv[3]).read_bytes()
reader.decode(small, read_head(small), wish=EVERYTHING)  # what is loaded once
ctypes.CDLL(None).malloc_trim(0)
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
try:
    image = reader.decode(data, head, scale, wish=EVERYTHING)
except Exception:
    sys.exit()
print(status("VmHWM") - before, reader.cost(head, scale))
"""


def measured(path: Path, small: Path, scale: int = 1) -> tuple[int, int] | None:
    """(bytes taken, bytes declared), or None for what cannot be decoded.

    `small` is a picture of the same kind.
    """
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(path), str(scale), str(small)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    taken, declared = map(int, run.stdout.split()) if run.stdout else (0, 0)
    return (taken, declared) if declared else None


pytestmark = pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="the kernel does not tell of peaks"
)


def heic_file(picture: np.ndarray) -> bytes:
    from imgpipe import Image, ImageFormat, encode_image

    return encode_image(Image.from_array(picture), ImageFormat.HEIC)


def dicom_file(stored: np.ndarray, bits: int) -> bytes:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    colours = stored.shape[-1] == 3
    shape = stored.shape[:-1] if colours else stored.shape
    dataset.Rows, dataset.Columns = shape[-2:]
    dataset.NumberOfFrames = shape[0] if len(shape) == 3 else 1
    dataset.SamplesPerPixel = 3 if colours else 1
    dataset.PhotometricInterpretation = "RGB" if colours else "MONOCHROME2"
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits - 1, 0
    dataset.PixelData = stored.tobytes()
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def film(first: pil.Image) -> dict[str, Any]:
    more = [first.transpose(pil.Transpose.FLIP_TOP_BOTTOM), first.rotate(180), first]
    return {"save_all": True, "append_images": more, "duration": 100}


def saved(folder: Path, pixels: np.ndarray) -> dict[str, int]:
    """Pictures of every format and mode, by name, and the scales to decode them at."""
    folder.mkdir()
    rgba = pil.fromarray(pixels)
    rgb, grey = rgba.convert("RGB"), rgba.convert("L")
    deep = pil.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    noisy = pil.effect_noise(SIDES, 200).convert("RGB")
    turned, transposed = pil.Exif(), pil.Exif()
    turned[0x0112], transposed[0x0112] = 6, 5
    kinds = [
        *(("rgb.jpg", rgb, {}), ("rgb-8.jpg", rgb, {}), ("grey.jpg", grey, {})),
        *(("progressive.jpg", rgb, {"progressive": True}), ("cmyk-8.jpg", rgb.convert("CMYK"), {})),
        ("progressive-8.jpg", rgb, {"progressive": True}),
        ("noisy-progressive-8.jpg", noisy, {"progressive": True, "quality": 100}),
        *(("turned.jpg", rgb, {"exif": turned}), ("transposed.png", rgb, {"exif": transposed})),
        *(("rgb.png", rgb, {}), ("rgba.png", rgba, {}), ("grey.png", grey, {})),
        *(("deep.png", deep, {}), ("palette.png", rgb.quantize(99), {}), ("deep.tif", deep, {})),
        *(("rgba.webp", rgba, {}), ("rgb.webp", rgb, {}), ("rgb.gif", rgb, {})),
        *(("rgb.avif", rgb, {"speed": 10}), ("rgba.jp2", rgba, {}), ("rgb.tif", rgb, {})),
        ("rgb.bmp", rgb, {}),
        *((f"film.{name}", rgb, film(rgb)) for name in ("gif", "png", "webp", "tif")),
        ("film-alpha.gif", rgba, film(rgba)),
        ("film-alpha.webp", rgba, film(rgba)),
        ("film.avif", rgb, film(rgb) | {"speed": 10}),
    ]
    for name, picture, options in kinds:
        picture.save(folder / name, **options)
    for name, data in extras(pixels).items():
        (folder / name).write_bytes(data)
    return {path.name: 8 if "-8" in path.name else 1 for path in sorted(folder.iterdir())}


def extras(pixels: np.ndarray) -> dict[str, bytes]:
    """Files of the formats that libraries bring which need not be there."""
    files = {}
    grey = pixels[..., 0].astype(np.uint16) * 16
    if find_spec("pillow_heif"):
        for name, picture in (("rgb", pixels[..., :3]), ("rgba", pixels), ("grey", pixels[..., 0])):
            files[f"{name}.heic"] = heic_file(picture)
        files["deep.heic"] = heic_file(pixels[..., :3].astype(np.uint16) * 257)
    if find_spec("pydicom"):
        dicoms = {
            "deep.dcm": dicom_file(grey, 12),
            "film.dcm": dicom_file(np.stack([grey] * 3), 12),
            "flat.dcm": dicom_file(pixels[..., 0].copy(), 8),
            "rgb.dcm": dicom_file(pixels[..., :3].copy(), 8),
        }
        files |= dicoms
    return files


def test_no_codec_takes_more_than_it_declares(smooth, tmp_path: Path) -> None:
    slack = []
    saved(tmp_path / "small", smooth(16, 16, 4))
    for name, scale in saved(tmp_path / "large", smooth(*SIDES, 4)).items():
        found = measured(tmp_path / "large" / name, tmp_path / "small" / name, scale)
        taken, declared = found or (0, 0)
        assert 0 < taken <= declared, name
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
        found = measured(path, path) if width * height > 10**6 else None
        if found:
            assert found[0] <= found[1], path.name
            slack.append(found[1] / found[0])
    print(f"{len(slack)} pictures, mean slack {np.mean(slack):.2f}")
    assert np.mean(slack) < 2
